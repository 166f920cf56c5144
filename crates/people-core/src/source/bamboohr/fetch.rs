//! `GET /api/v1/employees/{id}`: the record of one employee.
//!
//! Source: BambooHR's OpenAPI document. HTTP Basic with the API key as user and any password; only the fields asked for come back.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use people_model::time::Timestamp;
use people_model::verdict::WhyKind;
use people_model::{Why, WorkerId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{EMPLOYEE, dead, val};
use crate::config::Secrets;
use crate::json::{Item, Tape};
use crate::mapping::draft::text;
use crate::source::Dead;
use crate::source::config::{ApiConfig, ConfigProblem};

/// Everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fields that are always asked for: the built-in map reads them, and what has happened is told by them.
const FIELDS: [&str; 14] = [
    "firstName",
    "lastName",
    "preferredName",
    "workEmail",
    "jobTitle",
    "department",
    "location",
    "mobilePhone",
    "workPhone",
    "supervisorEId",
    "hireDate",
    "terminationDate",
    "status",
    "employmentHistoryStatus",
];

/// The API of one company.
pub(super) struct Api {
    base: String,
    fields: String,
    authorization: HeaderValue,
}

impl Api {
    pub(super) fn new(
        config: &ApiConfig,
        roots: &BTreeSet<String>,
        secrets: &dyn Secrets,
    ) -> Result<Self, ConfigProblem> {
        let base = base(&config.base_url).map_err(|problem| ConfigProblem::new("api.base_url", problem))?;
        let key = |problem: &str| ConfigProblem::new("api.key", problem);
        let secret = secrets.resolve(&config.key).map_err(|problem| key(&problem))?;
        if secret.expose().trim().is_empty() {
            return Err(key("the API key is empty; copy it from BambooHR once more"));
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:x", secret.expose().trim())));
        let mut authorization =
            HeaderValue::try_from(basic).map_err(|_| key("the API key cannot be sent in a header"))?;
        authorization.set_sensitive(true);
        let further = roots.iter().chain(&config.fields).map(String::as_str);
        let mut seen = BTreeSet::from(["id"]);
        let all = FIELDS.into_iter().chain(further).filter(|name| seen.insert(name));
        let fields =
            all.map(|name| utf8_percent_encode(name, SEGMENT).to_string()).collect::<Vec<_>>().join(",");
        Ok(Self { base, fields, authorization })
    }

    pub(super) fn request(&self, id: &WorkerId) -> Result<Request<Bytes>, Dead> {
        // A segment of dots would climb out of the path.
        if id.as_str().bytes().all(|b| b == b'.') {
            return Err(dead(EMPLOYEE, "this is not the id of an employee"));
        }
        let id = utf8_percent_encode(id.as_str(), SEGMENT);
        Request::builder()
            .method(Method::GET)
            .uri(format!("{}/api/v1/employees/{id}?fields={}", self.base, self.fields))
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, self.authorization.clone())
            .body(Bytes::new())
            .map_err(|_| dead("api.base_url", "with the employee's id it makes no address"))
    }
}

/// Checks the address: HTTPS unless on this machine, and nothing but a host and a path.
fn base(text: &str) -> Result<String, &'static str> {
    let uri: Uri =
        text.trim().parse().map_err(|_| "this is not an address such as https://example.bamboohr.com")?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("write the whole address, such as https://example.bamboohr.com");
    };
    let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    if scheme != "https" && !(scheme == "http" && local) {
        return Err("use https: the API key is sent with every request");
    }
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err("write the address without user, password and query; the key goes to `key`");
    }
    Ok(format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')))
}

/// Hands the record in an answer on, or says why it has to be asked for again and after how many seconds. A missing record is asked for again too:
/// a permission that was narrowed looks the same.
pub(super) fn record(
    answer: &Response<Bytes>,
    id: &WorkerId,
    now: Timestamp,
    read: impl FnOnce(Item<'_>),
) -> Result<(), (Option<u32>, Why)> {
    let status = answer.status();
    let why = |kind: WhyKind, detail: &str| Why::new(kind).status(status.as_u16()).detail(detail);
    let again = |kind: WhyKind, detail: &str| Err((after(answer, now), why(kind, detail)));
    match status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return again(WhyKind::Unauthorized, "API key"),
        StatusCode::FORBIDDEN => return again(WhyKind::Forbidden, "the API key may not read this employee"),
        StatusCode::NOT_FOUND => {
            return again(WhyKind::Absent, "no such employee, or the API key may not see them");
        }
        StatusCode::TOO_MANY_REQUESTS => return again(WhyKind::RateLimited, "HR system"),
        status if status.is_server_error() => return again(WhyKind::ServerError, "HR system"),
        _ => return again(WhyKind::BadRequest, "HR system"),
    }
    let tape = Tape::read(answer.body()).ok();
    let Some(record) = tape.as_ref().and_then(Tape::root).filter(|record| record.is_object()) else {
        return again(WhyKind::BadAnswer, "not a JSON object");
    };
    // A limit may be told with HTTP 200: {"error": {"code": 429}}.
    if let Some(error) = record.get("error") {
        let limited = error.get("code").and_then(Item::number) == Some("429");
        return again(
            if limited { WhyKind::RateLimited } else { WhyKind::BadAnswer },
            "an error told with HTTP 200",
        );
    }
    match text(record.get("id").map(val).as_ref()) {
        Ok(Some(own)) if own == id.as_str() => read(record),
        _ => return again(WhyKind::BadAnswer, "the record of another employee, or one without id"),
    }
    Ok(())
}

/// `Retry-After`, in seconds or as a date.
fn after(answer: &Response<Bytes>, now: Timestamp) -> Option<u32> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = people_model::time::parse_http_date(text)?;
    u32::try_from(date.duration_since(now).as_secs().max(0)).ok()
}
