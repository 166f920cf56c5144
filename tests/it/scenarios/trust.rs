//! Senders that do not sign, and senders that cannot.

use people_core::bridge::Decision;
use people_core::journal::Status;
use serde_json::json;

use super::{hire, leave, noor, thin};
use crate::world::World;

const TOKEN: &str = r#"kind = "generic"
signature = { algorithm = "token", header = "X-Token" }"#;

#[tokio::test]
async fn scenario_11_unsigned_is_refused_where_a_secret_is_configured() {
    let mut world = World::new().await;
    world.add_source("token", "s3cret", TOKEN).await;
    let body = hire("7", "2026-03-01").to_string();
    for source in ["hr", "plain", "bamboohr", "token"] {
        let reply = world.post(&format!("/hooks/{source}"), &[], body.clone()).await;
        assert_eq!(reply.status, 401, "{source}");
        let metric = format!("people_refused_total{{source=\"{source}\",reason=\"missing\"}}");
        assert_eq!(world.metric(&metric).await, 1, "{source}");
    }
    assert_eq!(world.token("token", "S3cret", &json!({})).await.status, 401);
    world.quiet().await;
    assert_eq!((world.events().await, world.ops()), (0, vec![]));
}

#[tokio::test]
async fn scenario_11_a_leave_that_is_not_signed_needs_a_human() {
    for (decision, offboarded) in [(Decision::Approve(None), 1), (Decision::Reject, 0)] {
        let mut world = World::new().await;
        world.add_source("token", "s3cret", TOKEN).await;
        world.token("token", "s3cret", &hire("7", "2026-03-01")).await;
        world.quiet().await;
        assert_eq!(world.ops(), ["users.create"], "nobody loses anything by a hire");
        let reply = world.token("token", "s3cret", &leave("7", "2026-03-01")).await;
        world.quiet().await;
        let (status, note) = world.outcome(&reply).await;
        assert_eq!(status, Status::Held);
        assert!(note.contains("does not prove its content"), "{note}");
        assert_eq!(world.times("users.offboard"), 0);
        world.decide("token/7", decision).await;
        assert_eq!(world.times("users.offboard"), offboarded);
        assert_eq!(world.outcome(&reply).await.0, Status::Settled);
    }
}

#[tokio::test]
async fn scenario_11_policy_decides_about_leaves_that_are_not_signed() {
    for (policy, offboarded) in [("low_trust_leave = \"act\"", 1), ("low_trust_leave = \"ignore\"", 0)] {
        let mut world = World::with_policy(policy).await;
        let basic = "kind = \"generic\"\nsignature = { algorithm = \"basic\" }";
        world.add_source("basic", "hr:s3cret", basic).await;
        let send = async |body: String| {
            let request = world.client.post(world.url("/hooks/basic")).basic_auth("hr", Some("s3cret"));
            let status = request.body(body).send().await.expect("an answer").status();
            world.quiet().await;
            status
        };
        assert_eq!(send(hire("7", "2026-03-01").to_string()).await, 200);
        assert_eq!(send(leave("7", "2026-03-01").to_string()).await, 200);
        assert_eq!(world.times("users.offboard"), offboarded, "{policy}");
        assert_eq!(world.person("basic/7").await.0, Status::Settled);
    }
}

#[tokio::test]
async fn scenario_11_a_signed_source_can_be_trusted_less() {
    let mut world = World::new().await;
    world.reconfigure(|text| text.replace("name = \"hr\"", "name = \"hr\"\ntrust = \"low\"")).await;
    world.say(hire("7", "2026-03-01")).await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await.0, Status::Held);
    assert_eq!(world.ops(), ["users.create"]);
}

#[tokio::test]
async fn scenario_11_a_leave_that_is_fetched_back_is_proven() {
    let mut world = World::new().await;
    world
        .reconfigure(|text| {
            let signature =
                "kind = \"bamboohr\"\nsignature = { algorithm = \"token\", header = \"X-Token\" }";
            text.replace("kind = \"bamboohr\"", signature)
        })
        .await;
    let announce = async |kind: &str, record| {
        world.sim.put_employee(noor(record)).expect("an employee");
        let event = serde_json::from_str(&thin(kind, "41", "2026-03-02T09:00:00Z")).expect("JSON");
        assert_eq!(world.token("bamboohr", "bamboo-secret", &event).await.status, 200);
        world.quiet().await;
    };
    announce("employee.created", json!({})).await;
    announce(
        "employee.updated",
        json!({"status": "Inactive", "hireDate": "2025-01-01", "terminationDate": "2026-03-01"}),
    )
    .await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"], "the HR system itself says so");
}
