//! A change of a profile: absent, `null` and `""` told apart.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::profile::{Member, MemberKind, member};
use crate::{Datum, Members};

/// Only the members to change. A member that is not here is left alone; `null` and `""` both clear, and are sent as they are.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Patch(pub Members);

/// Why a value cannot be a profile member. Names the member, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAMember {
    /// No such member is documented; CloudM would ignore it silently.
    #[error("`{0}` is not a member of a CloudM profile")]
    Unknown(String),
    /// CloudM sets it; a client may not.
    #[error("`{0}` is set by CloudM and cannot be sent")]
    ReadOnly(&'static str),
    /// The value has the wrong JSON type.
    #[error("`{member}` must be {expected}")]
    Type {
        /// The member.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// [`Member::shape`] of the member of this name.
///
/// # Errors
/// As there, and where the member is not documented.
pub fn shape(name: &str, value: Value) -> Result<Value, NotAMember> {
    let member = member(name).ok_or_else(|| NotAMember::Unknown(name.to_owned()))?;
    member.shape(value.into()).map(Value::from)
}

impl Member {
    /// Brings a value into the shape that the member has on the wire: numbers become text where text is asked for, a single value a
    /// list where a list is asked for. `null` stays `null`.
    ///
    /// # Errors
    /// Where the member is CloudM's own, or the value has another JSON type.
    pub fn shape(&self, value: Datum) -> Result<Datum, NotAMember> {
        if !self.writable {
            return Err(NotAMember::ReadOnly(self.name));
        }
        let wrong = |expected| NotAMember::Type { member: self.name, expected };
        let text = |value: &Datum| match value {
            Datum::Text(text) => Some(Datum::Text(text.clone())),
            Datum::Number(number) => Some(number.to_string().into()),
            _ => None,
        };
        match (self.kind, value) {
            (_, Datum::Null) => Ok(Datum::Null),
            (MemberKind::Text, value) => text(&value).ok_or_else(|| wrong("a string")),
            (MemberKind::Flag, Datum::Flag(flag)) => Ok(Datum::Flag(flag)),
            (MemberKind::Flag, Datum::Text(word)) => match word.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Ok(Datum::Flag(true)),
                "false" | "no" | "0" => Ok(Datum::Flag(false)),
                "" => Ok(Datum::Null),
                _ => Err(wrong("true or false")),
            },
            (MemberKind::Flag, _) => Err(wrong("true or false")),
            (MemberKind::Texts, Datum::List(items)) => {
                let items = items.iter().map(text).collect::<Option<_>>();
                items.map(Datum::List).ok_or_else(|| wrong("a list of strings"))
            }
            (MemberKind::Texts, value) => {
                text(&value).map(|one| [one].into_iter().collect()).ok_or_else(|| wrong("a list of strings"))
            }
            (MemberKind::Objects, Datum::List(items))
                if items.iter().all(|item| matches!(item, Datum::Object(_))) =>
            {
                Ok(Datum::List(items))
            }
            (MemberKind::Objects, one @ Datum::Object(_)) => Ok([one].into_iter().collect()),
            (MemberKind::Objects, _) => Err(wrong("a list of objects")),
        }
    }
}

/// Whether two values of a member mean the same. On read, absent, `null`, `""`, `false`, `[]` and `{}` are the same (the
/// serving framework drops deeply empty collections).
pub fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    // Mostly they are equal as they stand.
    a == b || alike(a, b)
}

/// Whether two values mean the same that are not equal.
fn alike(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a.filter(|v| !is_empty(v)), b.filter(|v| !is_empty(v))) {
        (None, None) => true,
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(Some(a), Some(b)))
        }
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            a.keys().chain(b.keys()).all(|key| same(a.get(key), b.get(key)))
        }
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

impl Patch {
    /// The smallest patch that makes `seen` agree with `wanted`, looking at the members of `wanted` only.
    pub fn between<'a>(seen: &Members, wanted: impl IntoIterator<Item = (&'a str, Cow<'a, Value>)>) -> Self {
        let differs = |(name, value): &(&str, Cow<'_, Value>)| !same(seen.get(*name), Some(value));
        // One by one: there are few, and a map that is collected sorts them first.
        let mut patch = Members::new();
        for (name, value) in wanted.into_iter().filter(differs) {
            patch.insert(name.to_owned(), value.into_owned());
        }
        Self(patch)
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of the members that change.
    pub fn members(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patch").field(&self.members()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        value.as_object().unwrap().clone()
    }

    fn between(seen: &Members, wanted: &Members) -> Members {
        Patch::between(seen, wanted.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value)))).0
    }

    #[test]
    fn a_patch_holds_the_difference_and_nothing_else() {
        let seen = members(json!({"title": "Clerk", "department": "Sales", "manager": "", "aliases": []}));
        let wanted =
            members(json!({"title": "Head", "department": "Sales", "manager": null, "hidden": false}));
        assert_eq!(between(&seen, &wanted), members(json!({"title": "Head"})));
    }

    #[test]
    fn clearing_is_a_change_where_something_was() {
        let seen = members(json!({"title": "Clerk", "department": "Sales"}));
        let wanted = members(json!({"title": "", "department": null}));
        assert_eq!(between(&seen, &wanted), wanted);
    }

    #[test]
    fn values_take_the_shape_of_their_member() {
        assert_eq!(shape("employeeId", json!(41)).unwrap(), json!("41"));
        assert_eq!(shape("aliases", json!("a@b.c")).unwrap(), json!(["a@b.c"]));
        assert_eq!(shape("hidden", json!("Yes")).unwrap(), json!(true));
        assert_eq!(shape("title", json!(["a"])).unwrap_err().to_string(), "`title` must be a string");
        assert!(matches!(shape("tittle", json!("a")), Err(NotAMember::Unknown(_))));
        assert!(matches!(shape("workflowId", json!("a")), Err(NotAMember::ReadOnly("workflowId"))));
    }
}
