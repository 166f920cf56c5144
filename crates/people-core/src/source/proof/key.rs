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

/// A signature that a delivery bears.
pub(super) enum Proof {
    /// What an algorithm makes, which is never longer than 64 bytes.
    Made([u8; ROOM], usize),
    /// A text that is to be the shared one.
    Shared(Vec<u8>),
}

/// What Base64 of 64 bytes may be thought to hold.
const ROOM: usize = 72;

impl Proof {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Made(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Shared(text) => text,
        }
    }
}

/// Reads a signature as it is written in a header. One that is empty or too long for any algorithm is none.
pub(super) fn decode(encoding: Encoding, text: &str) -> Option<Proof> {
    let mut bytes = [0; ROOM];
    let length = match encoding {
        Encoding::Hex => unhex(text, &mut bytes)?,
        Encoding::Base64 => STANDARD.decode_slice(text, &mut bytes).ok()?,
        Encoding::Base64url => URL_SAFE.decode_slice(text, &mut bytes).ok()?,
    };
    (length > 0).then_some(Proof::Made(bytes, length))
}

/// What each byte is as a hexadecimal digit, or more than 15.
static DIGITS: [u8; 256] = digits();

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and says so where it cannot")]
const fn digits() -> [u8; 256] {
    let mut digits = [u8::MAX; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(digit) = char::to_digit(byte as u8 as char, 16) {
            digits[byte] = digit as u8;
        }
        byte += 1;
    }
    digits
}

/// A fraction of the time that the crate `hex` takes.
fn unhex(text: &str, out: &mut [u8; ROOM]) -> Option<usize> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > out.len() {
        return None;
    }
    let digit = |byte: u8| DIGITS.get(usize::from(byte)).copied().unwrap_or(u8::MAX);
    let mut all = 0;
    for ([high, low], out) in pairs.iter().zip(out) {
        let (high, low) = (digit(*high), digit(*low));
        all |= high | low;
        *out = high << 4 | low;
    }
    (all < 16).then_some(pairs.len())
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
