//! Keys for tests: every pair out of a handful of primes is one. And the oracle.

use std::sync::OnceLock;

use people_rs256::Components;
use ring::rand::{SecureRandom as _, SystemRandom};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};

/// The numbers of a key, to be bent.
#[derive(Clone)]
pub(crate) struct Numbers {
    pub(crate) n: BigUint,
    pub(crate) e: BigUint,
    pub(crate) d: BigUint,
    pub(crate) p: BigUint,
    pub(crate) q: BigUint,
    pub(crate) dp: BigUint,
    pub(crate) dq: BigUint,
    pub(crate) qinv: BigUint,
}

impl Numbers {
    /// As they follow from two primes.
    pub(crate) fn of(p: &BigUint, q: &BigUint) -> Self {
        let one = BigUint::from(1_u8);
        let e = BigUint::from(65_537_u32);
        let (less_p, less_q) = (p - &one, q - &one);
        let d = inverse(&e, &(&less_p * &less_q));
        Self {
            n: p * q,
            dp: &d % &less_p,
            dq: &d % &less_q,
            qinv: inverse(&(q % p), p),
            e,
            d,
            p: p.clone(),
            q: q.clone(),
        }
    }

    pub(crate) fn with<T>(&self, then: impl FnOnce(&Components<'_>) -> T) -> T {
        let [n, e, d, p, q, dp, dq, qinv] =
            [&self.n, &self.e, &self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qinv]
                .map(BigUint::to_bytes_be);
        then(&Components { n: &n, e: &e, d: &d, p: &p, q: &q, dp: &dp, dq: &dq, qinv: &qinv })
    }

    pub(crate) fn oracle(&self) -> RsaPrivateKey {
        RsaPrivateKey::from_components(
            self.n.clone(),
            self.e.clone(),
            self.d.clone(),
            vec![self.p.clone(), self.q.clone()],
        )
        .unwrap()
    }
}

/// By Euclid's algorithm.
pub(crate) fn inverse(number: &BigUint, modulus: &BigUint) -> BigUint {
    let (mut a, mut b) = (modulus.clone(), number % modulus);
    let (mut x, mut y) = (BigUint::from(0_u8), BigUint::from(1_u8));
    while b != BigUint::from(0_u8) {
        let quotient = &a / &b;
        let rest = &a - &quotient * &b;
        let next = (&x + modulus - (&quotient * &y) % modulus) % modulus;
        (a, b, x, y) = (b, rest, y, next);
    }
    assert_eq!(a, BigUint::from(1_u8), "there is no inverse");
    x
}

pub(crate) fn random(bytes: usize) -> Vec<u8> {
    let mut out = vec![0; bytes];
    SystemRandom::new().fill(&mut out).unwrap();
    out
}

/// A prime of so many bits, the two highest set, that allows for the exponent 65537.
pub(crate) fn prime(bits: usize) -> BigUint {
    let mut bytes = random(bits / 8);
    bytes[0] |= 0xc0;
    next_prime(BigUint::from_bytes_be(&bytes))
}

/// The first prime from here on that allows for the exponent 65537.
pub(crate) fn next_prime(from: BigUint) -> BigUint {
    let two = BigUint::from(2_u8);
    let mut candidate = from | BigUint::from(1_u8);
    let small: Vec<u32> =
        (3..4000_u32).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).collect();
    let digit = |number: BigUint| {
        u32::try_from(number.to_bytes_be().iter().fold(0_u64, |s, b| s << 8 | u64::from(*b))).unwrap()
    };
    let mut rests: Vec<u32> = small.iter().map(|prime| digit(&candidate % *prime)).collect();
    loop {
        if rests.iter().all(|rest| *rest != 0)
            && digit(&candidate % 65_537_u32) != 1
            && two.modpow(&(&candidate - 1_u8), &candidate) == BigUint::from(1_u8)
        {
            return candidate;
        }
        candidate += 2_u8;
        for (rest, prime) in rests.iter_mut().zip(&small) {
            *rest = (*rest + 2) % prime;
        }
    }
}

/// Every ordered pair of different primes.
pub(crate) fn keys(primes: &[BigUint]) -> impl Iterator<Item = Numbers> + '_ {
    primes.iter().flat_map(move |p| primes.iter().filter(move |q| *q != p).map(move |q| Numbers::of(p, q)))
}

/// A key of 2,048 bits, the same for all tests of a run.
pub(crate) fn key() -> &'static Numbers {
    static KEY: OnceLock<Numbers> = OnceLock::new();
    KEY.get_or_init(|| Numbers::of(&prime(1024), &prime(1024)))
}

pub(crate) fn pkcs8(key: &RsaPrivateKey) -> Vec<u8> {
    key.to_pkcs8_der().unwrap().as_bytes().to_vec()
}

/// What `rsa` signs.
pub(crate) fn expected(key: &RsaPrivateKey, message: &[u8]) -> Vec<u8> {
    const PREFIX: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 4,
        0x20,
    ];
    let hash = ring::digest::digest(&ring::digest::SHA256, message);
    let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: PREFIX.into() };
    key.sign(scheme, hash.as_ref()).unwrap()
}

/// Whether `ring` accepts it.
pub(crate) fn verifies(numbers: &Numbers, message: &[u8], signature: &[u8]) -> bool {
    let (n, e) = (numbers.n.to_bytes_be(), numbers.e.to_bytes_be());
    ring::signature::RsaPublicKeyComponents { n, e }
        .verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
        .is_ok()
}
