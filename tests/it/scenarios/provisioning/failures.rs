//! Whatever goes wrong between us and the server, each person ends with exactly one account.

use std::time::Duration;

use people_core::journal::Status;
use people_sim::{Fault, FaultKind, RetryAfter};
use serde_json::json;

use super::super::{change, hire, leave};
use super::{ANA, agrees, world};
use crate::world::{Reply, World};

/// A fault of this verb below that path.
fn on(method: &str, path: &str, fault: Fault) -> Fault {
    Fault { path: path.to_owned(), method: Some(method.to_owned()), ..fault }
}

fn error(name: &str) -> Fault {
    Fault { message: Some(name.into()), ..Fault::status("", 400) }
}

fn faults() -> [Fault; 10] {
    [
        error("ServerBusy").times(1),
        error("UnknownError").times(2),
        Fault { retry_after: Some(RetryAfter::Seconds(1)), ..Fault::status("", 429) }.times(1),
        Fault::status("", 503).times(3),
        Fault::status("", 502).times(1),
        Fault::status("", 401).times(1),
        Fault::on("", FaultKind::Drop).times(3),
        Fault::on("", FaultKind::LostAnswer).times(1),
        Fault::on("", FaultKind::ExpireToken).times(1),
        Fault { delay_ms: Some(200), ..Fault::on("", FaultKind::Delay) }.times(1),
    ]
}

/// Lets time pass until it is over: a busy server wants to be left alone for 30 s.
async fn in_time(world: &World, said: &Reply) {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..2000 {
        ticks.tick().await;
        world.nudge();
        if world.rows(said.id()).await.iter().any(|row| row.status == Status::Settled) {
            return world.quiet().await;
        }
        world.set_now(&(world.clock.now() + Duration::from_secs(1)).to_string());
    }
    panic!("never over: {:?}", world.person("hr/7").await);
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_create_there_is_one_account() {
    for fault in faults() {
        let world = world("", "").await;
        world.sim.add_fault(on("POST", "/user/2.0", fault.clone())).expect("a fault");
        let said = world.event(hire("7", "2026-03-01")).await;
        in_time(&world, &said).await;
        assert_eq!(world.person("hr/7").await, agrees(), "{fault:?}");
        assert_eq!(
            (world.gapps_users(), world.gapps_ops()),
            (vec![ANA.into()], vec!["user.create".into()]),
            "{fault:?}"
        );
        assert_eq!(world.say(change("7", json!({"familyName": "Costa"}))).await, agrees(), "{fault:?}");
        assert_eq!(world.gapps_user(ANA)["familyName"], "Costa", "{fault:?}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_leave_it_happens_once() {
    for (config, method, op) in [("", "PUT", "user.update"), ("leave = \"delete\"", "DELETE", "user.delete")]
    {
        for fault in faults() {
            let world = world(config, "").await;
            world.say(hire("7", "2026-03-01")).await;
            world.sim.add_fault(on(method, "/user/2.0", fault.clone())).expect("a fault");
            let said = world.event(leave("7", "2026-03-01")).await;
            in_time(&world, &said).await;
            assert_eq!(world.person("hr/7").await, (Status::Settled, "offboarded".into()), "{op} {fault:?}");
            assert_eq!(world.gapps_ops(), ["user.create", op], "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_rename_whose_answer_is_lost_is_found() {
    for keeps in [true, false] {
        let options = people_sim::SimOptions { gapps_keeps_nickname: keeps, ..Default::default() };
        let world = World::with(&super::config("", "name_change = \"follow\""), options).await;
        world.say(hire("7", "2026-03-01")).await;
        let lost = Fault::on("", FaultKind::LostAnswer).times(1);
        world.sim.add_fault(on("PUT", "/user/2.0/ana.silva", lost)).expect("a fault");
        assert_eq!(world.say(change("7", json!({"email": "ana.costa@example.com"}))).await, agrees());
        assert_eq!(world.gapps_users(), ["ana.costa@example.com"]);
        assert_eq!(world.gapps_user("ana.costa@example.com")["aliases"], json!([ANA]), "{keeps}");
    }
}

/// The guide: a rename takes up to ten minutes to spread.
#[tokio::test]
async fn a_rename_may_take_its_time() {
    let world = world("", "name_change = \"follow\"").await;
    world.say(hire("7", "2026-03-01")).await;
    // It is not seen before, which is true, nor at once after it.
    let unseen = error("EntityDoesNotExist").times(2);
    world.sim.add_fault(on("GET", "/user/2.0/ana.costa", unseen)).expect("a fault");
    let (status, note) = world.say(change("7", json!({"email": "ana.costa@example.com"}))).await;
    assert!(status == Status::Waiting && note.contains("awaited until 2026-03-02T09:10"), "{note}");
    world.pass("2026-03-02T09:11:00Z").await;
    assert_eq!(
        (world.person("hr/7").await, world.gapps_users()),
        (agrees(), vec!["ana.costa@example.com".into()])
    );
    assert_eq!(world.gapps_ops(), ["user.create", "user.update"]);
}

/// A group has the name, say: no look at users and nicknames shows it.
#[tokio::test]
async fn a_name_that_is_taken_unseen_is_a_question() {
    for (method, path) in [("PUT", "/user/2.0/ana.silva"), ("POST", "/nickname/2.0")] {
        let options = people_sim::SimOptions { gapps_keeps_nickname: false, ..Default::default() };
        let world = World::with(&super::config("", "name_change = \"follow\""), options).await;
        world.say(hire("7", "2026-03-01")).await;
        world.sim.add_fault(on(method, path, error("EntityExists"))).expect("a fault");
        let (status, note) = world.say(change("7", json!({"email": "ana.costa@example.com"}))).await;
        assert_eq!(status, Status::Held, "{path}: {note}");
        world.decide("hr/7", people_core::bridge::Decision::Approve(None)).await;
        assert_eq!((world.person("hr/7").await, world.gapps_users().len()), (agrees(), 1), "{path}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_a_question() {
    let world = world("", "").await;
    for (n, reason) in ["UserDeletedRecently", "DomainUserLimitExceeded"].into_iter().enumerate() {
        world.sim.add_fault(on("POST", "/user/2.0", error(reason)).times(1)).expect("a fault");
        let worker = (n + 7).to_string();
        let (status, note) = world.say(super::super::named(&worker, &format!("Silva{n}"))).await;
        assert!(status == Status::Held && note.contains(reason), "{note}");
        world.decide(&format!("hr/{worker}"), people_core::bridge::Decision::Approve(None)).await;
        assert_eq!(world.person(&format!("hr/{worker}")).await, agrees());
    }
    assert_eq!(world.gapps_users().len(), 2);
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut world = world("", "").await;
    world.event(hire("7", "2026-03-01")).await;
    world.event(leave("7", "2026-03-06")).await;
    world.restart().await;
    world.quiet().await;
    assert_eq!(world.gapps_users(), [ANA]);
    world.restart().await;
    world.pass("2026-03-07T09:00:00Z").await;
    assert_eq!(world.gapps_user(ANA)["suspended"], true);
    assert_eq!(world.gapps_ops(), ["user.create", "user.update"]);
}
