//! What BambooHR sends: two families of payloads, told apart by their shape, in JSON or form encoding.

use super::form;
use crate::json::{Elements, Item, Tape};
use crate::mapping::MOST_RECORDS;
use crate::source::Dead;
use crate::source::canonical::{dead, not_json};

/// What a delivery says of one employee.
#[derive(Clone, Copy)]
pub(super) enum Said<'a> {
    /// Something is different, and not what.
    Different { id: Option<Item<'a>> },
    /// These are some of the values, if there are any; `created`: the record is new.
    Values { record: Item<'a>, id: Option<Item<'a>>, at: Option<Item<'a>>, some: bool, created: bool },
    /// The record is gone.
    Deleted { id: Option<Item<'a>>, at: Option<Item<'a>> },
    /// Nothing of concern.
    Ignored(&'static str),
    /// Nothing that can be used: the rule and the problem.
    Dead(&'static str, &'static str),
}

/// Reads a body, one employee at a time.
pub(super) fn read(
    content_type: Option<&str>,
    body: &[u8],
    each: &mut dyn FnMut(Said<'_>),
) -> Result<(), Dead> {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return json(form::read(body)?.to_string().as_bytes(), each);
    }
    json(body, each)
}

fn json(body: &[u8], each: &mut dyn FnMut(Said<'_>)) -> Result<(), Dead> {
    let too_many = || dead("employees", "too many records in one delivery");
    if let Some(records) = Elements::of_long(body, &["employees"]).map_err(not_json)? {
        return records.each(MOST_RECORDS, |record| each(of_record(record))).map_err(|_| too_many());
    }
    let tape = Tape::read(body).map_err(not_json)?;
    let Some(document) = tape.root() else { return Ok(()) };
    let Some(list) = document.get("employees") else {
        each(of_event(document));
        return Ok(());
    };
    match list.length() {
        Some(length) if length > MOST_RECORDS => return Err(too_many()),
        Some(0) => each(Said::Ignored("a list without employees")),
        Some(_) => list.items().for_each(|record| each(of_record(record))),
        None => return Err(dead("employees", "it must be a list")),
    }
    Ok(())
}

/// Field based: one employee of several.
fn of_record(record: Item<'_>) -> Said<'_> {
    if !record.is_object() {
        return Said::Dead("employees", "an employee must be a JSON object");
    }
    let [id, at, action, fields] = record.pick(["id", "timestamp", "action", "fields"]);
    let action = action.and_then(Item::text).unwrap_or_default();
    if action.eq_ignore_ascii_case("deleted") {
        return Said::Deleted { id, at };
    }
    let some = fields.is_some_and(|fields| fields.members().next().is_some());
    Said::Values { record, id, at, some, created: action.eq_ignore_ascii_case("created") }
}

/// Event based: one event of one employee.
fn of_event(event: Item<'_>) -> Said<'_> {
    let id = event.get("data").and_then(|data| data.get("employeeId"));
    match event.get("type").and_then(Item::text).as_deref() {
        Some("employee.created" | "employee.updated") => Said::Different { id },
        Some("employee.deleted") => Said::Deleted { id, at: event.get("timestamp") },
        Some(_) => Said::Ignored("a type of event that is of no concern"),
        None => Said::Dead("type", "neither `employees` nor the type of an event is there"),
    }
}
