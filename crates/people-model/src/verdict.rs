//! What an answer to a call means. A failed call is a fact to act on, not an `Err`.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Email, WorkflowId};

/// What an answer means. `T` is what a done call yields: a JSON value while it is being handled, a [`Receipt`] in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "verdict", !remote))]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Verdict<T> {
    /// It is done.
    Done {
        /// What came back.
        answer: T,
    },
    /// It was not done; the same may work later.
    Again {
        /// Seconds that the server asked us to wait, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_s: Option<u32>,
        /// Why.
        why: Why,
    },
    /// It may or may not have been done: look before anything else.
    Unknown {
        /// Why.
        why: Why,
    },
    /// It was not done and will not be, as it stands: a human must act.
    Refused {
        /// Why.
        why: Why,
    },
}

crate::tagged::tagged!("verdict" Verdict<T>, T);

impl<T> Verdict<T> {
    /// Changes what a done call yields.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Verdict<U> {
        match self {
            Self::Done { answer } => Verdict::Done { answer: f(answer) },
            Self::Again { after_s, why } => Verdict::Again { after_s, why },
            Self::Unknown { why } => Verdict::Unknown { why },
            Self::Refused { why } => Verdict::Refused { why },
        }
    }

    /// Why it is not done.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Done { .. } => None,
            Self::Again { why, .. } | Self::Unknown { why } | Self::Refused { why } => Some(why),
        }
    }
}

/// What is kept of a done call's answer: ids that later calls need, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The address under which the target knows the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Email>,
    /// The workflow that the call started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
}

/// The family of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyKind {
    /// The request never left this machine.
    NotSent,
    /// The request left and no whole answer came.
    Unanswered,
    /// The server failed (5xx).
    ServerError,
    /// Too many requests (429, or a 404 that masks one).
    RateLimited,
    /// No access token could be had.
    Token,
    /// 401 with a fresh token: configuration, or a domain the account is not delegated for.
    Unauthorized,
    /// 403: the role does not allow it for this person's organizational unit.
    Forbidden,
    /// 403 of an API other than CloudM: the account, whoever it acts for, or the scope does not allow it.
    Denied,
    /// 404 with reason `notFound`.
    Absent,
    /// 404 without a trustworthy reason, or a wrong path.
    WrongPath,
    /// 409: it exists already, or is in the way.
    Conflict,
    /// Another 4xx.
    BadRequest,
    /// An answer that is not what the API sends.
    BadAnswer,
}

/// Why a call is not done. Holds codes and the vendor's reason word, never a message that could name a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Why {
    /// The family.
    pub kind: WhyKind,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The vendor's reason word, or our own words; at most 200 bytes, no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Why {
    /// A reason of this kind.
    pub fn new(kind: WhyKind) -> Self {
        Self { kind, status: None, detail: None }
    }

    /// With the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With a detail of our own, or a vendor's reason word.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if detail.len() > MOST_DETAIL {
            detail.truncate(detail.floor_char_boundary(MOST_DETAIL));
        }
        self.detail = Some(detail);
        self
    }
}

/// Bytes of a detail: two long sentences of ours with what to do next, and an end to whatever a vendor answers.
const MOST_DETAIL: usize = 600;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            WhyKind::NotSent => "the request could not be sent",
            WhyKind::Unanswered => "no answer came",
            WhyKind::ServerError => "the server failed",
            WhyKind::RateLimited => "too many requests",
            WhyKind::Token => "no access token",
            WhyKind::Unauthorized => {
                "a fresh token was not accepted: check the login of [gapps], or that the service account has a CloudM role and the domain is delegated"
            }
            WhyKind::Forbidden => {
                "the service account's CloudM role does not allow this for the person's organizational unit"
            }
            WhyKind::Denied => "the API does not allow it",
            WhyKind::Absent => "there is no such user or workflow",
            WhyKind::WrongPath => "the server does not know this path: check base_url",
            WhyKind::Conflict => "it exists already",
            WhyKind::BadRequest => "the request was refused",
            WhyKind::BadAnswer => "the answer was not understood",
        })?;
        if let Some(status) = self.status {
            write!(f, " (HTTP {status})")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}
