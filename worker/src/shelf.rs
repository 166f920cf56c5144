//! A book in the SQLite of one object, each method in a transaction; and that book as a whole journal of its own.

use std::cell::{Cell, RefCell, RefMut};

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
    open: Cell<Open>,
}

/// How much of the schema is known to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Nothing,
    ToAccept,
    Everything,
}

impl Shelf {
    pub(crate) fn new(storage: &Storage) -> Self {
        let book = RefCell::new(Book::new(Sql::new(storage)));
        Self { book, sql: Sql::new(storage), open: Cell::new(Open::Nothing) }
    }

    /// Runs methods of the book in one transaction: all of what they write is there afterwards, or nothing.
    pub(crate) fn run<T>(&self, work: impl FnMut(&mut Book<Sql>) -> Booked<T, Sql>) -> Result<T, ShelfError> {
        self.opened(Open::Everything, work)
    }

    /// Takes a delivery. A sender waits, so the rest of the schema does, and what is one statement needs no transaction.
    pub(crate) fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, ShelfError> {
        if self.open.get() >= Open::ToAccept {
            self.book()?.accept(delivery, key, dedupe_for)
        } else {
            self.opened(Open::ToAccept, |book| book.accept(delivery, key, dedupe_for))
        }
    }

    fn book(&self) -> Result<RefMut<'_, Book<Sql>>, ShelfError> {
        self.book.try_borrow_mut().map_err(|_| driver("run a transaction", SqlError::busy()))
    }

    fn opened<T>(
        &self,
        open: Open,
        mut work: impl FnMut(&mut Book<Sql>) -> Booked<T, Sql>,
    ) -> Result<T, ShelfError> {
        let mut book = self.book()?;
        let fresh = self.open.get() < open;
        let mut outcome = None;
        let committed = self.sql.transaction(|| {
            let done = match (fresh, open) {
                (false, _) => Ok(()),
                (true, Open::Everything) => book.open(),
                (true, _) => book.open_to_accept(),
            };
            let done = done.and_then(|()| work(&mut book));
            outcome.insert(done).is_ok()
        });
        match (outcome, committed) {
            (Some(Ok(value)), Ok(())) => {
                self.open.set(open.max(self.open.get()));
                Ok(value)
            }
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(driver("run a transaction", error)),
            (None, Ok(())) => Err(driver("run a transaction", SqlError::busy())),
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
        Shelf::accept(self, delivery, key, dedupe_for)
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
