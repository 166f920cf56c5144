//! What a standard sender sends: JSON, often in the envelope `{"type", "timestamp", "data"}`.

use serde_json::Value;

use crate::source::{Dead, canonical};

/// Reads the body.
pub(super) fn read(body: &[u8]) -> Result<Value, Dead> {
    canonical::parse(body)
}

/// The canonical event inside an envelope, if it is one: an object `data` with a `worker`, and no `worker` beside it. What `data` does
/// not say itself, its type and moment, the envelope says.
pub(super) fn unwrap(document: &Value) -> Option<Value> {
    let outer = document.as_object().filter(|outer| !outer.contains_key("worker"))?;
    let mut event = outer.get("data")?.as_object().filter(|data| data.contains_key("worker"))?.clone();
    for (own, theirs) in [("type", "type"), ("occurredAt", "timestamp")] {
        if let (false, Some(value)) = (event.contains_key(own), outer.get(theirs)) {
            event.insert(own.to_owned(), value.clone());
        }
    }
    Some(Value::Object(event))
}
