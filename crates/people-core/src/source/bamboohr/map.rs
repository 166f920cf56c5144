//! What a record of BambooHR means. It is a state, not an event: an active person is hired, and leaves on the termination date or not
//! at all. To say so again about somebody who is here already is harmless.

use std::borrow::Cow;
use std::collections::BTreeSet;

use people_model::time::{Timestamp, civil::Date, zone};
use people_model::{Event, EventKind, Stated, Worker, WorkerId};

use crate::json::{Fields, Item, Name, Record, View};
use crate::mapping::draft::{date, text};
use crate::mapping::value::Val;
use crate::mapping::{MapConfig, Mapping, Texts};
use crate::source::canonical::dead;
use crate::source::config::{ConfigProblem, Deleted, SourceConfig};
use crate::source::{Dead, Piece};

/// The map of a source that has none. `plain` holds every field by its name in small letters without spaces, so that the API's
/// `firstName` and the display name `First Name` are one; a customer who has renamed or translated fields needs a map.
const MAP_TOML: &str = r#"
id = "id"
email = "plain.workemail"
[fields]
givenName = "plain.firstname"
familyName = "plain.lastname"
preferredName = "plain.preferredname"
title = "plain.jobtitle"
department = "plain.department"
manager = "plain.supervisoreid"
locations = "[{'area': plain.location}] if plain.location"
phoneNumbers = [
  "[{'type': 'MOBILE', 'value': plain.mobilephone}, {'type': 'WORK', 'value': plain.workphone}] if plain.mobilephone and plain.workphone",
  "[{'type': 'MOBILE', 'value': plain.mobilephone}] if plain.mobilephone",
  "[{'type': 'WORK', 'value': plain.workphone}] if plain.workphone",
]
"#;

/// Reads records.
pub(super) struct Facts {
    mapping: Mapping,
    /// The fields that are read by their names in small letters without spaces: [`STATE`], then those of the map.
    fields: Fields,
    zone: Option<String>,
}

impl Facts {
    pub(super) fn new(config: &SourceConfig) -> Result<Self, ConfigProblem> {
        let mut map = match &config.map {
            Some(map) => map.clone(),
            None => crate::toml::from_str::<MapConfig>(MAP_TOML)
                .map_err(|_| ConfigProblem::new("map", "the built-in map cannot be read"))?,
        };
        map.id.get_or_insert_with(|| Texts(vec!["id".to_owned()]));
        if map.each.is_some() {
            return Err(ConfigProblem::new("map.each", "the records of this kind are known; remove it"));
        }
        if map.kind.is_none() && (map.effective_date.is_some() || !map.types.is_empty()) {
            return Err(ConfigProblem::new(
                "map.type",
                "with `effectiveDate` or `types` it has to be said what has happened; add `type`, or remove the others",
            ));
        }
        let mut fields = Fields::default();
        for name in STATE {
            fields.place(&Name::of(name));
        }
        let mapping = Mapping::compile_wide(&map, &config.lookup, &config.empty, &mut fields)?;
        Ok(Self { mapping, fields, zone: config.timezone.clone() })
    }

    /// The fields that the map reads, by their names in the API.
    pub(super) fn roots(&self) -> BTreeSet<String> {
        let ours = ["plain", "values", "fields", "this", "document", "action", "timestamp", "changedFields"];
        self.mapping.roots().into_iter().filter(|name| !ours.contains(&name.as_str())).collect()
    }

    /// What a record says that was true at `as_of`.
    pub(super) fn pieces(
        &self,
        record: Item<'_>,
        occurred: Option<Timestamp>,
        as_of: Timestamp,
        each: &mut dyn FnMut(Piece),
    ) {
        Record::show(record, &self.fields, |record| {
            let wide = View::Wide(record);
            if self.mapping.tells_type() {
                each(self.mapping.piece(wide, wide));
            } else if let Err(dead) = self.told(record, occurred, as_of, each) {
                each(Piece::Dead(dead));
            }
        });
    }

    fn told(
        &self,
        record: &Record<'_>,
        occurred: Option<Timestamp>,
        as_of: Timestamp,
        each: &mut dyn FnMut(Piece),
    ) -> Result<(), Dead> {
        let mut draft = self.mapping.draft();
        if !self.mapping.read_into(View::Wide(record), &mut draft)? {
            each(Piece::Ignored("the map's `when` does not hold"));
            return Ok(());
        }
        let state = State::read(record)?;
        let facts = state.facts(|| self.day(as_of));
        draft.effective_date = None;
        // What is wrong with one of the facts is wrong with all.
        let mut event = draft.finish(EventKind::Change)?;
        event.occurred_at = event.occurred_at.or(occurred);
        let mut tell = |fact: Fact, mut event: Event| {
            (event.kind, event.effective_date) = fact;
            each(Piece::Event(event));
        };
        match facts {
            (only, None) => tell(only, event),
            (first, Some(second)) => {
                tell(first, event.clone());
                tell(second, event);
            }
        }
        Ok(())
    }

    /// That a record is gone.
    pub(super) fn gone(
        &self,
        id: WorkerId,
        occurred_at: Option<Timestamp>,
        as_of: Timestamp,
        means: Deleted,
    ) -> Event {
        Event {
            kind: EventKind::Leave,
            occurred_at,
            effective_date: Some(self.day(as_of)),
            last_working_day: None,
            reason: (means != Deleted::Leave).then(|| Event::DELETED.to_owned()),
            worker: Worker { id, timezone: None, email: None, profile: Stated::default() },
        }
    }

    /// The calendar day of a moment in the source's zone.
    fn day(&self, at: Timestamp) -> Date {
        let zone = self.zone.as_deref().and_then(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        at.to_zoned(zone).date()
    }
}

/// The fields that say whether somebody works here.
const STATE: [&str; 5] =
    ["status", "employmenthistorystatus", "employmentstatus", "hiredate", "terminationdate"];

/// What has happened, and its date.
type Fact = (EventKind, Option<Date>);

/// What a record says of someone's employment.
struct State {
    /// `Some(true)`: works here; `Some(false)`: does not; `None`: the record does not say.
    active: Option<bool>,
    hired: Option<Date>,
    terminated: Option<Date>,
    /// Whether the record has a termination date, be it an empty one.
    says_terminated: bool,
}

impl State {
    fn read<'a>(record: &Record<'a>) -> Result<Self, Dead> {
        let found: [_; STATE.len()] = std::array::from_fn(|place| record.field(place as u8).map(Val::of));
        let [status, history, employment, hired, terminated] = &found;
        let word = |word: &Option<Val<'a>>| text(word.as_ref()).ok().flatten();
        let is = |word: &Option<Cow<'_, str>>, wanted: &str| {
            word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case(wanted))
        };
        let day = |value: &Option<Val<'_>>, shown: &str| {
            date(value.as_ref()).map_err(|problem| dead(shown, problem))
        };
        let status = word(status);
        let ended = is(&status, "inactive") || is(&word(history).or_else(|| word(employment)), "terminated");
        let active = is(&status, "active");
        Ok(Self {
            active: if ended { Some(false) } else { active.then_some(true) },
            hired: day(hired, "hireDate")?,
            terminated: day(terminated, "terminationDate")?,
            says_terminated: terminated.is_some(),
        })
    }

    /// The facts, each with its date.
    fn facts(&self, today: impl Fn() -> Date) -> (Fact, Option<Fact>) {
        use EventKind::{Change, Hire, Leave, LeaveCancelled};
        let arrives = (if self.hired.is_some() { Hire } else { Change }, self.hired);
        // Who was hired after a termination was hired again.
        let ends = self
            .terminated
            .filter(|end| self.active == Some(false) || self.hired.is_none_or(|day| day <= *end));
        match (self.active, ends) {
            // Inactive without an end, and not yet begun: a future hire.
            (Some(false), None) if self.hired.is_some_and(|day| day > today()) => (arrives, None),
            (Some(false), None) => ((Leave, Some(today())), None),
            (Some(false), Some(end)) if self.hired.is_some_and(|day| day > today() && day > end) => {
                (arrives, None)
            }
            (Some(false), Some(end)) => ((Leave, Some(end)), None),
            (_, Some(end)) => (arrives, Some((Leave, Some(end)))),
            (Some(true), None) if self.says_terminated => (arrives, Some((LeaveCancelled, None))),
            (_, None) => (arrives, None),
        }
    }
}
