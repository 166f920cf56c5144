//! The canonical event as it comes over the wire, and how a body of JSON is read. Shared by the kinds that have no words of their own.

#[cfg(test)]
mod tests;

use people_model::EventKind;
use people_model::cloudm::member;

use super::config::{ConfigProblem, Empty, SourceConfig};
use super::{Dead, Piece};
use crate::json::{Elements, Item, Kind, NotJson, Tape, View};
use crate::mapping::draft::{CANONICAL, Draft};
use crate::mapping::value::Val;
use crate::mapping::{MOST_RECORDS, Mapping};

/// What an envelope holds, if it is one.
pub(super) type Inner = for<'a> fn(Item<'a>) -> Option<Item<'a>>;

/// What takes a document apart: the map of the configuration, or the canonical form.
pub(super) enum Reader {
    /// By a map.
    Mapped(Box<Mapping>),
    /// As canonical events, with the rules for `null` and `""`.
    Canonical(Empty),
}

impl Reader {
    /// The reader of a source.
    pub(super) fn new(config: &SourceConfig) -> Result<Self, ConfigProblem> {
        let Some(map) = &config.map else { return Ok(Self::Canonical(config.empty.clone())) };
        let mapping = Mapping::compile(map, &config.lookup, &config.empty)?;
        if !mapping.tells_type() {
            return Err(ConfigProblem::new(
                "map.type",
                "say where the type of event stands, such as type = \"event_type\", or name one: type = \"'change'\"",
            ));
        }
        Ok(Self::Mapped(Box::new(mapping)))
    }

    /// What a body says. `inner` is the canonical event that an envelope holds; a map sees the body as it is.
    pub(super) fn read(&self, body: &[u8], inner: Inner, each: &mut dyn FnMut(Piece)) {
        match self {
            Self::Mapped(mapping) => mapping.read(body, each),
            Self::Canonical(empty) => {
                if let Err(dead) = read(body, inner, empty, each) {
                    each(Piece::Dead(dead));
                }
            }
        }
    }
}

/// That a body is no JSON.
pub(crate) fn not_json(_: NotJson) -> Dead {
    dead("body", "it is not JSON")
}

/// That a rule is broken.
pub(super) fn dead(rule: &str, problem: &str) -> Dead {
    Dead { rule: rule.to_owned(), problem: problem.to_owned() }
}

/// Takes a body of canonical events apart: one, a list of them, or a list under `events`.
fn read(body: &[u8], inner: Inner, empty: &Empty, each: &mut dyn FnMut(Piece)) -> Result<(), Dead> {
    let too_many = || dead("events", "too many events in one delivery");
    for path in [&[][..], &["events"]] {
        if let Some(events) = Elements::of_long(body, path).map_err(not_json)? {
            let read = |event: Item<'_>| each(piece(event, None, empty));
            return events.each(MOST_RECORDS, read).map_err(|_| too_many());
        }
    }
    let tape = Tape::read(body).map_err(not_json)?;
    let Some(document) = tape.root() else { return Ok(()) };
    let list = Some(document).filter(|whole| whole.kind() == Kind::List);
    let list = list.or_else(|| document.get("events").filter(|events| events.kind() == Kind::List));
    let Some(list) = list else {
        each(match inner(document) {
            Some(event) => piece(event, Some(document), empty),
            None => piece(document, None, empty),
        });
        return Ok(());
    };
    match list.length() {
        Some(length) if length > MOST_RECORDS => return Err(too_many()),
        Some(0) => each(Piece::Ignored("a list without events")),
        _ => list.items().for_each(|event| each(piece(event, None, empty))),
    }
    Ok(())
}

/// An item as a value of a draft.
pub(super) fn val(item: Item<'_>) -> Val<'_> {
    Val::of(View::Plain(item))
}

/// What one canonical event says. What it does not say itself, its type and moment, the envelope says.
fn piece(event: Item<'_>, envelope: Option<Item<'_>>, empty: &Empty) -> Piece {
    if !event.is_object() {
        return Piece::Dead(dead("body", "an event must be a JSON object"));
    }
    let or = |own: &str, theirs: &str| event.get(own).or_else(|| envelope?.get(theirs));
    let kind = or("type", "type");
    let kind = match kind.map(|kind| (kind.kind(), kind.text())) {
        Some((_, Some(name))) => name,
        None | Some((Kind::Null, _)) => return Piece::Dead(dead("type", "the type of event is missing")),
        Some(_) => return Piece::Dead(dead("type", "it must be a text")),
    };
    let Some(kind) = EventKind::parse(&kind) else {
        return Piece::Ignored("a type of event that is of no concern");
    };
    let worker = match event.get("worker") {
        Some(worker) if worker.is_object() => worker,
        Some(_) => return Piece::Dead(dead("worker", "it must be a JSON object")),
        None => {
            return Piece::Dead(dead(
                "worker",
                "it is missing; if these are no canonical events, add [source.map]",
            ));
        }
    };
    let own = |name: &str| event.get(name).map(val);
    let mut draft = Draft::new(&CANONICAL, empty, 0);
    draft.occurred_at = or("occurredAt", "timestamp").map(val);
    draft.effective_date = own("effectiveDate");
    draft.last_working_day = own("lastWorkingDay");
    draft.reason = own("reason");
    for (name, value) in worker.members() {
        let Some(name) = name.text() else { continue };
        match &*name {
            "id" => draft.id = Some(val(value)),
            "timezone" => draft.timezone = Some(val(value)),
            "email" => draft.email = Some(val(value)),
            // A password in an event would be stored with it; it is left out, as everything that CloudM does not take.
            "password" => {}
            name => {
                if let Some(member) = member(name).filter(|member| member.writable) {
                    draft.member_at(member, View::Plain(value));
                }
            }
        }
    }
    draft.finish(kind).map_or_else(Piece::Dead, Piece::Event)
}
