//! A person's object: the person's log, driven in order and by nobody else, since only the alarm drives. An alarm that fires twice,
//! early or for nothing changes nothing: what is to be done is decided anew each time, from the log and a look.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;
use people_core::journal::Journal;
use people_model::PersonKey;
use people_model::time::{SignedDuration, Timestamp};
use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use crate::host;
use crate::load::{self, EdgeBridge, Place};
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Part, TalkError};

/// Where it is kept who lives here: one person, unless two share a tag.
const PEOPLE: &str = "people";

/// After a failure of ours.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// A person's object.
#[durable_object(alarm)]
pub struct Person {
    state: State,
    env: Env,
    shelf: Rc<Shelf>,
    people: RefCell<Option<BTreeSet<PersonKey>>>,
    bridge: OnceCell<EdgeBridge>,
}

impl DurableObject for Person {
    fn new(state: State, env: Env) -> Self {
        let shelf = Rc::new(Shelf::new(&state));
        Self { shelf, state, env, people: RefCell::new(None), bridge: OnceCell::new() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let outcome = match talk::asked(&mut request).await {
            Ok((ask, _)) => self.answer(ask).await,
            Err(error) => Err(error),
        };
        talk::answer(outcome)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let again = host::now().saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        let next = match self.drive().await {
            Ok(next) => next,
            Err(error) => {
                console_error!("{error}; trying again");
                Some(again)
            }
        };
        if let Some(next) = next {
            self.set_alarm(next).await?;
        }
        Response::empty()
    }
}

impl Person {
    async fn answer(&self, ask: Ask) -> Result<String, TalkError> {
        match ask {
            Ask::Hear { delivery, parts, now } => {
                let delivery = delivery.unpack(Bytes::new());
                let parts: Vec<_> = parts.into_iter().map(Part::sorted).collect();
                for part in &parts {
                    if let people_core::journal::Sorted::Person { person, .. } = part {
                        self.remember(person).await?;
                    }
                }
                self.shelf.run(|book| {
                    // The body stays with the intake; here the delivery is only what its events hang on.
                    book.accept(&delivery, &delivery.id, SignedDuration::ZERO)?;
                    book.sort(&delivery.id, &parts, now)
                })?;
                self.set_alarm(now).await?;
                talk::said(Ok::<_, TalkError>(()))
            }
            Ask::Wake { person } => {
                self.remember(&person).await?;
                self.state.storage().set_alarm(0).await?;
                talk::said(Ok::<_, TalkError>(()))
            }
            Ask::Read { person } => talk::said(self.shelf.read(&person).await),
            Ask::Append { person, at, entries, mark } => {
                self.remember(&person).await?;
                let appended = self.bridge()?.journal.append(&person, at, &entries, &mark).await?;
                if let Some(next) = self.shelf.next_due().await? {
                    self.set_alarm(next).await?;
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
        for person in self.people().await? {
            if let Err(error) = bridge.drive(&person).await {
                failed = Some(TalkError(format!("{}: {error}", person.tag())));
            }
        }
        if let Ok(before) = host::now().checked_sub(bridge.config.journal.keep.get()) {
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
                let bridge = load::bridge(&self.env, Place::Person(self.shelf.clone()))
                    .map_err(|_| TalkError("the configuration is wrong".to_owned()))?;
                Ok(self.bridge.get_or_init(|| bridge))
            }
        }
    }

    async fn people(&self) -> Result<BTreeSet<PersonKey>, TalkError> {
        let known = self.people.borrow().clone();
        if let Some(people) = known {
            return Ok(people);
        }
        let kept: Option<String> = self.state.storage().get(PEOPLE).await?;
        let people: BTreeSet<PersonKey> = match kept {
            Some(json) => people_model::read_json(json.as_bytes())?,
            None => BTreeSet::new(),
        };
        self.people.replace(Some(people.clone()));
        Ok(people)
    }

    async fn remember(&self, person: &PersonKey) -> Result<(), TalkError> {
        let mut people = self.people().await?;
        if people.insert(person.clone()) {
            self.state.storage().put(PEOPLE, serde_json::to_string(&people)?).await?;
            self.people.replace(Some(people));
        }
        Ok(())
    }

    /// An alarm is given as an offset from now; a moment in the past is now.
    async fn set_alarm(&self, at: Timestamp) -> worker::Result<()> {
        let millis = host::now().duration_until(at).as_millis().max(0);
        self.state.storage().set_alarm(i64::try_from(millis).unwrap_or(i64::MAX)).await
    }
}
