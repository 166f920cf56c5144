//! A service account key file, parsed once at the border.

use core::fmt;

use http::Uri;
use people_model::{Members, Secret};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::assertion::AUDIENCE;
use crate::error::KeyError;
use crate::pem;

/// A service account key that is known to be one: RSA of 2,048 bits or more, with everything an assertion needs.
///
/// Made from the JSON file that Google Cloud's console downloads. `Debug` shows the account and the identifiers of
/// the key, never the key.
#[derive(Clone)]
pub struct ServiceAccountKey {
    client_email: String,
    key_id: String,
    project_id: Option<String>,
    token_uri: Uri,
    audience: String,
    pkcs8: Secret<Vec<u8>>,
    bits: usize,
    repaired: bool,
}

impl ServiceAccountKey {
    /// Reads a key file: `type`, `client_email`, `private_key_id`, `private_key` and `token_uri`, all required, and
    /// `project_id`. Other members are ignored; a byte order mark is skipped.
    ///
    /// `private_key` may be PKCS#8 (Google's own) or PKCS#1 PEM, with LF or CRLF. A PEM whose line ends were pasted
    /// as the two characters `\n` is repaired, since nothing else can be meant; [`repaired`](Self::repaired) tells.
    ///
    /// The numbers of the key are not checked for consistency here; a signer does that when it imports them. Wiping
    /// `json` from memory is up to the caller.
    ///
    /// # Errors
    /// [`KeyError`], one variant for each thing that can be wrong.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let file: Value = serde_json::from_slice(json)
            .map_err(|fault| KeyError::NotJson { line: fault.line(), column: fault.column() })?;
        let Value::Object(mut file) = file else { return Err(KeyError::NotAnObject) };

        // Taken out before anything can fail, so that it is wiped on every path.
        let private_key = text(&mut file, "private_key").map(Zeroizing::new);
        check_type(&file)?;
        let client_email = text(&mut file, "client_email")?;
        let key_id = text(&mut file, "private_key_id")?;
        let token_uri = token_uri(&text(&mut file, "token_uri")?)?;
        let project_id = text(&mut file, "project_id").ok();
        let rsa = pem::read(&private_key?)?;

        Ok(Self {
            client_email,
            key_id,
            project_id,
            token_uri,
            audience: AUDIENCE.to_owned(),
            pkcs8: rsa.pkcs8,
            bits: rsa.bits,
            repaired: rsa.repaired,
        })
    }

    /// Names another `aud` claim than [`AUDIENCE`], for a token endpoint that is not Google's, such as a simulator's.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sends assertions elsewhere than the key file says. Whoever receives an assertion can exchange it at the
    /// endpoint its audience names, so let this be a host that is trusted.
    ///
    /// # Errors
    /// [`KeyError::TokenUri`] or [`KeyError::TokenUriNotHttps`], by the same rules as in the file.
    pub fn with_token_uri(mut self, url: &str) -> Result<Self, KeyError> {
        self.token_uri = token_uri(url)?;
        Ok(self)
    }

    /// The service account's address: the `iss` claim.
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// The key's identifier: the `kid` of the header.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The project the account belongs to, if the file says so.
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// Where assertions are posted. Https, or http on a loopback host.
    pub fn token_uri(&self) -> &Uri {
        &self.token_uri
    }

    /// The `aud` claim. It is the constant [`AUDIENCE`] even when `token_uri` is another URL, as in Google's Python
    /// and Java libraries, unless [`with_audience`](Self::with_audience) says otherwise.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The private key as PKCS#8 DER, whatever the file held: what signers import, WebCrypto's `importKey("pkcs8",
    /// …)` included.
    pub fn pkcs8(&self) -> &Secret<Vec<u8>> {
        &self.pkcs8
    }

    /// Length of the modulus in bits, 2,048 or more.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Whether the PEM held literal `\n` that were read as line ends. The key works; wherever it was pasted, it was
    /// escaped once too often.
    pub fn repaired(&self) -> bool {
        self.repaired
    }
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountKey")
            .field("client_email", &self.client_email)
            .field("key_id", &self.key_id)
            .field("project_id", &self.project_id)
            .field("token_uri", &self.token_uri)
            .field("audience", &self.audience)
            .field("bits", &self.bits)
            .field("repaired", &self.repaired)
            .finish_non_exhaustive()
    }
}

/// Takes a required string out of the file.
fn text(file: &mut Members, name: &'static str) -> Result<String, KeyError> {
    match file.remove(name) {
        Some(Value::String(text)) if text.trim().is_empty() => Err(KeyError::Missing(name)),
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(KeyError::Missing(name)),
        Some(_) => Err(KeyError::NotText(name)),
    }
}

/// Tells the other credential files of Google apart from a service account key.
fn check_type(file: &Members) -> Result<(), KeyError> {
    match file.get("type") {
        Some(Value::String(kind)) => match kind.as_str() {
            "service_account" => Ok(()),
            "authorized_user" => Err(KeyError::UserCredential),
            "external_account" => Err(KeyError::ExternalAccount),
            "impersonated_service_account" => Err(KeyError::ImpersonatedServiceAccount),
            other => Err(KeyError::OtherType(crate::plain_word(other))),
        },
        Some(Value::Null) | None => Err(["installed", "web"]
            .into_iter()
            .find(|name| file.get(*name).is_some_and(Value::is_object))
            .map_or(KeyError::Missing("type"), KeyError::ClientSecret)),
        Some(_) => Err(KeyError::NotText("type")),
    }
}

/// An absolute https URL without user name, or http to the same machine.
fn token_uri(url: &str) -> Result<Uri, KeyError> {
    let uri: Uri = url.trim().parse().map_err(|_| KeyError::TokenUri)?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(KeyError::TokenUri)?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(KeyError::TokenUri);
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if matches!(host, "127.0.0.1" | "localhost" | "[::1]") => Ok(uri),
        Some(_) => Err(KeyError::TokenUriNotHttps),
        None => Err(KeyError::TokenUri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> KeyError {
        ServiceAccountKey::parse(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn other_files_are_recognised() {
        assert_eq!(fault("{\n oops"), KeyError::NotJson { line: 2, column: 2 });
        assert!(matches!(fault(""), KeyError::NotJson { .. }));
        assert_eq!(fault("[]"), KeyError::NotAnObject);
        assert_eq!(fault(r#"{"type":"authorized_user"}"#), KeyError::UserCredential);
        assert_eq!(fault(r#"{"installed":{"client_id":"x"}}"#), KeyError::ClientSecret("installed"));
        assert_eq!(fault(r#"{"web":{"client_id":"x"}}"#), KeyError::ClientSecret("web"));
        assert_eq!(fault(r#"{"type":"external_account"}"#), KeyError::ExternalAccount);
        assert_eq!(fault(r#"{"type":"impersonated_service_account"}"#), KeyError::ImpersonatedServiceAccount);
        assert_eq!(
            fault(r#"{"type":"gdch_service_account"}"#),
            KeyError::OtherType(Some("gdch_service_account".into()))
        );
        assert_eq!(fault(r#"{"type":"s3cret!"}"#), KeyError::OtherType(None));
        assert_eq!(fault(r#"{"type":7}"#), KeyError::NotText("type"));
        assert_eq!(fault("{}"), KeyError::Missing("type"));
    }

    #[test]
    fn token_urls() {
        for good in [
            "https://oauth2.googleapis.com/token",
            "http://127.0.0.1:8080/token",
            "http://localhost/token",
            "http://[::1]:9/token",
        ] {
            assert!(token_uri(good).is_ok(), "{good}");
        }
        for bad in ["http://oauth2.googleapis.com/token", "http://127.0.0.1.example.com/", "ftp://localhost/"]
        {
            assert_eq!(token_uri(bad).unwrap_err(), KeyError::TokenUriNotHttps, "{bad}");
        }
        for bad in ["", "token", "/token", "https://", "https://user@example.com/", "oauth2.googleapis.com"] {
            assert_eq!(token_uri(bad).unwrap_err(), KeyError::TokenUri, "{bad}");
        }
    }
}
