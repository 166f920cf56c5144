//! What a resource looks like on the wire. There are two styles: elements with attributes of their own (users, nicknames, e-mail lists,
//! recipients), and pairs of `apps:property` (everything else).

use serde_json::Value as Json;

use super::xml::{Element, Node};
use super::{APPS, ATOM, GD};
use crate::Members;

/// How a value is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A password or its digest: in requests only, never shown.
    Secret,
}

/// Where a value stands in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In an `apps:property` of the member's name.
    Property,
    /// In an attribute of an element.
    In {
        /// The element's namespace.
        namespace: &'static str,
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
}

/// A member of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, here and (in the property style) on the wire.
    pub name: &'static str,
    /// How it is read.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A kind of resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name in one word, such as `user`.
    pub name: &'static str,
    /// The fragment of its category: recorded servers send one for the typed style only, and accept any.
    pub term: Option<&'static str>,
    /// The member that names one of them.
    pub key: &'static str,
    /// Its members.
    pub fields: &'static [Field],
}

/// Why members are not the resource that they should be. Names the member, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not an entry.
    #[error("not an Atom entry with what a {0} has")]
    Entry(&'static str),
    /// A member is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// There is no such member.
    #[error("a {kind} has no `{member}`")]
    Unknown {
        /// The kind.
        kind: &'static str,
        /// The member.
        member: String,
    },
    /// A value has the wrong type, or is too long.
    #[error("`{member}` must be {expected}")]
    Value {
        /// The member.
        member: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl Shape {
    /// The member of this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Reads an entry's members. Values that are not of their member's type stay text; properties and attributes that are not known are kept
    /// (attributes as `element@attribute`).
    ///
    /// # Errors
    /// Where it is not an Atom entry, or names nothing of this kind.
    pub fn read(&self, entry: &Element) -> Result<Members, Unusable> {
        if !entry.name.is(ATOM, "entry") {
            return Err(Unusable::Entry(self.name));
        }
        let mut members = Members::new();
        for element in entry.elements() {
            if element.name.is(APPS, "property") {
                let pair = element.attribute("name").zip(element.attribute("value"));
                if let Some((name, value)) = pair.filter(|_| !self.typed()) {
                    let field = self.field(name);
                    members
                        .insert(name.to_owned(), json(field.map_or(Value::Text, |field| field.value), value));
                }
                continue;
            }
            let here = |field: &Field, name: &str| match field.place {
                Place::In { namespace, element: local, attribute } => {
                    element.name.is(namespace, local) && attribute == name
                }
                Place::Property => false,
            };
            if !self.fields.iter().any(|field| self.stands_in(field, element)) {
                continue;
            }
            for (name, value) in element.attributes.iter().filter(|(name, _)| name.namespace.is_empty()) {
                match self.fields.iter().find(|field| here(field, &name.local)) {
                    Some(field) => members.insert(field.name.to_owned(), json(field.value, value)),
                    None => {
                        let name = format!("{}@{}", element.name.local, name.local);
                        members.insert(name, Json::String(value.clone()))
                    }
                };
            }
        }
        match self.fields.iter().any(|field| members.contains_key(field.name)) {
            true => Ok(members),
            false => Err(Unusable::Entry(self.name)),
        }
    }

    /// The entry that says these members, and nothing else: as a client sends it.
    ///
    /// # Errors
    /// Where a member is not known or has the wrong type.
    pub fn entry(&self, members: &Members) -> Result<Element, Unusable> {
        let mut entry = Element::new(ATOM, "entry");
        if let Some(term) = self.term {
            entry = entry.child(category(term));
        }
        // In the order of the table; what it does not know comes last.
        for field in self.fields {
            let Some(value) = members.get(field.name) else { continue };
            let Some(text) = text(field.name, field.value, value)? else { continue };
            match field.place {
                Place::Property => entry = entry.child(property(field.name, text)),
                Place::In { namespace, element, attribute } => {
                    entry.upsert(namespace, element, |element| element.set(attribute, text));
                }
            }
        }
        for (name, value) in members.iter().filter(|(name, _)| self.field(name).is_none()) {
            let Some(text) = text(name, Value::Text, value)? else { continue };
            if !self.typed() {
                entry = entry.child(property(name, text));
                continue;
            }
            let unknown = || Unusable::Unknown { kind: self.name, member: name.clone() };
            let (local, attribute) = name.split_once('@').ok_or_else(unknown)?;
            let namespace = self.fields.iter().find_map(|field| match field.place {
                Place::In { namespace, element, .. } if element == local => Some(namespace),
                _ => None,
            });
            let plain = |name: &str| {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
            };
            let namespace = namespace.filter(|_| plain(attribute)).ok_or_else(unknown)?;
            entry.upsert(namespace, local, |element| element.set(attribute, text));
        }
        Ok(entry)
    }

    /// Checks what a request says: that nothing required is missing, and the limits that the guide and the clients state.
    ///
    /// # Errors
    /// Names the first member that is missing or not allowed.
    pub fn check(&self, members: &Members, required: &[&'static str]) -> Result<(), Unusable> {
        let text = |name: &str| members.get(name).and_then(Json::as_str);
        if let Some(name) = required.iter().find(|name| text(name).is_none_or(str::is_empty)) {
            return Err(Unusable::Missing(name));
        }
        let wrong = |member: &str, expected| Err(Unusable::Value { member: member.to_owned(), expected });
        for (name, value) in members {
            let Some(field) = self.field(name) else {
                return Err(Unusable::Unknown { kind: self.name, member: name.clone() });
            };
            match (field.value, value) {
                (_, Json::Null) | (Value::Flag, Json::Bool(_)) | (Value::Number, Json::Number(_)) => {}
                (Value::Flag, _) => return wrong(name, "true or false"),
                (Value::Number, _) => return wrong(name, "a whole number"),
                (Value::Text | Value::Secret, Json::String(_)) => {}
                (Value::Text | Value::Secret, _) => return wrong(name, "text"),
            }
        }
        let long = |name, most| text(name).is_some_and(|text| text.chars().count() > most);
        if self.name == "org-unit" && long("name", 128) {
            return wrong("name", "at most 128 characters");
        }
        if self.name == "org-unit" && long("description", 512) {
            return wrong("description", "at most 512 characters");
        }
        if text("usersToMove").is_some_and(|list| list.split(',').count() > 25) {
            return wrong("usersToMove", "at most 25 addresses, separated by commas");
        }
        let functions = ["hashFunction", "hashFunctionName"];
        match functions.into_iter().find(|name| text(name).is_some_and(|f| !["SHA-1", "MD5"].contains(&f))) {
            Some(name) => wrong(name, "SHA-1 or MD5"),
            None => Ok(()),
        }
    }

    /// Whether its entries have elements of their own.
    pub fn typed(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.place, Place::In { .. }))
    }

    fn stands_in(&self, field: &Field, element: &Element) -> bool {
        matches!(field.place, Place::In { namespace, element: local, .. } if element.name.is(namespace, local))
    }
}

/// The category that names the kind of an entry.
pub fn category(term: &str) -> Element {
    Element::new(ATOM, "category").with("scheme", format!("{GD}#kind")).with("term", format!("{APPS}#{term}"))
}

/// Puts a password into an entry, in the style that the entry has. `false`: it has neither.
pub fn set_password(entry: &mut Element, password: &str) -> bool {
    if entry.find(APPS, "login").is_some() {
        entry.upsert(APPS, "login", |login| login.set("password", password));
        return true;
    }
    let is_password = |node: &Node| matches!(node, Node::Element(element) if element.name.is(APPS, "property") && element.attribute("name") == Some("password"));
    let properties = entry.find(APPS, "property").is_some();
    if properties {
        entry.children.retain(|node| !is_password(node));
        entry.children.push(Node::Element(property("password", password.to_owned())));
    }
    properties
}

fn property(name: &str, value: String) -> Element {
    Element::new(APPS, "property").with("name", name).with("value", value)
}

fn json(kind: Value, text: &str) -> Json {
    let trimmed = text.trim();
    let read = match kind {
        Value::Flag => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Json::Bool(true)),
            "false" | "0" => Some(Json::Bool(false)),
            _ => None,
        },
        Value::Number => trimmed.parse::<u64>().ok().map(Json::from),
        Value::Text | Value::Secret => None,
    };
    read.unwrap_or_else(|| Json::String(text.to_owned()))
}

/// A value as it is written; nothing for `null`.
fn text(name: &str, kind: Value, value: &Json) -> Result<Option<String>, Unusable> {
    Ok(match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Array(_) | Json::Object(_) => {
            let expected = if kind == Value::Flag { "true or false" } else { "text" };
            return Err(Unusable::Value { member: name.to_owned(), expected });
        }
    })
}
