//! A roster that is handed over as a whole: one batch, closed from its beginning.

use people_model::ccai::{BatchId, Bulk, Row};
use people_model::time::Timestamp;
use people_model::{Domain, Entry, InvalidId, PersonKey, SourceName, WorkerId};
use sha2::{Digest, Sha256};

use super::batch::{Batch, Phase};
use super::{ROSTER, key};
use crate::journal::{Appended, Journal, Mark, Status};

/// Whose row it is: rows of a roster are told apart by their address.
pub fn holder(tenant: &Domain, email: &str) -> Result<PersonKey, InvalidId> {
    let worker = WorkerId::parse(&email.to_lowercase())?;
    Ok(PersonKey { tenant: tenant.clone(), group: SourceName::parse(ROSTER)?, worker })
}

/// The batch of a roster. The same rows are the same batch, so that a run that broke off is gone on with; `again` makes a new one where the last
/// is over. Every row has an address, and no two the same.
pub async fn roster<J: Journal>(
    journal: &J,
    tenant: &Domain,
    rows: &[Row],
    again: bool,
    now: Timestamp,
) -> Result<Result<(PersonKey, Batch), InvalidId>, J::Error> {
    let mut hash = Sha256::new();
    let mut entries = Vec::new();
    for row in rows {
        hash.update(serde_json::to_vec(row).unwrap_or_default());
        let person = match holder(tenant, row.email().unwrap_or_default()) {
            Ok(person) => person,
            Err(invalid) => return Ok(Err(invalid)),
        };
        entries.push(Entry::Bulk { at: now, fact: Bulk::Joined { person, row: row.clone() } });
    }
    entries.push(Entry::Bulk { at: now, fact: Bulk::Closed });
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let mut id = BatchId::Roster { digest, n: 0 };
    loop {
        let key = match key(tenant, &id) {
            Ok(key) => key,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let batch = Batch::fold(&journal.read(&key).await?);
        if batch.len > 0 {
            if again && batch.phase == Phase::Settled {
                id = id.following();
                continue;
            }
            return Ok(Ok((key, batch)));
        }
        let mark = Mark { due: Some(now), status: Status::Working, note: String::new(), waits_for: None };
        if journal.append(&key, 0, &entries, &mark).await? == Appended::Done {
            return Ok(Ok((key, Batch::fold(&entries))));
        }
    }
}
