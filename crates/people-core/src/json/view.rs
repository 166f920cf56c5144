//! A record as a map sees it: as it stands, or with the names under which BambooHR's fields are found, without building either.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Item, Kind};

/// A value of a record.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    /// As it stands.
    Plain(Item<'a>),
    /// A record with two members more: `values` and `plain`.
    Wide(&'a Record<'a>),
    /// Each field's value by its name, whether the values stand in `fields.<name>.value` or in the record itself.
    Values(&'a Record<'a>),
    /// The same by its name in small letters without spaces and signs.
    Folded(&'a Record<'a>),
    /// A field without a value.
    Nothing,
}

/// A record whose fields are found by their names in small letters without spaces and signs.
pub(crate) struct Record<'a> {
    item: Item<'a>,
    /// What holds the fields.
    fields: Item<'a>,
    /// Whether each is an object with the member `value`.
    wrapped: bool,
    /// All folded names, one after the other.
    folded: String,
    names: Vec<Name<'a>>,
}

/// A field.
struct Name<'a> {
    /// Where its folded name stands.
    folded: Range<usize>,
    name: Item<'a>,
    field: Item<'a>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(item: Item<'a>) -> Self {
        let fields = item.get("fields").filter(|fields| fields.is_object());
        let (fields, wrapped) = (fields.unwrap_or(item), fields.is_some());
        let (mut folded, mut names) = (String::with_capacity(256), Vec::with_capacity(16));
        for (name, field) in fields.members() {
            let start = folded.len();
            fold(&name.text().unwrap_or_default(), &mut folded);
            names.push(Name { folded: start..folded.len(), name, field });
        }
        Self { item, fields, wrapped, folded, names }
    }

    fn value(&self, field: Item<'a>) -> View<'a> {
        if self.wrapped && field.is_object() {
            field.get("value").map_or(View::Nothing, View::Plain)
        } else {
            View::Plain(field)
        }
    }

    /// Of several names that are one when they are folded, the first in the order of letters counts.
    fn folded(&self, name: &str) -> Option<View<'a>> {
        let mut found: Option<&Name<'a>> = None;
        let is = |own: &&Name<'a>| {
            own.folded.len() == name.len() && self.folded.get(own.folded.clone()) == Some(name)
        };
        for own in self.names.iter().filter(is) {
            if found.is_none_or(|before| own.name.text() <= before.name.text()) {
                found = Some(own);
            }
        }
        found.map(|found| self.value(found.field))
    }

    fn to_map(&self) -> Map<String, Value> {
        let named = |(name, field): (Item<'a>, Item<'a>)| {
            (name.text().unwrap_or_default().into_owned(), self.value(field).to_value())
        };
        self.fields.members().map(named).collect()
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
            Self::Wide(record) => match name {
                "values" => Some(View::Values(record)),
                "plain" => Some(View::Folded(record)),
                _ => record.item.get(name).map(View::Plain),
            },
            Self::Values(record) => record.fields.get(name).map(|field| record.value(field)),
            Self::Folded(record) => record.folded(name),
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
            Self::Values(record) => Value::Object(record.to_map()),
            Self::Folded(record) => {
                let mut folded = Map::new();
                for (name, value) in record.to_map() {
                    let mut own = String::new();
                    fold(&name, &mut own);
                    folded.entry(own).or_insert(value);
                }
                Value::Object(folded)
            }
            Self::Wide(record) => {
                let mut wide = match record.item.to_value() {
                    Value::Object(members) => members,
                    _ => Map::new(),
                };
                wide.insert("values".to_owned(), View::Values(record).to_value());
                wide.insert("plain".to_owned(), View::Folded(record).to_value());
                Value::Object(wide)
            }
        }
    }
}

/// Adds the name in small letters without spaces and signs.
fn fold(name: &str, out: &mut String) {
    if name.is_ascii() {
        let small = |byte: u8| char::from(byte.to_ascii_lowercase());
        out.extend(name.bytes().filter(u8::is_ascii_alphanumeric).map(small));
    } else {
        out.extend(name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase));
    }
}
