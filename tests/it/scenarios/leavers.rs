//! Who counts as a leaver, and who does not.

use people_core::bridge::Decision;
use people_core::journal::Status;
use people_sim::{Fault, FaultKind};
use serde_json::json;

use super::{at, hire, leave, noor, thin};
use crate::world::{CONFIG, World};

const NOOR: &str = "noor.haddad@example.com";

#[tokio::test]
async fn scenario_35_a_leaver_without_an_account_gets_none() {
    let world = World::new().await;
    let none = (Status::Settled, "no account, none wanted".to_owned());
    assert_eq!(world.say(leave("7", "2026-02-27")).await, none);
    // A full synchronisation brings them once more, with the hire of long ago.
    world.say(hire("7", "2025-01-01")).await;
    world.say(at(hire("7", "2025-01-01"), "2025-01-01T09:00:00Z")).await;
    assert_eq!(world.person("hr/7").await.0, Status::Settled);
    assert_eq!(world.users(), [""; 0]);

    world
        .sim
        .put_employee(noor(
            json!({"status": "Inactive", "hireDate": "2024-01-01", "terminationDate": "2026-02-27"}),
        ))
        .expect("an employee");
    for kind in ["employee.created", "employee.updated"] {
        world.bamboo("bamboohr", &thin(kind, "41", "2026-03-02T09:00:00Z")).await;
        world.quiet().await;
        assert_eq!(world.person("bamboohr/41").await, none);
    }
    assert_eq!(world.ops(), [""; 0]);
}

#[tokio::test]
async fn scenario_36_a_deleted_record_is_not_a_leaver() {
    for (decision, offboarded) in [(Decision::Approve(None), 1), (Decision::Reject, 0)] {
        let world = World::with_noor("").await;
        world.sim.remove_employee("41");
        let deleted = world.bamboo("bamboohr", &thin("employee.deleted", "41", "2026-03-02T09:30:00Z")).await;
        world.quiet().await;
        world.pass("2026-03-03T09:00:00Z").await;
        let (status, note) = world.outcome(&deleted).await;
        assert_eq!(status, Status::Held, "{note}");
        assert!(note.contains("record was deleted"), "{note}");
        assert_eq!(world.ops(), ["users.create"]);
        world.decide("bamboohr/41", decision).await;
        world.pass("2026-03-05T09:00:00Z").await;
        assert_eq!(world.times("users.offboard"), offboarded);
    }
}

#[tokio::test]
async fn scenario_36_policy_says_what_a_deleted_record_means() {
    for (meaning, offboarded, events) in [("ignore", 0, 1), ("leave", 1, 2)] {
        let config =
            CONFIG.replace("kind = \"bamboohr\"", &format!("kind = \"bamboohr\"\ndeleted = \"{meaning}\""));
        let world = World::with(&config, people_sim::SimOptions::default()).await;
        world.update_noor(json!({})).await;
        let deleted = world.bamboo("bamboohr", &thin("employee.deleted", "41", "2026-03-02T09:30:00Z")).await;
        assert_eq!(deleted.status, 200);
        world.quiet().await;
        world.pass("2026-03-03T09:00:00Z").await;
        assert_eq!(world.times("users.offboard"), offboarded, "{meaning}");
        assert_eq!(world.events().await, events, "{meaning}");
    }
}

#[tokio::test]
async fn scenario_38_a_leave_of_absence_takes_nothing_away() {
    let mut world = World::with_noor("").await;
    world.update_noor(json!({"employmentHistoryStatus": "Leave of Absence"})).await;
    assert_eq!(world.person("bamboohr/41").await, (Status::Settled, "agrees".to_owned()));

    world
        .add_source(
            "middleware",
            "s3cret",
            r#"kind = "generic"
signature = { algorithm = "token", header = "X-Token" }
[source.map]
type = "eventType"
types = { HIRE = "hire", TERMINATE = "leave", LEAVE_OF_ABSENCE = "ignore" }
id = "worker.id"
effectiveDate = "effectiveDate"
[source.map.fields]
givenName = "worker.first"
familyName = "worker.last""#,
        )
        .await;
    let say = async |kind: &str| {
        let worker = json!({"id": "9", "first": "Lea", "last": "Absent"});
        let event = json!({"eventType": kind, "effectiveDate": "2026-03-01", "worker": worker});
        assert_eq!(world.token("middleware", "s3cret", &event).await.status, 200);
        world.quiet().await;
    };
    say("HIRE").await;
    say("LEAVE_OF_ABSENCE").await;
    say("RETURN_FROM_LEAVE").await;
    world.pass("2026-06-01T09:00:00Z").await;
    assert_eq!(world.ops(), ["users.create", "users.create"]);
    assert_eq!(world.user("lea.absent@example.com")["suspended"], false);
    assert_eq!(world.metric("people_ignored_total{source=\"middleware\"").await, 2);
}

#[tokio::test]
async fn scenario_19_a_mass_leave_stops_at_the_breaker() {
    for (policy, limit) in [
        ("", 5),
        ("breaker = { count = 10, percent = 100 }", 10),
        ("breaker = { percent = 50, minimum = 1 }", 20),
        ("breaker = { count = 0 }", 0),
    ] {
        let world = World::with_policy(policy).await;
        let person =
            |n: usize| json!({"id": format!("w{n}"), "givenName": "Ana", "familyName": format!("Silva{n}")});
        let all = |kind: &str| {
            (0..40)
                .map(|n| json!({"type": kind, "effectiveDate": "2026-03-01", "worker": person(n)}))
                .collect::<Vec<_>>()
        };
        world.event(json!({"events": all("hire")})).await;
        world.quiet().await;
        assert_eq!(world.users().len(), 40);
        let reply = world.event(json!({"events": all("leave")})).await;
        world.quiet().await;
        assert_eq!(world.times("users.offboard"), limit, "{policy}");
        let rows = world.rows(reply.id()).await;
        let held: Vec<_> = rows.iter().filter(|row| row.status == Status::Held).collect();
        assert_eq!((rows.len(), held.len()), (40, 40 - limit), "{policy}");
        assert!(
            held.iter().all(|row| row.note.contains("breaker") && row.note.contains(&limit.to_string())),
            "{held:?}"
        );

        // An address answers another question.
        let address = people_model::Email::parse("ana@example.com").expect("an address");
        let decided = world.bridge.decide(&held[0].person, Decision::Approve(Some(address))).await;
        assert_eq!(decided.expect("an answer"), people_core::bridge::Decided::NotWhich);
        // A human lets one go, and one only.
        let decided = world.bridge.decide(&held[0].person, Decision::Approve(None)).await.expect("an answer");
        assert_eq!(decided, people_core::bridge::Decided::Done);
        world.quiet().await;
        assert_eq!(world.times("users.offboard"), limit + 1, "{policy}");
        // Time alone lets nobody go.
        world.pass("2026-03-05T09:00:00Z").await;
        assert_eq!(world.times("users.offboard"), limit + 1, "{policy}");
        let active = world.users().iter().filter(|user| world.user(user)["suspended"] == false).count();
        assert_eq!(active, 40 - limit - 1, "{policy}");
    }
}

#[tokio::test]
async fn scenario_19_a_record_that_cannot_be_read_is_no_leaver() {
    let world = World::with_noor("").await;
    let path = "/employees/41";
    for fault in [
        Fault::status(path, 403),
        Fault::status(path, 404),
        Fault::status(path, 503),
        Fault::on(path, FaultKind::Drop),
    ] {
        world.sim.add_fault(fault.clone()).expect("a fault");
        let now = world.clock.now().to_string();
        let reply = world.bamboo("bamboohr", &thin("employee.updated", "41", &now)).await;
        assert_eq!(reply.status, 200);
        world.until("asked again", |world| world.sim.faults()[0].met >= 3).await;
        assert_eq!(world.outcome(&reply).await.0, Status::Working, "{fault:?}");
        assert_eq!(world.ops(), ["users.create"], "{fault:?}");
        world.sim.clear_faults();
        world.quiet().await;
        assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()), "{fault:?}");
    }
    // The record is not there any more, and nobody said that it was deleted.
    world.sim.remove_employee("41");
    let before = world.sim.calls(0).len();
    world.bamboo("bamboohr", &thin("employee.updated", "41", "2026-03-02T09:30:00Z")).await;
    world.until("asked again", |world| world.sim.calls(0).len() >= before + 3).await;
    assert_eq!(world.ops(), ["users.create"]);
    assert_eq!(world.user(NOOR)["suspended"], false);
}
