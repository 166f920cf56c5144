//! Each kind of fault, on the wire.

use std::time::Duration;

use people_sim::{Fault, FaultBody, FaultKind, RetryAfter, SimOptions};
use serde_json::{Value, json};

use crate::support::{Assertion, World, anna, ask_token, json_of, options, refusal};

const ANNA: &str = "/v4/example.com/anna%40example.com";
const CREATE: &str = "/v4/example.com";

#[tokio::test]
async fn a_dropped_request_has_no_effect_and_a_lost_answer_has() {
    let world = World::new().await;
    world.sim.add_fault(Fault::on("/v4/example.com", FaultKind::Drop).times(1)).unwrap();
    world.sim.add_fault(Fault::on("/v4/example.com", FaultKind::LostAnswer).times(1)).unwrap();
    let body = anna().to_string();
    assert!(world.send("POST", CREATE, &body).await.is_err());
    assert!(world.sim.state().users.is_empty());
    assert!(world.send("POST", CREATE, &body).await.is_err());
    assert_eq!(world.sim.state().users.len(), 1);
    assert_eq!(world.refused("POST", CREATE, anna()).await, refusal(409, "conflict"));
    let calls = world.sim.calls(1);
    let seen: Vec<_> = calls.iter().map(|call| (call.op.as_ref(), call.status, call.effect)).collect();
    assert_eq!(seen, [("users.create", 0, false), ("users.create", 0, true), ("users.create", 409, false)]);
}

#[tokio::test]
async fn statuses_are_rewritten_as_the_framework_does_unless_raw() {
    let world = World::new().await;
    let fault = |status| Fault::status("anna@example.com", status).times(1);
    for (status, sent, reason) in [
        (429, 404, "unsupportedProtocol"),
        (405, 501, "unsupportedMethod"),
        (408, 503, "backendError"),
        (500, 503, "backendError"),
        (409, 409, "conflict"),
    ] {
        world.sim.add_fault(fault(status)).unwrap();
        assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(sent, reason));
    }
    world.sim.add_fault(Fault { raw: true, reason: Some("quota".into()), ..fault(429) }).unwrap();
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(429, "quota"));
    world.sim.add_fault(Fault { retry_after: Some(RetryAfter::Seconds(7)), ..fault(429) }).unwrap();
    let reply = world.send("GET", ANNA, "").await.unwrap();
    assert_eq!((reply.status().as_u16(), &reply.headers()["retry-after"]), (429, &"7".parse().unwrap()));
}

#[tokio::test]
async fn statuses_with_other_bodies() {
    let world = World::new().await;
    for (body, start) in [(FaultBody::Html, "<html>"), (FaultBody::Text, "Error"), (FaultBody::Empty, "")] {
        world.sim.add_fault(Fault { body, ..Fault::status("/people/", 502).times(1) }).unwrap();
        let reply = world.send("GET", ANNA, "").await.unwrap();
        assert_eq!(reply.status().as_u16(), if body == FaultBody::Html { 502 } else { 503 });
        let text = reply.text().await.unwrap();
        assert!(text.starts_with(start) && text.is_empty() == start.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_delayed_answer_is_late_and_its_effect_is_not() {
    let world = World::new().await;
    let late = Fault { delay_ms: Some(60_000), ..Fault::on("/v4/", FaultKind::Delay) };
    world.sim.add_fault(late.times(1)).unwrap();
    let url = format!("{}/people{CREATE}", world.sim.urls().cloudm);
    let request = world.client.post(url).bearer_auth(&world.token).timeout(Duration::from_millis(300));
    assert!(request.body(anna().to_string()).send().await.unwrap_err().is_timeout());
    assert_eq!(world.sim.state().users.len(), 1);
    world.sim.add_fault(Fault { delay_ms: Some(5), ..Fault::on("/v4/", FaultKind::Delay) }).unwrap();
    assert_eq!(world.call("GET", ANNA, Value::Null).await.0, 200);
}

#[tokio::test]
async fn an_expired_token_stays_expired() {
    let mut world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    world.sim.add_fault(Fault::on(ANNA, FaultKind::ExpireToken).times(1)).unwrap();
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(401, "required"));
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(401, "required"));
    world.refresh().await;
    assert_eq!(world.call("GET", ANNA, Value::Null).await.0, 200);
    world.sim.add_fault(Fault::on("/token", FaultKind::ExpireToken).times(1)).unwrap();
    world.refresh().await;
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(401, "required"));
}

#[tokio::test]
async fn the_token_endpoint_fails_in_its_own_words() {
    let world = World::new().await;
    world.sim.add_fault(Fault::status("/token", 503).times(1)).unwrap();
    let assertion = Assertion::of(&world.sim).sign();
    let reply = ask_token(&world.client, world.sim.urls(), &assertion).await;
    assert_eq!(reply.status(), 503);
    assert_eq!(json_of(reply).await["error"], "internal_failure");
    assert_eq!(ask_token(&world.client, world.sim.urls(), &assertion).await.status(), 200);
}

#[tokio::test]
async fn faults_are_listed_counted_and_ended_over_http() {
    let world = World::new().await;
    let fault = json!({"path": "/people/", "method": "get", "kind": "status", "status": 503});
    assert_eq!(world.control("POST", "/faults", json!([fault, fault])).await, (200, json!({"ids": [1, 2]})));
    assert_eq!(world.refused("POST", ANNA, json!({})).await, refusal(404, "notFound"));
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(503, "backendError"));
    let (_, listed) = world.control("GET", "/faults", Value::Null).await;
    assert_eq!((&listed["faults"][0]["met"], &listed["faults"][1]["met"]), (&json!(1), &json!(0)));
    assert_eq!(world.control("DELETE", "/faults/1", Value::Null).await.0, 200);
    assert_eq!(world.control("DELETE", "/faults/1", Value::Null).await.0, 404);
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(503, "backendError"));
    assert_eq!(world.control("DELETE", "/faults", Value::Null).await.0, 200);
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(404, "notFound"));
    let bad = world.control("POST", "/faults", json!({"path": "/", "kind": "sometimes"})).await;
    assert_eq!(bad.0, 400);
    assert!(bad.1["error"].as_str().unwrap().contains("sometimes"));
}

#[tokio::test]
async fn a_rate_repeats_with_the_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let world = World::with(SimOptions { seed, ..options() }).await;
        world.sim.add_fault(Fault { rate: Some(0.5), ..Fault::status("/people/", 503) }).unwrap();
        for _ in 0..40 {
            world.call("GET", ANNA, Value::Null).await;
        }
        runs.push(world.sim.calls(1).iter().map(|call| call.status).collect::<Vec<u16>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let struck = runs[0].iter().filter(|status| **status == 503).count();
    assert!((8..33).contains(&struck), "{struck}");
}
