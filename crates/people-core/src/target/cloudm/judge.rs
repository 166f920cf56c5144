//! What an answer of the CloudM API means. Total: every status and every body has a verdict.
//!
//! The table follows the serving framework (Google Cloud Endpoints): other 4xx come out as 404 `unsupportedProtocol`, so a 404
//! means "absent" only when its reason is `notFound`; 5xx come out as 503; App Engine in front may answer HTML.

use bytes::Bytes;
use http::{Response, StatusCode};
use people_model::cloudm::ErrorBody;
use people_model::verdict::WhyKind;
use people_model::{Call, Safety, Verdict, Why};
use serde_json::Value;

use crate::endpoint::retry_after;
use crate::target::Answer;

/// The verdict on `answer` to `call`.
pub fn judge(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let status = answer.status();
    let code = status.as_u16();
    let body = answer.body();
    let error = ErrorBody::parse(body);
    let reason = error.as_ref().and_then(ErrorBody::reason);
    let why = |kind| {
        let why = Why::new(kind).status(code);
        match reason {
            Some(reason) => why.detail(reason),
            None => why,
        }
    };
    let again = |kind| Verdict::Again { after_s: retry_after(answer), why: why(kind) };
    let refused = |kind| Verdict::Refused { why: why(kind) };
    match status {
        StatusCode::NO_CONTENT => Verdict::Done { answer: Answer(Value::Null) },
        _ if status.is_success() => success(call, body, code),
        StatusCode::UNAUTHORIZED => again(WhyKind::Unauthorized),
        StatusCode::FORBIDDEN => refused(WhyKind::Forbidden),
        StatusCode::NOT_FOUND => match reason {
            Some("notFound") => refused(WhyKind::Absent),
            // A masked 429 most likely: the framework has no 429 of its own.
            Some("unsupportedProtocol") => again(WhyKind::RateLimited),
            _ if error.as_ref().is_some_and(says_not_found) => refused(WhyKind::Absent),
            _ => refused(WhyKind::WrongPath),
        },
        StatusCode::CONFLICT => refused(WhyKind::Conflict),
        StatusCode::TOO_MANY_REQUESTS => again(WhyKind::RateLimited),
        StatusCode::REQUEST_TIMEOUT => unfinished(call, answer, why(WhyKind::ServerError)),
        // 405 comes out as 501: the path is wrong, and trying again will not help.
        StatusCode::NOT_IMPLEMENTED => refused(WhyKind::WrongPath),
        _ if status.is_server_error() => unfinished(call, answer, why(WhyKind::ServerError)),
        _ if status.is_client_error() => refused(WhyKind::BadRequest),
        _ => refused(WhyKind::BadAnswer),
    }
}

/// A failure of the server after which a call that may be made once could have taken effect.
fn unfinished(call: &Call, answer: &Response<Bytes>, why: Why) -> Verdict<Answer> {
    match call.safety {
        Safety::Once => Verdict::Unknown { why },
        Safety::Read | Safety::Idempotent => Verdict::Again { after_s: retry_after(answer), why },
    }
}

fn success(call: &Call, body: &Bytes, code: u16) -> Verdict<Answer> {
    let bad = |detail| {
        let why = Why::new(WhyKind::BadAnswer).status(code).detail(detail);
        match call.safety {
            Safety::Read => Verdict::Again { after_s: None, why },
            Safety::Once | Safety::Idempotent => Verdict::Unknown { why },
        }
    };
    if body.is_empty() {
        // Offboard and patch may answer with nothing; a read may not.
        return match call.safety {
            Safety::Read => bad("an empty body where a profile was expected"),
            _ => Verdict::Done { answer: Answer(Value::Null) },
        };
    }
    match serde_json::from_slice(body) {
        Ok(answer @ (Value::Object(_) | Value::Null)) => Verdict::Done { answer: Answer(answer) },
        Ok(_) => bad("JSON that is not an object"),
        Err(_) => bad("not JSON"),
    }
}

/// The framework lets a service choose its own reason, so the message counts as well: "(or the message says so)".
fn says_not_found(error: &ErrorBody) -> bool {
    let says = |message: &Option<String>| {
        message.as_deref().is_some_and(|m| {
            let m = m.to_ascii_lowercase();
            m.contains("not found") || m.contains("does not exist") || m.contains("notfound")
        })
    };
    error.errors.first().and_then(|item| item.reason.as_deref()).is_none_or(str::is_empty)
        && (says(&error.message) || error.errors.iter().any(|item| says(&item.message)))
}

#[cfg(test)]
mod tests {
    use people_model::{Api, call::Method};

    use super::*;

    fn call(safety: Safety) -> Call {
        Call {
            api: Api::Cloudm,
            op: "test".into(),
            safety,
            method: Method::Get,
            path: "/".into(),
            body: None,
            form: people_model::call::Form::Json,
            password: false,
        }
    }

    fn answer(status: u16, body: &str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn envelope(code: u16, reason: &str, message: &str) -> String {
        format!(
            r#"{{"error":{{"errors":[{{"domain":"global","reason":"{reason}","message":"{message}"}}],"code":{code},"message":"{message}"}}}}"#
        )
    }

    #[test]
    fn the_error_table() {
        use Safety::{Idempotent, Once, Read};
        let cases: &[(Safety, u16, String, &str)] = &[
            (Read, 404, envelope(404, "notFound", "x"), "refused Absent"),
            (Read, 404, envelope(404, "", "User not found"), "refused Absent"),
            (Read, 404, envelope(404, "unsupportedProtocol", "x"), "again RateLimited"),
            (Read, 404, envelope(404, "unsupportedProtocol", "not found"), "again RateLimited"),
            (Read, 404, "Not Found".into(), "refused WrongPath"),
            (Read, 404, "<html>not found</html>".into(), "refused WrongPath"),
            (Read, 401, envelope(401, "required", "x"), "again Unauthorized"),
            (Read, 403, envelope(403, "forbidden", "securityException"), "refused Forbidden"),
            (Once, 409, envelope(409, "conflict", "x"), "refused Conflict"),
            (Once, 400, envelope(400, "badRequest", "x"), "refused BadRequest"),
            (Once, 501, envelope(501, "unsupportedMethod", "x"), "refused WrongPath"),
            (Once, 503, envelope(503, "backendError", "x"), "unknown ServerError"),
            (Idempotent, 503, "<html>".into(), "again ServerError"),
            (Read, 500, "<html>".into(), "again ServerError"),
            (Once, 502, String::new(), "unknown ServerError"),
            (Once, 429, String::new(), "again RateLimited"),
            (Once, 302, String::new(), "refused BadAnswer"),
            (Once, 204, String::new(), "done"),
            (Once, 200, String::new(), "done"),
            (Read, 200, String::new(), "again BadAnswer"),
            (Read, 200, "<html>".into(), "again BadAnswer"),
            (Once, 200, "<html>".into(), "unknown BadAnswer"),
            (Read, 200, "[1]".into(), "again BadAnswer"),
            (Read, 200, r#"{"id":"a@b.c"}"#.into(), "done"),
        ];
        for (safety, status, body, expected) in cases {
            let verdict = judge(&call(*safety), &answer(*status, body));
            let word = match &verdict {
                Verdict::Done { .. } => "done".to_owned(),
                Verdict::Again { why, .. } => format!("again {:?}", why.kind),
                Verdict::Unknown { why } => format!("unknown {:?}", why.kind),
                Verdict::Refused { why } => format!("refused {:?}", why.kind),
            };
            assert_eq!(&word, expected, "{status} {body}");
        }
    }

    #[test]
    fn retry_after_is_kept_and_messages_are_not() {
        let mut limited = answer(429, &envelope(429, "x", "ana@example.com"));
        limited.headers_mut().insert("retry-after", "7".parse().unwrap());
        let verdict = judge(&call(Safety::Read), &limited);
        assert!(matches!(verdict, Verdict::Again { after_s: Some(7), .. }), "{verdict:?}");
        assert!(!format!("{verdict:?}").contains("ana"));
    }
}
