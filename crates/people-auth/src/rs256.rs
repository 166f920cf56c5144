//! The default signer, in pure Rust: people-rs256.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use people_model::Members;
use people_rs256::SigningKey;
use serde_json::json;

use crate::error::SignError;
use crate::key::ServiceAccountKey;
use crate::signer::Signer;

/// Signs in this process. The key is imported and checked once.
///
/// The private operation is blinded with what follows from the `seed`, and each signature is verified before it leaves.
pub struct Rs256 {
    kernel: Kernel,
    /// `header.`, as every assertion of the key begins.
    header: String,
}

enum Kernel {
    Own(Box<SigningKey>),
    /// For lengths that the own kernel does not know.
    #[cfg(feature = "jwt-simple")]
    Other(Box<crate::JwtSimple>),
}

impl Rs256 {
    /// Imports the private key: 2048, 3072 or 4096 bits, public exponent 65537, numbers consistent with one another. With the
    /// feature `jwt-simple` any length up to 4,096 bits will do.
    ///
    /// # Errors
    /// [`SignError::UnusableKey`] for any other key, with the reason.
    pub fn new(key: &ServiceAccountKey) -> Result<Self, SignError> {
        let header = json!({ "alg": "RS256", "kid": key.key_id(), "typ": "JWT" }).to_string();
        let header = format!("{}.", URL_SAFE_NO_PAD.encode(header));
        let kernel = match SigningKey::from_pkcs8_der(key.pkcs8().expose()) {
            Ok(own) => Kernel::Own(Box::new(own)),
            Err(reason) => other(key, reason)?,
        };
        Ok(Self { kernel, header })
    }

    fn sign_now(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        let claims = read_claims(message).ok_or(SignError::NotAnAssertion)?;
        let claims = serde_json::to_vec(&claims).map_err(|_| SignError::NotAnAssertion)?;
        let rest = message.strip_prefix(self.header.as_bytes()).ok_or(SignError::NotAnAssertion)?;
        if URL_SAFE_NO_PAD.encode(claims).as_bytes() != rest {
            return Err(SignError::NotAnAssertion);
        }
        match &self.kernel {
            Kernel::Own(own) => own.sign(message, seed).map_err(|_| SignError::Failed),
            #[cfg(feature = "jwt-simple")]
            Kernel::Other(other) => other.sign_now(message),
        }
    }
}

/// Another kernel for a key that is refused for its length only.
#[cfg(feature = "jwt-simple")]
fn other(key: &ServiceAccountKey, reason: people_rs256::KeyError) -> Result<Kernel, SignError> {
    match reason {
        people_rs256::KeyError::Size { .. } => crate::JwtSimple::new(key)
            .map(|other| Kernel::Other(Box::new(other)))
            .map_err(|_| SignError::UnusableKey(reason)),
        _ => Err(SignError::UnusableKey(reason)),
    }
}

#[cfg(not(feature = "jwt-simple"))]
fn other(_key: &ServiceAccountKey, reason: people_rs256::KeyError) -> Result<Kernel, SignError> {
    Err(SignError::UnusableKey(reason))
}

impl Signer for Rs256 {
    /// Signs messages of [`Unsigned`](crate::Unsigned) assertions of the same key and refuses all others with
    /// [`SignError::NotAnAssertion`].
    async fn sign(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        self.sign_now(message, seed)
    }
}

impl fmt::Debug for Rs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rs256(…)")
    }
}

/// The claims within `header.claims`.
pub(crate) fn read_claims(message: &[u8]) -> Option<Members> {
    let (_, claims) = core::str::from_utf8(message).ok()?.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
