//! The signer of the crate jwt-simple: slower, and by others.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_simple::prelude::{JWTClaims, RS256KeyPair, RSAKeyPairLike};
use people_model::Members;

use crate::error::SignError;
use crate::key::ServiceAccountKey;
use crate::rs256::read_claims;
use crate::signer::Signer;

/// Signs in this process with jwt-simple. The key is imported and checked once.
///
/// jwt-simple blinds the private operation with randomness of its own, drawn from the operating system (or from
/// `crypto.getRandomValues` on wasm), and checks `s^e = m` before it gives a signature out. That randomness is the
/// one exception to "entropy is an argument": it cannot be passed in, never shows in the outcome, and the `seed`
/// goes unused. Where a host gives randomness only while it handles a request (Workers), sign only then: jwt-simple
/// panics when there is none.
pub struct JwtSimple {
    pair: RS256KeyPair,
}

impl JwtSimple {
    /// Imports the private key: up to 4,096 bits, public exponent 65537, numbers consistent with one another.
    ///
    /// # Errors
    /// [`SignError::Host`] for any other key.
    pub fn new(key: &ServiceAccountKey) -> Result<Self, SignError> {
        let pair = RS256KeyPair::from_der(key.pkcs8().expose())
            .map_err(|_| SignError::Host("jwt-simple refused the key"))?;
        Ok(Self { pair: pair.with_key_id(key.key_id()) })
    }

    /// jwt-simple signs claim sets, not bytes. So the claims are taken out of the message and handed over, and the
    /// signature is released only if what was signed is the message, byte for byte.
    pub(crate) fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let claims = read_claims(message).ok_or(SignError::NotAnAssertion)?;
        let token = self.pair.sign(bare(claims)).map_err(|_| SignError::Failed)?;
        let (signed, signature) = token.rsplit_once('.').ok_or(SignError::Failed)?;
        if signed.as_bytes() != message {
            return Err(SignError::NotAnAssertion);
        }
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| SignError::Failed)
    }
}

impl Signer for JwtSimple {
    /// Signs messages of [`Unsigned`](crate::Unsigned) assertions of the same key and refuses all others with
    /// [`SignError::NotAnAssertion`].
    async fn sign(&self, message: &[u8], _seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        self.sign_now(message)
    }
}

impl fmt::Debug for JwtSimple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSimple(…)")
    }
}

/// Exactly these claims. `Claims::create` is of no use: it reads the clock and adds `nbf`.
fn bare(claims: Members) -> JWTClaims<Members> {
    JWTClaims {
        issued_at: None,
        expires_at: None,
        invalid_before: None,
        issuer: None,
        subject: None,
        audiences: None,
        jwt_id: None,
        nonce: None,
        custom: claims,
    }
}
