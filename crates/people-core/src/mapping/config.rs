//! `[source.map]` in `people.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::source::proof::names;

/// How one value is found: a path such as `a.b[0]."c d"`, an expression, or a list of them of which the first that yields
/// something counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        names(input).map(Self)
    }
}

/// What the records of a source mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MapConfig {
    /// The path to the list of records; without it, a body that is a list is taken apart and any other is one record.
    pub each: Option<String>,
    /// The HR system's word for what has happened.
    #[serde(rename = "type")]
    pub kind: Option<Texts>,
    /// What the words mean: `hire`, `change`, `leave`, `hire.cancelled`, `leave.cancelled` or `ignore`. A word that is not listed is
    /// ignored. Without any, the words are these names themselves.
    pub types: BTreeMap<String, String>,
    /// Records for which this is false, empty or missing are ignored.
    pub when: Option<Texts>,
    /// The HR worker id.
    pub id: Option<Texts>,
    /// When the HR system recorded it: RFC 3339, or seconds or milliseconds since 1970.
    pub occurred_at: Option<Texts>,
    /// The first day of a hire, the last day of a leave.
    pub effective_date: Option<Texts>,
    /// The last day on which a leaver works.
    pub last_working_day: Option<Texts>,
    /// Why.
    pub reason: Option<Texts>,
    /// The work e-mail address.
    pub email: Option<Texts>,
    /// The zone in which the person works.
    pub timezone: Option<Texts>,
    /// CloudM profile members by their CloudM name.
    pub fields: BTreeMap<String, Texts>,
}
