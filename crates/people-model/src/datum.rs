//! A value as HR states it: what JSON can say, made to be kept and compared. Short texts lie in the value itself, so that a record of a dozen
//! members takes a few pieces of memory and not a few dozen.

use core::fmt;
use core::mem::swap;

use serde::ser::{Serialize, Serializer};
use serde_json::{Number, Value};
use smol_str::SmolStr;

/// A value; 24 bytes. `Debug` shows its kind only.
#[derive(Clone, PartialEq)]
pub enum Datum {
    /// The value was removed.
    Null,
    /// True or false.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A text; up to 23 bytes take no memory of their own.
    Text(SmolStr),
    /// A list.
    List(Box<[Datum]>),
    /// An object, its members in the order of their names and each of them once: [`Datum::object`] makes it so, and comparing and writing rely on it.
    Object(Box<[(SmolStr, Datum)]>),
}

/// Puts pairs into the order of their keys; of a key that is there twice the last value counts.
pub(crate) fn in_order<K: Ord, V>(mut all: Vec<(K, V)>) -> Vec<(K, V)> {
    if !all.is_sorted_by(|(one, _), (next, _)| one < next) {
        // Pairs of one key stay in their order.
        all.sort_by(|(one, _), (next, _)| one.cmp(next));
        all.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                swap(next, kept);
            }
            same
        });
    }
    all
}

impl Datum {
    /// The object of these members, in the order of their names; of a member that is named twice the last value counts.
    #[must_use]
    pub fn object(members: Vec<(SmolStr, Self)>) -> Self {
        Self::Object(in_order(members).into())
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The member of this name, if it is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Flag(_) => "flag",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Object(_) => "object",
        })
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl FromIterator<Datum> for Datum {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(flag),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => text.into(),
            Value::Array(items) => items.into_iter().map(Self::from).collect(),
            Value::Object(members) => {
                let members = members.into_iter();
                Self::object(members.map(|(name, value)| (name.into(), value.into())).collect())
            }
        }
    }
}

impl From<&Datum> for Value {
    fn from(datum: &Datum) -> Self {
        match datum {
            Datum::Null => Self::Null,
            Datum::Flag(flag) => Self::Bool(*flag),
            Datum::Number(number) => Self::Number(number.clone()),
            Datum::Text(text) => Self::String(text.as_str().into()),
            Datum::List(items) => items.iter().map(Self::from).collect(),
            Datum::Object(members) => {
                members.iter().map(|(name, value)| (name.as_str().to_owned(), Self::from(value))).collect()
            }
        }
    }
}

impl From<Datum> for Value {
    fn from(datum: Datum) -> Self {
        Self::from(&datum)
    }
}

/// Whether both say the same, without making one of the other.
impl PartialEq<Value> for Datum {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Flag(own), Value::Bool(flag)) => own == flag,
            (Self::Number(own), Value::Number(number)) => own == number,
            (Self::Text(own), Value::String(text)) => own == text,
            (Self::List(own), Value::Array(items)) => **own == **items,
            (Self::Object(own), Value::Object(members)) => {
                own.len() == members.len()
                    && own.iter().all(|(name, value)| members.get(name.as_str()).is_some_and(|m| value == m))
            }
            _ => false,
        }
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => output.serialize_unit(),
            Self::Flag(flag) => output.serialize_bool(*flag),
            Self::Number(number) => number.serialize(output),
            Self::Text(text) => output.serialize_str(text),
            Self::List(items) => output.collect_seq(items),
            Self::Object(members) => {
                output.collect_map(members.iter().map(|(name, value)| (name.as_str(), value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i32>().prop_map(|n| Value::from(f64::from(n) / 64.0)),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map(".{0,30}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_what_the_json_says(value in values(), other in values()) {
            let datum = Datum::from(value.clone());
            prop_assert_eq!(&Value::from(&datum), &value);
            prop_assert_eq!(serde_json::to_string(&datum).unwrap(), value.to_string());
            prop_assert!(datum == value);
            let same = value == other;
            prop_assert_eq!(datum == other, same);
            let other = Datum::from(other);
            prop_assert_eq!(datum == other, same);
        }
    }

    #[test]
    fn members_are_in_order_and_the_last_of_a_name_counts() {
        let members = [("b", "1"), ("a", "2"), ("b", "3")];
        let object = Datum::object(members.map(|(name, value)| (name.into(), value.into())).into());
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"a":"2","b":"3"}"#);
        assert_eq!((object.get("b").and_then(Datum::as_str), object.get("c")), (Some("3"), None));
    }

    #[test]
    fn it_is_small_and_tells_nobody() {
        assert_eq!(size_of::<Datum>(), 24);
        assert_eq!(format!("{:?}", Datum::from("Noor")), "text");
    }
}
