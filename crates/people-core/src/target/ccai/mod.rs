//! CCAI Platform's bulk user management: where it is, what is filed of whom, and how its answers are read. The batches that people are filed
//! in, and how a job is driven to its end, are in `engine::bulk`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use people_model::Secret;
use serde::{Deserialize, Deserializer};

use crate::config::{SecretRef, Span, trusted_url};
use crate::policy::matches;
use crate::source::ConfigProblem;

mod attribute;
mod file;
mod judge;
pub mod ops;
mod plan;

pub use attribute::attribute;
pub use file::{file, filename};
pub use judge::judge;
pub use plan::{Wanted, plan};

/// `[ccai]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ccai {
    /// The origin, such as `https://customer.uc1.ccaiplatform.com`; `/apps/api/v1` lies below it.
    pub base_url: String,
    /// The subdomain, which is the user of HTTP Basic.
    pub subdomain: String,
    /// The token of an `api_user`; the legacy company secret is refused there.
    pub token: SecretRef,
    /// Whose departments (HR's `department`) are filed: names, or patterns with `*`; case does not count. Default: nobody's, so that
    /// only `people bulk` speaks to it.
    #[serde(default)]
    pub departments: Vec<String>,
    /// How long rows are gathered before they become a file. Default 15 min.
    #[serde(default = "window")]
    pub window: Span,
    /// Rows of a file at most. Default 500; CCAI Platform sets no limit and advises smaller batches.
    #[serde(default = "rows")]
    pub rows: usize,
    /// How many requests a second go there at most. Default 10, which is what all of a customer's clients may make together.
    #[serde(default = "rate")]
    pub rate: u32,
    /// The shortest time between two looks at a job. Default 5 s; the longer it takes, the rarer they get.
    #[serde(default = "poll")]
    pub poll: Span,
    /// How long the server may take to validate or to apply a file before a human is asked. Default 2 h.
    #[serde(default = "patience")]
    pub patience: Span,
    /// Whether the rows of errors count from 0 or from 1. Undocumented; default `auto`: told from the errors themselves, and where they do
    /// not tell, both people are held.
    #[serde(default)]
    pub row_base: RowBase,
    /// Further members of a row (`location`, `agent_number`, …) by the HR member that they are taken from; a dotted path leads into it,
    /// such as `locations.0.buildingId`. Default none.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// What HR's words for a place are as `location`s. Default: taken as they are.
    #[serde(default)]
    pub locations: BTreeMap<String, String>,
    /// Roles by department (a name or a pattern): set for who is in it, unset for who is not. Roles that are named nowhere here are not
    /// touched. Default none.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<String>>,
    /// Teams, in the same way. Default none.
    #[serde(default)]
    pub teams: BTreeMap<String, Vec<String>>,
    /// What stands in a row's list for roles and teams that are not touched: `empty` (an empty value, as the reference allows), or `omit`
    /// (they are left out of the list). What the server makes of either is not documented; default `empty`.
    #[serde(default)]
    pub untouched: Untouched,
}

fn window() -> Span {
    Span::minutes(15)
}

fn rows() -> usize {
    500
}

fn rate() -> u32 {
    people_model::ccai::RATE
}

fn poll() -> Span {
    Span::seconds(5)
}

fn patience() -> Span {
    Span::hours(2)
}

/// From which number rows are counted in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowBase {
    /// Not known: told from the errors.
    #[default]
    Auto,
    /// The first row is 0.
    Zero,
    /// The first row is 1.
    One,
}

impl<'de> Deserialize<'de> for RowBase {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(i64),
            Word(String),
        }
        match Form::deserialize(input) {
            Ok(Form::Number(0)) => Ok(Self::Zero),
            Ok(Form::Number(1)) => Ok(Self::One),
            Ok(Form::Word(word)) if word == "auto" => Ok(Self::Auto),
            _ => Err(serde::de::Error::custom("use 0, 1 or \"auto\"")),
        }
    }
}

/// What stands for roles and teams that are not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untouched {
    /// Their name with an empty value.
    #[default]
    Empty,
    /// Nothing.
    Omit,
}

impl Ccai {
    /// What is wrong with the table, with the key below `ccai.`.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        let problem = |key: &str, problem: &str| Err(ConfigProblem::new(format!("ccai.{key}"), problem));
        if !trusted_url(&self.base_url) {
            return problem("base_url", "must be an https:// URL; http:// is for this machine only");
        }
        if self.base_url.contains("/apps/api") {
            return problem("base_url", "leave out the path; /apps/api/v1 is added");
        }
        if self.subdomain.is_empty() || self.subdomain.contains([':', '/']) {
            return problem("subdomain", "use the first part of the host name, without https://");
        }
        if self.rows == 0 || self.rate == 0 {
            return problem("rows", "rows and rate must be at least 1");
        }
        if self.window.get().as_secs() < 1 {
            return problem("window", "must be at least 1s");
        }
        let reserved = ["email", "new_email", "first_name", "last_name", "status", "roles", "teams"];
        if self.fields.keys().any(|field| reserved.contains(&field.as_str())) {
            return problem("fields", "email, names, status, roles and teams are filled in by themselves");
        }
        Ok(())
    }

    /// The value of the header `Authorization` after `Basic `.
    pub fn basic(&self, token: &Secret<String>) -> Secret<String> {
        Secret::from(STANDARD.encode(format!("{}:{}", self.subdomain, token.expose())))
    }

    /// Whether anybody of HR's is filed.
    pub fn is_target(&self) -> bool {
        !self.departments.is_empty()
    }

    /// Whether people of this department are filed.
    pub fn covers(&self, department: &str) -> bool {
        self.departments.iter().any(|pattern| fits(pattern, department))
    }
}

/// Whether a department fits a configured name or pattern.
fn fits(pattern: &str, department: &str) -> bool {
    matches(&pattern.trim().to_lowercase(), &department.trim().to_lowercase())
}
