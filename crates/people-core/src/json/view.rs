//! A record as a map sees it: as it stands, or with the names under which BambooHR's fields are found, without building either.

use serde_json::{Map, Value};

use super::{Item, Kind};

/// A value of a record.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    /// As it stands.
    Plain(Item<'a>),
    /// A record with two members more: `values` and `plain`.
    Wide(Item<'a>),
    /// Each field's value by its name, whether the values stand in `fields.<name>.value` or in the record itself.
    Values(Fields<'a>),
    /// The same by its name in small letters without spaces and signs.
    Folded(Fields<'a>),
    /// A field without a value.
    Nothing,
}

/// Where the fields of a record stand.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    of: Item<'a>,
    /// Whether each is an object with the member `value`.
    wrapped: bool,
}

impl<'a> Fields<'a> {
    fn of(record: Item<'a>) -> Self {
        let fields = record.get("fields").filter(|fields| fields.is_object());
        Self { of: fields.unwrap_or(record), wrapped: fields.is_some() }
    }

    fn value(self, field: Item<'a>) -> View<'a> {
        if self.wrapped && field.is_object() {
            field.get("value").map_or(View::Nothing, View::Plain)
        } else {
            View::Plain(field)
        }
    }

    /// Of several names that are one when they are folded, the first in the order of letters counts.
    fn folded(self, name: &str) -> Option<View<'a>> {
        let mut found: Option<(Item<'a>, Item<'a>)> = None;
        for (own, value) in self.of.members().filter(|(own, _)| folds_to(*own, name)) {
            if found.is_none_or(|(before, _)| own.text() <= before.text()) {
                found = Some((own, value));
            }
        }
        found.map(|(_, field)| self.value(field))
    }

    fn to_map(self) -> Map<String, Value> {
        let named = |(name, field): (Item<'a>, Item<'a>)| {
            (name.text().unwrap_or_default().into_owned(), self.value(field).to_value())
        };
        self.of.members().map(named).collect()
    }
}

impl<'a> View<'a> {
    /// What it is. Anything but [`View::Plain`] and [`View::Nothing`] is an object.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Plain(item) => item.kind(),
            Self::Wide(_) | Self::Values(_) | Self::Folded(_) => Kind::Object,
            Self::Nothing => Kind::Null,
        }
    }

    /// The item, where it is one of the document.
    pub(crate) fn item(self) -> Option<Item<'a>> {
        match self {
            Self::Plain(item) => Some(item),
            _ => None,
        }
    }

    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Plain(item) => item.get(name).map(View::Plain),
            Self::Wide(item) => match name {
                "values" => Some(View::Values(Fields::of(item))),
                "plain" => Some(View::Folded(Fields::of(item))),
                _ => item.get(name).map(View::Plain),
            },
            Self::Values(fields) => fields.of.get(name).map(|field| fields.value(field)),
            Self::Folded(fields) => fields.folded(name),
            Self::Nothing => None,
        }
    }

    /// The item of this number.
    pub(crate) fn index(self, index: usize) -> Option<View<'a>> {
        self.item()?.index(index).map(View::Plain)
    }

    /// A copy on its own.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Plain(item) => item.to_value(),
            Self::Nothing => Value::Null,
            Self::Values(fields) => Value::Object(fields.to_map()),
            Self::Folded(fields) => {
                let mut folded = Map::new();
                for (name, value) in fields.to_map() {
                    folded.entry(fold(&name).collect::<String>()).or_insert(value);
                }
                Value::Object(folded)
            }
            Self::Wide(item) => {
                let mut wide = match item.to_value() {
                    Value::Object(members) => members,
                    _ => Map::new(),
                };
                wide.insert("values".to_owned(), View::Values(Fields::of(item)).to_value());
                wide.insert("plain".to_owned(), View::Folded(Fields::of(item)).to_value());
                Value::Object(wide)
            }
        }
    }
}

fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Mostly the first letter tells.
fn folds_to(name: Item<'_>, wanted: &str) -> bool {
    let Some(name) = name.text() else { return false };
    let mut wanted_bytes = wanted.bytes();
    for own in name.bytes() {
        if !own.is_ascii() {
            return fold(&name).eq(wanted.chars());
        }
        if own.is_ascii_alphanumeric() && wanted_bytes.next() != Some(own.to_ascii_lowercase()) {
            return false;
        }
    }
    wanted_bytes.next().is_none()
}
