//! For `#[serde(with = "…")]`: times as text, the same text that `jiff` writes, read by this crate.

/// A module that reads and writes a type as text.
macro_rules! as_text {
    ($(#[$doc:meta])* $name:ident, $type:ty, $what:literal, $read:expr) => {
        $(#[$doc])*
        pub mod $name {
            use serde::{Deserializer, Serializer};

            /// Writes it.
            pub fn serialize<S: Serializer>(it: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(it)
            }

            /// Reads it.
            pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        let read: Option<$type> = $read(text);
                        read.ok_or_else(|| E::custom(concat!($what, " is wanted")))
                    }
                }
                from.deserialize_str(Visitor)
            }
        }
    };
}

/// The same for a field that may be absent or null; wants `default` too.
macro_rules! maybe {
    ($(#[$doc:meta])* $name:ident, $of:literal, $type:ty) => {
        $(#[$doc])*
        pub mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize, Deserialize)]
            struct Field(#[serde(with = $of)] $type);

            /// Writes it, or null.
            pub fn serialize<S: Serializer>(it: &Option<$type>, to: S) -> Result<S::Ok, S::Error> {
                it.map(Field).serialize(to)
            }

            /// Reads it, or null.
            pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<$type>, D::Error> {
                Ok(Option::<Field>::deserialize(from)?.map(|field| field.0))
            }
        }
    };
}

as_text!(
    /// A moment: `2026-04-01T09:30:00Z`.
    at, crate::time::Timestamp, "a moment such as 2026-04-01T09:30:00Z", |text| crate::time::text::timestamp(text, false)
);
as_text!(
    /// A day: `2026-04-01`.
    day, crate::time::civil::Date, "a day such as 2026-04-01", crate::time::text::day
);
as_text!(
    /// A time of day: `09:30:00`.
    clock, crate::time::civil::Time, "a time of day such as 09:30", crate::time::text::clock
);
maybe!(
    /// A moment, or none.
    maybe_at, "crate::time::at", crate::time::Timestamp
);
maybe!(
    /// A day, or none.
    maybe_day, "crate::time::day", crate::time::civil::Date
);

/// A length of time, in whole milliseconds.
pub mod length {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::SignedDuration;

    /// Writes it.
    pub fn serialize<S: Serializer>(it: &SignedDuration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
        i64::deserialize(from).map(SignedDuration::from_millis)
    }
}
