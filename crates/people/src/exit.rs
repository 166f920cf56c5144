//! How the process ends: exit codes, and the one line on stderr that says why.

use people_core::config::NoCloudm;
use people_model::Why;
use people_model::verdict::WhyKind;

use crate::load::LoadError;
use crate::store::StoreError;

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Ok = 0,
    /// Something failed that is none of the following.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration, a key, a profile or a payload is wrong.
    BadInput = 3,
    /// `people doctor` found a failure, or `people reconcile` a difference.
    Unhealthy = 4,
    /// The API refused.
    Refused = 5,
    /// There is no such user, workflow, event or person.
    NotFound = 6,
    /// It is not known whether a call took effect.
    Unknown = 7,
    /// A guard stands before it; a human must decide.
    Held = 8,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::BadInput,
        Self::Unhealthy,
        Self::Refused,
        Self::NotFound,
        Self::Unknown,
        Self::Held,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "everything was done",
            Self::Failed => "something failed: the network, the journal, a server that does not answer",
            Self::Usage => "the command line is wrong, or a confirmation is missing",
            Self::BadInput => "the configuration, a key, a profile or a payload is wrong",
            Self::Unhealthy => "`people doctor` found a failure, or `people reconcile` a difference",
            Self::Refused => "the API refused, or did not keep what it accepted",
            Self::NotFound => "there is no such user, workflow, event or person",
            Self::Unknown => "it is not known whether a call took effect: look before repeating it",
            Self::Held => "a guard stands before it, such as a protected account: a human must decide",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do, in one line; empty: nothing is said.
    pub text: String,
}

impl Fail {
    /// Ends with this code and this line: what happened; what to do.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        let text: String = text.into();
        // One line, whatever an error below us says.
        let text = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty());
        Self { exit, text: text.collect::<Vec<_>>().join("; ") }
    }

    /// Something failed.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::new(Exit::Failed, text)
    }

    /// The command line is wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// What was given is wrong.
    pub fn input(text: impl Into<String>) -> Self {
        Self::new(Exit::BadInput, text)
    }

    /// The reader of our output has gone away: nothing is said, and nothing is wrong.
    pub fn gone() -> Self {
        Self::new(Exit::Ok, "")
    }

    /// The API refused, for this reason.
    pub fn refused(why: &Why) -> Self {
        match why.kind {
            WhyKind::Absent => Self::new(Exit::NotFound, why.to_string()),
            WhyKind::Conflict => Self::new(
                Exit::Refused,
                format!("{why}; look with `people user get` or `people user by-alias`"),
            ),
            WhyKind::BadRequest => Self::new(
                Exit::Refused,
                format!(
                    "{why}; check the values: CloudM accepts only predefined ones where an administrator has set a list"
                ),
            ),
            _ => Self::new(Exit::Refused, why.to_string()),
        }
    }
}

impl From<LoadError> for Fail {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Journal(_) | LoadError::Client(_) => Self::failed(error.to_string()),
            _ => Self::input(error.to_string()),
        }
    }
}

impl From<NoCloudm> for Fail {
    fn from(error: NoCloudm) -> Self {
        Self::input(error.to_string())
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        Self::failed(error.to_string())
    }
}

/// The table of exit codes, as `people help exit-codes` shows it.
pub fn table() -> String {
    Exit::ALL.iter().map(|exit| format!("  {}  {}\n", exit.code(), exit.meaning())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_their_places_and_every_one_is_explained() {
        for (place, exit) in Exit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(exit.code()), place);
        }
        assert_eq!(table().lines().count(), 9);
    }

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(Fail::failed("a\n  b\r\n").text, "a; b");
    }
}
