//! The nouns of the bridge between HR systems and directories. No I/O, no async, no clock, no randomness.
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | names and keys, parsed once at the border |
//! | [`secret`] | [`Secret`], which never prints and wipes itself |
//! | [`time`] | dates of HR systems and the moments they mean |
//! | [`event`] | the canonical event: what a delivery says about one person |
//! | [`call`] | one API operation as plain data, its safety, and what it means for the person |
//! | [`verdict`] | what an answer to a call means |
//! | [`journal`] | the entries of a person's log |
//! | [`cloudm`] | resources of the CloudM People API v4 |
#![forbid(unsafe_code)]

pub mod call;
pub mod cloudm;
pub mod event;
pub mod id;
pub mod journal;
pub mod secret;
pub mod time;
pub mod verdict;
mod zones;

#[cfg(feature = "schema")]
pub mod schema;

pub use call::{Api, Call, Effect, Safety, Step};
pub use event::{Event, EventKind, Worker};
pub use id::{DeliveryId, Domain, Email, EventId, InvalidId, PersonKey, SourceName, WorkerId, WorkflowId};
pub use journal::{Entry, HeldWhy, Outcome, Trust};
pub use secret::Secret;
pub use verdict::{Verdict, Why};

/// A JSON object: members by name.
pub type Members = serde_json::Map<String, serde_json::Value>;
