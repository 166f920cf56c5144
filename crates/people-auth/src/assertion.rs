//! The signed statement that is exchanged for a token (RFC 7523, RFC 7515 compact form).

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use people_model::Secret;
use people_model::time::Timestamp;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::key::ServiceAccountKey;

/// The audience of every assertion, whatever URL the key file posts to: so do Google's Python and Java libraries.
pub const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// `exp - iat` in seconds: the longest life Google documents for an assertion.
pub const LIFETIME_SECONDS: i64 = 3600;

/// A signed assertion. It is a credential: whoever holds it can have a token until it expires, hence the [`Secret`].
#[derive(Debug, Clone)]
pub struct Assertion(Secret<String>);

/// An assertion that waits for its signature.
#[derive(Clone)]
pub struct Unsigned(String);

impl Assertion {
    /// States that `key`'s account asks for `ask`, from `now` for an hour.
    ///
    /// Header `{"alg":"RS256","kid":…,"typ":"JWT"}`; claims `aud`, `exp`, `iat`, `iss`, `scope`, and `sub` when the
    /// ask names a subject. There is no `nbf`, since Google's libraries send none. Times are whole seconds, rounded
    /// down, so that rounding never puts `iat` into the future. Members stand in alphabetical order, so that the
    /// bytes do not depend on whether serde_json keeps the order of insertion.
    pub fn unsigned(key: &ServiceAccountKey, ask: &Ask, now: Timestamp) -> Unsigned {
        let issued_at = now.as_second();
        let mut claims = json!({
            "aud": key.audience(),
            "exp": issued_at.saturating_add(LIFETIME_SECONDS),
            "iat": issued_at,
            "iss": key.client_email(),
            "scope": ask.scope(),
        });
        if let (Value::Object(members), Some(subject)) = (&mut claims, ask.subject()) {
            members.insert("sub".to_owned(), subject.into());
        }
        Unsigned::of(key, claims)
    }

    /// States who `key`'s account is, from `now` for an hour, as a token that some of Google's own APIs take in place of an access token:
    /// those with a published service definition, and for the account itself only. CloudM takes none: it looks tokens up by tokeninfo, which
    /// knows access tokens alone. Claims `exp`, `iat`, `iss`, `sub`, and either `aud` or `scope`, never both.
    pub fn self_signed(key: &ServiceAccountKey, reach: Reach<'_>, now: Timestamp) -> Unsigned {
        let issued_at = now.as_second();
        let (name, value) = match reach {
            Reach::Audience(url) => ("aud", url),
            Reach::Scope(ask) => ("scope", ask.scope()),
        };
        let claims = json!({
            "exp": issued_at.saturating_add(LIFETIME_SECONDS),
            "iat": issued_at,
            "iss": key.client_email(),
            "sub": key.client_email(),
            name: value,
        });
        Unsigned::of(key, claims)
    }

    /// The compact form, `header.claims.signature`.
    pub fn compact(&self) -> &Secret<String> {
        &self.0
    }
}

/// What a self-signed token is good for.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    /// One service: its URL with a slash at the end.
    Audience(&'a str),
    /// The scopes of the ask, whose subject does not count.
    Scope(&'a Ask),
}

impl Unsigned {
    fn of(key: &ServiceAccountKey, mut claims: Value) -> Self {
        let header = json!({ "alg": "RS256", "kid": key.key_id(), "typ": "JWT" });
        claims.sort_all_objects();
        let encode = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
        Self(format!("{}.{}", encode(header), encode(claims)))
    }

    /// What is to be signed: `header.claims`, each base64url without padding.
    pub fn message(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Completes the assertion with an RSASSA-PKCS1-v1_5 SHA-256 signature over [`message`](Self::message).
    pub fn signed(self, signature: &[u8]) -> Assertion {
        Assertion(Secret::new(format!("{}.{}", self.0, URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// Shows nothing: the claims may name a person.
impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsigned(…)")
    }
}
