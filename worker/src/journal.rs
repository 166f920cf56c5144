//! The journal at the edge, told apart by who keeps what: an intake the deliveries, a person's object the log, the guard the addresses,
//! the breaker and the list. One type in every place, so that there is one bridge; `shelf` is the log where this is a person's object.

use std::rc::Rc;

use futures_util::future::try_join_all;
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats,
};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};
use serde::de::DeserializeOwned;

use crate::runtime::Env;
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Object, SHARDS, TalkError};

/// The journal.
pub(crate) struct EdgeJournal {
    pub(crate) env: Env,
    pub(crate) tenant: String,
    pub(crate) shelf: Option<Rc<Shelf>>,
}

impl EdgeJournal {
    async fn ask<T: DeserializeOwned>(&self, object: Object<'_>, ask: &Ask) -> Result<T, TalkError> {
        talk::ask(&self.env, &self.tenant, object, ask).await
    }

    async fn intakes<T: DeserializeOwned>(&self, ask: &Ask) -> Result<Vec<T>, TalkError> {
        try_join_all((0..SHARDS).map(|shard| self.ask(Object::Intake(shard), ask))).await
    }

    /// Makes every object that has an alarm look whether it still has work, and forget what is old.
    pub(crate) async fn tend(&self, before: Timestamp) -> Result<(), TalkError> {
        let ask = Ask::Tend { before };
        let _: Vec<()> = self.intakes(&ask).await?;
        self.ask(Object::Guard, &ask).await
    }
}

impl Journal for EdgeJournal {
    type Error = TalkError;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, TalkError> {
        talk::hand(&self.env, &self.tenant, delivery, key, dedupe_for).await
    }

    async fn backlog(&self, _: usize) -> Result<Vec<Delivery>, TalkError> {
        talk::stray()
    }

    async fn sort(&self, _: &DeliveryId, _: &[Sorted], _: Timestamp) -> Result<(), TalkError> {
        talk::stray()
    }

    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, TalkError> {
        // The id does not tell the shard, and nobody replays often.
        let found: Vec<bool> = self.intakes(&Ask::Replay { delivery: delivery.clone() }).await?;
        Ok(found.contains(&true))
    }

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, TalkError> {
        match &self.shelf {
            Some(shelf) => Ok(shelf.read(person).await?),
            None => self.ask(Object::Person(person), &Ask::Read { person: person.clone() }).await,
        }
    }

    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, TalkError> {
        let Some(shelf) = &self.shelf else {
            let ask =
                Ask::Append { person: person.clone(), at, entries: entries.to_vec(), mark: mark.clone() };
            return self.ask(Object::Person(person), &ask).await;
        };
        if shelf.append(person, at, entries, mark).await? == Appended::Raced {
            return Ok(Appended::Raced);
        }
        let told = Ask::Mark { person: person.clone(), mark: mark.clone() };
        if self.ask(Object::Guard, &told).await? {
            // Whom this person waits for has an account by now.
            let mark = Mark { due: Some(Timestamp::UNIX_EPOCH), waits_for: None, ..mark.clone() };
            shelf.append(person, at.saturating_add(entries.len()), &[], &mark).await?;
        }
        Ok(Appended::Done)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, TalkError> {
        match &self.shelf {
            Some(shelf) => Ok(shelf.due(now, limit).await?),
            None => talk::stray(),
        }
    }

    async fn recover(&self, _: Timestamp) -> Result<(), TalkError> {
        // An alarm that dies in the middle fires again, and drives without asking who is due.
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, TalkError> {
        match &self.shelf {
            Some(shelf) => Ok(shelf.next_due().await?),
            None => talk::stray(),
        }
    }

    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, TalkError> {
        self.ask(Object::Guard, &Ask::Find { wanted: tag_or_event.to_owned() }).await
    }

    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        _: Timestamp,
    ) -> Result<PersonKey, TalkError> {
        let ask = Ask::Claim { address: address.clone(), person: person.clone(), force };
        self.ask(Object::Guard, &ask).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, TalkError> {
        self.ask(Object::Guard, &Ask::Account { person: person.clone() }).await
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permit, TalkError> {
        self.ask(Object::Guard, &Ask::Permit { person: person.clone(), now, breaker: *breaker }).await
    }

    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, TalkError> {
        self.ask(Object::Guard, &Ask::Events { filter: filter.clone() }).await
    }

    async fn stats(&self) -> Result<Stats, TalkError> {
        let mut stats: Stats = self.ask(Object::Guard, &Ask::Stats).await?;
        let intakes: Vec<Stats> = self.intakes(&Ask::Stats).await?;
        stats.backlog = intakes.iter().map(|intake| intake.backlog).sum();
        Ok(stats)
    }

    async fn prune(&self, before: Timestamp) -> Result<(), TalkError> {
        self.tend(before).await
    }
}
