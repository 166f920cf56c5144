//! A book in the SQLite of one object, each method in a transaction; and that book as a whole journal of its own.

use std::cell::RefCell;

use crate::runtime::Storage;
use crate::sql::{Sql, SqlError};
use people_core::journal::sql::{Book, BookError, Booked};
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats,
};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};

/// Why the object's book did not do it.
pub(crate) type ShelfError = BookError<SqlError>;

/// The book of an object. Nothing here waits, so no two methods overlap.
pub(crate) struct Shelf {
    sql: Sql,
    book: RefCell<Book<Sql>>,
    open: RefCell<bool>,
}

impl Shelf {
    pub(crate) fn new(storage: &Storage) -> Self {
        let book = RefCell::new(Book::new(Sql::new(storage)));
        Self { book, sql: Sql::new(storage), open: RefCell::new(false) }
    }

    /// Runs methods of the book in one transaction: all of what they write is there afterwards, or nothing.
    pub(crate) fn run<T>(
        &self,
        mut work: impl FnMut(&mut Book<Sql>) -> Booked<T, Sql>,
    ) -> Result<T, ShelfError> {
        let missing = || driver("run a transaction", SqlError::busy());
        let Ok(mut book) = self.book.try_borrow_mut() else { return Err(missing()) };
        let fresh = !*self.open.borrow();
        let mut outcome = None;
        let committed = self.sql.transaction(|| {
            let done = if fresh { book.open() } else { Ok(()) };
            let done = done.and_then(|()| work(&mut book));
            outcome.insert(done).is_ok()
        });
        match (outcome, committed) {
            (Some(Ok(value)), Ok(())) => {
                self.open.replace(true);
                Ok(value)
            }
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(driver("run a transaction", error)),
            (None, Ok(())) => Err(missing()),
        }
    }
}

fn driver(operation: &'static str, source: SqlError) -> ShelfError {
    BookError::Driver { operation, source }
}

impl Journal for Shelf {
    type Error = ShelfError;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, ShelfError> {
        self.run(|book| book.accept(delivery, key, dedupe_for))
    }

    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, ShelfError> {
        self.run(|book| book.backlog(limit))
    }

    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), ShelfError> {
        self.run(|book| book.sort(delivery, parts, now))
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, ShelfError> {
        self.run(|book| book.replay(delivery))
    }

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, ShelfError> {
        self.run(|book| book.read(person))
    }

    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, ShelfError> {
        self.run(|book| book.append(person, at, entries, mark))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, ShelfError> {
        self.run(|book| book.due(now, limit))
    }

    async fn recover(&self, now: Timestamp) -> Result<(), ShelfError> {
        self.run(|book| book.recover(now))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, ShelfError> {
        self.run(Book::next_due)
    }

    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, ShelfError> {
        self.run(|book| book.find(tag_or_event))
    }

    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, ShelfError> {
        self.run(|book| book.claim(address, person, force, now))
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, ShelfError> {
        self.run(|book| book.account(person))
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, ShelfError> {
        self.run(|book| book.permit(person, now, breaker))
    }

    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, ShelfError> {
        self.run(|book| book.events(filter))
    }

    async fn stats(&self) -> Result<Stats, ShelfError> {
        self.run(Book::stats)
    }

    async fn prune(&self, before: Timestamp) -> Result<(), ShelfError> {
        self.run(|book| book.prune(before))
    }
}
