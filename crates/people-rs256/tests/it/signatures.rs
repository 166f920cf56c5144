//! Signatures are those of other implementations, byte for byte.

use people_rs256::SigningKey;
use rsa::BigUint;

use crate::support::{Numbers, expected, key, keys, next_prime, pkcs8, prime, random, verifies};

fn check(numbers: &Numbers, messages: usize) {
    let oracle = numbers.oracle();
    let der = pkcs8(&oracle);
    let best = numbers.with(SigningKey::from_components).unwrap();
    // Whichever of them this machine has; the others are the integer kernel once more.
    let others =
        ["ifma", "avx2", "scalar"].map(|kernel| SigningKey::from_pkcs8_der_on(&der, kernel).unwrap());
    assert_eq!(others[2].kernel(), "scalar");
    for k in 0..messages {
        let message = random(k * 7 % 300);
        let signature = best.sign(&message, &random(32).try_into().unwrap()).unwrap();
        for other in &others {
            assert_eq!(signature, other.sign(&message, &[k as u8; 32]).unwrap(), "{}", other.kernel());
        }
        assert_eq!(signature, expected(&oracle, &message));
        assert!(verifies(numbers, &message, &signature));
    }
}

#[test]
fn of_many_keys() {
    let primes: Vec<BigUint> = (0..4).map(|_| prime(1024)).collect();
    for numbers in keys(&primes) {
        check(&numbers, 2);
    }
    println!("{:?}", key().with(SigningKey::from_components).unwrap());
}

#[test]
fn of_longer_keys() {
    for half in [1536, 2048] {
        check(&Numbers::of(&prime(half), &prime(half)), 2);
    }
}

/// Primes whose digits are nearly all ones or nearly all zeros, in every radix used.
#[test]
fn of_extreme_primes() {
    let one = BigUint::from(1_u8);
    let top = &one << 1023;
    let primes = [
        next_prime((&one << 1024) - 50_000_u32),
        next_prime(&top + (&top >> 1)),
        next_prime(&top + (&top >> 1) + (&one << 1000)),
        next_prime((&one << 1024) - (&one << 950)),
    ];
    for numbers in keys(&primes) {
        check(&numbers, 2);
    }
}
