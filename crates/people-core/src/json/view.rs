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
    Values(Item<'a>),
    /// The same by its name in small letters without spaces and signs.
    Folded(Item<'a>),
    /// A field without a value.
    Nothing,
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
                "values" => Some(View::Values(item)),
                "plain" => Some(View::Folded(item)),
                _ => item.get(name).map(View::Plain),
            },
            Self::Values(item) => match fields(item) {
                Some(fields) => fields.get(name).map(value),
                None => item.get(name).map(View::Plain),
            },
            // Of several names that are one when they are folded, the first in the order of letters counts.
            Self::Folded(item) => {
                let from = fields(item).unwrap_or(item);
                let mut found: Option<(Item<'a>, Item<'a>)> = None;
                for (own, value) in from.members().filter(|(own, _)| folds_to(*own, name)) {
                    if found.is_none_or(|(before, _)| own.text() <= before.text()) {
                        found = Some((own, value));
                    }
                }
                found.map(|(_, found)| if fields(item).is_some() { value(found) } else { View::Plain(found) })
            }
            Self::Nothing => None,
        }
    }

    /// The item of this number.
    pub(crate) fn index(self, index: usize) -> Option<View<'a>> {
        self.item()?.index(index).map(View::Plain)
    }

    /// A copy on its own.
    pub(crate) fn to_value(self) -> Value {
        let values = |item: Item<'_>| -> Map<String, Value> {
            let named =
                |(name, value): (Item<'_>, Value)| (name.text().unwrap_or_default().into_owned(), value);
            match fields(item) {
                Some(fields) => {
                    fields.members().map(|(name, field)| named((name, value(field).to_value()))).collect()
                }
                None => item.members().map(|(name, value)| named((name, value.to_value()))).collect(),
            }
        };
        match self {
            Self::Plain(item) => item.to_value(),
            Self::Nothing => Value::Null,
            Self::Values(item) => Value::Object(values(item)),
            Self::Folded(item) => {
                let mut folded = Map::new();
                for (name, value) in values(item) {
                    folded.entry(fold(&name).collect::<String>()).or_insert(value);
                }
                Value::Object(folded)
            }
            Self::Wide(item) => {
                let mut wide = match item.to_value() {
                    Value::Object(members) => members,
                    _ => Map::new(),
                };
                wide.insert("values".to_owned(), View::Values(item).to_value());
                wide.insert("plain".to_owned(), View::Folded(item).to_value());
                Value::Object(wide)
            }
        }
    }
}

fn fields(record: Item<'_>) -> Option<Item<'_>> {
    record.get("fields").filter(|fields| fields.is_object())
}

/// What a field holds: itself, or its member `value`.
fn value(field: Item<'_>) -> View<'_> {
    if field.is_object() { field.get("value").map_or(View::Nothing, View::Plain) } else { View::Plain(field) }
}

fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

fn folds_to(name: Item<'_>, wanted: &str) -> bool {
    match name.text() {
        Some(name) if name.is_ascii() => {
            let mut own = name.bytes().filter(u8::is_ascii_alphanumeric);
            let mut wanted = wanted.bytes();
            loop {
                match (own.next(), wanted.next()) {
                    (None, None) => return true,
                    (Some(own), Some(wanted)) if own.to_ascii_lowercase() == wanted => {}
                    _ => return false,
                }
            }
        }
        Some(name) => fold(&name).eq(wanted.chars()),
        None => false,
    }
}
