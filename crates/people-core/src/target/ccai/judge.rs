//! What an answer of CCAI Platform means. Total: success codes and the bodies of errors are not documented, so any 2xx is a success and
//! only the status says what an error is.

use bytes::Bytes;
use http::{Response, StatusCode};
use people_model::verdict::WhyKind;
use people_model::{Call, Safety, Verdict, Why};
use serde_json::Value;

use crate::endpoint::retry_after;
use crate::target::Answer;

/// The verdict on `answer` to `call`.
pub fn judge(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let status = answer.status();
    let why = |kind| Why::new(kind).status(status.as_u16());
    let again = |why| Verdict::Again { after_s: retry_after(answer), why };
    let unfinished = |why| match call.safety {
        Safety::Once => Verdict::Unknown { why },
        Safety::Read | Safety::Idempotent => again(why),
    };
    match status {
        _ if status.is_success() => success(call, answer),
        StatusCode::UNAUTHORIZED => again(
            why(WhyKind::Unauthorized)
                .detail("for CCAI Platform: check [ccai] subdomain and token (of an api_user)"),
        ),
        StatusCode::FORBIDDEN => Verdict::Refused { why: why(WhyKind::BadRequest) },
        StatusCode::NOT_FOUND => Verdict::Refused { why: why(WhyKind::Absent) },
        StatusCode::CONFLICT => Verdict::Refused { why: why(WhyKind::Conflict) },
        StatusCode::TOO_MANY_REQUESTS => again(why(WhyKind::RateLimited)),
        StatusCode::REQUEST_TIMEOUT => unfinished(why(WhyKind::ServerError)),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            Verdict::Refused { why: why(WhyKind::WrongPath) }
        }
        _ if status.is_server_error() => unfinished(why(WhyKind::ServerError)),
        _ if status.is_client_error() => Verdict::Refused { why: why(WhyKind::BadRequest) },
        // A redirect is not followed.
        _ => Verdict::Refused { why: why(WhyKind::BadAnswer) },
    }
}

fn success(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let body = answer.body();
    let bad = |detail| {
        let why = Why::new(WhyKind::BadAnswer).status(answer.status().as_u16()).detail(detail);
        match call.safety {
            Safety::Read => Verdict::Again { after_s: None, why },
            Safety::Once | Safety::Idempotent => Verdict::Unknown { why },
        }
    };
    if body.trim_ascii().is_empty() {
        return match call.safety {
            Safety::Read => bad("an empty body"),
            _ => Verdict::Done { answer: Answer(Value::Null) },
        };
    }
    match serde_json::from_slice(body) {
        Ok(answer) => Verdict::Done { answer: Answer(answer) },
        // Whatever it was meant to say: the status says that it was taken, or that a page stands in the way.
        Err(_) => bad("not JSON"),
    }
}

#[cfg(test)]
mod tests {
    use people_model::ccai::JobId;

    use super::super::ops::{GetJob, Proceed};
    use super::*;
    use crate::endpoint::Endpoint;

    #[test]
    fn every_answer_has_a_verdict() {
        let cases: &[(bool, u16, &str, &str)] = &[
            (false, 200, r#"{"id":1}"#, "done"),
            (false, 201, "[]", "done"),
            (false, 202, "", "again BadAnswer"),
            (true, 202, "", "done"),
            (true, 200, "<html>", "unknown BadAnswer"),
            (false, 200, "<html>", "again BadAnswer"),
            (true, 429, "", "again RateLimited"),
            (true, 500, "", "unknown ServerError"),
            (false, 503, "{}", "again ServerError"),
            (true, 408, "", "unknown ServerError"),
            (true, 401, "", "again Unauthorized"),
            (true, 403, "", "refused BadRequest"),
            (false, 404, "", "refused Absent"),
            (true, 409, "{}", "refused Conflict"),
            (true, 422, "{}", "refused BadRequest"),
            (true, 302, "", "refused BadAnswer"),
            (true, 405, "", "refused WrongPath"),
        ];
        for (once, status, body, expected) in cases {
            let job = JobId(1);
            let call = if *once { Proceed { job }.call() } else { GetJob { job }.call() };
            let answer = Response::builder().status(*status).body(Bytes::from(*body)).unwrap();
            let verdict = judge(&call, &answer);
            let word = match &verdict {
                Verdict::Done { .. } => "done".to_owned(),
                Verdict::Again { why, .. } => format!("again {:?}", why.kind),
                Verdict::Unknown { why } => format!("unknown {:?}", why.kind),
                Verdict::Refused { why } => format!("refused {:?}", why.kind),
            };
            assert_eq!(&word, expected, "{once} {status} {body}");
        }
    }
}
