//! Why the token endpoint gave no token, decided on `error` and `error_description` before the HTTP status.
//!
//! The same refusal arrives with different statuses, so the status counts only when there is no known `error`. Words
//! and texts are those of Google's OAuth 2.0 documentation for service accounts and those met in the field. A
//! description is matched, never kept: it may quote an address.

use std::borrow::Cow;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use people_model::Members;
use people_model::time::{SignedDuration, Timestamp, parse_http_date};
use serde_json::Value;

pub use crate::misconfigured::Misconfigured;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The endpoint is overloaded or failing: `internal_failure`, `server_error`, `temporarily_unavailable`, or HTTP
    /// 408, 429, 500, 502, 503 or 504.
    #[error("the token endpoint is busy or failing (HTTP {status}). {}", self.hint())]
    Retry {
        /// HTTP status.
        status: u16,
        /// The endpoint's own wish (`Retry-After`), at most a day.
        after: Option<SignedDuration>,
    },
    /// `iat` and `exp` are not acceptable to the endpoint's clock.
    #[error("the token endpoint refuses the assertion's times. {}", self.hint())]
    ClockSkew {
        /// How far the local clock is ahead of the endpoint's (behind when negative), by the answer's `Date`, whose
        /// resolution is a second; the way there and back counts too.
        ahead: Option<SignedDuration>,
    },
    /// Somebody has to change something.
    #[error("{0}. {hint}", hint = .0.hint())]
    Configuration(Misconfigured),
    /// The endpoint claims success without a token that can be used.
    #[error("the token endpoint's answer (HTTP {status}) holds no usable token. {}", self.hint())]
    Unreadable {
        /// HTTP status.
        status: u16,
    },
    /// A refusal that is in no documentation.
    #[error(
        "the token endpoint refused with HTTP {status}{}. {}",
        .error.as_ref().map(|word| format!(" ({word})")).unwrap_or_default(),
        self.hint()
    )]
    Other {
        /// HTTP status.
        status: u16,
        /// The `error` member, if it is a plain word.
        error: Option<String>,
    },
}

impl TokenError {
    /// Whether the same request may succeed a little later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// What a person can do about it, in a sentence or two.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Retry { after: Some(after), .. } => format!("Try again in {} s.", after.as_secs()).into(),
            Self::Retry { after: None, .. } => "Try again in a few seconds.".into(),
            Self::ClockSkew { ahead } => clock_hint(*ahead),
            Self::Configuration(what) => what.hint().into(),
            Self::Unreadable { .. } => {
                "Check that token_uri is Google's and that no proxy answers in its place.".into()
            }
            Self::Other { .. } => {
                "Look the word up in Google's OAuth 2.0 documentation; if there is none, check that \
                                   token_uri is Google's and that no proxy answers in its place."
                    .into()
            }
        }
    }
}

fn clock_hint(ahead: Option<SignedDuration>) -> Cow<'static, str> {
    let Some(ahead) = ahead.map(|ahead| ahead.as_secs()) else {
        return "Check this machine's clock (date, time and UTC offset), then try again.".into();
    };
    if ahead.unsigned_abs() < TOLERABLE_SKEW {
        return "This machine's clock is right now; it may have been wrong a moment ago: try again.".into();
    }
    let direction = if ahead > 0 { "ahead" } else { "behind" };
    format!("This machine's clock is {} s {direction}: set it right, then try again.", ahead.unsigned_abs())
        .into()
}

/// A difference, in seconds, that the resolution of `Date` and a slow network can explain.
const TOLERABLE_SKEW: u64 = 30;

/// What a known `error` means.
enum Meaning {
    Busy,
    Clock,
    Configuration(Misconfigured),
}

/// Reads an answer that is not a success.
pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> TokenError {
    let reply: Members = serde_json::from_slice(body).unwrap_or_default();
    let error = match reply.get("error") {
        // Google's API front end answers in the shape of google.rpc when the request does not reach the endpoint.
        Some(Value::Object(rpc)) => rpc.get("status"),
        other => other,
    };
    let error = error.and_then(Value::as_str).map(str::trim);
    let description = reply.get("error_description").and_then(Value::as_str).unwrap_or_default();

    match error.and_then(|error| meaning(error, &description.to_ascii_lowercase())) {
        Some(Meaning::Busy) => {
            TokenError::Retry { status: status.as_u16(), after: retry_after(headers, now) }
        }
        Some(Meaning::Clock) => TokenError::ClockSkew {
            ahead: header(headers, DATE).and_then(parse_http_date).map(|there| there.duration_until(now)),
        },
        Some(Meaning::Configuration(what)) => TokenError::Configuration(what),
        None if matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) => {
            TokenError::Retry { status: status.as_u16(), after: retry_after(headers, now) }
        }
        None => TokenError::Other { status: status.as_u16(), error: error.and_then(crate::plain_word) },
    }
}

/// The table. `description` is in lower case.
fn meaning(error: &str, description: &str) -> Option<Meaning> {
    use Misconfigured as M;
    let says = |part: &str| description.contains(part);
    let busy = ["internal_failure", "server_error", "temporarily_unavailable"];
    if busy.iter().any(|word| error == *word || description == *word) {
        return Some(Meaning::Busy);
    }
    let what = match error {
        "invalid_grant"
            if says("reasonable timeframe") || says("short-lived token") || says("iat and exp") =>
        {
            return Some(Meaning::Clock);
        }
        "invalid_grant" if says("jwt signature") => M::Signature,
        "invalid_grant" if says("not a valid email") || says("invalid email or user id") => M::Subject,
        "invalid_grant" if says("account not found") => M::AccountUnknown,
        "invalid_grant" if says("account has been deleted") => M::AccountDeleted,
        "invalid_grant" if says("audience check") => M::Audience,
        "invalid_grant" if says("no valid verifier") => M::Issuer,
        "invalid_grant" if says("invalid_rapt") || says("reauth") => M::Reauthentication,
        "invalid_grant" => M::Grant,
        "invalid_scope" if says("empty or missing scope") => M::ScopeMissing,
        "invalid_scope" => M::Scope,
        "unauthorized_client" => M::Delegation,
        "access_denied" if says("account restricted") => M::AccountRestricted,
        "access_denied" => M::AccessDenied,
        "admin_policy_enforced" => M::AdminPolicy,
        "org_internal" => M::OrganisationOnly,
        "disabled_client" => M::ClientDisabled,
        "deleted_client" => M::ClientDeleted,
        "invalid_client" => M::ClientInvalid,
        "invalid_account" => M::AccountForbidden,
        "invalid_request" if says("impersonation prn") => M::Subject,
        "invalid_request" => M::Request,
        "unsupported_grant_type" => M::GrantType,
        _ => return None,
    };
    Some(Meaning::Configuration(what))
}

fn header(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `Retry-After`: seconds or a date (RFC 9110, section 10.2.3), held between 0 and a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = header(headers, RETRY_AFTER)?;
    let wish = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => now.duration_until(parse_http_date(text)?),
    };
    Some(wish.clamp(SignedDuration::ZERO, SignedDuration::from_hours(24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, http::HeaderValue::from_static(value))])
    }

    #[test]
    fn the_skew_is_measured_by_the_date_header() {
        let body = br#"{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token"}"#;
        for (value, ahead, says) in [
            ("Fri, 02 Jan 2026 03:00:00 GMT", Some(245), "245 s ahead"),
            ("Fri, 02 Jan 2026 04:04:05 GMT", Some(-3600), "3600 s behind"),
            ("Fri, 02 Jan 2026 03:04:04 GMT", Some(1), "is right now"),
            ("yesterday", None, "Check this machine's clock"),
        ] {
            let error = read(StatusCode::BAD_REQUEST, &with(DATE, value), body, now());
            assert_eq!(
                error,
                TokenError::ClockSkew { ahead: ahead.map(SignedDuration::from_secs) },
                "{value}"
            );
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn the_endpoint_may_say_when() {
        for (value, after) in [
            ("7", Some(7)),
            ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
            ("Fri, 02 Jan 2026 03:00:00 GMT", Some(0)),
            ("4000000000", Some(86400)),
            ("-1", None),
            ("soon", None),
        ] {
            let error = read(StatusCode::SERVICE_UNAVAILABLE, &with(RETRY_AFTER, value), b"", now());
            assert_eq!(
                error,
                TokenError::Retry { status: 503, after: after.map(SignedDuration::from_secs) },
                "{value}"
            );
        }
    }
}
