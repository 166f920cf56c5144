//! The same thing twice, in the wrong order, or late.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use people_core::journal::Status;
use serde_json::json;

use super::{at, change, hire, leave, named, noor, thin};
use crate::world::World;

#[tokio::test]
async fn scenario_12_the_same_delivery_again_changes_nothing() {
    let world = World::new().await;
    let body = hire("7", "2026-03-01").to_string();
    let first = world.hr("msg_1", &body).await;
    assert!(first.body["accepted"].is_string(), "{first:?}");
    world.quiet().await;
    // A retry of the sender: the same id, stamped anew.
    world.set_now("2026-03-02T11:00:00Z");
    let again = world.hr("msg_1", &body).await;
    assert_eq!((again.status, &again.body), (200, &json!({"duplicate": true})));
    // Without an id of its own, the body tells.
    let other = named("8", "Souza").to_string();
    assert!(world.plain(&other).await.body["accepted"].is_string());
    world.quiet().await;
    assert_eq!(world.plain(&other).await.body["duplicate"], true);
    world.quiet().await;
    assert_eq!((world.events().await, world.times("users.create")), (2, 2));

    // The same event under another id is another delivery, and still no other account.
    let other = world.hr("msg_2", &body).await;
    assert!(other.body["accepted"].is_string(), "{other:?}");
    world.quiet().await;
    assert_eq!(world.ops(), ["users.create", "users.create"]);
}

#[tokio::test]
async fn scenario_12_concurrent_copies_have_one_effect() {
    let world = World::new().await;
    let body = hire("7", "2026-03-01").to_string();
    let replies = join_all((0..50).map(|_| world.hr("msg_1", &body))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let accepted: BTreeSet<_> = replies.iter().filter_map(|reply| reply.body["accepted"].as_str()).collect();
    let duplicates = replies.iter().filter(|reply| reply.body["duplicate"] == true).count();
    assert_eq!((accepted.len(), duplicates), (1, 49));
    world.quiet().await;
    assert_eq!(world.events().await, 1);
    assert_eq!(world.ops(), ["users.create"]);
    assert_eq!(world.metric("people_duplicate_total{source=\"hr\"}").await, 49);
}

#[tokio::test]
async fn scenario_14_created_and_updated_at_once_make_one_account() {
    let world = World::new().await;
    world.sim.put_employee(noor(json!({}))).expect("an employee");
    let (created, updated) = (
        thin("employee.created", "41", "2026-03-02T09:00:00Z"),
        thin("employee.updated", "41", "2026-03-02T09:00:00Z"),
    );
    let (first, second) =
        tokio::join!(world.bamboo("bamboohr", &created), world.bamboo("bamboohr", &updated));
    assert!(first.id() != second.id());
    world.quiet().await;
    assert_eq!(world.ops(), ["users.create"], "exactly one create and no needless patch");
    for reply in [first, second] {
        assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    }
}

#[tokio::test]
async fn scenario_15_an_update_before_the_create() {
    let world = World::new().await;
    // Thin: whichever comes first fetches the whole record.
    world.update_noor(json!({})).await;
    assert_eq!(world.ops(), ["users.create"]);
    let late = world.bamboo("bamboohr", &thin("employee.created", "41", "2026-03-02T08:59:00Z")).await;
    world.quiet().await;
    assert_eq!(world.outcome(&late).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.ops(), ["users.create"], "the late create changes nothing");
}

#[tokio::test]
async fn scenario_15_the_older_statement_never_overwrites_the_newer_one() {
    let world = World::new().await;
    let promoted = at(change("7", json!({"title": "Head of Sales"})), "2026-03-02T08:30:00Z");
    assert_eq!(world.say(promoted).await, (Status::Settled, "no account, none wanted".to_owned()));
    assert_eq!(world.users(), [""; 0], "a change makes no account");
    let hired = at(hire("7", "2026-03-01"), "2026-03-02T08:00:00Z");
    assert_eq!(world.say(hired).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.user("ana.silva@example.com")["title"], "Head of Sales");
    world.say(at(change("7", json!({"title": "Trainee"})), "2026-03-01T08:00:00Z")).await;
    assert_eq!(world.user("ana.silva@example.com")["title"], "Head of Sales");
    assert_eq!(world.ops(), ["users.create"]);
    world.say(at(change("7", json!({"title": "Director"})), "2026-03-02T08:45:00Z")).await;
    assert_eq!(world.user("ana.silva@example.com")["title"], "Director");
}

#[tokio::test]
async fn scenario_16_a_leaver_stays_offboarded_whatever_comes_late() {
    let world = World::new().await;
    world.say(at(hire("7", "2026-01-01"), "2025-12-01T09:00:00Z")).await;
    let left = world.say(at(leave("7", "2026-02-27"), "2026-02-20T09:00:00Z")).await;
    assert_eq!(left, (Status::Settled, "offboarded".to_owned()));
    world.pass("2026-03-03T09:00:00Z").await;
    let before = world.ops();
    for late in [
        at(change("7", json!({"title": "Lead"})), "2026-01-15T09:00:00Z"),
        at(hire("7", "2026-01-01"), "2026-01-02T09:00:00Z"),
        // Newer than the leave, and still no rehire.
        at(change("7", json!({"department": "Finance"})), "2026-03-02T10:00:00Z"),
        at(hire("7", "2026-01-01"), "2026-03-02T11:00:00Z"),
    ] {
        assert_eq!(world.say(late).await, (Status::Settled, "offboarded".to_owned()));
    }
    assert_eq!(world.ops(), before);
    assert_eq!(before, ["users.create", "users.offboard"]);
    assert_eq!(world.user("ana.silva@example.com")["suspended"], true);
}
