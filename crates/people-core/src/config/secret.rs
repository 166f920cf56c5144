//! Secrets in a configuration are references, never values: `{ env = "NAME" }` or `{ file = "PATH" }`.

use people_model::Secret;
use serde::{Deserialize, Deserializer};

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In the environment variable (natively) or the Worker secret of this name.
    Env(String),
    /// In this file, without trailing line breaks (natively only).
    File(String),
}

/// Resolves references; the host's business.
pub trait Secrets {
    /// The secret, or in one line why there is none and what to do.
    fn resolve(&self, reference: &SecretRef) -> Result<Secret<String>, String>;
}

impl<F: Fn(&SecretRef) -> Result<Secret<String>, String>> Secrets for F {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret<String>, String> {
        self(reference)
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        deserialize(input)
    }
}

fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SecretRef, D::Error> {
    // By hand, so that a secret pasted in place of a reference is never echoed by an error.
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = SecretRef;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("{ env = \"NAME\" } or { file = \"PATH\" }")
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretRef, E> {
            Err(E::custom("a secret is never written here; use { env = \"NAME\" } or { file = \"PATH\" }"))
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
            let wrong = || serde::de::Error::custom("use exactly one of `env` and `file`");
            let (key, value) = map.next_entry::<String, String>()?.ok_or_else(wrong)?;
            if map.next_key::<String>()?.is_some() {
                return Err(wrong());
            }
            match key.as_str() {
                "env" => Ok(SecretRef::Env(value)),
                "file" => Ok(SecretRef::File(value)),
                _ => Err(wrong()),
            }
        }
    }
    input.deserialize_any(Visitor)
}
