//! What a generic sender sends: JSON without an envelope.

use crate::json::Item;

/// Nothing is wrapped.
pub(super) fn inner(_: Item<'_>) -> Option<Item<'_>> {
    None
}
