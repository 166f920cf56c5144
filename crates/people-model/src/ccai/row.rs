//! One user of a bulk file.

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::int;
use crate::Members;

/// A user as a bulk file holds them: `email`, `first_name` and `last_name` are required, `status` is `Active` or `Inactive`, `roles` and
/// `teams` are lists of `{name, value}`. Keys that the reference does not name (`extension_number`, `alias`) are kept.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Row(pub Members);

impl Row {
    /// The members that the reference names, in its order.
    pub const MEMBERS: [&str; 10] = [
        "email",
        "new_email",
        "agent_number",
        "first_name",
        "last_name",
        "status",
        "location",
        "max_chat_limit",
        "max_chat_limit_enabled",
        "roles",
    ];

    /// A member that is text and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The address by which the user is known.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// The address from now on, where it changes.
    pub fn new_email(&self) -> Option<&str> {
        self.text("new_email")
    }

    /// Whether it takes access away.
    pub fn is_inactive(&self) -> bool {
        self.text("status").is_some_and(|status| status.eq_ignore_ascii_case("inactive"))
    }

    /// Names of `roles` or `teams`, and whether each is set; `None`: neither set nor unset.
    pub fn flags(&self, list: &str) -> Vec<(&str, Option<bool>)> {
        let entries = self.0.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        entries
            .iter()
            .filter_map(|entry| {
                let value = entry.get("value").and_then(|value| match value {
                    Value::Bool(set) => Some(*set),
                    other => int(other).map(|n| n != 0),
                });
                Some((entry.get("name")?.as_str()?, value))
            })
            .collect()
    }

    /// Puts `roles` or `teams`: 1, 0 or, for neither, an empty text.
    pub fn set_flags<'a>(&mut self, list: &str, flags: impl IntoIterator<Item = (&'a str, Option<bool>)>) {
        let entries: Vec<Value> = flags
            .into_iter()
            .map(|(name, value)| match value {
                Some(set) => json!({"name": name, "value": u8::from(set)}),
                None => json!({"name": name, "value": ""}),
            })
            .collect();
        self.0.insert(list.to_owned(), Value::Array(entries));
    }

    /// What is known of the user once this row is applied to what was known before: a new address is the address.
    #[must_use]
    pub fn after(&self, before: Option<&Self>) -> Self {
        let mut members = before.map(|row| row.0.clone()).unwrap_or_default();
        members.extend(self.0.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(new) =
            members.remove("new_email").filter(|new| new.as_str().is_some_and(|new| !new.is_empty()))
        {
            members.insert("email".into(), new);
        }
        Self(members)
    }
}

/// Names members, never values.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Row").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Value) -> Row {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn flags_are_read_as_numbers_or_text_and_unknown_keys_stay() {
        let row = row(json!({"email": "a@b.c", "alias": "x", "extension_number": "7",
            "roles": [{"name": "Agent", "value": 1}, {"name": "Manager", "value": "0"}, {"name": "Admin", "value": ""}]}));
        let flags = [("Agent", Some(true)), ("Manager", Some(false)), ("Admin", None)];
        assert_eq!(row.flags("roles"), flags);
        let mut again = row.clone();
        again.set_flags("roles", flags);
        assert_eq!(again.flags("roles"), flags);
        assert_eq!(again.0["extension_number"], "7");
    }

    #[test]
    fn a_row_on_top_of_another() {
        let before = row(json!({"email": "a@b.c", "status": "Active", "location": "Berlin"}));
        let after =
            row(json!({"email": "a@b.c", "new_email": "z@b.c", "location": "Paris"})).after(Some(&before));
        assert_eq!(after, row(json!({"email": "z@b.c", "status": "Active", "location": "Paris"})));
        assert_eq!(after.after(Some(&before)), after);
    }

    #[test]
    fn debug_names_members_and_shows_no_value() {
        let shown = format!("{:?}", row(json!({"email": "ana@example.com"})));
        assert!(shown.contains("email") && !shown.contains("ana"), "{shown}");
    }
}
