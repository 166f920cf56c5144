//! The error envelope of the framework that serves the API (Google Cloud Endpoints, `RestResponseResultWriter`).

use serde::{Deserialize, Serialize};

/// `{"error": {"errors": [{"domain", "reason", "message"}], "code", "message"}}`; any part may be missing or null.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// The HTTP status again.
    pub code: Option<u16>,
    /// A text that may quote the request, and with it a person: not to be logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// One item a cause.
    pub errors: Vec<ErrorItem>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorItem {
    /// `global` unless the service says otherwise.
    pub domain: Option<String>,
    /// A word such as `notFound`, `required`, `backendError`, `unsupportedProtocol`.
    pub reason: Option<String>,
    /// A text; not to be logged.
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    error: ErrorBody,
}

impl ErrorBody {
    /// Reads the envelope; `None` where the body is something else (HTML, plain text, nothing).
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.error)
    }

    /// The first reason, if it is a plain word of at most 40 letters, so that it can be shown.
    pub fn reason(&self) -> Option<&str> {
        let reason = self.errors.first()?.reason.as_deref()?;
        (reason.len() <= 40 && reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
            .then_some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_with_nulls_and_things_that_are_none() {
        let body = br#"{"error":{"errors":[{"domain":"global","reason":"notFound","message":null}],"code":404,"message":null}}"#;
        assert_eq!(ErrorBody::parse(body).unwrap().reason(), Some("notFound"));
        assert_eq!(ErrorBody::parse(b"Not Found"), None);
        assert_eq!(ErrorBody::parse(b"<html>"), None);
        assert_eq!(ErrorBody::parse(br#"{"error":{}}"#).unwrap().reason(), None);
    }
}
