//! The entries of a person's log. All state is a fold of them (`people-core`, `engine::state`).

use core::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ccai::Bulk;
use crate::verdict::Receipt;
use crate::{Email, Event, EventId, Members, SourceName, Step, Verdict, Why};

/// How well an event is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// A shared secret in a header or Basic: it proves the sender, not the content. A leaver needs approval.
    Low,
    /// The delivery's content was signed, or the record was fetched from the HR system itself.
    Proven,
}

/// One entry of a person's log, append-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "entry", !remote))]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Entry {
    /// HR said something about the person.
    Heard {
        /// The event's id; an id already heard changes nothing.
        id: EventId,
        /// When it was received.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// How well it is proven.
        trust: Trust,
        /// What was said.
        event: Event,
    },
    /// HR said that something is different about the person, and not what: the record is to be fetched. One fetch answers
    /// all notices of a source that precede it.
    Noticed {
        /// The event's id; an id already heard or noticed changes nothing.
        id: EventId,
        /// When it was received.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// Whose record it is.
        source: SourceName,
        /// What the source needs in order to fetch.
        notice: Members,
    },
    /// The record could not be fetched; it is tried again later.
    Unfetched {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// Seconds that the HR system asked us to wait, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_s: Option<u32>,
        /// Why.
        why: Why,
    },
    /// A fetch that answered the notices so far had nothing to say (the record is of no concern).
    Answered {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
    },
    /// An account was found in the target that is this person's.
    Adopted {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// The account's address.
        address: Email,
    },
    /// This step is about to be sent. Always followed by [`Entry::Judged`], unless the process died in between.
    Intended {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// What.
        step: Step,
    },
    /// What the answer to the last intent means.
    Judged {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// What it means.
        verdict: Verdict<Receipt>,
    },
    /// A look failed; it is tried again later.
    Stalled {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// Seconds that the server asked us to wait, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_s: Option<u32>,
        /// Why.
        why: Why,
    },
    /// The plan waits for a human.
    Held {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// Why.
        why: HeldWhy,
        /// What would be done.
        steps: Vec<Step>,
    },
    /// A human lets the held plan go on.
    Approved {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// The address to use, where the question was which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Email>,
    },
    /// A human decides against the held plan: what was heard so far is settled without it.
    Rejected {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
    },
    /// The target agrees with everything heard up to here.
    Settled {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// How it ended.
        outcome: Outcome,
    },
    /// Something about CCAI Platform's bulk files.
    Bulk {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
        /// What.
        fact: Bulk,
    },
}

crate::tagged::tagged!("entry" Entry);

/// Why a plan waits for a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "held", !remote))]
#[serde(remote = "Self", rename_all = "snake_case")]
#[non_exhaustive]
pub enum HeldWhy {
    /// The account is protected by the policy.
    Protected,
    /// More people would lose access in the window than the breaker allows.
    Breaker {
        /// How many already did in the window.
        count: u32,
        /// How many may.
        limit: u32,
    },
    /// The leave comes from a source that does not prove its content.
    LowTrust,
    /// The only sign of the leave is that the HR record is gone.
    RecordDeleted,
    /// The HR system's record was fetched and cannot be used.
    Unusable {
        /// The rule and what is wrong, without the value.
        problem: String,
    },
    /// Every candidate address belongs to somebody else.
    Collision,
    /// No address can be made of the names: they have no Latin spelling of their own, or nothing is left of them.
    NoAddress,
    /// An account stands where the leaver's would be, and nothing proves that it is theirs.
    UnprovenAccount,
    /// The account that HR names carries another worker's id.
    OtherWorker,
    /// The account with this worker id belongs to a person of another source.
    OtherSource,
    /// The target refused a step.
    Refused {
        /// Why.
        why: Why,
    },
    /// The target answered 200 and did not keep these members.
    NotKept {
        /// Names of the members.
        members: Vec<String>,
    },
    /// The scheduled onboarding did not take place.
    Overdue,
    /// The account that was the person's is not there any more.
    Vanished,
    /// The scheduled onboarding cannot be taken back: the target named no workflow for it.
    NoWorkflow,
    /// The answer to a scheduled onboarding was lost, and nothing shows whether it stands.
    Uncertain,
    /// A workflow runs for the account, and nothing says whether it is an offboarding.
    OtherWorkflow,
    /// The policy wants a human for this.
    Policy {
        /// The policy key that says so.
        key: String,
    },
    /// A required member is missing, so that no account can be made.
    Incomplete {
        /// The member.
        member: String,
    },
    /// The person's row of a bulk file was not applied, or may not have been.
    BulkRow {
        /// What is wrong, without a value.
        problem: String,
    },
    /// An account that the customer does not manage has the address.
    Unmanaged,
    /// The owner of the unmanaged account declined the invitation.
    InvitationDeclined,
    /// The invitation was not answered in time.
    InvitationUnanswered,
    /// The answer to a sent invitation was lost, and nothing shows whether the mail went.
    InvitationUncertain,
    /// The invitation was accepted, and the target does not show the account.
    InvitationAccepted,
}

crate::tagged::tagged!("held" HeldWhy);

impl HeldWhy {
    /// Whether an address can be the answer: which account is the person's, or where to make one.
    pub fn asks_which_account(&self) -> bool {
        !matches!(
            self,
            Self::Protected
                | Self::Breaker { .. }
                | Self::LowTrust
                | Self::RecordDeleted
                | Self::Unusable { .. }
                | Self::NotKept { .. }
                | Self::Overdue
                | Self::NoWorkflow
                | Self::Uncertain
                | Self::OtherWorkflow
                | Self::Policy { .. }
                | Self::Incomplete { .. }
                | Self::BulkRow { .. }
        )
    }

    /// Whether the same question is asked, whatever its figures.
    pub fn same_question(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Policy { key: a }, Self::Policy { key: b }) => a == b,
            (a, b) => core::mem::discriminant(a) == core::mem::discriminant(b),
        }
    }
}

impl fmt::Display for HeldWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected => f.write_str("the account is protected ([policy] protected); approve to go on"),
            Self::Breaker { count, limit } => write!(
                f,
                "the breaker is open: {count} people lost access in the window and {limit} may; check the source, then approve"
            ),
            Self::LowTrust => {
                f.write_str("the source does not prove its content (no signature); check with HR, then approve")
            }
            Self::RecordDeleted => {
                f.write_str("the HR record was deleted, which is not leaving; check with HR, then approve or reject")
            }
            Self::Unusable { problem } => {
                write!(f, "the HR record cannot be used: {problem}; mend the map, then approve")
            }
            Self::Collision => {
                f.write_str("every candidate address belongs to somebody else; approve with --address")
            }
            Self::NoAddress => f.write_str(
                "no address can be made of these names; have HR send the work address or names in Latin letters, or approve with --address",
            ),
            Self::UnprovenAccount => f.write_str(
                "an account stands where this leaver's would be, without a worker id; approve with --address if it is theirs",
            ),
            Self::OtherWorker => {
                f.write_str("the account that HR names carries another worker's id; approve with --address")
            }
            Self::OtherSource => f.write_str(
                "the account with this worker id belongs to a person of another source; give both sources one `link` if they speak of the same people, or approve with --address",
            ),
            Self::Refused { why } => write!(f, "the target refused: {why}"),
            Self::NotKept { members } => write!(
                f,
                "the target accepted the change and did not keep: {}; it may not know the member (of CloudM: [cloudm] unread)",
                members.join(", ")
            ),
            Self::Overdue => f.write_str("the scheduled onboarding did not take place; approve to create now"),
            Self::Vanished => {
                f.write_str("the account that was this person's is not there any more; approve to make it again")
            }
            Self::NoWorkflow => f.write_str(
                "the scheduled onboarding cannot be taken back, since no workflow was named for it; abort it in CloudM, then approve",
            ),
            Self::Uncertain => f.write_str(
                "the answer to a scheduled onboarding was lost; look in CloudM whether it stands, abort it there, then approve",
            ),
            Self::OtherWorkflow => f.write_str(
                "a workflow that was not started here runs for the account; see in CloudM what it does, then approve to offboard",
            ),
            Self::Policy { key } => write!(f, "[policy] {key} asks for a human; approve to go on"),
            Self::Incomplete { member } => {
                write!(f, "HR has not sent {member}, which an account needs; map it, then have HR send the person again")
            }
            Self::BulkRow { problem } => {
                write!(f, "CCAI Platform's bulk file: {problem}; mend it there or in HR, then approve to file the row again")
            }
            Self::Unmanaged => f.write_str(
                "an account that Google Workspace does not manage has the address ([invitations] unmanaged); invite its owner with `people invite send`, and approve with --address once that is accepted or to use another; or approve to make the account all the same",
            ),
            Self::InvitationDeclined => f.write_str(
                "the owner of the unmanaged account with the address declined the invitation; talk to them, then approve with --address to use another, or approve to make the account all the same",
            ),
            Self::InvitationUnanswered => f.write_str(
                "the invitation to the owner of the unmanaged account was not answered in time ([invitations] wait); talk to them, then approve with --address to use another, or approve to make the account all the same",
            ),
            Self::InvitationUncertain => f.write_str(
                "the answer to a sent invitation was lost, and nothing shows whether the mail went; look with `people invite get`, then approve to send it once more",
            ),
            Self::InvitationAccepted => f.write_str(
                "the invitation was accepted and CloudM does not show the account; look there, then approve to make it",
            ),
        }
    }
}

/// How things ended, for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "outcome", !remote))]
#[serde(remote = "Self", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The account is as HR says.
    Agreed,
    /// The account is as HR says, and something is due at a later moment (a first day, a last day's end).
    Waiting {
        /// When.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        until: Timestamp,
    },
    /// The onboarding is scheduled.
    Scheduled {
        /// For when.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
    },
    /// The moment of the scheduled onboarding has come; it is awaited.
    Expected {
        /// Until when it is not yet looked at again.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        until: Timestamp,
    },
    /// The owner of the unmanaged account with the address is invited; the answer is awaited.
    Invited {
        /// Until when it is not yet looked at again.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        until: Timestamp,
    },
    /// The account is offboarded, or its offboarding runs.
    Offboarded,
    /// The hire was taken back, and nothing is left of it.
    Withdrawn,
    /// There is no account and none is wanted.
    NoAccount,
    /// A human decided against the plan.
    Rejected,
}

crate::tagged::tagged!("outcome" Outcome);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed => f.write_str("agrees"),
            Self::Waiting { until } => write!(f, "agrees; next at {until}"),
            Self::Scheduled { at } => write!(f, "onboarding scheduled for {at}"),
            Self::Expected { until } => write!(f, "onboarding awaited until {until}"),
            Self::Invited { until } => write!(f, "invited; answer awaited, next look at {until}"),
            Self::Offboarded => f.write_str("offboarded"),
            Self::Withdrawn => f.write_str("withdrawn"),
            Self::NoAccount => f.write_str("no account, none wanted"),
            Self::Rejected => f.write_str("rejected by a human"),
        }
    }
}
