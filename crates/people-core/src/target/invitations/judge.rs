//! What an answer of the invitation API means. Total. Errors are `google.rpc`'s, in the envelope `{"error": …}` or in an operation.

use bytes::Bytes;
use http::{Response, StatusCode};
use people_model::invitations::error::Status;
use people_model::invitations::{Operation, RpcError};
use people_model::verdict::WhyKind;
use people_model::{Call, Safety, Verdict, Why};
use serde_json::Value;

use crate::endpoint::retry_after;
use crate::target::Answer;

/// The verdict on `answer` to `call`.
pub fn judge(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let status = answer.status();
    if status.is_success() {
        return success(call, answer);
    }
    let error = RpcError::parse(answer.body()).map(|error| error.error).unwrap_or_default();
    // A 404 of a server that knows no such API has no word, or another form.
    let kind = match (status, error.word()) {
        (StatusCode::UNAUTHORIZED, _) => Kind::Again(WhyKind::Unauthorized),
        (StatusCode::FORBIDDEN, _) => Kind::Refused(WhyKind::Denied),
        (StatusCode::NOT_FOUND, Some("NOT_FOUND")) => Kind::Refused(WhyKind::Absent),
        (StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED, _) => Kind::Refused(WhyKind::WrongPath),
        (StatusCode::CONFLICT, Some("ABORTED")) => Kind::Again(WhyKind::ServerError),
        (StatusCode::CONFLICT, _) => Kind::Refused(WhyKind::Conflict),
        (StatusCode::TOO_MANY_REQUESTS, _) => Kind::Again(WhyKind::RateLimited),
        (StatusCode::REQUEST_TIMEOUT, _) => Kind::Unfinished,
        _ if status.as_u16() == 499 || status.is_server_error() => Kind::Unfinished,
        _ if status.is_client_error() => Kind::Refused(WhyKind::BadRequest),
        _ => Kind::Refused(WhyKind::BadAnswer),
    };
    verdict(call, kind, retry_after(answer), |kind| why(kind, &error).status(status.as_u16()))
}

enum Kind {
    Again(WhyKind),
    Refused(WhyKind),
    /// The server broke off: a call that may be made once could have taken effect.
    Unfinished,
}

fn verdict(call: &Call, kind: Kind, after_s: Option<u32>, why: impl Fn(WhyKind) -> Why) -> Verdict<Answer> {
    match (kind, call.safety) {
        (Kind::Again(kind), _) => Verdict::Again { after_s, why: why(kind) },
        (Kind::Refused(kind), _) => Verdict::Refused { why: why(kind) },
        (Kind::Unfinished, Safety::Once) => Verdict::Unknown { why: why(WhyKind::ServerError) },
        (Kind::Unfinished, _) => Verdict::Again { after_s, why: why(WhyKind::ServerError) },
    }
}

/// Words only: a message could name a person.
fn why(kind: WhyKind, error: &Status) -> Why {
    let words: Vec<&str> = error.word().into_iter().chain(error.reason()).collect();
    match words.as_slice() {
        [] => Why::new(kind),
        words => Why::new(kind).detail(words.join(" ")),
    }
}

fn success(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let unclear = |detail| {
        let why = Why::new(WhyKind::BadAnswer).status(answer.status().as_u16()).detail(detail);
        match call.safety {
            Safety::Read => Verdict::Again { after_s: None, why },
            Safety::Once | Safety::Idempotent => Verdict::Unknown { why },
        }
    };
    let members = match serde_json::from_slice(answer.body()) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return unclear("JSON that is not an object"),
        Err(_) => return unclear("not JSON"),
    };
    if call.safety == Safety::Read {
        return Verdict::Done { answer: Answer(Value::Object(members)) };
    }
    let Ok(operation) = serde_json::from_value::<Operation>(Value::Object(members.clone())) else {
        return unclear("not an operation");
    };
    match operation {
        Operation { error: Some(error), .. } => failed(call, &error),
        Operation { done: true, .. } | Operation { response: Some(_), .. } => {
            Verdict::Done { answer: Answer(Value::Object(members)) }
        }
        // There is no resource to ask for its progress: the invitation itself must be looked at.
        _ => unclear("an operation that is not over"),
    }
}

/// What the error of an operation means: it has no HTTP status of its own.
fn failed(call: &Call, error: &Status) -> Verdict<Answer> {
    let kind = match error.word() {
        Some("NOT_FOUND") => Kind::Refused(WhyKind::Absent),
        Some("PERMISSION_DENIED" | "UNAUTHENTICATED") => Kind::Refused(WhyKind::Denied),
        Some("ALREADY_EXISTS") => Kind::Refused(WhyKind::Conflict),
        Some("UNIMPLEMENTED") => Kind::Refused(WhyKind::WrongPath),
        Some("INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE") => {
            Kind::Refused(WhyKind::BadRequest)
        }
        Some("RESOURCE_EXHAUSTED") => Kind::Again(WhyKind::RateLimited),
        // ABORTED, UNAVAILABLE, INTERNAL and whatever else: it may have begun.
        _ => Kind::Unfinished,
    };
    verdict(call, kind, None, |kind| why(kind, error))
}

#[cfg(test)]
mod tests {
    use people_model::invitations::InvitationName;

    use super::super::operations::{Cancel, Check, Send};
    use super::*;
    use crate::endpoint::Endpoint;

    fn calls() -> [Call; 3] {
        let name = InvitationName::parse("customers/C0/userinvitations/ana@example.com").unwrap();
        [Check(&name).call(), Cancel(&name).call(), Send(&name).call()]
    }

    fn envelope(code: u16, status: &str) -> String {
        format!(r#"{{"error":{{"code":{code},"message":"ana@example.com","status":"{status}"}}}}"#)
    }

    #[test]
    fn the_error_table() {
        let [read, cancel, send] = calls();
        let cases: &[(&Call, u16, String, &str)] = &[
            (&read, 404, envelope(404, "NOT_FOUND"), "refused Absent"),
            (&read, 404, "<html>".into(), "refused WrongPath"),
            (&read, 404, envelope(404, ""), "refused WrongPath"),
            (&read, 403, envelope(403, "PERMISSION_DENIED"), "refused Denied"),
            (&send, 403, String::new(), "refused Denied"),
            (&send, 400, envelope(400, "FAILED_PRECONDITION"), "refused BadRequest"),
            (&send, 401, envelope(401, "UNAUTHENTICATED"), "again Unauthorized"),
            (&send, 409, envelope(409, "ALREADY_EXISTS"), "refused Conflict"),
            (&send, 409, envelope(409, "ABORTED"), "again ServerError"),
            (&send, 429, envelope(429, "RESOURCE_EXHAUSTED"), "again RateLimited"),
            (&send, 500, envelope(500, "INTERNAL"), "unknown ServerError"),
            (&send, 503, envelope(503, "UNAVAILABLE"), "unknown ServerError"),
            (&send, 499, envelope(499, "CANCELLED"), "unknown ServerError"),
            (&send, 302, String::new(), "refused BadAnswer"),
            (&cancel, 503, String::new(), "again ServerError"),
            (&read, 503, "<html>".into(), "again ServerError"),
            (&read, 501, envelope(501, "UNIMPLEMENTED"), "refused WrongPath"),
            (&read, 200, "{}".into(), "done"),
            (&read, 200, String::new(), "again BadAnswer"),
            (&read, 200, "[]".into(), "again BadAnswer"),
            (&send, 200, r#"{"done":true,"response":{"state":"INVITED"}}"#.into(), "done"),
            (&send, 200, r#"{"response":{}}"#.into(), "done"),
            (&send, 200, r#"{"done":true}"#.into(), "done"),
            (&send, 200, r#"{"name":"operations/x"}"#.into(), "unknown BadAnswer"),
            (&send, 200, "{}".into(), "unknown BadAnswer"),
            (&send, 200, "<html>".into(), "unknown BadAnswer"),
            (&send, 200, r#"{"done":true,"error":{"code":9}}"#.into(), "refused BadRequest"),
            (&send, 200, r#"{"done":true,"error":{"code":5}}"#.into(), "refused Absent"),
            (&send, 200, r#"{"done":true,"error":{"code":8}}"#.into(), "again RateLimited"),
            (&send, 200, r#"{"done":true,"error":{"code":13}}"#.into(), "unknown ServerError"),
            (&send, 200, r#"{"done":true,"error":{}}"#.into(), "unknown ServerError"),
        ];
        for (call, status, body, expected) in cases {
            let answer = Response::builder().status(*status).body(Bytes::from(body.clone())).unwrap();
            let verdict = judge(call, &answer);
            let word = match &verdict {
                Verdict::Done { .. } => "done".to_owned(),
                Verdict::Again { why, .. } => format!("again {:?}", why.kind),
                Verdict::Unknown { why } => format!("unknown {:?}", why.kind),
                Verdict::Refused { why } => format!("refused {:?}", why.kind),
            };
            assert_eq!(&word, expected, "{status} {body}");
            assert!(!format!("{verdict:?}").contains("ana"), "{verdict:?}");
        }
    }
}
