//! Lengths of time in a configuration: `"90s"`, `"5m"`, `"3h"`, `"30d"`, or a number: seconds.

use people_model::time::SignedDuration;
use serde::{Deserialize, Deserializer};

/// A length of time, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(SignedDuration);

impl Span {
    /// So many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(SignedDuration::from_secs(n))
    }

    /// So many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self(SignedDuration::from_secs(n * 60))
    }

    /// So many hours.
    pub const fn hours(n: i64) -> Self {
        Self(SignedDuration::from_secs(n * 3600))
    }

    /// The length.
    pub const fn get(self) -> SignedDuration {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: u32 = number.parse().ok()?;
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        Some(Self(SignedDuration::from_millis(i64::from(number) * millis)))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a length of time such as \"90s\", \"5m\", \"3h\" or \"30d\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Span, E> {
                u32::try_from(n)
                    .map(|n| Span::seconds(i64::from(n)))
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(n), &self))
            }
        }
        input.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("3h", 10_800), ("30d", 2_592_000), ("7s", 7)] {
            assert_eq!(Span::parse(text), Some(Span::seconds(seconds)), "{text}");
        }
        for bad in ["", "h", "7", "-5m", "5 weeks", "1.5h"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }
}
