//! Senders that follow Standard Webhooks 1.0.0, among them everything that sends through Svix.

mod map;
mod wire;

use people_model::time::Timestamp;

use super::canonical::Reader;
use super::config::{ConfigProblem, SourceConfig};
use super::proof::Prover;
use super::{BoxedSource, Delivery, Incoming, Piece, Reception, Source};
use crate::config::Secrets;

struct StandardWebhooks {
    prover: Prover,
    reader: Reader,
}

/// Builds a source of the kind `standard-webhooks`: canonical events, bare or as the `data` of the standard's envelope, or whatever
/// `map` makes of the body.
///
/// # Errors
/// Where a secret is missing or unusable, or a table cannot work.
pub fn build(config: &SourceConfig, secrets: &dyn Secrets) -> Result<BoxedSource, ConfigProblem> {
    Ok(Box::new(StandardWebhooks { prover: Prover::new(config, secrets)?, reader: Reader::new(config)? }))
}

impl Source for StandardWebhooks {
    fn receive(&self, incoming: Incoming<'_>, now: Timestamp) -> Reception {
        self.prover.receive(incoming, now)
    }

    fn pieces(&self, delivery: &Delivery, each: &mut dyn FnMut(Piece)) {
        map::pieces(&self.reader, &delivery.body, each);
    }
}
