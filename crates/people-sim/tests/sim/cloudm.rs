//! The operations of the People API, one by one, and the framework around them.

use people_sim::{Action, SimOptions};
use serde_json::{Value, json};

use crate::support::{Assertion, World, anna, ask_token, json_of, options, refusal, with};

const ANNA: &str = "/v4/example.com/anna%40example.com";

#[tokio::test]
async fn create_keeps_what_is_documented_and_get_shows_it() {
    let world = World::new().await;
    let asked = with(
        anna(),
        json!({"title": "Clerk", "titel": "typo", "workflowId": "9", "aliases": [], "employeeId": 41,
            "phoneNumbers": [{"type": "MOBILE", "value": "+1", "primary": true}]}),
    );
    let (status, made) = world.call("POST", "/v4/example.com", asked).await;
    assert_eq!(status, 200);
    assert_eq!((&made["id"], &made["email"]), (&json!("anna@example.com"), &json!("anna@example.com")));
    assert_eq!((&made["title"], &made["employeeId"]), (&json!("Clerk"), &json!("41")));
    assert_eq!((&made["manager"], &made["suspended"]), (&json!(""), &json!(false)));
    assert_eq!(made["parentPath"], "example.com");
    assert!(made["passwordUpdated"].as_str().unwrap().starts_with("2026-04-01T08:00:"));
    for gone in ["password", "titel", "workflowId", "aliases"] {
        assert_eq!(made[gone], Value::Null, "{gone}");
    }
    let (status, read) = world.call("GET", "/v4/example.com/Anna@Example.com", Value::Null).await;
    assert_eq!((status, &read["phoneNumbers"][0]["value"]), (200, &json!("+1")));
    let calls = world.sim.calls(1);
    assert_eq!((calls[0].op.as_ref(), calls[0].effect, calls[0].n), ("users.create", true, 2));
    assert_eq!((calls[1].op.as_ref(), calls[1].effect, calls[1].status), ("users.get", false, 200));
    assert!(!format!("{:?}", world.sim.state()).contains("s3cret"));
}

#[tokio::test]
async fn create_refuses_what_is_missing_wrong_or_taken() {
    let world = World::new().await;
    for member in ["id", "givenName", "familyName", "password"] {
        let body = with(anna(), json!({ member: "" }));
        assert_eq!(world.refused("POST", "/v4/example.com", body).await, refusal(400, "badRequest"));
    }
    for more in [
        json!({"id": "anna"}),
        json!({"hidden": "maybe"}),
        json!({"aliases": "a@b.c"}),
        json!({"tags": ["x"]}),
    ] {
        let body = with(anna(), more);
        assert_eq!(world.refused("POST", "/v4/example.com", body).await, refusal(400, "badRequest"));
    }
    let first = with(anna(), json!({"aliases": ["ann@example.com"]}));
    assert_eq!(world.call("POST", "/v4/example.com", first).await.0, 200);
    for more in [
        json!({"id": "ANNA@example.com"}),
        json!({"id": "ann@example.com"}),
        json!({"id": "bob@example.com", "aliases": ["Ann@example.com"]}),
        json!({"id": "bob@example.com", "aliases": ["anna@example.com"]}),
    ] {
        let body = with(anna(), more);
        assert_eq!(world.refused("POST", "/v4/example.com", body).await, refusal(409, "conflict"));
    }
    assert_eq!(world.sim.state().users.len(), 1);
}

#[tokio::test]
async fn bodies_that_are_no_objects() {
    let world = World::new().await;
    for (body, message) in
        [("[]", "expected a JSON object body"), ("7", "expected a JSON object body"), ("{", "Parse Error")]
    {
        let reply = world.send("POST", "/v4/example.com", body).await.unwrap();
        assert_eq!(reply.status(), 400);
        assert_eq!(json_of(reply).await["error"]["message"], message);
    }
}

#[tokio::test]
async fn patch_changes_only_what_it_names() {
    let world = World::new().await;
    world.sim.seed_user(with(anna(), json!({"title": "Clerk", "department": "Sales"}))).unwrap();
    let (status, shown) = world
        .call("POST", ANNA, json!({"title": "Head", "department": null, "onHold": true, "tittle": "x"}))
        .await;
    assert_eq!((status, &shown["title"], &shown["onHold"]), (200, &json!("Head"), &json!(true)));
    assert_eq!((&shown["department"], &shown["givenName"]), (&Value::Null, &json!("Anna")));
    world.call("POST", ANNA, json!({"title": "Head"})).await;
    world.call("POST", ANNA, json!({"tittle": "Boss"})).await;
    world.call("POST", ANNA, json!({"password": "an0ther-Pass"})).await;
    let effects: Vec<bool> = world.sim.calls(1).iter().map(|call| call.effect).collect();
    assert_eq!(effects, [true, false, false, true]);
    assert_eq!(world.refused("POST", ANNA, json!({"id": ""})).await, refusal(400, "badRequest"));
}

#[tokio::test]
async fn a_new_address_keeps_the_old_one_as_alias() {
    let world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    world.sim.seed_user(with(anna(), json!({"id": "bob@example.com"}))).unwrap();
    assert_eq!(world.refused("POST", ANNA, json!({"id": "bob@example.com"})).await, refusal(409, "conflict"));
    let (status, shown) = world.call("POST", ANNA, json!({"id": "anna.lee@example.com"})).await;
    assert_eq!((status, &shown["aliases"]), (200, &json!(["anna@example.com"])));
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(404, "notFound"));
    let (_, found) = world.call("GET", "/v4/example.com/alias/anna%40example.com", Value::Null).await;
    assert_eq!(found["id"], "anna.lee@example.com");
}

#[tokio::test]
async fn replace_clears_what_it_lacks() {
    let world = World::new().await;
    world.sim.seed_user(with(anna(), json!({"title": "Clerk", "suspended": true, "quux": 1}))).unwrap();
    let (status, shown) = world.call("PUT", ANNA, with(anna(), json!({"department": "Sales"}))).await;
    assert_eq!((status, &shown["title"], &shown["department"]), (200, &Value::Null, &json!("Sales")));
    assert_eq!((&shown["suspended"], &shown["quux"]), (&json!(true), &json!(1)));
    assert_eq!(world.refused("PUT", ANNA, json!({"title": "x"})).await, refusal(400, "badRequest"));
}

#[tokio::test]
async fn aliases_have_their_own_path() {
    let world = World::new().await;
    world.sim.seed_user(with(anna(), json!({"aliases": ["a.bell@example.com"]}))).unwrap();
    let by_alias = |who: &str| format!("/v4/example.com/alias/{who}");
    for who in ["a.bell@example.com", "anna@example.com"] {
        assert_eq!(world.call("GET", &by_alias(who), Value::Null).await.1["id"], "anna@example.com");
    }
    let as_user = world.refused("GET", "/v4/example.com/a.bell@example.com", Value::Null).await;
    assert_eq!(as_user, refusal(404, "notFound"));
    assert_eq!(world.refused("GET", &by_alias("x@example.com"), Value::Null).await, refusal(404, "notFound"));
    world.call("POST", ANNA, json!({"aliases": []})).await;
    let gone = world.refused("GET", &by_alias("a.bell@example.com"), Value::Null).await;
    assert_eq!(gone, refusal(404, "notFound"));
}

#[tokio::test]
async fn awkward_addresses_are_decoded_once() {
    let world = World::new().await;
    world.sim.seed_user(with(anna(), json!({"id": "o'neil+a/b#c%2F@example.com"}))).unwrap();
    let path = "/v4/example.com/o'neil%2Ba%2Fb%23c%252F%40example.com";
    assert_eq!(world.call("GET", path, Value::Null).await.0, 200);
}

#[tokio::test]
async fn tokens_must_be_known_alive_and_scoped() {
    let mut world = World::new().await;
    let wanted = refusal(401, "required");
    let good = world.token.clone();
    for bad in ["", "ya29.unknown", "abc", "1/unknown"] {
        world.token = bad.to_owned();
        assert_eq!(world.refused("GET", ANNA, Value::Null).await, wanted);
    }
    world.token = good;
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, refusal(404, "notFound"));
    world.sim.advance(std::time::Duration::from_secs(3600));
    let (_, body) = world.call("GET", ANNA, Value::Null).await;
    assert_eq!(body["error"]["message"], "Valid user credentials are required.");
    let calendar = "https://www.googleapis.com/auth/calendar".to_owned();
    let assertion = Assertion { scope: Some(calendar), ..Assertion::of(&world.sim) }.sign();
    let reply = json_of(ask_token(&world.client, world.sim.urls(), &assertion).await).await;
    world.token = reply["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.refused("GET", ANNA, Value::Null).await, wanted);
    world.refresh().await;
    assert_eq!(world.refused("GET", ANNA, Value::Null).await.0, 404);
}

#[tokio::test]
async fn roles_and_delegated_domains() {
    let world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    world.sim.deny([Action::Offboard]);
    let (status, body) = world.call("POST", &format!("{ANNA}/offboard"), Value::Null).await;
    assert_eq!((status, &body["error"]["errors"][0]["reason"]), (403, &json!("forbidden")));
    assert!(body["error"]["message"].as_str().unwrap().contains("securityException"));
    world.sim.delegate(Some(vec!["Example.com".to_owned()]));
    assert_eq!(world.call("GET", ANNA, Value::Null).await.0, 200);
    for path in ["/v4/other.org/anna%40example.com", "/v4/example.com/x%40other.org"] {
        assert_eq!(world.refused("GET", path, Value::Null).await, refusal(401, "required"));
    }
    let abroad = with(anna(), json!({"id": "x@other.org"}));
    assert_eq!(world.refused("POST", "/v4/example.com", abroad).await, refusal(401, "required"));
}

#[tokio::test]
async fn routes_and_methods_that_are_none() {
    let world = World::new().await;
    for path in ["/v4", "/v3/example.com", "/v4//x", "/v4/example.com/a@b.c/offboard/now", "/v1/users/x"] {
        let reply = world.send("GET", path, "").await.unwrap();
        assert_eq!(reply.status(), 404, "{path}");
        assert!(reply.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert_eq!(reply.text().await.unwrap(), "Not Found");
    }
    for (method, path) in
        [("GET", "/v4/example.com"), ("DELETE", ANNA), ("GET", "/v1/workflows/example.com/1")]
    {
        assert_eq!(world.refused(method, path, Value::Null).await, refusal(501, "unsupportedMethod"));
    }
    assert!(world.sim.calls(1).iter().all(|call| call.op == "unknown"));
}

#[tokio::test]
async fn hidden_employee_numbers() {
    let world = World::with(SimOptions { employee_id_readable: false, ..options() }).await;
    let asked = with(anna(), json!({"employeeId": "41", "provisionDate": "2026-05-01"}));
    let (_, made) = world.call("POST", "/v4/example.com/onboard/scheduled", asked).await;
    assert_eq!(made["employeeId"], "41");
    assert_eq!(world.call("GET", ANNA, Value::Null).await.1["employeeId"], Value::Null);
}

#[tokio::test]
async fn the_framework_s_own_tricks() {
    let world = World::new().await;
    world.sim.seed_user(anna()).unwrap();
    world.sim.seed_user(with(anna(), json!({"id": "bob@example.com"}))).unwrap();
    let (_, shown) = world.call("POST", ANNA, json!({"userId": "bob@example.com", "title": "Head"})).await;
    assert_eq!(shown["id"], "bob@example.com", "a body member named like a path parameter wins");
    let url = format!("{}/people{ANNA}", world.sim.urls().cloudm);
    let post = world.client.post(format!("{url}?prettyPrint=false")).header("x-http-method-override", "GET");
    let reply = post.header("authorization", format!("OAuth {}", world.token)).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(!reply.text().await.unwrap().contains('\n'));
    assert_eq!(world.sim.calls(0).last().unwrap().op, "users.get");
}
