//! The next move for one person. Pure: the same log, the same sights and the same time give the same move.

use people_model::ccai::{BatchId, Row};
use people_model::time::{SignedDuration, Timestamp};
use people_model::{Email, Entry, HeldWhy, Outcome, Step, Trust, Verdict};

use super::facts::{Notice, Tries};
use super::{Seen, Situation, bulk};
use crate::journal::Permit;
use crate::policy::Decision;
use crate::target::{Plan, Sight, Target};

/// A move.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Fetch the record of this notice.
    Fetch(Notice),
    /// Take this look.
    Look(Sight),
    /// Reserve this address for the person.
    Claim(Email),
    /// Take this account over: reserve its address, by force where a human chose it, and write it down.
    Adopt {
        /// Its address.
        address: Email,
        /// Whether a human chose it.
        chosen: bool,
    },
    /// Find out under which address this colleague is known.
    Colleague(people_model::WorkerId),
    /// Ask the breaker.
    Permit,
    /// Write this down.
    Write(Entry),
    /// Write the intent down, then send.
    Send(Step),
    /// File this row: write down which batch it joins, this one or one of the present window.
    File {
        /// The batch, where it is to be this one.
        batch: Option<BatchId>,
        /// The row.
        row: Row,
    },
    /// Put the row into the batch.
    Join {
        /// The batch.
        batch: BatchId,
        /// The row.
        row: Row,
    },
    /// Nothing before that moment.
    Wait(Timestamp),
    /// Nothing before a human decides, or that moment, at which HR wants something else or it is worth another look.
    Held {
        /// When.
        due: Option<Timestamp>,
    },
    /// The target agrees. Nothing before that moment, if there is one, or something new is heard.
    Over {
        /// How it ended.
        outcome: Outcome,
        /// When to look again.
        due: Option<Timestamp>,
    },
}

/// The next move.
pub fn next<T: Target>(s: &Situation<'_>, seen: &Seen, target: &T) -> Next {
    let state = s.state;
    let later = s.goal.changes;
    if state.held.is_some() {
        return Next::Held { due: later.into_iter().chain(state.reconsidered()).min() };
    }
    if let Some(Outcome::Rejected) = state.settled {
        return Next::Over { outcome: Outcome::Rejected, due: later };
    }
    let fetch =
        state.notices.first().map(|notice| (notice, after_tries(s, state.fetch_tries).unwrap_or(s.now)));
    if let Some((notice, _)) = fetch.filter(|(_, due)| *due <= s.now) {
        return Next::Fetch(notice.clone());
    }
    let fetch = fetch.map(|(_, due)| due);
    if let Some(due) = rest(s).filter(|due| s.now < *due) {
        return Next::Wait(fetch.map_or(due, |fetch| fetch.min(due)));
    }
    if let Some((why, step)) = &state.refused {
        return held(s, HeldWhy::Refused { why: why.clone() }, vec![step.clone()]);
    }
    match target.plan(s, seen) {
        Plan::Look(sight) => Next::Look(sight),
        Plan::Claim(address) => Next::Claim(address),
        Plan::Colleague(worker) => Next::Colleague(worker),
        Plan::Adopt { address, chosen } => Next::Adopt { address, chosen },
        Plan::Happened(answer) => Next::Write(Entry::Judged { at: s.now, verdict: Verdict::Done { answer } }),
        Plan::Hold(why, steps) => held(s, why, steps),
        // All that is known agrees, and there is more to know.
        Plan::Agrees(_) if fetch.is_some() => {
            let due = fetch.unwrap_or(s.now);
            Next::Wait(later.map_or(due, |later| later.min(due)))
        }
        Plan::Agrees(outcome) => bulk::file(s, seen).unwrap_or_else(|| over(s, outcome)),
        Plan::Steps(steps) => match steps.into_iter().next() {
            Some(step) if step.effect.takes_access_away() => {
                guard(s, seen, std::slice::from_ref(&step)).unwrap_or(Next::Send(step))
            }
            Some(step) => Next::Send(step),
            None => bulk::file(s, seen).unwrap_or_else(|| over(s, Outcome::Agreed)),
        },
    }
}

/// The moment before which nothing is tried: after failures, and after a lost answer.
fn rest(s: &Situation<'_>) -> Option<Timestamp> {
    let open = s.state.open.as_ref().map(|open| {
        let last = s.state.tries.map_or(open.at, |tries| tries.last.max(open.at));
        after(last, s.policy.retry.settle.get())
    });
    after_tries(s, s.state.tries).max(open)
}

fn after_tries(s: &Situation<'_>, tries: Option<Tries>) -> Option<Timestamp> {
    tries.map(|tries| {
        after(tries.last, s.policy.retry.delay(tries.count, s.person.worker.as_str(), tries.after_s))
    })
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(at)
}

pub(crate) fn held(s: &Situation<'_>, why: HeldWhy, steps: Vec<Step>) -> Next {
    Next::Write(Entry::Held { at: s.now, why, steps })
}

/// Agreed, for now: what is due later decides whether it is over.
fn over(s: &Situation<'_>, outcome: Outcome) -> Next {
    let changes = s.goal.changes.into_iter().chain(bulk::checks(s)).min();
    let (outcome, due) = match (outcome, changes) {
        (Outcome::Agreed, Some(until)) => (Outcome::Waiting { until }, Some(until)),
        (Outcome::Expected { until } | Outcome::Invited { until }, changes) => {
            (outcome, Some(changes.map_or(until, |at| at.min(until))))
        }
        (outcome, due) => (outcome, due),
    };
    if s.state.settled == Some(outcome) && s.state.tries.is_none() && s.state.open.is_none() {
        Next::Over { outcome, due }
    } else {
        Next::Write(Entry::Settled { at: s.now, outcome })
    }
}

/// What stands between steps, or a row of a bulk file, and the wire, where somebody loses access by it.
pub(crate) fn guard(s: &Situation<'_>, seen: &Seen, steps: &[Step]) -> Option<Next> {
    let ask = |why: HeldWhy| (!s.state.allows(&why)).then(|| held(s, why, steps.to_vec()));
    let protected = s.state.account.as_ref().is_some_and(|account| s.policy.protects(account));
    if protected && let Some(held) = ask(HeldWhy::Protected) {
        return Some(held);
    }
    let decide = |decision, why: HeldWhy| match decision {
        Decision::Act => None,
        Decision::Hold => ask(why),
        Decision::Ignore => Some(over(s, Outcome::Agreed)),
    };
    if s.goal.deleted
        && let Some(held) = ask(HeldWhy::RecordDeleted)
    {
        return Some(held);
    }
    if s.goal.trust < Trust::Proven
        && let Some(next) = decide(s.policy.low_trust_leave, HeldWhy::LowTrust)
    {
        return Some(next);
    }
    match seen.permit {
        Some(Permit::Granted) => None,
        Some(Permit::Tripped { count, limit }) => ask(HeldWhy::Breaker { count, limit }),
        None => Some(Next::Permit),
    }
}
