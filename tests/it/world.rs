//! A small world for a test: pretend clouds, a real server with a real journal, and senders that sign as the vendors do. Time is virtual and
//! shared; requests are real HTTP on loopback.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use people::host::Clock;
use people::load::{self, NativeBridge};
use people::server::Server;
use people_core::bridge::{Decided, Decision};
use people_core::host::Host;
use people_core::journal::{EventRow, Filter, Journal, Status};
use people_model::PersonKey;
use people_model::time::Timestamp;
use people_sim::{CallRecord, Sim, SimOptions};
use serde_json::Value;
use sha2::Sha256;

/// When every world begins, unless it is told otherwise.
pub(crate) const START: &str = "2026-03-02T09:00:00Z";

/// The configuration of most tests: one source of each kind. `{cloudm}` and `{bamboohr}` are filled in.
pub(crate) const CONFIG: &str = r#"
[cloudm]
domain = "example.com"
base_url = "{cloudm}"
[google]
credentials = "key.json"
[journal]
url = "sqlite:people.sqlite"
[server]
listen = "127.0.0.1:0"
admin_token = { file = "admin" }
rate = 10000
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
timezone = "Europe/Berlin"
[[source]]
name = "plain"
kind = "generic"
secrets = [{ file = "plain" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
[[source]]
name = "bamboohr"
kind = "bamboohr"
secrets = [{ file = "bamboohr" }]
[source.api]
base_url = "{bamboohr}"
key = { file = "bamboohr-api" }
[policy.retry]
base = "20ms"
settle = "50ms"
cap = "200ms"
"#;

/// The shared secrets, by source.
pub(crate) const HR_SECRET: &[u8] = b"a-secret-of-thirty-two-bytes-....";
pub(crate) const PLAIN_SECRET: &[u8] = b"plain-secret";
pub(crate) const BAMBOO_SECRET: &[u8] = b"bamboo-secret";

/// A private key made once a process: making one is slow.
pub(crate) fn key_pem() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| people_sim::generate_key_pem().expect("a key can be made")).clone()
}

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) bridge: Arc<NativeBridge>,
    pub(crate) clock: Clock,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: tempfile::TempDir,
    server: Option<Server>,
}

/// What became of a delivery over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    /// The delivery's id. Panics where it was not accepted.
    pub(crate) fn id(&self) -> &str {
        self.body["accepted"].as_str().unwrap_or_else(|| panic!("not accepted: {self:?}"))
    }
}

impl World {
    /// A world with the usual configuration.
    pub(crate) async fn new() -> Self {
        Self::with(CONFIG, SimOptions::default()).await
    }

    /// A world with the usual configuration and more policy (TOML lines of `[policy]`).
    pub(crate) async fn with_policy(policy: &str) -> Self {
        Self::with(
            &format!("{CONFIG}\n[policy]\n{policy}").replace(
                "[policy.retry]\nbase = \"20ms\"\nsettle = \"50ms\"\ncap = \"200ms\"\n\n[policy]\n",
                "[policy]\nretry = { base = \"20ms\", settle = \"50ms\", cap = \"200ms\" }\n",
            ),
            SimOptions::default(),
        )
        .await
    }

    pub(crate) async fn with(config: &str, options: SimOptions) -> Self {
        let start: Timestamp = START.parse().expect("a moment");
        let options = SimOptions { now: options.now.or(Some(start)), key_pem: Some(key_pem()), ..options };
        let start = options.now.expect("set above");
        let sim = Sim::start(options).await.expect("the pretend clouds start");
        let folder = tempfile::tempdir().expect("a folder");
        let urls = sim.urls();
        let config = config.replace("{cloudm}", &urls.cloudm).replace("{bamboohr}", &urls.bamboohr);
        let config = config.replace("{ccai}", &urls.ccai);
        let config = config.replace("{cloudidentity}", &urls.cloudidentity).replace("{gapps}", &urls.gapps);
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).expect("a file");
        write("people.toml", config.as_bytes());
        write("key.json", sim.key_json().as_bytes());
        write("hr", format!("whsec_{}", STANDARD.encode(HR_SECRET)).as_bytes());
        write("plain", PLAIN_SECRET);
        write("bamboohr", BAMBOO_SECRET);
        write("ccai", SimOptions::default().ccai.token.as_bytes());
        write("gapps", SimOptions::default().gapps_password.as_bytes());
        write("bamboohr-api", SimOptions::default().bamboohr_key.as_bytes());
        write("admin", b"admin-token");
        let clock = Clock::default();
        clock.set(start);
        let bridge = Arc::new(
            load::bridge(&folder.path().join("people.toml"), clock.clone()).expect("the configuration works"),
        );
        let server = Server::start(bridge.clone(), "127.0.0.1:0").await.expect("a port");
        Self { sim, bridge, clock, client: reqwest::Client::new(), folder, server: Some(server) }
    }

    /// Where the server listens.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.as_ref().expect("it runs").addr())
    }

    /// Stops the server and starts it again on the same files, as after a crash: nothing in memory survives.
    pub(crate) async fn restart(&mut self) {
        drop(self.server.take());
        let path = self.folder.path().join("people.toml");
        self.bridge = Arc::new(load::bridge(&path, self.clock.clone()).expect("the configuration works"));
        self.server = Some(Server::start(self.bridge.clone(), "127.0.0.1:0").await.expect("a port"));
    }

    /// Moves the time of the bridge and of the clouds.
    pub(crate) fn set_now(&self, to: &str) {
        let to: Timestamp = to.parse().expect("a moment");
        // The clouds first: whoever is due is driven as soon as our own clock says so.
        self.sim.set_now(to);
        self.clock.set(to);
    }

    /// Sends bytes with headers, unsigned by us.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let mut request = self.client.post(self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body = serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null);
        Reply { status, body }
    }

    /// Sends a delivery to `hr`, signed as Standard Webhooks.
    pub(crate) async fn hr(&self, id: &str, body: &str) -> Reply {
        let stamp = self.clock.now().as_second().to_string();
        let mac = hmac256(HR_SECRET, &[id.as_bytes(), b".", stamp.as_bytes(), b".", body.as_bytes()]);
        let signature = format!("v1,{}", STANDARD.encode(mac));
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", stamp.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        self.post("/hooks/hr", &headers, body.to_owned()).await
    }

    /// Sends a canonical event to `hr` under an id of its own, and expects it to be accepted.
    pub(crate) async fn event(&self, body: Value) -> Reply {
        let body = body.to_string();
        let id = format!("msg_{}", hex::encode(&hmac256(b"id", &[body.as_bytes()])[..8]));
        let reply = self.hr(&id, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply
    }

    /// Sends a delivery to `plain` (generic), signed over the body.
    pub(crate) async fn plain(&self, body: &str) -> Reply {
        let signature = hex::encode(hmac256(PLAIN_SECRET, &[body.as_bytes()]));
        self.post("/hooks/plain", &[("x-signature", &signature)], body.to_owned()).await
    }

    /// Sends a delivery to `source` (BambooHR), signed body first, then the stamp.
    pub(crate) async fn bamboo(&self, source: &str, body: &str) -> Reply {
        let stamp = self.clock.now().as_second().to_string();
        let signature = hex::encode(hmac256(BAMBOO_SECRET, &[body.as_bytes(), stamp.as_bytes()]));
        let headers =
            [("x-bamboohr-timestamp", stamp.as_str()), ("x-bamboohr-signature", signature.as_str())];
        self.post(&format!("/hooks/{source}"), &headers, body.to_owned()).await
    }

    /// Makes the server look for work now; by itself it looks once a second.
    pub(crate) fn nudge(&self) {
        if let Some(server) = &self.server {
            server.nudge();
        }
    }

    /// Waits until nothing is left to do at the present time. Panics after a generous while, naming what is open.
    pub(crate) async fn quiet(&self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        for _ in 0..6000 {
            ticks.tick().await;
            self.nudge();
            // In this order: whoever begins in between is put off and in work, by one write.
            let next = self.bridge.journal.next_due().await.expect("the journal answers");
            let stats = self.bridge.journal.stats().await.expect("the journal answers");
            let open: u64 = stats.events.iter().take(2).sum();
            if stats.backlog == 0 && open == 0 && next.is_none_or(|due| due > self.bridge.host.now()) {
                return;
            }
        }
        let rows = self.bridge.journal.events(&Filter::default()).await.expect("the journal answers");
        panic!("not quiet after 30 s: {rows:#?}");
    }

    /// Calls to CloudM that changed something, as `operation path`, in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        self.cloudm_calls()
            .into_iter()
            .filter(|call| call.effect)
            .map(|call| format!("{} {}", call.op, call.path.trim_start_matches("/_ah/api/people/")))
            .collect()
    }

    /// Operations that changed something, in order.
    pub(crate) fn ops(&self) -> Vec<String> {
        self.cloudm_calls().into_iter().filter(|call| call.effect).map(|call| call.op.to_string()).collect()
    }

    /// All calls to CloudM.
    pub(crate) fn cloudm_calls(&self) -> Vec<CallRecord> {
        self.sim.calls(0).into_iter().filter(|call| call.api == "cloudm").collect()
    }

    /// The profile of an account, as JSON; `null` where there is none.
    pub(crate) fn user(&self, address: &str) -> Value {
        self.sim.state().users.get(address).map_or(Value::Null, |profile| serde_json::json!(profile))
    }

    /// Addresses of all accounts.
    pub(crate) fn users(&self) -> Vec<String> {
        self.sim.state().users.keys().cloned().collect()
    }

    /// The events of a delivery, in order.
    pub(crate) async fn rows(&self, delivery: &str) -> Vec<EventRow> {
        let filter = Filter { id: Some(delivery.to_owned()), limit: 1000, ..Filter::default() };
        let mut rows = self.bridge.journal.events(&filter).await.expect("the journal answers");
        rows.sort_by(|a, b| a.id.as_str().len().cmp(&b.id.as_str().len()).then(a.id.cmp(&b.id)));
        rows
    }

    /// Status and note of the one event of a delivery.
    pub(crate) async fn outcome(&self, reply: &Reply) -> (Status, String) {
        let rows = self.rows(reply.id()).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        (rows[0].status, rows[0].note.clone())
    }

    /// Decides about what is held of the person with this key (`group/worker`).
    pub(crate) async fn decide(&self, person: &str, decision: Decision) {
        let decided =
            self.bridge.decide(&person_key(person).tag(), decision).await.expect("the journal answers");
        assert_eq!(decided, Decided::Done);
        self.quiet().await;
    }
}

/// The key of `group/worker` in this world's tenant.
pub(crate) fn person_key(person: &str) -> PersonKey {
    format!("example.com/{person}").parse().expect("a key")
}

pub(crate) fn hmac256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn a_hire_becomes_an_account() {
    let world = World::new().await;
    let reply = world
        .event(serde_json::json!({"type": "hire", "effectiveDate": "2026-03-01",
            "worker": {"id": "7", "givenName": "Ana", "familyName": "Silva", "title": "Clerk"}}))
        .await;
    world.quiet().await;
    assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.effects(), ["users.create v4/example.com"]);
    assert_eq!(world.user("ana.silva@example.com")["title"], "Clerk");
}
