//! What the objects say to one another: one question per call, as JSON with bytes beside it, over calls to stubs. An object answers no
//! request, so none of this can be reached from outside.

use bytes::Bytes;
use js_sys::Promise;
use people_core::journal::{Breaker, Filter, Mark, Sorted};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, EventId, EventKind, PersonKey, SourceName, Trust};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::runtime::{Denied, Env};

/// How many intake objects there are. Part of the address of what is stored: never change it where deliveries are kept.
pub(crate) const SHARDS: u32 = 8;

/// Why an object gave no answer. Names nobody.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TalkError(pub(crate) String);

impl From<Denied> for TalkError {
    fn from(_: Denied) -> Self {
        Self("an object could not be reached".to_owned())
    }
}

impl From<crate::shelf::ShelfError> for TalkError {
    fn from(error: crate::shelf::ShelfError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self(format!("{error}{cause}"))
    }
}

impl From<serde_json::Error> for TalkError {
    fn from(_: serde_json::Error) -> Self {
        Self("what an object said could not be read".to_owned())
    }
}

/// A question to an object. The answer is the value that the journal's method of the same name gives.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask {
    // To an intake.
    Accept {
        delivery: Parcel,
        key: DeliveryId,
        #[serde(with = "people_model::time::length")]
        dedupe_for: SignedDuration,
    },
    Replay {
        delivery: DeliveryId,
    },
    // To a person.
    Hear {
        delivery: Parcel,
        parts: Vec<Part>,
        #[serde(with = "people_model::time::at")]
        now: Timestamp,
    },
    Read {
        person: PersonKey,
    },
    Append {
        person: PersonKey,
        at: usize,
        entries: Vec<Entry>,
        mark: Mark,
    },
    Wake {
        person: PersonKey,
    },
    // To the guard.
    List {
        delivery: Parcel,
        parts: Vec<Part>,
        #[serde(with = "people_model::time::at")]
        now: Timestamp,
    },
    Mark {
        person: PersonKey,
        mark: Mark,
    },
    Find {
        wanted: String,
    },
    Claim {
        address: Email,
        person: PersonKey,
        force: bool,
    },
    Account {
        person: PersonKey,
    },
    Permit {
        person: PersonKey,
        #[serde(with = "people_model::time::at")]
        now: Timestamp,
        breaker: Breaker,
    },
    Events {
        filter: Filter,
    },
    Token {
        scope: String,
        subject: Option<String>,
        refused: Option<String>,
    },
    #[cfg(feature = "trial")]
    Trial,
    // To a guard or an intake.
    Stats,
    Tend {
        #[serde(with = "people_model::time::at")]
        before: Timestamp,
    },
}

/// A delivery, as it goes from one object to another. The body goes beside it, not in it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Parcel {
    id: DeliveryId,
    source: SourceName,
    #[serde(with = "people_model::time::at")]
    received: Timestamp,
    trust: Trust,
    #[serde(default, with = "people_model::time::maybe_at")]
    stamped: Option<Timestamp>,
    content_type: Option<String>,
}

impl Parcel {
    pub(crate) fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.clone(),
            source: delivery.source.clone(),
            received: delivery.received,
            trust: delivery.trust,
            stamped: delivery.stamped,
            content_type: delivery.content_type.clone(),
        }
    }

    pub(crate) fn unpack(self, body: Bytes) -> Delivery {
        let Self { id, source, received, trust, stamped, content_type } = self;
        Delivery { id, source, received, trust, stamped, content_type, body }
    }
}

/// A part of a delivery.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Part {
    Person { id: EventId, person: PersonKey, kind: String, entry: Entry },
    Dead { id: EventId, why: String },
}

impl Part {
    pub(crate) fn of(sorted: &Sorted) -> Self {
        match sorted.clone() {
            Sorted::Person { id, person, kind, entry } => {
                Self::Person { id, person, kind: kind.to_owned(), entry }
            }
            Sorted::Dead { id, why } => Self::Dead { id, why },
        }
    }

    /// The same for the guard's list: what was heard stays with the person.
    pub(crate) fn outline(sorted: &Sorted, at: Timestamp) -> Self {
        match Self::of(sorted) {
            Self::Person { id, person, kind, .. } => {
                Self::Person { id, person, kind, entry: Entry::Answered { at } }
            }
            dead => dead,
        }
    }

    pub(crate) fn sorted(self) -> Sorted {
        match self {
            Self::Person { id, person, kind, entry } => {
                let kind = EventKind::parse(&kind).map_or("notice", EventKind::as_str);
                Sorted::Person { id, person, kind, entry }
            }
            Self::Dead { id, why } => Sorted::Dead { id, why },
        }
    }
}

/// An object of this Worker.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    Intake(u32),
    Person(&'a PersonKey),
    Guard,
    #[cfg(feature = "trial")]
    Trial,
}

impl Object<'_> {
    fn address(self, tenant: &str) -> (&'static str, String) {
        match self {
            Self::Intake(shard) => ("INTAKE", format!("{tenant}/{shard}")),
            // The tag, not the key: an object's name may be shown. Should two people ever share a tag, they share an object that keeps
            // them apart.
            Self::Person(person) => ("PERSON", person.tag()),
            Self::Guard => ("GUARD", tenant.to_owned()),
            #[cfg(feature = "trial")]
            Self::Trial => ("GUARD", "trial".to_owned()),
        }
    }
}

/// The intake of a dedupe key.
pub(crate) fn shard(key: &DeliveryId) -> u32 {
    let digits = key.as_str().trim_start_matches("d_").get(..6).unwrap_or_default();
    u32::from_str_radix(digits, 16).unwrap_or(0) % SHARDS
}

/// Asks an object.
pub(crate) async fn ask<T: DeserializeOwned>(
    env: &Env,
    tenant: &str,
    object: Object<'_>,
    ask: &Ask,
    body: &[u8],
) -> Result<T, TalkError> {
    let (binding, name) = object.address(tenant);
    let answer = env.ask(binding, &name, &serde_json::to_string(ask)?, body).await?;
    match answer.strip_prefix(SAID) {
        Some(json) => Ok(people_model::read_json(json.as_bytes())?),
        None => Err(TalkError(answer)),
    }
}

/// Begins an answer; what does not begin so is the text of an error.
const SAID: char = '=';

/// A value as an answer.
pub(crate) fn said<T: Serialize, E>(outcome: Result<T, E>) -> Result<String, TalkError>
where
    TalkError: From<E>,
{
    Ok(format!("{SAID}{}", serde_json::to_string(&outcome?)?))
}

/// An answer on its way: what an object's `ask` resolves to.
pub(crate) fn answer(outcome: Result<String, TalkError>) -> JsValue {
    outcome.unwrap_or_else(|error| error.to_string()).into()
}

/// The same of an object that has to wait for it.
pub(crate) fn answering(outcome: impl Future<Output = Result<String, TalkError>> + 'static) -> JsValue {
    future_to_promise(async { Ok(answer(outcome.await)) }).into()
}

/// An alarm on its way: what an object's `alarm` resolves to.
pub(crate) fn alarmed(outcome: impl Future<Output = Result<(), TalkError>> + 'static) -> Promise {
    future_to_promise(async {
        outcome.await.map(|()| JsValue::UNDEFINED).map_err(|error| error.to_string().into())
    })
}

/// The object was asked what is another's to answer: a fault of ours.
pub(crate) fn stray<T>() -> Result<T, TalkError> {
    Err(TalkError("this object does not answer that".to_owned()))
}
