//! The service account's key: made with one library, its signatures checked with another.

use std::fmt::Write as _;
use std::io;

use jwt_simple::algorithms::RS256KeyPair;
use ring::{digest, signature};
use serde_json::json;

/// Makes a 2048-bit RSA key, as PKCS#8 PEM. Takes a second or more; not for an async worker thread.
///
/// # Errors
/// Where the generator fails.
pub fn generate_key_pem() -> io::Result<String> {
    RS256KeyPair::generate(2048).and_then(|pair| pair.to_pem()).map_err(io::Error::other)
}

pub(crate) struct Key {
    pem: String,
    id: String,
    n: Vec<u8>,
    e: Vec<u8>,
}

impl Key {
    pub(crate) fn new(pem: Option<String>) -> io::Result<Self> {
        let pair = match pem {
            Some(pem) => RS256KeyPair::from_pem(&pem),
            None => RS256KeyPair::generate(2048),
        }
        .map_err(io::Error::other)?;
        let public = pair.public_key().to_components();
        let print = digest::digest(&digest::SHA256, &public.n);
        let id = print.as_ref().iter().take(20).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        });
        let bare = |number: Vec<u8>| number.into_iter().skip_while(|byte| *byte == 0).collect();
        Ok(Self { pem: pair.to_pem().map_err(io::Error::other)?, id, n: bare(public.n), e: bare(public.e) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature::RsaPublicKeyComponents { n: &self.n, e: &self.e }
            .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    /// The key file as Google's console hands it out.
    pub(crate) fn file(&self, client_email: &str, token_uri: &str) -> String {
        let file = json!({
            "type": "service_account",
            "project_id": "people-sim",
            "private_key_id": self.id,
            "private_key": self.pem,
            "client_email": client_email,
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        });
        format!("{file:#}")
    }
}
