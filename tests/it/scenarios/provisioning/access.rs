//! Who loses access and when, who gets it back, and what stands before it.

use people_core::bridge::Decision;
use people_core::journal::Status;
use people_sim::{Fault, FaultBody, SimOptions};
use serde_json::json;

use super::super::{bare, change, hire, leave, named};
use super::{ANA, D, admin, agrees, config, in_zone, make, suspend, world};
use crate::world::World;

fn offboarded() -> (Status, String) {
    (Status::Settled, "offboarded".to_owned())
}

#[tokio::test]
async fn a_leaver_is_suspended_when_the_last_day_ends_where_they_work() {
    let world = world("", "").await;
    world.say(in_zone(hire("7", "2026-03-01"), "America/New_York")).await;
    world.say(leave("7", "2026-03-06")).await;
    world.pass("2026-03-07T04:59:00Z").await;
    assert_eq!(world.gapps_user(ANA)["suspended"], false);
    world.pass("2026-03-07T05:00:01Z").await;
    assert_eq!(
        (world.gapps_user(ANA)["suspended"].clone(), world.person("hr/7").await),
        (json!(true), offboarded())
    );
    world.nothing_is_left("hr/7").await;

    // They come back on the first day, and not before.
    world.say(hire("7", "2026-04-01")).await;
    assert_eq!(world.gapps_user(ANA)["suspended"], true);
    world.pass("2026-04-01T04:00:01Z").await;
    assert_eq!(
        (world.gapps_user(ANA)["suspended"].clone(), world.person("hr/7").await),
        (json!(false), agrees())
    );
    assert_eq!(world.gapps_ops(), ["user.create", "user.update", "user.update"]);
    world.nothing_is_left("hr/7").await;
}

#[tokio::test]
async fn a_suspension_by_an_administrator_is_not_lifted() {
    let world = world("", "").await;
    world.say(hire("7", "2026-03-01")).await;
    suspend(&world, "ana.silva").await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await, offboarded());
    assert_eq!(world.say(bare("leave.cancelled", "7")).await, agrees());
    assert_eq!(world.gapps_user(ANA)["suspended"], true);
    // The changed name goes there all the same.
    world.say(change("7", json!({"familyName": "Costa"}))).await;
    let user = world.gapps_user(ANA);
    assert_eq!((&user["familyName"], &user["suspended"]), (&json!("Costa"), &json!(true)));
}

#[tokio::test]
async fn a_deleted_user_can_come_back_when_the_name_is_free_again() {
    let world = world("leave = \"delete\"", "").await;
    world.say(hire("7", "2026-03-01")).await;
    assert_eq!(world.say(leave("7", "2026-03-01")).await, offboarded());
    assert_eq!(
        (world.gapps_ops(), world.gapps_users()),
        (vec!["user.create".into(), "user.delete".into()], vec![])
    );
    world.nothing_is_left("hr/7").await;

    world.pass("2026-03-04T09:00:00Z").await;
    let (status, note) = world.say(hire("7", "2026-03-04")).await;
    assert!(status == Status::Waiting && note.contains("2026-03-07T10:00"), "{note}");
    assert_eq!(world.gapps_users(), [""; 0]);
    world.pass("2026-03-07T10:01:00Z").await;
    assert_eq!((world.gapps_users(), world.person("hr/7").await), (vec![ANA.to_owned()], agrees()));
    assert_eq!(world.gapps_user(ANA)["suspended"], false);
    // Nobody was asked for what the server would have refused.
    assert!(world.sim.calls(0).iter().all(|call| call.op != "user.create" || call.status == 201));
}

#[tokio::test]
async fn a_hire_that_is_taken_back_leaves_nothing_usable() {
    for (policy, suspended, deleted) in [
        ("", true, false),
        ("cancelled_hire = \"keep\"", false, false),
        ("cancelled_hire = \"offboard\"", false, true),
    ] {
        let world = world("leave = \"delete\"", policy).await;
        world.say(hire("7", "2026-03-01")).await;
        let (status, note) = world.say(bare("hire.cancelled", "7")).await;
        assert_eq!((status, note.as_str()), (Status::Settled, "withdrawn"), "{policy}");
        assert_eq!(world.gapps_users().is_empty(), deleted, "{policy}");
        assert_eq!(world.gapps_user(ANA)["suspended"] == true, suspended, "{policy}");
        // Before the first day there is nothing to take back.
        world.say(hire("8", "2026-05-01")).await;
        world.say(bare("hire.cancelled", "8")).await;
        world.pass("2026-05-02T09:00:00Z").await;
        assert!(world.gapps_users().len() <= 1, "{policy}");
    }
}

#[tokio::test]
async fn protected_accounts_and_the_breaker_stand_before_it() {
    for (leave_by, gone) in [("", "user.update"), ("leave = \"delete\"", "user.delete")] {
        let policy = "protected = [\"ceo@example.com\"]\nbreaker = { count = 2, percent = 100 }";
        let world = world(leave_by, policy).await;
        let times = |world: &World| world.gapps_ops().iter().filter(|op| *op == gone).count();
        let mut boss = named("1", "Boss");
        boss["worker"]["email"] = "ceo@example.com".into();
        world.say(boss).await;
        let (status, note) = world.say(leave("1", "2026-03-01")).await;
        assert!(status == Status::Held && note.contains("protected"), "{note}");

        let families = ["Silva", "Costa", "Lima", "Dias"];
        for (worker, family) in ["2", "3", "4", "5"].into_iter().zip(families) {
            world.say(named(worker, family)).await;
        }
        let mut held = Vec::new();
        for worker in ["2", "3", "4", "5"] {
            let (status, note) = world.say(leave(worker, "2026-03-01")).await;
            held.extend((status == Status::Held && note.contains("breaker")).then_some(worker));
        }
        assert_eq!((held.as_slice(), times(&world)), (["4", "5"].as_slice(), 2), "{leave_by}");
        world.decide("hr/4", Decision::Approve(None)).await;
        assert_eq!(times(&world), 3, "{leave_by}");
        world.pass("2026-03-09T09:00:00Z").await;
        assert_eq!(times(&world), 3, "{leave_by}: time alone lets nobody go");
    }
}

#[tokio::test]
async fn what_is_acknowledged_and_not_kept_is_held() {
    let options = SimOptions { suspended_writable: false, ..SimOptions::default() };
    let world = World::with(&config("", ""), options).await;
    world.say(hire("7", "2026-03-01")).await;
    let (status, note) = world.say(leave("7", "2026-03-01")).await;
    assert!(status == Status::Held && note.contains("did not keep: suspended"), "{note}");
    assert_eq!(world.gapps_ops(), ["user.create", "user.update"]);
}

#[tokio::test]
async fn an_administrator_of_the_domain_does_not_lose_access_unasked() {
    for leave_by in ["", "leave = \"delete\""] {
        let world = world(leave_by, "").await;
        world.say(hire("7", "2026-03-01")).await;
        let user = [D, ("userName", "ana.silva")];
        admin(&world).done("user.update", &user, json!({"admin": true})).await;
        let (status, note) = world.say(leave("7", "2026-03-01")).await;
        assert!(status == Status::Held && note.contains("protected"), "{note}");
        assert_eq!(world.gapps_user(ANA)["suspended"], false);
        world.decide("hr/7", Decision::Approve(None)).await;
        assert_eq!(world.person("hr/7").await, offboarded());
        assert_ne!(world.gapps_user(ANA)["suspended"], false);
    }
}

#[tokio::test]
async fn a_deletion_that_is_acknowledged_and_does_not_happen_is_held() {
    let world = world("leave = \"delete\"", "").await;
    world.say(hire("7", "2026-03-01")).await;
    let nothing =
        Fault { body: FaultBody::Empty, method: Some("DELETE".into()), ..Fault::status("/user/2.0", 200) };
    world.sim.add_fault(nothing).expect("a fault");
    assert_eq!(world.say(leave("7", "2026-03-01")).await.0, Status::Waiting);
    world.pass("2026-03-02T09:20:00Z").await;
    let (status, note) = world.person("hr/7").await;
    assert!(status == Status::Held && note.contains("did not keep: the deletion"), "{note}");
    let deletes = world.sim.calls(0).into_iter().filter(|call| call.op == "user.delete").count();
    assert_eq!((deletes, world.gapps_users()), (1, vec![ANA.to_owned()]));
}

#[tokio::test]
async fn whose_an_account_is() {
    let world = world("", "email = { candidates = 1 }").await;
    // Nothing proves that this one is theirs.
    make(&world, "ana.silva").await;
    let (status, note) = world.say(hire("7", "2026-03-01")).await;
    assert!(status == Status::Held && note.contains("belongs to somebody else"), "{note}");
    let address = "ana.s@example.com".parse().expect("an address");
    world.decide("hr/7", Decision::Approve(Some(address))).await;
    assert_eq!(world.person("hr/7").await, agrees());
    assert_eq!(world.gapps_users(), ["ana.s@example.com", ANA]);

    // HR names it, and nobody else has it: it is theirs. Whoever HR gives it next is a question.
    let named = |worker: &str| {
        let mut event = hire(worker, "2026-03-01");
        event["worker"]["email"] = ANA.into();
        event
    };
    assert_eq!(world.say(named("8")).await, agrees());
    let (status, note) = world.say(named("9")).await;
    assert!(status == Status::Held && note.contains("belongs to somebody else"), "{note}");
    assert_eq!(world.gapps_users().len(), 2);
    // A leaver of whom nothing is known but a name that somebody has.
    make(&world, "bo.li").await;
    let mut unknown = leave("10", "2026-03-01");
    unknown["worker"]["givenName"] = "Bo".into();
    unknown["worker"]["familyName"] = "Li".into();
    assert_eq!(world.say(unknown).await.0, Status::Held);
    assert_eq!(world.gapps_user("bo.li@example.com")["suspended"], false);
}
