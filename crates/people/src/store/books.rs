//! The database's two lanes: one connection that writes, one that reads.
//!
//! All jobs that are done together share one transaction. Should one of them fail, the transaction is undone and all of it is run again with a
//! savepoint around each job, so that the one that fails is rolled back alone. A savepoint costs a copy of every page that a job touches,
//! and jobs that fail are rare.
//!
//! What is not flushed becomes durable with the next flush: the write-ahead log is a sequence, so whatever is durable rests on what came before.

use people_core::journal::sql::Book;

use super::error::{SqliteError, StoreError};
use super::lane::{Job, Ledger};
use super::sqlite::Sqlite;
use super::tidy::Bell;

const COMMIT: &str = "commit";

/// The one that writes. The bell is rung after each commit.
pub(super) struct Writer {
    pub(super) book: Book<Sqlite>,
    bell: Bell,
    /// How many jobs there were more than were counted, since one did the work of several.
    pub(super) besides: usize,
}

impl Writer {
    pub(super) fn new(book: Book<Sqlite>, bell: Bell) -> Self {
        Self { book, bell, besides: 0 }
    }

    /// Runs the jobs in one transaction. An error means that none of them has left a trace.
    fn write(&mut self, jobs: &mut [Box<dyn Job<Self>>], flush: bool) -> Result<(), StoreError> {
        self.book.driver().flush(flush).map_err(lost)?;
        self.book.driver().execute("BEGIN IMMEDIATE").map_err(lost)?;
        // Some failures end the transaction, and whatever came after would be written outside of any.
        if jobs.iter_mut().all(|job| job.run(self) && self.book.driver().in_transaction()) {
            return self.book.driver().execute("COMMIT").map_err(lost);
        }
        self.undo();
        self.apart(jobs)
    }

    /// The same, with a savepoint around each.
    fn apart(&mut self, jobs: &mut [Box<dyn Job<Self>>]) -> Result<(), StoreError> {
        self.book.driver().execute("BEGIN IMMEDIATE").map_err(lost)?;
        for job in jobs {
            self.book.driver().execute("SAVEPOINT job").map_err(lost)?;
            let keep = job.run(self);
            if !self.book.driver().in_transaction() {
                return Err(SqliteError::new("a failure ended the transaction").during(COMMIT));
            }
            if !keep {
                self.book.driver().execute("ROLLBACK TO job").map_err(lost)?;
            }
            self.book.driver().execute("RELEASE job").map_err(lost)?;
        }
        self.book.driver().execute("COMMIT").map_err(lost)
    }

    /// Ends a transaction that came to nothing. Where even this fails the next BEGIN does, and says so.
    fn undo(&mut self) {
        if self.book.driver().in_transaction() {
            let _ = self.book.driver().execute("ROLLBACK");
        }
    }
}

impl Ledger for Writer {
    fn run(&mut self, jobs: &mut [Box<dyn Job<Self>>], flush: bool) -> Result<(), StoreError> {
        self.write(jobs, flush).inspect_err(|_| self.undo())
    }

    fn tidy(&mut self, jobs: usize) {
        self.bell.ring(jobs + std::mem::take(&mut self.besides));
        self.bell.finish(self.book.driver());
    }
}

/// The one that reads, at the state of the last commit.
pub(super) struct Reader(pub(super) Book<Sqlite>);

impl Ledger for Reader {
    fn run(&mut self, jobs: &mut [Box<dyn Job<Self>>], _: bool) -> Result<(), StoreError> {
        let read = self.read(jobs);
        if read.is_err() && self.0.driver().in_transaction() {
            let _ = self.0.driver().execute("ROLLBACK");
        }
        read
    }
}

impl Reader {
    /// Runs the jobs at one state of the journal. What fails leaves nothing to undo.
    fn read(&mut self, jobs: &mut [Box<dyn Job<Self>>]) -> Result<(), StoreError> {
        self.0.driver().execute("BEGIN").map_err(lost)?;
        for job in jobs {
            job.run(self);
        }
        self.0.driver().execute("COMMIT").map_err(lost)
    }
}

fn lost(error: SqliteError) -> StoreError {
    error.during(COMMIT)
}
