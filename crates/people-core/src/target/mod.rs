//! Directories that must follow. Each is one folder with the same files: one per operation, `plan` (what to do) and `judge`
//! (what an answer means).

use bytes::Bytes;
use http::Response;
use people_model::invitations::InvitationName;
use people_model::{Api, Call, Email, HeldWhy, Outcome, Step, Verdict, WorkerId, verdict::Receipt};
use serde_json::Value;

use crate::engine::{Seen, Situation};

pub mod ccai;
pub mod cloudm;
mod directory;
mod find;
#[cfg(feature = "gapps")]
pub mod gapps;
pub mod invitations;

pub use directory::Directory;

/// What an answer means, by the rules of the API that gave it. Total.
pub fn judge(call: &Call, answer: &Response<Bytes>) -> Verdict<Answer> {
    match call.api {
        Api::Cloudm => cloudm::judge(call, answer),
        #[cfg(feature = "gapps")]
        Api::Gapps => gapps::judge(call, answer),
        Api::Invitations => invitations::judge(call, answer),
        #[cfg(feature = "ccai")]
        Api::Ccai => ccai::judge(call, answer),
        _ => cloudm::judge(call, answer),
    }
}

/// What an answer holds. Prints nothing of it.
#[derive(Clone, PartialEq)]
pub struct Answer(pub Value);

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(…)")
    }
}

/// What to do next about one person, decided without I/O.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Read this before deciding; the answer goes into [`Seen`].
    Look(Sight),
    /// Reserve this address for the person before using it; the holder goes into [`Seen`].
    Claim(Email),
    /// Find out under which address this colleague (a manager) is known.
    Colleague(WorkerId),
    /// The account with this address is the person's.
    Adopt {
        /// Its address.
        address: Email,
        /// Whether a human chose it, so that it outweighs another person's claim.
        chosen: bool,
    },
    /// The look shows that the step whose answer was lost has taken effect.
    Happened(Receipt),
    /// Do the first of these, then plan again. Never empty.
    Steps(Vec<Step>),
    /// Only a human can decide.
    Hold(HeldWhy, Vec<Step>),
    /// The target agrees.
    Agrees(Outcome),
}

/// A read of a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sight {
    /// The user with this primary address.
    User(Email),
    /// The user who has this alias.
    Alias(Email),
    /// The invitation of whoever has this address.
    Invitation(InvitationName),
    /// Whether whoever has this address can be invited. A refusal to say shows as nothing.
    Invitable(InvitationName),
    /// Something else that the Provisioning API shows.
    #[cfg(feature = "gapps")]
    Gapps(gapps::Look),
}

impl Sight {
    /// Whether an answer that refuses the look says that there is nothing to be seen.
    pub fn may_be_refused(&self) -> bool {
        matches!(self, Self::Invitable(_))
    }
}

/// A directory that must follow.
pub trait Target {
    /// The call that takes this look.
    fn look(&self, sight: &Sight) -> Call;

    /// What to do next. Pure; the law: once all steps are applied and looked at again, the plan has no step.
    fn plan(&self, situation: &Situation<'_>, seen: &Seen) -> Plan;

    /// What is kept of a done call's answer.
    fn receipt(&self, call: &Call, answer: &Answer) -> Receipt;
}
