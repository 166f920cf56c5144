//! An intake: makes deliveries durable, each once, and hands their parts to the people they are about. It answers the sender without
//! waiting for any of that: an alarm takes the backlog apart, in slices that fit into the runtime's limits.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use people_core::journal::{Journal, Sorted};
use people_core::source::Delivery;
use people_model::DeliveryId;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use crate::host;
use crate::load::{self, EdgeBridge, Place};
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Object, Parcel, Part, TalkError};

/// How many parts are handed on in one alarm: with the guard's share, fewer than the 50 requests that the free plan allows.
const SLICE: usize = 40;

/// How many parts are handed on at once.
const CHUNK: usize = 10;

/// Milliseconds until what failed is tried again.
const AGAIN: i64 = 5_000;

/// Where it is kept how far a delivery of many parts is.
const CURSOR: &str = "cursor";

/// How many parts of a delivery are handed on already, as this document divides it.
#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    delivery: String,
    parts: usize,
    done: usize,
}

/// An intake.
#[durable_object(alarm)]
pub struct Intake {
    state: State,
    env: Env,
    shelf: Shelf,
    bridge: OnceCell<EdgeBridge>,
}

impl DurableObject for Intake {
    fn new(state: State, env: Env) -> Self {
        Self { shelf: Shelf::new(&state), state, env, bridge: OnceCell::new() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let outcome = match talk::asked(&mut request).await {
            Ok((ask, body)) => self.answer(ask, body).await,
            Err(error) => Err(error),
        };
        talk::answer(outcome)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        match self.sort().await {
            Ok(false) => {}
            Ok(true) => self.state.storage().set_alarm(0).await?,
            Err(error) => {
                console_error!("intake: {error}; trying again");
                self.state.storage().set_alarm(AGAIN).await?;
            }
        }
        Response::empty()
    }
}

impl Intake {
    async fn answer(&self, ask: Ask, body: bytes::Bytes) -> Result<String, TalkError> {
        match ask {
            Ask::Accept { delivery, key, dedupe_for } => {
                let accepted = self.shelf.accept(&delivery.unpack(body), &key, dedupe_for).await;
                // In one go with the write before: nothing was waited for in between.
                self.state.storage().set_alarm(0).await?;
                talk::said(accepted)
            }
            Ask::Replay { delivery } => {
                let found = self.shelf.replay(&delivery).await;
                self.state.storage().set_alarm(0).await?;
                talk::said(found)
            }
            Ask::Stats => talk::said(self.shelf.stats().await),
            Ask::Tend { before } => {
                self.shelf.prune(before).await?;
                self.state.storage().set_alarm(0).await?;
                talk::said(Ok::<_, TalkError>(()))
            }
            _ => talk::stray(),
        }
    }

    fn bridge(&self) -> Result<&EdgeBridge, TalkError> {
        match self.bridge.get() {
            Some(bridge) => Ok(bridge),
            None => {
                let bridge = load::bridge(&self.env, Place::Intake)
                    .map_err(|_| TalkError("the configuration is wrong".to_owned()))?;
                Ok(self.bridge.get_or_init(|| bridge))
            }
        }
    }

    /// Hands on what waits, as much as one alarm may. Says whether there is more.
    async fn sort(&self) -> Result<bool, TalkError> {
        let mut room = SLICE;
        let mut failed = None;
        for delivery in self.shelf.backlog(SLICE).await? {
            match self.hand_on(&delivery, &mut room).await {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                // One that cannot be handed on does not hold up the others.
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(!self.shelf.backlog(1).await?.is_empty()),
        }
    }

    /// Hands a delivery's parts on; `false` where there was no room for all. The guard is told first: from then on it sees to it that
    /// nobody is forgotten.
    async fn hand_on(&self, delivery: &Delivery, room: &mut usize) -> Result<bool, TalkError> {
        let bridge = self.bridge()?;
        let (mut people, mut dead) = (Vec::new(), Vec::new());
        for part in bridge.parts(delivery) {
            match part {
                Sorted::Person { .. } => people.push(part),
                Sorted::Dead { .. } => dead.push(part),
            }
        }
        let mut cursor = self.cursor(&delivery.id, people.len()).await?;
        while let Some(rest) = people.get(cursor.done..).filter(|rest| !rest.is_empty()) {
            if *room == 0 {
                return Ok(false);
            }
            let chunk = rest.get(..CHUNK.min(*room)).unwrap_or(rest);
            self.hand(bridge, delivery, chunk).await?;
            *room = room.saturating_sub(chunk.len());
            cursor.done = cursor.done.saturating_add(chunk.len());
            if cursor.done < people.len() {
                self.state.storage().put(CURSOR, serde_json::to_string(&cursor)?).await?;
            }
        }
        if *room == 0 {
            return Ok(false);
        }
        *room = room.saturating_sub(1);
        let now = host::now();
        let parts = dead.iter().map(Part::of).collect();
        let list = Ask::List { delivery: Parcel::of(delivery), parts, now };
        let () = talk::ask(&self.env, &bridge.journal.tenant, Object::Guard, &list, &[]).await?;
        self.shelf.sort(&delivery.id, &dead, now).await?;
        Ok(true)
    }

    async fn hand(
        &self,
        bridge: &EdgeBridge,
        delivery: &Delivery,
        chunk: &[Sorted],
    ) -> Result<(), TalkError> {
        let (tenant, now) = (&bridge.journal.tenant, host::now());
        let parts = chunk.iter().map(|part| Part::outline(part, delivery.received)).collect();
        let list = Ask::List { delivery: Parcel::of(delivery), parts, now };
        let () = talk::ask(&self.env, tenant, Object::Guard, &list, &[]).await?;
        let mut by_person = BTreeMap::new();
        for part in chunk {
            if let Sorted::Person { person, .. } = part {
                by_person.entry(person).or_insert_with(Vec::new).push(Part::of(part));
            }
        }
        try_join_all(by_person.into_iter().map(async |(person, parts)| {
            let hear = Ask::Hear { delivery: Parcel::of(delivery), parts, now };
            talk::ask::<()>(&self.env, tenant, Object::Person(person), &hear, &[]).await
        }))
        .await?;
        Ok(())
    }

    /// How far this delivery is. One that is divided otherwise by now begins again: handing on twice changes nothing.
    async fn cursor(&self, delivery: &DeliveryId, parts: usize) -> Result<Cursor, TalkError> {
        let kept: Option<String> = self.state.storage().get(CURSOR).await?;
        let kept: Cursor =
            kept.and_then(|json| people_model::read_json(json.as_bytes()).ok()).unwrap_or_default();
        if kept.delivery == delivery.as_str() && kept.parts == parts {
            return Ok(kept);
        }
        Ok(Cursor { delivery: delivery.to_string(), parts, done: 0 })
    }
}
