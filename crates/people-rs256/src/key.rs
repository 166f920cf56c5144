//! A private key, checked when it comes in, and the signature.

use core::fmt;

use subtle::Choice;

use crate::crt::{Crt, Parts};
use crate::digests::sha256;
use crate::digits::Bytes;
use crate::error::{KeyError, SignError};
use crate::field::{Exponents, Primes, Scalar};
use crate::modulus::{Digits, Limb, Modulus, PRIME, add, equal, product, subtract};
use crate::public::Public;
#[cfg(target_arch = "x86_64")]
use crate::simd::Ifma;
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
use crate::simd::{Lanes, Machine as _, Usual};

/// The numbers of a key, each most significant byte first. Leading zeros do not count.
#[derive(Clone, Copy)]
pub struct Components<'a> {
    /// The modulus, of 2048, 3072 or 4096 bits.
    pub n: &'a [u8],
    /// The public exponent, 65537.
    pub e: &'a [u8],
    /// The private exponent.
    pub d: &'a [u8],
    /// The first prime.
    pub p: &'a [u8],
    /// The second prime.
    pub q: &'a [u8],
    /// `d` modulo `p - 1`.
    pub dp: &'a [u8],
    /// `d` modulo `q - 1`.
    pub dq: &'a [u8],
    /// The inverse of `q` modulo `p`.
    pub qinv: &'a [u8],
}

/// Shows nothing.
impl fmt::Debug for Components<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Components(…)")
    }
}

/// A private key that signs. Wiped when dropped.
pub struct SigningKey {
    parts: Parts,
    /// `qinv * R` modulo p.
    coefficient: Digits,
    public: Public,
    engine: Engine,
}

/// The public exponent, the only one that is taken.
const E: u32 = 65_537;

/// The name of the kernel that every machine has.
const SCALAR: &str = "scalar";

/// The kernel in use.
enum Engine {
    #[cfg(target_arch = "x86_64")]
    Ifma(Crt<Lanes<Ifma>>),
    #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
    Usual(Crt<Lanes<Usual>>),
    Scalar(Crt<Scalar>),
}

impl SigningKey {
    /// Reads PKCS#8 DER (RFC 5208), what is inside of `-----BEGIN PRIVATE KEY-----`.
    ///
    /// # Errors
    /// [`KeyError`] with the reason.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&crate::der::pkcs8(der)?)
    }

    /// Reads PKCS#1 DER (RFC 8017), what is inside of `-----BEGIN RSA PRIVATE KEY-----`.
    ///
    /// # Errors
    /// [`KeyError`] with the reason.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&crate::der::pkcs1(der)?)
    }

    /// Checks the numbers of a key against one another and takes them.
    ///
    /// All of `n = p * q`, the lengths, `e * dp = 1` modulo `p - 1`, `e * dq = 1` modulo `q - 1`, `d = dp` and `d = dq` modulo the same, and
    /// `q * qinv = 1` modulo `p` is proven. That the primes are prime is not: a test costs as much as a signature each, and a key
    /// whose primes are composite makes no signature that verifies, so none leaves. Factors below 54 are found.
    ///
    /// # Errors
    /// [`KeyError`] with the reason.
    pub fn from_components(components: &Components<'_>) -> Result<Self, KeyError> {
        Self::import(components, None)
    }

    /// For comparisons: the same on the kernel of that name, or on the integer kernel where this machine does not have it.
    #[doc(hidden)]
    pub fn from_pkcs8_der_on(der: &[u8], kernel: &str) -> Result<Self, KeyError> {
        Self::import(&crate::der::pkcs8(der)?, Some(kernel))
    }

    fn import(components: &Components<'_>, kernel: Option<&str>) -> Result<Self, KeyError> {
        let Components { n, e, d, p, q, dp, dq, qinv } = components.stripped();
        let bits = bits(n);
        if !matches!(bits, 2048 | 3072 | 4096) {
            return Err(KeyError::Size { bits });
        }
        if e != [1, 0, 1] {
            return Err(KeyError::PublicExponent);
        }
        // The public modulus knows some of it without touching a secret: small factors of the primes are its own.
        let half = bits / 16;
        for prime in [p, q] {
            if prime.len() != half || self::bits(prime) != half * 8 {
                return Err(KeyError::PrimeSize);
            }
            if prime.last().is_none_or(|last| last & 1 == 0) {
                return Err(KeyError::EvenPrime);
            }
        }
        if close(p, q) {
            return Err(KeyError::ClosePrimes);
        }
        let primes = Primes { p: Modulus::new(p), q: Modulus::new(q) };
        let whole = product::<PRIME>(primes.p.digits(), primes.q.digits());
        if *Modulus::<PRIME>::bytes(&whole, n.len()) != n {
            return Err(KeyError::Product);
        }
        if small_factor(n) {
            return Err(KeyError::SmallFactor);
        }
        if d.len() <= half || d.len() > n.len() || d.last().is_none_or(|last| last & 1 == 0) {
            return Err(KeyError::PrivateExponent);
        }
        let private = Exponents {
            p: exponent(&primes.p, dp).ok_or(KeyError::CrtExponent)?,
            q: exponent(&primes.q, dq).ok_or(KeyError::CrtExponent)?,
        };
        let long = |number| Modulus::<PRIME>::digits_of(number, whole.len());
        let below = subtract::<PRIME>(&mut whole.clone(), &long(d), &long(n));
        if !bool::from(below & belongs(&primes.p, &private.p, d) & belongs(&primes.q, &private.q, d)) {
            return Err(KeyError::PrivateExponent);
        }
        let coefficient = coefficient(&primes, qinv).ok_or(KeyError::CrtCoefficient)?;
        let parts = Parts { primes, private };
        let engine = Engine::new(&parts, kernel);
        Ok(Self { parts, coefficient, public: Public::new(n), engine })
    }

    /// Length of a signature in bytes: that of the modulus.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.public.len()
    }

    /// Which kernel this machine has chosen: `ifma`, `avx2`, `relaxed`, `simd128` or `scalar`.
    #[must_use]
    pub fn kernel(&self) -> &'static str {
        match self.engine {
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma(_) => Ifma::NAME,
            #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
            Engine::Usual(_) => Usual::NAME,
            Engine::Scalar(_) => SCALAR,
        }
    }

    /// Signs `message` by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2).
    ///
    /// `seed` is fresh entropy for the blinding; the signature does not depend on it. What leaves has been verified with the public key. If the
    /// fast kernel's signature is wrong, the integer kernel makes another.
    ///
    /// # Errors
    /// [`SignError::Unverified`] if that one is wrong too.
    pub fn sign(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        self.sign_and_count(message, seed).map(|(signature, _)| signature)
    }

    /// The signature, and which attempt made it.
    fn sign_and_count(&self, message: &[u8], seed: &[u8; 32]) -> Result<(Vec<u8>, u8), SignError> {
        let encoded = encode(message, self.public.len());
        let first = match &self.engine {
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma(crt) => self.combine(crt.private(&self.parts, &encoded, seed)),
            #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
            Engine::Usual(crt) => self.combine(crt.private(&self.parts, &encoded, seed)),
            Engine::Scalar(crt) => self.combine(crt.private(&self.parts, &encoded, seed)),
        };
        if self.public.verify(&first, &encoded) {
            return Ok((first.to_vec(), 1));
        }
        self.again(&encoded, seed).map(|second| (second.to_vec(), 2))
    }

    /// The integer kernel's signature, for when another's is wrong.
    #[cold]
    #[inline(never)]
    fn again(&self, encoded: &[u8], seed: &[u8; 32]) -> Result<Bytes, SignError> {
        let second = Crt::<Scalar>::new(&self.parts)
            .map(|crt| self.combine(crt.private(&self.parts, encoded, seed)))
            .ok_or(SignError::Unverified)?;
        if self.public.verify(&second, encoded) { Ok(second) } else { Err(SignError::Unverified) }
    }

    /// Garner: from the powers modulo p and q to the one modulo n.
    #[inline(never)]
    fn combine(&self, (of_p, of_q): (Digits, Digits)) -> Bytes {
        let Primes { p, q } = &self.parts.primes;
        // of_p + 2p - of_q lies between 0 and 3p, since of_q < q < 2p; its product with the coefficient is below R * p.
        let (mut difference, mut h) = (p.zero(), p.zero());
        let mut above = of_p;
        add::<PRIME>(&mut above, p.digits());
        add::<PRIME>(&mut above, p.digits());
        let _: Choice = subtract::<PRIME>(&mut difference, &above, &of_q);
        p.multiply(&mut h, &difference, &self.coefficient);
        p.canonical(&mut h);
        let mut whole = product::<PRIME>(&h, q.digits());
        add::<PRIME>(&mut whole, &of_q);
        Modulus::<PRIME>::bytes(&whole, self.public.len())
    }
}

/// Shows the size and the kernel, nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("bits", &(self.public.len() * 8))
            .field("kernel", &self.kernel())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// On the kernel of that name or, if none is named, on the best.
    #[cfg_attr(
        not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))),
        expect(unused_variables, reason = "there is one kernel here")
    )]
    fn new(parts: &Parts, kernel: Option<&str>) -> Self {
        #[cfg(target_arch = "x86_64")]
        if kernel.is_none_or(|kernel| kernel == Ifma::NAME)
            && let Some(crt) = Crt::new(parts)
        {
            return Self::Ifma(crt);
        }
        #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
        if kernel.is_none_or(|kernel| kernel == Usual::NAME)
            && let Some(crt) = Crt::new(parts)
        {
            return Self::Usual(crt);
        }
        match Crt::new(parts) {
            Some(crt) => Self::Scalar(crt),
            None => unreachable!("integers can be multiplied everywhere"),
        }
    }
}

impl<'a> Components<'a> {
    fn stripped(&self) -> Self {
        Self {
            n: strip(self.n),
            e: strip(self.e),
            d: strip(self.d),
            p: strip(self.p),
            q: strip(self.q),
            dp: strip(self.dp),
            dq: strip(self.dq),
            qinv: strip(self.qinv),
        }
    }
}

/// A number without leading zeros.
#[inline(never)]
fn strip(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Whether two primes agree in their first 100 bits (FIPS 186-5, A.1.3: they must differ there). That they do not is all that is learned.
fn close(p: &[u8], q: &[u8]) -> bool {
    let first = |prime: &[u8]| prime.iter().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    first(p).abs_diff(first(q)) >> 28 == 0
}

/// Whether a public number is divided by an odd prime below 54.
fn small_factor(n: &[u8]) -> bool {
    const PRIMES: [u64; 15] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];
    /// The product of those up to 43, and of the last two: small enough for the remainder and a byte to fit.
    const PRODUCTS: [u64; 2] = [6_541_380_665_835_015, 47 * 53];
    PRODUCTS.iter().any(|product| {
        let rest = n.iter().fold(0, |rest, byte| (rest << 8 | u64::from(*byte)) % product);
        PRIMES.iter().any(|prime| product.is_multiple_of(*prime) && rest.is_multiple_of(*prime))
    })
}

/// A CRT exponent in full length, if `65537 * it = 1` modulo `prime - 1`.
///
/// Such a number has `65537 * it = 1 + k * (prime - 1)` with k below 65537, so `65537 * it / prime` is k but for less than 2^-1000. From 64 bits of each it comes
/// out wrong by less than 2^-33, which rounds to k; then the equation is checked in integers.
#[inline(never)]
fn exponent(prime: &Modulus<PRIME>, given: &[u8]) -> Option<Bytes> {
    let digits = (given.len() <= prime.len()).then(|| prime.read(given))?;
    let below = subtract::<PRIME>(&mut prime.zero(), &digits, prime.digits());
    let full = prime.write(&digits);
    let top = |number: &[u8]| number.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)) as f64;
    let k = (f64::from(E) * top(&full) / top(&prime.write(prime.digits())) + 0.5) as Limb;
    let left = product::<PRIME>(&digits, &[Limb::from(E)]);
    let mut right = product::<PRIME>(&less_one(prime), &[k]);
    add::<PRIME>(&mut right, &[1]);
    bool::from(below & equal(&left, &right)).then_some(full)
}

/// Whether `d = exponent` modulo `prime - 1`: `d = exponent + k * (prime - 1)`, where modulo the prime `k = exponent - d`. Since
/// `d < n < 2 * prime^2`, k is that residue or the residue and the prime.
#[inline(never)]
fn belongs(prime: &Modulus<PRIME>, exponent: &[u8], d: &[u8]) -> Choice {
    let residue = prime.reduce(d);
    let mut above = prime.read(exponent);
    let mut k = prime.zero();
    add::<PRIME>(&mut above, prime.digits());
    let _: Choice = subtract::<PRIME>(&mut k, &above, &residue);
    prime.canonical(&mut k);
    let d = Modulus::<PRIME>::digits_of(d, prime.digits().len() * 2);
    let exponent = prime.read(exponent);
    let fits = |k: &Digits| {
        let mut sum = product::<PRIME>(k, &less_one(prime));
        add::<PRIME>(&mut sum, &exponent);
        equal(&sum, &d)
    };
    let first = fits(&k);
    add::<PRIME>(&mut k, prime.digits());
    first | fits(&k)
}

/// `qinv` in Montgomery's form, if it is the inverse.
fn coefficient(primes: &Primes, qinv: &[u8]) -> Option<Digits> {
    let p = &primes.p;
    let digits = (qinv.len() <= p.len()).then(|| p.read(qinv))?;
    let below = subtract::<PRIME>(&mut p.zero(), &digits, p.digits());
    let form = p.enter(&digits);
    let mut one = p.zero();
    p.multiply(&mut one, primes.q.digits(), &form);
    p.canonical(&mut one);
    bool::from(below & equal(&one, &[1])).then_some(form)
}

fn less_one(prime: &Modulus<PRIME>) -> Digits {
    let mut out = prime.zero();
    let _: Choice = subtract::<PRIME>(&mut out, prime.digits(), &one(prime));
    out
}

fn one(prime: &Modulus<PRIME>) -> Digits {
    prime.read(&[1])
}

/// EMSA-PKCS1-v1_5 (RFC 8017, section 9.2) with SHA-256, `len` bytes.
fn encode(message: &[u8], len: usize) -> Vec<u8> {
    /// The `DigestInfo` before the hash.
    const PREFIX: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
        0x04, 0x20,
    ];
    let hash = sha256(&[message]);
    let padding = len.saturating_sub(PREFIX.len() + hash.len() + 3);
    let mut out = Vec::with_capacity(len);
    out.extend([0, 1]);
    out.resize(padding + 2, 0xff);
    out.push(0);
    out.extend(PREFIX);
    out.extend(hash.iter());
    out
}

#[cfg(test)]
mod tests;
