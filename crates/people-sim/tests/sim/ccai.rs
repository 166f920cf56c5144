//! CCAI Platform's bulk users, as a client meets them.

use std::time::Duration;

use people_sim::{CcaiOptions, SimOptions};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{World, json_of, options};

async fn world(ccai: CcaiOptions) -> World {
    World::with(SimOptions { ccai, ..options() }).await
}

async fn send(world: &World, method: &str, path: &str, body: Option<(&str, String)>) -> Response {
    let url = format!("{}/apps/api/v1/bulk/users{path}", world.sim.urls().ccai);
    let request =
        world.client.request(method.parse().unwrap(), url).basic_auth("customer", Some("sim-ccai-token"));
    let request = match body {
        Some((kind, body)) => request.header("content-type", kind).body(body),
        None => request,
    };
    request.send().await.unwrap()
}

async fn get(world: &World, path: &str) -> Value {
    json_of(send(world, "GET", path, None).await).await
}

/// Uploads users, or gives a job other ones.
async fn upload(world: &World, users: &Value, job: Option<i64>) -> Value {
    let id = job.map(|id| format!("--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n{id}\r\n"));
    let body = format!(
        "{}--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"u.json\"\r\n\r\n{users}\r\n--b--\r\n",
        id.unwrap_or_default()
    );
    let method = if job.is_some() { "PUT" } else { "POST" };
    let reply = send(world, method, "/upload", Some(("multipart/form-data; boundary=b", body))).await;
    let link = reply.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.starts_with("http://ujet.co/") && link.contains("users_jobs"), "{link}");
    json_of(reply).await
}

async fn proceed(world: &World, id: &Value) -> StatusCode {
    send(world, "POST", "/proceed", Some(("application/json", json!({"id": id}).to_string()))).await.status()
}

fn user(n: usize, more: Value) -> Value {
    let mut user = json!({"email": format!("u{n}@example.com"), "first_name": "A", "last_name": "B"});
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

/// Uploads, validates and applies; the job.
async fn apply(world: &World, users: Value) -> Value {
    let id = upload(world, &users, None).await["id"].clone();
    world.sim.advance(Duration::from_secs(3));
    assert_eq!(proceed(world, &id).await, 200);
    world.sim.advance(Duration::from_secs(6));
    get(world, &format!("/jobs/{id}")).await
}

#[tokio::test]
async fn a_job_takes_its_time() {
    let world = world(CcaiOptions::default()).await;
    let made = upload(&world, &json!([user(1, json!({}))]), None).await;
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["status"], "created");
    assert_eq!(proceed(&world, &made["id"]).await, 422);
    upload(&world, &json!([user(1, json!({})), user(2, json!({}))]), Some(id)).await;
    world.sim.advance(Duration::from_secs(3));
    let job = get(&world, &format!("/jobs/{id}")).await;
    assert_eq!(
        (&job["status"], &job["total_rows"], &job["process_requested_at"]),
        (&json!("valid_scheme"), &json!(2), &Value::Null)
    );
    assert_eq!(proceed(&world, &made["id"]).await, 200);
    assert_eq!(get(&world, &format!("/jobs/{id}")).await["status"], "in_progress");
    assert!(world.sim.state().agents.is_empty());
    world.sim.advance(Duration::from_secs(6));
    let job = get(&world, &format!("/jobs/{id}")).await;
    assert_eq!(
        (&job["status"], &job["affected_rows"], &job["failed_rows"]),
        (&json!("completed"), &json!(2), &json!(0))
    );
    // Who tells it twice sees it applied twice.
    proceed(&world, &made["id"]).await;
    world.sim.advance(Duration::from_secs(6));
    let state = world.sim.state();
    assert_eq!(
        (&state.agents["u1@example.com"]["applied"], &state.jobs[0]["proceeds"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn files_and_rows_are_judged() {
    let world = world(CcaiOptions { row_base: 0, ..CcaiOptions::default() }).await;
    let flag = |name: &str| json!([{"name": name, "value": 1}]);
    let users = json!([user(1, json!({"status": "gone"})), user(2, json!({"roles": flag("Wizard")})), user(2, json!({"teams": flag("Red")})),
        {"email": "x", "first_name": "", "last_name": "B"}]);
    let id = upload(&world, &users, None).await["id"].clone();
    world.sim.advance(Duration::from_secs(3));
    assert_eq!(get(&world, &format!("/jobs/{id}")).await["status"], "invalid_scheme");
    assert_eq!(proceed(&world, &id).await, 422);
    let errors = get(&world, &format!("/errors/scheme/{id}")).await;
    let rows: Vec<i64> =
        errors.as_array().unwrap().iter().map(|error| error["row"].as_i64().unwrap()).collect();
    assert_eq!(rows, [0, 1, 2, 2, 3, 3], "{errors}");

    let users = json!([
        user(1, json!({"location": "berlin"})),
        user(2, json!({"location": "Mars"})),
        user(3, json!({"max_chat_limit": "101"}))
    ]);
    let job = apply(&world, users).await;
    assert_eq!((&job["affected_rows"], &job["failed_rows"]), (&json!(2), &json!(1)));
    let errors = get(&world, &format!("/errors/update/{}", job["id"])).await;
    assert_eq!((&errors[0]["row"], &errors[0]["error_type"]), (&json!(1), &json!("error")));
    assert_eq!((&errors[1]["row"], &errors[1]["error_type"]), (&json!(2), &json!("warning")));
    let renamed = json!([user(1, json!({"new_email": "new@example.com", "status": "Inactive"}))]);
    apply(&world, renamed).await;
    let agents = world.sim.state().agents;
    assert_eq!(agents["new@example.com"]["user"]["status"], "Inactive");
    assert!(!agents.contains_key("u1@example.com"));
}

#[tokio::test]
async fn jobs_come_in_pages_with_a_misleading_link() {
    let world = world(CcaiOptions::default()).await;
    for n in 0..5 {
        upload(&world, &json!([user(n, json!({}))]), None).await;
    }
    let reply = send(&world, "GET", "/jobs?page=2&per_page=2", None).await;
    let header = |name: &str| reply.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("total"), header("per-page")), ("5".to_owned(), "2".to_owned()));
    assert!(header("link").contains("http://ujet.co/"));
    let ids: Vec<i64> =
        json_of(reply).await.as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [12_347, 12_346]);
}

#[tokio::test]
async fn who_asks_must_say_so_and_not_too_often() {
    let world = world(CcaiOptions { rate: Some(3), ..CcaiOptions::default() }).await;
    let url = format!("{}/apps/api/v1/bulk/users/template", world.sim.urls().ccai);
    assert_eq!(world.client.get(&url).send().await.unwrap().status(), 401);
    let wrong = world.client.get(&url).basic_auth("customer", Some("wrong"));
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    let mut last = StatusCode::OK;
    for _ in 0..4 {
        last = send(&world, "GET", "/template", None).await.status();
    }
    assert_eq!(last, 429);
    world.sim.advance(Duration::from_secs(2));
    assert_eq!(get(&world, "/template").await[0]["alias"], "sample");
    assert_eq!(send(&world, "GET", "/jobs/7", None).await.status(), 404);
}
