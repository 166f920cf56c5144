//! People of a contact centre are filed in CCAI Platform too: one file a window, leavers `Inactive`, and whoever could not be filed is asked
//! about.

use people_core::bridge::Decision;
use people_core::journal::{EventRow, Filter, Journal, Status};
use people_model::time::SignedDuration;
use people_sim::SimOptions;
use serde_json::{Value, json};

use crate::world::{CONFIG, Reply, World};

const TABLE: &str = r#"
[ccai]
base_url = "{ccai}"
subdomain = "customer"
token = { file = "ccai" }
departments = ["support*"]
window = "10m"
rate = 10000
poll = "10ms"
row_base = 1
fields = { location = "costCentre" }
"#;

async fn world(policy: &str) -> World {
    let config = format!("{CONFIG}{TABLE}{policy}");
    World::with(&config, SimOptions::default()).await
}

async fn say(world: &World, kind: &str, id: usize, more: Value) -> Reply {
    let mut worker = json!({"id": id.to_string(), "givenName": "Ana", "familyName": format!("Silva{id}"), "department": "Support EU"});
    worker.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let date = if kind == "leave" { "2026-03-01" } else { "2026-02-01" };
    let reply = world.event(json!({"type": kind, "effectiveDate": date, "worker": worker})).await;
    world.quiet().await;
    reply
}

/// The window ends at this time; then seconds pass until so many jobs have been applied and everybody has been told.
async fn window_ends(world: &World, at: &str, jobs: usize) {
    world.set_now(&format!("2026-03-02T{at}Z"));
    for _ in 0..1000 {
        world.quiet().await;
        let done = world.sim.state().jobs.iter().filter(|job| job["status"] == "completed").count();
        let rows = world
            .bridge
            .journal
            .events(&Filter { limit: 1000, ..Filter::default() })
            .await
            .expect("an answer");
        let busy = |row: &EventRow| row.status == Status::Working || row.note.contains("in a bulk file");
        if done == jobs && !rows.iter().any(busy) {
            return;
        }
        world.clock.advance(SignedDuration::from_secs(1));
        world.sim.advance(std::time::Duration::from_secs(1));
    }
    panic!("{:#?}", world.sim.state().jobs);
}

fn agent(world: &World, n: usize) -> Value {
    world.sim.state().agents.get(&format!("ana.silva{n}@example.com")).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_career_in_files() {
    let world = world("").await;
    let hires = [
        say(&world, "hire", 1, json!({})).await,
        say(&world, "hire", 2, json!({"costCentre": "Mars"})).await,
    ];
    say(&world, "hire", 3, json!({"department": "Sales"})).await;
    assert_eq!(world.outcome(&hires[0]).await.0, Status::Waiting);
    assert!(world.sim.calls(0).iter().all(|call| call.api != "ccai"));
    window_ends(&world, "09:10:01", 1).await;
    assert_eq!(world.outcome(&hires[0]).await, (Status::Settled, "agrees".to_owned()));
    let (status, note) = world.outcome(&hires[1]).await;
    assert!(status == Status::Held && note.contains("location does not exist (column 7)"), "{note}");
    assert_eq!(
        (&agent(&world, 1)["user"]["status"], &agent(&world, 1)["applied"]),
        (&json!("Active"), &json!(1))
    );
    assert_eq!((world.sim.state().jobs.len(), world.sim.state().agents.len()), (1, 1));

    // It is mended by HR; and who leaves is shut out, once.
    say(&world, "change", 2, json!({"costCentre": "Lisbon"})).await;
    say(&world, "leave", 1, json!({})).await;
    window_ends(&world, "09:30:01", 2).await;
    assert_eq!(agent(&world, 2)["user"]["location"], "Lisbon");
    assert_eq!(
        (&agent(&world, 1)["user"]["status"], &agent(&world, 1)["applied"]),
        (&json!("Inactive"), &json!(2))
    );
    let calls = || world.sim.calls(0).iter().filter(|call| call.api == "ccai").count();
    let before = calls();
    for time in ["11:00:00", "15:00:00"] {
        world.set_now(&format!("2026-03-02T{time}Z"));
        world.quiet().await;
    }
    assert_eq!(calls(), before);
}

#[tokio::test]
async fn what_a_human_approves_is_filed_again() {
    let world = world("").await;
    let hire = say(&world, "hire", 1, json!({"costCentre": "Mars"})).await;
    window_ends(&world, "09:10:01", 1).await;
    assert_eq!(world.outcome(&hire).await.0, Status::Held);
    world.decide("hr/1", Decision::Approve(None)).await;
    window_ends(&world, "09:30:01", 2).await;
    assert_eq!((world.outcome(&hire).await.0, world.sim.state().jobs.len()), (Status::Held, 2));
}

#[tokio::test]
async fn the_breaker_counts_a_person_once_and_holds_the_rest() {
    let world = world("").await;
    for n in 0..8 {
        say(&world, "hire", n, json!({})).await;
    }
    window_ends(&world, "09:10:01", 1).await;
    for n in 0..8 {
        say(&world, "leave", n, json!({})).await;
    }
    window_ends(&world, "09:30:01", 2).await;
    let inactive = (0..8).filter(|n| agent(&world, *n)["user"]["status"] == "Inactive").count();
    // Five may leave in a day: five offboarded, and the same five Inactive.
    let offboarded = world.ops().iter().filter(|op| *op == "users.offboard").count();
    assert_eq!((offboarded, inactive), (5, 5));
}

#[tokio::test]
async fn an_account_that_was_offboarded_elsewhere_still_asks_the_breaker() {
    let world = world("").await;
    for n in 0..8 {
        say(&world, "hire", n, json!({})).await;
    }
    window_ends(&world, "09:10:01", 1).await;
    for n in 0..8 {
        let mut profile = world.user(&format!("ana.silva{n}@example.com"));
        profile["deprovisioned"] = json!("2026-03-02T09:00:00.000Z");
        profile["suspended"] = json!(true);
        world.sim.seed_user(profile).expect("a user");
        say(&world, "leave", n, json!({})).await;
    }
    window_ends(&world, "09:30:01", 2).await;
    let inactive = (0..8).filter(|n| agent(&world, *n)["user"]["status"] == "Inactive").count();
    assert_eq!((world.ops().iter().filter(|op| *op == "users.offboard").count(), inactive), (0, 5));
}

/// The files do not ask which directory follows HR.
#[tokio::test]
async fn the_same_files_where_the_directory_is_another_one() {
    let config = format!("{}{TABLE}", super::provisioning::config("", ""));
    let world = World::with(&config, SimOptions::default()).await;
    say(&world, "hire", 1, json!({})).await;
    window_ends(&world, "09:11:00", 1).await;
    assert_eq!(agent(&world, 1)["user"]["status"], "Active");
    say(&world, "leave", 1, json!({})).await;
    window_ends(&world, "09:21:00", 2).await;
    assert_eq!(agent(&world, 1)["user"]["status"], "Inactive");
    let users = world.sim.state().gapps["users"].clone();
    assert_eq!(users["ana.silva1@example.com"]["suspended"], true);
}
