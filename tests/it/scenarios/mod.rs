//! The awkward cases of HR events, one named test each: what goes in over HTTP, and what becomes of the accounts.
#![cfg(test)]

mod attributes;
mod bulk;
mod dates;
mod duplicates;
mod failures;
mod invitations;
mod leavers;
mod lifecycle;
mod names;
mod outage;
mod privacy;
mod proof;
mod provisioning;
mod safety;
mod trust;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use people_core::journal::{Filter, Journal, Status};
use people_model::time::Timestamp;
use people_sim::{Workflow, WorkflowKind, WorkflowState};
use serde_json::{Value, json};

use crate::world::{HR_SECRET, Reply, World, hmac256, person_key};

/// A hire of somebody called Ana Silva with this worker id.
pub(crate) fn hire(worker: &str, day: &str) -> Value {
    json!({"type": "hire", "effectiveDate": day,
        "worker": {"id": worker, "givenName": "Ana", "familyName": "Silva", "title": "Clerk"}})
}

/// A hire on the day before the world begins, of somebody with this family name.
pub(crate) fn named(worker: &str, family: &str) -> Value {
    let mut event = hire(worker, "2026-03-01");
    event["worker"]["familyName"] = family.into();
    event
}

/// A leave of this worker.
pub(crate) fn leave(worker: &str, day: &str) -> Value {
    json!({"type": "leave", "effectiveDate": day, "worker": {"id": worker}})
}

/// An event of this kind that says nothing but whom it is about.
pub(crate) fn bare(kind: &str, worker: &str) -> Value {
    json!({"type": kind, "worker": {"id": worker}})
}

/// A change of these members.
pub(crate) fn change(worker: &str, members: Value) -> Value {
    let mut event = json!({"type": "change", "worker": members});
    event["worker"]["id"] = worker.into();
    event
}

/// The event, recorded at that moment.
pub(crate) fn at(mut event: Value, moment: &str) -> Value {
    event["occurredAt"] = moment.into();
    event
}

/// A thin event of BambooHR.
pub(crate) fn thin(kind: &str, employee: &str, timestamp: &str) -> String {
    json!({"type": kind, "timestamp": timestamp, "data": {"companyId": "1", "employeeId": employee}})
        .to_string()
}

/// A record of BambooHR: Noor Haddad, active since 2 March 2026.
pub(crate) fn noor(changes: Value) -> Value {
    let mut record = json!({"id": "41", "firstName": "Noor", "lastName": "Haddad", "workEmail": "", "jobTitle": "Analyst",
        "department": "Finance", "status": "Active", "hireDate": "2026-03-02", "terminationDate": "0000-00-00"});
    for (name, value) in changes.as_object().expect("an object") {
        record[name] = value.clone();
    }
    record
}

/// The headers of Standard Webhooks for a delivery stamped at `second`; each key signs.
pub(crate) fn webhook_headers(
    id: &str,
    second: i64,
    keys: &[&[u8]],
    body: &str,
) -> [(&'static str, String); 3] {
    let stamp = second.to_string();
    let sign = |key: &&[u8]| {
        let mac = hmac256(key, &[id.as_bytes(), b".", stamp.as_bytes(), b".", body.as_bytes()]);
        format!("v1,{}", STANDARD.encode(mac))
    };
    let signatures = keys.iter().map(sign).collect::<Vec<_>>().join(" ");
    [("webhook-id", id.to_owned()), ("webhook-timestamp", stamp), ("webhook-signature", signatures)]
}

impl World {
    /// A world in which BambooHR's Noor Haddad has an account.
    pub(crate) async fn with_noor(policy: &str) -> Self {
        let world = Self::with_policy(policy).await;
        world.sim.put_employee(noor(json!({}))).expect("an employee");
        let reply = world.bamboo("bamboohr", &thin("employee.created", "41", "2026-03-02T09:00:00Z")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        world.quiet().await;
        assert_eq!(world.ops(), ["users.create"]);
        world
    }

    /// Says that Noor Haddad's record is this now, and announces it.
    pub(crate) async fn update_noor(&self, changes: Value) {
        self.sim.put_employee(noor(changes)).expect("an employee");
        let now = self.clock.now().to_string();
        let reply = self.bamboo("bamboohr", &thin("employee.updated", "41", &now)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.quiet().await;
    }

    /// Sends a canonical event to `hr`, waits until all is quiet, and tells what became of the person.
    pub(crate) async fn say(&self, event: Value) -> (Status, String) {
        let worker = event["worker"]["id"].as_str().expect("a worker id").to_owned();
        let reply = self.event(event).await;
        assert!(reply.body["accepted"].is_string(), "it was said before: {reply:?}");
        self.quiet().await;
        self.person(&format!("hr/{worker}")).await
    }

    /// Moves the time and lets what is due then happen.
    pub(crate) async fn pass(&self, to: &str) {
        self.set_now(to);
        self.quiet().await;
    }

    /// Status and note of the newest event of a person (`group/worker`).
    pub(crate) async fn person(&self, person: &str) -> (Status, String) {
        let filter = Filter { person: Some(person_key(person).tag()), limit: 1, ..Filter::default() };
        let rows = self.bridge.journal.events(&filter).await.expect("the journal answers");
        let row = rows.first().unwrap_or_else(|| panic!("nothing was heard of {person}"));
        (row.status, row.note.clone())
    }

    /// How many events there are in all.
    pub(crate) async fn events(&self) -> usize {
        let filter = Filter { limit: 1000, ..Filter::default() };
        self.bridge.journal.events(&filter).await.expect("the journal answers").len()
    }

    /// Sends a delivery to `hr` that was stamped at `second`.
    pub(crate) async fn hr_stamped(&self, id: &str, second: i64, body: &str) -> Reply {
        let headers = webhook_headers(id, second, &[HR_SECRET], body);
        self.post(
            "/hooks/hr",
            &headers.each_ref().map(|(name, value)| (*name, value.as_str())),
            body.to_owned(),
        )
        .await
    }

    /// Changes the configuration and starts again with it.
    pub(crate) async fn reconfigure(&mut self, edit: impl FnOnce(String) -> String) {
        let path = self.folder.path().join("people.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        std::fs::write(&path, edit(text)).expect("the configuration");
        self.restart().await;
    }

    /// Adds a source, whose secret goes to the file `name`, and starts again.
    pub(crate) async fn add_source(&mut self, name: &str, secret: &str, table: &str) {
        std::fs::write(self.folder.path().join(name), secret).expect("a secret");
        let table =
            format!("\n[[source]]\nname = \"{name}\"\nsecrets = [{{ file = \"{name}\" }}]\n{table}\n");
        self.reconfigure(|text| text + &table).await;
    }

    /// Sends a delivery to a source that proves itself by the token in `X-Token`.
    pub(crate) async fn token(&self, source: &str, token: &str, body: &Value) -> Reply {
        self.post(&format!("/hooks/{source}"), &[("x-token", token)], body.to_string()).await
    }

    /// Status and text of a page, asked for with the admin token.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let request = self.client.get(self.url(path)).bearer_auth("admin-token");
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// The figure of a metric whose line begins so; 0 where there is none.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let (_, text) = self.get("/metrics").await;
        let found = text.lines().find_map(|found| found.strip_prefix(line));
        found.map_or(0, |rest| rest.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a figure"))
    }

    /// The onboardings of CloudM that were not taken back.
    pub(crate) fn onboardings(&self) -> Vec<Workflow> {
        let all = self.sim.state().workflows.into_iter();
        all.filter(|flow| flow.kind == WorkflowKind::Onboard && flow.state != WorkflowState::Aborted)
            .collect()
    }

    /// When the only onboarding is due, or was.
    pub(crate) fn onboarding_at(&self) -> Timestamp {
        let all = self.onboardings();
        assert_eq!(all.len(), 1, "exactly one onboarding: {all:?}");
        all[0].at
    }

    /// How often CloudM did this.
    pub(crate) fn times(&self, op: &str) -> usize {
        self.ops().iter().filter(|done| *done == op).count()
    }

    /// Waits until the condition holds. Panics after a generous while.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        for _ in 0..6000 {
            ticks.tick().await;
            self.nudge();
            if holds(self) {
                return;
            }
        }
        panic!("waited 30 s in vain: {what}");
    }
}

/// A moment.
pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}
