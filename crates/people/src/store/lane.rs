//! A lane: one thread that owns a connection and takes jobs in order, as many at once as are waiting.
//!
//! That is the group commit. All jobs that wait share one transaction; the disk is waited for once, and only then does any of them get its
//! answer. Should one of them fail, the transaction is undone and all of it is run again with a savepoint around each job, so that the
//! one that fails is rolled back alone. A savepoint costs a copy of every page that a job touches, and jobs that fail are rare.
//!
//! Not every write waits for the disk. What can be done again from what is durable already, such as taking a delivery apart, is
//! [`Haste::Later`]: it is done beside what hurries, a little at a time, and becomes durable with the next flush. The write-ahead log
//! is a sequence, so whatever is durable rests on what came before it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use people_core::journal::sql::{Book, BookError};
use tokio::sync::{mpsc, oneshot};

use super::error::{SqliteError, StoreError};
use super::sqlite::Sqlite;
use super::tidy::Bell;

/// How many jobs share a transaction at most.
pub(super) const TOGETHER: usize = 512;

/// How many jobs that do not hurry are done in one transaction, between looks whether somebody hurries: whoever comes meanwhile waits for
/// them. Several together write the pages that all of them touch once.
const AT_LEISURE: usize = 8;

/// Where at least so many hurry, one for each such group of them is done in their transaction, so that a flood delays those that do not
/// hurry and never stops them. Where fewer hurry, some are done once those have their answer: nobody waits for the disk longer than for
/// the own pages, and a sender who waits for an answer before the next delivery is busy meanwhile.
const BESIDE: usize = 8;

/// How many jobs may wait; further callers wait for room.
const WAITING: usize = 2048;

const COMMIT: &str = "commit";

/// The sending side. Dropping it lets the jobs that wait be done, and ends the thread.
pub(super) struct Lane {
    jobs: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// A job and how urgent it is.
type Waiting = (Haste, Box<dyn Job>);

/// Whether somebody waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    /// The answer promises that it is durable.
    Now,
    /// It can be done again from what is durable, and may be lost in a power cut until something else is flushed.
    Later,
}

/// What a lane is for.
pub(super) enum Role {
    /// The one that writes, so many jobs together at most. The bell is rung after each commit.
    Writer(usize, Bell),
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
            Role::Writer(..) => "journal-write",
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

    /// Has the work done, and answers once it is committed; where it hurries, once it is durable. The work may be run twice, the first
    /// time without a trace.
    pub(super) async fn run<T, F>(&self, haste: Haste, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Task { work, outcome: None, reply };
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send((haste, Box::new(task))).await.map_err(|_| StoreError::Closed)?;
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
    work: F,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Book<Sqlite>) -> Result<T, BookError<SqliteError>> + Send,
{
    fn run(&mut self, book: &mut Book<Sqlite>) -> bool {
        let outcome = (self.work)(book).map_err(StoreError::from);
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

fn serve(book: Book<Sqlite>, mut jobs: mpsc::Receiver<Waiting>, role: Role, commits: &AtomicU64) {
    let most = match role {
        Role::Writer(most, _) => most,
        Role::Reader => TOGETHER,
    };
    let mut desk = Desk { book, role, commits, batch: Vec::with_capacity(most) };
    let mut arrived = Vec::with_capacity(most);
    let mut later = VecDeque::new();
    loop {
        if later.is_empty() {
            if jobs.blocking_recv_many(&mut arrived, most) == 0 {
                break;
            }
        } else {
            // Nothing to wait for: there is something to do.
            arrived.extend(std::iter::from_fn(|| jobs.try_recv().ok()).take(most));
        }
        for (haste, job) in arrived.drain(..) {
            match haste {
                Haste::Now => desk.batch.push(job),
                Haste::Later => later.push_back(job),
            }
        }
        let now = desk.batch.len();
        if now > 0 {
            let beside = later.len().min(now / BESIDE).min(most.saturating_sub(now));
            desk.batch.extend(later.drain(..beside));
            desk.work(true);
        }
        if now < BESIDE && !later.is_empty() {
            desk.batch.extend(later.drain(..later.len().min(AT_LEISURE).min(most)));
            desk.work(false);
        }
    }
    if let Role::Writer(..) = desk.role {
        // Only tidies up: what is in the write-ahead log is durable, and the next start reads it.
        let _ = desk.book.driver().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// Where the jobs of one transaction are gathered and done.
struct Desk<'a> {
    book: Book<Sqlite>,
    role: Role,
    commits: &'a AtomicU64,
    batch: Vec<Box<dyn Job>>,
}

impl Desk<'_> {
    /// Does what is gathered, in one transaction, and answers.
    fn work(&mut self, flush: bool) {
        let lost = match self.role {
            Role::Writer(..) => write(&mut self.book, &mut self.batch, flush),
            Role::Reader => read(&mut self.book, &mut self.batch),
        }
        .err();
        if lost.is_none() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        } else {
            undo(&mut self.book);
        }
        let jobs = self.batch.len();
        for job in self.batch.drain(..) {
            job.answer(lost.as_ref());
        }
        if let Role::Writer(_, bell) = &mut self.role {
            bell.ring(jobs);
            bell.finish(self.book.driver());
        }
    }
}

fn lost(error: SqliteError) -> StoreError {
    error.during(COMMIT)
}

/// Ends a transaction that came to nothing. Where even this fails the next BEGIN does, and says so.
fn undo(book: &mut Book<Sqlite>) {
    if book.driver().in_transaction() {
        let _ = book.driver().execute("ROLLBACK");
    }
}

/// Runs the jobs in one transaction. An error means that none of them has left a trace.
fn write(book: &mut Book<Sqlite>, jobs: &mut [Box<dyn Job>], flush: bool) -> Result<(), StoreError> {
    book.driver().flush(flush).map_err(lost)?;
    book.driver().execute("BEGIN IMMEDIATE").map_err(lost)?;
    // Some failures end the transaction, and whatever came after would be written outside of any.
    if jobs.iter_mut().all(|job| job.run(book) && book.driver().in_transaction()) {
        return book.driver().execute("COMMIT").map_err(lost);
    }
    undo(book);
    apart(book, jobs)
}

/// The same, with a savepoint around each.
fn apart(book: &mut Book<Sqlite>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    book.driver().execute("BEGIN IMMEDIATE").map_err(lost)?;
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

/// Runs the jobs at one state of the journal. What fails leaves nothing to undo.
fn read(book: &mut Book<Sqlite>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    book.driver().execute("BEGIN").map_err(lost)?;
    for job in jobs {
        job.run(book);
    }
    book.driver().execute("COMMIT").map_err(lost)
}
