//! What HR wants of a person at a moment.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use people_model::time::{Timestamp, end_of_day, moment, over_everywhere, zone};
use people_model::{Event, Trust};

use super::facts::{Leave, Register};
use super::state::State;
use crate::policy::{LeaveDay, Policy};

/// What HR wants now, and when that changes by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// What is wanted.
    pub wanted: Wanted,
    /// The next moment at which something else is wanted, if nothing is heard until then.
    pub changes: Option<Timestamp>,
    /// How well the leave is proven, where somebody is to lose access.
    pub trust: Trust,
    /// The leave's only reason is that the record is gone.
    pub deleted: bool,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever account there is shows what HR says; none is made.
    Follow,
    /// There is an account.
    Active,
    /// There will be an account from then on.
    Onboard {
        /// The first moment of the first day.
        at: Timestamp,
    },
    /// There is no access any more.
    Gone,
    /// There is nothing of a hire that was taken back.
    Withdrawn,
}

/// What HR wants of the person at `now`; `default_zone` is the zone of people whose zone HR does not say.
pub fn goal(state: &State, policy: &Policy, default_zone: &TimeZone, now: Timestamp) -> Goal {
    let plain = |wanted, changes| Goal { wanted, changes, trust: Trust::Proven, deleted: false };
    let hire = state.hire.as_ref();
    let start_day = hire.and_then(|register| register.value.day);
    let stands =
        |leave: &&Register<Leave>| leave.value.days.is_some() && !state.declined.contains(&leave.version);
    let leave = state.leave.as_ref().filter(stands).filter(|leave| {
        // A later hire with a later first day is a rehire: the leave is history.
        let first_day_after = start_day.zip(leave_day(leave, policy)).is_some_and(|(start, end)| start > end);
        !(first_day_after && hire.is_some_and(|hire| hire.version > leave.version))
    });
    // A record that was heard of since is not gone.
    let deleted = state
        .deleted
        .as_ref()
        .filter(stands)
        .filter(|deleted| hire.is_none_or(|hire| hire.version <= deleted.version));
    let leave = leave.or(deleted);
    // Mostly they have been here for a while, and nobody speaks of an end: then it does not matter where they are.
    if leave.is_none() && start_day.is_some_and(|day| over_everywhere(day, policy.start_time, now)) {
        return plain(Wanted::Active, None);
    }
    let zone = state
        .timezone
        .as_ref()
        .and_then(|register| zone(&register.value))
        .unwrap_or_else(|| default_zone.clone());
    let start = start_day.and_then(|day| moment(day, policy.start_time, &zone));
    let end = leave.and_then(|register| {
        let leave = &register.value;
        let day = leave_day(register, policy)?;
        let end = end_of_day(day, &zone)?;
        // A record that is gone is asked about at once, not at night.
        let at_once = leave.reason.as_ref().is_some_and(|reason| {
            reason == Event::DELETED
                || policy.immediate_reasons.iter().any(|immediate| immediate.eq_ignore_ascii_case(reason))
        });
        Some(if at_once { end.min(register.version.0) } else { end })
    });

    let gone = |wanted| {
        let leave = leave.map(|register| &register.value);
        Goal {
            wanted,
            changes: None,
            trust: leave.map_or(Trust::Proven, |leave| leave.trust),
            deleted: leave.is_some_and(|leave| leave.reason.as_deref() == Some(Event::DELETED)),
        }
    };
    match (hire.map(|_| start), end) {
        (_, Some(end)) if now >= end => gone(Wanted::Gone),
        // Taken back, or over before it begins.
        (Some(None), end) => plain(Wanted::Withdrawn, end),
        // Somebody who works here until then stays until then, whatever is said of a first day after it.
        (Some(Some(start)), Some(end)) if end <= start && works_here(state) => {
            plain(Wanted::Follow, Some(end))
        }
        (Some(Some(start)), Some(end)) if end <= start => {
            Goal { changes: Some(end), ..gone(Wanted::Withdrawn) }
        }
        (Some(Some(start)), end) if now < start => {
            plain(Wanted::Onboard { at: start }, Some(end.map_or(start, |end| end.min(start))))
        }
        (Some(Some(_)), end) => plain(Wanted::Active, end),
        (None, end) => plain(Wanted::Follow, end),
    }
}

/// Whether there is an account that is not just announced.
fn works_here(state: &State) -> bool {
    state.account.is_some() && state.onboarding.is_none()
}

fn leave_day(leave: &Register<Leave>, policy: &Policy) -> Option<Date> {
    let days = leave.value.days?;
    Some(match policy.leave_day {
        LeaveDay::LastWorking => days.last_working.unwrap_or(days.effective),
        LeaveDay::Effective => days.effective,
    })
}
