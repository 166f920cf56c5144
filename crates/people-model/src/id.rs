//! Names and keys, parsed once at the border. Those that identify a human print redacted under `Debug`. A copy of one shares its text.

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// A text that is not the identifier it should be. Names the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: {rule}")]
pub struct InvalidId {
    /// Which kind of identifier was expected.
    pub what: &'static str,
    /// The rule that the text breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, debug = $debug:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the text; see the type for the rule.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<Cow<'_, str>, &'static str> = $parse;
                check(text).map(|text| Self(text.into())).map_err(|rule| InvalidId { what: $what, rule })
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                output.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(input)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        text_id!(@debug $debug $name);
    };
    (@debug open $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
    (@debug redacted $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(…)", stringify!($name))
            }
        }
    };
}

fn bounded(text: &str, max: usize) -> Result<&str, &'static str> {
    let text = crate::time::trimmed(text);
    if text.is_empty() {
        Err("it is empty")
    } else if text.len() > max {
        Err("it is too long")
    } else if control(text) {
        Err("it holds a control character")
    } else {
        Ok(text)
    }
}

fn control(text: &str) -> bool {
    match text.is_ascii() {
        true => text.bytes().any(|b| b.is_ascii_control()),
        false => text.chars().any(char::is_control),
    }
}

/// In small letters; a text that is so already is not copied.
fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        text.into()
    } else {
        text.to_lowercase().into()
    }
}

fn name(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let text = bounded(text, 64)?;
    if text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_') {
        Ok(text.into())
    } else {
        Err("use a-z, 0-9, '-' and '_'")
    }
}

fn host(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let text = bounded(text, 253)?;
    let label = |l: &[u8]| {
        (1..=63).contains(&l.len())
            && l.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
            && l.first() != Some(&b'-')
            && l.last() != Some(&b'-')
    };
    let mut labels = 0;
    if !text.as_bytes().split(|b| *b == b'.').inspect(|_| labels += 1).all(label) || labels < 2 {
        return Err("expected a domain name such as example.com");
    }
    Ok(lower(text))
}

text_id!(
    /// The configured name of a source, as in `/hooks/{name}`: a-z, 0-9, `-`, `_`, at most 64 bytes.
    SourceName, "source name", debug = open, name
);
text_id!(
    /// A verified domain of the CloudM tenant, lower case.
    Domain, "domain", debug = open, host
);
text_id!(
    /// The HR system's id of a worker: any printable text up to 256 bytes, trimmed. Case counts.
    WorkerId, "worker id", debug = redacted, |t| bounded(t, 256).map(Cow::Borrowed)
);
text_id!(
    /// An e-mail address, lower case: one `@`, a non-empty local part without spaces, a domain name.
    Email, "e-mail address", debug = redacted, |t| {
        let t = bounded(t, 254)?;
        let (local, domain) = t.rsplit_once('@').ok_or("it has no '@'")?;
        let apart = |b| matches!(b, b'@' | b' ' | b'<' | b'>' | b'"' | b',' | b';');
        if local.is_empty() || local.len() > 64 || local.bytes().any(apart) {
            return Err("the part before '@' is not usable");
        }
        let domain = host(domain)?;
        // Mostly it is written in small letters.
        Ok(match (lower(local), domain) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => t.into(),
            (local, domain) => format!("{local}@{domain}").into(),
        })
    }
);
text_id!(
    /// The id of a CloudM workflow, as an offboarding or a scheduled onboarding returns it.
    WorkflowId, "workflow id", debug = open, |t| bounded(t, 256).map(Cow::Borrowed)
);
text_id!(
    /// The id of a delivery: `d_` and hex digits, of a hash and, where it was received, of that moment before it.
    DeliveryId, "delivery id", debug = open, |t| bounded(t, 64).map(Cow::Borrowed)
);
text_id!(
    /// The id of an event: its delivery's id, a dot, and its position in the delivery.
    EventId, "event id", debug = open, |t| bounded(t, 80).map(Cow::Borrowed)
);

impl Email {
    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl DeliveryId {
    /// The id of the delivery of `source` with this dedupe key (the sender's message id, or a hash of the body).
    pub fn of(source: &SourceName, dedupe_key: &[u8]) -> Self {
        Self(format!("d_{}", tag(&[source.as_str().as_bytes(), dedupe_key], 12)).into())
    }

    /// The id of what `source` sent under this dedupe key and was received at `received`: 12 hex digits of the milliseconds since 1970, then
    /// 16 of a hash. Ids follow the time, so that an index of them grows at its end, however large it is; the hash tells apart
    /// what came in one millisecond.
    pub fn received(source: &SourceName, dedupe_key: &[u8], received: crate::time::Timestamp) -> Self {
        let moment = received.as_nanosecond().to_be_bytes();
        let hash = tag(&[source.as_str().as_bytes(), dedupe_key, &moment], 8);
        Self(format!("d_{:012x}{hash}", received.as_millisecond().max(0)).into())
    }

    /// The id of the event at this position of the delivery.
    pub fn event(&self, index: usize) -> EventId {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let index = DIGITS.get(index).map_or_else(|| index.to_string().into(), |digit| Cow::Borrowed(*digit));
        EventId([&*self.0, ".", &*index].concat().into())
    }
}

impl EventId {
    /// The delivery that this event came with.
    pub fn delivery(&self) -> &str {
        self.0.rsplit_once('.').map_or(&*self.0, |(delivery, _)| delivery)
    }
}

/// The identity of a person: the tenant, the group of linked sources, and the HR worker id. Never an e-mail address.
///
/// As text: `tenant/group/worker`. Two sources that speak of the same workers share a group (`link` in the configuration).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct PersonKey {
    /// The tenant: the CloudM domain.
    pub tenant: Domain,
    /// The group of linked sources.
    pub group: SourceName,
    /// The HR worker id.
    pub worker: WorkerId,
}

impl PersonKey {
    /// A short stable name for logs, lists and metrics: `p_` and 16 hex digits. It cannot be turned back.
    pub fn tag(&self) -> String {
        let parts = [self.tenant.as_str(), self.group.as_str(), self.worker.as_str()].map(str::as_bytes);
        format!("p_{}", tag(&parts, 8))
    }

    /// The key of another worker known to the same sources.
    pub fn colleague(&self, worker: WorkerId) -> Self {
        Self { worker, ..self.clone() }
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag())
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.group, self.worker)
    }
}

impl From<PersonKey> for String {
    fn from(key: PersonKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PersonKey {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl FromStr for PersonKey {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.splitn(3, '/');
        let mut part =
            || parts.next().ok_or(InvalidId { what: "person key", rule: "expected tenant/group/worker" });
        Ok(Self {
            tenant: Domain::parse(part()?)?,
            group: SourceName::parse(part()?)?,
            worker: WorkerId::parse(part()?)?,
        })
    }
}

/// The first `bytes` bytes, in hex, of SHA-256 over the length-prefixed parts.
fn tag(parts: &[&[u8]], bytes: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    hash.finalize().iter().take(bytes).flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_checked() {
        assert_eq!(Email::parse(" Ana.Silva@Example.COM ").unwrap().as_str(), "ana.silva@example.com");
        for bad in ["", "@", "a@", "@b.c", "a b@c.d", "a@b", "a@b..c", "a@b@c.d", "a\n@b.c"] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_of_deliveries_follow_the_time_and_tell_apart() {
        let source = SourceName::parse("hr").unwrap();
        let id = |key: &[u8], ms| {
            DeliveryId::received(&source, key, crate::time::Timestamp::from_millisecond(ms).unwrap())
        };
        let (early, late) = (id(b"z", 999_999_999_999), id(b"a", 1_000_000_000_000));
        assert!(early < late && early.event(0) < late.event(0), "{early} {late}");
        assert_ne!(id(b"a", 1), id(b"b", 1));
        assert_eq!(id(b"a", 1), id(b"a", 1));
        let id = DeliveryId::of(&source, b"msg_1");
        assert_eq!(id.as_str().len(), 26);
        for index in [0, 9, 10, 9_999] {
            assert_eq!(id.event(index).as_str(), format!("{id}.{index}"));
        }
    }

    #[test]
    fn what_identifies_a_human_is_not_printed() {
        let key: PersonKey = "example.com/hr/SSN-078-05-1120".parse().unwrap();
        let shown = format!("{key:?} {:?} {:?}", key.worker, Email::parse("ana@example.com").unwrap());
        assert!(!shown.contains("078") && !shown.contains("ana"), "{shown}");
        assert_eq!(key.tag(), key.clone().tag());
    }

    #[test]
    fn a_key_survives_the_round_trip_even_with_slashes_in_the_worker_id() {
        let key: PersonKey = "example.com/hr/7/a".parse().unwrap();
        assert_eq!(key.worker.as_str(), "7/a");
        assert_eq!(serde_json::from_str::<PersonKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
    }
}
