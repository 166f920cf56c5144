//! What the bridge needs of the machine it runs on: the time, a way to send a request, and randomness. Nothing else.

use bytes::Bytes;
use people_auth::credentials::Command;
use people_auth::{Ask, Token};
use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};

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

    /// The whole of a file that credentials name. The error is one line that names no secret.
    async fn read_file(&self, path: &str) -> Result<Secret<Vec<u8>>, String> {
        let _ = path;
        Err("there are no files here".to_owned())
    }

    /// A variable of the environment, where there is one and it is set.
    fn env(&self, name: &str) -> Option<Secret<String>> {
        let _ = name;
        None
    }

    /// What a command prints to stdout, without a shell and bounded in time and size. Called only where the configuration allows commands.
    /// The error is one line that names no secret.
    async fn run(&self, command: &Command) -> Result<Secret<Vec<u8>>, String> {
        let _ = command;
        Err("no command can be run here".to_owned())
    }

    /// Waits so long, where that costs nobody else anything; `false`: it did not, and whoever asks comes back later.
    async fn wait(&self, length: SignedDuration) -> bool {
        let _ = length;
        false
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
