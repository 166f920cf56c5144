//! People as rows of bulk files: when CloudM agrees, a person's row joins the batch of the present window; when the window is over, the batch
//! becomes one file and one job, which is driven to its end; then each person is told what became of their row.
//!
//! A batch is a log of its own in the same journal, under a key that no source can have. So due times, leases and recovery are the same, and
//! every journal can keep it.

mod batch;
mod drive;
mod filing;
mod next;
mod person;
mod roster;
mod rows;

use people_model::ccai::BatchId;
use people_model::{Domain, InvalidId, PersonKey, SourceName};

pub use batch::{Batch, Phase};
pub use drive::{BulkDrive, Progress};
pub use filing::{Filing, Joining};
pub use next::{Glimpse, Move, next};
#[cfg(feature = "ccai")]
pub(crate) use person::filed;
pub(crate) use person::{checks, file};
pub use roster::{holder, roster};
pub use rows::Rows;

/// The group of batches among the keys of people. No source can have it.
pub const BATCHES: &str = "_ccai";

/// The group of rows that come from a roster and not from HR. No source can have it.
pub const ROSTER: &str = "_roster";

/// Where the log of a batch is.
pub fn key(tenant: &Domain, batch: &BatchId) -> Result<PersonKey, InvalidId> {
    Ok(PersonKey { tenant: tenant.clone(), group: SourceName::parse(BATCHES)?, worker: batch.worker()? })
}

/// Whether no source can have this group.
pub fn is_reserved(group: &SourceName) -> bool {
    [BATCHES, ROSTER].contains(&group.as_str())
}
