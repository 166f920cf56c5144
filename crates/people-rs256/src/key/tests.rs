//! What only shows from inside: that the fast kernel needs no second attempt, and that faults do not leave.

use std::process::Command;

use super::*;
use crate::crt::USES;

/// Made by jwt-simple.
fn key_der() -> Vec<u8> {
    jwt_simple::prelude::RS256KeyPair::generate(2048).unwrap().to_der().unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8_der(&key_der()).unwrap()
}

/// One key on each kernel that this machine has.
fn on_each_kernel(der: &[u8]) -> Vec<SigningKey> {
    let on = |kernel| SigningKey::from_pkcs8_der_on(der, kernel).unwrap();
    let keys = ["ifma", "avx2", SCALAR].map(|kernel| (kernel, on(kernel)));
    keys.into_iter().filter(|(kernel, key)| key.kernel() == *kernel).map(|(_, key)| key).collect()
}

#[test]
fn the_first_attempt_does_for_as_long_as_a_blinding_lives_and_longer() {
    for key in on_each_kernel(&key_der()) {
        for k in 0..USES + 3 {
            let (_, attempt) = key.sign_and_count(&k.to_be_bytes(), &[k as u8; 32]).unwrap();
            assert_eq!(attempt, 1, "signature {k}, {}", key.kernel());
        }
    }
}

#[test]
fn the_best_kernel_is_the_first_of_those_that_there_are() {
    let der = key_der();
    assert_eq!(SigningKey::from_pkcs8_der(&der).unwrap().kernel(), on_each_kernel(&der)[0].kernel());
}

/// A fault in what both kernels use: no signature.
#[test]
fn a_fault_of_the_key_in_memory_makes_no_signature() {
    let mut key = key();
    let right = key.sign(b"message", &[1; 32]).unwrap();
    for byte in [0, 1, 63, 127] {
        for exponents in [0, 1] {
            let flip = |key: &mut SigningKey| {
                let private = &mut key.parts.private;
                let half = if exponents == 0 { &mut private.p } else { &mut private.q };
                half[byte] ^= 0x10;
            };
            flip(&mut key);
            assert_eq!(key.sign(b"message", &[2; 32]), Err(SignError::Unverified));
            flip(&mut key);
        }
    }
    key.coefficient[3] ^= 4;
    assert_eq!(key.sign(b"message", &[2; 32]), Err(SignError::Unverified));
    key.coefficient[3] ^= 4;
    assert_eq!(key.sign(b"message", &[3; 32]).unwrap(), right);
}

/// A fault in the fast kernel alone: the integer kernel steps in, and the signature is right.
#[test]
fn a_fault_of_the_fast_kernel_is_made_good() {
    for mut key in on_each_kernel(&key_der()) {
        let right = key.sign(b"message", &[1; 32]).unwrap();
        match &mut key.engine {
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma(crt) => crt.break_it(),
            #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
            Engine::Usual(crt) => crt.break_it(),
            Engine::Scalar(crt) => crt.break_it(),
        }
        assert_eq!(key.sign_and_count(b"message", &[2; 32]).unwrap(), (right, 2));
    }
}

/// Keys and signatures of OpenSSL, as Python's `cryptography` makes them: `PEOPLE_PYTHON` or `python3`.
#[test]
#[ignore = "takes minutes; needs Python with `cryptography`"]
fn thousands_of_openssls_keys() {
    let script = include_str!("openssl.py");
    let python = std::env::var("PEOPLE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect()
    };
    let mut count = 0;
    for line in text.lines() {
        let [der, message, signature]: [Vec<u8>; 3] =
            line.split(' ').map(bytes).collect::<Vec<_>>().try_into().unwrap();
        for key in on_each_kernel(&der) {
            assert_eq!(key.sign_and_count(&message, &[7; 32]).unwrap(), (signature.clone(), 1));
        }
        count += 1;
    }
    println!("{count} keys");
    assert!(count >= 1000, "{count} keys; {}", String::from_utf8_lossy(&output.stderr));
}
