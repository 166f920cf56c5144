//! The driver: the SQLite of one Durable Object.

use std::cell::RefCell;

use js_sys::{Array, ArrayBuffer, JsString, Uint8Array};
use people_core::journal::sql::{Driver, Param, Row, Value};
use wasm_bindgen::{JsCast, JsValue};

use crate::runtime::Storage;

thread_local! {
    /// Statements as the runtime wants them, by where their text lies: they are few, and each is used over and over.
    static TEXTS: RefCell<Vec<(&'static str, JsString)>> = const { RefCell::new(Vec::new()) };
}

/// What the database would not do. Holds no bound value.
#[derive(Debug, thiserror::Error)]
#[error("the object's database: {0}")]
pub(crate) struct SqlError(&'static str);

impl SqlError {
    /// The book is in use further up the stack.
    pub(crate) fn busy() -> Self {
        Self("it is in use")
    }
}

/// The driver.
pub(crate) struct Sql(Storage);

impl Sql {
    pub(crate) fn new(storage: &Storage) -> Self {
        Self(storage.clone())
    }

    /// Runs `work` in a transaction that is rolled back where it says `false`.
    pub(crate) fn transaction(&self, work: impl FnMut() -> bool) -> Result<(), SqlError> {
        self.0.transaction(work).map_err(|_| SqlError("the transaction was rolled back"))
    }
}

impl Driver for Sql {
    type Error = SqlError;

    fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, SqlError> {
        let bound: Array = params.iter().copied().map(bound).collect();
        // What the runtime says could quote a value (a constraint names its columns only, but nobody promises that).
        let rows = self.0.query(&text(sql), &bound).map_err(|_| SqlError("a statement failed"))?;
        rows.iter().map(|row| row.unchecked_into::<Array>().iter().map(value).collect()).collect()
    }
}

fn text(sql: &'static str) -> JsString {
    TEXTS.with_borrow_mut(|texts| match texts.iter().find(|(known, _)| std::ptr::eq(*known, sql)) {
        Some((_, text)) => text.clone(),
        None => {
            let text = JsString::from(sql);
            texts.push((sql, text.clone()));
            text
        }
    })
}

fn bound(param: Param<'_>) -> JsValue {
    match param {
        Param::Null => JsValue::NULL,
        // Those of the journal fit into 53 bits.
        Param::Int(value) => JsValue::from_f64(value as f64),
        Param::Text(value) => JsValue::from_str(value),
        Param::Blob(value) => Uint8Array::from(value).into(),
    }
}

fn value(stored: JsValue) -> Result<Value, SqlError> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    if let Some(number) = stored.as_f64() {
        let whole = number.trunc() == number && number.abs() <= (1_i64 << 53) as f64;
        return if whole {
            Ok(Value::Int(number as i64))
        } else {
            Err(SqlError("a stored number is not an integer of the journal's"))
        };
    }
    if let Some(text) = stored.as_string() {
        return Ok(Value::Text(text));
    }
    match stored.dyn_ref::<ArrayBuffer>() {
        Some(bytes) => Ok(Value::Blob(Uint8Array::new(bytes).to_vec())),
        None => Err(SqlError("a stored value is of no kind of the journal's")),
    }
}
