//! A lane: one thread that owns a connection and takes jobs in order, as many at once as are waiting.
//!
//! That is the group commit. Each job runs in a savepoint of its own, all of them in one transaction; the disk is waited for
//! once, and only then does any of them get its answer. A job that fails is rolled back alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use people_core::journal::sql::{Book, BookError};
use tokio::sync::{mpsc, oneshot};

use super::error::{SqliteError, StoreError};
use super::sqlite::Sqlite;

/// How many jobs share a transaction at most.
const TOGETHER: usize = 512;

/// How many jobs may wait; further callers wait for room.
const WAITING: usize = 2048;

const COMMIT: &str = "commit";

/// The sending side. Dropping it lets the jobs that wait be done, and ends the thread.
pub(super) struct Lane {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// What a lane is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The one that writes.
    Writer,
    /// One that reads, at the state of the last commit.
    Reader,
}

impl Lane {
    /// Starts the thread.
    pub(super) fn start(book: Book<Sqlite>, role: Role) -> Result<Self, StoreError> {
        let (sender, jobs) = mpsc::channel(WAITING);
        let commits = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&commits);
        let name = match role {
            Role::Writer => "journal-write",
            Role::Reader => "journal-read",
        };
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(book, jobs, role, &count))
            .map_err(|_| StoreError::Closed)?;
        Ok(Self { jobs: Some(sender), thread: Some(thread), commits })
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Has the work done, and answers once it is durable.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Task { work: Some(work), outcome: None, reply };
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Box::new(task)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has nothing left to finish.
            let _ = thread.join();
        }
    }
}

/// Work that waits, of any type.
trait Job: Send {
    /// Does the work. Says whether what it wrote is to be kept.
    fn run(&mut self, book: &mut Book<Sqlite>) -> bool;

    /// Answers, after the commit; with `lost` where the transaction came to nothing.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

struct Task<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send,
{
    fn run(&mut self, book: &mut Book<Sqlite>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = work(book).map_err(StoreError::from);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let answer = match (self.outcome, lost) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(lost)) => Err(lost.clone()),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(StoreError::Closed),
        };
        // Whoever asked may have gone; what was asked is done all the same.
        let _ = self.reply.send(answer);
    }
}

fn serve(mut book: Book<Sqlite>, mut jobs: mpsc::Receiver<Box<dyn Job>>, role: Role, commits: &AtomicU64) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while jobs.blocking_recv_many(&mut batch, TOGETHER) > 0 {
        let lost = together(&mut book, &mut batch, role).err();
        if lost.is_none() {
            commits.fetch_add(1, Ordering::Relaxed);
        } else if book.driver().in_transaction() {
            // Where even this fails the next BEGIN does, and says so.
            let _ = book.driver().execute("ROLLBACK");
        }
        for job in batch.drain(..) {
            job.answer(lost.as_ref());
        }
    }
    if role == Role::Writer {
        // Only tidies up: what is in the write-ahead log is durable, and the next start reads it.
        let _ = book.driver().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// Runs the jobs in one transaction. An error means that none of them has left a trace.
fn together(book: &mut Book<Sqlite>, jobs: &mut [Box<dyn Job>], role: Role) -> Result<(), StoreError> {
    let lost = |error: SqliteError| error.during(COMMIT);
    let begin = match role {
        Role::Writer => "BEGIN IMMEDIATE",
        Role::Reader => "BEGIN",
    };
    book.driver().execute(begin).map_err(lost)?;
    for job in jobs {
        book.driver().execute("SAVEPOINT job").map_err(lost)?;
        let keep = job.run(book);
        if !book.driver().in_transaction() {
            return Err(SqliteError::new("a failure ended the transaction").during(COMMIT));
        }
        if !keep {
            book.driver().execute("ROLLBACK TO job").map_err(lost)?;
        }
        book.driver().execute("RELEASE job").map_err(lost)?;
    }
    book.driver().execute("COMMIT").map_err(lost)
}
