//! The journal on a disk: an embedded SQLite database in one file.
//!
//! Intake waits for the disk and for nothing else: one connection writes, and however many callers wait for it share one flush
//! (`lane`). Another thread reads, so that a long list does not delay a delivery; it sees everything whose answer was given. A third
//! copies the write-ahead log into the database (`tidy`).
//! Another process may open the same file at the same time (`people events list` beside `people serve`).
//!
//! The file is readable for its owner only and not encrypted: where that is asked for, encrypt the volume.

use std::path::Path;
use std::sync::Arc;

use people_core::journal::sql::{Book, BookError};
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats,
};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};
use tempfile::TempDir;

mod error;
mod lane;
mod sqlite;
#[cfg(test)]
mod tests;
mod tidy;

pub use error::{SqliteError, StoreError};

use lane::{Haste, Lane, Role};
use sqlite::Sqlite;
use tidy::Tidy;

/// A handle of the journal on a disk. Dropping the last one finishes what waits and tidies the file up; that may block for as
/// long as the disk takes.
#[derive(Clone)]
pub struct Store {
    lanes: Arc<Lanes>,
}

/// Dropped in this order.
struct Lanes {
    reader: Lane,
    writer: Lane,
    _tidy: Tidy,
    _directory: Option<TempDir>,
}

impl Store {
    /// Opens the journal in this file, and creates it where it is missing. Blocks.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None, lane::TOGETHER)
    }

    /// The same, but that each write waits for a flush of its own: what the shared flush is measured against. Blocks.
    pub fn open_alone(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None, 1)
    }

    /// A journal for tests and trials, in a temporary directory that goes with the last handle. Blocks.
    pub fn memory() -> Result<Self, StoreError> {
        let directory = tempfile::tempdir()
            .map_err(|error| StoreError::File { path: std::env::temp_dir(), kind: error.kind() })?;
        Self::start(&directory.path().join("people.sqlite"), Some(directory), lane::TOGETHER)
    }

    fn start(path: &Path, directory: Option<TempDir>, together: usize) -> Result<Self, StoreError> {
        let (writer, reader, tidy) = sqlite::open(path)?;
        let (tidy, bell) = Tidy::start(tidy)?;
        let writer = Lane::start(writer, Role::Writer(together, bell))?;
        let reader = Lane::start(reader, Role::Reader)?;
        Ok(Self { lanes: Arc::new(Lanes { reader, writer, _tidy: tidy, _directory: directory }) })
    }

    /// How many transactions were committed since the start: far fewer than writes, when there are many at once.
    pub fn commits(&self) -> u64 {
        self.lanes.writer.commits()
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.writer.run(Haste::Now, work).await
    }

    /// The same for what can be done again from what is durable: nobody waits for the disk.
    async fn write_later<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.writer.run(Haste::Later, work).await
    }

    async fn look<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        self.lanes.reader.run(Haste::Now, work).await
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
        let (delivery, key) = (delivery.clone(), key.clone());
        self.write(move |book| book.accept(&delivery, &key, dedupe_for)).await
    }

    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.look(move |book| book.backlog(limit)).await
    }

    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), StoreError> {
        let (delivery, parts) = (delivery.clone(), parts.to_vec());
        self.write_later(move |book| book.sort(&delivery, &parts, now)).await
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, StoreError> {
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
        self.look(Book::stats).await
    }

    async fn prune(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write_later(move |book| book.prune(before)).await
    }
}
