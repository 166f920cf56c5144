//! Google Apps Provisioning v2.

use jiff::Timestamp;
use serde_json::json;

use crate::http::{Handled, Reply, Request};
use crate::world::World;

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Gapps;

pub(crate) fn op(_request: &Request) -> &'static str {
    "unknown"
}

pub(crate) fn handle(_world: &mut World, _request: &Request, _now: Timestamp) -> Handled {
    Handled::quietly(fault(501, Some("this pretended API is not built yet")))
}

/// An injected error as this API sends it.
pub(crate) fn fault(status: u16, message: Option<&str>) -> Reply {
    Reply::json(status, &json!({ "error": { "code": status, "message": message } }))
}
