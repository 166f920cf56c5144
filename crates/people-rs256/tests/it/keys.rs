//! Keys that are wrong, each refused with its reason; and keys in every form that is right.

use people_rs256::{KeyError, SigningKey};
use rsa::BigUint;
use rsa::pkcs1::EncodeRsaPrivateKey as _;

use crate::support::{Numbers, inverse, key, pkcs8, prime};

fn refused(bend: impl FnOnce(&mut Numbers)) -> KeyError {
    let mut numbers = key().clone();
    bend(&mut numbers);
    numbers.with(SigningKey::from_components).unwrap_err()
}

#[test]
fn numbers_that_do_not_belong_together() {
    let one = BigUint::from(1_u8);
    for bit in [0_usize, 1, 30, 60, 511, 1022] {
        let flip = |number: &mut BigUint| {
            let power = &one << bit;
            *number = if (&*number >> bit) % 2_u8 == one { &*number - power } else { &*number + power };
        };
        assert_eq!(refused(|key| flip(&mut key.dp)), KeyError::CrtExponent, "dp, bit {bit}");
        assert_eq!(refused(|key| flip(&mut key.dq)), KeyError::CrtExponent, "dq, bit {bit}");
        assert_eq!(refused(|key| flip(&mut key.qinv)), KeyError::CrtCoefficient, "qinv, bit {bit}");
        assert_eq!(refused(|key| flip(&mut key.d)), KeyError::PrivateExponent, "d, bit {bit}");
        if bit > 0 {
            assert_eq!(refused(|key| flip(&mut key.n)), KeyError::Product, "n, bit {bit}");
            let of_prime = refused(|key| flip(&mut key.p));
            assert!(matches!(of_prime, KeyError::Product | KeyError::PrimeSize), "p, bit {bit}: {of_prime}");
        }
    }
    assert_eq!(refused(|key| core::mem::swap(&mut key.dp, &mut key.dq)), KeyError::CrtExponent);
    assert_eq!(refused(|key| key.dp = one.clone()), KeyError::CrtExponent);
    assert_eq!(refused(|key| key.dq = BigUint::from(0_u8)), KeyError::CrtExponent);
    assert_eq!(refused(|key| key.dp += &key.p - 1_u8), KeyError::CrtExponent, "not reduced");
    assert_eq!(refused(|key| key.qinv += &key.p), KeyError::CrtCoefficient, "not reduced");
    assert_eq!(refused(|key| key.qinv = BigUint::from(0_u8)), KeyError::CrtCoefficient);
    assert_eq!(refused(|key| key.d = key.dp.clone()), KeyError::PrivateExponent, "too short");
    assert_eq!(refused(|key| key.d += (&key.p - 1_u8) * (&key.q - 1_u8) * 2_u8), KeyError::PrivateExponent);
    assert_eq!(refused(|key| key.d = BigUint::from(0_u8)), KeyError::PrivateExponent);
}

#[test]
fn exponents_other_than_65537() {
    for e in [0_u32, 1, 3, 17, 65_536, 65_539, 16_777_217] {
        assert_eq!(refused(|key| key.e = BigUint::from(e)), KeyError::PublicExponent, "{e}");
    }
}

#[test]
fn primes_that_will_not_do() {
    let p = key().p.clone();
    let even = |key: &mut Numbers| {
        key.p -= 1_u8;
        key.n = &key.p * &key.q;
    };
    assert_eq!(refused(even), KeyError::EvenPrime);
    let equal = |key: &mut Numbers| {
        key.q = p.clone();
        key.n = &p * &p;
    };
    assert_eq!(refused(equal), KeyError::ClosePrimes);
    let close = |key: &mut Numbers| {
        key.q = &p + 2_u8;
        key.n = &p * &key.q;
    };
    assert_eq!(refused(close), KeyError::ClosePrimes);
    // A multiple of three, as long as a prime.
    let three = |key: &mut Numbers| {
        key.p -= &key.p % 6_u8;
        key.p += 3_u8;
        key.n = &key.p * &key.q;
    };
    assert_eq!(refused(three), KeyError::SmallFactor);
    let swapped = |key: &mut Numbers| core::mem::swap(&mut key.p, &mut key.q);
    assert_eq!(refused(swapped), KeyError::CrtExponent);
    let zero = |key: &mut Numbers| key.q = BigUint::from(0_u8);
    assert_eq!(refused(zero), KeyError::PrimeSize);
}

#[test]
fn lengths() {
    let short = Numbers::of(&prime(768), &prime(1280));
    assert_eq!(short.with(SigningKey::from_components).unwrap_err(), KeyError::PrimeSize);
    for half in [512, 1280] {
        let key = Numbers::of(&prime(half), &prime(half));
        let bits = half * 2;
        assert_eq!(key.with(SigningKey::from_components).unwrap_err(), KeyError::Size { bits });
    }
    assert_eq!(refused(|key| key.n = BigUint::from(0_u8)), KeyError::Size { bits: 0 });
}

/// `d` modulo the least common multiple is as good as modulo the product, and keys of today have it.
#[test]
fn both_private_exponents() {
    let key = key();
    let (p, q) = (&key.p - 1_u8, &key.q - 1_u8);
    let (mut a, mut b) = (p.clone(), q.clone());
    while b != BigUint::from(0_u8) {
        (a, b) = (b.clone(), a % b);
    }
    let least = p * q / a;
    let mut other = key.clone();
    other.d = inverse(&key.e, &least);
    let sign = |key: &Numbers| key.with(SigningKey::from_components).unwrap().sign(b"m", &[1; 32]).unwrap();
    assert_eq!(sign(&other), sign(key));
}

/// Composite "primes" whose exponents fit: the checks let them pass, but nothing they make verifies.
#[test]
fn composite_primes_sign_nothing() {
    let (a, b) = (prime(512), prime(512));
    let mut p = &a * &b;
    while (&p - 1_u8) % 65_537_u32 == BigUint::from(0_u8) || p.bits() != 1024 {
        p = &a * &prime(512);
    }
    let key = Numbers::of(&p, &key().q).with(SigningKey::from_components).unwrap();
    assert_eq!(key.sign(b"message", &[1; 32]), Err(people_rs256::SignError::Unverified));
}

#[test]
fn der_in_both_forms() {
    let oracle = key().oracle();
    let (one, eight) = (oracle.to_pkcs1_der().unwrap(), pkcs8(&oracle));
    let one = one.as_bytes();
    let expected = key().with(SigningKey::from_components).unwrap().sign(b"m", &[0; 32]).unwrap();
    for key in [SigningKey::from_pkcs1_der(one), SigningKey::from_pkcs8_der(&eight)] {
        assert_eq!(key.unwrap().sign(b"m", &[0; 32]).unwrap(), expected);
    }
    assert_eq!(SigningKey::from_pkcs1_der(&eight).unwrap_err(), KeyError::Der);
    assert_eq!(SigningKey::from_pkcs8_der(one).unwrap_err(), KeyError::Der);
    for end in 0..eight.len() {
        assert!(SigningKey::from_pkcs8_der(&eight[..end]).is_err());
    }
    let mut longer = eight.clone();
    longer.push(0);
    assert_eq!(SigningKey::from_pkcs8_der(&longer).unwrap_err(), KeyError::Der);
    // Whatever byte is changed: refused, or (in the attributes of nothing) the same key; never a panic.
    for at in 0..eight.len() {
        let mut bent = eight.clone();
        bent[at] ^= 0x41;
        assert!(SigningKey::from_pkcs8_der(&bent).is_err(), "byte {at}");
    }
    let mut version = one.to_vec();
    version[6] = 1;
    assert_eq!(SigningKey::from_pkcs1_der(&version).unwrap_err(), KeyError::Version);
    let mut other = eight;
    other[13] ^= 1;
    assert_eq!(SigningKey::from_pkcs8_der(&other).unwrap_err(), KeyError::NotRsa);
}

#[test]
fn nothing_of_a_key_is_shown() {
    let shown = key().with(|parts| format!("{parts:?} {:?}", SigningKey::from_components(parts).unwrap()));
    assert!(shown.starts_with("Components(…) SigningKey { bits: 2048, kernel: "), "{shown}");
}
