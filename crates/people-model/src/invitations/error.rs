//! `google.rpc.Status`, alone in an operation and wrapped as `{"error": …}` in an HTTP answer.

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Members;

/// A status. Its message could name a person, so that `Debug` hides it.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// In an operation a number of `google.rpc.Code`; in an HTTP answer the HTTP status.
    pub code: i64,
    /// What a human may read.
    pub message: String,
    /// The code as a word, such as `PERMISSION_DENIED`; only in an HTTP answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Objects with an `@type`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Members>,
}

impl Status {
    /// The code as a word of `google.rpc.Code`; `None` where it is neither named nor known.
    pub fn word(&self) -> Option<&str> {
        if is_word(&self.status) {
            return Some(&self.status);
        }
        usize::try_from(self.code).ok().and_then(|code| CODES.get(code)).copied()
    }

    /// The reason of an `ErrorInfo` among the details, such as `SERVICE_DISABLED`.
    pub fn reason(&self) -> Option<&str> {
        let reasons = self.details.iter().filter_map(|one| one.get("reason").and_then(Value::as_str));
        reasons.into_iter().find(|reason| is_word(reason))
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("code", &self.code)
            .field("status", &self.word())
            .finish_non_exhaustive()
    }
}

/// The body of an HTTP answer that is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    /// The status.
    pub error: Status,
}

impl RpcError {
    /// Reads the body of an answer. `None`: it is not this API's.
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

/// A word in capitals: it can be shown, since it names nobody.
fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// `google.rpc.Code`, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_and_messages_are_not() {
        let body = br#"{"error":{"code":403,"message":"ana@example.com may not","status":"PERMISSION_DENIED",
            "details":[{"@type":"x","reason":"not a word"},{"reason":"SERVICE_DISABLED"}]}}"#;
        let error = RpcError::parse(body).unwrap().error;
        assert_eq!((error.word(), error.reason()), (Some("PERMISSION_DENIED"), Some("SERVICE_DISABLED")));
        assert!(!format!("{error:?}").contains("ana"));
        let inside: Status = serde_json::from_str(r#"{"code":9}"#).unwrap();
        assert_eq!(inside.word(), Some("FAILED_PRECONDITION"));
        assert_eq!(Status { code: 99, ..Status::default() }.word(), None);
        assert!(RpcError::parse(b"<html>").is_none());
    }
}
