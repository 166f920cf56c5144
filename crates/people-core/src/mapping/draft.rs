//! A draft of an event: raw values, checked and shaped in one place for maps and canonical documents alike.

use people_model::cloudm::patch::{NotAMember, shape};
use people_model::time::{Timestamp, civil::Date, parse_date, parse_timestamp, zone};
use people_model::{Event, EventKind, Members, Worker, WorkerId};
use serde_json::Value;

use crate::source::Dead;
use crate::source::config::{Empty, is_empty};

/// What a record says, not yet checked. A value that is absent says nothing.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub(crate) id: Option<Value>,
    pub(crate) occurred_at: Option<Value>,
    pub(crate) effective_date: Option<Value>,
    pub(crate) last_working_day: Option<Value>,
    pub(crate) reason: Option<Value>,
    pub(crate) timezone: Option<Value>,
    pub(crate) email: Option<Value>,
    pub(crate) members: Vec<(String, Value)>,
}

/// How the rules are named when they are broken.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    /// Before `effectiveDate` and the like.
    pub(crate) event: &'static str,
    /// Before `id` and the like.
    pub(crate) worker: &'static str,
    /// Before the members of the profile.
    pub(crate) member: &'static str,
}

/// The rules of a map.
pub(crate) const MAP: Names = Names { event: "map.", worker: "map.", member: "map.fields." };
/// The members of a canonical document.
pub(crate) const CANONICAL: Names = Names { event: "", worker: "worker.", member: "worker." };

fn dead(prefix: &str, name: &str, problem: impl Into<String>) -> Dead {
    Dead { rule: format!("{prefix}{name}"), problem: problem.into() }
}

/// A text or a whole number as text; what is empty says nothing.
pub(crate) fn text(value: Option<&Value>) -> Result<Option<String>, &'static str> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        None | Some(Value::Null | Value::String(_)) => Ok(None),
        Some(_) => Err("it must be a text"),
    }
}

/// A date; `0000-00-00` is how some systems write that there is none.
pub(crate) fn date(value: Option<&Value>) -> Result<Option<Date>, &'static str> {
    let wrong = "it is not a date; YYYY-MM-DD is wanted, and a map can say date('%d.%m.%Y') for others";
    match text(value)?.as_deref() {
        None | Some("0000-00-00") => Ok(None),
        Some(text) => parse_date(text).map(Some).ok_or(wrong),
    }
}

/// A moment: RFC 3339, or seconds or milliseconds since 1970.
pub(crate) fn moment(value: Option<&Value>) -> Result<Option<Timestamp>, &'static str> {
    let wrong = "it is not a moment; RFC 3339 is wanted, or seconds or milliseconds since 1970";
    if let Some(number) = value.and_then(Value::as_i64) {
        let seconds = number.unsigned_abs() < 100_000_000_000;
        let moment =
            if seconds { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) };
        return moment.map(Some).map_err(|_| wrong);
    }
    text(value)?.map(|text| parse_timestamp(&text).ok_or(wrong)).transpose()
}

impl Draft {
    /// The event, if everything is as it has to be.
    pub(crate) fn finish(self, kind: EventKind, names: Names, empty: &Empty) -> Result<Event, Dead> {
        let event = |name: &'static str| move |problem: &'static str| dead(names.event, name, problem);
        let worker = |name: &'static str| move |problem: &'static str| dead(names.worker, name, problem);
        let id = text(self.id.as_ref())
            .map_err(worker("id"))?
            .ok_or_else(|| dead(names.worker, "id", "the worker id is missing"))?;
        let id = WorkerId::parse(&id).map_err(|wrong| dead(names.worker, "id", wrong.rule))?;
        let timezone = text(self.timezone.as_ref()).map_err(worker("timezone"))?;
        if timezone.as_deref().is_some_and(|name| zone(name).is_none()) {
            return Err(dead(names.worker, "timezone", "there is no such zone; an IANA name is wanted"));
        }
        let mut profile = Members::new();
        for (name, value) in self.members {
            if empty.silent(&name, &value) {
                continue;
            }
            // White space is no value; as it stands it would be one to the target.
            let value = if value.is_string() && is_empty(&value) { "".into() } else { value };
            match shape(&name, value) {
                Ok(value) => drop(profile.insert(name, value)),
                Err(wrong @ NotAMember::Type { .. }) => {
                    return Err(dead(names.member, &name, wrong.to_string()));
                }
                Err(NotAMember::Unknown(_) | NotAMember::ReadOnly(_)) => {}
            }
        }
        let mut effective_date = date(self.effective_date.as_ref()).map_err(event("effectiveDate"))?;
        if kind == EventKind::Hire && effective_date.is_none() {
            effective_date = date(profile.get("hireDate")).map_err(|p| dead(names.member, "hireDate", p))?;
        }
        if effective_date.is_none() && matches!(kind, EventKind::Hire | EventKind::Leave) {
            return Err(dead(
                names.event,
                "effectiveDate",
                format!("a {kind} needs a date, and there is none"),
            ));
        }
        Ok(Event {
            kind,
            occurred_at: moment(self.occurred_at.as_ref()).map_err(event("occurredAt"))?,
            effective_date,
            last_working_day: date(self.last_working_day.as_ref()).map_err(event("lastWorkingDay"))?,
            reason: text(self.reason.as_ref()).map_err(event("reason"))?,
            worker: Worker {
                id,
                timezone,
                email: text(self.email.as_ref()).map_err(worker("email"))?,
                profile,
            },
        })
    }
}

/// Whether a value counts as true: for `when`.
pub(crate) fn holds(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(word)) => {
            !matches!(word.trim().to_ascii_lowercase().as_str(), "" | "false" | "no" | "0")
        }
        Some(value) => !is_empty(value),
        None => false,
    }
}
