//! Field-based payloads in form encoding, brought into the shape of their JSON.
//!
//! Keys look like `employees[7][changedFields][0]=First Name` and `employees[7][First Name]=Robert`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::mapping::MOST_RECORDS;
use crate::source::Dead;
use crate::source::canonical::dead;

/// More pairs than this are not read.
const MOST_PAIRS: usize = 200_000;

/// Reads a form as `{"employees": [{"id", "changedFields", "fields": {name: {"value"}}}]}`, in the order of the form.
pub(super) fn read(body: &[u8]) -> Result<Value, Dead> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut employees: Vec<Value> = Vec::new();
    for (count, (key, value)) in form_urlencoded::parse(body).enumerate() {
        if count >= MOST_PAIRS || employees.len() > MOST_RECORDS {
            return Err(dead("body", "too many pairs in one form"));
        }
        let Some((id, name)) = split(&key) else { continue };
        let place = *places.entry(id.to_owned()).or_insert_with(|| {
            employees.push(json!({"id": id, "changedFields": [], "fields": {}}));
            employees.len() - 1
        });
        if let Some(employee) = employees.get_mut(place) {
            put(employee, name, value.into_owned());
        }
    }
    if employees.is_empty() {
        return Err(dead("body", "the form holds no keys such as employees[7][First Name]"));
    }
    Ok(json!({ "employees": employees }))
}

/// The employee's id and the rest of the key, without its outer brackets.
fn split(key: &str) -> Option<(&str, &str)> {
    let (id, rest) = key.strip_prefix("employees[")?.split_once(']')?;
    Some((id, rest.strip_prefix('[')?.strip_suffix(']')?))
}

fn put(employee: &mut Value, name: &str, value: String) {
    if name == "changedFields" || name.starts_with("changedFields][") {
        if let Some(names) = employee.get_mut("changedFields").and_then(Value::as_array_mut) {
            names.push(value.into());
        }
    } else if let "action" | "timestamp" = name {
        if let Some(members) = employee.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    } else if let Some(fields) = employee.get_mut("fields").and_then(Value::as_object_mut) {
        let inner = name.strip_prefix("fields][").unwrap_or(name);
        let inner = inner.strip_suffix("][value").unwrap_or(inner);
        fields.insert(inner.to_owned(), json!({ "value": value }));
    }
}
