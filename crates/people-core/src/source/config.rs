//! `[[source]]` in `people.toml`: one HR system, its secrets, and what its records mean.

use std::collections::BTreeMap;

use people_model::cloudm::member;
use people_model::{SourceName, Trust};
use serde::Deserialize;

use super::proof::Scheme;
use crate::config::{SecretRef, Span};
use crate::mapping::MapConfig;

/// Tables of words: `[source.lookup.departments]`, used as `dept | lookup('departments')`.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// One HR system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Its name, as in `/hooks/{name}`.
    pub name: SourceName,
    /// One of the kinds that [`super::kinds`] lists.
    pub kind: String,
    /// The secrets that prove a delivery; any of them may match, so that a key can be rotated without a gap.
    #[serde(default)]
    pub secrets: Vec<SecretRef>,
    /// The group of sources that speak of the same workers by the same ids; the source's own name if absent.
    #[serde(default)]
    pub link: Option<SourceName>,
    /// IANA name of the zone for workers whose record names none.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How old the signed timestamp of a delivery may be. Ahead of us it may be as much, and 15 minutes at most.
    #[serde(default)]
    pub tolerance: Option<Span>,
    /// How long the same delivery is a duplicate.
    #[serde(default)]
    pub dedupe: Option<Span>,
    /// Lowers the trust that the signature gives: `"low"`.
    #[serde(default)]
    pub trust: Option<Trust>,
    /// How deliveries are proven, where the kind has no scheme of its own or another one is in use.
    #[serde(default)]
    pub signature: Option<Scheme>,
    /// What the records mean, where the kind does not know or the customer has named the fields.
    #[serde(default)]
    pub map: Option<MapConfig>,
    /// Tables of words for the map.
    #[serde(default)]
    pub lookup: Tables,
    /// The HR system's API, for kinds that announce that something is different and not what.
    #[serde(default)]
    pub api: Option<ApiConfig>,
    /// What a deleted record means, for kinds that announce it.
    #[serde(default)]
    pub deleted: Deleted,
    /// What `null` and `""` mean.
    #[serde(default)]
    pub empty: Empty,
}

impl SourceConfig {
    /// The group of linked sources: `link`, or the source's own name.
    pub fn group(&self) -> &SourceName {
        self.link.as_ref().unwrap_or(&self.name)
    }
}

/// The API of an HR system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Where it is; HTTPS, unless on this machine. Nothing a delivery says changes it.
    pub base_url: String,
    /// The API key.
    pub key: SecretRef,
    /// Further fields to ask for. Those that the map reads by their plain names are asked for anyway.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What a deleted HR record means. It is not a leaver: unless told otherwise the leave carries the reason
/// [`people_model::Event::DELETED`], on which the engine asks a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deleted {
    /// Nothing.
    Ignore,
    /// A leave, which a human has to confirm.
    #[default]
    Hold,
    /// A leave like any other.
    Leave,
}

/// What `null` and `""` do to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// The value was removed.
    Clear,
    /// They say nothing.
    Keep,
}

/// What `null` and `""` mean, a rule a CloudM member: `empty = { default = "clear", title = "keep" }`. Without a rule they clear,
/// except for what identifies a person (`email`, `id`, `givenName`, `familyName`), which they leave alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Empty(BTreeMap<String, Rule>);

impl Empty {
    const IDENTITY: [&'static str; 4] = ["email", "id", "givenName", "familyName"];

    /// The rule of this member.
    pub fn rule(&self, name: &str) -> Rule {
        let own = self.0.get(name).copied();
        if Self::IDENTITY.contains(&name) {
            return own.unwrap_or(Rule::Keep);
        }
        own.or_else(|| self.0.get("default").copied()).unwrap_or(Rule::Clear)
    }

    pub(super) fn check(&self) -> Result<(), ConfigProblem> {
        match self.0.keys().find(|name| *name != "default" && member(name).is_none()) {
            Some(name) => {
                Err(ConfigProblem::new(format!("empty.{name}"), crate::mapping::unknown_member(name)))
            }
            None => Ok(()),
        }
    }
}

/// What is wrong with the configuration of a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigProblem {
    /// The key within the source's table, such as `map.fields.title`.
    pub key: String,
    /// What is wrong, and how to put it right. Holds no secret.
    pub problem: String,
}

impl ConfigProblem {
    /// A problem with this key.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_kept_and_the_rest_cleared_unless_told_otherwise() {
        let empty: Empty = toml::from_str("title = \"keep\"").unwrap();
        let keeps = |empty: &Empty, name: &str| empty.rule(name) == Rule::Keep;
        assert!(keeps(&empty, "title") && keeps(&empty, "givenName") && !keeps(&empty, "department"));
        let empty: Empty =
            toml::from_str("default = \"keep\"\ndepartment = \"clear\"\nfamilyName = \"clear\"").unwrap();
        assert!(keeps(&empty, "title") && !keeps(&empty, "department") && !keeps(&empty, "familyName"));
        let unknown: Empty = toml::from_str("departement = \"keep\"").unwrap();
        assert!(unknown.check().unwrap_err().problem.contains("`department`"));
    }
}
