//! What only shows from inside: that the fast kernel needs no second attempt, and that faults do not leave.

use std::process::Command;

use super::*;
use crate::crt::USES;

/// Made by jwt-simple.
fn key() -> SigningKey {
    let pair = jwt_simple::prelude::RS256KeyPair::generate(2048).unwrap();
    SigningKey::from_pkcs8_der(&pair.to_der().unwrap()).unwrap()
}

#[test]
fn the_first_attempt_does_for_as_long_as_a_blinding_lives_and_longer() {
    let key = key();
    for k in 0..USES + 3 {
        let (_, attempt) = key.sign_and_count(&k.to_be_bytes(), &[k as u8; 32]).unwrap();
        assert_eq!(attempt, 1, "signature {k}, {}", key.kernel());
    }
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
    let mut key = key();
    let right = key.sign(b"message", &[1; 32]).unwrap();
    match &mut key.engine {
        #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
        Engine::Lanes(crt) => crt.break_it(),
        Engine::Scalar(crt) => crt.break_it(),
    }
    assert_eq!(key.sign_and_count(b"message", &[2; 32]).unwrap(), (right, 2));
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
        let key = SigningKey::from_pkcs8_der(&der).unwrap();
        assert_eq!(key.sign_and_count(&message, &[7; 32]).unwrap(), (signature.clone(), 1));
        let scalar = SigningKey::scalar_from_pkcs8_der(&der).unwrap();
        assert_eq!(scalar.sign_and_count(&message, &[8; 32]).unwrap(), (signature, 1));
        count += 1;
    }
    println!("{count} keys");
    assert!(count >= 1000, "{count} keys; {}", String::from_utf8_lossy(&output.stderr));
}
