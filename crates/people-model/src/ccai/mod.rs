//! Resources of CCAI Platform's bulk user management. Its JSON is loose: numbers come as numbers or as text, and keys may be added at any
//! time, so unknown ones are carried through.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

mod batch;
mod error;
mod job;
mod row;

pub use batch::{BatchId, Bulk, RowFault, RowResult};
pub use error::{ErrorType, RowError};
pub use job::{Job, JobId, JobStatus, Requested};
pub use row::Row;

/// What lies between the configured origin and the operations.
pub const BASE_PATH: &str = "/apps/api/v1";

/// Requests a second that a customer's clients may make together ("Apps API").
pub const RATE: u32 = 10;

/// A whole number, as a number or as text.
fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number where there is one; anything else is none.
fn maybe_int<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(int(&Value::deserialize(input)?))
}

/// A text where there is one; anything else is none.
fn maybe_text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}
