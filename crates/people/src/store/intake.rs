//! Accepting: a delivery is durable in the intake log (`log`), and in the database once it is taken apart.
//!
//! A flush of one sector is all that a sender waits for; the database is asked only where it may know the delivery (`keys`). Until a delivery has left
//! the queue it is known here too, so that a repetition is told. What the log does not take goes into the database at once: a long
//! body, and everything where another process has the log.
//!
//! Whatever left the queue in a transaction that a power cut undoes is in the log still: a segment is written over only when the database has
//! all of it on the disk.
//!
//! That is the group commit: while a thread waits for the disk, whoever comes adds to the log, and the next flush is for all of them. Whoever
//! is alone flushes on their own: handing over and being woken takes half as long as a flush. That stops one thread of the runtime until
//! the disk is done; never more than one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use people_core::journal::sql::Book;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::error::StoreError;
use super::format::Kept;
use super::keys::{Filter, Keys, Marks};
use super::lane::{Pulse, hurried, now};
use super::log::{Log, SEGMENT};
use super::queue::Queue;
use super::sqlite::Sqlite;

/// How long a body in the log may be. A longer one, a whole list, is worth a flush of the database.
const LONG: usize = 64 << 10;

/// Whoever comes so soon after another is not alone: no sender has had its answer yet. They may be of one task, one behind the other, which
/// without optimisation takes longer.
const FOLLOWED: Duration = Duration::from_micros(if cfg!(debug_assertions) { 1_000 } else { 30 });

const ACCEPT: &str = "accept a delivery";

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

/// What takes deliveries, and the thread that flushes for them.
pub(super) struct Intake {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    orders: Option<Sender<Order>>,
}

/// What the thread is to do.
enum Order {
    /// Flush until nobody waits.
    Flush,
    /// Empty the log.
    Clear(Reply<()>),
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

struct Shared {
    desk: Mutex<Desk>,
    /// The database's file.
    database: PathBuf,
    flushes: AtomicU64,
    pulse: Pulse,
    closing: AtomicBool,
}

struct Desk {
    /// A connection to read with.
    book: Book<Sqlite>,
    /// Which keys it need not be asked for, and what finds out.
    keys: Keys,
    finding: Option<JoinHandle<()>>,
    /// Where the log is to be; `None` where there is none, or none any more.
    path: Option<PathBuf>,
    /// Opened for the first delivery.
    log: Option<Log>,
    queue: Arc<Queue>,
    /// The last of all ids that are known, once it was looked up: ids follow the time, and what lies behind it is new.
    newest: Option<String>,
    /// Those who wait for a flush, and what they are told after it.
    waiting: Vec<(Taken, Reply<Taken>)>,
    /// Somebody flushes, and will come round.
    flushing: bool,
    /// The last flush was for one only, and when it ended.
    alone: bool,
    ended: Option<Instant>,
    /// Why the log failed.
    fault: Option<io::ErrorKind>,
}

impl Intake {
    /// Starts the thread; with a log in the file `path`, where one is named.
    pub(super) fn start(
        book: Book<Sqlite>,
        database: &Path,
        path: Option<PathBuf>,
        queue: Arc<Queue>,
        pulse: Pulse,
    ) -> Result<Self, StoreError> {
        let desk = Desk {
            book,
            keys: Keys::default(),
            finding: None,
            path,
            log: None,
            queue,
            newest: None,
            waiting: Vec::new(),
            flushing: false,
            alone: false,
            ended: None,
            fault: None,
        };
        let shared = Arc::new(Shared {
            desk: Mutex::new(desk),
            database: database.to_owned(),
            flushes: AtomicU64::new(0),
            pulse,
            closing: AtomicBool::new(false),
        });
        let (orders, given) = channel();
        let own = Arc::clone(&shared);
        let thread = Builder::new()
            .name("journal-intake".to_owned())
            .spawn(move || serve(&own, &given))
            .map_err(|_| StoreError::Closed)?;
        Ok(Self { shared, thread: Some(thread), orders: Some(orders) })
    }

    /// How many flushes there were.
    pub(super) fn flushes(&self) -> u64 {
        self.shared.flushes.load(Ordering::Relaxed)
    }

    /// Takes a delivery, and answers when it is durable.
    pub(super) async fn take(&self, kept: &Kept) -> Result<Taken, StoreError> {
        let (reply, answer) = oneshot::channel();
        let marks = Marks::of(kept);
        let own = {
            let mut desk = self.shared.desk.lock().map_err(|_| StoreError::Closed)?;
            if desk.open() && desk.keys.is_due() {
                find(&self.shared, &mut desk);
            }
            match desk.take(kept, &marks)? {
                Taken::Aside => return Ok(Taken::Aside),
                // What it repeats may not be durable yet.
                Taken::Duplicate if !desk.flushing => return Ok(Taken::Duplicate),
                taken => desk.waiting.push((taken, reply)),
            }
            if desk.flushing {
                None
            } else {
                desk.flushing = true;
                Some(desk.is_lonely())
            }
        };
        match own {
            Some(true) => {
                self.shared.flush();
                if self.shared.more() {
                    self.order(Order::Flush)?;
                }
            }
            Some(false) => self.order(Order::Flush)?,
            None => {}
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Empties the log, where the database has all of it on the disk.
    pub(super) async fn clear(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Clear(reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        let orders = self.orders.as_ref().ok_or(StoreError::Closed)?;
        orders.send(order).map_err(|_| StoreError::Closed)
    }

    /// Flushes for those who wait, and ends the thread.
    pub(super) fn close(&mut self) {
        self.orders = None;
        self.shared.closing.store(true, Ordering::Relaxed);
        let finding = self.shared.desk.lock().ok().and_then(|mut desk| desk.finding.take());
        for thread in self.thread.take().into_iter().chain(finding) {
            // A thread that has panicked has nothing left to finish.
            let _ = thread.join();
        }
    }

    /// Closes the log: where the database has all of it on the disk, it is left empty.
    pub(super) fn end(&self) {
        if let Ok(mut desk) = self.shared.desk.lock()
            && let Some(log) = desk.log.take()
            && desk.queue.is_settled()
        {
            // Otherwise the next start finds that it knows what is in there.
            let _ = log.end();
        }
    }

    /// Waits until it is found out which keys the database knows. Whether it could be.
    #[cfg(test)]
    pub(super) fn found(&self) -> bool {
        let finding = self.shared.desk.lock().unwrap().finding.take();
        finding.into_iter().for_each(|thread| thread.join().unwrap());
        self.shared.desk.lock().unwrap().keys.is_known()
    }

    /// Has the log fail from now on.
    #[cfg(test)]
    pub(super) fn break_log(&self) {
        let mut desk = self.shared.desk.lock().unwrap();
        let path = desk.path.clone().unwrap();
        desk.log.as_mut().unwrap().fail(&path).unwrap();
    }
}

fn serve(shared: &Shared, orders: &Receiver<Order>) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Flush => {
                while shared.more() {
                    shared.flush();
                }
            }
            Order::Clear(reply) => {
                let cleared = shared.desk.lock().map_err(|_| StoreError::Closed);
                // Whoever asked may have gone.
                let _ = reply.send(cleared.and_then(|mut desk| desk.clear()));
            }
        }
    }
}

/// Starts to find out which keys the database knows. Until that is through, and where it fails, it is asked each time.
fn find(shared: &Arc<Shared>, desk: &mut Desk) {
    let waiting = desk.queue.keys();
    let (own, count) = (Arc::clone(shared), waiting.len());
    desk.keys.begin(waiting);
    let thread = Builder::new().name("journal-keys".to_owned()).spawn(move || {
        let made = Filter::of(&own.database, count, &own.closing);
        if let Ok(mut desk) = own.desk.lock() {
            desk.keys.end(made.ok().flatten());
        }
    });
    match thread {
        Ok(thread) => desk.finding = Some(thread),
        Err(_) => desk.keys.end(None),
    }
}

impl Shared {
    /// Whether somebody waits for the next flush; otherwise nobody flushes any more.
    fn more(&self) -> bool {
        self.desk.lock().is_ok_and(|mut desk| {
            desk.flushing = !desk.waiting.is_empty();
            desk.flushing
        })
    }

    /// Makes durable what was added, and answers.
    fn flush(&self) {
        let taken = |mut desk: MutexGuard<'_, Desk>| {
            (std::mem::take(&mut desk.waiting), desk.written(), desk.queue.next().0 - 1)
        };
        let Ok((waiting, file, upto)) = self.desk.lock().map(taken) else { return };
        let flushed = file.and_then(|file| file.map_or(Ok(()), |file| file.sync_data()));
        self.flushes.fetch_add(1, Ordering::Relaxed);
        hurried(&self.pulse);
        let Ok(mut desk) = self.desk.lock() else { return };
        desk.alone = waiting.len() == 1;
        desk.ended = Some(now());
        match flushed {
            Ok(()) if desk.fault.is_none() => desk.queue.flush(upto),
            Ok(()) => {}
            Err(error) => desk.fail(error.kind()),
        }
        let lost = desk.fault.map(|kind| StoreError::log(ACCEPT, kind));
        drop(desk);
        for (taken, reply) in waiting {
            // Whoever asked may have gone; what was taken is kept all the same.
            let _ = reply.send(lost.clone().map_or(Ok(taken), Err));
        }
    }
}

impl Desk {
    /// Takes a delivery, to be flushed together with others.
    fn take(&mut self, kept: &Kept, marks: &Marks) -> Result<Taken, StoreError> {
        // Before the database is asked: whatever has left the queue is there.
        if self.queue.knows(kept, marks) {
            return Ok(Taken::Duplicate);
        }
        if self.log.is_none() {
            return Ok(Taken::Aside);
        }
        if !self.is_new(kept, marks)? {
            return Ok(Taken::Duplicate);
        }
        self.keys.add(marks.key);
        if kept.delivery.body.len() > LONG {
            return Ok(Taken::Aside);
        }
        let Some(log) = &mut self.log else { return Ok(Taken::Aside) };
        let (number, settled) = self.queue.next();
        match log.add(kept, number, settled) {
            Ok(Some(place)) => self.queue.push(kept, marks, place, log.longs(settled)),
            Ok(None) => return Ok(Taken::Aside),
            Err(error) => {
                self.fail(error.kind());
                return Err(StoreError::log(ACCEPT, error.kind()));
            }
        }
        Ok(Taken::New)
    }

    /// Whether the database does not know it either.
    fn is_new(&mut self, kept: &Kept, marks: &Marks) -> Result<bool, StoreError> {
        if self.newest.is_none() {
            self.newest = Some(self.book.newest()?.unwrap_or_default());
        }
        let id = &kept.delivery.id;
        let fresh = self.newest.as_deref().is_some_and(|newest| newest < id.as_str());
        if fresh {
            self.newest = Some(id.as_str().to_owned());
        } else if self.book.knows_id(id)? {
            return Ok(false);
        }
        Ok(!self.keys.may_have(&marks.key) || !self.book.knows_key(&kept.key, kept.delivery.received)?)
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

    /// Whether the one who waits is the only one. Not where flushing on their own would stop everybody else: whoever comes meanwhile must be
    /// able to get in line, to share the next flush.
    fn is_lonely(&self) -> bool {
        self.alone
            && self.ended.is_none_or(|ended| now().saturating_duration_since(ended) >= FOLLOWED)
            && Handle::try_current().is_ok_and(|runtime| runtime.metrics().num_workers() > 1)
    }

    /// Writes what was added; the file, where there is something to be flushed.
    fn written(&mut self) -> io::Result<Option<Arc<File>>> {
        if let Some(kind) = self.fault {
            return Err(kind.into());
        }
        let Some(log) = &mut self.log else { return Ok(None) };
        Ok(log.written()?.then(|| log.file()))
    }

    /// What the log holds now is not certain. It is left alone until the journal is opened again.
    fn fail(&mut self, kind: io::ErrorKind) {
        (self.log, self.path, self.fault) = (None, None, Some(kind));
        self.queue.give_up();
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        match &mut self.log {
            Some(log) if !self.flushing && self.queue.is_settled() => {
                log.clear().map_err(|error| StoreError::log("clear what is old", error.kind()))
            }
            _ => Ok(()),
        }
    }
}
