//! The exchange of an assertion for a token, as a request to send and an answer to read (RFC 7523, section 2.1).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use people_model::time::{SignedDuration, Timestamp};
use people_model::{Members, Secret};
use serde_json::Value;

use crate::ask::Ask;
use crate::assertion::Assertion;
use crate::error::SignError;
use crate::key::ServiceAccountKey;
use crate::refusal::{self, TokenError};
use crate::signer::Signer;

/// `grant_type` of the exchange.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long a token lives when the answer does not say, in seconds: the hour that Google documents. Too long a
/// guess costs one 401, which [`Tokens::reject`](crate::Tokens::reject) mends; too short a one costs an exchange
/// per call.
pub const DEFAULT_LIFETIME_SECONDS: i64 = 3600;

/// The longest life believed, in seconds: the twelve hours that Google's organisation policy can allow.
const MAX_LIFETIME_SECONDS: i64 = 12 * 3600;

/// An access token and the moment it stops working.
#[derive(Debug, Clone)]
pub struct Token {
    value: Secret<String>,
    expiry: Timestamp,
}

impl Token {
    /// A token from elsewhere than [`accept`], such as a metadata server.
    pub fn new(value: Secret<String>, expiry: Timestamp) -> Self {
        Self { value, expiry }
    }

    /// What goes behind `Authorization: Bearer`.
    pub fn value(&self) -> &Secret<String> {
        &self.value
    }

    /// The first moment at which the token is no longer valid.
    pub fn expiry(&self) -> Timestamp {
        self.expiry
    }

    /// How long the token is still valid; zero or less when it is not.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        now.duration_until(self.expiry)
    }
}

/// Makes, signs and wraps an assertion: the request to send for a token of `ask`.
///
/// `now` is the host's time and `seed` fresh entropy of the host, as [`Signer::sign`] wants it.
///
/// # Errors
/// [`SignError`] when the signer gave no signature.
pub async fn prepare<S: Signer>(
    key: &ServiceAccountKey,
    signer: &S,
    ask: &Ask,
    now: Timestamp,
    seed: &[u8; 32],
) -> Result<Request<Bytes>, SignError> {
    let unsigned = Assertion::unsigned(key, ask, now);
    let signature = signer.sign(unsigned.message(), seed).await?;
    Ok(request(key, &unsigned.signed(&signature)))
}

/// The request that exchanges `assertion`: a form POST to the key's `token_uri`, members in the order of Google's
/// Python library. The body is a credential: do not log it.
pub fn request(key: &ServiceAccountKey, assertion: &Assertion) -> Request<Bytes> {
    let mut request = Request::new(form(assertion.compact()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = key.token_uri().clone();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    request
}

/// The form that exchanges an assertion, in its compact form.
pub(crate) fn form(assertion: &Secret<String>) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("assertion", assertion.expose()).append_pair("grant_type", GRANT_TYPE);
    Bytes::from(form.finish())
}

/// Reads the token endpoint's answer.
///
/// `now` should be the moment the request was sent, so that the token is never thought to live longer than it does.
/// It is also what the answer's `Date` is compared with when the endpoint complains about the clock.
///
/// `expires_in` may be a number or a string of seconds; see [`DEFAULT_LIFETIME_SECONDS`] for when it is absent.
///
/// # Errors
/// [`TokenError`], whose [`hint`](TokenError::hint) says what a person can do about it.
pub fn accept(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Token, TokenError> {
    if !status.is_success() {
        return Err(refusal::read(status, headers, body, now));
    }
    let unreadable = TokenError::Unreadable { status: status.as_u16() };
    read_token(body, now).ok_or(unreadable)
}

/// The token in a successful answer, if there is one that can be sent as a bearer token.
pub(crate) fn read_token(body: &[u8], now: Timestamp) -> Option<Token> {
    let mut reply: Members = serde_json::from_slice(body).ok()?;
    let Some(Value::String(value)) = reply.remove("access_token") else { return None };
    let value = Secret::new(value);
    let sendable = !value.expose().is_empty() && value.expose().bytes().all(|byte| byte.is_ascii_graphic());
    let bearer = match reply.get("token_type") {
        None | Some(Value::Null) => true,
        Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
    };
    let seconds = lifetime(reply.get("expires_in"))?;
    let expiry = now.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    (sendable && bearer).then_some(Token { value, expiry })
}

/// Seconds to live, 1 to 12 hours' worth; `None` when it cannot be made out or there are none.
fn lifetime(expires_in: Option<&Value>) -> Option<i64> {
    let seconds = match expires_in {
        None | Some(Value::Null) => DEFAULT_LIFETIME_SECONDS,
        Some(Value::Number(number)) => match number.as_i64() {
            Some(whole) => whole,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "casts of floats saturate, and what is lost is under 1 s"
            )]
            None => number.as_f64()? as i64,
        },
        Some(Value::String(text)) => text.trim().parse().ok()?,
        Some(_) => return None,
    };
    (seconds > 0).then_some(seconds.min(MAX_LIFETIME_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn accept_ok(body: &str) -> Result<Token, TokenError> {
        accept(StatusCode::OK, &HeaderMap::new(), body.as_bytes(), now())
    }

    #[test]
    fn lifetimes() {
        for (expires_in, seconds) in [
            (r#","expires_in":3599"#, 3599),
            (r#","expires_in":"3599""#, 3599),
            (r#","expires_in":3599.9"#, 3599),
            (r#","expires_in":1e300"#, MAX_LIFETIME_SECONDS),
            (r#","expires_in":9223372036854775807"#, MAX_LIFETIME_SECONDS),
            (r#","expires_in":null"#, DEFAULT_LIFETIME_SECONDS),
            ("", DEFAULT_LIFETIME_SECONDS),
        ] {
            let token =
                accept_ok(&format!(r#"{{"access_token":"ya29.x","token_type":"Bearer"{expires_in}}}"#));
            assert_eq!(token.unwrap().left(now()).as_secs(), seconds, "{expires_in}");
        }
    }

    #[test]
    fn answers_without_a_usable_token() {
        for body in [
            "",
            "[]",
            "<html>sign in to this network</html>",
            r#"{"id_token":"x"}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\r\nb"}"#,
            r#"{"access_token":"x","token_type":"mac"}"#,
            r#"{"access_token":"x","expires_in":0}"#,
            r#"{"access_token":"x","expires_in":"soon"}"#,
            r#"{"access_token":"x","expires_in":[]}"#,
        ] {
            assert_eq!(accept_ok(body).unwrap_err(), TokenError::Unreadable { status: 200 }, "{body}");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        let token = accept_ok(r#"{"access_token":"ya29.hush"}"#).unwrap();
        assert!(!format!("{token:?}").contains("hush"));
    }
}
