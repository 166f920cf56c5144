//! Whether time tells secrets: two classes of keys or messages, measured in random order, compared by Welch's t-test (as dudect does, Reparaz et al. 2017).
//!
//! Only by hand, on a quiet machine: `cargo test --release -p people-rs256 --test it -- --ignored --nocapture timing`.

#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

use std::time::Instant;

use people_rs256::SigningKey;
use rsa::BigUint;

use crate::support::{Numbers, key, next_prime, pkcs8, prime, random};

/// t above this is taken for a leak. 4.5 is dudect's bound for suspicion, 10 its bound for certainty.
const LEAK: f64 = 10.0;

/// Welch's t of two samples, each without its slowest tenth (interrupts).
fn t(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    let moments = |sample: &mut Vec<f64>| {
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 9 / 10);
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        (mean, sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    };
    let ((mean_a, var_a), (mean_b, var_b)) = (moments(&mut a), moments(&mut b));
    (mean_a - mean_b) / (var_a + var_b).sqrt()
}

/// Measures `run(class)` in random order.
fn compare(count: usize, mut run: impl FnMut(bool)) -> f64 {
    let mut samples = [Vec::new(), Vec::new()];
    for class in random(count).into_iter().map(|byte| byte & 1 == 1) {
        let start = Instant::now();
        run(class);
        samples[usize::from(class)].push(start.elapsed().as_nanos() as f64);
    }
    let [a, b] = samples;
    t(a, b)
}

#[test]
#[ignore = "statistics of time need a quiet machine"]
fn timing_of_messages() {
    let key = key().with(SigningKey::from_components).unwrap();
    let seed = [1; 32];
    let found = compare(6000, |fixed| {
        let message = if fixed { vec![0; 32] } else { random(32) };
        let _ = key.sign(&message, &seed).unwrap();
    });
    // Making a random message takes time itself, so both classes are compared again with both made.
    let even = compare(6000, |fixed| {
        let mut message = random(32);
        if fixed {
            message.fill(0);
        }
        let _ = key.sign(&message, &seed).unwrap();
    });
    println!("{}: t = {found:.2} with, {even:.2} without the making of the message", key.kernel());
    assert!(even.abs() < LEAK, "t = {even}");
}

/// A key whose primes and exponents are extreme against an ordinary one.
#[test]
#[ignore = "statistics of time need a quiet machine"]
fn timing_of_keys() {
    let one = BigUint::from(1_u8);
    let dense =
        Numbers::of(&next_prime((&one << 1024) - 50_000_u32), &next_prime((&one << 1024) - (&one << 950)));
    let sparse = Numbers::of(&prime(1024), &next_prime((&one << 1023) + (&one << 1022)));
    // Each several times: where a key lies in memory takes time too (two imports of one key: t = 7), and tells nothing.
    let keys = [dense, sparse].map(|key| pkcs8(&key.oracle()));
    for kernel in ["ifma", "avx2", "scalar"] {
        let keys =
            keys.each_ref().map(|der| [(); 16].map(|()| SigningKey::from_pkcs8_der_on(der, kernel).unwrap()));
        let seed = [1; 32];
        let mut turn = 0;
        let found = compare(12_000, |class| {
            turn += 1;
            let _ = keys[usize::from(class)][turn % 16].sign(b"message", &seed).unwrap();
        });
        println!("{}: t = {found:.2}", keys[0][0].kernel());
        assert!(found.abs() < LEAK, "t = {found}");
    }
}
