//! What is wrong gets one clear line that repeats nothing of it, and what is right still goes through afterwards.
#![cfg(test)]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use people::host::Clock;
use people::load;
use people_core::journal::{Filter, Journal, Status};
use people_model::time::{SignedDuration, Timestamp};
use people_sim::SimOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{CONFIG, HR_SECRET, Reply, START, World, hmac256};

/// Stands in whatever is wrong, and in no answer.
const MARK: &str = "Beeblebrox";

/// The text of a refusal, which is one line of JSON and holds nothing of the request.
fn refusal(text: &str) -> String {
    assert!(text.ends_with('\n') && text.lines().count() == 1, "not one line: {text:?}");
    assert!(!text.contains(MARK), "echoed: {text}");
    let body: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text:?}"));
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{text}");
    body["error"].as_str().unwrap_or_else(|| panic!("no error: {text}")).to_owned()
}

async fn refused(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, refusal(&answer.text().await.expect("a body")))
}

/// The headers of a delivery to `hr`.
fn headers(id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let stamp = at.as_second().to_string();
    let mac = hmac256(HR_SECRET, &[id.as_bytes(), b".", stamp.as_bytes(), b".", body]);
    let signature = format!("v1,{}", STANDARD.encode(mac));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", stamp), ("webhook-signature", signature)]
}

async fn hr(world: &World, id: &str, body: &[u8]) -> Reply {
    let headers = headers(id, world.clock.now(), body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.post("/hooks/hr", &headers, body.to_vec()).await
}

fn hire(id: &str, given: &str) -> Value {
    json!({"type": "hire", "effectiveDate": "2026-03-01", "worker": {"id": id, "givenName": given, "familyName": "Silva"}})
}

/// Somebody joins, and it works.
async fn works(world: &World, id: &str, given: &str) {
    let reply = world.event(hire(id, given)).await;
    world.quiet().await;
    assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    assert!(!world.user(&format!("{}.silva@example.com", given.to_lowercase())).is_null());
}

/// What is on the list, as status and note.
async fn list(world: &World) -> Vec<(Status, String)> {
    let rows =
        world.bridge.journal.events(&Filter { limit: 1000, ..Filter::default() }).await.expect("the journal");
    rows.into_iter().map(|row| (row.status, row.note)).collect()
}

#[tokio::test]
async fn what_is_not_proven_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let (now, body) = (world.clock.now(), hire("1", MARK).to_string());
    let hour = SignedDuration::from_hours(1);
    let post = |path: &str| world.client.post(world.url(path)).header("x-note", MARK);
    let with = |headers: [(&'static str, String); 3], body: String| {
        let request =
            headers.into_iter().fold(post("/hooks/hr"), |request, (name, value)| request.header(name, value));
        request.body(body)
    };
    let good = || headers("msg_1", now, body.as_bytes());
    let mut other = good();
    other[0].1 = format!("msg_{MARK}");
    for (request, status, text) in [
        (with(good(), format!("{body} ")), 401, "the signature does not match"),
        (with(other, body.clone()), 401, "the signature does not match"),
        (with(headers("msg_1", now - hour, body.as_bytes()), body.clone()), 401, "the timestamp is too old"),
        (
            with(headers("msg_1", now + hour, body.as_bytes()), body.clone()),
            401,
            "the timestamp lies in the future",
        ),
        (post("/hooks/hr").body(body.clone()), 401, "a signature header is missing"),
        (with(good(), body.clone()).header("webhook-id", MARK), 401, "a signature header is malformed"),
        (post(&format!("/hooks/{MARK}")).body(body.clone()), 404, "no source of this name is configured"),
        (post(&format!("/hooks/hr/{MARK}")), 404, "there is nothing here; deliveries go to /hooks/{source}"),
        (world.client.get(world.url("/hooks/hr")), 405, "deliveries are sent by POST"),
        (
            with(good(), body.clone()).header("content-encoding", "gzip"),
            415,
            "send the delivery without Content-Encoding: signatures are made over the plain bytes",
        ),
        (with(good(), MARK.repeat(200_000)), 413, "the delivery is larger than [server] max_body"),
    ] {
        assert_eq!(refused(request).await, (status, text.to_owned()));
    }
    assert_eq!(list(&world).await, []);
    assert_eq!(world.sim.calls(0), []);
    works(&world, "2", "Ben").await;
}

#[tokio::test]
async fn what_is_sent_again_is_a_duplicate() {
    let world = World::new().await;
    let body = hire("1", "Ana").to_string();
    let first = world.hr("msg_1", &body).await;
    assert_eq!((first.status, first.body["accepted"].is_string()), (200, true));
    world.quiet().await;
    let effects = world.effects();
    // The same bytes, and the same id with a later stamp, as a sender that tries again does it.
    for _ in 0..2 {
        let again = world.hr("msg_1", &body).await;
        assert_eq!((again.status, again.body), (200, json!({"duplicate": true})));
        world.clock.advance(SignedDuration::from_secs(30));
        world.quiet().await;
    }
    assert_eq!(world.effects(), effects);
    assert_eq!(list(&world).await.len(), 1);
    works(&world, "2", "Ben").await;
}

#[tokio::test]
async fn what_is_proven_and_cannot_be_used_is_kept_for_a_human() {
    let mapped = r#"
[[source]]
name = "mapped"
kind = "generic"
secrets = [{ file = "plain" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
map = { type = "what", id = "person.number", fields = { givenName = "person.first", familyName = "person.last" } }
"#;
    // Before [policy.retry], which would end the list of sources' tables.
    let world = World::with(
        &CONFIG.replace("[policy.retry]", &format!("{mapped}[policy.retry]")),
        SimOptions::default(),
    )
    .await;
    let deep = format!("{{\"type\":\"hire\",\"worker\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: [(&[u8], &str); 7] = [
        (deep.as_bytes(), "body: it is not JSON"),
        (b"Beeblebrox", "body: it is not JSON"),
        (b"{\"type\":\"hire\",\"worker\":{\"id\":\"Beeblebrox\xff\"}}", "body: it is not JSON"),
        (b"", "body: it is not JSON"),
        (b"\"Beeblebrox\"", "body: an event must be a JSON object"),
        (br#"{"worker":{"id":"Beeblebrox"}}"#, "type: the type of event is missing"),
        (br#"{"type":"hire","worker":{"givenName":"Beeblebrox"}}"#, "worker.id: "),
    ];
    for (n, (body, note)) in cases.into_iter().enumerate() {
        let reply = hr(&world, &format!("msg_{n}"), body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        world.quiet().await;
        let (status, told) = world.outcome(&reply).await;
        assert_eq!(status, Status::Dead, "{told}");
        assert!(told.starts_with(note) && !told.contains(MARK) && told.lines().count() == 1, "{told:?}");
    }
    // A field that the map needs and the record lacks.
    let body = json!({"what": "hire", "person": {"first": MARK, "last": MARK}}).to_string();
    let signature = hex::encode(hmac256(crate::world::PLAIN_SECRET, &[body.as_bytes()]));
    let reply = world.post("/hooks/mapped", &[("x-signature", &signature)], body).await;
    world.quiet().await;
    let (status, told) = world.outcome(&reply).await;
    assert_eq!(status, Status::Dead);
    assert!(told.starts_with("map.id") && !told.contains(MARK), "{told}");
    // A member that an account needs: asked for by name.
    let reply = world
        .event(
            json!({"type": "hire", "effectiveDate": "2026-03-01", "worker": {"id": "9", "givenName": MARK}}),
        )
        .await;
    world.quiet().await;
    let (status, told) = world.outcome(&reply).await;
    assert!(status == Status::Held && told.contains("familyName") && !told.contains(MARK), "{told}");
    // What is of no concern leaves nothing but a count.
    let before = list(&world).await.len();
    let reply = hr(&world, "msg_other", br#"{"type":"payroll.run","worker":{"id":"9"}}"#).await;
    world.quiet().await;
    assert_eq!((reply.status, list(&world).await.len()), (200, before));
    works(&world, "2", "Ben").await;
}

#[tokio::test]
async fn the_admin_api_wants_its_token() {
    let world = World::new().await;
    let get = |path: &str| world.client.get(world.url(path));
    for path in ["/api/events", "/api/held", "/api/stats", "/", "/api/nothing"] {
        for request in [
            get(path),
            get(path).bearer_auth(MARK),
            get(path).bearer_auth(""),
            get(path).basic_auth("admin", Some(MARK)),
            get(path).header("authorization", "admin-token"),
        ] {
            assert_eq!(refused(request).await, (401, "the admin token is needed".to_owned()), "{path}");
        }
    }
    let admin = |path: &str| get(path).bearer_auth("admin-token");
    for (path, status) in
        [("/api/events?status=Beeblebrox", 400), ("/api/events?limit=-1", 400), ("/api/Beeblebrox", 404)]
    {
        assert_eq!(refused(admin(path)).await.0, status, "{path}");
    }
    let post = world.client.post(world.url("/api/held/p_Beeblebrox/approve")).bearer_auth("admin-token");
    assert_eq!(refused(post).await, (404, "nobody has this tag or event".to_owned()));
    assert_eq!(admin("/api/events").send().await.expect("an answer").status(), 200);
    works(&world, "2", "Ben").await;
}

/// Sends bytes as they are and reads what comes back until the other side closes, or nothing comes for a while.
async fn raw(world: &World, bytes: &[u8]) -> String {
    let address = world.url("").trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("it is sent");
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut answer)).await;
    answer.truncate(read.map_or(0, |read| read.unwrap_or(0)));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn broken_http_is_refused_and_keeps_nobody_waiting() {
    let world = World::new().await;
    // Requests that never end hold their connections, and nothing else.
    let address = world.url("").trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for n in 0..200 {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        let part: &[u8] = match n % 3 {
            0 => b"POST /hooks/hr HT",
            1 => b"POST /hooks/hr HTTP/1.1\r\nhost: a\r\nx-slow: ",
            _ => b"POST /hooks/hr HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n{\"type\"",
        };
        stream.write_all(part).await.expect("it is sent");
        slow.push(stream);
    }
    let quick = tokio::time::timeout(Duration::from_secs(10), works(&world, "1", "Ana")).await;
    assert!(quick.is_ok(), "others wait for a slow sender");

    for request in [
        "POST /hooks/hr HTTP/1.1\r\nhost: a\r\nwebhook-id: a\r\n set-cookie: Beeblebrox\r\ncontent-length: 0\r\n\r\n",
        "POST /hooks/hr HTTP/1.1\r\nhost: a\r\nwebhook-id: a\rset-cookie: Beeblebrox\r\ncontent-length: 0\r\n\r\n",
        "POST /hooks/%0d%0aset-cookie:%20Beeblebrox HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        "POST /hooks/hr\r\nset-cookie: Beeblebrox HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /hooks/hr HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 300\r\n\r\nabc",
        "POST /hooks/hr HTTP/1.1\r\nhost: a\r\ncontent-length: Beeblebrox\r\n\r\n",
        "POST http://Beeblebrox.example/hooks/hr HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        "Beeblebrox\r\n\r\n",
        "\u{0}\u{16}\u{3}\u{1}",
    ] {
        let answer = raw(&world, request.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or("").to_owned();
        assert!(["", "400", "401", "404"].contains(&status.as_str()), "{request:?}: {answer}");
        assert!(!answer.contains(MARK) && !answer.contains("set-cookie"), "{request:?}: {answer}");
        if let Some((_, body)) = answer.split_once("\r\n\r\n").filter(|(_, body)| !body.is_empty()) {
            refusal(body);
        }
    }
    works(&world, "2", "Ben").await;
    drop(slow);
}

#[tokio::test]
async fn a_clock_that_is_off_is_named_and_loses_nothing() {
    let world = World::new().await;
    let start: Timestamp = START.parse().expect("a moment");
    world.clock.set(start + SignedDuration::from_mins(10));
    world.sim.set_now(start);
    let reply = world.event(hire("1", "Ana")).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let told = loop {
        ticks.tick().await;
        let rows = world.rows(reply.id()).await;
        if let Some(row) =
            rows.first().filter(|row| row.status == Status::Working && row.note.contains("clock"))
        {
            break row.note.clone();
        }
        assert!(world.clock.now() < start + SignedDuration::from_mins(11), "{rows:?}");
    };
    assert!(told.contains("clock is") && told.contains("s ahead: set it right"), "{told}");
    assert!(world.users().is_empty());
    // Right again, some time later.
    world.set_now("2026-03-02T09:20:00Z");
    world.quiet().await;
    assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.effects(), ["users.create v4/example.com"]);
}

#[tokio::test]
async fn a_wrong_configuration_names_the_file_the_line_and_what_to_do() {
    let world = World::new().await;
    let path = world.folder.path().join("people.toml");
    let good = std::fs::read_to_string(&path).expect("it is there");
    let load = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        load::bridge(&path, Clock::default()).err().map(|error| error.to_string()).expect("it is wrong")
    };
    let shown = path.display();
    let line = |text: &str| good.lines().position(|line| line == text).expect("a line") + 1;
    assert_eq!(
        load(&good.replace("rate = 10000", "raet = 10000")),
        format!(
            "{shown}: line {}: `server.raet`: there is no such key; did you mean `rate`?",
            line("rate = 10000")
        )
    );
    let told = load(&good.replace("secrets = [{ file = \"hr\" }]", "secrets = [\"Beeblebrox\"]"));
    assert!(
        told.starts_with(&format!("{shown}: line ")) && told.contains("a secret is never written here"),
        "{told}"
    );
    assert!(!told.contains(MARK), "{told}");
    let told = load(&good.replace("kind = \"generic\"", "kind = \"generics\""));
    assert!(told.contains("there is no such kind") && told.contains("generic, standard-webhooks"), "{told}");
    let told = load(&good.replace("{ file = \"hr\" }", "{ file = \"nowhere\" }"));
    assert!(told.contains("secrets[0]") && told.contains("nowhere: "), "{told}");

    std::fs::write(
        world.folder.path().join("key.json"),
        r#"{"type": "authorized_user", "client_secret": "Beeblebrox"}"#,
    )
    .expect("a file");
    assert_eq!(
        load(&good),
        "[google] credentials: this is a person's own credential (type authorized_user, from `gcloud auth \
         application-default login`); create a key for a service account instead"
    );
    std::fs::write(world.folder.path().join("key.json"), "Beeblebrox").expect("a file");
    let told = load(&good);
    assert!(told.contains("the key is not JSON (line 1, column 1)") && !told.contains(MARK), "{told}");
    for told in [load(&good), load("Beeblebrox"), load("")] {
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
