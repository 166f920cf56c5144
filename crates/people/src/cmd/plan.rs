//! `people plan`: what a delivery would do. Offline: no network, no secret, no journal.

use std::path::Path;

use people_core::config::Config;
use people_core::source::{Delivery, Piece, SourceConfig};
use people_model::time::Timestamp;
use people_model::{DeliveryId, Entry, EventKind, PersonKey, SourceName, WorkerId};
use serde::Serialize;
use serde_json::json;

use super::fitting;
use crate::exit::{Exit, Fail};
use crate::host::Clock;
use crate::load::{self, LoadError};
use crate::report::{Format, Report, print};
use forecast::{Account, Forecast};

mod forecast;
mod pretended;
mod text;

/// What is asked.
pub(super) struct Ask {
    pub(super) source: String,
    pub(super) content_type: Option<String>,
    pub(super) now: Option<Timestamp>,
    pub(super) payload: Vec<u8>,
}

/// What would happen.
#[derive(Debug, Serialize)]
struct Plan {
    source: SourceName,
    now: Timestamp,
    parts: Vec<Part>,
    people: Vec<Person>,
}

/// A part of the delivery.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    id: String,
    is: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<EventKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_working_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// What would happen to a person: against an empty directory, and where it matters against one with their account.
#[derive(Debug, Serialize)]
struct Person {
    person: String,
    worker: WorkerId,
    plans: Vec<Forecast>,
}

/// Takes the payload apart and plans.
pub(super) fn plan(path: &Path, report: &Report, ask: &Ask) -> Result<Exit, Fail> {
    let config = load::config(path)?;
    let now = ask.now.unwrap_or_else(|| Clock::default().now());
    let plan = make(path, &config, ask, now)?;
    match report.format {
        Format::Table => print(&text::render(&plan))?,
        Format::Json | Format::Csv => report.rows(&text::HEAD, &text::rows(&plan), &plan)?,
    }
    match plan.parts.iter().filter(|part| part.is == "dead").count() {
        0 => Ok(Exit::Ok),
        n => Err(Fail::input(format!(
            "{n} of {} parts cannot be used; mend the payload, or [source.map]",
            plan.parts.len()
        ))),
    }
}

fn make(path: &Path, config: &Config, ask: &Ask, now: Timestamp) -> Result<Plan, Fail> {
    let source = find(config, &ask.source)?;
    let built = fitting::build(source)
        .map_err(|error| Fail::from(LoadError::Config { path: path.to_owned(), error }))?;
    let delivery = Delivery {
        id: DeliveryId::of(&source.name, &ask.payload),
        source: source.name.clone(),
        received: now,
        trust: fitting::trust(source),
        stamped: None,
        content_type: ask.content_type.clone(),
        body: ask.payload.clone().into(),
    };
    let mut parts = Vec::new();
    let mut heard: Vec<(PersonKey, Vec<Entry>)> = Vec::new();
    let key = |worker| PersonKey { tenant: config.domain().clone(), group: source.group().clone(), worker };
    for (n, piece) in built.split(&delivery).into_iter().enumerate() {
        let id = delivery.id.event(n);
        let mut part = Part::new(id.to_string());
        match piece {
            Piece::Event(mut event) => {
                let person = key(event.worker.id.clone());
                // As the bridge does it: nobody says today what is recorded tomorrow.
                event.occurred_at = Some(event.occurred_at.map_or(now, |at| at.min(now)));
                part.is = "event";
                part.person = Some(person.tag());
                part.kind = Some(event.kind);
                part.effective_date = event.effective_date.map(|day| day.to_string());
                part.last_working_day = event.last_working_day.map(|day| day.to_string());
                part.occurred_at = event.occurred_at;
                part.note = event.reason.clone();
                let entry = Entry::Heard { id, at: now, trust: delivery.trust, event };
                match heard.iter_mut().find(|(known, _)| *known == person) {
                    Some((_, entries)) => entries.push(entry),
                    None => heard.push((person, vec![entry])),
                }
            }
            Piece::Notice { worker, notice } => {
                part.is = "notice";
                part.person = Some(key(worker).tag());
                part.note = Some(match built.fetch(&notice) {
                    Ok(request) => {
                        format!("the record would be fetched: {} {}", request.method(), request.uri())
                    }
                    Err(dead) => format!("the record cannot be fetched: {dead}"),
                });
            }
            Piece::Ignored(why) => part.note = Some(why.to_owned()),
            Piece::Dead(dead) => {
                part.is = "dead";
                part.note = Some(dead.to_string());
            }
        }
        parts.push(part);
    }
    let people = heard.into_iter().map(|(person, entries)| {
        let accounts = [Account::Absent, Account::Exists];
        let plans = accounts.iter().filter(|account| account.matters(&entries));
        let plans =
            plans.map(|account| forecast::forecast(config, &person, &entries, *account, now)).collect();
        Person { person: person.tag(), worker: person.worker, plans }
    });
    Ok(Plan { source: source.name.clone(), now, people: people.collect(), parts })
}

impl Part {
    fn new(id: String) -> Self {
        Self {
            id,
            is: "ignored",
            person: None,
            kind: None,
            effective_date: None,
            last_working_day: None,
            occurred_at: None,
            note: None,
        }
    }
}

pub(super) fn find<'a>(config: &'a Config, name: &str) -> Result<&'a SourceConfig, Fail> {
    config.sources.iter().find(|source| source.name.as_str() == name).ok_or_else(|| {
        let known: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        let known = if known.is_empty() {
            "there is none yet".into()
        } else {
            format!("use one of {}", known.join(", "))
        };
        Fail::usage(format!("no source is named {}; {known}", json!(name)))
    })
}
