//! Cloud Identity's user invitations.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::{Handled, Reply, Request};
use crate::world::World;

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Invitations;

impl Invitations {
    /// What the state shows of it.
    pub(crate) fn all(&self) -> Vec<Value> {
        Vec::new()
    }
}

pub(crate) fn op(_request: &Request) -> &'static str {
    "unknown"
}

pub(crate) fn handle(_world: &mut World, _request: &Request, _now: Timestamp) -> Handled {
    Handled::quietly(fault(501, None, Some("this pretended API is not built yet")))
}

/// An injected error as this API sends it.
pub(crate) fn fault(status: u16, _reason: Option<&str>, message: Option<&str>) -> Reply {
    Reply::json(status, &json!({ "error": { "code": status, "message": message } }))
}
