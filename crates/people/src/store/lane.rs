//! A lane: one thread with a ledger, which takes jobs in order, as many at once as are waiting.
//!
//! That is the group commit: all jobs that wait are made durable together; the disk is waited for once, and only then does any of them get
//! its answer.
//!
//! Not every job waits for the disk. What can be done again from what is durable already, such as taking a delivery apart, is
//! [`Haste::Later`]: it is done when nobody hurries, here or in `intake`, and while somebody does in an eighth of the time, however long
//! it takes in a large journal.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::StoreError;

/// How many jobs are made durable together at most.
pub(super) const TOGETHER: usize = 512;

/// How many jobs that do not hurry are done together at most. Several together write the pages that all of them touch once.
const AT_LEISURE: usize = 32;

/// How long those are to take: whoever comes meanwhile waits for them.
const AT_ONCE: Duration = Duration::from_micros(600);

/// While somebody hurries, so many times as long as it took there is no other.
const REST: u32 = 7;

/// When nobody has hurried for so long, nobody does.
const CALM: Duration = Duration::from_millis(2);

/// How many jobs may wait; further callers wait for room.
const WAITING: usize = 2048;

/// What the jobs of a lane work on.
pub(super) trait Ledger: Sized + Send + 'static {
    /// Runs the jobs. An error means that nothing of what they wrote is kept; otherwise it is, and where it is to be flushed, it is durable.
    fn run(&mut self, jobs: &mut [Box<dyn Job<Self>>], flush: bool) -> Result<(), StoreError>;

    /// After so many jobs have had their answers.
    fn tidy(&mut self, jobs: usize) {
        let _ = jobs;
    }
}

/// Work that waits, of any type.
pub(super) trait Job<L>: Send {
    /// Does the work. Says whether what it wrote is to be kept. Where a failure of another undoes it, it is done again.
    fn run(&mut self, ledger: &mut L) -> bool;

    /// Answers, when it is kept; with `lost` where it came to nothing.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

/// When somebody hurried last, in any thread of a store.
pub(super) type Pulse = Arc<Mutex<Option<Instant>>>;

/// The sending side. Dropping it lets the jobs that wait be done, and ends the thread.
pub(super) struct Lane<L: Ledger> {
    jobs: Option<Sender<Waiting<L>>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared<L>>,
}

/// What the thread has in common with those who ask.
struct Shared<L: Ledger> {
    desk: Mutex<Desk<L>>,
    done: AtomicU64,
    /// How many jobs are done together at most.
    most: usize,
}

/// A job, how urgent it is, and its room among those that wait.
type Waiting<L> = (Haste, Box<dyn Job<L>>, Option<OwnedSemaphorePermit>);

/// Whether somebody waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    /// The answer promises that it is durable.
    Now,
    /// It can be done again from what is durable, and may be lost in a power cut until something else is flushed.
    Later,
}

impl<L: Ledger> Lane<L> {
    /// Starts the thread of this name, for so many jobs together at most.
    pub(super) fn start(ledger: L, name: &str, most: usize, pulse: Pulse) -> Result<Self, StoreError> {
        let (sender, jobs) = channel();
        let desk = Mutex::new(Desk { ledger, batch: Vec::with_capacity(most), pulse });
        let shared = Arc::new(Shared { desk, done: AtomicU64::new(0), most });
        let own = Arc::clone(&shared);
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&own, &jobs))
            .map_err(|_| StoreError::Closed)?;
        let room = Arc::new(Semaphore::new(WAITING));
        Ok(Self { jobs: Some(sender), room, thread: Some(thread), shared })
    }

    /// How often jobs were made durable together.
    pub(super) fn commits(&self) -> u64 {
        self.shared.done.load(Ordering::Relaxed)
    }

    /// Has the work done, and answers once it is kept; where it hurries, once it is durable. The work may be run twice, the first time without
    /// a trace.
    pub(super) async fn run<T, E, F>(&self, haste: Haste, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnMut(&mut L) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Task { work, outcome: None, reply };
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        jobs.send((haste, Box::new(task), Some(room))).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Has a job done that nobody waits for.
    pub(super) fn send(&self, haste: Haste, job: Box<dyn Job<L>>) {
        if let Some(jobs) = &self.jobs {
            // Where the thread is gone, there is nobody to tell.
            let _ = jobs.send((haste, job, None));
        }
    }

    /// Lets the jobs that wait be done, and ends the thread.
    pub(super) fn close(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has nothing left to finish.
            let _ = thread.join();
        }
    }

    /// A last word with the ledger, once it is closed, unless a job has panicked.
    pub(super) fn last(&mut self, word: impl FnOnce(&mut L)) {
        if let Ok(mut desk) = self.shared.desk.lock() {
            word(&mut desk.ledger);
        }
    }
}

impl<L: Ledger> Drop for Lane<L> {
    fn drop(&mut self) {
        self.close();
    }
}

struct Task<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<L, T, E, F> Job<L> for Task<T, F>
where
    T: Send,
    E: Into<StoreError>,
    F: FnMut(&mut L) -> Result<T, E> + Send,
{
    fn run(&mut self, ledger: &mut L) -> bool {
        let outcome = (self.work)(ledger).map_err(E::into);
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

fn serve<L: Ledger>(shared: &Shared<L>, jobs: &Receiver<Waiting<L>>) {
    let most = shared.most;
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
            desk.work(true, &shared.done);
        }
        leisure.turn(&mut desk, &shared.done, most);
    }
}

/// What can wait, and when it is its turn.
struct Leisure<L> {
    jobs: VecDeque<Box<dyn Job<L>>>,
    /// When somebody hurried last,
    hurried: Option<Instant>,
    /// how long one of these took the last time,
    each: Duration,
    /// and when the next may be done while somebody hurries.
    next: Option<Instant>,
    /// Nobody is left who could hurry.
    over: bool,
}

impl<L> Default for Leisure<L> {
    fn default() -> Self {
        Self { jobs: VecDeque::new(), hurried: None, each: Duration::ZERO, next: None, over: false }
    }
}

impl<L: Ledger> Leisure<L> {
    /// Waits for a job, but no longer than until there is something else to do. `None` when all is done and nobody is left.
    fn wait(&mut self, jobs: &Receiver<Waiting<L>>) -> Option<Option<Waiting<L>>> {
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
    fn turn(&mut self, desk: &mut Desk<L>, done: &AtomicU64, most: usize) {
        let began = now();
        self.hurried = *desk.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        if self.jobs.is_empty() || !self.rest(began).is_zero() {
            return;
        }
        let fit = AT_ONCE.as_nanos().checked_div(self.each.as_nanos()).unwrap_or(1);
        let count = usize::try_from(fit).unwrap_or(AT_LEISURE).clamp(1, AT_LEISURE).min(most);
        desk.batch.extend(self.jobs.drain(..count.min(self.jobs.len())));
        let count = u32::try_from(desk.batch.len()).unwrap_or(1).max(1);
        desk.work(false, done);
        let ended = now();
        let took = ended.saturating_duration_since(began);
        self.each = took / count;
        self.next = ended.checked_add(took * REST);
    }
}

#[expect(clippy::disallowed_methods, reason = "how long work takes is no matter of the host's clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Somebody hurried just now.
pub(super) fn hurried(pulse: &Pulse) {
    *pulse.lock().unwrap_or_else(PoisonError::into_inner) = Some(now());
}

/// Where the jobs that are done together are gathered.
struct Desk<L: Ledger> {
    ledger: L,
    batch: Vec<Box<dyn Job<L>>>,
    pulse: Pulse,
}

impl<L: Ledger> Desk<L> {
    /// Does what is gathered, and answers.
    fn work(&mut self, flush: bool, done: &AtomicU64) {
        let lost = self.ledger.run(&mut self.batch, flush).err();
        if lost.is_none() {
            done.fetch_add(1, Ordering::Relaxed);
        }
        if flush {
            hurried(&self.pulse);
        }
        let jobs = self.batch.len();
        for job in self.batch.drain(..) {
            job.answer(lost.as_ref());
        }
        self.ledger.tidy(jobs);
    }
}
