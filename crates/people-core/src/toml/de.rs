//! The tree as serde reads it. One deserializer for everything, so that each type of the configuration costs its code once.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::{Member, Node, TomlError, Value};

impl Error for TomlError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self { at: None, message: message.to_string() }
    }
}

impl TomlError {
    /// Says where it is, unless that is known better.
    fn at(mut self, at: usize) -> Self {
        self.at = self.at.or(Some(at));
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = TomlError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TomlError> {
        let at = self.at;
        match self.value {
            Value::Text(text) => visitor.visit_string(text),
            Value::Whole(whole) => visitor.visit_i64(whole),
            Value::Real(real) => visitor.visit_f64(real),
            Value::Flag(flag) => visitor.visit_bool(flag),
            Value::List { items, .. } => visitor.visit_seq(List(items.into_iter())),
            Value::Table { members, .. } => {
                visitor.visit_map(Table { members: members.into_iter(), next: None })
            }
        }
        .map_err(|error| error.at(at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TomlError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        let at = self.at;
        let one = match self.value {
            Value::Text(name) => Variant { name, value: None },
            Value::Table { members, .. } => {
                let mut members = members.into_iter();
                match (members.next(), members.next()) {
                    (Some(one), None) => Variant { name: one.name, value: Some(one.value) },
                    _ => return Err(TomlError::custom("a table with one key is wanted").at(at)),
                }
            }
            _ => return Err(TomlError::custom("a text is wanted").at(at)),
        };
        visitor.visit_enum(one).map_err(|error| error.at(at))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct List(std::vec::IntoIter<Node>);

impl<'de> SeqAccess<'de> for List {
    type Error = TomlError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TomlError> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}

struct Table {
    members: std::vec::IntoIter<Member>,
    next: Option<Node>,
}

impl<'de> MapAccess<'de> for Table {
    type Error = TomlError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TomlError> {
        let Some(member) = self.members.next() else { return Ok(None) };
        self.next = Some(member.value);
        let name: StringDeserializer<TomlError> = member.name.into_deserializer();
        seed.deserialize(name).map(Some).map_err(|error| error.at(member.at))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TomlError> {
        let node = self.next.take().ok_or_else(|| TomlError::custom("a value without a key"))?;
        seed.deserialize(node)
    }
}

struct Variant {
    name: String,
    value: Option<Node>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = TomlError;
    type Variant = Held;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Held), TomlError> {
        let name: StringDeserializer<TomlError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Held(self.value)))
    }
}

/// What a variant holds.
struct Held(Option<Node>);

impl<'de> VariantAccess<'de> for Held {
    type Error = TomlError;

    fn unit_variant(self) -> Result<(), TomlError> {
        match self.0 {
            None => Ok(()),
            Some(node) => Err(TomlError::custom("nothing more is wanted here").at(node.at)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, TomlError> {
        match self.0 {
            Some(node) => seed.deserialize(node),
            None => Err(TomlError::custom("a table is wanted, such as { text = \".\" }")),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TomlError> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        match self.0 {
            Some(node) => node.deserialize_any(visitor),
            None => Err(TomlError::custom("a table is wanted")),
        }
    }
}
