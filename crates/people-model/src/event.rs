//! The canonical event: what a delivery says about one person.

use core::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::tagged::take;
use crate::{Members, Stated, WorkerId};

/// What has happened, or will happen on the effective date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventKind {
    /// The person joins; the effective date is the first day.
    #[serde(rename = "hire")]
    Hire,
    /// Something about the person is different.
    #[serde(rename = "change")]
    Change,
    /// The person leaves; the effective date is the last day.
    #[serde(rename = "leave")]
    Leave,
    /// The person does not join after all.
    #[serde(rename = "hire.cancelled")]
    HireCancelled,
    /// The person does not leave after all.
    #[serde(rename = "leave.cancelled")]
    LeaveCancelled,
}

impl EventKind {
    /// All kinds, in the order of a career.
    pub const ALL: [Self; 5] =
        [Self::Hire, Self::Change, Self::Leave, Self::HireCancelled, Self::LeaveCancelled];

    /// The name on the wire, such as `hire.cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hire => "hire",
            Self::Change => "change",
            Self::Leave => "leave",
            Self::HireCancelled => "hire.cancelled",
            Self::LeaveCancelled => "leave.cancelled",
        }
    }

    /// The kind of this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a delivery says about one person. This is also the document that the source kinds `generic` and
/// `standard-webhooks` accept when they have no `map`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// What has happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When the HR system recorded it (RFC 3339). An older event never overwrites what a newer one said.
    /// Absent: the moment at which the delivery was received.
    #[serde(rename = "occurredAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "crate::time::maybe_at")]
    pub occurred_at: Option<Timestamp>,
    /// The first day of a hire, the last day of a leave (`YYYY-MM-DD`), where the person works.
    #[serde(rename = "effectiveDate", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "crate::time::maybe_day")]
    pub effective_date: Option<Date>,
    /// The last day on which a leaver works, where it differs from the effective date (garden leave, notice paid out).
    /// Which of the two counts is policy.
    #[serde(rename = "lastWorkingDay", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "crate::time::maybe_day")]
    pub last_working_day: Option<Date>,
    /// Why, in one word of the HR system. Policy may act on some at once; [`Event::DELETED`] has a meaning of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The person.
    pub worker: Worker,
}

impl Event {
    /// The reason of a leave that nobody declared: the HR record is gone. Policy decides what that means.
    pub const DELETED: &'static str = "record-deleted";
}

/// A worker as the HR system describes them. A member that is absent says nothing; one that is `null` says that the value
/// was removed.
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Worker {
    /// The HR worker id.
    pub id: WorkerId,
    /// IANA name of the zone in which the person works; absent: the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The work e-mail address, where HR knows it. Never the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// CloudM profile members by their CloudM name. `manager` may be a worker id or an address.
    #[serde(flatten)]
    pub profile: Stated,
}

impl<'de> Deserialize<'de> for Worker {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let (mut own, mut profile) = (Members::new(), Members::new());
        for (name, value) in Members::deserialize(input)? {
            let known = matches!(name.as_str(), "id" | "timezone" | "email");
            (if known { &mut own } else { &mut profile }).insert(name, value);
        }
        Ok(Self {
            id: take(&mut own, "id")?,
            timezone: take(&mut own, "timezone")?,
            email: take(&mut own, "email")?,
            profile: profile.into(),
        })
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("occurred_at", &self.occurred_at)
            .field("effective_date", &self.effective_date)
            .field("worker", &self.worker)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("members", &self.profile).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_absent_and_empty_stay_apart() {
        let text = r#"{"type":"change","worker":{"id":"7","department":null,"title":""}}"#;
        let event: Event = serde_json::from_str(text).unwrap();
        assert_eq!(event.worker.profile.get("department"), Some(&crate::Datum::Null));
        assert_eq!(event.worker.profile.get("title"), Some(&"".into()));
        assert_eq!(event.worker.profile.get("costCentre"), None);
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
    }

    #[test]
    fn debug_names_members_and_shows_no_value() {
        let text = r#"{"type":"hire","worker":{"id":"7","email":"ana@example.com","givenName":"Ana"}}"#;
        let shown = format!("{:?}", serde_json::from_str::<Event>(text).unwrap());
        assert!(shown.contains("givenName") && !shown.contains("Ana") && !shown.contains("ana@"), "{shown}");
    }

    #[test]
    fn kinds_round_trip() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
