//! Whatever goes wrong between us and the target, each person ends with exactly one account.

use std::collections::BTreeSet;
use std::time::Duration;

use people_core::bridge::Decision;
use people_core::engine::Stop;
use people_core::journal::Status;
use people_model::Outcome;
use people_sim::{Fault, FaultBody, FaultKind, RetryAfter, SimOptions, WorkflowKind};
use serde_json::{Value, json};

use super::outage::{ask, breakable};
use super::{bare, change, hire, leave, moment, named, noor, thin, webhook_headers};
use crate::world::{BAMBOO_SECRET, CONFIG, HR_SECRET, START, World, hmac256, person_key};

const CREATE: &str = "/people/v4/example.com";

/// A fault of `POST` on that path.
fn post(path: &str, fault: Fault) -> Fault {
    Fault { path: path.to_owned(), method: Some("POST".to_owned()), ..fault }
}

fn raw(status: u16) -> Fault {
    Fault { raw: true, ..Fault::status("", status) }
}

fn of(kind: FaultKind) -> Fault {
    Fault::on("", kind)
}

#[tokio::test]
async fn scenario_54_whatever_goes_wrong_with_a_create_there_is_one_account() {
    let html = Fault { body: FaultBody::Html, ..raw(503) };
    let wait = Fault { retry_after: Some(RetryAfter::Seconds(1)), ..raw(429) };
    let faults = [
        (raw(409).times(1), false),
        (raw(422).times(1), true),
        (raw(400).times(1), true),
        (Fault::status("", 422).times(2), false),
        (raw(429).times(3), false),
        (wait.times(1), false),
        (Fault::status("", 429).times(3), false),
        (raw(500).times(3), false),
        (Fault::status("", 500).times(3), false),
        (html.times(2), false),
        (Fault { body: FaultBody::Empty, ..raw(502) }.times(2), false),
        (Fault { body: FaultBody::Html, ..raw(200) }.times(1), false),
        (of(FaultKind::Drop).times(3), false),
        (of(FaultKind::LostAnswer).times(1), false),
        (of(FaultKind::ExpireToken).times(1), false),
        (Fault { delay_ms: Some(300), ..of(FaultKind::Delay) }.times(1), false),
    ];
    for (fault, human) in faults {
        let world = World::new().await;
        world.sim.add_fault(post(CREATE, fault.clone())).expect("a fault");
        let (status, note) = world.say(hire("7", "2026-03-01")).await;
        assert_eq!(status == Status::Held, human, "{fault:?}: {note}");
        if human {
            assert_eq!(world.users(), [""; 0]);
            world.decide("hr/7", Decision::Approve(None)).await;
        }
        assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()), "{fault:?}");
        assert_eq!(world.users().len(), 1, "{fault:?}");
        assert_eq!(world.times("users.create"), 1, "{fault:?}");
        // The next event finds that account.
        world.say(change("7", json!({"title": "Lead"}))).await;
        assert_eq!((world.users().len(), world.times("users.create")), (1, 1), "{fault:?}");
        assert_eq!(world.user(&world.users()[0])["title"], "Lead", "{fault:?}");
    }
}

#[tokio::test]
async fn scenario_54_an_answer_that_comes_when_the_time_is_up() {
    let world = World::new().await;
    let (bridge, _) = breakable(&world, Duration::from_millis(300));
    let late = Fault { delay_ms: Some(3_000), ..of(FaultKind::Delay) };
    world.sim.add_fault(post(CREATE, late).times(1)).expect("a fault");
    let body = hire("7", "2026-03-01").to_string();
    let headers = webhook_headers("msg_1", world.clock.now().as_second(), &[HR_SECRET], &body);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(ask(&bridge, "POST", "/hooks/hr", &headers, &body).await.status(), 200);
    assert_eq!(bridge.sort().await.expect("the journal answers"), 1);

    let person = person_key("hr/7");
    let mut waits = 0;
    loop {
        match bridge.drive(&person).await.expect("the journal answers") {
            // The clock is set to the millisecond.
            Stop::Wait(until) => world.clock.set(until.max(world.clock.now()) + Duration::from_millis(1)),
            stop => break assert_eq!(stop, Stop::Over(Outcome::Agreed)),
        }
        waits += 1;
        assert!(waits < 20, "it never ends");
    }
    assert!(waits > 0, "the answer was not waited for");
    assert_eq!((world.users().len(), world.times("users.create")), (1, 1));
}

#[tokio::test]
async fn scenario_54_lost_answers_where_the_worker_id_cannot_be_read_back() {
    let config =
        CONFIG.replace("base_url = \"{cloudm}\"", "base_url = \"{cloudm}\"\nunread = [\"employeeId\"]");
    let options = SimOptions { employee_id_readable: false, ..SimOptions::default() };
    let world = World::with(&config, options).await;
    world.sim.add_fault(post(CREATE, of(FaultKind::LostAnswer)).times(1)).expect("a fault");
    assert_eq!(world.say(hire("7", "2026-03-01")).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!((world.users().len(), world.times("users.create")), (1, 1));
}

#[tokio::test]
async fn scenario_54_whatever_goes_wrong_with_a_schedule_there_is_one_onboarding() {
    for fault in [
        raw(500).times(2),
        raw(429).times(2),
        of(FaultKind::Drop).times(2),
        of(FaultKind::LostAnswer).times(1),
    ] {
        let world = World::new().await;
        world.sim.add_fault(post("/onboard/scheduled", fault.clone())).expect("a fault");
        let said = world.say(hire("7", "2026-04-01")).await;
        assert_eq!(
            said,
            (Status::Waiting, "onboarding scheduled for 2026-03-31T22:00:00Z".to_owned()),
            "{fault:?}"
        );
        assert_eq!(world.onboarding_at(), moment("2026-03-31T22:00:00Z"), "{fault:?}");
        // It can be moved, so its workflow is known.
        world.say(hire("7", "2026-04-15")).await;
        assert_eq!(world.onboarding_at(), moment("2026-04-14T22:00:00Z"), "{fault:?}");
    }
}

#[tokio::test]
async fn scenario_54_whatever_goes_wrong_with_an_offboarding_there_is_one() {
    for fault in [
        raw(500).times(2),
        raw(429).times(2),
        of(FaultKind::Drop).times(2),
        of(FaultKind::LostAnswer).times(1),
    ] {
        let world = World::new().await;
        world.say(hire("7", "2026-02-01")).await;
        world.sim.add_fault(post("/offboard", fault.clone())).expect("a fault");
        assert_eq!(
            world.say(leave("7", "2026-03-01")).await,
            (Status::Settled, "offboarded".to_owned()),
            "{fault:?}"
        );
        world.pass("2026-03-02T12:00:00Z").await;
        assert_eq!(world.times("users.offboard"), 1, "{fault:?}");
        // Its workflow is known, so that it can be undone.
        world.say(bare("leave.cancelled", "7")).await;
        assert_eq!(world.user("ana.silva@example.com")["suspended"], false, "{fault:?}");
    }
}

#[tokio::test]
async fn scenario_54_a_thousandth_of_luck() {
    let world = World::new().await;
    for (kind, rate) in [
        (FaultKind::LostAnswer, 0.15),
        (FaultKind::Drop, 0.15),
        (FaultKind::Status, 0.15),
        (FaultKind::ExpireToken, 0.1),
    ] {
        world.sim.add_fault(Fault { rate: Some(rate), ..Fault::on("/people/", kind) }).expect("a fault");
    }
    let people: Vec<Value> = (0..40).map(|n| named(&n.to_string(), &format!("Silva{n}"))).collect();
    world.event(json!(people)).await;
    world.quiet().await;
    one_account_each(&world, 40);
}

/// Forty worker ids, as many accounts, and as many creates.
fn one_account_each(world: &World, people: usize) {
    let users = world.sim.state().users;
    let ids: BTreeSet<_> =
        users.values().filter_map(|user| user["employeeId"].as_str().map(str::to_owned)).collect();
    assert_eq!((users.len(), ids.len(), world.times("users.create")), (people, people, people));
}

#[tokio::test]
async fn scenario_56_a_restart_in_the_middle_loses_nothing_and_doubles_nothing() {
    let mut world = World::new().await;
    let slow = Fault { delay_ms: Some(30), ..Fault::on("/people/", FaultKind::Delay) };
    world.sim.add_fault(slow).expect("a fault");
    let mut sent = 0;
    for (round, now) in
        ["2026-03-02T09:10:00Z", "2026-03-02T09:20:00Z", "2026-03-02T09:30:00Z"].into_iter().enumerate()
    {
        let people: Vec<Value> =
            (0..12).map(|n| named(&format!("{round}-{n}"), &format!("Silva{round}x{n}"))).collect();
        assert_eq!(world.event(json!(people)).await.status, 200);
        sent += people.len();
        let before = world.cloudm_calls().len();
        // Somewhere in between, another place each time.
        world.until("work has begun", |world| world.cloudm_calls().len() >= before + 5 + 9 * round).await;
        world.restart().await;
        world.set_now(now);
    }
    world.sim.clear_faults();
    world.pass("2026-03-02T09:40:00Z").await;
    one_account_each(&world, sent);
    assert_eq!(world.metric("people_events{status=\"settled\"}").await, sent as u64);

    // The same in the middle of leaving.
    world
        .sim
        .add_fault(Fault { delay_ms: Some(200), ..Fault::on("/offboard", FaultKind::Delay) })
        .expect("a fault");
    world.event(leave("0-0", "2026-03-01")).await;
    world.until("it runs", |world| world.times("users.offboard") == 1).await;
    world.restart().await;
    world.pass("2026-03-02T09:50:00Z").await;
    assert_eq!(world.person("hr/0-0").await, (Status::Settled, "offboarded".to_owned()));
    let offboardings =
        world.sim.state().workflows.iter().filter(|flow| flow.kind == WorkflowKind::Offboard).count();
    assert_eq!(offboardings, 1);
}

#[tokio::test]
async fn scenario_56_a_receiver_whose_clock_is_off() {
    for (off, refused) in [(600, "stale"), (-600, "future")] {
        let world = World::new().await;
        world.sim.put_employee(noor(json!({}))).expect("an employee");
        let truth = world.clock.now().as_second();
        world.clock.advance(people_model::time::SignedDuration::from_secs(off));
        // BambooHR may retry for hours, so its stamps may be old; ahead of us they may be as far as clocks go wrong.
        let body = thin("employee.created", "41", START);
        let stamp = truth.to_string();
        let signature = hex::encode(hmac256(BAMBOO_SECRET, &[body.as_bytes(), stamp.as_bytes()]));
        let headers =
            [("x-bamboohr-timestamp", stamp.as_str()), ("x-bamboohr-signature", signature.as_str())];
        assert_eq!(world.post("/hooks/bamboohr", &headers, body).await.status, 200, "{off}");
        // Standard Webhooks allows five minutes; its senders stamp each attempt anew.
        let body = hire("7", "2026-03-01").to_string();
        assert_eq!(world.hr_stamped("msg_1", truth, &body).await.status, 401, "{off}");
        let metric = format!("people_refused_total{{source=\"hr\",reason=\"{refused}\"}}");
        assert_eq!(world.metric(&metric).await, 1, "an operator sees why");

        world.set_now("2026-03-02T09:15:00Z");
        let again = world.hr_stamped("msg_1", world.clock.now().as_second(), &body).await;
        assert!(again.body["accepted"].is_string(), "{off}: {again:?}");
        world.quiet().await;
        assert_eq!(world.users(), ["ana.silva@example.com", "noor.haddad@example.com"], "{off}");
        assert_eq!(world.times("users.create"), 2, "{off}");
    }
}

#[tokio::test]
async fn scenario_56_a_sender_that_is_cut_off_sends_again() {
    let mut world = World::new().await;
    let body = hire("7", "2026-03-01").to_string();
    let first = world.hr("msg_1", &body).await;
    assert_eq!(first.status, 200);
    // We die right after; whether the sender has seen the answer does not matter.
    world.restart().await;
    let again = world.hr("msg_1", &body).await;
    assert_eq!((again.status, &again.body), (200, &json!({"duplicate": true})));
    tokio::time::timeout(Duration::from_secs(20), world.pass("2026-03-02T09:05:00Z"))
        .await
        .expect("it is done");
    assert_eq!(world.outcome(&first).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.ops(), ["users.create"]);
}
