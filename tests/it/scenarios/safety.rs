//! What a payload cannot bring about, and how soon a sender has its answer.

use std::time::Duration;

use people::load;
use people_core::journal::Status;
use people_sim::{Fault, FaultKind};
use serde_json::json;
use tokio::time::Instant;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::{hire, named};
use crate::world::{CONFIG, World};

#[tokio::test]
async fn scenario_09_the_sender_has_its_answer_while_the_target_hangs() {
    let mut world = World::new().await;
    let hangs = Fault { delay_ms: Some(30_000), ..Fault::on("/_ah/api/", FaultKind::Delay) };
    world.sim.add_fault(hangs).expect("a fault");
    for n in 0..5 {
        let started = Instant::now();
        assert_eq!(world.event(named(&n.to_string(), &format!("Souza{n}"))).await.status, 200);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    world.until("all are asked for", |world| world.cloudm_calls().len() == 5).await;
    let started = Instant::now();
    let people: Vec<_> = (0..50).map(|n| named(&format!("w{n}"), &format!("Silva{n}"))).collect();
    assert_eq!(world.event(json!(people)).await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    // It dies while it waits; all that was acknowledged is done later, once.
    world.sim.clear_faults();
    world.restart().await;
    world.pass("2026-03-02T09:05:00Z").await;
    assert_eq!((world.users().len(), world.times("users.create")), (5 + 50, 5 + 50));
}

#[tokio::test]
async fn scenario_53_no_address_in_a_payload_is_ever_fetched() {
    let decoy = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&decoy).await;
    let uri = decoy.uri();
    let world = World::with_noor("").await;
    let links = json!({"url": uri, "self": uri, "job_url": uri, "callback": uri, "_links": {"employee": {"href": uri}}});

    let mut event = hire("7", "2026-03-01");
    for name in ["url", "job_url", "links", "callbackUrl", "photoUrl"] {
        event[name] = links.clone();
        event["worker"][name] = uri.clone().into();
    }
    world.say(event).await;
    // Thin events, whose record is fetched: from the host of the configuration, whatever the event says.
    for employee in ["41", uri.as_str(), "../../../41", "41?x=1#", "@evil.example", "..", "//evil.example/41"]
    {
        let mut body = json!({"type": "employee.updated", "timestamp": "2026-03-02T09:00:00Z", "base_url": uri, "links": links});
        body["data"] = json!({"companyId": "1", "employeeId": employee, "url": uri, "links": links, "companyDomain": uri});
        let reply = world.bamboo("bamboohr", &body.to_string()).await;
        assert_eq!(reply.status, 200, "{employee}");
    }
    let headers = [("company-domain", uri.as_str())];
    world.post("/hooks/bamboohr", &headers, "{}").await;
    let before = world.sim.calls(0).len();
    world.until("fetches were tried", |world| world.sim.calls(0).len() >= before + 20).await;
    assert!(decoy.received_requests().await.expect("recorded").is_empty(), "nobody asked the decoy");
    let answered = world.sim.calls(0).into_iter().filter(|call| call.api == "bamboohr" && call.status == 200);
    assert!(answered.into_iter().all(|call| call.path.ends_with("/api/v1/employees/41")));
}

#[tokio::test]
async fn scenario_53_a_redirect_is_not_followed() {
    let decoy = MockServer::start().await;
    let hr = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&decoy).await;
    let to_decoy = ResponseTemplate::new(302).insert_header("location", decoy.uri());
    Mock::given(matchers::any()).respond_with(to_decoy).mount(&hr).await;
    let config = CONFIG.replace("{bamboohr}", &hr.uri());
    let world = World::with(&config, people_sim::SimOptions::default()).await;
    world.bamboo("bamboohr", &super::thin("employee.updated", "41", "2026-03-02T09:00:00Z")).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while hr.received_requests().await.expect("recorded").len() < 3 {
        ticks.tick().await;
        world.nudge();
    }
    assert!(decoy.received_requests().await.expect("recorded").is_empty());
}

#[tokio::test]
async fn scenario_53_the_configuration_sends_no_secret_over_plain_http() {
    let world = World::new().await;
    let path = world.folder.path().join("people.toml");
    let good = std::fs::read_to_string(&path).expect("the configuration");
    let urls = world.sim.urls();
    for (ours, foreign, key) in [
        (&urls.bamboohr, "http://hr.example.net/api", "api.base_url"),
        (&urls.bamboohr, "http://127.0.0.1.example.net", "api.base_url"),
        (&urls.bamboohr, "ftp://127.0.0.1/", "api.base_url"),
        (&urls.bamboohr, "https://user:word@hr.example.net", "api.base_url"),
        (&urls.cloudm, "http://cloudm.example.net/_ah/api", "cloudm.base_url"),
        (&urls.cloudm, "http://localhost.example.net", "cloudm.base_url"),
    ] {
        std::fs::write(&path, good.replace(&format!("\"{ours}\""), &format!("\"{foreign}\"")))
            .expect("a file");
        let error = load::bridge(&path, world.clock.clone()).map(drop).expect_err(foreign).to_string();
        assert!(error.contains(key), "{foreign}: {error}");
    }
    std::fs::write(&path, good).expect("a file");
    load::bridge(&path, world.clock.clone()).map(drop).expect("the good one works");
}

/// One number in two sources that nobody has linked: one human or two, only a human knows. Never a second account, and never an
/// offboarding of somebody else's.
#[tokio::test]
async fn scenario_39_one_number_in_two_sources_is_held() {
    let world = World::new().await;
    let hire = r#"{"type":"hire","effectiveDate":"2026-03-01","worker":{"id":"7","givenName":"Ana","familyName":"Silva"}}"#;
    assert_eq!(world.hr("first", hire).await.status, 200);
    world.quiet().await;
    let second = world.plain(hire).await;
    world.quiet().await;
    let (status, note) = world.outcome(&second).await;
    assert_eq!(status, Status::Held, "{note}");
    assert!(note.contains("`link`"), "{note}");

    let leave = r#"{"type":"leave","effectiveDate":"2026-03-01","worker":{"id":"7","email":"ana.silva@example.com"}}"#;
    let leave = world.plain(leave).await;
    world.quiet().await;
    assert_eq!(world.outcome(&leave).await.0, Status::Held);
    assert_eq!(world.effects(), ["users.create v4/example.com"]);
}
