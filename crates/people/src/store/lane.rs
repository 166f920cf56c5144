//! A lane: one thread with a connection, which takes jobs in order, as many at once as are waiting.
//!
//! That is the group commit. All jobs that wait share one transaction; the disk is waited for once, and only then does any of them get its
//! answer. Should one of them fail, the transaction is undone and all of it is run again with a savepoint around each job, so that the
//! one that fails is rolled back alone. A savepoint costs a copy of every page that a job touches, and jobs that fail are rare.
//!
//! Whoever hurries and is alone does their job themselves, with the connection of the thread: handing it over and being woken takes half as
//! long as a flush. That stops one thread of the runtime until the disk, or another process that writes, is done; never more than one.
//!
//! Not every write waits for the disk. What can be done again from what is durable already, such as taking a delivery apart, is
//! [`Haste::Later`]: it is done when nobody hurries, and while somebody does in an eighth of the time, however long it takes in a large
//! journal. It becomes durable with the next flush: the write-ahead log is a sequence, so whatever is durable rests on what came before it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use people_core::journal::sql::{Book, BookError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::{SqliteError, StoreError};
use super::sqlite::Sqlite;
use super::tidy::Bell;

/// How many jobs share a transaction at most.
pub(super) const TOGETHER: usize = 512;

/// How many jobs that do not hurry are done in one transaction at most. Several together write the pages that all of them touch once.
const AT_LEISURE: usize = 16;

/// How long such a transaction is to take: whoever comes meanwhile waits for it.
const AT_ONCE: Duration = Duration::from_micros(300);

/// While somebody hurries, so many times as long as it took there is no other.
const REST: u32 = 7;

/// When nobody has hurried for so long, nobody does.
const CALM: Duration = Duration::from_millis(2);

/// Whoever comes so soon after another is not alone: no sender has had its answer yet. They may be of one task, one behind the other, which
/// without optimisation takes longer.
const FOLLOWED: Duration = Duration::from_micros(if cfg!(debug_assertions) { 1_000 } else { 30 });

/// How many jobs may wait; further callers wait for room.
const WAITING: usize = 2048;

const COMMIT: &str = "commit";

/// The sending side. Dropping it lets the jobs that wait be done, and ends the thread.
pub(super) struct Lane {
    jobs: Option<Sender<Waiting>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the thread has in common with those who ask.
struct Shared {
    desk: Mutex<Desk>,
    commits: AtomicU64,
    /// Whether whoever hurried last was alone.
    lonely: AtomicBool,
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
        let (name, most) = match role {
            Role::Writer(most, _) => ("journal-write", most),
            Role::Reader => ("journal-read", TOGETHER),
        };
        let desk = Mutex::new(Desk { book, role, batch: Vec::with_capacity(most), hurried: None });
        let shared = Arc::new(Shared { desk, commits: AtomicU64::new(0), lonely: AtomicBool::new(false) });
        let room = Arc::new(Semaphore::new(WAITING));
        let (own, queue) = (Arc::clone(&shared), Arc::clone(&room));
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&own, &jobs, &queue, most))
            .map_err(|_| StoreError::Closed)?;
        Ok(Self { jobs: Some(sender), room, thread: Some(thread), shared })
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
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
        match self.desk(haste) {
            Some(mut desk) => {
                desk.batch.push(Box::new(task));
                desk.work(true, &self.shared.commits);
            }
            None => jobs.send((haste, Box::new(task), room)).map_err(|_| StoreError::Closed)?,
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// The desk, for somebody who hurries, has room already and is the only one. Not where that would stop everybody else: whoever comes
    /// during the flush must be able to get in line, to share the next one.
    fn desk(&self, haste: Haste) -> Option<MutexGuard<'_, Desk>> {
        let alone = haste == Haste::Now
            && self.shared.lonely.load(Ordering::Relaxed)
            && self.room.available_permits() == WAITING - 1
            && Handle::try_current().is_ok_and(|runtime| runtime.metrics().num_workers() > 1);
        if !alone {
            return None;
        }
        let desk = self.shared.desk.try_lock().ok()?;
        let followed = desk.hurried.is_some_and(|at| now().saturating_duration_since(at) < FOLLOWED);
        (!followed).then_some(desk)
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

fn serve(shared: &Shared, jobs: &Receiver<Waiting>, room: &Semaphore, most: usize) {
    let mut leisure = Leisure::default();
    while let Some(first) = leisure.wait(jobs) {
        // A job that panicked leaves nobody who could go on.
        let Ok(mut desk) = shared.desk.lock() else { return };
        for (haste, job, _) in first.into_iter().chain(jobs.try_iter()).take(most) {
            match haste {
                Haste::Now => desk.batch.push(job),
                Haste::Later => leisure.jobs.push_back(job),
            }
        }
        if !desk.batch.is_empty() {
            let alone = desk.batch.len() == 1 && most > 1 && matches!(desk.role, Role::Writer(..));
            desk.work(true, &shared.commits);
            shared.lonely.store(alone && room.available_permits() == WAITING, Ordering::Relaxed);
        }
        leisure.hurried = desk.hurried;
        leisure.turn(&mut desk, &shared.commits, most);
    }
    let Ok(mut desk) = shared.desk.lock() else { return };
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
    /// Nobody is left who could hurry.
    over: bool,
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
                self.over = true;
                Some(None)
            }
        }
    }

    /// How long it is not their turn, unless somebody comes meanwhile.
    fn rest(&self, now: Instant) -> Duration {
        if self.over {
            return Duration::ZERO;
        }
        let after = |hurried: Instant| CALM.saturating_sub(now.saturating_duration_since(hurried));
        let calm = self.hurried.map_or(Duration::ZERO, after);
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)).min(calm)
    }

    /// Does some of them, where it is their turn.
    fn turn(&mut self, desk: &mut Desk, commits: &AtomicU64, most: usize) {
        let began = now();
        if self.jobs.is_empty() || !self.rest(began).is_zero() {
            return;
        }
        let fit = AT_ONCE.as_nanos().checked_div(self.each.as_nanos()).unwrap_or(1);
        let count = usize::try_from(fit).unwrap_or(AT_LEISURE).clamp(1, AT_LEISURE).min(most);
        desk.batch.extend(self.jobs.drain(..count.min(self.jobs.len())));
        let count = u32::try_from(desk.batch.len()).unwrap_or(1).max(1);
        desk.work(false, commits);
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
struct Desk {
    book: Book<Sqlite>,
    role: Role,
    batch: Vec<Box<dyn Job>>,
    /// When somebody hurried last.
    hurried: Option<Instant>,
}

impl Desk {
    /// Does what is gathered, in one transaction, and answers.
    fn work(&mut self, flush: bool, commits: &AtomicU64) {
        let lost = match self.role {
            Role::Writer(..) => write(&mut self.book, &mut self.batch, flush),
            Role::Reader => read(&mut self.book, &mut self.batch),
        }
        .err();
        if lost.is_none() {
            commits.fetch_add(1, Ordering::Relaxed);
        } else {
            undo(&mut self.book);
        }
        if flush {
            self.hurried = Some(now());
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
