//! What is durable in the intake log and not yet in the database, in the order in which it came, and the job that moves it there.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use people_core::journal::sql::expires;
use people_model::DeliveryId;
use tokio::sync::oneshot;

use super::books::Writer;
use super::error::StoreError;
use super::format::Kept;
use super::keys::{Marks, Short, short};
use super::lane::{Job, Ledger};
use super::log::{Place, read_back};

/// How many deliveries are moved in one transaction.
const TOGETHER: usize = 256;

/// The deliveries. Each has a number, the first one 1.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// A job is on its way that has the database flush what left.
    settling: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// The log.
    file: Option<Arc<File>>,
    /// How many of them the database does not have.
    count: usize,
    /// How many have left, all of them the oldest; how many of those the database has on the disk; how many the log has there.
    left: u64,
    settled: u64,
    flushed: u64,
    /// The log will soon need to know of more that are settled.
    longs: bool,
    /// Until when the key of each is a duplicate.
    keys: HashMap<Short, i64>,
    /// The number of each.
    ids: HashMap<Short, u64>,
    /// Those that are being taken apart.
    out: HashMap<DeliveryId, Arc<Kept>>,
}

struct Entry {
    place: Place,
    id: Short,
    key: Short,
    until: i64,
    /// The database has it.
    done: bool,
}

impl Waiting {
    /// Where those are whose turn it is: numbers and places of what the log has on the disk and the database does not have.
    fn turn(&self, most: usize) -> Turn {
        let durable = (self.left + 1..=self.flushed).zip(&self.entries);
        let turn = durable.filter(|(_, entry)| !entry.done).take(most);
        Turn { file: self.file.clone(), places: turn.map(|(number, entry)| (number, entry.place)).collect() }
    }

    /// The database has the delivery with this number.
    fn done(&mut self, number: u64) {
        let index = number.checked_sub(self.left + 1).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            self.count -= usize::from(!entry.done);
            entry.done = true;
        }
        while self.entries.front().is_some_and(|entry| entry.done)
            && let Some(entry) = self.entries.pop_front()
        {
            self.left += 1;
            self.forget(&entry);
        }
        if self.entries.is_empty() && self.entries.capacity() > 4096 {
            (self.entries, self.keys, self.ids) = Default::default();
        }
    }

    fn forget(&mut self, entry: &Entry) {
        self.ids.remove(&entry.id);
        // It may have been accepted once more since.
        if self.keys.get(&entry.key) == Some(&entry.until) {
            self.keys.remove(&entry.key);
        }
    }
}

/// Some that wait. What the log has of them stays there until the database has them on the disk.
struct Turn {
    file: Option<Arc<File>>,
    places: Vec<(u64, Place)>,
}

impl Turn {
    /// Each of them, as far as the log can be read.
    fn read(&self) -> impl Iterator<Item = Result<Arc<Kept>, StoreError>> {
        let places =
            self.file.iter().flat_map(|file| self.places.iter().map(move |(_, place)| (file, *place)));
        places.map(|(file, place)| match read_back(file, place) {
            Ok(kept) => Ok(Arc::new(kept)),
            Err(error) => Err(StoreError::log("list the backlog", error.kind())),
        })
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log that places are in.
    pub(super) fn read_from(&self, file: Arc<File>) {
        self.waiting().file = Some(file);
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting().count
    }

    /// The number of the next delivery, and how many of those before it the database has on the disk.
    pub(super) fn next(&self) -> (u64, u64) {
        let waiting = self.waiting();
        (waiting.left + waiting.entries.len() as u64 + 1, waiting.settled)
    }

    /// Whether the database has so many on the disk.
    pub(super) fn has_settled(&self, upto: u64) -> bool {
        self.waiting().settled >= upto
    }

    /// Whether the database has all that was ever here on the disk.
    pub(super) fn is_settled(&self) -> bool {
        let waiting = self.waiting();
        waiting.entries.is_empty() && waiting.settled == waiting.left
    }

    /// Whether a delivery that waits is the same.
    pub(super) fn knows(&self, kept: &Kept, marks: &Marks) -> bool {
        let waiting = self.waiting();
        let known = |until: &i64| *until > kept.delivery.received.as_millisecond();
        waiting.ids.contains_key(&marks.id) || waiting.keys.get(&marks.key).is_some_and(known)
    }

    /// The keys of those that wait.
    pub(super) fn keys(&self) -> Vec<Short> {
        self.waiting().keys.keys().copied().collect()
    }

    /// Adds one that is to be at this place of the log. `oldest`: the log needs it that so many are settled.
    pub(super) fn push(&self, kept: &Kept, marks: &Marks, place: Place, oldest: Option<u64>) {
        let Marks { id, key } = *marks;
        let until = expires(&kept.delivery, kept.dedupe_for);
        let mut waiting = self.waiting();
        waiting.longs = oldest.is_some_and(|oldest| oldest <= waiting.left);
        waiting.keys.insert(key, until);
        let number = waiting.left + waiting.entries.len() as u64 + 1;
        waiting.ids.insert(id, number);
        waiting.count += 1;
        waiting.entries.push_back(Entry { place, id, key, until, done: false });
    }

    /// How many the log has on the disk,
    pub(super) fn flushed(&self) -> u64 {
        self.waiting().flushed
    }

    /// and that these are more now.
    pub(super) fn flush(&self, upto: u64) {
        let mut waiting = self.waiting();
        waiting.flushed = waiting.flushed.max(upto);
    }

    /// Forgets what the log does not have on the disk, and never will.
    pub(super) fn give_up(&self) {
        let mut waiting = self.waiting();
        while waiting.left + waiting.entries.len() as u64 > waiting.flushed
            && let Some(entry) = waiting.entries.pop_back()
        {
            waiting.count -= 1;
            waiting.forget(&entry);
        }
    }

    /// The oldest of those that wait, to be taken apart. One that cannot be read holds up no other; an error where there is no other.
    pub(super) fn hand_out(&self, most: usize) -> Result<Vec<Arc<Kept>>, StoreError> {
        let turn = self.waiting().turn(most);
        let (out, failed): (Vec<_>, Vec<_>) = turn.read().partition(Result::is_ok);
        let out: Vec<_> = out.into_iter().flatten().collect();
        if let (true, Some(Err(error))) = (out.is_empty(), failed.into_iter().next()) {
            return Err(error);
        }
        self.waiting().out = out.iter().map(|kept| (kept.delivery.id.clone(), Arc::clone(kept))).collect();
        Ok(out)
    }

    /// Whether this one waits and was not handed out.
    pub(super) fn holds(&self, id: &DeliveryId) -> bool {
        let waiting = self.waiting();
        !waiting.out.contains_key(id) && waiting.ids.contains_key(&short(id.as_str()))
    }

    /// One that was handed out.
    pub(super) fn handed_out(&self, id: &DeliveryId) -> Option<Arc<Kept>> {
        self.waiting().out.get(id).map(Arc::clone)
    }

    /// The database has this one, if it waits.
    pub(super) fn done(&self, id: &DeliveryId) {
        let mut waiting = self.waiting();
        waiting.out.remove(id);
        if let Some(number) = waiting.ids.get(&short(id.as_str())).copied() {
            waiting.done(number);
        }
    }
}

/// The job that moves the oldest into the database and has all that left on the disk.
pub(super) struct Move {
    queue: Arc<Queue>,
    most: usize,
    /// The numbers of those that it moves,
    moved: Vec<u64>,
    /// and how many will be on the disk.
    upto: u64,
    outcome: Result<(), StoreError>,
    reply: Option<oneshot::Sender<Result<(), StoreError>>>,
}

impl Move {
    fn new(
        queue: &Arc<Queue>,
        most: usize,
        reply: Option<oneshot::Sender<Result<(), StoreError>>>,
    ) -> Box<Self> {
        let queue = Arc::clone(queue);
        Box::new(Self { queue, most, moved: Vec::new(), upto: 0, outcome: Ok(()), reply })
    }

    /// One that moves some, and its answer.
    pub(super) fn some(queue: &Arc<Queue>) -> (Box<Self>, oneshot::Receiver<Result<(), StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self::new(queue, TOGETHER, Some(reply)), answer)
    }

    /// One that moves nothing and that nobody waits for, where the log needs it and none is on its way.
    pub(super) fn needed(queue: &Arc<Queue>) -> Option<Box<Self>> {
        let needed = queue.waiting().longs && !queue.settling.swap(true, Ordering::Relaxed);
        needed.then(|| Self::new(queue, 0, None))
    }

    /// Moves all that waits, at the end of a writer, as far as that goes.
    pub(super) fn all(queue: &Arc<Queue>, writer: &mut Writer) {
        while !queue.is_settled() {
            let before = queue.waiting().settled;
            let mut job: [Box<dyn Job<Writer>>; 1] = [Self::new(queue, TOGETHER, None)];
            let lost = writer.run(&mut job, true).err();
            job.into_iter().for_each(|job| job.answer(lost.as_ref()));
            if queue.waiting().settled == before {
                return;
            }
        }
    }

    fn go(&mut self, writer: &mut Writer) -> Result<(), StoreError> {
        let turn = {
            let waiting = self.queue.waiting();
            self.upto = waiting.left;
            waiting.turn(self.most)
        };
        for kept in turn.read() {
            let kept = kept?;
            // One that another process has accepted meanwhile is a duplicate there.
            writer.book.accept(&kept.delivery, &kept.key, kept.dedupe_for)?;
        }
        writer.book.touch()?;
        writer.besides += turn.places.len().saturating_sub(1);
        self.moved = turn.places.into_iter().map(|(number, _)| number).collect();
        self.upto = self.moved.last().copied().unwrap_or(self.upto);
        Ok(())
    }
}

impl Job<Writer> for Move {
    fn run(&mut self, writer: &mut Writer) -> bool {
        self.outcome = self.go(writer);
        self.outcome.is_ok()
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let outcome = match (self.outcome, lost) {
            (Ok(()), Some(lost)) => Err(lost.clone()),
            (outcome, _) => outcome,
        };
        if outcome.is_ok() {
            let mut waiting = self.queue.waiting();
            self.moved.iter().for_each(|number| waiting.done(*number));
            waiting.settled = waiting.settled.max(self.upto);
            waiting.longs = false;
        }
        match self.reply {
            // Whoever asked may have gone.
            Some(reply) => drop(reply.send(outcome)),
            None => self.queue.settling.store(false, Ordering::Relaxed),
        }
    }
}
