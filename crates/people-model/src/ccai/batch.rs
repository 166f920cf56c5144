//! What a journal keeps of bulk files: the facts of a batch's log, and those of a person's.

use core::fmt;
use core::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use super::{JobId, Row};
use crate::{InvalidId, PersonKey, Why, WorkerId};

/// Which batch: the rows of one window, or one roster. As text `w/{start}/{seconds}/{n}` or `r/{digest}/{n}`, so that the end of a window
/// does not depend on today's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String")]
pub enum BatchId {
    /// What was filed in a window.
    Window {
        /// When it begins, in seconds since 1970.
        start: i64,
        /// How long it is, in seconds.
        seconds: i64,
        /// The how manieth of the window, from 0: a new one where the last is full or closed.
        n: u32,
    },
    /// A roster that was handed over as a whole.
    Roster {
        /// A digest of its rows.
        digest: String,
        /// The how manieth time, from 0.
        n: u32,
    },
}

impl BatchId {
    /// The end of the window; `None`: it is closed from the beginning.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::Window { start, seconds, .. } => {
                Some(Timestamp::from_second(start.saturating_add(*seconds)).unwrap_or(Timestamp::MAX))
            }
            Self::Roster { .. } => None,
        }
    }

    /// The first batch of the window in which `now` lies.
    pub fn window(now: Timestamp, length: SignedDuration) -> Self {
        let seconds = length.as_secs().max(1);
        Self::Window { start: now.as_second().div_euclid(seconds).saturating_mul(seconds), seconds, n: 0 }
    }

    /// The one after it.
    #[must_use]
    pub fn following(&self) -> Self {
        let mut next = self.clone();
        match &mut next {
            Self::Window { n, .. } | Self::Roster { n, .. } => *n = n.saturating_add(1),
        }
        next
    }

    /// The place of its log among those of people.
    pub fn worker(&self) -> Result<WorkerId, InvalidId> {
        WorkerId::parse(&self.to_string())
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { start, seconds, n } => write!(f, "w/{start}/{seconds}/{n}"),
            Self::Roster { digest, n } => write!(f, "r/{digest}/{n}"),
        }
    }
}

impl From<BatchId> for String {
    fn from(id: BatchId) -> Self {
        id.to_string()
    }
}

impl FromStr for BatchId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let parts: Vec<&str> = text.split('/').collect();
        let parsed = match parts.as_slice() {
            ["w", start, seconds, n] => (|| {
                let (start, seconds) = (start.parse().ok()?, seconds.parse().ok()?);
                Some(Self::Window { start, seconds, n: n.parse().ok()? })
            })(),
            ["r", digest, n] => n.parse().ok().map(|n| Self::Roster { digest: (*digest).to_owned(), n }),
            _ => None,
        };
        parsed.ok_or(InvalidId { what: "batch id", rule: "expected w/start/seconds/n or r/digest/n" })
    }
}

impl<'de> Deserialize<'de> for BatchId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What is wrong with a row of the batch, without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowFault {
    /// The row's place in the file, from 0; none: nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The column, as the server counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// What is wrong, in words that name nobody.
    pub words: String,
    /// Whether the row was applied all the same.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub warning: bool,
    /// Whether it may be the next row's or the one before's: the server's way of counting is not known.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub unsure: bool,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum RowResult {
    /// It was applied.
    Applied {
        /// What the server remarked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// It was not applied.
    Refused {
        /// Why, in words that name nobody.
        problem: String,
    },
    /// Whether it was applied is not known.
    Unsure {
        /// Why, in words that name nobody.
        problem: String,
    },
}

/// A fact about bulk files. The first group is written into the logs of people, the second into those of batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "bulk", rename_all = "snake_case")]
pub enum Bulk {
    /// This row of the person's is about to join this batch. It may have, unless the batch's log says otherwise.
    Filed {
        /// Which.
        batch: BatchId,
        /// What.
        row: Row,
    },
    /// What became of the person's row in this batch.
    Told {
        /// Which.
        batch: BatchId,
        /// The row as it stood in the file.
        row: Row,
        /// What became of it.
        #[serde(flatten)]
        result: RowResult,
    },

    /// A row joins the batch, or replaces the one that this person has in it.
    Joined {
        /// Whose.
        person: PersonKey,
        /// What.
        row: Row,
    },
    /// Nothing joins any more.
    Closed,
    /// The file is about to be uploaded.
    Uploading {
        /// Under this name, which holds a digest of its content.
        filename: String,
    },
    /// It is this job.
    Uploaded {
        /// Which.
        job: JobId,
    },
    /// The server has found it valid.
    Valid,
    /// The server has found rows that it does not take; nothing was applied.
    Invalid {
        /// Which.
        faults: Vec<RowFault>,
    },
    /// The job is about to be told to proceed.
    Proceeding,
    /// It was told: never again.
    Proceeded,
    /// The last intent was provably not carried out.
    Undone {
        /// Seconds that the server asked us to wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_s: Option<u32>,
        /// Why.
        why: Why,
    },
    /// The server refused the last intent.
    Refused {
        /// Why.
        why: Why,
    },
    /// The job is over.
    Ended {
        /// Its status, in the server's word.
        status: String,
        /// Rows that were applied.
        affected: Option<i64>,
        /// Rows that were not.
        failed: Option<i64>,
        /// Which, and why.
        faults: Vec<RowFault>,
    },
    /// It will not come to an end by itself.
    GivenUp {
        /// Why, in words that name nobody.
        problem: String,
    },
    /// Everybody in it has been told.
    Settled,
}

impl Bulk {
    /// One word for lists.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::Told { result: RowResult::Applied { .. }, .. } => "applied",
            Self::Told { result: RowResult::Refused { .. }, .. } => "not applied",
            Self::Told { result: RowResult::Unsure { .. }, .. } => "not known whether applied",
            Self::Joined { .. } => "joined",
            Self::Closed => "closed",
            Self::Uploading { .. } => "uploading",
            Self::Uploaded { .. } => "uploaded",
            Self::Valid => "valid",
            Self::Invalid { .. } => "invalid",
            Self::Proceeding => "proceeding",
            Self::Proceeded => "proceeded",
            Self::Undone { .. } => "not done",
            Self::Refused { .. } => "refused",
            Self::Ended { .. } => "ended",
            Self::GivenUp { .. } => "given up",
            Self::Settled => "settled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_knows_its_end_from_its_name() {
        let now: Timestamp = "2026-03-02T09:07:30Z".parse().unwrap();
        let id = BatchId::window(now, SignedDuration::from_mins(15));
        assert_eq!(id.ends(), Some("2026-03-02T09:15:00Z".parse().unwrap()));
        let next = id.following();
        assert_ne!(id, next);
        for id in [id, next, BatchId::Roster { digest: "ab".into(), n: 3 }] {
            assert_eq!(id.to_string().parse(), Ok(id.clone()));
            assert_eq!(id.worker().unwrap().as_str(), id.to_string());
        }
        for bad in ["", "w/1/2", "w/a/2/3", "r/x", "7"] {
            assert!(bad.parse::<BatchId>().is_err(), "{bad}");
        }
    }
}
