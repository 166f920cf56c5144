# Keys of the three sizes with a message and OpenSSL's signature of it, in hex, one a line. Keys of 2048 bits come out of a pool of primes, so that there
# are thousands in a minute: every ordered pair is one.
import os
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

E = 65537


def show(key):
    message = os.urandom(os.urandom(1)[0])
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    print(der.hex(), message.hex(), key.sign(message, padding.PKCS1v15(), hashes.SHA256()).hex())


primes = []
for _ in range(16):
    numbers = rsa.generate_private_key(E, 2048).private_numbers()
    primes += [numbers.p, numbers.q]
for p in primes:
    for q in primes:
        if p != q:
            d = pow(E, -1, (p - 1) * (q - 1))
            public = rsa.RSAPublicNumbers(E, p * q)
            show(rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key())
for bits in (3072, 4096):
    for _ in range(10):
        show(rsa.generate_private_key(E, bits))
