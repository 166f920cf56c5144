//! Who sent it: signatures over the bytes as they came, stamps, and keys that are rotated.

use people_core::journal::Status;
use people_sim::SimOptions;
use serde_json::{Value, json};

use super::{change, hire, thin, webhook_headers};
use crate::vectors::vector;
use crate::world::{BAMBOO_SECRET, CONFIG, HR_SECRET, PLAIN_SECRET, START, World, hmac256};

/// The moment at which every world begins, in seconds since 1970.
const START_SECOND: i64 = 1_772_442_000;

/// The JSON without white space between its parts; everything else as it stands, keys in their order.
fn minified(json: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        if quoted || !c.is_ascii_whitespace() {
            out.push(c);
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
    }
    out
}

#[tokio::test]
async fn scenario_01_bamboohr_signs_the_body_and_then_the_stamp() {
    let world = World::new().await;
    let body = thin("employee.created", "41", START);
    let stamp = world.clock.now().as_second().to_string();
    let (stamp, payload) = (stamp.as_bytes(), body.as_bytes());
    let send = async |parts: &[&[u8]]| {
        let signature = hex::encode(hmac256(BAMBOO_SECRET, parts));
        let stamp = std::str::from_utf8(stamp).expect("digits");
        let headers = [("x-bamboohr-timestamp", stamp), ("x-bamboohr-signature", signature.as_str())];
        world.post("/hooks/bamboohr", &headers, body.clone()).await.status
    };
    assert_eq!(send(&[stamp, b".", payload]).await, 401);
    assert_eq!(send(&[stamp, payload]).await, 401);
    assert_eq!(send(&[payload]).await, 401);
    assert_eq!(world.events().await, 0, "what is not proven leaves nothing");
    world.sim.put_employee(super::noor(json!({}))).expect("an employee");
    assert_eq!(send(&[payload, stamp]).await, 200);
    world.quiet().await;
    assert_eq!(world.users(), ["noor.haddad@example.com"]);
}

#[tokio::test]
async fn scenario_01_a_recorded_delivery_of_bamboohr() {
    let Some(head) = vector("bamboohr/fusebit-headers-and-key.json") else { return };
    let Some(body) = vector("bamboohr/fusebit-webhook-event.json") else { return };
    let head: Value = serde_json::from_slice(&std::fs::read(head).expect("a file")).expect("JSON");
    let body = minified(&std::fs::read_to_string(body).expect("a file"));
    let text = |name: &str| head[name].as_str().expect("a text");
    let (stamp, signature) = (text("x-bamboohr-timestamp"), text("x-bamboohr-signature"));

    let second: i64 = stamp.parse().expect("seconds");
    let then = people_model::time::Timestamp::from_second(second + 2).expect("a moment");
    let mut world = World::with(CONFIG, SimOptions { now: Some(then), ..SimOptions::default() }).await;
    world.add_source("recorded", text("private_key"), "kind = \"bamboohr\"").await;
    let account =
        json!({"id": "tefi.adams@example.com", "givenName": "T", "familyName": "Adams", "employeeId": "5"});
    world.sim.seed_user(account).expect("a user");

    let headers = [("x-bamboohr-timestamp", stamp), ("x-bamboohr-signature", signature)];
    let altered = body.replace("Tefi", "Toni");
    assert_eq!(world.post("/hooks/recorded", &headers, altered).await.status, 401);
    assert_eq!(world.post("/hooks/recorded", &headers, body).await.status, 200);
    world.quiet().await;
    assert_eq!(world.user("tefi.adams@example.com")["givenName"], "Tefi");
    assert_eq!(world.ops(), ["users.patch"]);
}

#[tokio::test]
async fn scenario_02_signatures_are_checked_over_the_raw_bytes() {
    let world = World::new().await;
    let raw = "{\"type\":\"hire\",  \"effectiveDate\":\"2026-03-01\", \"worker\":{\"id\":\"8\",\"givenName\":\"Zo\\u00eb\",\
               \"familyName\":\"Žižek\",\"title\":\"R\\u003cD  \\u0026 Lab\"}}\r\n";
    let parsed: Value = serde_json::from_str(raw).expect("JSON");
    // What is signed is not what is sent: each differs in what a parser would forgive.
    for signed in
        [parsed.to_string(), raw.trim_end().to_owned(), raw.replace("  ", " "), raw.replace("\\u003c", "<")]
    {
        let signature = hex::encode(hmac256(PLAIN_SECRET, &[signed.as_bytes()]));
        let reply = world.post("/hooks/plain", &[("x-signature", &signature)], raw).await;
        assert_eq!(reply.status, 401, "{signed}");
    }
    let reply = world.plain(raw).await;
    assert_eq!(reply.status, 200);
    world.quiet().await;
    assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    let user = world.user("zoe.zizek@example.com");
    assert_eq!((&user["givenName"], &user["title"]), (&json!("Zoë"), &json!("R<D  & Lab")));
}

#[tokio::test]
async fn scenario_04_standard_webhooks_stamps_and_lists() {
    let world = World::new().await;
    let body = hire("7", "2026-03-01").to_string();
    let send = async |stamp: &str, signature: &str| {
        world.set_now(START);
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", stamp), ("webhook-signature", signature)];
        world.post("/hooks/hr", &headers, body.clone()).await.status
    };
    let signed = |stamp: &str| {
        let parts: [&[u8]; 5] = [b"msg_1", b".", stamp.as_bytes(), b".", body.as_bytes()];
        format!(
            "v1,{}",
            base64::Engine::encode(&base64::prelude::BASE64_STANDARD, hmac256(HR_SECRET, &parts))
        )
    };
    // The clock runs on from the start, so the future one is a little further off.
    for stamp in [START_SECOND - 301, START_SECOND + 310] {
        let stamp = stamp.to_string();
        assert_eq!(send(&stamp, &signed(&stamp)).await, 401, "{stamp}");
    }
    assert_eq!(send("hello", &signed("hello")).await, 401);
    let now = START_SECOND.to_string();
    let good = signed(&now);
    let bad = format!("v1,{}", "A".repeat(43) + "=");
    for refused in ["v1,", "", "v1", &bad, &good[3..], &good.replace("v1,", "v9,")] {
        assert_eq!(send(&now, refused).await, 401, "{refused}");
    }
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let all = [("webhook-id", "msg_1"), ("webhook-timestamp", &now), ("webhook-signature", &good)];
        let rest: Vec<_> = all.into_iter().filter(|(name, _)| *name != missing).collect();
        assert_eq!(world.post("/hooks/hr", &rest, body.clone()).await.status, 401, "{missing}");
    }
    assert_eq!(world.events().await, 0);
    assert_eq!(send(&now, &format!("{bad} v2,x {good}")).await, 200);
    world.quiet().await;
    assert_eq!(world.ops(), ["users.create"]);
}

#[tokio::test]
async fn scenario_04_an_asymmetric_signature_is_verified_with_the_public_key() {
    let mut world = World::new().await;
    world
        .add_source(
            "asym",
            "whpk_4ca7rXdN8VT2qLGJy9fCZ9f2s1OsWmsAkHAttmoEpe4=",
            "kind = \"standard-webhooks\"",
        )
        .await;
    let signature =
        "v1a,CseYZpab0JwAzgHwys6gA1bjRHjjwDf42PCtiQ3xBdG9wLNVuP7BV95rVekhKVxuSltzOrklHa18XSxd+I1wDA==";
    let body = r#"{"type":"hire","effectiveDate":"2026-03-01","worker":{"id":"44","givenName":"Edda","familyName":"Stern"}}"#;
    let stamp = START_SECOND.to_string();
    let headers =
        [("webhook-id", "msg_ed"), ("webhook-timestamp", stamp.as_str()), ("webhook-signature", signature)];
    let altered = body.replace("\"44\"", "\"45\"");
    assert_eq!(world.post("/hooks/asym", &headers, altered).await.status, 401);
    assert_eq!(world.post("/hooks/asym", &headers, body).await.status, 200);
    world.quiet().await;
    assert_eq!(world.users(), ["edda.stern@example.com"]);
}

#[tokio::test]
async fn scenario_05_a_key_is_rotated_without_a_gap() {
    const NEW: &[u8] = b"the-next-secret-of-thirty-bytes-";
    let mut world = World::new().await;
    let new = format!("whsec_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, NEW));
    std::fs::write(world.folder.path().join("hr-new"), new).expect("a secret");
    let old_only = r#"secrets = [{ file = "hr" }]"#;
    world
        .reconfigure(|text| text.replace(old_only, r#"secrets = [{ file = "hr" }, { file = "hr-new" }]"#))
        .await;
    let send = async |world: &World, id: &str, keys: &[&[u8]]| {
        let body = change("7", json!({"title": id})).to_string();
        let headers = webhook_headers(id, world.clock.now().as_second(), keys, &body);
        world
            .post("/hooks/hr", &headers.each_ref().map(|(name, value)| (*name, value.as_str())), body)
            .await
            .status
    };
    assert_eq!(send(&world, "old", &[HR_SECRET]).await, 200);
    assert_eq!(send(&world, "new", &[NEW]).await, 200);
    assert_eq!(send(&world, "both", &[HR_SECRET, NEW]).await, 200);
    assert_eq!(send(&world, "neither", &[b"a-third-secret-that-nobody-knows"]).await, 401);

    world
        .reconfigure(|text| {
            text.replace(r#"[{ file = "hr" }, { file = "hr-new" }]"#, r#"[{ file = "hr-new" }]"#)
        })
        .await;
    assert_eq!(send(&world, "old-late", &[HR_SECRET]).await, 401);
    assert_eq!(send(&world, "new-late", &[NEW]).await, 200);
    assert_eq!(send(&world, "both-late", &[HR_SECRET, NEW]).await, 200);
}

#[tokio::test]
async fn scenario_05_a_label_selects_the_key() {
    let mut world = World::new().await;
    let scheme = r#"kind = "generic"
signature = { algorithm = "hmac-sha256", header = "X-Hmac", signed = ["method", "body"], label = "X-Hmac-Label", labels = ["first", "second"] }"#;
    world.add_source("labelled", "first-key", scheme).await;
    std::fs::write(world.folder.path().join("second"), "second-key").expect("a secret");
    world
        .reconfigure(|text| {
            text.replace(r#"[{ file = "labelled" }]"#, r#"[{ file = "labelled" }, { file = "second" }]"#)
        })
        .await;
    let send = async |key: &str, label: &str, n: u32| {
        let body = change("7", json!({"title": format!("T{n}")})).to_string();
        let signature = hex::encode(hmac256(key.as_bytes(), &[b"POST", body.as_bytes()]));
        let headers = [("x-hmac", signature.as_str()), ("x-hmac-label", label)];
        world.post("/hooks/labelled", &headers, body).await.status
    };
    assert_eq!(send("first-key", "first", 1).await, 200);
    assert_eq!(send("second-key", "second", 2).await, 200);
    assert_eq!(send("first-key", "second", 3).await, 401, "the label names the other key");
    assert_eq!(send("second-key", "unheard-of", 4).await, 200, "an unknown label tries all");
    assert_eq!(send("third-key", "unheard-of", 5).await, 401);
}
