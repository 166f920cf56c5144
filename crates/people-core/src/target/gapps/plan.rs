//! What to do about one person at a server that speaks the Provisioning API. Pure; once all steps are applied and looked at again, there is
//! no step left.
//!
//! Nothing can be scheduled there: whoever will join is waited for until the first day begins. `organization` has what is done about the unit, and
//! `renaming` what about the address.

use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::Receipt;
use people_model::{Effect, Email, HeldWhy, Members, Outcome, Step};
use serde_json::{Value, json};

use super::follow::{BLOCKED, Provisioning, SPREADS};
use super::wanted::{create, differing, names, one, step, update};
use crate::config::gapps::Leave;
use crate::engine::goal::Wanted;
use crate::engine::{Seen, Situation};
use crate::policy::{CancelledHire, Decision};
use crate::target::find::{Finder, Found, missing, reserve, see};
use crate::target::{Plan, Sight};

/// The plan. An `Err` inside is a plan too: what must be known first.
pub(super) fn plan(gapps: &Provisioning, s: &Situation<'_>, seen: &Seen) -> Plan {
    let plan = gapps.happened(s, seen).and_then(|happened| match (happened, s.goal.wanted) {
        (Some(happened), _) => Ok(happened),
        (None, Wanted::Gone) => gapps.gone(s, seen),
        (None, Wanted::Withdrawn) => gapps.withdrawn(s, seen),
        (None, Wanted::Onboard { at }) => gapps.before(s, seen, at),
        (None, Wanted::Active) => gapps.present(s, seen, true),
        (None, Wanted::Follow) => gapps.present(s, seen, false),
    });
    plan.unwrap_or_else(|first| first)
}

impl Provisioning {
    /// What the target shows of a deletion whose answer was lost, whatever is wanted by now. A create shows by the account that
    /// [`Finder::find`] finds, and everything else may be sent again.
    fn happened(&self, s: &Situation<'_>, seen: &Seen) -> Result<Option<Plan>, Plan> {
        let open = s.state.open.as_ref().map(|open| &open.step.effect);
        let (Some(Effect::Offboard), Some(address)) = (open, &s.state.account) else { return Ok(None) };
        let there = see(seen, Sight::User(address.clone()))?.is_some();
        let receipt = || Receipt { address: Some(address.clone()), workflow: None };
        Ok((!there).then(|| Plan::Happened(receipt())))
    }

    /// There is to be an account (`make`), or whatever account there is shows what HR says.
    fn present(&self, s: &Situation<'_>, seen: &Seen, make: bool) -> Result<Plan, Plan> {
        match Finder(self).find(s, seen, make)? {
            Found::Account(address, entry) => {
                // Deleted from here, and there again: made again by a create whose answer was lost, or by somebody.
                if s.state.offboarding.is_some() && seen.claims.get(address) != Some(&false) {
                    return Ok(Plan::Adopt { address: address.clone(), chosen: false });
                }
                match self.restore(s, address, entry) {
                    Some(plan) => Ok(plan),
                    None => self.follow(s, seen, address, entry),
                }
            }
            Found::Lost(address) if make => match &s.state.offboarding {
                Some(deleted) if s.now < after(deleted.at, BLOCKED) => {
                    Ok(Plan::Agrees(Outcome::Expected { until: after(deleted.at, BLOCKED) }))
                }
                deleted if deleted.is_some() || s.state.allows(&HeldWhy::Vanished) => {
                    Ok(match reserve(seen, address)? {
                        true => steps(create(s, address)),
                        false => hold(HeldWhy::Collision),
                    })
                }
                _ => Ok(hold(HeldWhy::Vanished)),
            },
            Found::Free { address, .. } if make => Ok(steps(create(s, &address))),
            Found::Taken { .. } if make => Ok(hold(missing(s, HeldWhy::Collision))),
            Found::Nameless if make => Ok(hold(missing(s, HeldWhy::NoAddress))),
            Found::Lost(_) | Found::Free { .. } | Found::Taken { .. } | Found::Nameless => {
                Ok(Plan::Agrees(Outcome::NoAccount))
            }
        }
    }

    /// The account shows what HR says: changed, read back, agreed.
    fn follow(&self, s: &Situation<'_>, seen: &Seen, address: &Email, entry: &Members) -> Result<Plan, Plan> {
        if let Some(plan) = self.former(s, seen, address)? {
            return Ok(plan);
        }
        if let Some(plan) = self.rename(s, seen, address, entry)? {
            return Ok(plan);
        }
        let changes = differing(entry, names(s));
        if changes.is_empty() {
            return Ok(self.place(s, seen, address)?.unwrap_or(Plan::Agrees(Outcome::Agreed)));
        }
        if changes.iter().all(|(name, value)| s.state.sent.get(name) == Some(value)) {
            let members = changes.keys().cloned().collect();
            return Ok(not_kept(s, members).unwrap_or(Plan::Agrees(Outcome::Agreed)));
        }
        Ok(steps(update(Effect::Update, address, entry, changes)))
    }

    /// Somebody whose access was taken away is wanted again. Only what was taken from here is given back: a suspension by an administrator is
    /// not ours to lift.
    fn restore(&self, s: &Situation<'_>, address: &Email, entry: &Members) -> Option<Plan> {
        if !suspended(entry) || !(s.state.suspended || s.state.restoring) {
            return None;
        }
        // Restored before, acknowledged, and still not: it is not kept.
        if s.state.sent.get("suspended") == Some(&Value::Bool(false)) {
            return not_kept(s, vec!["suspended".into()]);
        }
        let step = match suspension(Effect::Restore, address, entry, false) {
            Ok(step) => step,
            Err(why) => return Some(hold(why)),
        };
        let why = HeldWhy::Policy { key: "restore".into() };
        match s.policy.restore {
            Decision::Act => Some(Plan::Steps(vec![step])),
            Decision::Hold if s.state.allows(&why) => Some(Plan::Steps(vec![step])),
            Decision::Hold => Some(Plan::Hold(why, vec![step])),
            Decision::Ignore => None,
        }
    }

    /// Somebody will join: a date to wait for. What has begun to be given back is given back.
    fn before(&self, s: &Situation<'_>, seen: &Seen, at: Timestamp) -> Result<Plan, Plan> {
        if s.state.restoring
            && let Found::Account(address, entry) = Finder(self).find(s, seen, false)?
            && let Some(plan) = self.restore(s, address, entry)
        {
            return Ok(plan);
        }
        Ok(Plan::Agrees(Outcome::Waiting { until: at }))
    }

    /// The last day has ended.
    fn gone(&self, s: &Situation<'_>, seen: &Seen) -> Result<Plan, Plan> {
        let over = if s.state.account.is_some() { Outcome::Offboarded } else { Outcome::NoAccount };
        Ok(match Finder(self).find(s, seen, false)? {
            Found::Account(address, entry) => self.leave(s, address, entry, Outcome::Offboarded),
            Found::Free { unproven: true, .. } | Found::Taken { unproven: true }
                if !s.state.allows(&HeldWhy::UnprovenAccount) =>
            {
                hold(HeldWhy::UnprovenAccount)
            }
            Found::Lost(_) | Found::Free { .. } | Found::Taken { .. } | Found::Nameless => Plan::Agrees(over),
        })
    }

    /// The account is suspended or deleted, as configured.
    fn leave(&self, s: &Situation<'_>, address: &Email, entry: &Members, over: Outcome) -> Plan {
        if self.leave == Leave::Suspend {
            return self.suspend(s, address, entry, over);
        }
        match &s.state.offboarding {
            None => {
                let values = [("domain", address.domain()), ("userName", address.local())];
                taken_away(s, entry, step(Effect::Offboard, "user.delete", &values, None))
            }
            // Acknowledged. What may take a while to spread is waited for once.
            Some(deleted) if s.now < after(deleted.at, SPREADS) => {
                Plan::Agrees(Outcome::Expected { until: after(deleted.at, SPREADS) })
            }
            Some(_) => not_kept(s, vec!["the deletion".into()]).unwrap_or(Plan::Agrees(over)),
        }
    }

    fn suspend(&self, s: &Situation<'_>, address: &Email, entry: &Members, over: Outcome) -> Plan {
        if suspended(entry) {
            return Plan::Agrees(over);
        }
        if s.state.sent.get("suspended") == Some(&Value::Bool(true)) {
            return not_kept(s, vec!["suspended".into()]).unwrap_or(Plan::Agrees(over));
        }
        taken_away(s, entry, suspension(Effect::Suspend, address, entry, true))
    }

    /// A hire that is taken back: nothing is left of it.
    fn withdrawn(&self, s: &Situation<'_>, seen: &Seen) -> Result<Plan, Plan> {
        let over = Outcome::Withdrawn;
        if !s.state.may_have_made() {
            return Ok(Plan::Agrees(over));
        }
        let Found::Account(address, entry) = Finder(self).find(s, seen, false)? else {
            return Ok(Plan::Agrees(over));
        };
        if suspended(entry) {
            return Ok(Plan::Agrees(over));
        }
        let why = HeldWhy::Policy { key: "cancelled_hire".into() };
        Ok(match s.policy.cancelled_hire {
            CancelledHire::Keep => Plan::Agrees(over),
            CancelledHire::Offboard => self.leave(s, address, entry, over),
            CancelledHire::Hold if !s.state.allows(&why) => {
                let would = suspension(Effect::Suspend, address, entry, true);
                Plan::Hold(why, would.into_iter().collect())
            }
            CancelledHire::Suspend | CancelledHire::Hold => self.suspend(s, address, entry, over),
        })
    }
}

/// The step by which somebody loses access. Who administers the domain is protected: without the last of them nobody could undo it.
fn taken_away(s: &Situation<'_>, entry: &Members, step: Result<Step, HeldWhy>) -> Plan {
    let admin = entry.get("admin") == Some(&Value::Bool(true));
    match step {
        Ok(step) if admin && !s.state.allows(&HeldWhy::Protected) => {
            Plan::Hold(HeldWhy::Protected, vec![step])
        }
        step => steps(step),
    }
}

fn suspended(entry: &Members) -> bool {
    entry.get("suspended") == Some(&Value::Bool(true))
}

fn suspension(effect: Effect, address: &Email, entry: &Members, to: bool) -> Result<Step, HeldWhy> {
    update(effect, address, entry, one("suspended", json!(to)))
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// What is acknowledged and not shown is a question, until a human says that it may stay so.
pub(super) fn not_kept(s: &Situation<'_>, members: Vec<String>) -> Option<Plan> {
    let why = HeldWhy::NotKept { members };
    (!s.state.allows(&why)).then(|| hold(why))
}

/// One step, or the question why there is none.
pub(super) fn steps(step: Result<Step, HeldWhy>) -> Plan {
    match step {
        Ok(step) => Plan::Steps(vec![step]),
        Err(why) => hold(why),
    }
}

pub(super) fn hold(why: HeldWhy) -> Plan {
    Plan::Hold(why, Vec::new())
}
