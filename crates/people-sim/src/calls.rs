//! The ordered log of calls. One small record each, so that a hundred thousand of them stay cheap.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One request to a pretended API, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Counts from 1, in the order in which effects took place.
    pub n: u64,
    /// `token`, `cloudm`, `bamboohr`, `ccai`, `cloudidentity` or `gapps`.
    pub api: Cow<'static, str>,
    /// The operation, such as `users.create`; `unknown` where no route matched.
    pub op: Cow<'static, str>,
    /// The HTTP method as sent.
    pub method: Box<str>,
    /// The path as sent, percent-encoded, without the query.
    pub path: Box<str>,
    /// The HTTP status, or 0 where the connection died without an answer.
    pub status: u16,
    /// Whether the call changed something.
    pub effect: bool,
    /// The virtual time.
    pub at: Timestamp,
}
