//! What the bridge needs of the machine it runs on: the time, a way to send a request, and randomness. Nothing else.

use bytes::Bytes;
use people_auth::{Ask, Token};
use people_model::Secret;
use people_model::time::Timestamp;

use crate::wire::NotSent;

/// A machine that carries values. No `Send` bound, on purpose: whoever spawns must name the host.
#[expect(
    async_fn_in_trait,
    reason = "no Send bound: futures of a Durable Object are not Send, those of tokio are"
)]
pub trait Host {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Carries a request to the host that its URI names and brings the answer back. Follows no redirect, bounds the time and
    /// the size of the answer, and keeps nothing of either.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost>;

    /// Fills `out` with unpredictable bytes.
    fn entropy(&self, out: &mut [u8]);

    /// A token from somewhere that exchanges for many, where this machine has that; `None`: exchange here. `refused` is the token that
    /// an API last answered 401 to, and must not be the answer.
    async fn token(&self, ask: &Ask, refused: Option<&Secret<String>>) -> Option<Result<Token, NotSent>> {
        let _ = (ask, refused);
        None
    }
}

/// A request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It provably did not leave this machine: nothing has happened.
    #[error("the request could not be sent: {0}")]
    NeverLeft(&'static str),
    /// It left, or may have: whatever it asks for may have happened.
    #[error("no answer came: {0}")]
    Unanswered(&'static str),
}
