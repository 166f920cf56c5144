//! `people held`: what waits for a human, and the human's word.

use std::path::Path;

use people_core::bridge::{Decided, Decision, decide};
use people_core::engine::State;
use people_core::journal::{Filter, Journal, Status};
use people_model::{Email, Entry, HeldWhy, Step};
use serde_json::{Value, json};

use super::events::{list, nobody, open, step_line};
use crate::cli::Held;
use crate::exit::{Exit, Fail};
use crate::host::Clock;
use crate::report::{Report, say};
use crate::store::Store;

/// Runs a command about what is held.
pub(super) async fn held(config: &Path, report: &Report, command: Held) -> Result<Exit, Fail> {
    let journal = open(config)?;
    match command {
        Held::List => {
            let filter = Filter { status: Some(Status::Held), limit: 1000, ..Filter::default() };
            list(report, &journal.events(&filter).await?)
        }
        Held::Show { who, personal } => {
            let person = journal.find(&who).await?.ok_or_else(nobody)?;
            let log = journal.read(&person).await?;
            if State::fold(log.iter().cloned()).held.is_none() {
                return Err(nothing());
            }
            let last = log.iter().rev().find_map(|entry| match entry {
                Entry::Held { why, steps, .. } => Some((why, steps)),
                _ => None,
            });
            let (why, steps) = last.ok_or_else(nothing)?;
            show(report, &person.tag(), why, steps, personal)
        }
        Held::Approve { who, address } => answer(&journal, report, &who, Answer::Approve(address)).await,
        Held::Reject { who } => answer(&journal, report, &who, Answer::Reject).await,
    }
}

enum Answer {
    Approve(Option<Email>),
    Reject,
}

async fn answer(journal: &Store, report: &Report, who: &str, answer: Answer) -> Result<Exit, Fail> {
    let (decision, word) = match answer {
        Answer::Approve(address) => (Decision::Approve(address), "approved"),
        Answer::Reject => (Decision::Reject, "rejected"),
    };
    match decide(journal, who, decision, Clock::default().now()).await? {
        Decided::Done => {
            report.record(&[(word.to_owned(), json!(who))].into_iter().collect())?;
            say("written; a running server takes it up within a second");
            Ok(Exit::Ok)
        }
        Decided::Unknown => Err(nobody()),
        Decided::NotHeld => Err(nothing()),
        Decided::NotWhich => Err(Fail::usage(
            "nothing was approved: the question is not which address to use; look with `people held show`, then approve without --address",
        )),
        Decided::Raced => Err(Fail::failed(
            "something happened in between; look with `people held show`, then decide again",
        )),
    }
}

fn nothing() -> Fail {
    Fail::new(Exit::NotFound, "nothing of this person is held; `people held list` shows what is")
}

fn show(report: &Report, tag: &str, why: &HeldWhy, steps: &[Step], personal: bool) -> Result<Exit, Fail> {
    let mut rows = vec![vec!["person".to_owned(), tag.to_owned()], vec!["why".to_owned(), why.to_string()]];
    rows.extend(steps.iter().map(|step| vec!["would".to_owned(), step_line(step, personal)]));
    let steps: Vec<Value> =
        steps
            .iter()
            .map(|step| {
                if personal {
                    json!(step)
                } else {
                    json!({"effect": step.effect.as_str(), "op": step.call.op})
                }
            })
            .collect();
    report.rows(
        &["what", "detail"],
        &rows,
        &json!({"person": tag, "why": why, "text": why.to_string(), "steps": steps}),
    )?;
    Ok(Exit::Ok)
}
