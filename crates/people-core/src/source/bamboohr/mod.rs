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

use super::canonical::dead;
use super::config::{ConfigProblem, Deleted, SourceConfig};
use super::proof::Prover;
use super::{BoxedSource, Dead, Delivery, Fetched, Incoming, Piece, Reception, Source};
use crate::config::Secrets;
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

    fn split(&self, delivery: &Delivery) -> Vec<Piece> {
        match wire::read(delivery.content_type.as_deref(), &delivery.body) {
            Ok(said) => said.into_iter().flat_map(|said| self.pieces(said, delivery.received)).collect(),
            Err(dead) => vec![Piece::Dead(dead)],
        }
    }

    fn fetch(&self, notice: &Members) -> Result<Request<Bytes>, Dead> {
        let api = self.api.as_ref().ok_or_else(no_api)?;
        api.request(&employee(notice.get(EMPLOYEE))?)
    }

    fn fetched(&self, notice: &Members, answer: &Response<Bytes>, now: Timestamp) -> Fetched {
        let id = match employee(notice.get(EMPLOYEE)) {
            Ok(id) => id,
            Err(dead) => return Fetched::Pieces(vec![Piece::Dead(dead)]),
        };
        match fetch::record(answer, &id, now) {
            Ok(record) => Fetched::Pieces(self.facts.pieces(&record, Some(now), now)),
            Err((after_s, why)) => Fetched::Again { after_s, why },
        }
    }
}

fn no_api() -> Dead {
    dead("api", "the delivery names an employee and no values; add [source.api] with base_url and key")
}

fn employee(id: Option<&Value>) -> Result<WorkerId, Dead> {
    let text = crate::mapping::draft::text(id).map_err(|problem| dead(EMPLOYEE, problem))?;
    let text = text.ok_or_else(|| dead(EMPLOYEE, "the employee's id is missing"))?;
    WorkerId::parse(&text).map_err(|wrong| dead(EMPLOYEE, wrong.rule))
}

impl BambooHr {
    fn pieces(&self, said: Said, received: Timestamp) -> Vec<Piece> {
        let one = |made: Result<Piece, Dead>| vec![made.unwrap_or_else(Piece::Dead)];
        match said {
            Said::Ignored(why) => vec![Piece::Ignored(why)],
            Said::Dead(dead) => vec![Piece::Dead(dead)],
            Said::Different { id } => one(self.notice(&id)),
            Said::Deleted { id, at } => one(self.deleted(&id, at.as_ref(), received)),
            Said::Values { record } if self.api.is_some() => {
                one(self.notice(record.get("id").unwrap_or(&Value::Null)))
            }
            Said::Values { record } if wire::has_values(&record) => {
                match crate::mapping::draft::moment(record.get("timestamp")) {
                    Ok(at) => self.facts.pieces(&record, at, at.unwrap_or(received)),
                    Err(problem) => one(Err(dead("timestamp", problem))),
                }
            }
            Said::Values { record } if wire::action(&record) == Some("created") => {
                vec![Piece::Ignored("created without fields")]
            }
            Said::Values { .. } => one(Err(no_api())),
        }
    }

    fn notice(&self, id: &Value) -> Result<Piece, Dead> {
        if self.api.is_none() {
            return Err(no_api());
        }
        let worker = employee(Some(id))?;
        let notice = [(EMPLOYEE.to_owned(), Value::from(worker.as_str()))].into_iter().collect();
        Ok(Piece::Notice { worker, notice })
    }

    /// A record that is gone. Not a leaver: policy decides.
    fn deleted(&self, id: &Value, at: Option<&Value>, received: Timestamp) -> Result<Piece, Dead> {
        if self.deleted == Deleted::Ignore {
            return Ok(Piece::Ignored("a deleted record, which the configuration ignores"));
        }
        let at = crate::mapping::draft::moment(at).map_err(|problem| dead("timestamp", problem))?;
        let worker = employee(Some(id))?;
        Ok(Piece::Event(self.facts.gone(worker, at, at.unwrap_or(received), self.deleted)))
    }
}
