//! What BambooHR sends: two families of payloads, told apart by their shape, in JSON or form encoding.

use serde_json::Value;

use super::form;
use crate::mapping::MOST_RECORDS;
use crate::source::Dead;
use crate::source::canonical::{self, dead};

/// What a delivery says of one employee.
pub(super) enum Said {
    /// Something is different, and not what.
    Different { id: Value },
    /// These are some of the values.
    Values { record: Value },
    /// The record is gone.
    Deleted { id: Value, at: Option<Value> },
    /// Nothing of concern.
    Ignored(&'static str),
    /// Nothing that can be used.
    Dead(Dead),
}

/// Reads a body.
pub(super) fn read(content_type: Option<&str>, body: &[u8]) -> Result<Vec<Said>, Dead> {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let document = if media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        form::read(body)?
    } else {
        canonical::parse(body)?
    };
    match document.get("employees") {
        Some(Value::Array(records)) if records.len() > MOST_RECORDS => {
            Err(dead("employees", "too many records in one delivery"))
        }
        Some(Value::Array(records)) if records.is_empty() => {
            Ok(vec![Said::Ignored("a list without employees")])
        }
        Some(Value::Array(records)) => Ok(records.iter().map(of_record).collect()),
        Some(_) => Err(dead("employees", "it must be a list")),
        None => Ok(vec![of_event(&document)]),
    }
}

/// Field based: one employee of several.
fn of_record(record: &Value) -> Said {
    if !record.is_object() {
        return Said::Dead(dead("employees", "an employee must be a JSON object"));
    }
    match action(record) {
        Some("deleted") => Said::Deleted { id: get(record, "id"), at: record.get("timestamp").cloned() },
        _ => Said::Values { record: record.clone() },
    }
}

/// What is said to have happened to a field-based record, if that is said.
pub(super) fn action(record: &Value) -> Option<&'static str> {
    let action = record.get("action")?.as_str()?;
    ["created", "updated", "deleted"].into_iter().find(|known| action.eq_ignore_ascii_case(known))
}

/// Whether a field-based record carries values.
pub(super) fn has_values(record: &Value) -> bool {
    record.get("fields").and_then(Value::as_object).is_some_and(|fields| !fields.is_empty())
}

/// Event based: one event of one employee.
fn of_event(event: &Value) -> Said {
    let id = || get(event.get("data").unwrap_or(&Value::Null), "employeeId");
    match event.get("type").and_then(Value::as_str) {
        Some("employee.created" | "employee.updated") => Said::Different { id: id() },
        Some("employee.deleted") => Said::Deleted { id: id(), at: event.get("timestamp").cloned() },
        Some(_) => Said::Ignored("a type of event that is of no concern"),
        None => Said::Dead(dead("type", "neither `employees` nor the type of an event is there")),
    }
}

fn get(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}
