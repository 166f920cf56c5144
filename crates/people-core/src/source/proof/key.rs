//! Keys, read once from the secrets of a source.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::VerifyingKey;
use hmac::{Hmac, KeyInit};
use people_model::Secret;
use sha2::{Sha256, Sha512};

use super::{Algorithm, Encoding, KeyForm, Scheme};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// Standard Base64, padded or not.
pub(super) const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
/// URL-safe Base64, padded or not.
pub(super) const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What checks a proof.
pub(super) enum Key {
    /// The very text that a header must hold.
    Shared(Secret<Vec<u8>>),
    /// An HMAC that has taken in its key and nothing else.
    Sha256(Box<Hmac<Sha256>>),
    /// The same.
    Sha512(Box<Hmac<Sha512>>),
    /// A public key.
    Public(Box<VerifyingKey>),
}

/// Reads a signature as it is written in a header.
pub(super) fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => unhex(text),
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Base64url => URL_SAFE.decode(text).ok(),
    }
}

/// A third of the time that the crate `hex` takes.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// Writes a signature as [`decode`] reads it.
pub(super) fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(bytes),
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Base64url => URL_SAFE.encode(bytes),
    }
}

/// The bytes of a secret; the error says what is wrong with it and never what it is.
pub(super) fn bytes(scheme: &Scheme, secret: &str) -> Result<Vec<u8>, &'static str> {
    let text = secret.strip_prefix(&*scheme.key_prefix).unwrap_or(secret);
    let bytes = match scheme.key {
        KeyForm::Text => text.as_bytes().to_vec(),
        KeyForm::Base64 => STANDARD
            .decode(text.trim())
            .map_err(|_| "the secret is not Base64; copy it from the sender once more, whole")?,
        KeyForm::Hex => hex::decode(text.trim())
            .map_err(|_| "the secret is not hexadecimal; copy it from the sender once more, whole")?,
    };
    if bytes.is_empty() {
        Err("the secret is empty; copy it from the sender once more, whole")
    } else {
        Ok(bytes)
    }
}

/// An HMAC with its key.
fn keyed<M: KeyInit>(key: &Secret<Vec<u8>>) -> Result<Box<M>, &'static str> {
    M::new_from_slice(key.expose()).map(Box::new).map_err(|_| "the secret cannot be a key")
}

impl Key {
    pub(super) fn read(scheme: &Scheme, secret: &str) -> Result<Self, &'static str> {
        if secret.starts_with("whsk_") {
            return Err("this is the sender's private key; use the public one, which begins with whpk_");
        }
        let bytes = bytes(scheme, secret)?;
        match scheme.algorithm {
            Algorithm::Ed25519 => {
                let wrong = "an Ed25519 public key has 32 bytes; copy it from the sender once more";
                let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong)?;
                let key = VerifyingKey::from_bytes(&bytes).map_err(|_| wrong)?;
                if key.is_weak() {
                    Err("the public key is a weak one")
                } else {
                    Ok(Self::Public(Box::new(key)))
                }
            }
            Algorithm::Basic if !bytes.contains(&b':') => {
                Err("the secret of algorithm \"basic\" is `user:password`")
            }
            Algorithm::HmacSha256 => keyed(&Secret::new(bytes)).map(Self::Sha256),
            Algorithm::HmacSha512 => keyed(&Secret::new(bytes)).map(Self::Sha512),
            _ => Ok(Self::Shared(Secret::new(bytes))),
        }
    }
}
