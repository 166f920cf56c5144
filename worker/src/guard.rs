//! The guard of a tenant: whose address is whose, the breaker, the list of events, the access token that all share, and an eye on
//! everybody who is due. What people said and what was done stays with each person; the guard knows outlines.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::future::join_all;
use people_core::journal::Journal;
use people_core::wire::NotSent;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{PersonKey, Secret};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::load::{self, EdgeBridge, Place};
use crate::runtime::{self, Env, Storage};
use crate::shelf::Shelf;
use crate::talk::{self, Ask, Object, Part, TalkError};

/// Whoever is due for so long has lost their alarm, and is woken.
const LATE: SignedDuration = SignedDuration::from_mins(3);

/// How many are woken in one go.
const AT_ONCE: usize = 40;

/// Milliseconds until those who are late are looked for again.
const AGAIN: i64 = 60_000;

/// The guard.
#[wasm_bindgen]
pub struct Guard(Rc<Post>);

struct Post {
    storage: Storage,
    env: Env,
    shelf: Shelf,
    bridge: OnceCell<EdgeBridge>,
}

#[wasm_bindgen]
impl Guard {
    /// The object over its storage.
    #[wasm_bindgen(constructor)]
    pub fn new(storage: Storage, env: Env) -> Self {
        let shelf = Shelf::new(&storage);
        Self(Rc::new(Post { storage, env, shelf, bridge: OnceCell::new() }))
    }

    /// Answers a question of another object or of the handlers: with a text, or the promise of one.
    pub fn ask(&self, question: &str) -> JsValue {
        let post = self.0.clone();
        talk::answering(question, |ask| async move { post.answer(ask).await })
    }

    /// Wakes those who are late.
    ///
    /// Rejects where the next alarm cannot be set; the runtime then fires this one again.
    pub fn alarm(&self) -> JsValue {
        let post = self.0.clone();
        talk::alarmed(async move { post.alarm().await })
    }
}

impl Post {
    async fn alarm(&self) -> Result<(), TalkError> {
        match self.wake().await {
            Ok(0) => {}
            Ok(AT_ONCE) => self.storage.wake_in(1_000)?,
            Ok(_) => self.storage.wake_in(AGAIN)?,
            Err(error) => {
                runtime::log(&format!("guard: {error}; trying again"));
                self.storage.wake_in(AGAIN)?;
            }
        }
        Ok(())
    }

    async fn answer(&self, ask: Ask) -> Result<String, TalkError> {
        match ask {
            Ask::List { delivery, parts, now } => {
                let delivery = delivery.unpack(Bytes::new());
                let parts: Vec<_> = parts.into_iter().map(Part::sorted).collect();
                talk::said(self.shelf.run(|book| {
                    book.accept(&delivery, &delivery.id, SignedDuration::ZERO)?;
                    book.sort(&delivery.id, &parts, now)
                }))
            }
            Ask::Mark { person, mark } => talk::said(self.shelf.run(|book| {
                let at = book.read(&person)?.len();
                book.append(&person, at, &[], &mark)?;
                match &mark.waits_for {
                    Some(other) => Ok(book.account(other)?.is_some()),
                    None => Ok(false),
                }
            })),
            Ask::Claim { address, person, force } => {
                // Those who waited for this are due since 1970, which tells them from those who are merely due.
                let (holder, waiting) = self.shelf.run(|book| {
                    let holder = book.claim(&address, &person, force, Timestamp::UNIX_EPOCH)?;
                    Ok((holder, !book.due(Timestamp::UNIX_EPOCH, 1)?.is_empty()))
                })?;
                if waiting {
                    self.storage.wake_in(0)?;
                }
                talk::said(Ok::<_, TalkError>(holder))
            }
            Ask::Account { person } => talk::said(self.shelf.account(&person).await),
            Ask::Permit { person, now, breaker } => {
                talk::said(self.shelf.permit(&person, now, &breaker).await)
            }
            Ask::Find { wanted } => talk::said(self.shelf.find(&wanted).await),
            Ask::Events { filter } => talk::said(self.shelf.events(&filter).await),
            Ask::Stats => talk::said(self.shelf.stats().await),
            Ask::Token { scope, subject, refused } => {
                talk::said(Ok::<_, TalkError>(self.token(&scope, subject, refused).await?))
            }
            Ask::Tend { before } => {
                self.shelf.prune(before).await?;
                self.storage.wake_in(0)?;
                talk::said(Ok::<_, TalkError>(()))
            }
            #[cfg(feature = "trial")]
            Ask::Trial => talk::said(Ok::<_, TalkError>(crate::trial::run(&self.storage, &self.env).await)),
            _ => talk::stray(),
        }
    }

    /// The token of this scope and subject, exchanged once for all who ask meanwhile; none that the configuration does not name.
    async fn token(
        &self,
        scope: &str,
        subject: Option<String>,
        refused: Option<String>,
    ) -> Result<Result<String, NotSent>, TalkError> {
        let bridge = self.bridge()?;
        let stranger = || TalkError("no API that is configured needs this token".to_owned());
        let ask = people_auth::Ask::new(scope.split(' ')).map_err(|_| stranger())?;
        let ask = match subject {
            Some(subject) => ask.on_behalf_of(subject),
            None => ask,
        };
        let google = bridge.wires.google(&ask).ok_or_else(stranger)?;
        if let Some(refused) = refused {
            let _ = google.refuse(&Secret::new(refused), runtime::now());
        }
        Ok(google.token(&bridge.host).await.map(|token| token.expose().clone()))
    }

    fn bridge(&self) -> Result<&EdgeBridge, TalkError> {
        match self.bridge.get() {
            Some(bridge) => Ok(bridge),
            None => {
                let bridge = load::beside(&self.env, Place::Guard).map_err(|_| talk::misconfigured())?;
                Ok(self.bridge.get_or_init(|| bridge))
            }
        }
    }

    /// Wakes those who are late. Says how many there were.
    async fn wake(&self) -> Result<usize, TalkError> {
        let late = runtime::now().saturating_sub(LATE).unwrap_or(Timestamp::MIN);
        let people = self.shelf.due(late, AT_ONCE).await?;
        let tenant = &self.bridge()?.journal.tenant;
        let wake = async |person: &PersonKey| {
            let ask = Ask::Wake { person: person.clone() };
            let woken: Result<(), TalkError> =
                talk::ask(&self.env, tenant, Object::Person(person), &ask).await;
            if let Err(error) = woken {
                runtime::log(&format!("{} could not be woken: {error}", person.tag()));
            }
        };
        join_all(people.iter().map(wake)).await;
        Ok(people.len())
    }
}
