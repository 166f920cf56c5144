//! The Provisioning API as the directory that follows HR: what is looked at, and what an account shows.
//!
//! The API has users of one domain by the local part of their address, with two names, and no id of HR's. So an account is a person's where it was made
//! from here, where HR names its address and nobody else has it, or where it appeared after a create whose answer was lost.

use people_model::time::SignedDuration;
use people_model::verdict::Receipt;
use people_model::{Api, Call, Domain, Email, Members, Safety, call::Form, call::Method};

use super::operation;
use crate::config::gapps::Leave;
use crate::engine::{Seen, Situation};
use crate::target::find::{Accounts, text};
use crate::target::{Answer, Plan, Sight, Target};

/// How long a rename takes to spread ("Google Apps Provisioning API guide": up to ten minutes).
pub(super) const SPREADS: SignedDuration = SignedDuration::from_mins(10);

/// How long the name of a deleted user cannot be used again: five days, with an hour for clocks that differ.
pub(super) const BLOCKED: SignedDuration = SignedDuration::from_hours(5 * 24 + 1);

/// A server that speaks the Provisioning API, as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// The tenant's domain.
    pub domain: Domain,
    /// What becomes of the account of somebody who leaves.
    pub leave: Leave,
}

/// What else is looked at than users and nicknames.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Look {
    /// The customer: its id is part of the paths of organizational units.
    Customer,
    /// The organizational unit at this path, with its parts encoded.
    Unit {
        /// The customer's id.
        customer: String,
        /// The path.
        path: String,
    },
    /// In which organizational unit a user is.
    Place {
        /// The customer's id.
        customer: String,
        /// The user.
        user: Email,
    },
}

impl Look {
    /// The call that takes this look.
    pub fn call(&self) -> Call {
        match self {
            Self::Customer => get("customer.getId", &[]),
            Self::Unit { customer, path } => {
                get("orgunit.get", &[("customerId", customer), ("orgUnitPath", path)])
            }
            Self::Place { customer, user } => {
                get("orguser.get", &[("customerId", customer), ("email", user.as_str())])
            }
        }
    }
}

impl Target for Provisioning {
    fn look(&self, sight: &Sight) -> Call {
        match sight {
            Sight::User(user) => get("user.get", &[("domain", user.domain()), ("userName", user.local())]),
            Sight::Alias(alias) => {
                get("nickname.get", &[("domain", alias.domain()), ("nickname", alias.local())])
            }
            Sight::Gapps(look) => look.call(),
            // Never asked for: the configuration refuses what would.
            Sight::Invitation(_) | Sight::Invitable(_) => nowhere("user.get"),
        }
    }

    fn plan(&self, situation: &Situation<'_>, seen: &Seen) -> Plan {
        super::plan::plan(self, situation, seen)
    }

    fn receipt(&self, call: &Call, answer: &Answer) -> Receipt {
        let Some(known) = operation(&call.op) else { return Receipt::default() };
        let path = call.path.split('?').next().unwrap_or_default();
        let values = known.matches(call.method, path).unwrap_or_default();
        let domain = values.iter().find(|(name, _)| *name == "domain").map(|(_, domain)| domain);
        let name = answer.0.as_object().and_then(|entry| text(entry, "userName"));
        let address = name.zip(domain).and_then(|(name, domain)| address(name, domain));
        Receipt { address, workflow: None }
    }
}

impl Accounts for Provisioning {
    const SPREADS: SignedDuration = SPREADS;

    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn owner(&self, alias: &Email, shown: &Members) -> Option<Email> {
        address(text(shown, "userName")?, alias.domain())
    }

    fn identified(&self, _: &Situation<'_>, _: &Members) -> Option<bool> {
        None
    }
}

fn address(name: &str, domain: &str) -> Option<Email> {
    Email::parse(&format!("{name}@{domain}")).ok()
}

fn get(op: &'static str, values: &[(&str, &str)]) -> Call {
    operation(op).and_then(|known| known.call(values, None).ok()).unwrap_or_else(|| nowhere(op))
}

/// A call for which no request can be built: of an address that would lead elsewhere, such as `..@example.com`.
fn nowhere(op: &str) -> Call {
    Call {
        api: Api::Gapps,
        op: format!("gapps.{op}").into(),
        safety: Safety::Read,
        method: Method::Get,
        path: " ".into(),
        body: None,
        form: Form::Atom,
        password: false,
    }
}
