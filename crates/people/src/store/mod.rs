//! The journal on a disk: an embedded SQLite database, and beside it a log of what was accepted and is not in it yet.
//!
//! | module | what it does |
//! |---|---|
//! | `intake` | makes deliveries durable in the log (`log`, `format`, `queue`); they come into the database when they are taken apart |
//! | `keys` | says of most deliveries that they are new, without a look into the database |
//! | `lane` | a thread with a connection, which takes jobs in order, and lets whoever waits share a flush: one writes, one reads (`books`) |
//! | `peek` | the same journal, only read, and what a rehearsal asks of it |
//! | `tidy` | copies the database's own write-ahead log into it |
//!
//! Another process may open the same files at the same time (`people events list` beside `people serve`); it sees a delivery once that is
//! taken apart. Whichever accepts first has the log, the other writes into the database at once. A repetition that comes to both may be
//! called new by both, and one is kept.
//!
//! The files are readable for their owner only and not encrypted: where that is asked for, encrypt the volume. A backup of a journal in use
//! has all files whose names begin with its name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use people_core::journal::sql::{Book, BookError};
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats,
};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};
use tempfile::TempDir;

mod books;
mod error;
mod format;
mod intake;
mod keys;
mod lane;
mod log;
mod peek;
mod queue;
mod sqlite;
#[cfg(test)]
mod tests;
mod tidy;

pub use error::{SqliteError, StoreError};
pub use peek::ReadOnly;

use books::{Reader, Writer};
use format::Kept;
use intake::{Intake, Taken};
use lane::{Haste, Lane, Pulse};
use queue::{Move, Queue};
use sqlite::{Opened, Sqlite};
use tidy::Tidy;

/// A handle of the journal on a disk. Dropping the last one finishes what waits and tidies the file up; that may block for as
/// long as the disk takes.
#[derive(Clone)]
pub struct Store {
    lanes: Arc<Lanes>,
}

/// Closed in this order.
struct Lanes {
    intake: Intake,
    reader: Lane<Reader>,
    writer: Lane<Writer>,
    queue: Arc<Queue>,
    _tidy: Tidy,
    _directory: Option<TempDir>,
}

impl Drop for Lanes {
    /// Finishes what waits, and leaves all of it in the database.
    fn drop(&mut self) {
        self.intake.close();
        self.reader.close();
        self.writer.close();
        self.writer.last(|writer| {
            Move::all(&self.queue, writer);
            // Only tidies up: what is in the write-ahead log is durable, and the next start reads it.
            let _ = writer.book.driver().execute("PRAGMA wal_checkpoint(TRUNCATE)");
        });
        self.intake.end();
    }
}

/// The intake log's file beside the database.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-intake");
    name.into()
}

impl Store {
    /// Opens the journal in this file, and creates it where it is missing. Blocks.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None, Some(log_of(path)), lane::TOGETHER)
    }

    /// The same, but that each delivery is written into the database by a transaction of its own and waits for a flush of its own: what the
    /// shared flush and the log are measured against. Blocks.
    pub fn open_alone(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None, None, 1)
    }

    /// A journal for tests and trials, in a temporary directory that goes with the last handle. Blocks.
    pub fn memory() -> Result<Self, StoreError> {
        let directory = tempfile::tempdir()
            .map_err(|error| StoreError::File { path: std::env::temp_dir(), kind: error.kind() })?;
        let path = directory.path().join("people.sqlite");
        Self::start(&path, Some(directory), Some(log_of(&path)), lane::TOGETHER)
    }

    fn start(
        path: &Path,
        directory: Option<TempDir>,
        log: Option<PathBuf>,
        most: usize,
    ) -> Result<Self, StoreError> {
        let Opened { writer, reader, asks, tidy } = sqlite::open(path, &log_of(path))?;
        let (tidy, bell) = Tidy::start(tidy)?;
        let (queue, pulse) = (Arc::<Queue>::default(), Pulse::default());
        let intake = Intake::start(asks, path, log, Arc::clone(&queue), Arc::clone(&pulse))?;
        let writer = Lane::start(Writer::new(writer, bell), "journal-write", most, pulse)?;
        // It hurries nobody.
        let reader = Lane::start(Reader(reader), "journal-read", lane::TOGETHER, Pulse::default())?;
        Ok(Self {
            lanes: Arc::new(Lanes { intake, reader, writer, queue, _tidy: tidy, _directory: directory }),
        })
    }

    /// How often something was made durable since the start: far fewer times than there are writes, when there are many at once.
    pub fn commits(&self) -> u64 {
        self.lanes.intake.flushes() + self.lanes.writer.commits()
    }

    /// Moves all that is in the log now into the database, and on the disk.
    async fn settle(&self) -> Result<(), StoreError> {
        let upto = self.lanes.queue.flushed();
        while !self.lanes.queue.has_settled(upto) {
            let (job, done) = Move::some(&self.lanes.queue);
            self.lanes.writer.send(Haste::Now, job);
            done.await.map_err(|_| StoreError::Closed)??;
        }
        Ok(())
    }

    async fn write<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.writer.run(Haste::Now, move |writer| work(&mut writer.book)).await
    }

    /// The same for what can be done again from what is durable: nobody waits for the disk.
    async fn write_later<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.writer.run(Haste::Later, move |writer| work(&mut writer.book)).await
    }

    async fn look<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.reader.run(Haste::Now, move |reader| work(&mut reader.0)).await
    }
}

impl Journal for Store {
    type Error = StoreError;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, StoreError> {
        let Lanes { intake, writer, queue, .. } = &*self.lanes;
        let kept = Kept::new(delivery, key, dedupe_for);
        match intake.take(&kept).await? {
            Taken::New => {
                if let Some(job) = Move::needed(queue) {
                    writer.send(Haste::Now, job);
                }
                Ok(Accepted::New)
            }
            Taken::Duplicate => Ok(Accepted::Duplicate),
            Taken::Aside => {
                self.write(move |book| book.accept(&kept.delivery, &kept.key, kept.dedupe_for)).await
            }
        }
    }

    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let mut found = self.look(move |book| book.backlog(limit)).await?;
        let (queue, room) = (Arc::clone(&self.lanes.queue), limit.saturating_sub(found.len()));
        if room > 0 && queue.len() > 0 {
            let out = self.lanes.reader.run(Haste::Now, move |_| queue.hand_out(room)).await?;
            found.extend(out.iter().map(|kept| kept.delivery.clone()));
        }
        Ok(found)
    }

    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), StoreError> {
        let queue = &self.lanes.queue;
        if queue.holds(delivery) {
            self.settle().await?;
        }
        let (out, id, parts) = (queue.handed_out(delivery), delivery.clone(), parts.to_vec());
        self.write_later(move |book| {
            if let Some(kept) = &out {
                book.accept(&kept.delivery, &kept.key, kept.dedupe_for)?;
            }
            book.sort(&id, &parts, now)
        })
        .await?;
        queue.done(delivery);
        Ok(())
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, StoreError> {
        self.settle().await?;
        let delivery = delivery.clone();
        self.write(move |book| book.replay(&delivery)).await
    }

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, StoreError> {
        let person = person.clone();
        self.look(move |book| book.read(&person)).await
    }

    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, StoreError> {
        let (person, entries, mark) = (person.clone(), entries.to_vec(), mark.clone());
        self.write(move |book| book.append(&person, at, &entries, &mark)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, StoreError> {
        self.look(move |book| book.due(now, limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.look(Book::next_due).await
    }

    async fn recover(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write_later(move |book| book.recover(now)).await
    }

    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, StoreError> {
        let wanted = tag_or_event.to_owned();
        self.look(move |book| book.find(&wanted)).await
    }

    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, StoreError> {
        let (address, person) = (address.clone(), person.clone());
        self.write(move |book| book.claim(&address, &person, force, now)).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, StoreError> {
        let person = person.clone();
        self.look(move |book| book.account(&person)).await
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, StoreError> {
        let (person, breaker) = (person.clone(), *breaker);
        self.write(move |book| book.permit(&person, now, &breaker)).await
    }

    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, StoreError> {
        let filter = filter.clone();
        self.look(move |book| book.events(&filter)).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        // Before the look: what is moved meanwhile may be counted twice, and is never missed.
        let waiting = self.lanes.queue.len() as u64;
        let stats = self.look(Book::stats).await?;
        Ok(Stats { backlog: stats.backlog + waiting, ..stats })
    }

    async fn prune(&self, before: Timestamp) -> Result<(), StoreError> {
        self.settle().await?;
        self.write_later(move |book| book.prune(before)).await?;
        // What is forgotten is not in the log either.
        self.lanes.intake.clear().await
    }
}
