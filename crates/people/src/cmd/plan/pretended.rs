//! A pretended directory in which every wish is granted: what the looks of a plan show.

use std::collections::BTreeMap;

use people_core::target::Sight;
use people_core::target::gapps::Look;
use people_model::{Api, Effect, Email, Members, Step};
use serde_json::{Value, json};

/// The directory.
#[derive(Default)]
pub(super) struct Pretended {
    accounts: BTreeMap<Email, Members>,
    /// Addresses before a rename, as the Provisioning API shows them.
    nicknames: BTreeMap<Email, Members>,
    /// The organizational unit of the person, as the Provisioning API shows it.
    place: Members,
}

impl Pretended {
    /// There is an account.
    pub(super) fn put(&mut self, address: Email, profile: &Value) {
        self.accounts.insert(address, profile.as_object().cloned().unwrap_or_default());
    }

    pub(super) fn look(&self, sight: &Sight) -> Option<Members> {
        match sight {
            Sight::User(address) => self.accounts.get(address).cloned(),
            Sight::Alias(alias) => {
                let has = |profile: &&Members| {
                    let aliases = profile.get("aliases").and_then(Value::as_array);
                    aliases.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(alias.as_str())))
                };
                self.nicknames.get(alias).or_else(|| self.accounts.values().find(has)).cloned()
            }
            Sight::Gapps(Look::Customer) => json!({"customerId": "my_customer"}).as_object().cloned(),
            // Every unit exists.
            Sight::Gapps(Look::Unit { .. }) => Some(Members::new()),
            Sight::Gapps(Look::Place { .. }) => Some(self.place.clone()),
            // Nobody has an account of their own.
            Sight::Invitation(_) | Sight::Invitable(_) => None,
        }
    }

    /// The step is done to the account that is known.
    pub(super) fn happen(&mut self, step: &Step, account: Option<&Email>) {
        let body = step.call.body.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
        let gapps = step.call.api == Api::Gapps;
        match &step.effect {
            Effect::Create { address } | Effect::Schedule { address, .. } => {
                self.accounts.insert(address.clone(), body);
            }
            Effect::Update if body.contains_key("orgUnitPath") => self.place = body,
            Effect::Update | Effect::Restore | Effect::Suspend | Effect::Rename { .. } => {
                let Some((old, mut profile)) =
                    account.and_then(|old| Some((old, self.accounts.remove(old)?)))
                else {
                    return;
                };
                profile.extend(body);
                let new = match &step.effect {
                    Effect::Rename { address } => address,
                    _ => old,
                };
                if gapps && new != old {
                    let nickname = json!({"nickname": old.local(), "userName": new.local()});
                    self.nicknames.insert(old.clone(), nickname.as_object().cloned().unwrap_or_default());
                }
                self.accounts.insert(new.clone(), profile);
            }
            Effect::Offboard if gapps => _ = account.and_then(|address| self.accounts.remove(address)),
            Effect::Offboard
            | Effect::AbortOnboarding { .. }
            | Effect::AbortOffboarding { .. }
            | Effect::Invite { .. }
            | Effect::CancelInvitation { .. } => {}
        }
    }
}
