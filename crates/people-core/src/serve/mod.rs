//! The HTTP surface, once, as values: native server and Worker cannot drift apart. A host reads the request and writes the answer.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use people_auth::Signer;
use people_model::{DeliveryId, Secret, SourceName};
use serde_json::{Value, json};

use crate::bridge::Bridge;
use crate::host::Host;
use crate::journal::{Accepted, Journal, Stats, Status};
use crate::source::{Delivery, Incoming, Reception};

mod api;
mod console;

/// Seconds after which a sender may try again when we are at fault.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("30");

/// An answer, and whether something was accepted that wants work.
#[derive(Debug)]
pub struct Served {
    /// The answer.
    pub response: Response<Bytes>,
    /// Whether the host should look for work now.
    pub work: bool,
}

impl From<Response<Bytes>> for Served {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, work: false }
    }
}

/// The answer to a question that needs no bridge: whether anything runs here at all.
pub fn alive(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    (request.uri().path() == "/livez").then(|| text(StatusCode::OK, "ok\n"))
}

/// Whether it hands in a delivery. Such a request is answered as long as the delivery can be proven and kept, even where nothing could be
/// done about it yet: what HR says once must not be lost over credentials of ours that are wrong.
pub fn delivers(request: &Request<Bytes>) -> bool {
    request.uri().path().starts_with("/hooks/")
}

/// The surface where there is no bridge, because the configuration is wrong: alive and not ready. Senders are told to try again,
/// and only who bears the admin token is told the reason.
pub fn misconfigured(
    request: &Request<Bytes>,
    admin_token: Option<&Secret<String>>,
    reason: &str,
) -> Response<Bytes> {
    if let Some(alive) = alive(request) {
        return alive;
    }
    match admin_token {
        Some(token) if api::bears(request, token) => {
            unavailable(&format!("the configuration is wrong: {reason}"))
        }
        _ => unavailable("the configuration is wrong; the reason is told to who bears the admin token"),
    }
}

impl<H: Host, J: Journal, S: Signer> Bridge<H, J, S> {
    /// Answers a request. The body is whole; a host that sees one longer than `[server] max_body` passes on what fits and one byte
    /// more.
    pub async fn serve(&self, request: Request<Bytes>) -> Served {
        let path = request.uri().path();
        if let Some(source) = path.strip_prefix("/hooks/").filter(|rest| !rest.contains('/')) {
            return self.hook(source, &request).await;
        }
        if let Some(alive) = alive(&request) {
            return alive.into();
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["hooks", source] => self.hook(source, &request).await,
            ["readyz"] => self.ready().await.into(),
            ["metrics"] => self.metrics().await.into(),
            ["api", rest @ ..] => self.api(rest, &request).await,
            [""] => self.console(&request).await.into(),
            _ => problem(StatusCode::NOT_FOUND, "there is nothing here; deliveries go to /hooks/{source}")
                .into(),
        }
    }

    async fn hook(&self, name: &str, request: &Request<Bytes>) -> Served {
        let Some((name, (_, source))) =
            SourceName::parse(name).ok().and_then(|name| self.source(&name).map(|source| (name, source)))
        else {
            return problem(StatusCode::NOT_FOUND, "no source of this name is configured").into();
        };
        let refuse = |status, reason: &'static str, text: &str| {
            self.counters.add("people_refused_total", &[("source", name.as_str()), ("reason", reason)]);
            Served::from(problem(status, text))
        };
        if request.body().len() > self.config.server.max_body {
            return refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "the delivery is larger than [server] max_body",
            );
        }
        if request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let text = "send the delivery without Content-Encoding: signatures are made over the plain bytes";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded", text);
        }
        let now = self.host.now();
        let incoming =
            Incoming { method: request.method(), headers: request.headers(), body: request.body() };
        let proof = match source.receive(incoming, now) {
            Reception::Answer(response) => return response.into(),
            _ if request.method() != Method::POST => {
                let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "deliveries are sent by POST");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                return response.into();
            }
            Reception::Refused(refusal) => {
                return refuse(StatusCode::UNAUTHORIZED, refusal.as_str(), &refusal.to_string());
            }
            Reception::Proven(proof) => proof,
        };
        let key = DeliveryId::of(&name, &proof.dedupe_key);
        let delivery = Delivery {
            id: DeliveryId::received(&name, &proof.dedupe_key, now),
            source: name.clone(),
            received: now,
            trust: proof.trust,
            stamped: proof.stamped,
            content_type: request
                .headers()
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .map(|value| value.chars().take(200).collect()),
            body: request.body().clone(),
        };
        match self.journal.accept(&delivery, &key, proof.dedupe_for).await {
            Ok(Accepted::New) => {
                self.counters.add("people_accepted_total", &[("source", name.as_str())]);
                Served { response: json_body(StatusCode::OK, &json!({"accepted": delivery.id})), work: true }
            }
            Ok(Accepted::Duplicate) => {
                self.counters.add("people_duplicate_total", &[("source", name.as_str())]);
                json_body(StatusCode::OK, &json!({"duplicate": true})).into()
            }
            // Our fault: the sender must try again, so never a 4xx.
            Err(_) => {
                self.counters.add("people_unavailable_total", &[("source", name.as_str())]);
                unavailable("the delivery could not be stored; send it again").into()
            }
        }
    }

    async fn ready(&self) -> Response<Bytes> {
        match self.journal.stats().await {
            Ok(stats) => json_body(StatusCode::OK, &json!({"ready": true, "backlog": stats.backlog})),
            Err(_) => unavailable("the journal does not answer"),
        }
    }

    async fn metrics(&self) -> Response<Bytes> {
        let mut out = self.counters.render();
        match self.journal.stats().await {
            Ok(stats) => out.push_str(&gauges(&stats)),
            Err(_) => return unavailable("the journal does not answer"),
        }
        text(StatusCode::OK, &out)
    }
}

fn gauges(stats: &Stats) -> String {
    let mut out = String::from("# TYPE people_events gauge\n");
    for (status, count) in Status::ALL.iter().zip(stats.events) {
        out.push_str(&format!("people_events{{status=\"{}\"}} {count}\n", status.as_str()));
    }
    for (name, value) in [
        ("people_backlog", stats.backlog),
        ("people_known", stats.people),
        ("people_accounts", stats.accounts),
    ] {
        out.push_str(&format!("# TYPE {name} gauge\n{name} {value}\n"));
    }
    out
}

fn response(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn text(status: StatusCode, body: &str) -> Response<Bytes> {
    response(status, "text/plain; charset=utf-8", body.to_owned())
}

fn json_body(status: StatusCode, body: &Value) -> Response<Bytes> {
    response(status, "application/json", format!("{body}\n"))
}

/// An error as `{"error": text}`.
fn problem(status: StatusCode, text: &str) -> Response<Bytes> {
    json_body(status, &json!({"error": text}))
}

fn unavailable(text: &str) -> Response<Bytes> {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    response
}
