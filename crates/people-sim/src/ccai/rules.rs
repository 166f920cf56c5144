//! What is wrong with rows: of a file before it is applied, and of a row when it is.

use std::collections::{BTreeMap, BTreeSet};

use people_model::Members;
use serde_json::{Value, json};

use super::{Agent, CcaiOptions};
use crate::http::text_of;

/// The columns, in the order in which errors count them.
const COLUMNS: [&str; 10] = [
    "email",
    "new_email",
    "agent_number",
    "first_name",
    "last_name",
    "status",
    "location",
    "max_chat_limit",
    "roles",
    "teams",
];

/// The template: a user who holds every role and team.
pub(super) fn sample(options: &CcaiOptions) -> Value {
    let all =
        |names: &[String]| names.iter().map(|name| json!({"name": name, "value": 1})).collect::<Vec<_>>();
    json!({"email": "sample@example.com", "new_email": "", "agent_number": "", "first_name": "Sample",
        "last_name": "User", "status": "Active", "location": options.locations.first(), "max_chat_limit": "5",
        "max_chat_limit_enabled": "1", "roles": all(&options.roles), "teams": all(&options.teams),
        "extension_number": "1001", "alias": "sample"})
}

/// An error of a row; `place` counts from 0.
pub(super) fn error(
    options: &CcaiOptions,
    place: Option<usize>,
    column: &str,
    text: &str,
    kind: &str,
    value: &str,
) -> Value {
    let number = |n: usize| i64::try_from(n).unwrap_or(0) + options.row_base;
    let column = COLUMNS.iter().position(|name| *name == column).map(number);
    let message = if options.telling { format!("{text}: '{value}'") } else { text.to_owned() };
    let mut error = json!({"message": message, "column": column, "row": place.map(number)});
    if let (Some(members), false) = (error.as_object_mut(), kind.is_empty()) {
        members.insert("error_type".to_owned(), kind.into());
    }
    error
}

/// What makes a file invalid.
pub(super) fn scheme(options: &CcaiOptions, rows: &[Value]) -> Vec<Value> {
    let mut errors = Vec::new();
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let empty = Members::new();
        let members = row.as_object().unwrap_or(&empty);
        let mut wrong = |column: &str, text: &str, value: &str| {
            errors.push(error(options, Some(place), column, text, "", value));
        };
        for column in ["email", "new_email"] {
            let text = text_of(members, column).unwrap_or_default();
            if text.is_empty() && column == "new_email" {
                continue;
            }
            if text.split('@').filter(|part| !part.is_empty()).count() != 2 || text.contains(' ') {
                wrong(column, "Email is invalid", text);
            } else if !seen.entry(column).or_default().insert(text.to_lowercase()) {
                wrong(column, "Email must be unique in the file", text);
            }
        }
        for column in ["first_name", "last_name"] {
            if text_of(members, column).unwrap_or_default().trim().is_empty() {
                wrong(column, "Name cannot be empty", "");
            }
        }
        let status = text_of(members, "status").unwrap_or_default();
        if !["", "Active", "Inactive"].contains(&status) {
            wrong("status", "Status must be Active or Inactive", status);
        }
        for (list, known) in [("roles", &options.roles), ("teams", &options.teams)] {
            for flag in members.get(list).and_then(Value::as_array).into_iter().flatten() {
                let name = flag.get("name").and_then(Value::as_str).unwrap_or_default();
                if !known.iter().any(|known| known == name) {
                    wrong(
                        list,
                        if list == "roles" { "Role does not exist" } else { "Team does not exist" },
                        name,
                    );
                }
                let value = flag.get("value").map(Value::to_string).unwrap_or_default();
                if !["0", "1", "", "null"].contains(&value.trim_matches('"')) {
                    wrong(list, "must be 0 or 1", name);
                }
            }
        }
    }
    errors
}

/// Applies a row. `Err`: it was not applied; the error. `Ok(Some)`: a remark.
pub(super) fn apply(
    options: &CcaiOptions,
    agents: &mut BTreeMap<String, Agent>,
    place: usize,
    row: &Value,
) -> Result<Option<Value>, Value> {
    let empty = Members::new();
    let members = row.as_object().unwrap_or(&empty);
    let email = text_of(members, "email").unwrap_or_default().to_lowercase();
    let location = text_of(members, "location").unwrap_or_default();
    let wrong = |column, text, value| Err(error(options, Some(place), column, text, "error", value));
    if !location.is_empty() && !options.locations.iter().any(|known| known.eq_ignore_ascii_case(location)) {
        return wrong("location", "Location does not exist", location);
    }
    let new = text_of(members, "new_email").unwrap_or_default().to_lowercase();
    if !new.is_empty() && new != email && agents.contains_key(&new) {
        return wrong("new_email", "Email has already been taken", &new);
    }
    let mut agent = agents.remove(&email).unwrap_or_default();
    for (name, value) in members.iter().filter(|(name, _)| *name != "new_email") {
        agent.members.insert(name.clone(), value.clone());
    }
    agent.applied += 1;
    let key = if new.is_empty() { email } else { new };
    agent.members.insert("email".to_owned(), key.clone().into());
    agents.insert(key, agent);
    let limit = members.get("max_chat_limit").map(|limit| limit.to_string()).unwrap_or_default();
    let large = limit.trim_matches('"').parse::<u32>().is_ok_and(|limit| limit > 100);
    Ok(large.then(|| {
        error(options, Some(place), "max_chat_limit", "limit is greater than maximum", "warning", &limit)
    }))
}
