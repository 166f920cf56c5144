//! Errors as Google Cloud Endpoints sends them: which status and reason a thrown one becomes, and the envelope around it.

use serde_json::{Value, json};

use crate::http::Reply;

/// An error that CloudM throws, before the framework's rewriting.
#[derive(Debug)]
pub(crate) struct Fail {
    status: u16,
    message: String,
}

impl Fail {
    pub(crate) fn new(status: u16, message: &str) -> Self {
        Self { status, message: message.to_owned() }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Valid user credentials are required.")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, &format!("{what} not found"))
    }

    pub(crate) fn conflict(message: &str) -> Self {
        Self::new(409, message)
    }

    pub(crate) fn into_reply(self) -> Reply {
        fault(self.status, false, None, Some(&self.message))
    }
}

/// What the framework sends for a status that the service throws.
fn rewritten(thrown: u16) -> (u16, &'static str) {
    match thrown {
        400 => (400, "badRequest"),
        401 => (401, "required"),
        403 => (403, "forbidden"),
        404 => (404, "notFound"),
        409 => (409, "conflict"),
        410 => (410, "deleted"),
        412 => (412, "conditionNotMet"),
        413 => (413, "uploadTooLarge"),
        405 => (501, "unsupportedMethod"),
        408 => (503, "backendError"),
        402..500 => (404, "unsupportedProtocol"),
        500.. => (503, "backendError"),
        other => (other, "backendError"),
    }
}

/// The envelope for a status; `raw` keeps the status and only takes the reason from the rewriting.
pub(crate) fn fault(thrown: u16, raw: bool, reason: Option<&str>, message: Option<&str>) -> Reply {
    let (sent, word) = rewritten(thrown);
    let (status, word) = match (raw, thrown) {
        (false, _) => (sent, word),
        (true, 429) => (429, "rateLimitExceeded"),
        (true, _) => (thrown, word),
    };
    let message: Value = message.into();
    let item = json!({ "domain": "global", "reason": reason.unwrap_or(word), "message": message });
    Reply::pretty(status, &json!({ "error": { "errors": [item], "code": status, "message": message } }))
}

/// The framework's answer where no route matches: not an envelope.
pub(crate) fn not_found_page() -> Reply {
    Reply::text(404, "text/plain; charset=UTF-8", "Not Found")
}

#[cfg(test)]
mod tests {
    use people_model::cloudm::ErrorBody;

    use super::*;

    #[test]
    fn the_framework_rewrites_what_it_does_not_know() {
        for (thrown, sent, reason) in [
            (400, 400, "badRequest"),
            (402, 404, "unsupportedProtocol"),
            (405, 501, "unsupportedMethod"),
            (408, 503, "backendError"),
            (415, 404, "unsupportedProtocol"),
            (429, 404, "unsupportedProtocol"),
            (500, 503, "backendError"),
            (504, 503, "backendError"),
        ] {
            let reply = fault(thrown, false, None, None);
            let body = ErrorBody::parse(&reply.body).unwrap();
            assert_eq!((reply.status, body.reason(), body.code), (sent, Some(reason), Some(sent)));
        }
        assert_eq!(fault(429, true, None, None).status, 429);
        assert_eq!(fault(500, true, None, None).status, 500);
    }
}
