//! Enumerations that are written as an object with a member for the variant: `{"entry": "adopted", "at": …}`.
//!
//! What serde derives for these reads every type from a buffer of its own kind besides the reader, which is a twentieth of what may be
//! deployed at the edge. Here both ways lead through one kind of tree, so that each type costs its code once.

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Members;

/// Reads a variant by `read`, which wants it as serde writes it by default: `"name"` or `{"name": {…}}`.
pub(crate) fn read<'de, D: Deserializer<'de>, T>(
    tag: &str,
    input: D,
    read: impl FnOnce(Value) -> Result<T, serde_json::Error>,
) -> Result<T, D::Error> {
    let mut members = Members::deserialize(input)?;
    let Some(Value::String(name)) = members.remove(tag) else {
        return Err(D::Error::custom(format_args!("missing field `{tag}`")));
    };
    let variant = if members.is_empty() {
        Value::String(name)
    } else {
        Value::Object(Members::from_iter([(name, Value::Object(members))]))
    };
    read(variant).map_err(D::Error::custom)
}

/// Writes a variant that serde has written its way.
pub(crate) fn write<S: Serializer>(
    tag: &str,
    written: Result<Value, serde_json::Error>,
    output: S,
) -> Result<S::Ok, S::Error> {
    let mut members = Members::new();
    match written.map_err(S::Error::custom)? {
        Value::Object(variant) => {
            for (name, inner) in variant {
                if let Value::Object(inner) = inner {
                    members = inner;
                }
                members.insert(tag.to_owned(), Value::String(name));
            }
        }
        name => drop(members.insert(tag.to_owned(), name)),
    }
    members.serialize(output)
}

/// Takes a member out of an object that is being read.
pub(crate) fn take<T: DeserializeOwned, E: serde::de::Error>(
    members: &mut Members,
    name: &'static str,
) -> Result<T, E> {
    let value = members.remove(name).unwrap_or(Value::Null);
    T::deserialize(value).map_err(|error| E::custom(format_args!("{name}: {error}")))
}

/// Writes and reads an enumeration with a member for the variant, given `#[serde(remote = "Self")]`.
macro_rules! tagged {
    ($tag:literal $type:ty $(, $generic:ident)?) => {
        impl$(<$generic: serde::Serialize>)? serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                let written = Self::serialize(self, serde_json::value::Serializer);
                crate::tagged::write($tag, written, output)
            }
        }

        impl<'de $(, $generic: serde::de::DeserializeOwned)?> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                crate::tagged::read($tag, input, |variant| Self::deserialize(variant))
            }
        }
    };
}
pub(crate) use tagged;
