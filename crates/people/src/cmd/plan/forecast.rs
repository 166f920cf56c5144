//! What would be called for one person, from here to the last date that matters: the engine itself, on a pretended directory.

use std::borrow::Cow;

use people_core::config::Config;
use people_core::endpoint::Endpoint;
use people_core::engine::{Next, Seen, Situation, State, goal, next};
use people_core::journal::Permit;
use people_core::target::ccai::ops::Upload;
use people_model::ccai::{BatchId, Bulk, RowResult};
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::Receipt;
use people_model::{Effect, Email, Entry, EventKind, PersonKey, Step, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

use super::pretended::Pretended;
use crate::cmd::client::body;

/// More moves than any sound plan takes.
const MOVES: usize = 200;

/// What is assumed about the person's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Account {
    /// The directory is empty.
    Absent,
    /// There is an account that holds nothing but the worker id.
    Exists,
}

impl Account {
    /// Whether the assumption is worth a plan of its own: an account matters to those who change or leave.
    pub(super) fn matters(self, entries: &[Entry]) -> bool {
        self == Self::Absent
            || entries.iter().any(|entry| {
                matches!(entry, Entry::Heard { event, .. } if event.kind != EventKind::Hire && event.kind != EventKind::HireCancelled)
            })
    }
}

/// What would be called.
#[derive(Debug, Serialize)]
pub(super) struct Forecast {
    pub(super) account: Account,
    pub(super) steps: Vec<Planned>,
    pub(super) outcome: String,
}

/// A call, and when.
#[derive(Debug, Serialize)]
pub(super) struct Planned {
    /// The date it waits for; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    pub(super) effect: &'static str,
    pub(super) op: Cow<'static, str>,
    pub(super) method: &'static str,
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Value>,
    /// It would not be sent before a human has decided.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) held: bool,
}

/// Lets the engine go from `start` on, every wish of it granted, until nothing is left to do.
pub(super) fn forecast(
    config: &Config,
    person: &PersonKey,
    entries: &[Entry],
    account: Account,
    start: Timestamp,
) -> Forecast {
    let target = &config.directory;
    let mut run = Run {
        state: State::fold(entries.iter().cloned()),
        seen: Seen::default(),
        directory: Pretended::default(),
    };
    if account == Account::Exists {
        run.found(config, person, start);
    }
    let mut now = start;
    let mut forecast = Forecast { account, steps: Vec::new(), outcome: "not decided".into() };
    for _ in 0..MOVES {
        let goal = goal(&run.state, &config.policy, &config.zone(&person.group), now);
        let domain = config.domain();
        let ccai = config.ccai.as_ref();
        let situation =
            Situation { domain, person, state: &run.state, goal: &goal, policy: &config.policy, ccai, now };
        match next(&situation, &run.seen, target) {
            Next::Look(sight) => {
                let profile = run.directory.look(&sight);
                run.seen.sights.insert(sight, profile);
            }
            Next::Claim(address) => {
                run.seen.claims.insert(address, true);
            }
            Next::Adopt { address, .. } => run.state.apply(&Entry::Adopted { at: now, address }),
            Next::Colleague(worker) => {
                run.seen.colleagues.insert(worker, None);
            }
            Next::Permit => run.seen.permit = Some(Permit::Granted),
            Next::Write(Entry::Held { why, steps, .. }) => {
                forecast.steps.extend(steps.iter().map(|step| planned(step, now, start, true)));
                forecast.outcome = format!("held: {why}");
                return forecast;
            }
            Next::Write(entry) => run.state.apply(&entry),
            Next::Send(step) => {
                forecast.steps.push(planned(&step, now, start, false));
                run.happen(step, now);
            }
            Next::File { batch, row } => {
                let window = ccai.map_or(SignedDuration::from_mins(1), |ccai| ccai.window.get());
                let batch = batch.unwrap_or_else(|| BatchId::window(now, window));
                let file = json!([row]);
                let call = Upload { filename: "users.json", file: &file }.call();
                forecast.steps.push(Planned {
                    at: (now > start).then_some(now),
                    effect: "file in bulk",
                    op: call.op,
                    method: call.method.as_str(),
                    path: call.path,
                    body: Some(file),
                    held: false,
                });
                let filed = Bulk::Filed { batch: batch.clone(), row: row.clone() };
                let result = RowResult::Applied { remarks: Vec::new() };
                for fact in [filed, Bulk::Told { batch, row, result }] {
                    run.state.apply(&Entry::Bulk { at: now, fact });
                }
            }
            Next::Over { outcome, due } => {
                forecast.outcome = outcome.to_string();
                match due {
                    Some(due) if due > now => {
                        now = due;
                        run.seen = Seen::default();
                    }
                    _ => return forecast,
                }
            }
            Next::Wait(until) if until > now => now = until,
            Next::Wait(_) | Next::Held { .. } | Next::Fetch(_) | Next::Join { .. } => return forecast,
        }
    }
    forecast
}

fn planned(step: &Step, now: Timestamp, start: Timestamp, held: bool) -> Planned {
    Planned {
        at: (now > start).then_some(now),
        effect: step.effect.as_str(),
        op: step.call.op.clone(),
        method: step.call.method.as_str(),
        path: step.call.path.clone(),
        body: body(&step.call),
        held,
    }
}

struct Run {
    state: State,
    seen: Seen,
    directory: Pretended,
}

impl Run {
    /// There is an account, and we know it: at the address that HR names, or the first that would be made.
    fn found(&mut self, config: &Config, person: &PersonKey, now: Timestamp) {
        let worker = person.worker.as_str();
        let domain = config.domain();
        let named = self.state.email.as_ref().and_then(|email| Email::parse(&email.value).ok());
        let named = named.filter(|email| email.domain() == domain.as_str());
        let seed = self.state.seed();
        let made = || seed.and_then(|seed| config.policy.candidates(domain, seed, worker).next());
        let address = named.or_else(made).or_else(|| Email::parse(&format!("known-account@{domain}")).ok());
        let Some(address) = address else { return };
        let profile = match config.cloudm() {
            Ok(cloudm) => json!({"id": address, &cloudm.worker_id_member: worker}),
            Err(_) => json!({"userName": address.local(), "suspended": false}),
        };
        self.directory.put(address.clone(), &profile);
        self.state.apply(&Entry::Adopted { at: now, address });
    }

    /// The step is done, and the directory shows it.
    fn happen(&mut self, step: Step, now: Timestamp) {
        let mut answer = Receipt::default();
        if let Effect::Create { address } | Effect::Schedule { address, .. } = &step.effect {
            answer.address = Some(address.clone());
        }
        self.directory.happen(&step, self.state.account.as_ref());
        self.state.apply(&Entry::Intended { at: now, step });
        self.state.apply(&Entry::Judged { at: now, verdict: Verdict::Done { answer } });
        self.seen = Seen { claims: std::mem::take(&mut self.seen.claims), ..Seen::default() };
    }
}
