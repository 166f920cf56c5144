//! Any sender of JSON whose signature the configuration describes: middleware, integration platforms, scripts.

mod map;
mod wire;

use people_model::time::Timestamp;

use super::canonical::Reader;
use super::config::{ConfigProblem, SourceConfig};
use super::proof::Prover;
use super::{BoxedSource, Delivery, Incoming, Piece, Reception, Source};
use crate::config::Secrets;

struct Generic {
    prover: Prover,
    reader: Reader,
}

/// Builds a source of the kind `generic`: canonical events, or whatever `map` makes of the body.
///
/// # Errors
/// Where `signature` is missing, or a table cannot work.
pub fn build(config: &SourceConfig, secrets: &dyn Secrets) -> Result<BoxedSource, ConfigProblem> {
    Ok(Box::new(Generic { prover: Prover::new(config, secrets)?, reader: Reader::new(config)? }))
}

impl Source for Generic {
    fn receive(&self, incoming: Incoming<'_>, now: Timestamp) -> Reception {
        self.prover.receive(incoming, now)
    }

    fn pieces(&self, delivery: &Delivery, each: &mut dyn FnMut(Piece)) {
        map::pieces(&self.reader, &delivery.body, each);
    }
}
