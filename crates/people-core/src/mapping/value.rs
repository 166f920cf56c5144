//! What an expression works with: values that lie in the record, and what is made of them.

use std::borrow::Cow;
use std::cmp::Ordering;

use people_model::Datum;
use serde_json::Number;

use crate::json::{Item, Kind, Name, View, number};

/// A value. Its tag is as wide as a pointer, so that it is moved in whole words: with a tag of one byte, and a flag behind it, the compiler moves
/// the other 31 bytes from odd places, and the processor waits.
#[derive(Clone)]
#[repr(usize)]
pub(crate) enum Val<'a> {
    /// There is none.
    Missing,
    /// It is said that there is none.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
    /// A text, mostly one that lies in the record.
    Text(Cow<'a, str>),
    /// A list or an object of the record, or a whole number beyond 63 bits.
    View(View<'a>),
    /// A list that was made.
    List(Vec<Val<'a>>),
    /// An object that was made.
    Object(Vec<(Cow<'a, str>, Val<'a>)>),
    /// A list or an object that was made and is handed out: no expression meets it any more.
    Made(Datum),
}

/// Whether a text is nothing but white space. Nearly every one is told by its first byte.
pub(super) fn white(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

/// Whether this place holds `null` or nothing but white space.
pub(crate) fn is_blank(view: View<'_>) -> bool {
    match view.kind() {
        Kind::Null => true,
        Kind::Text | Kind::Escaped => {
            view.item().and_then(|item| item.text()).is_none_or(|text| white(&text))
        }
        _ => false,
    }
}

impl<'a> Val<'a> {
    /// What stands in the record.
    #[inline(always)]
    pub(crate) fn of(view: View<'a>) -> Self {
        // Nearly everything is a text.
        match view.item().and_then(Item::plain) {
            Some(text) => Self::Text(Cow::Borrowed(text)),
            None => Self::other(view),
        }
    }

    fn other(view: View<'a>) -> Self {
        let Some(item) = view.item() else {
            return if view.kind() == Kind::Null { Self::Null } else { Self::View(view) };
        };
        match item.kind() {
            Kind::Null => Self::Null,
            Kind::Text | Kind::Escaped => item.text().map_or(Self::Null, Self::Text),
            Kind::True => Self::Flag(true),
            Kind::False => Self::Flag(false),
            Kind::Number => {
                let number = number(item.number().unwrap_or_default());
                match (number.as_i64(), number.as_u64()) {
                    (Some(whole), _) => Self::Whole(whole),
                    (None, Some(_)) => Self::View(view),
                    (None, None) => Self::Real(number.as_f64().unwrap_or_default()),
                }
            }
            Kind::List | Kind::Object => Self::View(view),
        }
    }

    /// Whether there is nothing.
    pub(crate) fn missing(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }

    /// Whether it is nothing, or nothing but white space.
    pub(crate) fn blank(&self) -> bool {
        match self {
            Self::Missing | Self::Null => true,
            Self::Text(text) => white(text),
            _ => false,
        }
    }

    /// What kind of number, list or object lies in the record, if it is one of these.
    fn seen(&self) -> Option<Kind> {
        if let Self::View(view) = self { Some(view.kind()) } else { None }
    }

    /// Whether it counts as true in an expression.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Missing | Self::Null => false,
            Self::Flag(flag) => *flag,
            Self::Whole(whole) => *whole != 0,
            Self::Real(real) => *real != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Object(members) => !members.is_empty(),
            Self::Made(made) => match made {
                Datum::List(items) => !items.is_empty(),
                Datum::Object(members) => !members.is_empty(),
                _ => true,
            },
            Self::View(view) => match view.item() {
                Some(item) if item.kind() == Kind::List => item.items().next().is_some(),
                Some(item) if item.kind() == Kind::Object => item.members().next().is_some(),
                _ => true,
            },
        }
    }

    /// The text of a text, a number or a flag.
    pub(crate) fn written(&self) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::Text(text) => text.clone(),
            Self::Whole(whole) => Cow::Owned(whole.to_string()),
            Self::Real(real) => Cow::Owned(Number::from_f64(*real)?.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::View(view) => Cow::Borrowed(view.item()?.number()?),
            _ => return None,
        })
    }

    /// The number, if it is one.
    pub(crate) fn real(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            Self::View(view) => view.item()?.number()?.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list, or `None` where it is none.
    pub(crate) fn items(&self) -> Option<Vec<Val<'a>>> {
        match self {
            Self::List(items) => Some(items.clone()),
            Self::View(view) if view.kind() == Kind::List => {
                Some(view.item()?.items().map(|item| Val::of(View::Plain(item))).collect())
            }
            _ => None,
        }
    }

    /// The member of this name; a text, a number and a list have none.
    pub(crate) fn get(&self, name: &str) -> Val<'a> {
        match self {
            Self::View(view) => view.get(name).map_or(Val::Missing, Val::of),
            Self::Object(members) => {
                let found = members.iter().rev().find(|(own, _)| own == name);
                found.map_or(Val::Missing, |(_, value)| value.clone())
            }
            _ => Val::Missing,
        }
    }

    /// The same of a name that was prepared.
    pub(crate) fn named(&self, name: &Name<'_>) -> Val<'a> {
        match self {
            Self::View(view) => view.named(name).map_or(Val::Missing, Val::of),
            other => other.get(name.as_str()),
        }
    }

    /// The item of this number; what is no list has none.
    pub(crate) fn index(&self, index: usize) -> Val<'a> {
        match self {
            Self::View(view) => view.index(index).map_or(Val::Missing, Val::of),
            Self::List(items) => items.get(index).cloned().unwrap_or(Val::Missing),
            _ => Val::Missing,
        }
    }

    /// Whether both are the same; what is missing and `null` are.
    pub(crate) fn same(&self, other: &Val<'_>) -> bool {
        match (self, other) {
            (Self::Text(a), Val::Text(b)) => a == b,
            (Self::Flag(a), Val::Flag(b)) => a == b,
            (Self::Whole(a), Val::Whole(b)) => a == b,
            (a, b) if a.missing() || b.missing() => a.missing() && b.missing(),
            (a, b) => match (a.real(), b.real()) {
                (Some(a), Some(b)) => a == b,
                _ => a.clone().datum() == b.clone().datum(),
            },
        }
    }

    /// Which comes first: of two numbers or two texts.
    pub(crate) fn order(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Val::Text(b)) => Some(a.cmp(b)),
            (Self::Whole(a), Val::Whole(b)) => Some(a.cmp(b)),
            (a, b) => a.real()?.partial_cmp(&b.real()?),
        }
    }

    /// As it is stated; what is missing in a list or an object is `null`.
    pub(crate) fn datum(self) -> Datum {
        match self {
            Self::Missing | Self::Null => Datum::Null,
            Self::Flag(flag) => Datum::Flag(flag),
            Self::Whole(whole) => Datum::Number(whole.into()),
            Self::Real(real) => Number::from_f64(real).map_or(Datum::Null, Datum::Number),
            Self::Text(text) => Datum::Text(text.into()),
            Self::View(view) => view.datum(),
            Self::List(items) => items.into_iter().map(Val::datum).collect(),
            Self::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name.into(), value.datum()));
                Datum::object(members.collect())
            }
            Self::Made(made) => made,
        }
    }

    /// Whether it is a list or an object.
    pub(crate) fn holds_others(&self) -> bool {
        matches!(self, Self::List(_) | Self::Object(_) | Self::Made(_))
            || matches!(self.seen(), Some(Kind::List | Kind::Object))
    }
}
