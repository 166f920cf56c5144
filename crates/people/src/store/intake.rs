//! Accepting: a delivery is durable in the intake log (`log`), and in the database once it is taken apart.
//!
//! A flush of one block is all that a sender waits for; the database is only asked whether it knows the delivery. Until a delivery has left
//! the queue it is known here too, so that a repetition is told. What the log does not take goes into the database at once: a long
//! body, and everything where another process has the log.
//!
//! Whatever left the queue in a transaction that a power cut undoes is in the log still: a segment is written over only when the database has
//! all of it on the disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use people_core::journal::sql::Book;

use super::error::StoreError;
use super::lane::{Job, Ledger};
use super::log::{Kept, Log, SEGMENT};
use super::queue::Queue;
use super::sqlite::Sqlite;

/// How long a body in the log may be. A longer one, a whole list, is worth a flush of the database.
const LONG: usize = 64 << 10;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is durable in the log.
    New,
    /// It was accepted before.
    Duplicate,
    /// The log does not take it: the database has to.
    Aside,
}

/// The ledger of the lane that accepts.
pub(super) struct Intake {
    /// A connection to read with.
    book: Book<Sqlite>,
    /// Where the log is to be; `None` where there is none, or none any more.
    path: Option<PathBuf>,
    /// Opened for the first delivery.
    log: Option<Log>,
    queue: Arc<Queue>,
    /// What went wrong with the log in this turn.
    fault: Option<io::ErrorKind>,
}

impl Intake {
    /// With a log in this file, where one is named.
    pub(super) fn new(book: Book<Sqlite>, path: Option<PathBuf>, queue: Arc<Queue>) -> Self {
        Self { book, path, log: None, queue, fault: None }
    }

    /// Takes a delivery, to be made durable together with those beside it.
    pub(super) fn take(&mut self, kept: &Arc<Kept>) -> Result<Taken, StoreError> {
        if self.path.is_none() {
            return Ok(Taken::Aside);
        }
        // Before the database is asked: whatever has left the queue is there.
        if self.queue.knows(kept) || !self.book.is_new(&kept.delivery, &kept.key)? {
            return Ok(Taken::Duplicate);
        }
        if kept.delivery.body.len() > LONG || !self.open() {
            return Ok(Taken::Aside);
        }
        let Some(log) = &mut self.log else { return Ok(Taken::Aside) };
        let (number, settled) = self.queue.next();
        match log.add(kept, number, settled) {
            Ok(Some(place)) => self.queue.push(Arc::clone(kept), place, log.longs(settled)),
            Ok(None) => return Ok(Taken::Aside),
            Err(error) => {
                self.fault = Some(error.kind());
                return Ok(Taken::Aside);
            }
        }
        Ok(Taken::New)
    }

    /// Opens the log, unless another process has it.
    fn open(&mut self) -> bool {
        if self.log.is_none() {
            let opened = self.path.as_deref().map(|path| Log::open(path, SEGMENT));
            self.log = opened.and_then(|log| log.ok().flatten());
            if let Some(log) = &self.log {
                self.queue.read_from(log.file());
            }
        }
        self.log.is_some()
    }

    /// Empties the log, where the database has all of it on the disk.
    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        match &mut self.log {
            Some(log) if self.queue.is_settled() => {
                log.clear().map_err(|error| StoreError::log("clear what is old", error.kind()))
            }
            _ => Ok(()),
        }
    }

    /// Has the log fail from now on.
    #[cfg(test)]
    pub(super) fn break_log(&mut self) -> Result<(), StoreError> {
        self.log
            .as_mut()
            .map_or(Ok(()), |log| log.fail(self.path.as_deref().unwrap_or("".as_ref())))
            .map_err(|_| StoreError::Closed)
    }

    /// Closes the log: where the database has all of it on the disk, it is left empty.
    pub(super) fn end(&mut self) {
        if let Some(log) = self.log.take()
            && self.queue.is_settled()
        {
            // Otherwise the next start finds that it knows what is in there.
            let _ = log.end();
        }
    }
}

impl Ledger for Intake {
    fn run(&mut self, jobs: &mut [Box<dyn Job<Self>>], _: bool) -> Result<(), StoreError> {
        for job in jobs {
            job.run(self);
        }
        let flushed = self.log.as_mut().map_or(Ok(()), Log::flush);
        let Some(kind) = self.fault.take().or(flushed.err().map(|error| error.kind())) else { return Ok(()) };
        // What the log holds after that is not certain. It is left alone until the journal is opened again.
        (self.log, self.path) = (None, None);
        self.queue.doubt();
        Err(StoreError::log("accept a delivery", kind))
    }
}
