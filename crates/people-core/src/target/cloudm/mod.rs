//! CloudM Automate, People API v4.

use people_model::time::SignedDuration;
use people_model::verdict::Receipt;
use people_model::{Call, Domain, Email, Members, WorkflowId};
use serde::Deserialize;
use serde_json::Value;

use super::find::{Accounts, text};
use super::invitations::Invitations;
use super::invitations::operations::{Check, Get};
use super::{Answer, Plan, Sight, Target};
use crate::endpoint::Endpoint;
use crate::engine::{Seen, Situation};

mod judge;
mod plan;
mod unmanaged;
pub mod users;
mod wanted;
pub mod workflows;

pub use judge::judge;

/// CloudM as a target: where it is, and how it is to be spoken to where its documents leave it open. `[cloudm]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloudm {
    /// The tenant's domain, as verified in CloudM.
    pub domain: Domain,
    /// The API's base URL; `/people/v4` and `/people/v1` lie below it. Default: CloudM's.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// The path of a scheduled onboarding below the domain. "Building an integration" says `/onboard/scheduled`, the older
    /// reference says nothing (`""`). Default: the former.
    #[serde(default = "schedule_path")]
    pub schedule_path: String,
    /// Whether a user whose onboarding is scheduled can be read before it takes place. Unknown; default true.
    #[serde(default = "yes")]
    pub pending_visible: bool,
    /// The member that holds the HR worker id. Default `employeeId`.
    #[serde(default = "employee_id")]
    pub worker_id_member: String,
    /// Members that a read does not return, so that they cannot be compared after a change. Default none.
    #[serde(default)]
    pub unread: Vec<String>,
    /// What removes a member's value: an empty value, or `null`. Undocumented; default `empty`.
    #[serde(default)]
    pub clear_with: ClearWith,
    /// `[invitations]`: what is to be done about unmanaged accounts before one is made here.
    #[serde(skip)]
    pub invitations: Option<Invitations>,
}

impl Cloudm {
    /// The tenant's domain, and defaults for everything else.
    pub fn new(domain: Domain) -> Self {
        Self {
            domain,
            base_url: base_url(),
            schedule_path: schedule_path(),
            pending_visible: true,
            worker_id_member: employee_id(),
            unread: Vec::new(),
            clear_with: ClearWith::default(),
            invitations: None,
        }
    }
}

fn base_url() -> String {
    people_model::cloudm::BASE_URL.into()
}

fn schedule_path() -> String {
    "/onboard/scheduled".into()
}

fn employee_id() -> String {
    "employeeId".into()
}

fn yes() -> bool {
    true
}

/// What removes a member's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClearWith {
    /// `""`, `[]` or `false`.
    #[default]
    Empty,
    /// `null`.
    Null,
}

impl Target for Cloudm {
    fn look(&self, sight: &Sight) -> Call {
        match sight {
            Sight::User(address) => users::Get { domain: &self.domain, user: address.as_str() }.call(),
            Sight::Alias(alias) => users::GetByAlias { domain: &self.domain, alias: alias.as_str() }.call(),
            Sight::Invitation(name) => Get(name).call(),
            Sight::Invitable(name) => Check(name).call(),
            #[cfg(feature = "gapps")]
            Sight::Gapps(look) => look.call(),
        }
    }

    fn plan(&self, situation: &Situation<'_>, seen: &Seen) -> Plan {
        plan::plan(self, situation, seen)
    }

    fn receipt(&self, _call: &Call, answer: &Answer) -> Receipt {
        let Value::Object(profile) = &answer.0 else { return Receipt::default() };
        Receipt {
            address: text(profile, "id").and_then(|id| Email::parse(id).ok()),
            workflow: workflow(profile),
        }
    }
}

impl Accounts for Cloudm {
    const SPREADS: SignedDuration = SignedDuration::ZERO;

    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn owner(&self, _alias: &Email, shown: &Members) -> Option<Email> {
        text(shown, "id").and_then(|id| Email::parse(id).ok())
    }

    fn identified(&self, s: &Situation<'_>, shown: &Members) -> Option<bool> {
        let id = text(shown, &self.worker_id_member)?;
        Some(id == self.worker_id(s) || id == s.person.worker.as_str())
    }
}

/// The running workflow that a profile names.
fn workflow(profile: &Members) -> Option<WorkflowId> {
    text(profile, "workflowId").and_then(|id| WorkflowId::parse(id).ok())
}
