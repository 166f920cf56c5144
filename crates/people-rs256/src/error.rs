//! Why a key is refused, and why a message is not signed. No variant carries anything of a key but public sizes.

/// Why a private key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the DER of a private key: cut short, followed by something, or not encoded in the one way DER allows.
    #[error("the key is not well-formed DER of PKCS#8 or PKCS#1")]
    Der,
    /// PKCS#8 of another algorithm than rsaEncryption.
    #[error("the key is not an RSA key")]
    NotRsa,
    /// More than two primes, or another structure version than the first.
    #[error("the key has a version other than 0, such as one of more than two primes")]
    Version,
    /// The modulus has not 2048, 3072 or 4096 bits.
    #[error("the modulus has {bits} bits; 2048, 3072 and 4096 are taken")]
    Size {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// The public exponent is not 65537.
    #[error("the public exponent is not 65537")]
    PublicExponent,
    /// A prime that has not half of the modulus' bits.
    #[error("a prime is not half as long as the modulus")]
    PrimeSize,
    /// A prime that is even.
    #[error("a prime is even")]
    EvenPrime,
    /// A prime that has a factor below 54.
    #[error("a prime is not prime: it has a small factor")]
    SmallFactor,
    /// Both primes are the same, or agree in their first 100 bits, so that the modulus can be factored by taking its root.
    #[error("the primes are equal or too close to one another")]
    ClosePrimes,
    /// `n` is not `p * q`.
    #[error("the modulus is not the product of the primes")]
    Product,
    /// `d` is even, as short as a prime or shorter, not below `n`, or does not fit `dp` and `dq`.
    #[error("the private exponent does not belong to the primes")]
    PrivateExponent,
    /// `dp` or `dq` is not the inverse of 65537.
    #[error("a CRT exponent is not the inverse of the public exponent")]
    CrtExponent,
    /// `qinv` is not the inverse of `q` modulo `p`.
    #[error("the CRT coefficient is not the inverse of q modulo p")]
    CrtCoefficient,
}

/// Why a message is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Neither the fast kernel nor the integer kernel made a signature that the public key accepts: a fault of the machine, or a "prime" that is none.
    #[error("no signature was made that the public key accepts")]
    Unverified,
}
