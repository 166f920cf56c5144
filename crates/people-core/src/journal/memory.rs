//! The journal in memory: the reference that says what every other store must do. For tests and for a trial without a disk.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, EventId, PersonKey, SourceName};

use super::{Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats, Status};
use crate::source::Delivery;

mod peek;

/// The journal in memory. Nothing of it survives the process.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// Counts whatever needs an order: deliveries, people, lines.
    clock: u64,
    deliveries: BTreeMap<u64, Kept>,
    /// Until when a key is a duplicate.
    dedupe: BTreeMap<DeliveryId, Timestamp>,
    people: BTreeMap<PersonKey, Person>,
    lines: BTreeMap<u64, Line>,
    claims: BTreeMap<Email, PersonKey>,
    permits: BTreeMap<PersonKey, Timestamp>,
}

struct Kept {
    delivery: Delivery,
    /// Whether the body has not been forgotten.
    body: bool,
    sorted: bool,
}

struct Person {
    /// People due at the same moment come in the order in which they were first heard of.
    order: u64,
    log: Vec<Entry>,
    due: Option<Timestamp>,
    waits_for: Option<PersonKey>,
}

struct Line {
    id: EventId,
    delivery: DeliveryId,
    source: SourceName,
    person: Option<PersonKey>,
    kind: String,
    received: Timestamp,
    status: Status,
    note: String,
}

impl Line {
    fn is_open(&self) -> bool {
        !matches!(self.status, Status::Settled | Status::Dead)
    }

    fn tag(&self) -> Option<String> {
        self.person.as_ref().map(PersonKey::tag)
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn person(&mut self, key: &PersonKey) -> &mut Person {
        let order = self.tick();
        let new = || Person { order, log: Vec::new(), due: None, waits_for: None };
        self.people.entry(key.clone()).or_insert_with(new)
    }

    fn delivery(&mut self, id: &DeliveryId) -> Option<&mut Kept> {
        self.deliveries.values_mut().find(|kept| kept.delivery.id == *id)
    }
}

impl Person {
    fn wake(&mut self, now: Timestamp) {
        self.due = Some(self.due.map_or(now, |due| due.min(now)));
    }
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for Memory {
    type Error = Infallible;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, Infallible> {
        let mut state = self.state();
        let received = cut(delivery.received);
        let duplicate = state.dedupe.get(key).is_some_and(|until| received < *until);
        if duplicate || state.delivery(&delivery.id).is_some() {
            return Ok(Accepted::Duplicate);
        }
        let until = received.saturating_add(dedupe_for).unwrap_or(Timestamp::MAX);
        state.dedupe.insert(key.clone(), cut(until));
        let delivery = Delivery { received, stamped: delivery.stamped.map(cut), ..delivery.clone() };
        let seq = state.tick();
        state.deliveries.insert(seq, Kept { delivery, body: true, sorted: false });
        Ok(Accepted::New)
    }

    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, Infallible> {
        let state = self.state();
        let waiting = state.deliveries.values().filter(|kept| !kept.sorted);
        Ok(waiting.take(limit).map(|kept| kept.delivery.clone()).collect())
    }

    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), Infallible> {
        let mut state = self.state();
        let Some(kept) = state.delivery(delivery) else { return Ok(()) };
        kept.sorted = true;
        if !parts.iter().any(|part| matches!(part, Sorted::Dead { .. })) {
            kept.body = false;
            kept.delivery.body = Bytes::new();
        }
        let (source, received) = (kept.delivery.source.clone(), kept.delivery.received);
        state.lines.retain(|_, line| line.delivery != *delivery || line.person.is_some());

        for part in parts {
            let (id, person, kind, status, note) = match part {
                Sorted::Person { id, person, kind, .. } => {
                    (id, Some(person.clone()), *kind, Status::Queued, String::new())
                }
                Sorted::Dead { id, why } => (id, None, "unknown", Status::Dead, why.clone()),
            };
            // A dead part gives way to any line of the same event, a person's part to the same person's only.
            let there = |line: &Line| line.id == *id && (person.is_none() || line.person == person);
            if state.lines.values().any(there) {
                continue;
            }
            if let Sorted::Person { person, entry, .. } = part {
                let person = state.person(person);
                person.log.push(entry.clone());
                person.wake(cut(now));
            }
            let line = Line {
                id: id.clone(),
                delivery: delivery.clone(),
                source: source.clone(),
                person,
                kind: kind.to_owned(),
                received,
                status,
                note,
            };
            let seq = state.tick();
            state.lines.insert(seq, line);
        }
        Ok(())
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, Infallible> {
        match self.state().delivery(delivery) {
            Some(kept) if kept.body => {
                kept.sorted = false;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Infallible> {
        Ok(self.state().people.get(person).map(|person| person.log.clone()).unwrap_or_default())
    }

    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, Infallible> {
        let mut state = self.state();
        if state.people.get(person).map_or(0, |person| person.log.len()) != at {
            return Ok(Appended::Raced);
        }
        // An account that became known between the look and this append would wake nobody any more.
        let known = state.claims.values().any(|holder| Some(holder) == mark.waits_for.as_ref());
        let entered = state.person(person);
        entered.log.extend_from_slice(entries);
        entered.due = if known { Some(Timestamp::UNIX_EPOCH) } else { mark.due.map(up) };
        entered.waits_for = if known { None } else { mark.waits_for.clone() };
        for line in state.lines.values_mut() {
            if line.is_open() && line.person.as_ref() == Some(person) {
                line.status = mark.status;
                line.note.clone_from(&mark.note);
            }
        }
        Ok(Appended::Done)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, Infallible> {
        let state = self.state();
        let mut due: Vec<_> = state
            .people
            .iter()
            .filter_map(|(key, person)| Some((person.due.filter(|due| *due <= now)?, person.order, key)))
            .collect();
        due.sort();
        Ok(due.into_iter().take(limit).map(|(_, _, key)| key.clone()).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.state().people.values().filter_map(|person| person.due).min())
    }

    async fn recover(&self, now: Timestamp) -> Result<(), Infallible> {
        let mut state = self.state();
        let State { people, lines, .. } = &mut *state;
        for key in
            lines.values().filter(|line| line.status == Status::Working).filter_map(|l| l.person.as_ref())
        {
            if let Some(due) = people.get_mut(key).and_then(|person| person.due.as_mut()) {
                *due = up(now).min(*due);
            }
        }
        Ok(())
    }

    async fn find(&self, wanted: &str) -> Result<Option<PersonKey>, Infallible> {
        let state = self.state();
        let named = |key: &&PersonKey| key.tag() == wanted || key.to_string() == wanted;
        let heard = || {
            state
                .lines
                .values()
                .rev()
                .filter(|line| line.id.as_str() == wanted)
                .find_map(|line| line.person.as_ref())
        };
        Ok(state.people.keys().find(named).or_else(heard).cloned())
    }

    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, Infallible> {
        let mut state = self.state();
        if let Some(holder) = state.claims.get(address)
            && holder != person
            && !force
        {
            return Ok(holder.clone());
        }
        state.claims.retain(|_, holder| holder != person);
        state.claims.insert(address.clone(), person.clone());
        for waiting in state.people.values_mut().filter(|waiting| waiting.waits_for.as_ref() == Some(person))
        {
            waiting.waits_for = None;
            waiting.wake(cut(now));
        }
        Ok(person.clone())
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Infallible> {
        let state = self.state();
        Ok(state.claims.iter().find(|(_, holder)| *holder == person).map(|(address, _)| address.clone()))
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, Infallible> {
        let mut state = self.state();
        let now = cut(now);
        let counts = |at: &Timestamp| now.duration_since(*at) < breaker.window;
        if state.permits.get(person).is_some_and(counts) {
            return Ok(Permit::Granted);
        }
        let count = as_u32(state.permits.values().filter(|at| counts(at)).count());
        let limit = breaker.limit(as_u32(state.claims.len()));
        if count >= limit {
            return Ok(Permit::Tripped { count, limit });
        }
        state.permits.insert(person.clone(), now);
        Ok(Permit::Granted)
    }

    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, Infallible> {
        let state = self.state();
        let wanted = |line: &&Line| {
            filter.status.is_none_or(|status| line.status == status)
                && filter.person.as_ref().is_none_or(|tag| line.tag().as_ref() == Some(tag))
                && filter.id.as_ref().is_none_or(|id| line.id.as_str() == id || line.delivery.as_str() == id)
        };
        let mut lines: Vec<_> = state.lines.values().rev().filter(wanted).collect();
        // Stable: of the same moment, the one sorted last stays first.
        lines.sort_by_key(|line| std::cmp::Reverse(line.received));
        let limit = if filter.limit == 0 { 100 } else { filter.limit };
        let row = |line: &Line| EventRow {
            id: line.id.clone(),
            source: line.source.clone(),
            person: line.tag().unwrap_or_default(),
            kind: line.kind.clone(),
            received: line.received,
            status: line.status,
            note: line.note.clone(),
        };
        Ok(lines.into_iter().take(limit).map(row).collect())
    }

    async fn stats(&self) -> Result<Stats, Infallible> {
        let state = self.state();
        let of = |status| state.lines.values().filter(|line| line.status == status).count() as u64;
        Ok(Stats {
            events: Status::ALL.map(of),
            backlog: state.deliveries.values().filter(|kept| !kept.sorted).count() as u64,
            people: state.people.len() as u64,
            accounts: state.claims.len() as u64,
        })
    }

    async fn prune(&self, before: Timestamp) -> Result<(), Infallible> {
        let mut state = self.state();
        let before = cut(before);
        let State { deliveries, lines, dedupe, .. } = &mut *state;
        // A delivery that is to be replayed keeps its events, or its parts would be heard twice.
        let waits = |id: &DeliveryId| deliveries.values().any(|kept| !kept.sorted && kept.delivery.id == *id);
        lines.retain(|_, line| line.is_open() || line.received >= before || waits(&line.delivery));
        deliveries.retain(|_, kept| !kept.sorted || kept.delivery.received >= before);
        dedupe.retain(|_, until| *until > before);
        Ok(())
    }
}

/// A moment, cut to the millisecond.
fn cut(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A moment that must not come too early, rounded up to the millisecond.
fn up(at: Timestamp) -> Timestamp {
    let cut = cut(at);
    if cut < at { cut.saturating_add(SignedDuration::from_millis(1)).unwrap_or(at) } else { at }
}

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
