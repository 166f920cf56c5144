//! What happens between an event and a directory that agrees.
//!
//! [`state`] folds a person's log, [`mod@goal`] says what HR wants at a moment, [`mod@next`] decides the next move, all pure. [`drive`]
//! does what they say, [`rehearse`] only looks, and these are the only parts that wait for anything.

mod ask;
pub mod bulk;
pub mod drive;
pub mod facts;
pub mod goal;
pub mod next;
pub mod rehearse;
pub mod state;

use std::collections::BTreeMap;

use people_model::time::Timestamp;
use people_model::{Domain, Email, Members, PersonKey, WorkerId};

pub use drive::{Drive, Stop};
pub use goal::{Goal, goal};
pub use next::{Next, next};
pub use rehearse::{Stage, Would};
pub use state::State;

use crate::journal::Permit;
use crate::policy::Policy;
use crate::target::Sight;
use crate::target::ccai::Ccai;

/// What has been found out in this run, and is forgotten with it: a log never claims to know how the target looks now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// What each look showed: a profile, or that there is none.
    pub sights: BTreeMap<Sight, Option<Members>>,
    /// Whether an address is reserved for this person.
    pub claims: BTreeMap<Email, bool>,
    /// Under which address a colleague is known.
    pub colleagues: BTreeMap<WorkerId, Option<Email>>,
    /// What the breaker said.
    pub permit: Option<Permit>,
    /// What came of joining a batch.
    pub joining: Option<bulk::Joining>,
}

/// All that a target's plan depends on, besides what was seen.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The tenant.
    pub domain: &'a Domain,
    /// Whose plan it is.
    pub person: &'a PersonKey,
    /// What the log says.
    pub state: &'a State,
    /// What HR wants now.
    pub goal: &'a Goal,
    /// What the operator decided.
    pub policy: &'a Policy,
    /// `[ccai]`, where people are filed in bulk.
    pub ccai: Option<&'a Ccai>,
    /// The time.
    pub now: Timestamp,
}
