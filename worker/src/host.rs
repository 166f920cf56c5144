//! The machine at the edge: its clock, its network, its randomness.

use bytes::Bytes;
use people_auth::{Ask, Token};
use people_core::host::{Host, Lost};
use people_core::wire::NotSent;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{Secret, Why};
use wasm_bindgen::throw_str;

use crate::carry;
use crate::runtime::{self, Env, Sent};
use crate::talk::{self, Object};

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 << 20;

/// How long a request may take, in milliseconds. CloudM's own front end gives up after 60 s.
const PATIENCE: f64 = 60_000.0;

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
        runtime::now()
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost> {
        let invalid = Lost::NeverLeft("the request is not valid; check base_url");
        let broken = Lost::Unanswered("the connection broke");
        let own = concat!("user-agent\npeople/", env!("CARGO_PKG_VERSION"), "\n");
        let headers = carry::lines(request.headers()).ok_or(invalid)? + own;
        let to = (request.method().as_str(), &*request.uri().to_string());
        // Once it is a request, whether it left cannot be told here: whatever goes wrong, it may have.
        match runtime::exchange(to, &headers, request.body(), PATIENCE, MAX_ANSWER).await {
            Sent::Invalid => Err(invalid),
            Sent::Late => Err(Lost::Unanswered("the time is up")),
            Sent::Broken => Err(broken),
            Sent::Answer(answer) if answer.body.len() > MAX_ANSWER => {
                Err(Lost::Unanswered("the answer is larger than 8 MiB"))
            }
            Sent::Answer(answer) => carry::answered(answer).ok_or(broken),
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
        let answer = talk::ask::<Result<String, NotSent>>(env, tenant, Object::Guard, &question).await;
        let value = answer.map_err(unreachable).and_then(|outcome| outcome);
        let expiry = self.now().saturating_add(BORROWED).unwrap_or(Timestamp::MAX);
        Some(value.map(|value| Token::new(Secret::new(value), expiry)))
    }
}
