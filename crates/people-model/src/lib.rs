//! The nouns of the bridge between HR systems and directories. No I/O, no async, no clock, no randomness.
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | names and keys, parsed once at the border |
//! | [`secret`] | [`Secret`], which never prints and wipes itself |
//! | [`time`] | dates of HR systems and the moments they mean |
//! | [`event`] | the canonical event: what a delivery says about one person |
//! | [`datum`] | a value as HR states it |
//! | [`stated`] | profile members as HR states them |
//! | [`call`] | one API operation as plain data, its safety, and what it means for the person |
//! | [`verdict`] | what an answer to a call means |
//! | [`journal`] | the entries of a person's log |
//! | [`cloudm`] | resources of the CloudM People API v4 |
//! | `gapps` | resources of the Google Apps Provisioning API v2 and their XML (feature `gapps`) |
//! | [`ccai`] | resources of CCAI Platform's bulk user management |
//! | [`invitations`] | resources of Cloud Identity's user invitations v1 |
#![forbid(unsafe_code)]

pub mod call;
pub mod ccai;
pub mod cloudm;
pub mod datum;
pub mod event;
#[cfg(feature = "gapps")]
pub mod gapps;
pub mod id;
pub mod invitations;
pub mod journal;
pub mod secret;
pub mod stated;
mod tagged;
pub mod time;
pub mod verdict;
mod zones;

#[cfg(feature = "schema")]
pub mod schema;

pub use call::{Api, Call, Effect, Safety, Step};
pub use datum::Datum;
pub use event::{Event, EventKind, Worker};
pub use id::{DeliveryId, Domain, Email, EventId, InvalidId, PersonKey, SourceName, WorkerId, WorkflowId};
pub use journal::{Entry, HeldWhy, Outcome, Trust};
pub use secret::Secret;
pub use stated::{MemberName, Stated};
pub use verdict::{Verdict, Why};

/// A JSON object: members by name.
pub type Members = serde_json::Map<String, serde_json::Value>;

/// Reads a document by way of a tree. Where size counts more than time: a type that is read in several places costs its code once.
///
/// # Errors
/// Where it is no JSON, or not what is wanted.
pub fn read_json<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    T::deserialize(serde_json::from_slice::<serde_json::Value>(json)?)
}
