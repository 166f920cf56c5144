//! What a generic sender sends: JSON.

use serde_json::Value;

use crate::source::{Dead, canonical};

/// Reads the body.
pub(super) fn read(body: &[u8]) -> Result<Value, Dead> {
    canonical::parse(body)
}
