//! RS256 signatures (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 and RFC 7518) in pure Rust, made to be fast where other crates are
//! slow: in WebAssembly.
//!
//! ```
//! # fn main() -> Result<(), people_rs256::KeyError> {
//! use people_rs256::{KeyError, SigningKey};
//!
//! assert_eq!(SigningKey::from_pkcs8_der(b"no key").unwrap_err(), KeyError::Der);
//! # fn sign(der: &[u8], entropy: [u8; 32]) -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::from_pkcs8_der(der)?;
//! let signature = key.sign(b"header.claims", &entropy)?;
//! # Ok(()) }
//! # Ok(()) }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `key` | [`SigningKey`]: import with its checks, the signature |
//! | `crt` | the private operation, blinded |
//! | `inverse` | inverses modulo a prime, for the blinding |
//! | `field` | what a kernel offers, exponentiation, the integer kernel |
//! | `simd` | the kernels in vectors: AVX-512 IFMA, AVX2 with FMA (found at run time), relaxed SIMD, SIMD of WebAssembly (by target feature) |
//! | `modulus`, `digits` | integers |
//! | `wiped` | lists that are wiped when dropped |
//! | `digests` | SHA-256 |
//! | `public` | the check that each signature passes |
//! | `der` | PKCS#8 and PKCS#1 |
//!
//! What it keeps: the base is blinded per prime, the blinding is squared after each signature and renewed after 256; no branch and no
//! index depends on a secret, once a key is accepted; every signature is verified with the public exponent by integer
//! arithmetic before it leaves; keys and what is made of them are wiped when dropped. Blinding needs randomness: it is an argument.
#![deny(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "arithmetic on digits, whose bounds are in the modules' introductions"
)]

mod crt;
mod der;
mod digests;
mod digits;
mod error;
mod field;
mod inverse;
mod key;
mod modulus;
mod public;
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
#[expect(
    unsafe_code,
    reason = "vector instructions and loads without bounds checks; each block has its proof"
)]
mod simd;
mod wiped;

pub use error::{KeyError, SignError};
pub use key::{Components, SigningKey};
