//! What an answer of the Provisioning API means. Total. A success becomes members by name: those of the entry, or `entries` and `next` (the path of the
//! next page, below our own base); passwords that a server echoes go missing here.
//!
//! "Does not exist" and "exists" come with HTTP 400 and an error document, never with 404 or 409.

use bytes::Bytes;
use http::{Response, StatusCode};
use people_model::gapps::feed::BadDocument;
use people_model::gapps::shape::Shape;
use people_model::gapps::xml::{Limits, parse};
use people_model::gapps::{Class, Entries, Errors, XmlError, error};
use people_model::verdict::WhyKind;
use people_model::{Call, Members, Safety, Verdict, Why};
use serde_json::{Value, json};

use super::pages::rebase;
use super::{Reply, operation};
use crate::endpoint::retry_after;
use crate::target::Answer;

/// How long a busy server wants to be left alone; Google's Java client says so.
const BUSY_S: u32 = 30;

/// The verdict on `answer` to `call`.
pub fn judge(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    let status = answer.status();
    let why = |kind| Why::new(kind).status(status.as_u16());
    if status.is_success() {
        return success(call, answer.body(), status);
    }
    if let Ok(Some(errors)) = Errors::parse(answer.body()) {
        return refusal(call, answer, &errors);
    }
    let again = |kind| Verdict::Again { after_s: retry_after(answer), why: why(kind) };
    match status {
        StatusCode::UNAUTHORIZED => again(WhyKind::Unauthorized),
        StatusCode::FORBIDDEN => Verdict::Refused { why: why(WhyKind::Denied) },
        // Absent entities come with 400: a 404 is a path that the server does not have.
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            Verdict::Refused { why: why(WhyKind::WrongPath) }
        }
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
            Verdict::Refused { why: why(WhyKind::Conflict) }
        }
        StatusCode::TOO_MANY_REQUESTS => again(WhyKind::RateLimited),
        StatusCode::BAD_GATEWAY => {
            unfinished(call, retry_after(answer).or(Some(BUSY_S)), why(WhyKind::ServerError))
        }
        _ if status.is_server_error() => unfinished(call, retry_after(answer), why(WhyKind::ServerError)),
        _ if status.is_client_error() => Verdict::Refused { why: why(WhyKind::BadRequest) },
        _ => Verdict::Refused {
            why: why(WhyKind::BadAnswer).detail("a redirect is not followed; check base_url"),
        },
    }
}

/// The errors of a document, the gravest first: what can be tried again counts only where nothing else is said.
fn refusal(call: &Call, answer: &Response<Bytes>, errors: &Errors) -> Verdict<Answer> {
    let class = |code| error::code(code).map_or(Class::Invalid, |known| known.class);
    let weight = |class| match class {
        Class::Again | Class::AgainFew => 1,
        _ => 0,
    };
    let Some(first) = errors.0.iter().min_by_key(|item| weight(class(item.code))) else {
        return Verdict::Refused { why: Why::new(WhyKind::BadAnswer) };
    };
    // Code and name of each; the input could name a person, and so could a word that no table knows.
    let said: Vec<String> = errors
        .0
        .iter()
        .map(|item| match error::code(item.code) {
            Some(known) => format!("{} ({})", known.name, known.code),
            None => format!("error {}", item.code),
        })
        .collect();
    let why = |kind| Why::new(kind).status(answer.status().as_u16()).detail(said.join(", "));
    match class(first.code) {
        Class::Again => {
            Verdict::Again { after_s: retry_after(answer).or(Some(BUSY_S)), why: why(WhyKind::RateLimited) }
        }
        Class::AgainFew => unfinished(call, retry_after(answer), why(WhyKind::ServerError)),
        Class::Absent => Verdict::Refused { why: why(WhyKind::Absent) },
        Class::Conflict => Verdict::Refused { why: why(WhyKind::Conflict) },
        // A deletion that was half done.
        Class::State if first.code == 1802 => Verdict::Unknown { why: why(WhyKind::ServerError) },
        Class::Invalid | Class::State | Class::Quota | Class::Permanent => {
            Verdict::Refused { why: why(WhyKind::BadRequest) }
        }
    }
}

/// A failure after which a call that may be made once could have taken effect.
fn unfinished(call: &Call, after_s: Option<u32>, why: Why) -> Verdict<Answer> {
    match call.safety {
        Safety::Once => Verdict::Unknown { why },
        Safety::Read | Safety::Idempotent => Verdict::Again { after_s, why },
    }
}

fn success(call: &Call, body: &Bytes, status: StatusCode) -> Verdict<Answer> {
    let reply = operation(&call.op).map_or(Reply::Nothing, |operation| operation.reply);
    if body.iter().all(u8::is_ascii_whitespace) && call.safety != Safety::Read {
        return Verdict::Done { answer: Answer(Value::Null) };
    }
    let read = match reply {
        Reply::Nothing => Ok(Value::Null),
        Reply::Entry(shape) => entry(shape, body),
        Reply::Feed { shape, .. } => feed(shape, body, &call.path),
    };
    match read {
        Ok(value) => Verdict::Done { answer: Answer(value) },
        Err((problem, passing)) => {
            let why = Why::new(WhyKind::BadAnswer).status(status.as_u16()).detail(problem);
            match call.safety {
                Safety::Read if passing => Verdict::Again { after_s: None, why },
                Safety::Read => Verdict::Refused { why },
                Safety::Once | Safety::Idempotent => Verdict::Unknown { why },
            }
        }
    }
}

/// What is wrong with a document, and whether it may be right the next time (a broken connection, say).
type Wrong = (String, bool);

fn wrong(error: BadDocument) -> Wrong {
    let passing = matches!(&error, BadDocument::Xml(XmlError::Malformed { .. } | XmlError::Io(_)));
    (error.to_string(), passing)
}

fn entry(shape: &Shape, body: &Bytes) -> Result<Value, Wrong> {
    let limits = Limits::default();
    let root =
        parse(body, Limits { whole: limits.child as u64, ..limits }).map_err(|error| wrong(error.into()))?;
    let members = shape.read(&root).map_err(|error| (error.to_string(), false))?;
    Ok(Value::Object(shown(members)))
}

fn feed(shape: &Shape, body: &Bytes, path: &str) -> Result<Value, Wrong> {
    let mut entries = Entries::new(body.as_ref(), Limits::default()).map_err(wrong)?;
    let mut all = Vec::new();
    while let Some(members) = entries.next_members(shape).map_err(wrong)? {
        all.push(Value::Object(shown(members)));
    }
    let next = match entries.next_link() {
        Some(link) => Some(rebase(path, link).map_err(|error| (error.to_string(), false))?),
        None => None,
    };
    Ok(json!({"entries": all, "next": next}))
}

fn shown(mut members: Members) -> Members {
    members.remove("password");
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(op: &str, status: u16, body: &str) -> String {
        let operation = operation(op).unwrap();
        let values = [("domain", "example.com"), ("userName", "ana")];
        let values = &values[..operation.path_names().count()];
        let body_of = json!({"userName": "a", "familyName": "b", "givenName": "c"});
        let call = operation.call(values, body_of.as_object().filter(|_| operation.body.is_some())).unwrap();
        let answer =
            Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        let (word, why) = match judge(&call, &answer) {
            Verdict::Done { answer } => return format!("done {}", answer.0),
            Verdict::Again { after_s, why } => (format!("again {after_s:?}"), why),
            Verdict::Unknown { why } => ("unknown".to_owned(), why),
            Verdict::Refused { why } => ("refused".to_owned(), why),
        };
        format!("{word} {:?} {}", why.kind, why.detail.unwrap_or_default())
    }

    fn errors(codes: &[u32]) -> String {
        let items = codes.iter().map(|code| people_model::gapps::Item {
            code: *code,
            input: "ana@example.com".into(),
            reason: "Ana".into(),
        });
        Errors(items.collect()).document()
    }

    #[test]
    fn the_error_table() {
        let cases = [
            ("user.get", 400, errors(&[1301]), "refused Absent EntityDoesNotExist (1301)"),
            ("user.create", 400, errors(&[1300]), "refused Conflict EntityExists (1300)"),
            ("user.create", 400, errors(&[1001]), "again Some(30) RateLimited ServerBusy (1001)"),
            ("user.get", 400, errors(&[1000]), "again None ServerError UnknownError (1000)"),
            ("user.create", 400, errors(&[1000]), "unknown ServerError UnknownError (1000)"),
            ("user.delete", 400, errors(&[1802]), "unknown ServerError DeletePartialFailure (1802)"),
            (
                "user.create",
                400,
                errors(&[1001, 1402]),
                "refused BadRequest ServerBusy (1001), InvalidPassword (1402)",
            ),
            ("user.create", 400, errors(&[9925]), "refused BadRequest error 9925"),
            ("user.create", 403, errors(&[1203]), "refused BadRequest DomainFeatureUnavailable (1203)"),
            ("user.get", 404, String::new(), "refused WrongPath "),
            ("user.get", 401, String::new(), "again None Unauthorized "),
            ("user.get", 403, "<html>".into(), "refused Denied "),
            ("user.get", 502, String::new(), "again Some(30) ServerError "),
            ("user.create", 503, String::new(), "unknown ServerError "),
            ("user.get", 302, String::new(), "refused BadAnswer a redirect is not followed; check base_url"),
            ("user.delete", 200, String::new(), "done null"),
            ("user.create", 201, String::new(), "done null"),
            (
                "user.get",
                200,
                "<html>".into(),
                "again None BadAnswer not well-formed XML at byte 6: the document breaks off",
            ),
            (
                "user.create",
                201,
                "<html/>".into(),
                "unknown BadAnswer not an Atom entry with what a user has",
            ),
        ];
        for (op, status, body, expected) in cases {
            assert_eq!(verdict(op, status, &body), expected, "{op} {status} {body}");
        }
    }

    #[test]
    fn an_echoed_password_goes_missing() {
        let entry = "<entry xmlns='http://www.w3.org/2005/Atom'><a:login xmlns:a='http://schemas.google.com/apps/2006' \
                     userName='ana' password='p' suspended='TRUE'/></entry>";
        let said = verdict("user.get", 200, entry);
        let done: Value = serde_json::from_str(said.strip_prefix("done ").unwrap()).unwrap();
        assert_eq!(done, serde_json::json!({"suspended": true, "userName": "ana"}));
    }
}
