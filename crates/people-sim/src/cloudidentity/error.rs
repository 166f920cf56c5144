//! Errors as `google.rpc` writes them.

use serde_json::{Value, json};

use crate::http::Reply;

/// An error.
pub(super) struct Fail {
    status: u16,
    word: &'static str,
    message: String,
    details: Vec<Value>,
}

impl Fail {
    pub(super) fn new(status: u16, word: &'static str, message: &str) -> Self {
        Self { status, word, message: message.to_owned(), details: Vec::new() }
    }

    pub(super) fn argument(message: &str) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    pub(super) fn precondition(message: &str) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    pub(super) fn denied(message: &str) -> Self {
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub(super) fn unauthenticated() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
                       valid authentication credential.";
        Self::new(401, "UNAUTHENTICATED", message)
    }

    pub(super) fn scope() -> Self {
        let mut fail = Self::denied("Request had insufficient authentication scopes.");
        fail.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
        }));
        fail
    }

    pub(super) fn into_reply(self) -> Reply {
        let (code, message, status) = (self.status, self.message, self.word);
        let error = match self.details {
            none if none.is_empty() => json!({ "code": code, "message": message, "status": status }),
            details => json!({ "code": code, "message": message, "status": status, "details": details }),
        };
        Reply::pretty(code, &json!({ "error": error }))
    }
}

/// An injected error as this API sends it; `reason` stands for the status word.
pub(crate) fn fault(status: u16, reason: Option<&str>, message: Option<&str>) -> Reply {
    let word = reason.unwrap_or(match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        500 => "INTERNAL",
        501 => "UNIMPLEMENTED",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNAVAILABLE",
    });
    let message = message.unwrap_or("Injected fault");
    Reply::pretty(status, &json!({ "error": { "code": status, "message": message, "status": word } }))
}

/// A path that no service has.
pub(super) fn not_found_page() -> Reply {
    Reply::text(
        404,
        "text/html; charset=UTF-8",
        "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title><p>The requested URL was not found on this server.",
    )
}
