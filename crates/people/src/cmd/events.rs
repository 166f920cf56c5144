//! `people events`: what was heard and what came of it, read from the journal of the configuration.

use std::path::Path;

use people_core::journal::{EventRow, Filter, Journal, Status};
use people_model::ccai::{Bulk, RowResult};
use people_model::{DeliveryId, Entry, EventId, PersonKey, Step, Verdict};
use serde_json::{Value, json};

use crate::cli::Events;
use crate::exit::{Exit, Fail};
use crate::load;
use crate::report::{Report, say};
use crate::store::Store;

/// Runs a command about events.
pub(super) async fn events(config: &Path, report: &Report, command: Events) -> Result<Exit, Fail> {
    let journal = open(config)?;
    match command {
        Events::List { status, person, limit } => {
            let status = status.as_deref().and_then(Status::parse);
            let filter = Filter { status, person, limit: limit as usize, ..Filter::default() };
            list(report, &journal.events(&filter).await?)
        }
        Events::Show { who, personal } => match journal.find(&who).await? {
            Some(person) => {
                let log = journal.read(&person).await?;
                show(report, &person, &log, personal)
            }
            // A dead letter belongs to nobody.
            None => {
                let rows = journal.events(&Filter { id: Some(who), ..Filter::default() }).await?;
                if rows.is_empty() {
                    return Err(nobody());
                }
                list(report, &rows)
            }
        },
        Events::Replay { event } => replay(&journal, report, &event).await,
    }
}

/// The journal of the configuration. Where there is none yet, an empty one stands in: only a server makes the file, so that it is
/// the server's own.
pub(super) fn open(path: &Path) -> Result<Store, Fail> {
    let config = load::config(path)?;
    let folder = load::folder(path);
    let file = load::journal_file(&config, &folder);
    if !file.exists() {
        say(&format!("there is no journal at {} yet; `people serve` makes it", file.display()));
        return Ok(Store::memory()?);
    }
    Ok(load::journal(&config, &folder)?)
}

pub(super) fn nobody() -> Fail {
    Fail::new(Exit::NotFound, "nobody has this tag or event; `people events list` shows them")
}

/// Prints lines of the list.
pub(super) fn list(report: &Report, rows: &[EventRow]) -> Result<Exit, Fail> {
    let head = ["received", "event", "person", "source", "kind", "status", "note"];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.received.to_string(),
                row.id.to_string(),
                row.person.clone(),
                row.source.to_string(),
                row.kind.clone(),
                row.status.as_str().to_owned(),
                row.note.clone(),
            ]
        })
        .collect();
    report.rows(&head, &cells, rows)?;
    Ok(Exit::Ok)
}

async fn replay(journal: &Store, report: &Report, event: &str) -> Result<Exit, Fail> {
    let delivery = EventId::parse(event)
        .and_then(|event| DeliveryId::parse(event.delivery()))
        .map_err(|wrong| Fail::usage(format!("{wrong}; `people events list` shows the ids")))?;
    if !journal.replay(&delivery).await? {
        return Err(Fail::new(
            Exit::NotFound,
            "the body of this delivery is not kept: it was understood, or is too old; have the HR system send it again",
        ));
    }
    report.record(&[("replayed".to_owned(), json!(delivery))].into_iter().collect())?;
    say("written; a running server takes it up within a second");
    Ok(Exit::Ok)
}

fn show(report: &Report, person: &PersonKey, log: &[Entry], personal: bool) -> Result<Exit, Fail> {
    let lines: Vec<(String, &'static str, String)> = log.iter().map(|entry| line(entry, personal)).collect();
    let rows: Vec<Vec<String>> = lines
        .iter()
        .enumerate()
        .map(|(n, (at, entry, detail))| vec![n.to_string(), at.clone(), (*entry).to_owned(), detail.clone()])
        .collect();
    let entries: Vec<Value> = if personal {
        log.iter().map(|entry| json!(entry)).collect()
    } else {
        lines.iter().map(|(at, entry, detail)| json!({"at": at, "entry": entry, "detail": detail})).collect()
    };
    let mut json = json!({"person": person.tag(), "log": entries});
    if let (true, Value::Object(members)) = (personal, &mut json) {
        members.insert("key".into(), json!(person));
    }
    report.rows(&["n", "at", "entry", "detail"], &rows, &json)?;
    Ok(Exit::Ok)
}

/// When, what, and what may be shown of it. Ids, kinds, verdicts; names and values only where they are asked for.
fn line(entry: &Entry, personal: bool) -> (String, &'static str, String) {
    match entry {
        Entry::Heard { id, at, event, .. } => {
            let mut text = format!("{} {id}", event.kind);
            if let Some(day) = event.effective_date.filter(|_| personal) {
                text += &format!(" on {day}");
            }
            if personal {
                text += &format!(" {}", json!(event.worker));
            } else {
                let names: Vec<&str> = event.worker.profile.names().collect();
                text += &format!(" [{}]", names.join(", "));
            }
            (at.to_string(), "heard", text)
        }
        Entry::Noticed { id, at, source, .. } => (at.to_string(), "noticed", format!("{id} from {source}")),
        Entry::Answered { at } => (at.to_string(), "answered", String::new()),
        Entry::Adopted { at, address } => {
            (at.to_string(), "adopted", if personal { address.to_string() } else { String::new() })
        }
        Entry::Intended { at, step } => (at.to_string(), "intended", step_line(step, personal)),
        Entry::Judged { at, verdict } => (at.to_string(), "judged", verdict_line(verdict)),
        Entry::Stalled { at, why, .. } => (at.to_string(), "stalled", why.to_string()),
        Entry::Unfetched { at, why, .. } => (at.to_string(), "unfetched", why.to_string()),
        Entry::Held { at, why, .. } => (at.to_string(), "held", why.to_string()),
        Entry::Approved { at, address } => {
            let text = match address {
                Some(address) if personal => format!("with {address}"),
                Some(_) => "with an address".to_owned(),
                None => String::new(),
            };
            (at.to_string(), "approved", text)
        }
        Entry::Rejected { at } => (at.to_string(), "rejected", String::new()),
        Entry::Settled { at, outcome } => (at.to_string(), "settled", outcome.to_string()),
        Entry::Bulk { at, fact } => (at.to_string(), "bulk", bulk_line(fact, personal)),
    }
}

/// A fact about bulk files; with its row where that is asked for.
fn bulk_line(fact: &Bulk, personal: bool) -> String {
    let mut text = fact.as_str().to_owned();
    match fact {
        Bulk::Filed { batch, .. } => text += &format!(" in {batch}"),
        Bulk::Told { batch, result, .. } => {
            text += &format!(" in {batch}");
            if let RowResult::Refused { problem } | RowResult::Unsure { problem } = result {
                text += &format!(": {problem}");
            }
        }
        Bulk::Uploaded { job } => text += &format!(" as job {job}"),
        _ => {}
    }
    if let (true, Bulk::Filed { row, .. } | Bulk::Told { row, .. }) = (personal, fact) {
        text += &format!(" {}", json!(row));
    }
    text
}

/// A step by its effect and operation; with its request where that is asked for.
pub(super) fn step_line(step: &Step, personal: bool) -> String {
    let mut text = format!("{} ({})", step.effect.as_str(), step.call.op);
    if personal {
        text += &format!(" {} {}", step.call.method.as_str(), step.call.path);
        if let Some(body) = super::client::body(&step.call) {
            text += &format!(" {body}");
        }
    }
    text
}

fn verdict_line<T>(verdict: &Verdict<T>) -> String {
    let why = verdict.why().map(ToString::to_string).unwrap_or_default();
    match verdict {
        Verdict::Done { .. } => "done".into(),
        Verdict::Again { .. } => format!("again later: {why}"),
        Verdict::Unknown { .. } => format!("unknown: {why}"),
        Verdict::Refused { .. } => format!("refused: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: Value) -> Entry {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_log_names_nobody_unless_asked() {
        let log = [
            json!({"entry": "heard", "id": "d_1.0", "at": "2026-01-01T00:00:00Z", "trust": "proven", "event":
                {"type": "hire", "effectiveDate": "2026-02-03", "worker": {"id": "7", "email": "ana@example.com", "givenName": "Ana"}}}),
            json!({"entry": "adopted", "at": "2026-01-01T00:00:00Z", "address": "ana@example.com"}),
            json!({"entry": "approved", "at": "2026-01-01T00:00:00Z", "address": "ana@example.com"}),
            json!({"entry": "intended", "at": "2026-01-01T00:00:00Z", "step": {"effect": "create", "address": "ana@example.com",
                "call": {"api": "cloudm", "op": "cloudm.users.create", "safety": "once", "method": "POST", "path": "/people/v4/example.com",
                    "body": {"id": "ana@example.com"}, "password": true}}}),
        ]
        .map(entry);
        let text = |personal| log.iter().map(|entry| line(entry, personal).2).collect::<Vec<_>>().join("\n");
        let hidden = text(false);
        assert!(
            !hidden.to_lowercase().contains("ana@")
                && !hidden.contains("Ana")
                && !hidden.contains("2026-02-03"),
            "{hidden}"
        );
        assert!(
            hidden.contains("hire d_1.0 [givenName]") && hidden.contains("create (cloudm.users.create)"),
            "{hidden}"
        );
        assert!(text(true).contains("ana@example.com") && text(true).contains("(generated)"));
    }
}
