//! BambooHR: webhooks of both families (field based and event based), and its API for one employee.
//!
//! An event-based delivery names an employee and nothing else, so the record is fetched. A field-based one carries values; it too is
//! completed from the API where that is configured, as the values may be a selection.
//!
//! Sources: BambooHR's OpenAPI document (`specs/public.yaml` of github.com/BambooHR/bhr-api-python), documentation.bamboohr.com
//! (webhooks, global webhooks, permissioned webhooks).

mod fetch;
mod form;
mod map;
#[cfg(test)]
mod tests;
mod wire;

use bytes::Bytes;
use http::{Request, Response};
use people_model::time::Timestamp;
use people_model::{Members, WorkerId};
use serde_json::Value;

use super::canonical::{dead, val};
use super::config::{ConfigProblem, Deleted, SourceConfig};
use super::proof::Prover;
use super::{BoxedSource, Dead, Delivery, Fetched, Incoming, Piece, Reception, Source};
use crate::config::Secrets;
use crate::json::Item;
use crate::mapping::draft::{moment, text};
use fetch::Api;
use map::Facts;
use wire::Said;

/// The member of a notice that names the employee.
const EMPLOYEE: &str = "employeeId";

struct BambooHr {
    prover: Prover,
    facts: Facts,
    api: Option<Api>,
    deleted: Deleted,
}

/// Builds a source of the kind `bamboohr`.
///
/// # Errors
/// Where a secret is missing or unusable, `api` is no usable address, or the map cannot work.
pub fn build(config: &SourceConfig, secrets: &dyn Secrets) -> Result<BoxedSource, ConfigProblem> {
    let facts = Facts::new(config)?;
    let api = config.api.as_ref().map(|api| Api::new(api, &facts.roots(), secrets)).transpose()?;
    Ok(Box::new(BambooHr { prover: Prover::new(config, secrets)?, facts, api, deleted: config.deleted }))
}

impl Source for BambooHr {
    fn receive(&self, incoming: Incoming<'_>, now: Timestamp) -> Reception {
        self.prover.receive(incoming, now)
    }

    fn pieces(&self, delivery: &Delivery, each: &mut dyn FnMut(Piece)) {
        let mut read = |said: Said<'_>| self.told(said, delivery.received, each);
        if let Err(dead) = wire::read(delivery.content_type.as_deref(), &delivery.body, &mut read) {
            each(Piece::Dead(dead));
        }
    }

    fn fetch(&self, notice: &Members) -> Result<Request<Bytes>, Dead> {
        let api = self.api.as_ref().ok_or_else(no_api)?;
        api.request(&noted(notice)?)
    }

    fn fetched(&self, notice: &Members, answer: &Response<Bytes>, now: Timestamp) -> Fetched {
        let id = match noted(notice) {
            Ok(id) => id,
            Err(dead) => return Fetched::Pieces(vec![Piece::Dead(dead)]),
        };
        let mut pieces = Vec::new();
        match fetch::record(answer, &id, now, |record| {
            self.facts.pieces(record, Some(now), now, &mut |piece| pieces.push(piece));
        }) {
            Ok(()) => Fetched::Pieces(pieces),
            Err((after_s, why)) => Fetched::Again { after_s, why },
        }
    }
}

fn no_api() -> Dead {
    dead("api", "the delivery names an employee and no values; add [source.api] with base_url and key")
}

fn employee(id: Option<Item<'_>>) -> Result<WorkerId, Dead> {
    let text = text(id.map(val).as_ref()).map_err(|problem| dead(EMPLOYEE, problem))?;
    let text = text.ok_or_else(|| dead(EMPLOYEE, "the employee's id is missing"))?;
    WorkerId::parse(&text).map_err(|wrong| dead(EMPLOYEE, wrong.rule))
}

/// The employee of a notice.
fn noted(notice: &Members) -> Result<WorkerId, Dead> {
    let id = notice.get(EMPLOYEE).and_then(Value::as_str);
    let id = id.ok_or_else(|| dead(EMPLOYEE, "the employee's id is missing"))?;
    WorkerId::parse(id).map_err(|wrong| dead(EMPLOYEE, wrong.rule))
}

impl BambooHr {
    fn told(&self, said: Said<'_>, received: Timestamp, each: &mut dyn FnMut(Piece)) {
        let mut one = |made: Result<Piece, Dead>| each(made.unwrap_or_else(Piece::Dead));
        match said {
            Said::Ignored(why) => one(Ok(Piece::Ignored(why))),
            Said::Dead(rule, problem) => one(Err(dead(rule, problem))),
            Said::Different { id } => one(self.notice(id)),
            Said::Deleted { id, at } => one(self.deleted(id, at, received)),
            Said::Values { id, .. } if self.api.is_some() => one(self.notice(id)),
            Said::Values { record, at, some: true, .. } => match moment(at.map(val).as_ref()) {
                Ok(at) => self.facts.pieces(record, at, at.unwrap_or(received), each),
                Err(problem) => one(Err(dead("timestamp", problem))),
            },
            Said::Values { created: true, .. } => one(Ok(Piece::Ignored("created without fields"))),
            Said::Values { .. } => one(Err(no_api())),
        }
    }

    fn notice(&self, id: Option<Item<'_>>) -> Result<Piece, Dead> {
        if self.api.is_none() {
            return Err(no_api());
        }
        let worker = employee(id)?;
        let notice = [(EMPLOYEE.to_owned(), Value::from(worker.as_str()))].into_iter().collect();
        Ok(Piece::Notice { worker, notice })
    }

    /// A record that is gone. Not a leaver: policy decides.
    fn deleted(
        &self,
        id: Option<Item<'_>>,
        at: Option<Item<'_>>,
        received: Timestamp,
    ) -> Result<Piece, Dead> {
        if self.deleted == Deleted::Ignore {
            return Ok(Piece::Ignored("a deleted record, which the configuration ignores"));
        }
        let at = moment(at.map(val).as_ref()).map_err(|problem| dead("timestamp", problem))?;
        let worker = employee(id)?;
        Ok(Piece::Event(self.facts.gone(worker, at, at.unwrap_or(received), self.deleted)))
    }
}
