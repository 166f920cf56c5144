//! Offboardings and scheduled onboardings on the virtual clock.

use std::time::Duration;

use people_sim::{SimOptions, WorkflowKind, WorkflowState};
use serde_json::{Value, json};

use crate::support::{World, anna, options, refusal, with};

const ANNA: &str = "/v4/example.com/anna%40example.com";
const OFFBOARD: &str = "/v4/example.com/anna%40example.com/offboard";
const SCHEDULE: &str = "/v4/example.com/onboard/scheduled";

fn abort(workflow: &Value) -> String {
    format!("/v1/workflows/example.com/{}", workflow.as_str().unwrap())
}

#[tokio::test]
async fn an_offboarding_runs_for_an_hour() {
    let mut world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    let (status, shown) = world.call("POST", OFFBOARD, Value::Null).await;
    assert_eq!((status, &shown["suspended"]), (200, &json!(false)));
    assert!(shown["workflowId"].is_string());
    assert!(shown["deprovisioned"].as_str().unwrap().starts_with("2026-04-01T08:"));
    assert_eq!(world.refused("POST", OFFBOARD, json!({})).await, refusal(409, "conflict"));
    world.sim.advance(Duration::from_secs(3500));
    assert_eq!(world.call("GET", ANNA, Value::Null).await.1["workflowId"], shown["workflowId"]);
    world.sim.advance(Duration::from_secs(100));
    world.refresh().await;
    let (_, after) = world.call("GET", ANNA, Value::Null).await;
    assert_eq!((&after["workflowId"], &after["suspended"]), (&Value::Null, &json!(true)));
    assert_eq!(after["deprovisioned"], shown["deprovisioned"]);
    assert_eq!(
        world.refused("DELETE", &abort(&shown["workflowId"]), Value::Null).await,
        refusal(404, "notFound")
    );
    let state = world.sim.state();
    assert_eq!(state.workflows[0].state, WorkflowState::Done);
    assert_eq!(state.workflows[0].user, "anna@example.com");
    let effects: Vec<bool> =
        state.calls.iter().filter(|call| call.op == "users.offboard").map(|call| call.effect).collect();
    assert_eq!(effects, [true, false]);
}

#[tokio::test]
async fn aborting_undoes_an_offboarding() {
    let world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    let (_, shown) = world.call("POST", OFFBOARD, json!({})).await;
    let elsewhere = format!("/v1/workflows/other.org/{}", shown["workflowId"].as_str().unwrap());
    assert_eq!(world.refused("DELETE", &elsewhere, Value::Null).await, refusal(404, "notFound"));
    let reply = world.send("DELETE", &abort(&shown["workflowId"]), "").await.unwrap();
    assert_eq!(reply.status(), 204);
    assert!(reply.bytes().await.unwrap().is_empty());
    let (_, after) = world.call("GET", ANNA, Value::Null).await;
    assert_eq!((&after["workflowId"], &after["deprovisioned"]), (&Value::Null, &Value::Null));
    assert_eq!(
        world.refused("DELETE", &abort(&shown["workflowId"]), Value::Null).await,
        refusal(404, "notFound")
    );
    world.sim.advance(Duration::from_secs(7200));
    assert_eq!(world.sim.state().users["anna@example.com"]["suspended"], false);
    assert_eq!(world.sim.state().workflows[0].state, WorkflowState::Aborted);
}

#[tokio::test]
async fn unknown_and_guarded_users_are_not_offboarded() {
    let world = World::new().await;
    assert_eq!(world.refused("POST", OFFBOARD, Value::Null).await, refusal(404, "notFound"));
    world.sim.seed_user(with(anna(), json!({"preventDeprovision": true}))).unwrap();
    assert_eq!(world.refused("POST", OFFBOARD, Value::Null).await, refusal(412, "conditionNotMet"));
}

#[tokio::test]
async fn lifting_the_suspension_brings_a_leaver_back() {
    let mut world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    world.call("POST", OFFBOARD, Value::Null).await;
    world.sim.advance(Duration::from_secs(3600));
    world.refresh().await;
    let (_, back) = world.call("POST", ANNA, json!({"suspended": false})).await;
    assert_eq!((&back["suspended"], &back["deprovisioned"]), (&json!(false), &Value::Null));
    world.call("POST", OFFBOARD, Value::Null).await;
    let (_, back) = world.call("POST", ANNA, json!({"suspended": false})).await;
    assert_eq!((&back["workflowId"], &back["deprovisioned"]), (&Value::Null, &Value::Null));
    assert_eq!(world.sim.state().workflows[1].state, WorkflowState::Aborted);

    let strict = World::with(SimOptions { suspended_writable: false, ..options() }).await;
    strict.sim.seed_user(with(anna(), json!({"suspended": true}))).unwrap();
    assert_eq!(strict.call("POST", ANNA, json!({"suspended": false})).await.1["suspended"], true);
}

#[tokio::test]
async fn a_scheduled_user_waits_and_then_arrives() {
    let mut world = World::new().await;
    assert_eq!(world.refused("POST", SCHEDULE, anna()).await, refusal(400, "badRequest"));
    for bad in ["soon", "2026-02-30", "01/05/2026"] {
        let body = with(anna(), json!({"provisionDate": bad}));
        assert_eq!(world.refused("POST", SCHEDULE, body).await, refusal(400, "badRequest"));
    }
    let asked = with(anna(), json!({"provisionDate": "2026-04-02T10:00:00+02:00"}));
    let (status, shown) = world.call("POST", SCHEDULE, asked.clone()).await;
    assert_eq!((status, &shown["email"]), (200, &Value::Null));
    assert_eq!(world.refused("POST", SCHEDULE, asked).await, refusal(409, "conflict"));
    assert_eq!(world.refused("POST", "/v4/example.com", anna()).await, refusal(409, "conflict"));
    assert_eq!(world.refused("POST", OFFBOARD, Value::Null).await, refusal(409, "conflict"));
    let (_, pending) = world.call("GET", ANNA, Value::Null).await;
    assert_eq!(pending["workflowId"], shown["workflowId"]);
    let workflow = world.sim.state().workflows[0].clone();
    assert_eq!((workflow.kind, workflow.state), (WorkflowKind::Onboard, WorkflowState::Scheduled));
    assert_eq!(workflow.at.to_string(), "2026-04-02T08:00:00Z");
    world.sim.set_now("2026-04-02T08:00:00Z".parse().unwrap());
    world.refresh().await;
    assert_eq!(world.call("GET", ANNA, Value::Null).await.1["workflowId"], Value::Null);
    assert_eq!(world.call("POST", OFFBOARD, Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_scheduled_user_can_be_moved_and_cancelled() {
    let world = World::new().await;
    let asked = with(anna(), json!({"provisionDate": "2026-05-01"}));
    let (_, shown) = world.call("POST", SCHEDULE, asked).await;
    assert_eq!(world.call("POST", ANNA, json!({"provisionDate": "2026-06-01"})).await.0, 200);
    assert_eq!(world.sim.state().workflows[0].at.to_string(), "2026-06-01T00:00:00Z");
    assert_eq!(
        world.refused("POST", ANNA, json!({"provisionDate": "later"})).await,
        refusal(400, "badRequest")
    );
    assert_eq!(world.send("DELETE", &abort(&shown["workflowId"]), "").await.unwrap().status(), 204);
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(404, "notFound"));
    assert!(world.sim.state().users.is_empty());
}

#[tokio::test]
async fn a_scheduled_user_may_be_invisible() {
    let world = World::with(SimOptions { pending_visible: false, ..options() }).await;
    let asked = with(anna(), json!({"provisionDate": "2026-05-01"}));
    assert_eq!(world.call("POST", SCHEDULE, asked).await.0, 200);
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(404, "notFound"));
    assert_eq!(world.refused("POST", "/v4/example.com", anna()).await, refusal(409, "conflict"));
    assert_eq!(world.sim.state().users["anna@example.com"]["provisionDate"], "2026-05-01");
}

#[tokio::test]
async fn a_seeded_workflow_is_a_real_one() {
    let world = World::new().await;
    world
        .sim
        .seed_user(with(anna(), json!({"workflowId": "77", "deprovisioned": "2026-04-01T07:00:00.000Z"})))
        .unwrap();
    assert_eq!(world.refused("POST", OFFBOARD, Value::Null).await, refusal(409, "conflict"));
    assert_eq!(world.send("DELETE", "/v1/workflows/example.com/77", "").await.unwrap().status(), 204);
    assert_eq!(world.sim.state().users["anna@example.com"].get("deprovisioned"), None);
}
