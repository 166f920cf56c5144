//! What a person's state is made of: what HR says, and what was done in the target.

use jiff::civil::Date;
use people_model::time::Timestamp;
use people_model::{Datum, Email, EventId, MemberName, Members, SourceName, Stated, Step, Trust, WorkflowId};

/// When a statement was made, as far as precedence goes.
pub type Version = (Timestamp, EventId);

/// A fact and when it was stated.
#[derive(Debug, Clone, PartialEq)]
pub struct Register<T> {
    /// When.
    pub version: Version,
    /// What.
    pub value: T,
}

/// Profile members that HR has stated, in the order of their names. There are a dozen or two, so a list is searched and copied faster than a tree.
#[derive(Clone, PartialEq, Default)]
pub struct Registers(Vec<(MemberName, Register<Datum>)>);

impl Registers {
    /// What was stated of this member.
    pub fn get(&self, name: &str) -> Option<&Register<Datum>> {
        let place = self.0.binary_search_by(|(own, _)| own.as_str().cmp(name)).ok()?;
        self.0.get(place).map(|(_, register)| register)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&MemberName, &Register<Datum>)> {
        self.0.iter().map(|(name, register)| (name, register))
    }

    /// Takes in what was stated at once; of two statements of a member the later stands.
    pub(super) fn hear(&mut self, version: &Version, stated: Stated) {
        let stated = stated.into_iter();
        let stated = stated.map(|(name, value)| (name, Register { version: version.clone(), value }));
        if self.0.is_empty() {
            self.0.extend(stated);
            return;
        }
        for (name, register) in stated {
            match self.0.binary_search_by(|(own, _)| own.cmp(&name)) {
                Err(place) => self.0.insert(place, (name, register)),
                Ok(place) => match self.0.get_mut(place) {
                    Some((_, old)) if old.version < *version => *old = register,
                    _ => {}
                },
            }
        }
    }
}

impl std::fmt::Debug for Registers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// What HR says of a hire.
#[derive(Debug, Clone, PartialEq)]
pub struct Hire {
    /// The first day; `None`: it is taken back.
    pub day: Option<Date>,
    /// The names that came with it: what an address is made of, so that a later change of name does not matter. `None`: nothing
    /// came with it.
    pub seed: Option<Names>,
}

/// The names that came with a hire, as HR sent them; `null`: HR says that there is none.
#[derive(Clone, PartialEq)]
pub struct Names {
    /// The given name.
    pub given: Option<Datum>,
    /// The family name.
    pub family: Option<Datum>,
}

/// The names that an address is made of.
#[derive(Clone, Copy, Default)]
pub struct Seed<'a> {
    /// The given name.
    pub given: Option<&'a str>,
    /// The family name.
    pub family: Option<&'a str>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names(…)")
    }
}

/// What HR says of a leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Leave {
    /// The days; `None`: it is taken back.
    pub days: Option<LeaveDays>,
    /// How well it is proven.
    pub trust: Trust,
    /// The HR system's word for the reason.
    pub reason: Option<String>,
}

/// The days of a leave. Which one counts is policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveDays {
    /// The day on which the employment ends.
    pub effective: Date,
    /// The last day worked, where HR says it.
    pub last_working: Option<Date>,
}

/// A scheduled onboarding that the target knows of.
#[derive(Debug, Clone, PartialEq)]
pub struct Onboarding {
    /// The address of the account to come.
    pub address: Email,
    /// When.
    pub at: Timestamp,
    /// Its workflow, if the target named one.
    pub workflow: Option<WorkflowId>,
    /// It is being taken back: whether it still stands is not known.
    pub ending: bool,
}

/// An offboarding that was started from here.
#[derive(Debug, Clone, PartialEq)]
pub struct Offboarding {
    /// When.
    pub at: Timestamp,
    /// Its workflow; `None` once it is known to be over.
    pub workflow: Option<WorkflowId>,
}

/// A change of the account's address.
#[derive(Debug, Clone, PartialEq)]
pub struct Renamed {
    /// The address before.
    pub from: Email,
    /// The address after.
    pub to: Email,
    /// When it was asked for, or acknowledged.
    pub at: Timestamp,
    /// Whether it was acknowledged.
    pub done: bool,
}

/// An invitation to the owner of an unmanaged account that was sent from here, or may have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// The account's address.
    pub address: Email,
    /// When it was asked for.
    pub at: Timestamp,
    /// How many mails had been sent before, where that was to be seen.
    pub mails: Option<u64>,
    /// Whether it is known to have been sent.
    pub sent: bool,
    /// Whether it was taken back.
    pub ending: Ending,
}

/// Whether an invitation was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody has asked for it.
    No,
    /// It was asked for, and what came of it is not known.
    Asked,
    /// The API refused: it does not stand any more, or was accepted.
    Refused,
}

/// An intent whose outcome is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// When it was written.
    pub at: Timestamp,
    /// What.
    pub step: Step,
}

/// A failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many in a row.
    pub count: u32,
    /// When the last one was.
    pub last: Timestamp,
    /// What the server asked for.
    pub after_s: Option<u32>,
}

/// A notice that waits for its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Whose record.
    pub source: SourceName,
    /// What the source needs.
    pub notice: Members,
}

/// Puts a later statement in the place of an earlier one.
pub(super) fn newer<T>(register: &mut Option<Register<T>>, version: &Version, value: impl FnOnce() -> T) {
    if register.as_ref().is_none_or(|old| old.version < *version) {
        *register = Some(Register { version: version.clone(), value: value() });
    }
}
