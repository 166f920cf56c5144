//! Hires and leaves that are taken back, moved, or followed by a return.

use people_core::bridge::Decision;
use people_core::journal::Status;
use people_sim::WorkflowState;
use serde_json::{Value, json};

use super::{at, bare, change, hire, leave};
use crate::world::World;

const ANA: &str = "ana.silva@example.com";

fn settled(note: &str) -> (Status, String) {
    (Status::Settled, note.to_owned())
}

#[tokio::test]
async fn scenario_29_a_hire_taken_back_before_the_first_day() {
    let world = World::new().await;
    world.say(hire("7", "2026-04-01")).await;
    assert_eq!(world.say(bare("hire.cancelled", "7")).await, settled("withdrawn"));
    assert_eq!(world.ops(), ["users.schedule", "workflows.abort"]);
    assert_eq!(world.onboardings(), []);
    world.pass("2026-04-01T12:00:00Z").await;
    assert_eq!(world.users(), [""; 0], "nobody is there on the day that was to be the first");

    // Announced again, it is one onboarding again.
    world.say(hire("7", "2026-04-15")).await;
    assert_eq!(world.onboardings().len(), 1);
}

#[tokio::test]
async fn scenario_29_a_hire_taken_back_after_the_account_was_made() {
    for (policy, calls, suspended) in [
        ("", vec!["users.create", "users.patch"], true),
        ("cancelled_hire = \"suspend\"", vec!["users.create", "users.patch"], true),
        ("cancelled_hire = \"offboard\"", vec!["users.create", "users.offboard"], true),
        ("cancelled_hire = \"keep\"", vec!["users.create"], false),
    ] {
        let world = World::with_policy(policy).await;
        world.say(hire("7", "2026-03-02")).await;
        assert_eq!(world.say(bare("hire.cancelled", "7")).await, settled("withdrawn"), "{policy}");
        // An offboarding takes an hour.
        world.pass("2026-03-02T11:00:00Z").await;
        assert_eq!(world.ops(), calls, "{policy}");
        assert_eq!(world.user(ANA)["suspended"], suspended, "{policy}: it is never deleted");
    }
}

#[tokio::test]
async fn scenario_29_a_hire_taken_back_asks_a_human_where_policy_says_so() {
    for (decision, suspended) in [(Decision::Approve(None), true), (Decision::Reject, false)] {
        let world = World::with_policy("cancelled_hire = \"hold\"").await;
        world.say(hire("7", "2026-03-02")).await;
        let (status, note) = world.say(bare("hire.cancelled", "7")).await;
        assert_eq!(status, Status::Held);
        assert!(note.contains("cancelled_hire"), "{note}");
        assert_eq!(world.ops(), ["users.create"]);
        world.decide("hr/7", decision).await;
        assert_eq!(world.user(ANA)["suspended"], suspended);
    }
}

#[tokio::test]
async fn scenario_29_a_suspended_hire_who_comes_after_all() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-02")).await;
    world.say(bare("hire.cancelled", "7")).await;
    assert_eq!(world.user(ANA)["suspended"], true);
    assert_eq!(world.say(hire("7", "2026-03-01")).await, settled("agrees"));
    assert_eq!(world.user(ANA)["suspended"], false);
    assert_eq!(world.users(), [ANA]);
}

#[tokio::test]
async fn scenario_30_a_leave_taken_back_before_the_last_day() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-01")).await;
    assert_eq!(world.say(leave("7", "2026-03-31")).await.0, Status::Waiting);
    assert_eq!(world.say(bare("leave.cancelled", "7")).await, settled("agrees"));
    world.pass("2026-05-01T12:00:00Z").await;
    assert_eq!(world.ops(), ["users.create"]);
}

#[tokio::test]
async fn scenario_30_a_leave_taken_back_while_the_offboarding_runs() {
    let world = World::new().await;
    world.say(hire("7", "2026-02-01")).await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await, settled("offboarded"));
    assert_eq!(world.say(bare("leave.cancelled", "7")).await, settled("agrees"));
    assert_eq!(world.ops(), ["users.create", "users.offboard", "workflows.abort"]);
    world.pass("2026-03-03T12:00:00Z").await;
    assert_eq!(world.user(ANA)["suspended"], false);
    assert!(world.sim.state().workflows.iter().all(|flow| flow.state == WorkflowState::Aborted));
    // The next change finds an account that is in order.
    assert_eq!(world.say(change("7", json!({"title": "Lead"}))).await, settled("agrees"));
    assert_eq!(world.times("users.patch"), 1);
}

#[tokio::test]
async fn scenario_30_a_leave_taken_back_after_the_offboarding() {
    for (policy, held, restored) in [
        ("", false, true),
        ("restore = \"act\"", false, true),
        ("restore = \"hold\"", true, true),
        ("restore = \"ignore\"", false, false),
    ] {
        let world = World::with_policy(policy).await;
        world.say(hire("7", "2026-02-01")).await;
        world.say(leave("7", "2026-03-01")).await;
        world.pass("2026-03-02T11:00:00Z").await;
        assert_eq!(world.user(ANA)["suspended"], true);
        let (status, note) = world.say(bare("leave.cancelled", "7")).await;
        assert_eq!(status == Status::Held, held, "{policy}: {note}");
        if held {
            assert_eq!(world.user(ANA)["suspended"], true);
            world.decide("hr/7", Decision::Approve(None)).await;
        }
        assert_eq!(world.user(ANA)["suspended"], !restored, "{policy}");
        assert_eq!(world.person("hr/7").await.0, Status::Settled, "{policy}");
        assert_eq!(world.users(), [ANA]);
        assert_eq!((world.times("users.create"), world.times("users.offboard")), (1, 1));
    }
}

#[tokio::test]
async fn scenario_30_a_termination_date_that_is_cleared_in_bamboohr() {
    let world = World::with_noor("").await;
    let noor = "noor.haddad@example.com";
    // Before the day: planned, then cleared (the API answers null).
    world.update_noor(json!({"terminationDate": "2026-03-31"})).await;
    assert_eq!(world.person("bamboohr/41").await.0, Status::Waiting);
    world.update_noor(json!({"terminationDate": Value::Null})).await;
    assert_eq!(world.person("bamboohr/41").await, settled("agrees"));
    world.pass("2026-04-02T12:00:00Z").await;
    assert_eq!(world.ops(), ["users.create"]);

    // While it runs.
    world.update_noor(json!({"status": "Inactive", "terminationDate": "2026-04-01"})).await;
    assert_eq!(world.times("users.offboard"), 1);
    world.update_noor(json!({"terminationDate": Value::Null})).await;
    assert_eq!(world.times("workflows.abort"), 1);
    assert_eq!(world.person("bamboohr/41").await, settled("agrees"));

    // After it has ended.
    world.update_noor(json!({"status": "Inactive", "terminationDate": "2026-04-01"})).await;
    world.pass("2026-04-02T15:00:00Z").await;
    assert_eq!(world.user(noor)["suspended"], true);
    world.update_noor(json!({"terminationDate": ""})).await;
    assert_eq!(world.person("bamboohr/41").await, settled("agrees"));
    assert_eq!(world.user(noor)["suspended"], false);
    assert_eq!(world.users(), [noor]);
}

#[tokio::test]
async fn scenario_31_a_last_day_that_moves() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-01")).await;
    world.say(leave("7", "2026-03-31")).await;
    let later = world.say(leave("7", "2026-04-30")).await;
    assert_eq!(later, (Status::Waiting, "agrees; next at 2026-04-30T22:00:00Z".to_owned()));
    world.pass("2026-04-02T12:00:00Z").await;
    assert_eq!(world.times("users.offboard"), 0);
    let earlier = world.say(leave("7", "2026-04-10")).await;
    assert_eq!(earlier, (Status::Waiting, "agrees; next at 2026-04-10T22:00:00Z".to_owned()));
    world.pass("2026-04-10T22:00:01Z").await;
    assert_eq!(world.times("users.offboard"), 1);
    world.pass("2026-05-01T12:00:00Z").await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"], "one offboarding, on the day that stands");
}

#[tokio::test]
async fn scenario_31_a_last_day_that_moves_into_the_past() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-01")).await;
    world.say(leave("7", "2026-03-31")).await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await, settled("offboarded"));
    world.pass("2026-04-02T12:00:00Z").await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"]);
}

#[tokio::test]
async fn scenario_31_a_last_day_that_moves_ahead_when_it_has_passed() {
    let world = World::new().await;
    world.say(hire("7", "2026-02-01")).await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await, settled("offboarded"));
    world.pass("2026-03-02T12:00:00Z").await;
    let stays = world.say(leave("7", "2026-04-30")).await;
    assert_eq!(stays, (Status::Waiting, "agrees; next at 2026-04-30T22:00:00Z".to_owned()));
    assert_eq!(world.user(ANA)["suspended"], false);
    world.pass("2026-04-30T22:00:01Z").await;
    assert_eq!(world.times("users.offboard"), 2, "given back in between, so taken away once more");
}

/// Somebody who has left, and whose account is suspended.
async fn left() -> World {
    let world = World::new().await;
    world.say(hire("7", "2026-02-01")).await;
    world.say(leave("7", "2026-03-01")).await;
    world.pass("2026-03-02T12:00:00Z").await;
    assert_eq!(world.user(ANA)["suspended"], true);
    world
}

#[tokio::test]
async fn scenario_32_a_rehire_gets_the_same_account_back() {
    let world = left().await;
    assert_eq!(world.say(hire("7", "2026-03-02")).await, settled("agrees"));
    assert_eq!(world.users(), [ANA], "the same address, and no second person");
    assert_eq!(world.user(ANA)["suspended"], false);
    assert_eq!(world.user(ANA)["employeeId"], "7");
    assert_eq!(world.ops(), ["users.create", "users.offboard", "users.patch"]);
    assert!(world.cloudm_calls().iter().all(|call| call.status < 400 || call.status == 404), "no 409");
    // A correction of the leave, said before the return and heard after it, is history.
    let correction = at(leave("7", "2026-02-28"), "2026-03-02T11:00:00Z");
    assert_eq!(world.say(correction).await, settled("agrees"));
    assert_eq!(world.times("users.offboard"), 1);
}

#[tokio::test]
async fn scenario_32_a_rehire_in_the_future_waits_for_the_first_day() {
    let world = left().await;
    let said = world.say(hire("7", "2026-06-01")).await;
    assert_eq!(said.0, Status::Waiting, "{}", said.1);
    assert_eq!(world.user(ANA)["suspended"], true);
    world.pass("2026-05-31T22:06:00Z").await;
    assert_eq!(world.person("hr/7").await, settled("agrees"));
    assert_eq!(world.user(ANA)["suspended"], false);
    assert_eq!(
        (world.users(), world.times("users.create"), world.times("users.schedule")),
        (vec![ANA.to_owned()], 1, 0)
    );
}

#[tokio::test]
async fn scenario_32_a_rehire_whose_account_was_deleted_gets_the_address_back() {
    for (day, calls) in [("2026-03-02", "users.create"), ("2026-06-01", "users.schedule")] {
        let world = left().await;
        assert!(world.sim.remove_user(ANA));
        world.say(hire("7", day)).await;
        world.pass("2026-06-01T12:00:00Z").await;
        assert_eq!(world.person("hr/7").await, settled("agrees"), "{day}");
        assert_eq!(world.users(), [ANA]);
        assert_eq!(world.ops(), ["users.create", "users.offboard", calls]);
        assert_eq!(world.user(ANA)["suspended"], false);
    }
}

/// Somebody leaves in June and comes back in August: they work until the end of June.
#[tokio::test]
async fn scenario_31_a_first_day_after_the_last_takes_no_access_away() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-01")).await;
    world.say(hire("7", "2026-08-01")).await;
    world.say(leave("7", "2026-06-30")).await;
    assert_eq!(world.ops(), ["users.create"]);
    world.pass("2026-06-30T12:00:00Z").await;
    assert_eq!(world.ops(), ["users.create"]);
    world.pass("2026-07-01T09:00:00Z").await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"]);
}
