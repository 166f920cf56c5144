//! A record as a map sees it: as it stands, or with the names under which BambooHR's fields are found, without building either.

use serde_json::{Map, Value};

use super::name::HEAD;
use super::{Item, Kind, Name};

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
    folded: Vec<Field<'a>>,
    /// Where each folded name stands in `folded`, counted from 1, at the slot of its number or the next that was empty. More than twice as
    /// many as there are fields.
    slots: Vec<u32>,
}

/// A field and its folded name, as far as a [`Name`] keeps one.
struct Field<'a> {
    head: u128,
    length: usize,
    name: Item<'a>,
    value: View<'a>,
}

/// A member that BambooHR's records do not have themselves.
const VALUES: Name<'static> = Name::of("values");
/// The same.
const PLAIN: Name<'static> = Name::of("plain");

impl<'a> Record<'a> {
    pub(crate) fn new(item: Item<'a>) -> Self {
        let fields = item.get("fields").filter(|fields| fields.is_object());
        let (fields, wrapped) = (fields.unwrap_or(item), fields.is_some());
        let mut record = Self { item, fields, wrapped, folded: Vec::with_capacity(16), slots: Vec::new() };
        for (name, field) in fields.members() {
            let (mut head, mut length) = ([0; HEAD], 0);
            fold(&name.text().unwrap_or_default(), |byte| {
                if let Some(place) = head.get_mut(length) {
                    *place = byte;
                }
                length += 1;
            });
            let value = record.value(field);
            record.folded.push(Field { head: Name::number(head), length, name, value });
        }
        record.slots = vec![0; (2 * record.folded.len() + 1).next_power_of_two()];
        for (place, field) in record.folded.iter().enumerate() {
            let mut slot = record.slot(field.head);
            while record.slots.get(slot).is_some_and(|taken| *taken > 0) {
                slot = record.after(slot);
            }
            if let Some(slot) = record.slots.get_mut(slot) {
                *slot = place as u32 + 1;
            }
        }
        record
    }

    fn slot(&self, head: u128) -> usize {
        (Name::spread(head) >> 32) as usize & self.slots.len().wrapping_sub(1)
    }

    fn after(&self, slot: usize) -> usize {
        (slot + 1) & self.slots.len().wrapping_sub(1)
    }

    fn value(&self, field: Item<'a>) -> View<'a> {
        if self.wrapped && field.is_object() {
            field.get("value").map_or(View::Nothing, View::Plain)
        } else {
            View::Plain(field)
        }
    }

    /// Of several names that are one when they are folded, the first in the order of letters counts.
    fn folded(&self, name: &Name<'_>) -> Option<View<'a>> {
        let mut found: Option<&Field<'a>> = None;
        let mut slot = self.slot(name.head());
        while let Some(place) = self.slots.get(slot).and_then(|taken| taken.checked_sub(1)) {
            if let Some(own) = self.folded.get(place as usize)
                && own.is(name)
                && found.is_none_or(|before| own.name.text() <= before.name.text())
            {
                found = Some(own);
            }
            slot = self.after(slot);
        }
        found.map(|found| found.value)
    }

    fn to_map(&self) -> Map<String, Value> {
        let named = |(name, field): (Item<'a>, Item<'a>)| {
            (name.text().unwrap_or_default().into_owned(), self.value(field).to_value())
        };
        self.fields.members().map(named).collect()
    }
}

impl Field<'_> {
    fn is(&self, name: &Name<'_>) -> bool {
        self.head == name.head()
            && self.length == name.as_str().len()
            && (self.length <= HEAD || folded(&self.name.text().unwrap_or_default()) == name.as_str())
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
            _ => self.named(&Name::of(name)),
        }
    }

    /// The same of a name that was prepared.
    pub(crate) fn named(self, name: &Name<'_>) -> Option<View<'a>> {
        match self {
            Self::Plain(item) => item.get(name.as_str()).map(View::Plain),
            Self::Wide(record) if *name == PLAIN => Some(View::Folded(record)),
            Self::Wide(record) if *name == VALUES => Some(View::Values(record)),
            Self::Wide(record) => record.item.get(name.as_str()).map(View::Plain),
            Self::Values(record) => record.fields.get(name.as_str()).map(|field| record.value(field)),
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
                    folded.entry(self::folded(&name)).or_insert(value);
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

/// The name in small letters without spaces and signs.
fn folded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    fold(name, |byte| bytes.push(byte));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Hands on the bytes of the name in small letters without spaces and signs.
fn fold(name: &str, mut each: impl FnMut(u8)) {
    if name.is_ascii() {
        for byte in name.bytes() {
            let small = byte | 0x20;
            if small.is_ascii_lowercase() {
                each(small);
            } else if byte.is_ascii_digit() {
                each(byte);
            }
        }
        return;
    }
    for c in name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase) {
        c.encode_utf8(&mut [0; 4]).bytes().for_each(&mut each);
    }
}
