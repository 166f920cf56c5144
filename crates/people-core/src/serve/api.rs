//! `/api`: what the command line does, over HTTP, behind the admin token.
//!
//! | request | does |
//! |---|---|
//! | `GET /api/events?status=&person=&id=&limit=` | lists events, newest first |
//! | `POST /api/events/{id}/replay` | takes the delivery of an event apart again |
//! | `GET /api/held` | lists what waits for a human |
//! | `POST /api/held/{who}/approve` (`{"address"}` optional), `…/reject` | decides |
//! | `GET /api/stats` | figures |

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use people_auth::Signer;
use people_model::{DeliveryId, Email, EventId, Secret};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::{Served, json_body, problem, unavailable};
use crate::bridge::{Bridge, Decided, Decision};
use crate::host::Host;
use crate::journal::{Filter, Journal, Status};

impl<H: Host, J: Journal, S: Signer> Bridge<H, J, S> {
    pub(super) async fn api(&self, path: &[&str], request: &Request<Bytes>) -> Served {
        if let Some(refused) = self.turn_away(request) {
            return refused.into();
        }
        let answer = match (request.method(), path) {
            (&Method::GET, ["events"]) => self.list(filter(request.uri().query().unwrap_or(""))).await,
            (&Method::GET, ["held"]) => {
                self.list(Ok(Filter { status: Some(Status::Held), limit: 1000, ..Filter::default() })).await
            }
            (&Method::POST, ["events", id, "replay"]) => return self.replay(id).await,
            (&Method::POST, ["held", who, "approve"]) => {
                let address = match approved_address(request.body()) {
                    Ok(address) => address,
                    Err(text) => return problem(StatusCode::BAD_REQUEST, text).into(),
                };
                return self.answer(who, Decision::Approve(address)).await;
            }
            (&Method::POST, ["held", who, "reject"]) => return self.answer(who, Decision::Reject).await,
            (&Method::GET, ["stats"]) => match self.journal.stats().await {
                Ok(stats) => json_body(StatusCode::OK, &json!(stats)),
                Err(_) => unavailable("the journal does not answer"),
            },
            _ => problem(StatusCode::NOT_FOUND, "there is no such operation"),
        };
        answer.into()
    }

    /// The answer to somebody without the admin token. It is given as Bearer, or as the password of Basic so that a browser can ask for it.
    pub(super) fn turn_away(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let Some(token) = &self.admin_token else {
            return Some(problem(StatusCode::NOT_FOUND, "set [server] admin_token to use this"));
        };
        if bears(request, token) {
            return None;
        }
        let mut refused = problem(StatusCode::UNAUTHORIZED, "the admin token is needed");
        refused
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"people\", charset=\"UTF-8\""));
        Some(refused)
    }

    async fn list(&self, filter: Result<Filter, &'static str>) -> Response<Bytes> {
        match filter {
            Err(text) => problem(StatusCode::BAD_REQUEST, text),
            Ok(filter) => match self.journal.events(&filter).await {
                Ok(rows) => json_body(StatusCode::OK, &json!(rows)),
                Err(_) => unavailable("the journal does not answer"),
            },
        }
    }

    async fn replay(&self, id: &str) -> Served {
        let delivery = EventId::parse(id).ok().and_then(|id| DeliveryId::parse(id.delivery()).ok());
        let Some(delivery) = delivery else {
            return problem(StatusCode::BAD_REQUEST, "not an event id").into();
        };
        match self.journal.replay(&delivery).await {
            Ok(true) => {
                Served { response: json_body(StatusCode::OK, &json!({"replayed": delivery})), work: true }
            }
            Ok(false) => problem(StatusCode::NOT_FOUND, "its body is not kept any more").into(),
            Err(_) => unavailable("the journal does not answer").into(),
        }
    }

    async fn answer(&self, who: &str, decision: Decision) -> Served {
        match self.decide(who, decision).await {
            Ok(Decided::Done) => {
                Served { response: json_body(StatusCode::OK, &json!({"decided": who})), work: true }
            }
            Ok(Decided::Unknown) => problem(StatusCode::NOT_FOUND, "nobody has this tag or event").into(),
            Ok(Decided::NotHeld) => problem(StatusCode::CONFLICT, "nothing of this person is held").into(),
            Ok(Decided::NotWhich) => {
                problem(StatusCode::CONFLICT, "the question is not which address to use; approve without one")
                    .into()
            }
            Ok(Decided::Raced) => {
                problem(StatusCode::CONFLICT, "something happened in between; look again").into()
            }
            Err(_) => unavailable("the journal does not answer").into(),
        }
    }
}

fn filter(query: &str) -> Result<Filter, &'static str> {
    let mut filter = Filter::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "status" => filter.status = Some(Status::parse(&value).ok_or("no such status")?),
            "person" => filter.person = Some(value.into_owned()),
            "id" => filter.id = Some(value.into_owned()),
            "limit" => filter.limit = value.parse().map_err(|_| "limit must be a number")?,
            _ => return Err("unknown parameter; there are status, person, id and limit"),
        }
    }
    Ok(filter)
}

fn approved_address(body: &[u8]) -> Result<Option<Email>, &'static str> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| "the body must be JSON")?;
    match body.get("address") {
        None | Some(Value::Null) => Ok(None),
        Some(address) => {
            let address = address.as_str().and_then(|text| Email::parse(text).ok());
            address.map(Some).ok_or("address must be an e-mail address")
        }
    }
}

/// Whether the request carries the admin token.
pub(super) fn bears(request: &Request<Bytes>, token: &Secret<String>) -> bool {
    let given =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(credential);
    given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(token.expose().as_bytes())))
}

fn credential(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
