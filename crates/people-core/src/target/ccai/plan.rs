//! Which row is wanted of a person. Pure: what HR says, the address that CloudM's part has settled on, and what was applied before.

use people_model::ccai::Row;
use people_model::{Datum, HeldWhy, Members};
use serde_json::Value;

use super::{Ccai, fits};
use crate::engine::Situation;
use crate::engine::goal::Wanted as Goal;

/// The row of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// As it would be filed.
    pub row: Row,
    /// Whether what was applied says the same already.
    pub agrees: bool,
}

/// The row that is wanted now; `None`: none is. `Err`: something is missing that a row needs.
///
/// A leaver is `Inactive` after the last day, whoever was filed before or is in a covered department. Somebody who moves to another
/// department is left as they are. `Active` is only said where it is new: a deactivation by an administrator is not ours to lift.
pub fn plan(ccai: &Ccai, s: &Situation<'_>) -> Result<Option<Wanted>, HeldWhy> {
    let before = s.state.bulk.applied.as_ref();
    let department = text(s, "department").unwrap_or_default();
    let covered = !department.is_empty() && ccai.covers(department);
    let leaves = match s.goal.wanted {
        Goal::Gone => covered || before.is_some(),
        Goal::Withdrawn => before.is_some(),
        Goal::Active | Goal::Follow if covered => false,
        Goal::Active | Goal::Follow | Goal::Onboard { .. } => return Ok(None),
    };
    if matches!(s.goal.wanted, Goal::Gone | Goal::Withdrawn) && !leaves {
        return Ok(None);
    }
    let Some(account) = &s.state.account else { return Ok(None) };
    let mut row = Members::new();
    let known = before.and_then(Row::email).unwrap_or(account.as_str());
    row.insert("email".into(), known.into());
    let seed = s.state.seed().unwrap_or_default();
    let names = [("first_name", "givenName", seed.given), ("last_name", "familyName", seed.family)];
    for (field, member, seeded) in names {
        let applied = before.and_then(|row| row.text(field));
        let name = text(s, member).or(seeded).or(applied);
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            let why = HeldWhy::Incomplete { member: member.into() };
            return if s.state.allows(&why) { Ok(None) } else { Err(why) };
        };
        row.insert(field.into(), name.into());
    }
    if leaves {
        row.insert("status".into(), "Inactive".into());
    } else {
        row.insert("status".into(), "Active".into());
        if known != account.as_str() {
            row.insert("new_email".into(), account.as_str().into());
        }
        for (field, path) in &ccai.fields {
            let (member, path) = path.split_once('.').unwrap_or((path, ""));
            if let Some(register) = s.state.members.get(member) {
                row.insert(field.clone(), value(ccai, field, at(&register.value, path)));
            }
        }
    }
    let mut row = Row(row);
    if !leaves {
        for (list, map) in [("roles", &ccai.roles), ("teams", &ccai.teams)] {
            let mut flags: Vec<(&str, Option<bool>)> = Vec::new();
            for (pattern, names) in map {
                let holds = fits(pattern, department);
                for name in names {
                    match flags.iter_mut().find(|(other, _)| other == name) {
                        Some((_, value)) => *value = Some(holds || *value == Some(true)),
                        None => flags.push((name, Some(holds))),
                    }
                }
            }
            if !flags.is_empty() {
                row.set_flags(list, flags);
            }
        }
    }
    let agrees = before.is_some_and(|before| row.after(Some(before)) == *before);
    if before.is_some_and(|before| before.0.get("status") == row.0.get("status")) {
        row.0.remove("status");
    }
    Ok(Some(Wanted { row, agrees }))
}

fn text<'a>(s: &'a Situation<'_>, member: &str) -> Option<&'a str> {
    s.state.members.get(member)?.value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// What a dotted path leads to: names of members, places in lists from 0.
fn at<'a>(value: &'a Datum, path: &str) -> &'a Datum {
    path.split('.').filter(|part| !part.is_empty()).fold(value, |value, part| {
        let inner = match value {
            Datum::List(list) => part.parse().ok().and_then(|place: usize| list.get(place)),
            other => other.get(part),
        };
        inner.unwrap_or(&Datum::Null)
    })
}

/// What HR's value is in a row: nothing is an empty text, and a place has the name that the configuration gives it.
fn value(ccai: &Ccai, field: &str, value: &Datum) -> Value {
    match value {
        Datum::Null => "".into(),
        Datum::Text(text) if field == "location" => {
            ccai.locations.get(text.as_str()).map_or(text.as_str(), String::as_str).into()
        }
        other => other.into(),
    }
}
