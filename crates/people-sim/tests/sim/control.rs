//! The tester's side over HTTP, BambooHR, and the life of the simulator itself.

use people_sim::{Sim, State};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{World, anna, client, options, refusal};

const ANNA: &str = "/v4/example.com/anna%40example.com";

#[tokio::test]
async fn state_clock_users_roles_domains_and_options() {
    let world = World::new().await;
    assert_eq!(
        world.control("GET", "", Value::Null).await.1,
        serde_json::to_value(world.sim.urls()).unwrap()
    );
    assert_eq!(world.control("POST", "/users", anna()).await.0, 200);
    assert_eq!(world.control("POST", "/users", json!({"id": "anna"})).await.0, 400);
    assert_eq!(world.control("POST", "/roles", json!({"deny": ["get"]})).await.0, 200);
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(403, "forbidden"));
    assert_eq!(world.control("POST", "/roles", json!({"deny": ["everything"]})).await.0, 400);
    world.control("POST", "/roles", json!({"deny": []})).await;
    world.control("POST", "/domains", json!({"delegated": ["other.org"]})).await;
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(401, "required"));
    world.control("POST", "/domains", json!({"delegated": null})).await;
    assert_eq!(world.call("GET", ANNA, Value::Null).await.0, 200);
    assert_eq!(world.control("POST", "/options", json!({"suspended_writable": false})).await.0, 200);
    assert_eq!(world.call("POST", ANNA, json!({"suspended": true})).await.1["suspended"], false);

    let (_, moved) = world.control("POST", "/clock", json!({"advance_s": 3600})).await;
    assert!(moved["now"].as_str().unwrap().starts_with("2026-04-01T09:00:"));
    let (_, set) = world.control("POST", "/clock", json!({"now": "2027-01-01T00:00:00Z"})).await;
    assert!(set["now"].as_str().unwrap().starts_with("2027-01-01T00:00:0"));
    assert_eq!(world.control("POST", "/clock", json!({"advance": 1})).await.0, 400);

    let (_, state) = world.control("GET", "/state", Value::Null).await;
    assert_eq!(state["users"]["anna@example.com"]["givenName"], "Anna");
    assert_eq!((&state["jobs"], &state["invitations"]), (&json!([]), &json!([])));
    let first = &state["calls"][1];
    assert_eq!(
        (&first["n"], &first["api"], &first["op"]),
        (&json!(2), &json!("cloudm"), &json!("users.get"))
    );
    assert_eq!(
        (&first["status"], &first["effect"], &first["method"]),
        (&json!(403), &json!(false), &json!("GET"))
    );
    assert_eq!(first["path"], format!("/_ah/api/people{ANNA}"));
    let read: State = serde_json::from_value(state.clone()).unwrap();
    assert_eq!(read.calls, world.sim.calls(0));
    let (_, tail) = world.control("GET", "/state?after=4", Value::Null).await;
    assert_eq!(tail["calls"].as_array().unwrap().len(), state["calls"].as_array().unwrap().len() - 4);
    assert_eq!(world.control("POST", "/nothing", json!({})).await.0, 404);
}

async fn bamboo(client: &Client, sim: &Sim, path: &str, key: &str, accept: &str) -> (u16, String) {
    let request = client.get(format!("{}{path}", sim.urls().bamboohr)).basic_auth(key, Some("x"));
    let reply = request.header("accept", accept).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

#[tokio::test]
async fn bamboohr_returns_the_fields_asked_for() {
    let world = World::new().await;
    let employee =
        json!({"id": 41, "firstName": "Anna", "lastName": "O'Neil <x>", "payRate": 12.5, "nickname": null});
    assert_eq!(world.control("POST", "/employees", employee).await.0, 200);
    let ask = |path: &'static str, key: &'static str, accept: &'static str| {
        bamboo(&world.client, &world.sim, path, key, accept)
    };
    let fields = "/api/v1/employees/41?fields=firstName,payRate%2Cnickname,shoeSize";
    let (status, body) = ask(fields, "sim-bamboohr-key", "application/json").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, body),
        (200, json!({"id": "41", "firstName": "Anna", "payRate": "12.5", "nickname": null}))
    );
    let old = "/api/gateway.php/acme/v1/employees/41?fields=lastName";
    assert_eq!(ask(old, "sim-bamboohr-key", "application/json").await.0, 200);
    let (_, xml) = ask(old, "sim-bamboohr-key", "*/*").await;
    assert!(xml.contains("<field id=\"lastName\">O'Neil &lt;x></field>"), "{xml}");
    assert_eq!(ask("/api/v1/employees/42", "sim-bamboohr-key", "application/json").await.0, 404);
    assert_eq!(ask(fields, "wrong", "application/json").await.0, 401);
    world
        .control(
            "POST",
            "/faults",
            json!({"path": "employees/41", "kind": "status", "status": 429, "retry_after": 3, "count": 1}),
        )
        .await;
    assert_eq!(ask(fields, "sim-bamboohr-key", "application/json").await.0, 429);
    assert_eq!(world.control("DELETE", "/employees/41", Value::Null).await.0, 200);
    assert_eq!(ask(fields, "sim-bamboohr-key", "application/json").await.0, 404);
    let calls = world.sim.calls(1);
    assert!(calls.iter().all(|call| call.api == "bamboohr" && call.op == "employees.get" && !call.effect));
    assert!(calls.iter().all(|call| !call.path.contains('?')));
}

#[tokio::test]
async fn each_api_has_a_base_and_a_name_in_the_log() {
    let world = World::new().await;
    let urls = world.sim.urls().clone();
    for (base, api) in [(urls.ccai, "ccai"), (urls.gapps, "gapps"), (urls.cloudidentity, "cloudidentity")] {
        let reply = world.client.get(format!("{base}/no/such/path")).send().await.unwrap();
        assert!(reply.status().is_client_error(), "{api}: {}", reply.status());
        assert_eq!(world.sim.calls(0).last().unwrap().api, api);
    }
}

#[tokio::test]
async fn stopping_frees_the_port_and_drop_stops() {
    let sim = Sim::start(options()).await.unwrap();
    let addr = sim.addr();
    let kept = client();
    assert_eq!(kept.get(&sim.urls().control).send().await.unwrap().status(), 200);
    sim.shutdown().await;
    assert!(kept.get(format!("http://{addr}/control")).send().await.is_err());
    let again = Sim::start(people_sim::SimOptions { addr, ..options() }).await.unwrap();
    drop(again);
    while client().get(format!("http://{addr}/control")).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn keys_are_made_and_kept() {
    let sim = Sim::start(people_sim::SimOptions { key_pem: None, ..options() }).await.unwrap();
    let file: Value = serde_json::from_str(&sim.key_json()).unwrap();
    assert_eq!(
        (&file["type"], &file["universe_domain"]),
        (&json!("service_account"), &json!("googleapis.com"))
    );
    assert_eq!(file["token_uri"], sim.urls().token_uri.as_str());
    assert_eq!(file["private_key_id"].as_str().unwrap().len(), 40);
    let again =
        Sim::start(people_sim::SimOptions { key_pem: Some(sim.key_pem()), ..options() }).await.unwrap();
    let same: Value = serde_json::from_str(&again.key_json()).unwrap();
    assert_eq!(same["private_key"], file["private_key"]);
    assert!(Sim::start(people_sim::SimOptions { key_pem: Some("x".into()), ..options() }).await.is_err());
}
