//! Injected faults: which request they meet, how often, and what happens to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::Request;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The request is answered with a status and has no effect.
    #[default]
    Status,
    /// The request takes effect at once and is answered `delay_ms` later.
    Delay,
    /// The connection dies before any effect.
    Drop,
    /// The request takes effect and the connection dies without a byte of answer.
    LostAnswer,
    /// The access token of the request expires at once; at the token endpoint, the token handed out is dead on arrival.
    ExpireToken,
}

/// The body of a [`FaultKind::Status`] answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultBody {
    /// The API's own form of an error.
    #[default]
    Envelope,
    /// An HTML page as App Engine's front end sends it; the status is then not rewritten.
    Html,
    /// Plain text.
    Text,
    /// Nothing.
    Empty,
}

/// The value of a `Retry-After` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RetryAfter {
    /// Seconds.
    Seconds(u64),
    /// Anything else, sent as it is: an HTTP date, or nonsense.
    Text(String),
}

/// One fault. With neither `count` nor `rate` it meets every matching request until it is removed. The first fault that meets a
/// request decides what happens to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// A part of the request's path, as sent or percent-decoded; empty for every path.
    pub path: String,
    /// Only this HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// The status of [`FaultKind::Status`], 200 to 599; 503 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Sends `Retry-After`, and the status as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// How long the answer, or the end of the connection, is held back. Real time; any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The body of the answer.
    pub body: FaultBody,
    /// Sends CloudM's status as it is, without the framework's rewriting.
    pub raw: bool,
    /// The `reason` (CloudM) or `error` (token endpoint) of the answer, instead of the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message of the answer, instead of the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many requests it meets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The share of matching requests it meets, 0 to 1, by a generator that the seed determines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

impl Fault {
    /// A fault of this kind on every path that contains `path`.
    pub fn on(path: impl Into<String>, kind: FaultKind) -> Self {
        Self { path: path.into(), kind, ..Self::default() }
    }

    /// A status on every path that contains `path`.
    pub fn status(path: impl Into<String>, status: u16) -> Self {
        Self { status: Some(status), ..Self::on(path, FaultKind::Status) }
    }

    /// The same, for the next `count` requests.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0))
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("`status` must lie between 200 and 599");
        }
        if self.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return Err("`rate` must lie between 0 and 1");
        }
        Ok(())
    }

    fn matches(&self, request: &Request) -> bool {
        let method =
            self.method.as_deref().is_none_or(|method| request.method.as_str().eq_ignore_ascii_case(method));
        method
            && (request.path.contains(&self.path)
                || percent_encoding::percent_decode_str(&request.path)
                    .decode_utf8()
                    .is_ok_and(|path| path.contains(&self.path)))
    }
}

/// A fault in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedFault {
    /// Its number, for its removal.
    pub id: u64,
    /// How many matching requests it has seen.
    pub seen: u64,
    /// How many it has met.
    pub met: u64,
    /// The fault.
    pub fault: Fault,
}

#[derive(Default)]
pub(crate) struct Faults {
    seed: u64,
    added: u64,
    list: Vec<ListedFault>,
}

impl Faults {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(crate) fn add(&mut self, fault: Fault) -> Result<u64, &'static str> {
        fault.check()?;
        self.added += 1;
        self.list.push(ListedFault { id: self.added, seen: 0, met: 0, fault });
        Ok(self.added)
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|listed| listed.id != id);
        self.list.len() < before
    }

    pub(crate) fn list(&self) -> &[ListedFault] {
        &self.list
    }

    /// The fault that this request meets.
    pub(crate) fn meet(&mut self, request: &Request) -> Option<Fault> {
        for listed in &mut self.list {
            let spent = listed.fault.count.is_some_and(|count| listed.met >= count);
            if spent || !listed.fault.matches(request) {
                continue;
            }
            listed.seen += 1;
            if listed.fault.rate.is_none_or(|rate| share(self.seed, listed.id, listed.seen) < rate) {
                listed.met += 1;
                return Some(listed.fault.clone());
            }
        }
        None
    }
}

/// A number in `0..1` that only its arguments determine (the finalizer of SplitMix64).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn share(seed: u64, fault: u64, n: u64) -> f64 {
    let mut z = seed ^ fault.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_repeats_with_the_seed() {
        let hits = |seed| (1..=10_000).filter(|n| share(seed, 1, *n) < 0.2).collect::<Vec<u64>>();
        assert_eq!(hits(7), hits(7));
        assert_ne!(hits(7), hits(8));
        assert!((1_800..2_200).contains(&hits(7).len()));
    }

    #[test]
    fn the_control_form_reads_and_refuses() {
        let fault: Fault =
            serde_json::from_str(r#"{"path":"/x","kind":"lost-answer","retry_after":7,"count":2}"#).unwrap();
        assert_eq!((fault.kind, fault.retry_after), (FaultKind::LostAnswer, Some(RetryAfter::Seconds(7))));
        assert!(serde_json::from_str::<Fault>(r#"{"path":"/x","kind":"status","stats":503}"#).is_err());
        assert!(Faults::default().add(Fault { rate: Some(1.5), ..Fault::default() }).is_err());
        assert!(Faults::default().add(Fault::status("", 99)).is_err());
    }
}
