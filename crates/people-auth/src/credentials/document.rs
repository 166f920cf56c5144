//! A credentials document while it is read: its strings are wiped from memory when it is let go.

use people_model::{Members, Secret};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::error::CredentialsError;
use crate::error::KeyError;

/// An object of the document.
pub(super) struct Document(Members);

impl Document {
    /// Reads the JSON object; a byte order mark is skipped.
    pub(super) fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let value: Value = serde_json::from_slice(json)
            .map_err(|fault| KeyError::NotJson { line: fault.line(), column: fault.column() })?;
        match value {
            Value::Object(members) => Ok(Self(members)),
            mut other => {
                wipe(&mut other);
                Err(KeyError::NotAnObject)
            }
        }
    }

    /// Whether the member is there and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// The member's text, where it is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// The member's text.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, CredentialsError> {
        self.text(name).ok_or(CredentialsError::Missing(name))
    }

    /// The member's text, as a secret.
    pub(super) fn secret(&self, name: &str) -> Option<Secret<String>> {
        self.text(name).map(Secret::from)
    }

    /// The member's whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// The texts of the member, where it is an array of them or absent.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, CredentialsError> {
        let fault = CredentialsError::Missing(name);
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(all)) => {
                all.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(|| fault.clone())).collect()
            }
            Some(_) => Err(fault),
        }
    }

    /// Takes the object out that is the member.
    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        match self.0.remove(name) {
            Some(Value::Object(members)) => Some(Self(members)),
            Some(mut other) => {
                wipe(&mut other);
                None
            }
            None => None,
        }
    }

    /// The members that are texts.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The document as bytes again.
    pub(super) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(all) => all.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}
