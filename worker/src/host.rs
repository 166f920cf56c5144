//! The machine at the edge: its clock, its network, its randomness.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use people_auth::{Ask, Token};
use people_core::host::{Host, Lost};
use people_core::wire::NotSent;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{Secret, Why};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::throw_str;
use worker::{
    AbortController, Date, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
};

use crate::carry;
use crate::talk::{self, Object};

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 << 20;

/// How long a request may take. CloudM's own front end gives up after 60 s.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a token from the guard is taken to be good before the guard is asked again; it has its own, better knowledge. Tokens with
/// less than 225 s left count as stale, so this one is fresh for 75 s.
const BORROWED: SignedDuration = SignedDuration::from_secs(300);

/// The machine.
pub(crate) struct EdgeHost {
    /// Where to ask for tokens; `None` in the guard itself.
    pub(crate) guard: Option<(Env, String)>,
}

impl Host for EdgeHost {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost> {
        let unbuildable = || Lost::NeverLeft("the request is not valid; check base_url");
        let request = outgoing(&request).ok_or_else(unbuildable)?;
        let abort = AbortController::default();
        let signal = abort.signal();
        // Whether it left cannot be told here: whatever goes wrong, it may have.
        let exchange = async {
            let sent = Fetch::Request(request).send_with_signal(&signal).await;
            let response = sent.map_err(|_| Lost::Unanswered("the connection broke"))?;
            let answer = carry::answered(response, MAX_ANSWER).await;
            answer.ok_or(Lost::Unanswered("the answer broke off or is larger than 8 MiB"))
        };
        match select(pin!(exchange), Delay::from(TIMEOUT)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                abort.abort();
                Err(Lost::Unanswered("the time is up"))
            }
        }
    }

    fn entropy(&self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Without randomness nothing here is safe: passwords, blinding. The request ends here, and the runtime goes on.
            throw_str("the runtime gives no randomness");
        }
    }

    async fn token(&self, ask: &Ask, refused: Option<&Secret<String>>) -> Option<Result<Token, NotSent>> {
        let (env, tenant) = self.guard.as_ref()?;
        let question = talk::Ask::Token {
            scope: ask.scope().to_owned(),
            subject: ask.subject().map(str::to_owned),
            refused: refused.map(|token| token.expose().clone()),
        };
        let unreachable = |_| NotSent {
            after_s: None,
            why: Why::new(WhyKind::Token).detail("the object that keeps tokens does not answer"),
        };
        let answer = talk::ask::<Result<String, NotSent>>(env, tenant, Object::Guard, &question, &[]).await;
        let value = answer.map_err(unreachable).and_then(|outcome| outcome);
        let expiry = now().saturating_add(BORROWED).unwrap_or(Timestamp::MAX);
        Some(value.map(|value| Token::new(Secret::new(value), expiry)))
    }
}

/// The time. It stands still while nothing is waited for, as everywhere at the edge.
pub(crate) fn now() -> Timestamp {
    let millis = i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

fn outgoing(request: &http::Request<Bytes>) -> Option<Request> {
    let headers = Headers::new();
    headers.set("user-agent", concat!("people/", env!("CARGO_PKG_VERSION"))).ok()?;
    for (name, value) in request.headers() {
        headers.set(name.as_str(), value.to_str().ok()?).ok()?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::from(request.method().as_str().to_owned()))
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual);
    if !request.body().is_empty() {
        init.with_body(Some(Uint8Array::from(request.body().as_ref()).into()));
    }
    Request::new_with_init(&request.uri().to_string(), &init).ok()
}
