//! A draft of an event: raw values, checked and shaped in one place for maps and canonical documents alike.

use std::borrow::Cow;
use std::mem::take;

use people_model::cloudm::Member;
use people_model::cloudm::profile::MemberKind;
use people_model::time::{Timestamp, civil::Date, is_zone, parse_date, parse_timestamp, trimmed};
use people_model::{Datum, Event, EventKind, MemberName, Stated, Worker, WorkerId};

use super::value::{Val, white};
use crate::json::{Item, View};
use crate::source::Dead;
use crate::source::config::{Empty, Rule};

/// What a record says. What is not of the profile is not yet checked, and mostly still where it lies; a value that is absent says nothing.
pub(crate) struct Draft<'a> {
    names: &'static Names,
    empty: &'a Empty,
    pub(crate) id: Option<Val<'a>>,
    pub(crate) occurred_at: Option<Val<'a>>,
    pub(crate) effective_date: Option<Val<'a>>,
    pub(crate) last_working_day: Option<Val<'a>>,
    pub(crate) reason: Option<Val<'a>>,
    pub(crate) timezone: Option<Val<'a>>,
    pub(crate) email: Option<Val<'a>>,
    /// Members of the profile, as they are stated.
    members: Vec<(MemberName, Datum)>,
    /// What is wrong with the first that is not as it has to be.
    wrong: Option<Dead>,
}

/// How the rules are named when they are broken.
pub(crate) struct Names {
    /// Before `effectiveDate` and the like.
    pub(crate) event: &'static str,
    /// Before `id` and the like.
    pub(crate) worker: &'static str,
    /// Before the members of the profile.
    pub(crate) member: &'static str,
}

/// The rules of a map.
pub(crate) static MAP: Names = Names { event: "map.", worker: "map.", member: "map.fields." };
/// The members of a canonical document.
pub(crate) static CANONICAL: Names = Names { event: "", worker: "worker.", member: "worker." };

fn dead(prefix: &str, name: &str, problem: impl Into<String>) -> Dead {
    Dead { rule: format!("{prefix}{name}"), problem: problem.into() }
}

/// A text or a whole number as text; what is empty says nothing.
pub(crate) fn text<'a>(value: Option<&Val<'a>>) -> Result<Option<Cow<'a, str>>, &'static str> {
    match value {
        None => Ok(None),
        Some(value) if value.blank() => Ok(None),
        Some(Val::Text(Cow::Borrowed(text))) => Ok(Some(Cow::Borrowed(trimmed(text)))),
        Some(Val::Text(Cow::Owned(text))) => Ok(Some(Cow::Owned(trimmed(text).to_owned()))),
        Some(value @ (Val::Whole(_) | Val::View(_))) => value.written().map(Some).ok_or("it must be a text"),
        Some(_) => Err("it must be a text"),
    }
}

/// A date; `0000-00-00` is how some systems write that there is none.
pub(crate) fn date(value: Option<&Val<'_>>) -> Result<Option<Date>, &'static str> {
    let wrong = "it is not a date; YYYY-MM-DD is wanted, and a map can say date('%d.%m.%Y') for others";
    match text(value)?.as_deref() {
        None | Some("0000-00-00") => Ok(None),
        Some(text) => parse_date(text).map(Some).ok_or(wrong),
    }
}

/// A moment: RFC 3339, or seconds or milliseconds since 1970.
pub(crate) fn moment(value: Option<&Val<'_>>) -> Result<Option<Timestamp>, &'static str> {
    let wrong = "it is not a moment; RFC 3339 is wanted, or seconds or milliseconds since 1970";
    if let Some(Val::Whole(number)) = value {
        let seconds = number.unsigned_abs() < 100_000_000_000;
        let moment =
            if seconds { Timestamp::from_second(*number) } else { Timestamp::from_millisecond(*number) };
        return moment.map(Some).map_err(|_| wrong);
    }
    text(value)?.map(|text| parse_timestamp(&text).ok_or(wrong)).transpose()
}

impl<'a> Draft<'a> {
    /// One that says nothing, with room for so many members.
    pub(crate) fn new(names: &'static Names, empty: &'a Empty, room: usize) -> Self {
        Self {
            names,
            empty,
            id: None,
            occurred_at: None,
            effective_date: None,
            last_working_day: None,
            reason: None,
            timezone: None,
            email: None,
            members: Vec::with_capacity(room),
            wrong: None,
        }
    }

    /// Takes in a member that CloudM takes, from where its value lies.
    #[inline(always)]
    pub(crate) fn member_at(&mut self, member: &'static Member, view: View<'_>) {
        match view.item().and_then(Item::plain) {
            // Nearly everything is a text that stays as it is.
            Some(text) if member.kind == MemberKind::Text && !white(text) => {
                self.members.push((member.into(), text.into()));
            }
            _ => self.member_of(member, Val::of(view)),
        }
    }

    /// The same of a value that was made.
    pub(crate) fn member_of(&mut self, member: &'static Member, value: Val<'_>) {
        let blank = value.blank();
        if blank && self.empty.rule(member.name) == Rule::Keep {
            return;
        }
        // White space is no value; as it stands it would be one to the target.
        let value = if blank && matches!(value, Val::Text(_)) { "".into() } else { value.datum() };
        match member.shape(value) {
            Ok(value) => self.members.push((member.into(), value)),
            Err(wrong) => {
                self.wrong.get_or_insert_with(|| dead(self.names.member, member.name, wrong.to_string()));
            }
        }
    }

    /// The event, if everything is as it has to be. It takes what the draft holds of the profile.
    pub(crate) fn finish(&mut self, kind: EventKind) -> Result<Event, Dead> {
        let names = self.names;
        let event = |name: &'static str| move |problem: &'static str| dead(names.event, name, problem);
        let worker = |name: &'static str| move |problem: &'static str| dead(names.worker, name, problem);
        let id = text(self.id.as_ref())
            .map_err(worker("id"))?
            .ok_or_else(|| dead(names.worker, "id", "the worker id is missing"))?;
        let id = WorkerId::parse(&id).map_err(|wrong| dead(names.worker, "id", wrong.rule))?;
        let timezone = text(self.timezone.as_ref()).map_err(worker("timezone"))?;
        if timezone.as_deref().is_some_and(|name| !is_zone(name)) {
            return Err(dead(names.worker, "timezone", "there is no such zone; an IANA name is wanted"));
        }
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        let profile = Stated::from_iter(take(&mut self.members));
        let mut effective_date = date(self.effective_date.as_ref()).map_err(event("effectiveDate"))?;
        if kind == EventKind::Hire && effective_date.is_none() {
            let hired = match profile.get("hireDate") {
                Some(Datum::Text(day)) => Some(Val::Text(Cow::Borrowed(day))),
                _ => None,
            };
            effective_date = date(hired.as_ref()).map_err(|p| dead(names.member, "hireDate", p))?;
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
            reason: text(self.reason.as_ref()).map_err(event("reason"))?.map(Cow::into_owned),
            worker: Worker {
                id,
                timezone: timezone.map(Cow::into_owned),
                email: text(self.email.as_ref()).map_err(worker("email"))?.map(Cow::into_owned),
                profile,
            },
        })
    }
}

/// Whether a value counts as true: for `when`.
pub(crate) fn holds(value: Option<&Val<'_>>) -> bool {
    match value {
        Some(Val::Text(word)) => {
            !matches!(word.trim().to_ascii_lowercase().as_str(), "" | "false" | "no" | "0")
        }
        Some(value) if value.holds_others() => true,
        Some(value) => value.truth(),
        None => false,
    }
}
