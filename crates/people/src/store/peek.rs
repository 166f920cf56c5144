//! The journal only read: for a rehearsal, which must leave it as it is, whether a server runs or not.

use std::path::Path;

use people_core::journal::sql::{Book, BookError};
use people_core::journal::{Breaker, Peek, Permits};
use people_model::time::Timestamp;
use people_model::{Email, Entry, PersonKey};

use super::Store;
use super::books::Reader;
use super::error::{SqliteError, StoreError};
use super::lane::{self, Haste, Lane, Pulse};
use super::sqlite::{Sqlite, opening};

/// A handle of a journal through which nothing can be written; a journal that is not there yet is an empty one. What was accepted and not taken
/// apart yet does not show in it. SQLite may leave its own files beside an idle journal, an empty log and an index, for the next to tidy up.
pub struct ReadOnly(Option<Lane<Reader>>);

impl ReadOnly {
    /// Opens the journal in this file, if there is one. Blocks.
    ///
    /// # Errors
    /// Where the file cannot be read, or was written by another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Ok(Self(None));
        }
        let mut book = Book::new(Sqlite::connect_to_read(path).map_err(|error| opening(path, error))?);
        let current = book.is_current().map_err(|error| match error {
            BookError::Driver { source, .. } => opening(path, source),
            other => other.into(),
        })?;
        if !current {
            return Err(StoreError::OtherSchema { path: path.to_owned() });
        }
        Ok(Self(Some(Lane::start(Reader(book), "journal-peek", lane::TOGETHER, Pulse::default())?)))
    }

    /// How many deliveries are in the database and not taken apart yet.
    pub async fn backlog(&self) -> Result<u64, StoreError> {
        self.look(|book| Ok(book.stats()?.backlog)).await
    }

    async fn look<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Default + Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        match &self.0 {
            Some(lane) => lane.run(Haste::Now, move |reader: &mut Reader| work(&mut reader.0)).await,
            None => Ok(T::default()),
        }
    }
}

impl Peek for ReadOnly {
    type Error = StoreError;

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, StoreError> {
        let person = person.clone();
        self.look(move |book| book.read(&person)).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, StoreError> {
        let person = person.clone();
        self.look(move |book| book.account(&person)).await
    }

    async fn holder(&self, address: &Email) -> Result<Option<PersonKey>, StoreError> {
        let address = address.clone();
        self.look(move |book| book.holder(&address)).await
    }

    async fn permits(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permits, StoreError> {
        if self.0.is_none() {
            return Ok(Permits { counts: false, count: 0, known: 0 });
        }
        let (person, breaker) = (person.clone(), *breaker);
        let permits = self.look(move |book| book.permits(&person, now, &breaker).map(Some)).await?;
        permits.ok_or(StoreError::Closed)
    }

    async fn people(&self, after: Option<&PersonKey>, limit: usize) -> Result<Vec<PersonKey>, StoreError> {
        let after = after.cloned();
        self.look(move |book| book.people(after.as_ref(), limit)).await
    }
}

impl Store {
    /// When a person is to be driven again.
    pub async fn due_of(&self, person: &PersonKey) -> Result<Option<Timestamp>, StoreError> {
        let person = person.clone();
        self.look(move |book| book.due_of(&person)).await
    }
}
