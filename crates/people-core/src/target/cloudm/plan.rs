//! What to do about one person in CloudM. Pure; once all steps are applied and looked at again, there is no step left.

use people_model::cloudm::Patch;
use people_model::time::{SignedDuration, Timestamp, parse_date, parse_timestamp};
use people_model::{Effect, Email, HeldWhy, Members, Outcome, Step, WorkflowId, verdict::Receipt};
use serde_json::{Value, json};

use super::super::find::{Finder, Found, missing, named, reserve, see};
use super::users::{Create, Offboard, PatchUser, Schedule};
use super::workflows::Abort;
use super::{Cloudm, Plan, Sight, text, workflow};
use crate::endpoint::Endpoint;
use crate::engine::facts::{Offboarding, Onboarding};
use crate::engine::goal::Wanted;
use crate::engine::{Seen, Situation};
use crate::policy::{CancelledHire, Decision, FutureHires, NameChange};

/// How long after its moment a scheduled onboarding is looked at first.
const ONBOARDED_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The plan. An `Err` inside is a plan too: what must be known first.
pub(super) fn plan(cloudm: &Cloudm, s: &Situation<'_>, seen: &Seen) -> Plan {
    let plan = cloudm.happened(s, seen).and_then(|happened| match (happened, s.goal.wanted) {
        (Some(happened), _) => Ok(happened),
        (None, Wanted::Gone) => cloudm.gone(s, seen),
        (None, Wanted::Withdrawn) => cloudm.withdrawn(s, seen),
        (None, Wanted::Onboard { at }) => cloudm.onboard(s, seen, at),
        (None, Wanted::Active) => cloudm.present(s, seen, true),
        (None, Wanted::Follow) => cloudm.present(s, seen, false),
    });
    plan.unwrap_or_else(|first| first)
}

impl Cloudm {
    /// What the target shows of a schedule, an offboarding or an invitation whose answer was lost, whatever is wanted by now. A create shows by the account
    /// that [`Finder::find`] finds.
    fn happened(&self, s: &Situation<'_>, seen: &Seen) -> Result<Option<Plan>, Plan> {
        let shown = match s.state.open.as_ref().map(|open| &open.step.effect) {
            Some(Effect::Schedule { address, .. }) => {
                see(seen, Sight::User(address.clone()))?.map(|profile| (address, workflow(profile)))
            }
            Some(Effect::Offboard) => match &s.state.account {
                Some(address) => see(seen, Sight::User(address.clone()))?
                    .and_then(|profile| Some((address, self.deprovisioned(s, profile)?))),
                None => None,
            },
            Some(Effect::Invite { address, .. }) => self.invited(s, seen)?.then_some((address, None)),
            _ => None,
        };
        Ok(shown
            .map(|(address, workflow)| Plan::Happened(Receipt { address: Some(address.clone()), workflow })))
    }

    /// There is to be an account (`make`), or whatever account there is shows what HR says.
    fn present(&self, s: &Situation<'_>, seen: &Seen, make: bool) -> Result<Plan, Plan> {
        let taken_away = s.state.offboarding.is_some() || s.state.restoring;
        match Finder(self).find(s, seen, make)? {
            Found::Account(address, profile) => {
                if let Some(onboarding) = &s.state.onboarding
                    && pending(profile, onboarding)
                {
                    return Ok(self.overdue(s, onboarding));
                }
                if let Some(plan) = self.restore(s, address, profile) {
                    return Ok(plan);
                }
                self.follow(s, seen, address, profile)
            }
            Found::Lost(address) if make => match &s.state.onboarding {
                // Pending ones may be invisible.
                Some(onboarding) => Ok(self.overdue(s, onboarding)),
                // It was made before and we took it away, or its making was aborted: make it again, at the address it had.
                None if taken_away || s.state.allows(&HeldWhy::Vanished) => match reserve(seen, address)? {
                    true => self.create(s, seen, address),
                    false => Ok(Plan::Hold(HeldWhy::Collision, Vec::new())),
                },
                None => Ok(Plan::Hold(HeldWhy::Vanished, Vec::new())),
            },
            Found::Free { address, .. } if make => self.create(s, seen, &address),
            Found::Taken { .. } if make => Ok(Plan::Hold(missing(s, HeldWhy::Collision), Vec::new())),
            Found::Nameless if make => Ok(Plan::Hold(missing(s, HeldWhy::NoAddress), Vec::new())),
            Found::Lost(_) | Found::Free { .. } | Found::Taken { .. } | Found::Nameless => {
                Ok(Plan::Agrees(Outcome::NoAccount))
            }
        }
    }

    fn create(&self, s: &Situation<'_>, seen: &Seen, address: &Email) -> Result<Plan, Plan> {
        if let Some(first) = self.unmanaged(s, seen, address)? {
            return Ok(first);
        }
        let profile = self.body(s, seen, address, None)?;
        let call = Create { domain: &self.domain, profile }.call();
        Ok(Plan::Steps(vec![Step { effect: Effect::Create { address: address.clone() }, call }]))
    }

    /// The account shows what HR says: patched, read back, agreed.
    fn follow(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
        profile: &Members,
    ) -> Result<Plan, Plan> {
        if let Some(plan) = self.rename(s, seen, address, profile)? {
            return Ok(plan);
        }
        let patch = self.patch(s, seen, profile)?;
        if patch.is_empty() {
            return Ok(Plan::Agrees(Outcome::Agreed));
        }
        // Acknowledged, read back, and still different: unknown members are ignored silently.
        let sent_before = patch.0.iter().all(|(name, value)| s.state.sent.get(name) == Some(value));
        if sent_before {
            let why = HeldWhy::NotKept { members: patch.members() };
            return Ok(if s.state.allows(&why) {
                Plan::Agrees(Outcome::Agreed)
            } else {
                Plan::Hold(why, Vec::new())
            });
        }
        Ok(Plan::Steps(vec![self.patched(address, Effect::Update, patch)]))
    }

    fn patched(&self, address: &Email, effect: Effect, patch: Patch) -> Step {
        Step { effect, call: PatchUser { domain: &self.domain, user: address.as_str(), patch }.call() }
    }

    /// The address follows the name, where policy says so; the old one stays as an alias.
    fn rename(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
        profile: &Members,
    ) -> Result<Option<Plan>, Plan> {
        let Some(target) = named(&self.domain, s).filter(|named| named != address) else { return Ok(None) };
        if s.policy.name_change == NameChange::Keep || s.state.allows(&HeldWhy::Collision) {
            return Ok(None);
        }
        let in_the_way = match see(seen, Sight::User(target.clone()))? {
            Some(_) => true,
            None => {
                let alias = see(seen, Sight::Alias(target.clone()))?;
                alias.is_some_and(|owner| text(owner, "id") != Some(address.as_str()))
                    || !reserve(seen, &target)?
            }
        };
        if in_the_way {
            return Ok(Some(Plan::Hold(HeldWhy::Collision, Vec::new())));
        }
        let mut aliases: Vec<Value> =
            profile.get("aliases").and_then(Value::as_array).cloned().unwrap_or_default();
        aliases.retain(|alias| alias.as_str() != Some(target.as_str()));
        aliases.push(json!(address));
        let patch = json!({"id": target, "aliases": aliases});
        let patch = Patch(patch.as_object().cloned().unwrap_or_default());
        Ok(Some(Plan::Steps(vec![self.patched(address, Effect::Rename { address: target }, patch)])))
    }

    /// Somebody whose access was taken away is wanted again. Only what was taken from here, or by a leave that HR has
    /// taken back or overtaken with a rehire, is given back: a suspension by an administrator is not ours to lift.
    fn restore(&self, s: &Situation<'_>, address: &Email, profile: &Members) -> Option<Plan> {
        if let Some(workflow) = s.state.offboarding.as_ref().and_then(|running| running.workflow.clone()) {
            return Some(Plan::Steps(vec![
                self.abort(Effect::AbortOffboarding { workflow: workflow.clone() }, &workflow),
            ]));
        }
        let off = || self.deprovisioned(s, profile).is_some();
        let gone = text(profile, "deprovisioned").and_then(parse_date);
        let first_day = s.state.hire.as_ref().and_then(|hire| hire.value.day);
        let rehired = gone.zip(first_day).is_some_and(|(gone, first)| gone < first) && off();
        let ours = s.state.offboarding.is_some() || s.state.suspended || s.state.restoring;
        let suspended = || profile.get("suspended") == Some(&Value::Bool(true));
        if !(rehired || ours && (suspended() || off())) {
            return None;
        }
        // Restored before, acknowledged, and still not: it is not kept.
        let members = vec!["suspended".to_owned()];
        if s.state.sent.get("suspended") == Some(&Value::Bool(false)) {
            let why = HeldWhy::NotKept { members };
            return (!s.state.allows(&why)).then_some(Plan::Hold(why, Vec::new()));
        }
        let patch = Patch(json!({"suspended": false}).as_object().cloned().unwrap_or_default());
        let step = self.patched(address, Effect::Restore, patch);
        let why = HeldWhy::Policy { key: "restore".into() };
        match s.policy.restore {
            Decision::Act => Some(Plan::Steps(vec![step])),
            Decision::Hold if s.state.allows(&why) => Some(Plan::Steps(vec![step])),
            Decision::Hold => Some(Plan::Hold(why, vec![step])),
            Decision::Ignore => None,
        }
    }

    /// Somebody will join: CloudM's scheduled onboarding, exactly one.
    fn onboard(&self, s: &Situation<'_>, seen: &Seen, at: Timestamp) -> Result<Plan, Plan> {
        match &s.state.onboarding {
            Some(onboarding) if onboarding.at == at && !onboarding.ending => {
                return Ok(Plan::Agrees(Outcome::Scheduled { at }));
            }
            Some(onboarding) => return Ok(self.take_back(s, onboarding)),
            None => {}
        }
        if s.policy.future_hires == Some(FutureHires::Wait) {
            return Ok(Plan::Agrees(Outcome::Waiting { until: at }));
        }
        // A schedule whose answer was lost, and that may stand without being seen.
        let sent = s.state.open.as_ref().is_some_and(|o| matches!(o.step.effect, Effect::Schedule { .. }));
        if sent && !self.pending_visible && !s.state.allows(&HeldWhy::Uncertain) {
            return Ok(Plan::Hold(HeldWhy::Uncertain, Vec::new()));
        }
        match Finder(self).find(s, seen, true)? {
            // Somebody who is here already: nothing to schedule. Restoring waits for the first day, unless it has begun.
            Found::Account(address, profile) => {
                let begun = s.state.restoring.then(|| self.restore(s, address, profile)).flatten();
                Ok(begun.unwrap_or(Plan::Agrees(Outcome::Waiting { until: at })))
            }
            Found::Lost(address) => match reserve(seen, address)? {
                true => self.schedule(s, seen, address, at),
                false => Ok(Plan::Hold(HeldWhy::Collision, Vec::new())),
            },
            Found::Free { address, .. } => self.schedule(s, seen, &address, at),
            Found::Taken { .. } => Ok(Plan::Hold(missing(s, HeldWhy::Collision), Vec::new())),
            Found::Nameless => Ok(Plan::Hold(missing(s, HeldWhy::NoAddress), Vec::new())),
        }
    }

    fn schedule(&self, s: &Situation<'_>, seen: &Seen, address: &Email, at: Timestamp) -> Result<Plan, Plan> {
        if let Some(first) = self.unmanaged(s, seen, address)? {
            return Ok(first);
        }
        let profile = self.body(s, seen, address, Some(at))?;
        let call = Schedule { domain: &self.domain, profile, below: &self.schedule_path }.call();
        Ok(Plan::Steps(vec![Step { effect: Effect::Schedule { address: address.clone(), at }, call }]))
    }

    /// The scheduled onboarding is wanted no more, or at another time.
    fn take_back(&self, s: &Situation<'_>, onboarding: &Onboarding) -> Plan {
        match &onboarding.workflow {
            Some(workflow) => Plan::Steps(vec![
                self.abort(Effect::AbortOnboarding { workflow: workflow.clone() }, workflow),
            ]),
            None if s.state.allows(&HeldWhy::NoWorkflow) => {
                Plan::Agrees(Outcome::Scheduled { at: onboarding.at })
            }
            None => Plan::Hold(HeldWhy::NoWorkflow, Vec::new()),
        }
    }

    /// The first day is here, and the scheduled onboarding has not taken place.
    fn overdue(&self, s: &Situation<'_>, onboarding: &Onboarding) -> Plan {
        let start = onboarding.at;
        let after = |span| start.saturating_add(span).unwrap_or(start);
        let (first, last) = (after(ONBOARDED_AFTER), after(s.policy.onboarding_grace.get()));
        if s.now < start || onboarding.ending || s.state.allows(&HeldWhy::Overdue) {
            // Wanted now, scheduled for later: the first day was moved. Or a human has seen enough.
            self.take_back(s, onboarding)
        } else if s.now < first {
            Plan::Agrees(Outcome::Expected { until: first })
        } else if s.now < last {
            Plan::Agrees(Outcome::Expected { until: last })
        } else {
            Plan::Hold(HeldWhy::Overdue, Vec::new())
        }
    }

    /// The last day has ended.
    fn gone(&self, s: &Situation<'_>, seen: &Seen) -> Result<Plan, Plan> {
        let over = if s.state.account.is_some() { Outcome::Offboarded } else { Outcome::NoAccount };
        match Finder(self).find(s, seen, false)? {
            Found::Account(address, profile) => {
                if let Some(onboarding) = s.state.onboarding.as_ref().filter(|o| pending(profile, o)) {
                    return Ok(self.take_back(s, onboarding));
                }
                Ok(self.offboard(s, address, profile))
            }
            Found::Lost(_) => match &s.state.onboarding {
                Some(onboarding) if s.now < onboarding.at => Ok(self.take_back(s, onboarding)),
                _ => Ok(Plan::Agrees(over)),
            },
            Found::Free { unproven: true, .. } | Found::Taken { unproven: true }
                if !s.state.allows(&HeldWhy::UnprovenAccount) =>
            {
                Ok(Plan::Hold(HeldWhy::UnprovenAccount, Vec::new()))
            }
            Found::Free { .. } | Found::Taken { .. } | Found::Nameless => {
                Ok(self.uninvited(s, seen)?.unwrap_or(Plan::Agrees(over)))
            }
        }
    }

    fn offboard(&self, s: &Situation<'_>, address: &Email, profile: &Members) -> Plan {
        if self.deprovisioned(s, profile).is_some() {
            return Plan::Agrees(Outcome::Offboarded);
        }
        match &s.state.offboarding {
            // Acknowledged, and CloudM's workflow may wait for an approval of its own before anything shows.
            Some(_) if !s.state.restoring => return Plan::Agrees(Outcome::Offboarded),
            // Its end was asked for and the answer lost: end it for good, or nobody knows which of the two stands.
            Some(Offboarding { workflow: Some(workflow), .. }) => {
                let effect = Effect::AbortOffboarding { workflow: workflow.clone() };
                return Plan::Steps(vec![self.abort(effect, workflow)]);
            }
            _ => {}
        }
        let step = Step {
            effect: Effect::Offboard,
            call: Offboard { domain: &self.domain, user: address.as_str() }.call(),
        };
        // Some workflow runs, nothing says that it is an offboarding, and it is not one of ours.
        if workflow(profile).is_some_and(|id| !s.state.onboardings.contains(&id))
            && !s.state.allows(&HeldWhy::OtherWorkflow)
        {
            return Plan::Hold(HeldWhy::OtherWorkflow, vec![step]);
        }
        if profile.get("preventDeprovision") == Some(&Value::Bool(true))
            && !s.state.allows(&HeldWhy::Protected)
        {
            return Plan::Hold(HeldWhy::Protected, vec![step]);
        }
        Plan::Steps(vec![step])
    }

    /// A hire that is taken back: nothing is left of it.
    fn withdrawn(&self, s: &Situation<'_>, seen: &Seen) -> Result<Plan, Plan> {
        if let Some(onboarding) = &s.state.onboarding {
            let waits = s.now < onboarding.at
                || see(seen, Sight::User(onboarding.address.clone()))?
                    .is_some_and(|p| pending(p, onboarding));
            if waits {
                return Ok(self.take_back(s, onboarding));
            }
        }
        if !s.state.may_have_made() {
            return Ok(Plan::Agrees(Outcome::Withdrawn));
        }
        let Found::Account(address, profile) = Finder(self).find(s, seen, false)? else {
            return Ok(self.uninvited(s, seen)?.unwrap_or(Plan::Agrees(Outcome::Withdrawn)));
        };
        let off =
            profile.get("suspended") == Some(&Value::Bool(true)) || self.deprovisioned(s, profile).is_some();
        if off || (s.state.offboarding.is_some() && !s.state.restoring) {
            return Ok(Plan::Agrees(Outcome::Withdrawn));
        }
        let suspend = || {
            let patch = Patch(json!({"suspended": true}).as_object().cloned().unwrap_or_default());
            self.patched(address, Effect::Suspend, patch)
        };
        let hold = HeldWhy::Policy { key: "cancelled_hire".into() };
        Ok(match s.policy.cancelled_hire {
            CancelledHire::Keep => Plan::Agrees(Outcome::Withdrawn),
            CancelledHire::Offboard => self.offboard(s, address, profile),
            CancelledHire::Hold if !s.state.allows(&hold) => Plan::Hold(hold, vec![suspend()]),
            CancelledHire::Suspend | CancelledHire::Hold
                if s.state.sent.get("suspended") == Some(&Value::Bool(true)) =>
            {
                Plan::Hold(HeldWhy::NotKept { members: vec!["suspended".into()] }, Vec::new())
            }
            CancelledHire::Suspend | CancelledHire::Hold => Plan::Steps(vec![suspend()]),
        })
    }

    fn abort(&self, effect: Effect, workflow: &WorkflowId) -> Step {
        Step { effect, call: Abort { domain: &self.domain, workflow }.call() }
    }

    /// Whether the profile shows an offboarding, running (with its workflow) or over. One that was restored since does not count, nor
    /// does the workflow of an onboarding.
    fn deprovisioned(&self, s: &Situation<'_>, profile: &Members) -> Option<Option<WorkflowId>> {
        let running = workflow(profile).filter(|id| !s.state.onboardings.contains(id));
        if running.is_some() {
            return Some(running);
        }
        let since = text(profile, "deprovisioned")?;
        let old =
            parse_timestamp(since).zip(s.state.restored).is_some_and(|(since, restored)| since <= restored);
        (!old).then_some(None)
    }
}

/// Whether the profile is that of somebody whose scheduled onboarding has not taken place.
fn pending(profile: &Members, onboarding: &Onboarding) -> bool {
    match (&onboarding.workflow, workflow(profile)) {
        (Some(ours), Some(shown)) => *ours == shown,
        (None, Some(_)) => text(profile, "provisionDate").is_some(),
        (_, None) => false,
    }
}
