//! Our own faults: the sender is told to try again, and only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use people::host::{Clock, Native};
use people::load;
use people_auth::Rs256;
use people_core::bridge::Bridge;
use people_core::journal::memory::Memory;
use people_core::journal::{
    Accepted, Appended, Breaker, EventRow, Filter, Journal, Mark, Permit, Sorted, Stats, Status,
};
use people_core::source::Delivery;
use people_core::wire::{Account, Wires};
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Email, Entry, PersonKey};
use serde_json::json;

use super::{hire, webhook_headers};
use crate::world::{HR_SECRET, World};

/// A journal that can be broken.
#[derive(Default)]
pub(super) struct Breakable {
    inner: Memory,
    broken: Arc<AtomicBool>,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
pub(super) struct Full;

impl Breakable {
    fn whole(&self) -> Result<&Memory, Full> {
        if self.broken.load(Ordering::Relaxed) { Err(Full) } else { Ok(&self.inner) }
    }
}

/// What the memory cannot fail at.
fn sure<T>(result: Result<T, std::convert::Infallible>) -> Result<T, Full> {
    result.map_err(|never| match never {})
}

impl Journal for Breakable {
    type Error = Full;

    async fn accept(
        &self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Result<Accepted, Full> {
        sure(self.whole()?.accept(delivery, key, dedupe_for).await)
    }
    async fn backlog(&self, limit: usize) -> Result<Vec<Delivery>, Full> {
        sure(self.whole()?.backlog(limit).await)
    }
    async fn sort(&self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Result<(), Full> {
        sure(self.whole()?.sort(delivery, parts, now).await)
    }
    async fn replay(&self, delivery: &DeliveryId) -> Result<bool, Full> {
        sure(self.whole()?.replay(delivery).await)
    }
    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Full> {
        sure(self.whole()?.read(person).await)
    }
    async fn append(
        &self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Result<Appended, Full> {
        sure(self.whole()?.append(person, at, entries, mark).await)
    }
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PersonKey>, Full> {
        sure(self.whole()?.due(now, limit).await)
    }
    async fn next_due(&self) -> Result<Option<Timestamp>, Full> {
        sure(self.whole()?.next_due().await)
    }
    async fn find(&self, tag_or_event: &str) -> Result<Option<PersonKey>, Full> {
        sure(self.whole()?.find(tag_or_event).await)
    }
    async fn claim(
        &self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Result<PersonKey, Full> {
        sure(self.whole()?.claim(address, person, force, now).await)
    }
    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Full> {
        sure(self.whole()?.account(person).await)
    }
    async fn permit(&self, person: &PersonKey, now: Timestamp, breaker: &Breaker) -> Result<Permit, Full> {
        sure(self.whole()?.permit(person, now, breaker).await)
    }
    async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, Full> {
        sure(self.whole()?.events(filter).await)
    }
    async fn stats(&self) -> Result<Stats, Full> {
        sure(self.whole()?.stats().await)
    }
    async fn recover(&self, now: Timestamp) -> Result<(), Full> {
        sure(self.whole()?.recover(now).await)
    }
    async fn prune(&self, before: Timestamp) -> Result<(), Full> {
        sure(self.whole()?.prune(before).await)
    }
}

pub(super) type Broken = Bridge<Native, Breakable, Rs256>;

/// A bridge with the configuration of the world over a journal that can be broken, whose requests may take so long.
pub(super) fn breakable(world: &World, patience: Duration) -> (Broken, Arc<AtomicBool>) {
    let config = load::config(&world.folder.path().join("people.toml")).expect("the configuration works");
    let credentials = load::credentials(&config, world.folder.path()).expect("credentials");
    let signer = load::signer(&credentials).expect("a signer");
    let clock: Clock = world.clock.clone();
    let host = Native::new(clock, patience, 10_000).expect("a host");
    let journal = Breakable::default();
    let broken = journal.broken.clone();
    let secrets = load::secrets(world.folder.path());
    let wires = Wires::new(&config, &secrets, &Account::new(credentials, signer)).expect("the ways");
    (Bridge::new(config, &secrets, host, journal, wires).expect("a bridge"), broken)
}

pub(super) async fn ask(
    bridge: &Broken,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Bytes> {
    let mut request =
        Request::builder().method(method).uri(path).header("authorization", "Bearer admin-token");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    bridge.serve(request.body(Bytes::copy_from_slice(body.as_bytes())).expect("a request")).await.response
}

#[tokio::test]
async fn scenario_08_our_own_outage_is_503_and_never_4xx() {
    let world = World::new().await;
    let (bridge, broken) = breakable(&world, Duration::from_secs(5));
    let body = hire("7", "2026-03-01").to_string();
    let headers = webhook_headers("msg_1", world.clock.now().as_second(), &[HR_SECRET], &body);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));

    broken.store(true, Ordering::Relaxed);
    let answer = ask(&bridge, "POST", "/hooks/hr", &headers, &body).await;
    assert_eq!(answer.status(), 503);
    let wait: u32 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=300).contains(&wait));
    assert!(!String::from_utf8_lossy(answer.body()).contains("Silva"));
    for (method, path) in [
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/"),
        ("GET", "/api/events"),
        ("GET", "/api/held"),
        ("POST", "/api/held/p_1/approve"),
    ] {
        assert_eq!(ask(&bridge, method, path, &[], "").await.status(), 503, "{path}");
    }
    assert_eq!(ask(&bridge, "GET", "/livez", &[], "").await.status(), 200, "it lives, and can do nothing");
    assert_eq!(
        ask(&bridge, "POST", "/hooks/hr", &[], &body).await.status(),
        401,
        "what is not proven stays refused"
    );

    // The retry is no duplicate: nothing was kept of what was not acknowledged.
    broken.store(false, Ordering::Relaxed);
    let answer = ask(&bridge, "POST", "/hooks/hr", &headers, &body).await;
    assert_eq!(answer.status(), 200);
    assert!(String::from_utf8_lossy(answer.body()).contains("accepted"));
    let metrics = ask(&bridge, "GET", "/metrics", &[], "").await;
    assert!(String::from_utf8_lossy(metrics.body()).contains("people_unavailable_total{source=\"hr\"} 1"));
}

#[tokio::test]
async fn scenario_08_a_delivery_that_nobody_can_use_is_acknowledged_and_kept() {
    let world = World::new().await;
    for (n, (body, rule)) in [
        ("this is not JSON".to_owned(), "body: "),
        (json!({"type": "leave", "worker": {"id": "7"}}).to_string(), "effectiveDate: "),
        (
            json!({"type": "hire", "effectiveDate": "01.03.2026", "worker": {"id": "7"}}).to_string(),
            "effectiveDate: ",
        ),
        (
            json!({"type": "hire", "effectiveDate": "2026-03-01", "worker": {"givenName": "Ana"}})
                .to_string(),
            "worker.id: ",
        ),
        (json!({"effectiveDate": "2026-03-01", "worker": {"id": "7"}}).to_string(), "type: "),
        (json!({"type": "change", "worker": {"id": "7", "title": ["Clerk"]}}).to_string(), "worker.title: "),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = world.hr(&format!("msg_{n}"), &body).await;
        assert_eq!(reply.status, 200, "else the sender gives the hook up: {body}");
        world.quiet().await;
        let (status, note) = world.outcome(&reply).await;
        assert_eq!(status, Status::Dead, "{body}");
        assert!(note.starts_with(rule), "{note}");
    }
    assert_eq!(world.metric("people_events{status=\"dead\"}").await, 6);
    assert_eq!(world.ops(), [""; 0]);
}
