//! The driver: the SQLite of one Durable Object.

use people_core::journal::sql::{Driver, Param, Row, Value};
use worker::wasm_bindgen::closure::ScopedClosure;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, State};

#[wasm_bindgen]
extern "C" {
    /// The storage of an object, for the one method that the `worker` crate does not have.
    type Storage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        work: &ScopedClosure<'_, dyn FnMut() -> Result<(), JsValue>>,
    ) -> Result<JsValue, JsValue>;
}

/// What the database would not do. The text is the runtime's about the statement; it holds no bound value.
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
pub(crate) struct Sql {
    sql: SqlStorage,
    storage: Storage,
}

impl Sql {
    pub(crate) fn new(state: &State) -> Self {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        Self { sql: storage.sql(), storage: raw.clone().unchecked_into() }
    }

    /// A second handle of the same database.
    pub(crate) fn again(&self) -> Self {
        let raw: &JsValue = self.storage.as_ref();
        Self { sql: self.sql.clone(), storage: raw.clone().unchecked_into() }
    }

    /// Runs `work` in a transaction that is rolled back where it says `false`.
    pub(crate) fn transaction(&self, mut work: impl FnMut() -> bool) -> Result<(), SqlError> {
        let mut closure = || if work() { Ok(()) } else { Err(JsValue::UNDEFINED) };
        let closure = ScopedClosure::borrow_mut_assert_unwind_safe(&mut closure);
        self.storage
            .transaction_sync(&closure)
            .map(drop)
            .map_err(|_| SqlError("the transaction was rolled back"))
    }
}

impl Driver for Sql {
    type Error = SqlError;

    fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, SqlError> {
        let params: Vec<SqlStorageValue> = params.iter().copied().map(bound).collect();
        // What the runtime says could quote a value (a constraint names its columns only, but nobody promises that).
        let cursor = self.sql.exec(sql, params).map_err(|_| SqlError("a statement failed"))?;
        cursor
            .raw()
            .map(|row| row.map_err(|_| SqlError("a row could not be read"))?.into_iter().map(value).collect())
            .collect()
    }
}

fn bound(param: Param<'_>) -> SqlStorageValue {
    match param {
        Param::Null => SqlStorageValue::Null,
        // 2^53 itself stands for "no limit": exact, though not what JavaScript calls safe.
        Param::Int(value) if value.unsigned_abs() == 1 << 53 => SqlStorageValue::Float(value as f64),
        Param::Int(value) => SqlStorageValue::Integer(value),
        Param::Text(value) => SqlStorageValue::String(value.to_owned()),
        Param::Blob(value) => SqlStorageValue::Blob(value.to_vec()),
    }
}

fn value(stored: SqlStorageValue) -> Result<Value, SqlError> {
    Ok(match stored {
        SqlStorageValue::Null => Value::Null,
        SqlStorageValue::Boolean(value) => Value::Int(i64::from(value)),
        SqlStorageValue::Integer(value) => Value::Int(value),
        SqlStorageValue::String(value) => Value::Text(value),
        SqlStorageValue::Blob(value) => Value::Blob(value),
        SqlStorageValue::Float(_) => return Err(SqlError("a stored number is not an integer")),
    })
}
