//! Signature schemes as data: what is signed, with what, and where the proof is found. A preset is a row here; the same rows are
//! what `signature = { … }` in a configuration says, so a vendor without a preset is expressed, not programmed.

mod key;
mod parts;
mod prover;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vendors;

use serde::{Deserialize, Deserializer};

use crate::config::Span;

pub use parts::sign;
pub use prover::Prover;

/// What makes the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Nothing proves anything. Has to be asked for in so many words, and is low trust.
    None,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// An Ed25519 signature; the key is the public one.
    Ed25519,
    /// A header holds the secret itself. Low trust: it does not cover the body.
    Token,
    /// HTTP Basic; the secret is `user:password`. Low trust: it does not cover the body.
    Basic,
}

/// How the signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Hexadecimal digits of either case.
    #[default]
    Hex,
    /// Standard Base64, padded or not.
    Base64,
    /// URL-safe Base64, padded or not.
    Base64url,
}

/// How the secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyForm {
    /// The bytes of the text are the key.
    #[default]
    Text,
    /// Standard Base64, padded or not.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// What stands between several signatures in one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// The header holds one signature.
    #[default]
    One,
    /// A space.
    Space,
    /// A comma, with or without spaces.
    Comma,
}

/// One part of what is signed. In TOML: `"body"`, `"timestamp"`, `"id"`, `"method"`, or `{ text = ":" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The raw body.
    Body,
    /// The timestamp header, as it is written.
    Timestamp,
    /// The id header, as it is written.
    Id,
    /// The verb, in capitals.
    Method,
    /// This text.
    Text(String),
}

/// The unit of a timestamp header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds since 1970.
    #[default]
    S,
    /// Milliseconds since 1970.
    Ms,
    /// RFC 3339.
    Rfc3339,
}

/// Where the moment of signing stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The header, or several of which the first that is there counts.
    #[serde(deserialize_with = "names")]
    pub header: Vec<String>,
    /// Its unit.
    #[serde(default)]
    pub unit: Unit,
}

/// One way to prove a delivery; a row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// What makes the proof.
    pub algorithm: Algorithm,
    /// The header of the signature, or several of which the first that is there counts.
    #[serde(default, deserialize_with = "names")]
    pub header: Vec<String>,
    /// What stands before each signature, such as `sha256=`. A signature without it is passed over.
    #[serde(default)]
    pub prefix: String,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands between several signatures.
    #[serde(default)]
    pub list: List,
    /// What is signed, in order.
    #[serde(default = "body")]
    pub signed: Vec<Part>,
    /// The moment of signing. Has to be signed.
    #[serde(default)]
    pub timestamp: Option<Stamp>,
    /// The header of the delivery's id. Has to be signed.
    #[serde(default, deserialize_with = "names")]
    pub id: Vec<String>,
    /// A header that names the key in use.
    #[serde(default, deserialize_with = "names")]
    pub label: Vec<String>,
    /// The names that this header may give to the secrets, in their order. A name that is not here tries all.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How the secret is written.
    #[serde(default)]
    pub key: KeyForm,
    /// What may stand before a secret, such as `whsec_`.
    #[serde(default)]
    pub key_prefix: String,
    /// How old a stamp may be; `tolerance` of the source overrides it.
    #[serde(skip, default = "five_minutes")]
    pub past: Span,
}

fn body() -> Vec<Part> {
    vec![Part::Body]
}

fn five_minutes() -> Span {
    Span::minutes(5)
}

/// One name or a list of them.
pub(crate) fn names<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<String>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text or a list of texts")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_owned()])
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
            let mut all = Vec::new();
            while let Some(text) = seq.next_element()? {
                all.push(text);
            }
            Ok(all)
        }
    }
    input.deserialize_any(Visitor)
}

impl Scheme {
    /// A row with this algorithm, one signature in hex in this header, and the body alone signed.
    pub fn new(algorithm: Algorithm, header: &str) -> Self {
        Self {
            algorithm,
            header: vec![header.to_owned()],
            prefix: String::new(),
            encoding: Encoding::Hex,
            list: List::One,
            signed: body(),
            timestamp: None,
            id: Vec::new(),
            label: Vec::new(),
            labels: Vec::new(),
            key: KeyForm::Text,
            key_prefix: String::new(),
            past: five_minutes(),
        }
    }

    /// Whether a proof of this kind covers the body.
    pub fn covers_body(&self) -> bool {
        matches!(self.algorithm, Algorithm::HmacSha256 | Algorithm::HmacSha512 | Algorithm::Ed25519)
    }
}

/// The rows of a kind that has a scheme of its own; several where one header may hold proofs of several sorts.
///
/// | kind | scheme |
/// |---|---|
/// | `bamboohr` | hex HMAC-SHA256(key, body ++ timestamp); unix seconds. Retries run up to 155 minutes and it is not documented whether they are stamped anew, hence three hours |
/// | `standard-webhooks` | `v1,` Base64 HMAC-SHA256 and `v1a,` Ed25519 over id.timestamp.body (Standard Webhooks 1.0.0); the headers may be named `svix-` too |
pub fn preset(kind: &str) -> Option<Vec<Scheme>> {
    use Algorithm::{Ed25519, HmacSha256};
    use Part::{Body, Id, Timestamp};
    let dot = || Part::Text(".".to_owned());
    let both = |name: &str| vec![format!("webhook-{name}"), format!("svix-{name}")];
    let stamp = |header: Vec<String>| Some(Stamp { header, unit: Unit::S });
    Some(match kind {
        "bamboohr" => vec![Scheme {
            signed: vec![Body, Timestamp],
            timestamp: stamp(vec!["x-bamboohr-timestamp".to_owned()]),
            past: Span::hours(3),
            ..Scheme::new(HmacSha256, "x-bamboohr-signature")
        }],
        "standard-webhooks" => [(HmacSha256, "v1,", "whsec_"), (Ed25519, "v1a,", "whpk_")]
            .into_iter()
            .map(|(algorithm, prefix, key_prefix)| Scheme {
                header: both("signature"),
                prefix: prefix.to_owned(),
                encoding: Encoding::Base64,
                list: List::Space,
                signed: vec![Id, dot(), Timestamp, dot(), Body],
                timestamp: stamp(both("timestamp")),
                id: both("id"),
                key: KeyForm::Base64,
                key_prefix: key_prefix.to_owned(),
                ..Scheme::new(algorithm, "")
            })
            .collect(),
        // A vendor whose formula is documented is one more row here.
        _ => return None,
    })
}
