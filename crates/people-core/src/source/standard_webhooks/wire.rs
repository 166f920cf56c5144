//! What a standard sender sends: JSON, often in the envelope `{"type", "timestamp", "data"}`.

use crate::json::Item;

/// The canonical event inside an envelope, if it is one: an object `data` with a `worker`, and no `worker` beside it. What `data` does
/// not say itself, its type and moment, the envelope says.
pub(super) fn inner(outer: Item<'_>) -> Option<Item<'_>> {
    let data = outer.get("data").filter(|data| data.get("worker").is_some())?;
    if outer.get("worker").is_some() { None } else { Some(data) }
}
