//! The append-only log, and the few indexes without which it could not be asked. All state is a fold of it.
//!
//! One trait; [`memory`] is the reference, [`sql`] holds every SQL text once for every driver (SQLite natively, the SQLite of a
//! Durable Object at the edge), and [`suite`] is what each implementation must pass.
//!
//! What is asked and answered can be written as JSON: at the edge one object keeps a person's log, another the claims, and they
//! talk.
//!
//! Moments are kept to the millisecond: cut, but for [`Mark::due`], which is rounded up so that nobody is due too early. What is
//! inside an [`Entry`] is kept as it is.

use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, EventId, PersonKey, SourceName};
use serde::{Deserialize, Serialize};

use crate::source::Delivery;

pub mod memory;
mod peek;
pub mod sql;
pub mod suite;

pub use peek::{Peek, Permits};

/// Whether a delivery is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accepted {
    /// It is durable now.
    New,
    /// The same key was accepted before, and its time has not run out.
    Duplicate,
}

/// One part of a delivery, sorted: where it goes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::large_enum_variant, reason = "almost every part is the large one")
)]
pub enum Sorted {
    /// Into a person's log: an [`Entry::Heard`] or [`Entry::Noticed`]. An event id that the log has already is dropped.
    Person {
        /// The event.
        id: EventId,
        /// Whose log.
        person: PersonKey,
        /// One word: the event's kind, or `notice`.
        kind: &'static str,
        /// The entry.
        entry: Entry,
    },
    /// Onto the list of dead letters. The delivery's body is kept for a replay.
    Dead {
        /// The event.
        id: EventId,
        /// What is wrong: rule and problem, no value.
        why: String,
    },
}

/// How far a person's open events are. Changes the list and the due time; the truth stays the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Heard, and not looked at yet.
    Queued,
    /// In work, or to be tried again.
    Working,
    /// Done up to now; something is due on a later date.
    Waiting,
    /// Waits for a human.
    Held,
    /// Done.
    Settled,
    /// Could not be understood.
    Dead,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Working, Self::Waiting, Self::Held, Self::Settled, Self::Dead];

    /// One word, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Settled => "settled",
            Self::Dead => "dead",
        }
    }

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What an append says about the person as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When the person is to be driven again; `None`: not before something new is heard.
    #[serde(default, with = "people_model::time::maybe_at")]
    pub due: Option<Timestamp>,
    /// How far the person's open events (those not settled and not dead) are now.
    pub status: Status,
    /// A line for the list, without personal data.
    pub note: String,
    /// Whose account this person waits for (a manager not yet known); woken by [`Journal::claim`]. Where that person has claimed
    /// an address meanwhile, there is nothing to wait for: the append makes this person due at once, whatever `due` says.
    pub waits_for: Option<PersonKey>,
}

/// Whether an append took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appended {
    /// It did, and is durable.
    Done,
    /// The log has grown meanwhile: nothing was written; read again.
    Raced,
}

/// Limits of the breaker on people losing access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// The sliding window.
    #[serde(with = "people_model::time::length")]
    pub window: SignedDuration,
    /// At most this many people in the window,
    pub count: u32,
    /// and at most this share of all people with a known account, in percent,
    pub percent: u32,
    /// but the share never asks for less than this many.
    pub minimum: u32,
}

impl Breaker {
    /// How many people may lose access in a window, where this many have a known account.
    pub fn limit(&self, known: u32) -> u32 {
        let share = (u64::from(known) * u64::from(self.percent) / 100).min(u64::from(u32::MAX));
        self.count.min((share as u32).max(self.minimum))
    }
}

/// The breaker's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permit {
    /// Go on; this person counts from now on (once a window, however often asked).
    Granted,
    /// Not now: so many already count in the window, and so many may.
    Tripped {
        /// How many count.
        count: u32,
        /// How many may.
        limit: u32,
    },
}

/// A line of the list of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// The event.
    pub id: EventId,
    /// Whose delivery it came with.
    pub source: SourceName,
    /// The person's tag (`p_…`); empty for a dead letter.
    pub person: String,
    /// One word: the event's kind, `notice`, or `unknown` for a dead letter.
    pub kind: String,
    /// When it was received.
    #[serde(with = "people_model::time::at")]
    pub received: Timestamp,
    /// How far it is.
    pub status: Status,
    /// How it ended, or what it waits for.
    pub note: String,
}

/// Which lines of the list of events.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Only these.
    pub status: Option<Status>,
    /// Only of this person (a tag).
    pub person: Option<String>,
    /// Only this event, or all events of this delivery.
    pub id: Option<String>,
    /// At most so many, newest first; 0: 100.
    pub limit: usize,
}

/// Figures for `/metrics` and `/readyz`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Events by status, in the order of [`Status::ALL`].
    pub events: [u64; 6],
    /// Deliveries that are durable and not yet taken apart.
    pub backlog: u64,
    /// People heard of.
    pub people: u64,
    /// People with a known account.
    pub accounts: u64,
}

/// Where everything that must survive is kept. No `Send` bound, on purpose.
#[expect(
    async_fn_in_trait,
    reason = "no Send bound: futures of a Durable Object are not Send, those of tokio are"
)]
pub trait Journal {
    /// What can go wrong. Its text names no person.
    type Error: std::error::Error + 'static;

    /// Makes a delivery durable, unless the same `key` was accepted and its time has not run out at `delivery.received`.
    /// Atomic: of any number of concurrent calls with one key exactly one is [`Accepted::New`].
    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, Self::Error>;

    /// Deliveries that are durable and not yet taken apart, oldest first.
    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, Self::Error>;

    /// Puts the parts of a delivery where they belong, in one transaction, and takes the delivery off the backlog. People whose
    /// log grew are due at `now`. The body is forgotten unless a part is dead. Doing it again adds nothing that is there already;
    /// dead letters of the delivery are replaced by what the parts say now.
    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), Self::Error>;

    /// Puts a delivery whose body is still kept back onto the backlog. Says whether there was one.
    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, Self::Error>;

    /// A person's whole log.
    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Self::Error>;

    /// Appends entries to a log that has `at` entries, durably, and marks the person and the person's open events.
    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, Self::Error>;

    /// People who are due at `now`, the longest due first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, Self::Error>;

    /// The earliest moment at which somebody is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, Self::Error>;

    /// After a start of the one process that drives people: whoever was in work when it ended is due at `now`.
    async fn recover(&self, now: Timestamp) -> Result<(), Self::Error>;

    /// The person with this tag (`p_…`), or with this open or past event.
    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, Self::Error>;

    /// Claims an address for a person, durably; each address belongs to at most one person and each person to one address.
    /// Returns the holder: the person itself where it was free or its own, or where `force` takes it from another. People who wait for this person's
    /// account are due at `now`.
    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, Self::Error>;

    /// The address that a person has claimed.
    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Self::Error>;

    /// Asks the breaker, atomically. A person who counts in the window already is granted again without counting twice.
    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, Self::Error>;

    /// Lines of the list of events.
    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, Self::Error>;

    /// Figures.
    async fn stats(&self) -> Result<Stats, Self::Error>;

    /// Forgets what is older than `before` and no longer needed: kept bodies, rows of settled and dead events, dedupe keys whose
    /// time has run out. Logs of people stay.
    async fn prune(&self, before: Timestamp) -> Result<(), Self::Error>;
}
