//! A fuse between the bridge and its machine: it counts what is sent and written, and ends the bridge at any of it.

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::future::{Either, pending, select};
use people::host::Native;
use people_core::host::{Host, Lost};
use people_core::journal::memory::Memory;
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats,
};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};
use tokio::sync::Notify;

/// Counts what the bridge does, and ends it at one of these operations.
#[derive(Default)]
pub(super) struct Fuse {
    count: Cell<u64>,
    blows: Option<Blow>,
    blown: Cell<bool>,
    died: Notify,
}

/// Death at this operation, before it is done or after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blow {
    pub(super) at: u64,
    pub(super) after: bool,
}

impl Fuse {
    /// How many operations there were.
    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    /// A fuse that blows.
    pub(super) fn blowing(blow: Blow) -> Self {
        Self { blows: Some(blow), ..Self::default() }
    }

    /// What comes of work, or `None` where the bridge died of it.
    pub(super) async fn survive<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(work), pin!(self.died.notified())).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }

    async fn through<T>(&self, work: impl Future<Output = T>) -> T {
        if self.blown.get() {
            return pending().await;
        }
        self.count.set(self.count.get() + 1);
        match self.blows.filter(|blow| blow.at == self.count.get()) {
            None => work.await,
            Some(blow) => {
                if blow.after {
                    work.await;
                }
                self.blown.set(true);
                self.died.notify_one();
                pending().await
            }
        }
    }
}

/// The time of the bridge: a millisecond passes with every look at it.
#[derive(Clone)]
pub(super) struct Time(Rc<Cell<Timestamp>>);

impl Time {
    pub(super) fn starting_at(start: Timestamp) -> Self {
        Self(Rc::new(Cell::new(start)))
    }

    pub(super) fn set(&self, to: Timestamp) {
        self.0.set(to);
    }

    pub(super) fn now(&self) -> Timestamp {
        let now = self.0.get() + SignedDuration::from_millis(1);
        self.0.set(now);
        now
    }
}

/// The machine, with the fuse in its network.
pub(super) struct Carrier {
    pub(super) native: Rc<Native>,
    pub(super) time: Time,
    pub(super) fuse: Rc<Fuse>,
}

impl Host for Carrier {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost> {
        self.fuse.through(self.native.send(request)).await
    }

    fn entropy(&self, out: &mut [u8]) {
        self.native.entropy(out);
    }
}

/// The journal, with the fuse before whatever writes. What reads cannot matter.
pub(super) struct Book {
    pub(super) memory: Rc<Memory>,
    pub(super) fuse: Rc<Fuse>,
}

impl Journal for Book {
    type Error = Infallible;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, Infallible> {
        self.fuse.through(self.memory.accept(delivery, key, dedupe_for)).await
    }

    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, Infallible> {
        self.memory.backlog(limit).await
    }

    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), Infallible> {
        self.fuse.through(self.memory.sort(delivery, parts, now)).await
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, Infallible> {
        self.memory.replay(delivery).await
    }

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Infallible> {
        self.memory.read(person).await
    }

    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, Infallible> {
        self.fuse.through(self.memory.append(person, at, entries, mark)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, Infallible> {
        self.memory.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Infallible> {
        self.memory.next_due().await
    }

    async fn recover(&self, now: Timestamp) -> Result<(), Infallible> {
        self.memory.recover(now).await
    }

    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, Infallible> {
        self.memory.find(tag_or_event).await
    }

    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, Infallible> {
        self.fuse.through(self.memory.claim(address, person, force, now)).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Infallible> {
        self.memory.account(person).await
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, Infallible> {
        self.fuse.through(self.memory.permit(person, now, breaker)).await
    }

    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, Infallible> {
        self.memory.events(filter).await
    }

    async fn stats(&self) -> Result<Stats, Infallible> {
        self.memory.stats().await
    }

    async fn prune(&self, before: Timestamp) -> Result<(), Infallible> {
        self.memory.prune(before).await
    }
}
