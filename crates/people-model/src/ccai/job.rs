//! A job: one uploaded file and what became of it.

use core::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{RowError, int, maybe_int, maybe_text};
use crate::Members;

/// The number of a job. URLs are made of it; the `link` of an answer is never followed, since it names another host in clear text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::str::FromStr for JobId {
    type Err = core::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().map(Self)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(input)?;
        int(&value).map(Self).ok_or_else(|| serde::de::Error::custom("a job's id must be a whole number"))
    }
}

/// How far a job is. The word for the end was only seen in translation, so that anything unknown is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStatus {
    /// `created`: made, waiting for validation.
    Created,
    /// `valid_scheme`: may proceed.
    ValidScheme,
    /// `invalid_scheme`: see its scheme errors; nothing was applied.
    InvalidScheme,
    /// `in_progress`: being applied.
    InProgress,
    /// Any other word. After a job has proceeded it means the end.
    Other(String),
}

impl JobStatus {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::ValidScheme => "valid_scheme",
            Self::InvalidScheme => "invalid_scheme",
            Self::InProgress => "in_progress",
            Self::Other(word) => word,
        }
    }
}

impl Serialize for JobStatus {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for JobStatus {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let word = maybe_text(input)?.unwrap_or_default();
        Ok(match word.trim().to_ascii_lowercase().as_str() {
            "created" => Self::Created,
            "valid_scheme" => Self::ValidScheme,
            "invalid_scheme" => Self::InvalidScheme,
            "in_progress" => Self::InProgress,
            _ => Self::Other(word.trim().to_owned()),
        })
    }
}

/// Whether a job says that it was asked to proceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// It does.
    Yes,
    /// It says that it was not.
    No,
    /// It does not say.
    Unsaid,
}

/// A job as it is read. Members that are absent or odd are none.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// How far it is.
    #[serde(default = "unsaid")]
    pub status: JobStatus,
    /// The name under which the file was uploaded.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// When it was made (RFC 3339).
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Rows of the file.
    #[serde(default, deserialize_with = "maybe_int", skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<i64>,
    /// Rows that were applied.
    #[serde(default, deserialize_with = "maybe_int", skip_serializing_if = "Option::is_none")]
    pub affected_rows: Option<i64>,
    /// Rows that were not.
    #[serde(default, deserialize_with = "maybe_int", skip_serializing_if = "Option::is_none")]
    pub failed_rows: Option<i64>,
    /// Everything else, `process_requested_at` and the lists of errors among it.
    #[serde(flatten)]
    pub other: Members,
}

fn unsaid() -> JobStatus {
    JobStatus::Other(String::new())
}

impl Job {
    /// Whether it was asked to proceed.
    pub fn requested(&self) -> Requested {
        match (&self.status, self.other.get("process_requested_at")) {
            (JobStatus::InProgress, _) => Requested::Yes,
            (_, Some(Value::String(at))) if !at.trim().is_empty() => Requested::Yes,
            (_, Some(Value::Null | Value::String(_))) => Requested::No,
            _ => Requested::Unsaid,
        }
    }

    /// When it was made.
    pub fn created(&self) -> Option<Timestamp> {
        crate::time::parse_rfc3339(self.created_at.as_deref()?)
    }

    /// Whether its figures say that every row was dealt with; `None`: it has no figures.
    pub fn adds_up(&self) -> Option<bool> {
        let (affected, failed) = (self.affected_rows?, self.failed_rows?);
        Some(affected.saturating_add(failed) >= self.total_rows?)
    }

    /// A list of errors that it carries itself: `scheme_errors` or `update_errors`.
    pub fn errors(&self, list: &str) -> Vec<RowError> {
        let entries = self.other.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter_map(|entry| serde_json::from_value(entry.clone()).ok()).collect()
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_read_whatever_its_types() {
        let job: Job = serde_json::from_value(json!({"id": "12345", "status": "finished", "total_rows": "3",
            "affected_rows": 2, "failed_rows": 1, "process_requested_at": "2026-01-01T00:00:00.000Z", "new": [1],
            "update_errors": [{"message": "x", "column": "2", "row": 1, "error_type": "error"}]}))
        .unwrap();
        assert_eq!((job.id, job.status.as_str(), job.adds_up()), (JobId(12345), "finished", Some(true)));
        assert_eq!((job.requested(), job.errors("update_errors").len()), (Requested::Yes, 1));
        assert_eq!(job.other["new"], json!([1]));
    }

    #[test]
    fn what_a_job_does_not_say_is_not_made_up() {
        let job = |value: Value| serde_json::from_value::<Job>(value).unwrap();
        assert_eq!(job(json!({"id": 1, "status": "valid_scheme"})).requested(), Requested::Unsaid);
        let null = json!({"id": 1, "status": "valid_scheme", "process_requested_at": null});
        assert_eq!(job(null).requested(), Requested::No);
        assert_eq!(job(json!({"id": 1, "total_rows": null})).adds_up(), None);
        assert!(serde_json::from_value::<Job>(json!({"status": "created"})).is_err());
    }
}
