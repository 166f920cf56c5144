//! The canonical event as it comes over the wire, and how a body of JSON is read. Shared by the kinds that have no words of their own.

#[cfg(test)]
mod tests;

use people_model::EventKind;
use serde_json::Value;

use super::config::{ConfigProblem, Empty, SourceConfig};
use super::{Dead, Piece};
use crate::mapping::draft::{CANONICAL, Draft};
use crate::mapping::{MOST_RECORDS, Mapping};

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

    /// What a document says.
    pub(super) fn pieces(&self, document: &Value) -> Vec<Piece> {
        match self {
            Self::Mapped(mapping) => mapping.pieces(document),
            Self::Canonical(empty) => pieces(document, empty),
        }
    }
}

/// Reads a body as JSON; a byte order mark is passed over.
pub(super) fn parse(body: &[u8]) -> Result<Value, Dead> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).map_err(|_| dead("body", "it is not JSON"))
}

/// That a rule is broken.
pub(super) fn dead(rule: &str, problem: &str) -> Dead {
    Dead { rule: rule.to_owned(), problem: problem.to_owned() }
}

/// Takes a document of canonical events apart: one, a list of them, or a list under `events`.
pub(crate) fn pieces(document: &Value, empty: &Empty) -> Vec<Piece> {
    let list = document.as_array().or_else(|| document.get("events").and_then(Value::as_array));
    match list {
        None => vec![piece(document, empty)],
        Some(events) if events.len() > MOST_RECORDS => {
            vec![Piece::Dead(dead("events", "too many events in one delivery"))]
        }
        Some(events) if events.is_empty() => vec![Piece::Ignored("a list without events")],
        Some(events) => events.iter().map(|event| piece(event, empty)).collect(),
    }
}

/// What one canonical event says.
fn piece(event: &Value, empty: &Empty) -> Piece {
    if !event.is_object() {
        return Piece::Dead(dead("body", "an event must be a JSON object"));
    }
    let kind = match event.get("type") {
        Some(Value::String(name)) => name,
        None | Some(Value::Null) => return Piece::Dead(dead("type", "the type of event is missing")),
        Some(_) => return Piece::Dead(dead("type", "it must be a text")),
    };
    let Some(kind) = EventKind::parse(kind) else {
        return Piece::Ignored("a type of event that is of no concern");
    };
    let worker = match event.get("worker") {
        Some(Value::Object(worker)) => worker,
        Some(_) => return Piece::Dead(dead("worker", "it must be a JSON object")),
        None => {
            return Piece::Dead(dead(
                "worker",
                "it is missing; if these are no canonical events, add [source.map]",
            ));
        }
    };
    let own = |name: &str| event.get(name).cloned();
    let of = |name: &str| worker.get(name).cloned();
    // A password in an event would be stored with it; it is left out, as everything that CloudM does not take.
    let known = |name: &str| !matches!(name, "id" | "email" | "timezone" | "password");
    let draft = Draft {
        id: of("id"),
        occurred_at: own("occurredAt"),
        effective_date: own("effectiveDate"),
        last_working_day: own("lastWorkingDay"),
        reason: own("reason"),
        timezone: of("timezone"),
        email: of("email"),
        members: worker.iter().filter(|(name, _)| known(name)).map(|(n, v)| (n.clone(), v.clone())).collect(),
    };
    draft.finish(kind, CANONICAL, empty).map_or_else(Piece::Dead, Piece::Event)
}
