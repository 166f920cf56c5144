//! The public key, which each signature must satisfy before it leaves: integers only, whatever kernel made it.

use crate::modulus::{Modulus, PUBLIC};

/// A modulus, with the exponent 65537.
pub(crate) struct Public {
    modulus: Modulus<PUBLIC>,
}

impl Public {
    pub(crate) fn new(n: &[u8]) -> Self {
        Self { modulus: Modulus::new(n) }
    }

    /// Bytes of the modulus.
    pub(crate) fn len(&self) -> usize {
        self.modulus.len()
    }

    /// Whether `signature^65537` is `encoded`.
    pub(crate) fn verify(&self, signature: &[u8], encoded: &[u8]) -> bool {
        let modulus = &self.modulus;
        let plain = modulus.read(signature);
        let mut power = modulus.enter(&plain);
        let mut other = modulus.zero();
        for _ in 0..16 {
            modulus.square(&mut other, &power);
            core::mem::swap(&mut power, &mut other);
        }
        // One factor in Montgomery's form and one not: the result is not.
        modulus.multiply(&mut other, &power, &plain);
        modulus.canonical(&mut other);
        signature.len() == self.len() && modulus.write(&other).as_slice() == encoded
    }
}
