//! A person's object: the person's log, driven in order and by nobody else, since only the alarm drives. An alarm that fires twice,
//! early or for nothing changes nothing: what is to be done is decided anew each time, from the log and a look.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;
use people_core::journal::{Journal, Sorted};
use people_model::PersonKey;
use people_model::time::{SignedDuration, Timestamp};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::load::{self, EdgeBridge, Place};
use crate::runtime::{self, Env, Storage};
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Part, TalkError};

/// Where it is kept who lives here: one person, unless two share a tag.
const PEOPLE: &str = "people";

/// After a failure of ours.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// A person's object.
#[wasm_bindgen]
pub struct Person(Rc<Room>);

struct Room {
    storage: Storage,
    env: Env,
    shelf: Rc<Shelf>,
    people: RefCell<Option<BTreeSet<PersonKey>>>,
    bridge: OnceCell<EdgeBridge>,
}

#[wasm_bindgen]
impl Person {
    /// The object over its storage.
    #[wasm_bindgen(constructor)]
    pub fn new(storage: Storage, env: Env) -> Self {
        let shelf = Rc::new(Shelf::new(&storage));
        Self(Rc::new(Room { storage, env, shelf, people: RefCell::new(None), bridge: OnceCell::new() }))
    }

    /// Answers a question of another object or of the handlers: with a text, or the promise of one.
    pub fn ask(&self, question: &str) -> JsValue {
        let room = self.0.clone();
        talk::answering(question, |ask| async move { room.answer(ask).await })
    }

    /// Drives whoever lives here.
    ///
    /// Rejects where the next alarm cannot be set; the runtime then fires this one again.
    pub fn alarm(&self) -> JsValue {
        let room = self.0.clone();
        talk::alarmed(async move { room.alarm().await })
    }
}

impl Room {
    async fn alarm(&self) -> Result<(), TalkError> {
        let again = runtime::now().saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        let next = match self.drive().await {
            Ok(next) => next,
            Err(error) => {
                runtime::log(&format!("{error}; trying again"));
                Some(again)
            }
        };
        if let Some(next) = next {
            self.storage.wake_at(next)?;
        }
        Ok(())
    }

    async fn answer(&self, ask: Ask) -> Result<String, TalkError> {
        match ask {
            Ask::Hear { delivery, parts, now } => {
                let delivery = delivery.unpack(Bytes::new());
                let parts: Vec<_> = parts.into_iter().map(Part::sorted).collect();
                for part in &parts {
                    if let Sorted::Person { person, .. } = part {
                        self.remember(person)?;
                    }
                }
                self.shelf.run(|book| {
                    // The body stays with the intake; here the delivery is only what its events hang on.
                    book.accept(&delivery, &delivery.id, SignedDuration::ZERO)?;
                    book.sort(&delivery.id, &parts, now)
                })?;
                self.storage.wake_at(now)?;
                talk::said(Ok::<_, TalkError>(()))
            }
            Ask::Wake { person } => {
                self.remember(&person)?;
                self.storage.wake_in(0)?;
                talk::said(Ok::<_, TalkError>(()))
            }
            Ask::Read { person } => talk::said(self.shelf.read(&person).await),
            Ask::Append { person, at, entries, mark } => {
                self.remember(&person)?;
                let appended = self.bridge()?.journal.append(&person, at, &entries, &mark).await?;
                if let Some(next) = self.shelf.next_due().await? {
                    self.storage.wake_at(next)?;
                }
                talk::said(Ok::<_, TalkError>(appended))
            }
            _ => talk::stray(),
        }
    }

    /// Drives whoever lives here until there is nothing to do now; when it is to go on.
    async fn drive(&self) -> Result<Option<Timestamp>, TalkError> {
        let bridge = self.bridge()?;
        let mut failed = None;
        for person in self.people()? {
            if let Err(error) = bridge.drive(&person).await {
                failed = Some(TalkError(format!("{}: {error}", person.tag())));
            }
        }
        if let Ok(before) = runtime::now().checked_sub(bridge.config.journal.keep.get()) {
            self.shelf.prune(before).await?;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(self.shelf.next_due().await?),
        }
    }

    fn bridge(&self) -> Result<&EdgeBridge, TalkError> {
        match self.bridge.get() {
            Some(bridge) => Ok(bridge),
            None => {
                let bridge = load::beside(&self.env, Place::Person(self.shelf.clone()))
                    .map_err(|_| talk::misconfigured())?;
                Ok(self.bridge.get_or_init(|| bridge))
            }
        }
    }

    fn people(&self) -> Result<BTreeSet<PersonKey>, TalkError> {
        let known = self.people.borrow().clone();
        if let Some(people) = known {
            return Ok(people);
        }
        let people: BTreeSet<PersonKey> = match self.storage.kept(PEOPLE)? {
            Some(json) => people_model::read_json(json.as_bytes())?,
            None => BTreeSet::new(),
        };
        self.people.replace(Some(people.clone()));
        Ok(people)
    }

    fn remember(&self, person: &PersonKey) -> Result<(), TalkError> {
        let mut people = self.people()?;
        if people.insert(person.clone()) {
            self.storage.keep(PEOPLE, &serde_json::to_string(&people)?)?;
            self.people.replace(Some(people));
        }
        Ok(())
    }
}
