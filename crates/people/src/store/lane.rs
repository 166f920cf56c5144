//! A lane: one thread that owns a connection and takes jobs in order, as many at once as are waiting.
//!
//! That is the group commit. All jobs that wait share one transaction; the disk is waited for once, and only then does any of them get its
//! answer. Should one of them fail, the transaction is undone and all of it is run again with a savepoint around each job, so that the
//! one that fails is rolled back alone. A savepoint costs a copy of every page that a job touches, and jobs that fail are rare.
//!
//! Not every write waits for the disk. What can be done again from what is durable already, such as taking a delivery apart, is
//! [`Haste::Later`]: it is done when nobody hurries, and while somebody does in an eighth of the time, however long it takes in a large
//! journal. It becomes durable with the next flush: the write-ahead log is a sequence, so whatever is durable rests on what came before it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use people_core::journal::sql::{Book, BookError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::{SqliteError, StoreError};
use super::sqlite::Sqlite;
use super::tidy::Bell;

/// How many jobs share a transaction at most.
pub(super) const TOGETHER: usize = 512;

/// How many jobs that do not hurry are done in one transaction at most. Several together write the pages that all of them touch once.
const AT_LEISURE: usize = 16;

/// How long such a transaction is to take: whoever comes meanwhile waits for it.
const AT_ONCE: Duration = Duration::from_millis(1);

/// While somebody hurries, so many times as long as it took there is no other.
const REST: u32 = 7;

/// When nobody has hurried for so long, nobody does.
const CALM: Duration = Duration::from_millis(2);

/// How many jobs may wait; further callers wait for room.
const WAITING: usize = 2048;

const COMMIT: &str = "commit";

/// The sending side. Dropping it lets the jobs that wait be done, and ends the thread.
pub(super) struct Lane {
    jobs: Option<Sender<Waiting>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// A job, how urgent it is, and its room among those that wait.
type Waiting = (Haste, Box<dyn Job>, OwnedSemaphorePermit);

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
        let (sender, jobs) = channel();
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
        let room = Arc::new(Semaphore::new(WAITING));
        Ok(Self { jobs: Some(sender), room, thread: Some(thread), commits })
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
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        jobs.send((haste, Box::new(task), room)).map_err(|_| StoreError::Closed)?;
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

fn serve(book: Book<Sqlite>, jobs: Receiver<Waiting>, role: Role, commits: &AtomicU64) {
    let most = match role {
        Role::Writer(most, _) => most,
        Role::Reader => TOGETHER,
    };
    let mut desk = Desk { book, role, commits, batch: Vec::with_capacity(most) };
    let mut leisure = Leisure::default();
    while let Some(first) = leisure.wait(&jobs) {
        for (haste, job, _) in first.into_iter().chain(jobs.try_iter()).take(most) {
            match haste {
                Haste::Now => desk.batch.push(job),
                Haste::Later => leisure.jobs.push_back(job),
            }
        }
        if !desk.batch.is_empty() {
            desk.work(true);
            leisure.hurried = Some(now());
        }
        leisure.turn(&mut desk, most);
    }
    if let Role::Writer(..) = desk.role {
        // Only tidies up: what is in the write-ahead log is durable, and the next start reads it.
        let _ = desk.book.driver().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// What can wait, and when it is its turn.
#[derive(Default)]
struct Leisure {
    jobs: VecDeque<Box<dyn Job>>,
    /// When somebody hurried last,
    hurried: Option<Instant>,
    /// how long one of these took the last time,
    each: Duration,
    /// and when the next may be done while somebody hurries.
    next: Option<Instant>,
}

impl Leisure {
    /// Waits for a job, but no longer than until there is something else to do. `None` when all is done and nobody is left.
    fn wait(&mut self, jobs: &Receiver<Waiting>) -> Option<Option<Waiting>> {
        if self.jobs.is_empty() {
            return jobs.recv().ok().map(Some);
        }
        match jobs.recv_timeout(self.rest(now())) {
            Ok(job) => Some(Some(job)),
            Err(RecvTimeoutError::Timeout) => Some(None),
            Err(RecvTimeoutError::Disconnected) => {
                // Nobody is left who could hurry.
                self.hurried = None;
                Some(None)
            }
        }
    }

    /// How long it is not their turn, unless somebody comes meanwhile.
    fn rest(&self, now: Instant) -> Duration {
        let after = |hurried: Instant| CALM.saturating_sub(now.saturating_duration_since(hurried));
        let calm = self.hurried.map_or(Duration::ZERO, after);
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)).min(calm)
    }

    /// Does some of them, where it is their turn.
    fn turn(&mut self, desk: &mut Desk<'_>, most: usize) {
        let began = now();
        if self.jobs.is_empty() || !self.rest(began).is_zero() {
            return;
        }
        let fit = AT_ONCE.as_nanos().checked_div(self.each.as_nanos()).unwrap_or(1);
        let count = usize::try_from(fit).unwrap_or(AT_LEISURE).clamp(1, AT_LEISURE).min(most);
        desk.batch.extend(self.jobs.drain(..count.min(self.jobs.len())));
        let count = u32::try_from(desk.batch.len()).unwrap_or(1).max(1);
        desk.work(false);
        let ended = now();
        let took = ended.saturating_duration_since(began);
        self.each = took / count;
        self.next = ended.checked_add(took * REST);
    }
}

#[expect(clippy::disallowed_methods, reason = "how long work takes is no matter of the host's clock")]
fn now() -> Instant {
    Instant::now()
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
