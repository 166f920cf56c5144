//! How a row joins a batch.

use async_lock::Mutex;
use people_model::ccai::{BatchId, Bulk, Row};
use people_model::time::{SignedDuration, Timestamp};
use people_model::{Domain, Entry, PersonKey};

use super::batch::{Batch, Phase};
use super::key;
use crate::journal::{Appended, Journal, Mark, Status};

/// What came of joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// The row is in the batch.
    In,
    /// The batch is closed.
    Missed {
        /// Whether it has another row of this person.
        mine: bool,
    },
}

/// The batch that rows join now, as it was when this process last saw it. Without it every row would read the rows before it. It is never
/// believed: an append to a log of another length does not take place.
#[derive(Debug, Default)]
pub struct Filing(Mutex<Option<(PersonKey, Batch)>>);

impl Filing {
    /// A batch of this window that still has room.
    pub async fn pick<J: Journal>(
        &self,
        journal: &J,
        tenant: &Domain,
        now: Timestamp,
        window: SignedDuration,
        most: usize,
    ) -> Result<BatchId, J::Error> {
        let mut known = self.0.lock().await;
        let mut id = BatchId::window(now, window);
        if let Some(last) = known.as_ref().and_then(|(key, _)| key.worker.as_str().parse::<BatchId>().ok())
            && last.ends() == id.ends()
        {
            id = last;
        }
        for _ in 0..10_000 {
            let Ok(key) = key(tenant, &id) else { break };
            let batch = match known.take() {
                Some((at, batch)) if at == key => batch,
                _ => Batch::fold(&journal.read(&key).await?),
            };
            let room = batch.phase == Phase::Open && batch.rows.len() < most;
            *known = Some((key, batch));
            if room {
                break;
            }
            id = id.following();
        }
        Ok(id)
    }

    /// Puts a person's row into a batch, unless it is there already or the batch is closed.
    pub async fn join<J: Journal>(
        &self,
        journal: &J,
        id: &BatchId,
        person: &PersonKey,
        row: &Row,
        most: usize,
        now: Timestamp,
    ) -> Result<Joining, J::Error> {
        let Ok(key) = key(&person.tenant, id) else { return Ok(Joining::Missed { mine: false }) };
        let mut known = self.0.lock().await;
        let mut batch = match known.take() {
            Some((at, batch)) if at == key => batch,
            _ => Batch::fold(&journal.read(&key).await?),
        };
        let joining = loop {
            let mine = batch.row_of(person);
            if mine == Some(row) {
                break Joining::In;
            }
            let full = mine.is_none() && batch.rows.len() >= most;
            if batch.phase != Phase::Open || full {
                // The journal may know better than what was seen last.
                let log = journal.read(&key).await?;
                if log.len() != batch.len {
                    batch = Batch::fold(&log);
                    continue;
                }
                break Joining::Missed { mine: mine.is_some() };
            }
            let fact = Bulk::Joined { person: person.clone(), row: row.clone() };
            let entry = Entry::Bulk { at: now, fact };
            let last = mine.is_none() && batch.rows.len().saturating_add(1) >= most;
            let due = if last { Some(now) } else { id.ends().or(Some(now)) };
            let mark = Mark { due, status: Status::Waiting, note: "gathers rows".into(), waits_for: None };
            match journal.append(&key, batch.len, std::slice::from_ref(&entry), &mark).await? {
                Appended::Done => batch.apply(&entry),
                Appended::Raced => batch = Batch::fold(&journal.read(&key).await?),
            }
        };
        *known = Some((key, batch));
        Ok(joining)
    }
}
