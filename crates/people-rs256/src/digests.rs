//! SHA-256, in one place: a function that is there once costs an engine of WebAssembly less when it meets it first.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The hash of all parts, one after the other. Wiped when dropped.
#[inline(never)]
pub(crate) fn sha256(parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}
