//! What the program asks of the runtime; `js/host.js` answers.

use js_sys::{Array, Date, JsString, Promise, Uint8Array};
use people_model::time::Timestamp;
use wasm_bindgen::closure::ScopedClosure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::task::awaited;

#[wasm_bindgen]
extern "C" {
    /// Variables, secrets and the namespaces of objects.
    #[derive(Clone, PartialEq)]
    pub type Env;

    /// The storage of one object.
    #[derive(Clone)]
    pub type Storage;

    /// Runs `work` in a transaction, which is rolled back where it fails.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        work: &ScopedClosure<'_, dyn FnMut() -> Result<(), JsValue>>,
    ) -> Result<JsValue, JsValue>;

    /// Forgets everything.
    #[cfg(feature = "trial")]
    #[wasm_bindgen(method, js_name = deleteAll)]
    fn delete_all(this: &Storage) -> Promise;
}

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    fn variable(env: &Env, name: &str) -> Option<String>;
    #[wasm_bindgen(catch)]
    fn ask(env: &Env, binding: &str, name: &str, question: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn hand(env: &Env, name: &str, label: &str, body: Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn answer(status: u16, headers: &str, body: Uint8Array) -> Result<JsValue, JsValue>;
    fn send(
        method: &str,
        url: &str,
        headers: &str,
        body: Option<Uint8Array>,
        patience: f64,
        limit: f64,
    ) -> Promise;
    #[wasm_bindgen(catch)]
    fn query(storage: &Storage, sql: &JsString, params: &Array) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch)]
    fn kept(storage: &Storage, key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(catch)]
    fn keep(storage: &Storage, key: &str, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(catch)]
    fn wake(storage: &Storage, millis: f64) -> Result<(), JsValue>;
    fn complain(text: &str);
}

/// The runtime did not do it. Its own words are not kept: they could quote what was sent or stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the runtime refused it")]
pub(crate) struct Denied;

impl From<JsValue> for Denied {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// The time. It stands still while nothing is waited for, as everywhere at the edge.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(Date::now() as i64).unwrap_or(Timestamp::MAX)
}

/// A line in the log, which holds ids and tags only.
pub(crate) fn log(text: &str) {
    complain(text);
}

impl Env {
    /// A variable or a secret.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        variable(self, name)
    }

    /// Asks the object `name` of the namespace `binding`; its answer.
    pub(crate) async fn ask(&self, binding: &str, name: &str, question: &str) -> Result<String, Denied> {
        awaited(&ask(self, binding, name, question)?).await?.as_string().ok_or(Denied)
    }

    /// Gives the intake `name` a delivery; its answer.
    pub(crate) async fn hand(&self, name: &str, label: &str, body: &[u8]) -> Result<JsValue, Denied> {
        Ok(awaited(&hand(self, name, label, Uint8Array::from(body))?).await?)
    }
}

/// What came back: its headers as lines.
pub(crate) struct Carried {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

fn string(array: &Array, index: u32) -> Option<String> {
    array.get(index).as_string()
}

fn bytes(array: &Array, index: u32) -> Option<Vec<u8>> {
    Some(array.get(index).dyn_ref::<Uint8Array>()?.to_vec())
}

/// An answer of ours.
pub(crate) fn response(status: u16, headers: &str, body: &[u8]) -> Result<JsValue, JsValue> {
    answer(status, headers, Uint8Array::from(body))
}

/// What became of a request of ours.
pub(crate) enum Sent {
    /// It is none, and did not leave.
    Invalid,
    /// Time was up.
    Late,
    /// The connection broke before all of the answer was there.
    Broken,
    /// The answer, with at most one byte more than was asked for.
    Answer(Carried),
}

/// A request of ours, with a body where there is one. `patience` in milliseconds.
pub(crate) async fn exchange(
    (method, url): (&str, &str),
    headers: &str,
    body: &[u8],
    patience: f64,
    limit: usize,
) -> Sent {
    let body = (!body.is_empty()).then(|| Uint8Array::from(body));
    let sent = awaited(&send(method, url, headers, body, patience, limit as f64)).await;
    let Ok(sent) = sent else { return Sent::Broken };
    if sent.is_undefined() {
        return Sent::Invalid;
    }
    let Some(parts) = sent.dyn_ref::<Array>() else { return Sent::Late };
    let status = parts.get(0).as_f64().map(|status| status as u16);
    match (status, string(parts, 1), bytes(parts, 2)) {
        (Some(status), Some(headers), Some(body)) => Sent::Answer(Carried { status, headers, body }),
        _ => Sent::Broken,
    }
}

impl Storage {
    /// Runs a statement; its rows.
    pub(crate) fn query(&self, sql: &JsString, params: &Array) -> Result<Array, Denied> {
        Ok(query(self, sql, params)?)
    }

    /// Runs `work` in a transaction that is rolled back where it says `false`.
    pub(crate) fn transaction(&self, mut work: impl FnMut() -> bool) -> Result<(), Denied> {
        let mut closure = || if work() { Ok(()) } else { Err(JsValue::UNDEFINED) };
        let closure = ScopedClosure::borrow_mut_assert_unwind_safe(&mut closure);
        Ok(self.transaction_sync(&closure).map(drop)?)
    }

    /// What was last kept under this name.
    pub(crate) fn kept(&self, key: &str) -> Result<Option<String>, Denied> {
        Ok(kept(self, key)?)
    }

    /// Keeps a text beside the database, with the writes of the same turn or not at all.
    pub(crate) fn keep(&self, key: &str, text: &str) -> Result<(), Denied> {
        Ok(keep(self, key, text)?)
    }

    /// Sets the object's alarm, in place of the one that may be set. It becomes durable with the writes of the same turn.
    pub(crate) fn wake_in(&self, millis: i64) -> Result<(), Denied> {
        Ok(wake(self, millis as f64)?)
    }

    /// Sets it to a moment; one in the past is now.
    pub(crate) fn wake_at(&self, at: Timestamp) -> Result<(), Denied> {
        let millis = now().duration_until(at).as_millis().max(0);
        self.wake_in(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// Forgets everything.
    #[cfg(feature = "trial")]
    pub(crate) async fn forget(&self) -> Result<(), Denied> {
        Ok(awaited(&self.delete_all()).await.map(drop)?)
    }
}
