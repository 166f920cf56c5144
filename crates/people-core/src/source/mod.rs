//! HR systems that announce. Each kind is one folder with the same files: `mod` (what it is), `wire` (what it sends, private),
//! `map` (what that means).
//!
//! The order is fixed: prove the delivery on its raw bytes, make it durable, and only then look inside.

pub mod bamboohr;
pub mod canonical;
pub mod config;
pub mod generic;
pub mod proof;
pub mod standard_webhooks;
#[cfg(test)]
pub(crate) mod tests;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use people_model::time::Timestamp;
use people_model::{DeliveryId, Event, Members, SourceName, Trust, Why, WorkerId};

pub use self::config::{ApiConfig, ConfigProblem, Deleted, Empty, SourceConfig};
use crate::config::Secrets;

/// One HTTP request from a source, before anything is believed.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The verb.
    pub method: &'a Method,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw body, as it came.
    pub body: &'a [u8],
}

/// What the proof of a delivery says.
#[derive(Debug)]
pub enum Reception {
    /// It is from whom it says.
    Proven(Proof),
    /// A handshake that needs no proof and leaves no trace: answer exactly this.
    Answer(Response<Bytes>),
    /// It is not proven: 401, a counter, nothing else.
    Refused(Refusal),
}

/// A proven delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What tells this delivery from another: the sender's message id, or a hash of the body.
    pub dedupe_key: Vec<u8>,
    /// How long the same key is a duplicate.
    pub dedupe_for: people_model::time::SignedDuration,
    /// How much is proven.
    pub trust: Trust,
    /// The moment the sender stamped and signed, if it does.
    pub stamped: Option<Timestamp>,
}

/// Why a delivery is not proven. Says nothing that helps a forger; the operator sees it as a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A header that carries the proof is missing.
    #[error("a signature header is missing")]
    Missing,
    /// A header that carries the proof cannot be read.
    #[error("a signature header is malformed")]
    Malformed,
    /// No key makes this signature over this body.
    #[error("the signature does not match")]
    Mismatch,
    /// The stamp lies too far in the past.
    #[error("the timestamp is too old")]
    Stale,
    /// The stamp lies too far in the future.
    #[error("the timestamp lies in the future")]
    Future,
}

impl Refusal {
    /// One word, for a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
            Self::Stale => "stale",
            Self::Future => "future",
        }
    }
}

/// A proven delivery as it is stored until all of it is understood.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose it is.
    pub source: SourceName,
    /// When it was received.
    pub received: Timestamp,
    /// How much is proven.
    pub trust: Trust,
    /// The moment the sender stamped and signed, if it does.
    pub stamped: Option<Timestamp>,
    /// Its media type, if it said one.
    pub content_type: Option<String>,
    /// The raw body.
    pub body: Bytes,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("id", &self.id).field("source", &self.source).finish_non_exhaustive()
    }
}

/// What one part of a delivery says.
#[derive(Clone, PartialEq)]
pub enum Piece {
    /// Something about a person.
    Event(Event),
    /// That something is different about a person, and not what: the record has to be fetched.
    Notice {
        /// The person.
        worker: WorkerId,
        /// What [`Source::fetch`] needs.
        notice: Members,
    },
    /// Something that is of no concern here: an unknown type, another subject, a leave of absence.
    Ignored(&'static str),
    /// Something that should be of concern and cannot be used.
    Dead(Dead),
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            // A notice holds the worker's id as plain text.
            Self::Notice { worker, .. } => {
                f.debug_struct("Notice").field("worker", worker).finish_non_exhaustive()
            }
            Self::Ignored(why) => f.debug_tuple("Ignored").field(why).finish(),
            Self::Dead(dead) => f.debug_tuple("Dead").field(dead).finish(),
        }
    }
}

/// Why a part of a delivery cannot be used. Names the rule or the field, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {problem}")]
pub struct Dead {
    /// The rule or field, such as `map.fields.title` or `employees[3].id`.
    pub rule: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// What a fetched record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// What it says about the person. Often several things at once: that somebody works here, and until when.
    Pieces(Vec<Piece>),
    /// The HR system cannot answer now; a missing record counts too, since a permission that was narrowed looks the same.
    Again {
        /// Seconds that it asked us to wait.
        after_s: Option<u32>,
        /// Why.
        why: Why,
    },
}

/// One configured HR system. Pure: no I/O, and the time is an argument.
pub trait Source {
    /// Checks the proof on the raw bytes. Looks at nothing inside.
    fn receive(&self, incoming: Incoming<'_>, now: Timestamp) -> Reception;

    /// Takes a delivery apart, one piece at a time, in its order. Total: what cannot be used is a [`Piece::Dead`], and the other parts go on.
    /// A long list takes no more memory than its largest record.
    fn pieces(&self, delivery: &Delivery, each: &mut dyn FnMut(Piece));

    /// All pieces of a delivery.
    fn split(&self, delivery: &Delivery) -> Vec<Piece> {
        let mut all = Vec::new();
        self.pieces(delivery, &mut |piece| all.push(piece));
        all
    }

    /// The request that fetches the record of a notice. The host is the configuration's, never the payload's.
    fn fetch(&self, notice: &Members) -> Result<Request<Bytes>, Dead> {
        let _ = notice;
        Err(Dead { rule: "fetch".into(), problem: "this kind of source has nothing to fetch from".into() })
    }

    /// What the answer to [`Source::fetch`] says, fetched at `now`.
    fn fetched(&self, notice: &Members, answer: &Response<Bytes>, now: Timestamp) -> Fetched {
        let _ = (notice, answer, now);
        Fetched::Pieces(vec![Piece::Ignored("this kind of source has nothing to fetch from")])
    }
}

/// A source that may be shared between threads.
pub type BoxedSource = Box<dyn Source + Send + Sync>;

/// One kind of source.
struct Kind {
    name: &'static str,
    /// Whether it has an API to fetch from.
    fetches: bool,
    build: fn(&SourceConfig, &dyn Secrets) -> Result<BoxedSource, ConfigProblem>,
}

/// Every kind; a new one is one more line.
const KINDS: &[Kind] = &[
    Kind { name: "bamboohr", fetches: true, build: bamboohr::build },
    Kind { name: "generic", fetches: false, build: generic::build },
    Kind { name: "standard-webhooks", fetches: false, build: standard_webhooks::build },
];

/// The names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Builds a configured source: checks its table, resolves its secrets, compiles its map.
///
/// # Errors
/// Where the table cannot work; names the key and the fix.
pub fn build(config: &SourceConfig, secrets: &dyn Secrets) -> Result<BoxedSource, ConfigProblem> {
    let kind = KINDS.iter().find(|kind| kind.name == config.kind).ok_or_else(|| {
        ConfigProblem::new(
            "kind",
            format!("there is no such kind; use one of {}", kinds().collect::<Vec<_>>().join(", ")),
        )
    })?;
    if config.timezone.as_deref().is_some_and(|name| !people_model::time::is_zone(name)) {
        return Err(ConfigProblem::new(
            "timezone",
            "there is no such zone; use an IANA name such as \"Europe/Berlin\"",
        ));
    }
    if config.api.is_some() && !kind.fetches {
        return Err(ConfigProblem::new("api", "this kind fetches nothing; remove it"));
    }
    config.empty.check()?;
    (kind.build)(config, secrets)
}
