//! Cloud Identity's user invitations.

use people_sim::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Assertion, World, ask_token, json_of};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-identity.userinvitations";
const ANA: &str = "ana@example.com";

/// A world with tokens for the scope and the administrator.
struct Invitations {
    world: World,
    token: String,
}

impl Invitations {
    async fn new() -> Self {
        let world = World::new().await;
        world.sim.seed_consumer(json!({"email": ANA})).unwrap();
        let token = token(&world, SCOPE, Some("admin@example.com")).await;
        Self { world, token }
    }

    async fn call(&self, method: Method, path: &str) -> (u16, Value) {
        self.with(&self.token, method, path, "").await
    }

    async fn with(&self, token: &str, method: Method, path: &str, body: &'static str) -> (u16, Value) {
        let url = format!("{}/v1/customers/C01{path}", self.world.sim.urls().cloudidentity);
        let request = self.world.client.request(method, url).bearer_auth(token).body(body);
        let reply = request.send().await.unwrap();
        (reply.status().as_u16(), json_of(reply).await)
    }

    async fn refused(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.call(Method::GET, path).await;
        assert_eq!(body["error"]["code"], status, "{body}");
        (status, body["error"]["status"].clone())
    }
}

async fn token(world: &World, scope: &str, sub: Option<&str>) -> String {
    let mut assertion = Assertion::of(&world.sim);
    assertion.scope = Some(scope.to_owned());
    assertion.sub = sub.map(str::to_owned);
    let body = json_of(ask_token(&world.client, world.sim.urls(), &assertion.sign()).await).await;
    body["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_goes_its_way() {
    let api = Invitations::new().await;
    let at = format!("/userinvitations/{ANA}");
    let (_, fresh) = api.call(Method::GET, &at).await;
    assert_eq!(fresh["state"], "NOT_YET_SENT");
    assert_eq!(fresh.get("mailsSentCount"), None, "a default value is left out");
    assert_eq!(fresh["name"], format!("customers/C01{at}"));
    assert_eq!(fresh["updateTime"].as_str().unwrap().len(), "1970-01-01T00:00:00.000000000Z".len());
    let invitable = format!("{at}:isInvitableUser");
    assert_eq!(api.call(Method::GET, &invitable).await.1, json!({"isInvitableUser": true}));
    assert_eq!(
        api.call(Method::GET, "/userinvitations/bo@example.com:isInvitableUser").await,
        (200, json!({}))
    );

    for mails in ["1", "2"] {
        let (status, sent) = api.with(&api.token, Method::POST, &format!("{at}:send"), "{}").await;
        assert_eq!((status, &sent["done"]), (200, &json!(true)));
        assert_eq!(
            (&sent["response"]["state"], &sent["response"]["mailsSentCount"]),
            (&json!("INVITED"), &json!(mails))
        );
    }
    assert_eq!(api.call(Method::POST, &format!("{at}:cancel")).await.1["response"]["state"], "NOT_YET_SENT");
    let again = api.call(Method::POST, &format!("{at}:cancel")).await;
    assert_eq!((again.0, &again.1["error"]["status"]), (400, &json!("FAILED_PRECONDITION")));
    assert!(!api.world.sim.answer_invitation(ANA, true), "nobody is invited");

    api.call(Method::POST, &format!("{at}:send")).await;
    let answer = api.world.control("POST", &format!("/consumers/{ANA}"), json!({"answer": "accept"})).await;
    assert_eq!(answer.0, 200);
    assert_eq!(api.call(Method::GET, &invitable).await.1, json!({}));
    assert_eq!(api.call(Method::GET, &at).await.1["state"], "ACCEPTED");
    let state = api.world.sim.state();
    assert!(state.users.contains_key(ANA), "CloudM shows who accepted");
    assert_eq!(state.invitations[0]["mailsSentCount"], 3);
    assert_eq!(state.calls.iter().filter(|call| call.effect && call.op == "userinvitations.send").count(), 3);
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let api = Invitations::new().await;
    let at = format!("/userinvitations/{ANA}");
    let refused = async |token: &str| {
        let (status, body) = api.with(token, Method::GET, &at, "").await;
        (status, body["error"]["status"].clone(), body["error"]["details"][0]["reason"].clone())
    };
    assert_eq!(refused("ya29.x").await, (401, json!("UNAUTHENTICATED"), Value::Null));
    let other = token(&api.world, "https://www.googleapis.com/auth/cloud-identity.groups", None).await;
    assert_eq!(
        refused(&other).await,
        (403, json!("PERMISSION_DENIED"), json!("ACCESS_TOKEN_SCOPE_INSUFFICIENT"))
    );
    let nobody = token(&api.world, SCOPE, None).await;
    assert_eq!(refused(&nobody).await, (403, json!("PERMISSION_DENIED"), Value::Null));
    api.world.control("POST", "/options", json!({"invitation_admin": "boss@example.com"})).await;
    assert_eq!(refused(&api.token).await.0, 403);
    api.world
        .control("POST", "/options", json!({"invitation_admin": "admin@example.com", "customer": "C02"}))
        .await;
    assert_eq!(refused(&api.token).await.0, 403);
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_paged() {
    let api = Invitations::new().await;
    for (n, state) in ["INVITED", "DECLINED", "ACCEPTED"].iter().enumerate() {
        let at = format!("2026-01-0{}T00:00:00Z", 3 - n);
        let consumer = json!({"email": format!("b{n}@example.com"), "state": state, "updateTime": at});
        assert_eq!(api.world.control("POST", "/consumers", consumer).await.0, 200);
    }
    let emails = async |query: &str| {
        let (status, body) = api.call(Method::GET, &format!("/userinvitations{query}")).await;
        assert_eq!(status, 200, "{body}");
        let name = |one: &Value| {
            one["name"].as_str().unwrap().rsplit('/').next().unwrap().split('@').next().unwrap().to_owned()
        };
        let all: Vec<String> = body["userInvitations"].as_array().into_iter().flatten().map(name).collect();
        (all.join(" "), body["nextPageToken"].as_str().map(str::to_owned))
    };
    assert_eq!(emails("").await, ("ana b0 b1 b2".to_owned(), None));
    assert_eq!(emails("?orderBy=email+desc").await.0, "b2 b1 b0 ana");
    assert_eq!(emails("?orderBy=update_time%20desc").await.0, "b0 b1 b2 ana");
    assert_eq!(emails("?filter=state=='invited'||state=='DECLINED'").await.0, "b0 b1");
    assert_eq!(emails("?filter=state!='accepted'").await.0, "ana b0 b1");
    let (first, token) = emails("?pageSize=3").await;
    let token = token.unwrap().replace('=', "%3D");
    assert_eq!(
        (first.as_str(), emails(&format!("?pageSize=3&pageToken={token}")).await),
        ("ana b0 b1", ("b2".to_owned(), None))
    );
    for query in [
        &format!("?pageSize=2&pageToken={token}"),
        &format!("?pageSize=3&filter=state=='invited'&pageToken={token}"),
        "?pageToken=x",
        "?pageSize=-1",
        "?orderBy=updateTime%20desc",
        "?orderBy='email%20desc'",
        "?filter=email=='a'",
        "?filter=state=='gone'",
    ] {
        assert_eq!(
            api.refused(&format!("/userinvitations{query}")).await,
            (400, json!("INVALID_ARGUMENT")),
            "{query}"
        );
    }
    // More than 200 are clipped, and nothing at all is nothing at all.
    let many: Vec<Value> = (0..250).map(|n| json!({"email": format!("c{n:03}@example.com")})).collect();
    api.world.control("POST", "/consumers", Value::Array(many)).await;
    assert_eq!(emails("?pageSize=1000").await.0.split(' ').count(), 200);
    assert_eq!(emails("").await.0.split(' ').count(), 100);
    let other = api.world.sim.urls().cloudidentity.clone()
        + "/v1/customers/C01/userinvitations?filter=state=='accepted'%26";
    assert_eq!(api.world.client.get(other).bearer_auth(&api.token).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_new_account_is_not_shown_for_a_while_and_can_be_invited() {
    let api = Invitations::new().await;
    api.world.control("POST", "/options", json!({"invitation_lag_s": 172_800})).await;
    let since = api.world.sim.now().to_string();
    api.world.control("POST", "/consumers", json!({"email": "new+1@example.com", "since": since})).await;
    let at = "/userinvitations/new%2B1@example.com";
    assert_eq!(api.refused(at).await, (404, json!("NOT_FOUND")));
    // As Google's client sends it, unencoded, it is the same.
    assert_eq!(
        api.call(Method::GET, "/userinvitations/new+1@example.com:isInvitableUser").await.1["isInvitableUser"],
        true
    );
    assert_eq!(api.call(Method::POST, &format!("{at}:send")).await.0, 200);
    assert_eq!(api.refused(at).await.0, 404);
    api.world.sim.advance(std::time::Duration::from_secs(172_801));
    let late = token(&api.world, SCOPE, Some("admin@example.com")).await;
    assert_eq!(api.with(&late, Method::GET, at, "").await.1["mailsSentCount"], "1");
}

#[tokio::test]
async fn what_there_is_not() {
    let api = Invitations::new().await;
    for (method, path) in [
        (Method::GET, "/operations/x"),
        (Method::GET, "/userinvitations/ana@example.com:send"),
        (Method::POST, "/userinvitations/ana@example.com"),
        (Method::GET, "/userinvitations/a:b@example.com"),
        (Method::DELETE, "/userinvitations/ana@example.com"),
    ] {
        assert_eq!(api.call(method.clone(), path).await.0, 404, "{method} {path}");
    }
    let odd = api
        .with(&api.token, Method::POST, "/userinvitations/ana@example.com:send", r#"{"force":true}"#)
        .await;
    assert_eq!((odd.0, &odd.1["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert_eq!(api.refused("/userinvitations/nobody").await, (400, json!("INVALID_ARGUMENT")));
    api.world.sim.add_fault(Fault::status("userinvitations", 429).times(1)).unwrap();
    assert_eq!(api.refused("/userinvitations").await, (429, json!("RESOURCE_EXHAUSTED")));
}
