//! An intake: makes deliveries durable, each once, and hands their parts to the people they are about. It answers the sender without
//! waiting for any of that: an alarm takes the backlog apart, in slices that fit into the runtime's limits.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::try_join_all;
use people_core::journal::{Accepted, Journal, Sorted};
use people_core::source::Delivery;
use people_model::DeliveryId;
use people_model::time::SignedDuration;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::load::{self, EdgeBridge};
use crate::runtime::{self, Env, Storage};
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Label, Object, Parcel, Part, TalkError};

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
#[wasm_bindgen]
pub struct Intake(Rc<Desk>);

struct Desk {
    storage: Storage,
    env: Env,
    shelf: Shelf,
    /// Whether an alarm is set that has not begun yet. Only ever too pessimistic: after a restart it is set once more.
    armed: Cell<bool>,
}

#[wasm_bindgen]
impl Intake {
    /// The object over its storage.
    #[wasm_bindgen(constructor)]
    pub fn new(storage: Storage, env: Env) -> Self {
        let shelf = Shelf::new(&storage);
        Self(Rc::new(Desk { storage, env, shelf, armed: Cell::new(false) }))
    }

    /// Takes a delivery: whether it is new, or the text of an error. In one turn, since a sender waits for it.
    pub fn accept(&self, label: &str, body: Vec<u8>) -> JsValue {
        talk::taken(match Label::parse(label) {
            Some(Label { parcel, key, dedupe_for }) => {
                self.0.accept(&parcel.unpack(body.into()), &key, dedupe_for)
            }
            None => talk::stray(),
        })
    }

    /// Answers a question of another object or of the handlers: with a text, or the promise of one.
    pub fn ask(&self, question: &str) -> JsValue {
        let desk = self.0.clone();
        talk::answering(question, |ask| async move { desk.answer(ask).await })
    }

    /// Hands on what waits.
    ///
    /// Rejects where the next alarm cannot be set; the runtime then fires this one again.
    pub fn alarm(&self) -> JsValue {
        let desk = self.0.clone();
        talk::alarmed(async move { desk.alarm().await })
    }
}

impl Desk {
    async fn alarm(&self) -> Result<(), TalkError> {
        self.armed.set(false);
        match self.sort().await {
            Ok(false) => Ok(()),
            Ok(true) => self.arm(0),
            Err(error) => {
                runtime::log(&format!("intake: {error}; trying again"));
                self.arm(AGAIN)
            }
        }
    }

    /// Sees to it that there is an alarm; one that is set already comes soon.
    fn arm(&self, millis: i64) -> Result<(), TalkError> {
        if !self.armed.replace(true) {
            self.storage.wake_in(millis)?;
        }
        Ok(())
    }

    /// In one turn: nothing is waited for between the writes and the alarm, so all of it becomes durable, or nothing.
    fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, TalkError> {
        let accepted = self.shelf.accept(delivery, key, dedupe_for)?;
        if accepted == Accepted::New {
            self.arm(0)?;
        }
        Ok(accepted)
    }

    async fn answer(&self, ask: Ask) -> Result<String, TalkError> {
        match ask {
            Ask::Replay { delivery } => {
                let found = self.shelf.replay(&delivery).await;
                self.arm(0)?;
                talk::said(found)
            }
            Ask::Stats => talk::said(self.shelf.stats().await),
            Ask::Tend { before } => {
                self.shelf.prune(before).await?;
                // Whatever this object believes about its alarm: here one that was lost comes back.
                self.armed.set(true);
                self.storage.wake_in(0)?;
                talk::said(Ok::<_, TalkError>(()))
            }
            _ => talk::stray(),
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
        let front = load::front(&self.env).map_err(|_| talk::misconfigured())?;
        let bridge = &front.bridge;
        let (mut people, mut dead) = (Vec::new(), Vec::new());
        for part in bridge.parts(delivery) {
            match part {
                Sorted::Person { .. } => people.push(part),
                Sorted::Dead { .. } => dead.push(part),
            }
        }
        let mut cursor = self.cursor(&delivery.id, people.len())?;
        while let Some(rest) = people.get(cursor.done..).filter(|rest| !rest.is_empty()) {
            if *room == 0 {
                return Ok(false);
            }
            let chunk = rest.get(..CHUNK.min(*room)).unwrap_or(rest);
            self.hand(bridge, delivery, chunk).await?;
            *room = room.saturating_sub(chunk.len());
            cursor.done = cursor.done.saturating_add(chunk.len());
            if cursor.done < people.len() {
                self.storage.keep(CURSOR, &serde_json::to_string(&cursor)?)?;
            }
        }
        if *room == 0 {
            return Ok(false);
        }
        *room = room.saturating_sub(1);
        let now = runtime::now();
        let parts = dead.iter().map(Part::of).collect();
        let list = Ask::List { delivery: Parcel::of(delivery), parts, now };
        let () = talk::ask(&self.env, &bridge.journal.tenant, Object::Guard, &list).await?;
        self.shelf.sort(&delivery.id, &dead, now).await?;
        Ok(true)
    }

    async fn hand(
        &self,
        bridge: &EdgeBridge,
        delivery: &Delivery,
        chunk: &[Sorted],
    ) -> Result<(), TalkError> {
        let (tenant, now) = (&bridge.journal.tenant, runtime::now());
        let parts = chunk.iter().map(|part| Part::outline(part, delivery.received)).collect();
        let list = Ask::List { delivery: Parcel::of(delivery), parts, now };
        let () = talk::ask(&self.env, tenant, Object::Guard, &list).await?;
        let mut by_person = BTreeMap::new();
        for part in chunk {
            if let Sorted::Person { person, .. } = part {
                by_person.entry(person).or_insert_with(Vec::new).push(Part::of(part));
            }
        }
        try_join_all(by_person.into_iter().map(async |(person, parts)| {
            let hear = Ask::Hear { delivery: Parcel::of(delivery), parts, now };
            talk::ask::<()>(&self.env, tenant, Object::Person(person), &hear).await
        }))
        .await?;
        Ok(())
    }

    /// How far this delivery is. One that is divided otherwise by now begins again: handing on twice changes nothing.
    fn cursor(&self, delivery: &DeliveryId, parts: usize) -> Result<Cursor, TalkError> {
        let kept = self.storage.kept(CURSOR)?;
        let kept: Cursor =
            kept.and_then(|json| people_model::read_json(json.as_bytes()).ok()).unwrap_or_default();
        if kept.delivery == delivery.as_str() && kept.parts == parts {
            return Ok(kept);
        }
        Ok(Cursor { delivery: delivery.to_string(), parts, done: 0 })
    }
}
