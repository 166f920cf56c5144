//! What the objects say to one another: one question per call, as JSON, over calls to stubs; a delivery to an intake as bytes with a label.
//! An object answers no request, so none of this can be reached from outside.

use bytes::Bytes;
use people_core::journal::{Accepted, Breaker, Filter, Mark, Sorted};
use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, EventId, EventKind, PersonKey, SourceName, Trust};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::runtime::{Denied, Env};
use crate::task;

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

/// A delivery, as it goes from one object to another, without its body.
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

/// What an intake has to know of a delivery beside its body. A sender waits meanwhile, so it is no JSON but lines, as few as there can be.
pub(crate) struct Label {
    pub(crate) parcel: Parcel,
    pub(crate) key: DeliveryId,
    pub(crate) dedupe_for: SignedDuration,
}

impl Label {
    /// As lines. No part can hold a line break: ids are letters and digits, and a header's value has none.
    fn lines(delivery: &Delivery, key: &DeliveryId, dedupe_for: SignedDuration) -> String {
        let trust = if delivery.trust == Trust::Proven { "proven" } else { "low" };
        let stamped = delivery.stamped.map_or_else(String::new, |at| at.as_millisecond().to_string());
        let millis = i64::try_from(dedupe_for.as_millis()).unwrap_or(i64::MAX);
        let (id, source) = (delivery.id.as_str(), delivery.source.as_str());
        let received = delivery.received.as_millisecond();
        let media_type =
            delivery.content_type.as_deref().map_or_else(String::new, |text| format!("\n{text}"));
        format!(
            "{id}\n{source}\n{received}\n{trust}\n{stamped}\n{key}\n{millis}{media_type}",
            key = key.as_str()
        )
    }

    /// The other direction. `None`: another version of this program wrote it.
    pub(crate) fn parse(lines: &str) -> Option<Self> {
        let mut lines = lines.split('\n');
        let moment = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
        let id = DeliveryId::parse(lines.next()?).ok()?;
        let source = SourceName::parse(lines.next()?).ok()?;
        let received = moment(lines.next()?)?;
        let trust = match lines.next()? {
            "proven" => Trust::Proven,
            "low" => Trust::Low,
            _ => return None,
        };
        let stamped = match lines.next()? {
            "" => None,
            text => Some(moment(text)?),
        };
        let key = DeliveryId::parse(lines.next()?).ok()?;
        let dedupe_for = SignedDuration::from_millis(lines.next()?.parse().ok()?);
        let content_type = lines.next().map(str::to_owned);
        let parcel = Parcel { id, source, received, trust, stamped, content_type };
        Some(Self { parcel, key, dedupe_for })
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
fn shard(key: &DeliveryId) -> u32 {
    let digits = key.as_str().trim_start_matches("d_").get(..6).unwrap_or_default();
    u32::from_str_radix(digits, 16).unwrap_or(0) % SHARDS
}

/// Asks an object.
pub(crate) async fn ask<T: DeserializeOwned>(
    env: &Env,
    tenant: &str,
    object: Object<'_>,
    ask: &Ask,
) -> Result<T, TalkError> {
    let (binding, name) = object.address(tenant);
    let answer = env.ask(binding, &name, &serde_json::to_string(ask)?).await?;
    match answer.strip_prefix(SAID) {
        Some(json) => Ok(people_model::read_json(json.as_bytes())?),
        None => Err(TalkError(answer)),
    }
}

/// Gives a delivery to the intake of its key.
pub(crate) async fn hand(
    env: &Env,
    tenant: &str,
    delivery: &Delivery,
    key: &DeliveryId,
    dedupe_for: SignedDuration,
) -> Result<Accepted, TalkError> {
    let (_, name) = Object::Intake(shard(key)).address(tenant);
    let label = Label::lines(delivery, key, dedupe_for);
    let answer = env.hand(&name, &label, &delivery.body).await?;
    match answer.as_bool() {
        Some(true) => Ok(Accepted::New),
        Some(false) => Ok(Accepted::Duplicate),
        None => Err(TalkError(answer.as_string().unwrap_or_default())),
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

/// An answer to [`hand`].
pub(crate) fn taken(outcome: Result<Accepted, TalkError>) -> JsValue {
    outcome.map_or_else(|error| error.to_string().into(), |accepted| (accepted == Accepted::New).into())
}

/// An answer on its way: what an object's `ask` comes to.
pub(crate) fn answering<F>(question: &str, answer: impl FnOnce(Ask) -> F) -> JsValue
where
    F: Future<Output = Result<String, TalkError>> + 'static,
{
    match people_model::read_json(question.as_bytes()) {
        Ok(ask) => {
            let outcome = answer(ask);
            task::begin(async { Ok(outcome.await.unwrap_or_else(|error| error.to_string()).into()) })
        }
        Err(error) => TalkError::from(error).to_string().into(),
    }
}

/// An alarm on its way: what an object's `alarm` comes to.
pub(crate) fn alarmed(outcome: impl Future<Output = Result<(), TalkError>> + 'static) -> JsValue {
    task::begin(async {
        outcome.await.map(|()| JsValue::UNDEFINED).map_err(|error| error.to_string().into())
    })
}

/// The object was asked what is another's to answer: a fault of ours.
pub(crate) fn stray<T>() -> Result<T, TalkError> {
    Err(TalkError("this object does not answer that".to_owned()))
}

/// There is no bridge to do it; the admin is told why at `/`.
pub(crate) fn misconfigured() -> TalkError {
    TalkError("the configuration is wrong".to_owned())
}
