//! When: days where people work, first days that move, last days that differ.

use people_core::journal::Status;
use people_model::time::SignedDuration;
use people_sim::WorkflowState;
use serde_json::{Value, json};

use super::{at, hire, leave, moment};
use crate::world::World;

/// What Workday says through a middleware that signs with HMAC.
const WORKDAY: &str = r#"kind = "generic"
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
[source.map]
type = "eventType"
types = { HIRE = "hire", DATA_CHANGE = "change", TERMINATE = "leave", LEAVE_OF_ABSENCE = "ignore" }
id = "worker.workerId"
occurredAt = "entryDateTime"
effectiveDate = "effectiveDate"
lastWorkingDay = "worker.lastDayOfWork"
timezone = "worker.location.timeZone"
[source.map.fields]
givenName = "worker.legalName.first"
familyName = "worker.legalName.last"
"#;

fn in_zone(mut event: Value, zone: &str) -> Value {
    event["worker"]["timezone"] = zone.into();
    event
}

#[tokio::test]
async fn scenario_20_the_first_day_begins_where_the_person_works() {
    for (policy, starts) in [
        ("", ["2026-03-31T11:00:00Z", "2026-03-31T22:00:00Z", "2026-04-01T07:00:00Z"]),
        ("start_time = \"08:30\"", ["2026-03-31T19:30:00Z", "2026-04-01T06:30:00Z", "2026-04-01T15:30:00Z"]),
    ] {
        let world = World::with_policy(policy).await;
        let zones = ["Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles"];
        // A vendor's midnight in UTC means the day, and does not move it.
        let days = ["2026-04-01", "2026-04-01T00:00:00.000Z", "2026-04-01"];
        for (n, ((zone, day), start)) in zones.into_iter().zip(days).zip(starts).enumerate() {
            let said = world.say(in_zone(hire(&n.to_string(), day), zone)).await;
            assert_eq!(said, (Status::Waiting, format!("onboarding scheduled for {start}")), "{zone}");
        }
        let times: Vec<_> = world.onboardings().into_iter().map(|flow| flow.at).collect();
        assert_eq!(times, starts.map(moment));
    }
}

#[tokio::test]
async fn scenario_22_a_last_day_ends_where_the_person_works() {
    let mut world = World::new().await;
    world.add_source("workday", "workday", WORKDAY).await;
    let send = async |event: Value| {
        let body = event.to_string();
        let signature = hex::encode(crate::world::hmac256(b"workday", &[body.as_bytes()]));
        let reply = world.post("/hooks/workday", &[("x-signature", &signature)], body).await;
        assert_eq!(reply.status, 200);
        world.quiet().await;
    };
    let worker = json!({"workerId": "21", "legalName": {"first": "Kim", "last": "Lee"}, "lastDayOfWork": null,
        "location": {"timeZone": "Australia/Melbourne"}});
    send(json!({"eventType": "HIRE", "entryDateTime": "2026-02-10T21:04:11.532-08:00", "effectiveDate": "2026-03-01",
        "worker": worker}))
    .await;
    // Entered by a service user who lives in Pacific time.
    send(json!({"eventType": "TERMINATE", "entryDateTime": "2026-03-02T00:30:00-08:00", "effectiveDate": "2026-05-14",
        "worker": worker}))
    .await;
    let expected = (Status::Waiting, "agrees; next at 2026-05-14T14:00:00Z".to_owned());
    assert_eq!(world.person("workday/21").await, expected);
    world.pass("2026-05-14T13:59:50Z").await;
    assert_eq!(world.ops(), ["users.create"], "the last day has not ended");
    world.pass("2026-05-14T14:00:01Z").await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"], "and not 17 hours later");
}

#[tokio::test]
async fn scenario_24_the_last_working_day_or_the_end_of_the_employment() {
    let mut garden_leave = leave("7", "2026-05-31");
    garden_leave["lastWorkingDay"] = "2026-03-31".into();
    for (policy, end) in [
        ("", "2026-03-31T22:00:00Z"),
        ("leave_day = \"last-working\"", "2026-03-31T22:00:00Z"),
        ("leave_day = \"effective\"", "2026-05-31T22:00:00Z"),
    ] {
        let world = World::with_policy(policy).await;
        world.say(hire("7", "2026-03-01")).await;
        let said = world.say(garden_leave.clone()).await;
        assert_eq!(said, (Status::Waiting, format!("agrees; next at {end}")), "{policy}");
        let around = |seconds| {
            moment(end).checked_add(SignedDuration::from_secs(seconds)).expect("a moment").to_string()
        };
        world.pass(&around(-30)).await;
        assert_eq!(world.times("users.offboard"), 0, "{policy}");
        world.pass(&around(1)).await;
        assert_eq!(world.times("users.offboard"), 1, "{policy}");
    }
}

#[tokio::test]
async fn scenario_24_some_reasons_count_at_once() {
    let because = |reason: &str| {
        let mut event = leave("7", "2026-05-31");
        event["reason"] = reason.into();
        event
    };
    for (policy, reason, offboarded) in [
        ("", "Misconduct", 0),
        ("immediate_reasons = [\"misconduct\"]", "resignation", 0),
        ("immediate_reasons = [\"misconduct\"]", "Misconduct", 1),
    ] {
        let world = World::with_policy(policy).await;
        world.say(hire("7", "2026-03-01")).await;
        world.say(because(reason)).await;
        assert_eq!(world.times("users.offboard"), offboarded, "{policy} {reason}");
    }
}

#[tokio::test]
async fn scenario_26_a_first_day_that_moves_takes_its_one_onboarding_along() {
    let world = World::new().await;
    world.say(hire("7", "2026-04-01")).await;
    assert_eq!(world.onboarding_at(), moment("2026-03-31T22:00:00Z"));
    let later = world.say(hire("7", "2026-04-15")).await;
    assert_eq!(later, (Status::Waiting, "onboarding scheduled for 2026-04-14T22:00:00Z".to_owned()));
    assert_eq!(world.onboarding_at(), moment("2026-04-14T22:00:00Z"));
    world.say(hire("7", "2026-03-20")).await;
    assert_eq!(world.onboarding_at(), moment("2026-03-19T23:00:00Z"));
    // The same day once more is no move.
    let before = world.ops();
    world.say(at(hire("7", "2026-03-20"), "2026-03-02T09:00:30Z")).await;
    assert_eq!(world.ops(), before);

    // Into the past: made now.
    let past = world.say(hire("7", "2026-02-16")).await;
    assert_eq!(past, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.onboardings(), [], "the scheduled one is taken back");
    assert_eq!(world.times("users.create"), 1);
    // All the days that were once said go by.
    for day in ["2026-03-20T00:00:00Z", "2026-04-01T12:00:00Z", "2026-04-15T12:00:00Z"] {
        world.pass(day).await;
    }
    assert_eq!(world.users(), ["ana.silva@example.com"]);
    assert_eq!((world.times("users.create"), world.times("users.schedule")), (1, 3));
    assert!(world.sim.state().workflows.iter().all(|flow| flow.state == WorkflowState::Aborted));
    assert_eq!(world.user("ana.silva@example.com")["suspended"], false);
}

#[tokio::test]
async fn scenario_26_a_first_day_that_moves_while_it_waits_here() {
    let world = World::with_policy("future_hires = \"wait\"").await;
    world.say(hire("7", "2026-04-01")).await;
    world.say(hire("7", "2026-04-15")).await;
    world.pass("2026-04-01T12:00:00Z").await;
    assert_eq!(world.ops(), [""; 0]);
    world.pass("2026-04-14T22:00:01Z").await;
    assert_eq!(world.ops(), ["users.create"]);
}

#[tokio::test]
async fn scenario_27_a_hire_that_began_a_month_ago() {
    let world = World::new().await;
    assert_eq!(world.say(hire("7", "2026-01-31")).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.ops(), ["users.create"]);
    assert_eq!(world.user("ana.silva@example.com")["provisionDate"], Value::Null);
}

#[tokio::test]
async fn scenario_27_a_hire_more_than_a_year_ahead() {
    // 400 days after the start.
    for (policy, first, last) in [
        ("", vec!["users.schedule"], vec!["users.schedule"]),
        ("future_hires = \"wait\"", vec![], vec!["users.create"]),
    ] {
        let mut world = World::with_policy(policy).await;
        world.say(hire("7", "2027-04-06")).await;
        assert_eq!(world.ops(), first, "{policy}");
        world.restart().await;
        world.pass("2026-12-24T18:00:00Z").await;
        assert_eq!(world.person("hr/7").await.0, Status::Waiting);
        assert_eq!(world.ops(), first, "{policy}");
        world.pass("2027-04-05T22:06:00Z").await;
        assert_eq!(world.ops(), last, "{policy}");
        assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()));
        assert_eq!(world.user("ana.silva@example.com")["suspended"], false);
    }
}

/// What of a profile does not depend on whose it is, nor on when CloudM set a password.
fn end_result(mut profile: Value) -> Value {
    let members = profile.as_object_mut().expect("a profile");
    for own in ["id", "email", "employeeId", "passwordUpdated", "provisionDate", "deprovisioned"] {
        members.remove(own);
    }
    profile
}

#[tokio::test]
async fn scenario_28_announced_on_entry_or_on_the_day_it_ends_alike() {
    let world = World::new().await;
    let (first, last) = ("2026-04-01", "2026-04-30");
    let of = |mut event: Value, family: &str| {
        event["worker"]["familyName"] = family.into();
        event
    };
    // One system says everything when it is entered.
    world.say(of(hire("1", first), "Early")).await;
    world.say(leave("1", last)).await;
    // The other says nothing before it takes effect.
    world.pass("2026-03-31T22:06:00Z").await;
    world.say(of(hire("2", first), "Late")).await;
    let both =
        || ["ana.early@example.com", "ana.late@example.com"].map(|address| end_result(world.user(address)));
    let [mut early, mut late] = both();
    (early["familyName"], late["familyName"]) = (Value::Null, Value::Null);
    assert_eq!(early, late);
    assert_eq!(late["suspended"], false);

    world.pass("2026-04-30T22:00:01Z").await;
    assert_eq!(world.times("users.offboard"), 1);
    world.say(leave("2", last)).await;
    assert_eq!(world.times("users.offboard"), 2);
    world.pass("2026-05-01T09:00:00Z").await;
    let [mut early, mut late] = both();
    (early["familyName"], late["familyName"]) = (Value::Null, Value::Null);
    assert_eq!(early, late);
    assert_eq!(late["suspended"], true);
}
