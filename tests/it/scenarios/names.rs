//! Names and addresses: what changes, what stays, and that nobody is confused with another.

use people_core::journal::Status;
use serde_json::{Value, json};

use super::{change, hire, leave, named};
use crate::world::World;

const ANA: &str = "ana.silva@example.com";
const RENAMED: &str = "ana.souza@example.com";

fn agrees() -> (Status, String) {
    (Status::Settled, "agrees".to_owned())
}

#[tokio::test]
async fn scenario_40_a_changed_name_is_patched_and_the_address_stays() {
    for policy in ["", "name_change = \"keep\""] {
        let world = World::with_policy(policy).await;
        world.say(hire("7", "2026-03-01")).await;
        assert_eq!(world.say(change("7", json!({"familyName": "Souza"}))).await, agrees());
        assert_eq!(world.user(ANA)["familyName"], "Souza");
        // Even where HR names another address.
        assert_eq!(world.say(change("7", json!({"email": RENAMED}))).await, agrees());
        assert_eq!(world.users(), [ANA]);
        assert_eq!(world.ops(), ["users.create", "users.patch"]);
    }
}

#[tokio::test]
async fn scenario_40_the_address_follows_where_policy_says_so() {
    let world = World::with_policy("name_change = \"follow\"").await;
    world.say(hire("7", "2026-03-01")).await;
    // A name alone moves no address: only HR says which one.
    world.say(change("7", json!({"familyName": "Souza"}))).await;
    assert_eq!(world.users(), [ANA]);
    assert_eq!(world.say(change("7", json!({"email": RENAMED}))).await, agrees());
    assert_eq!(world.users(), [RENAMED]);
    let user = world.user(RENAMED);
    assert_eq!(
        (&user["aliases"], &user["employeeId"]),
        (&json!([ANA]), &json!("7")),
        "the old address still reaches her"
    );

    // It is the same person in all that follows.
    assert_eq!(world.say(change("7", json!({"title": "Lead"}))).await, agrees());
    assert_eq!(world.user(RENAMED)["title"], "Lead");
    assert_eq!(world.say(leave("7", "2026-03-01")).await, (Status::Settled, "offboarded".to_owned()));
    assert_eq!(world.ops(), ["users.create", "users.patch", "users.patch", "users.patch", "users.offboard"]);
    // Nobody else gets the address that reaches her.
    world.say(hire("8", "2026-03-01")).await;
    assert_eq!(world.users(), ["ana.silva2@example.com", RENAMED]);
}

#[tokio::test]
async fn scenario_40_an_address_that_is_taken_is_not_followed() {
    let world = World::with_policy("name_change = \"follow\"").await;
    world
        .sim
        .seed_user(json!({"id": RENAMED, "givenName": "Ana", "familyName": "Souza", "employeeId": "99"}))
        .expect("a user");
    world.say(hire("7", "2026-03-01")).await;
    let (status, _) = world.say(change("7", json!({"email": RENAMED}))).await;
    assert_eq!(status, Status::Held);
    assert_eq!(world.users(), [ANA, RENAMED]);
    assert_eq!(world.user(RENAMED)["employeeId"], "99");
}

#[tokio::test]
async fn scenario_42_an_empty_address_is_not_an_address() {
    let world = World::new().await;
    for (worker, family, email) in [
        ("1", "Alpha", json!("")),
        ("2", "Beta", json!("")),
        ("3", "Gamma", json!("  ")),
        ("4", "Delta", Value::Null),
    ] {
        let mut event = named(worker, family);
        event["worker"]["email"] = email;
        assert_eq!(world.say(event).await, agrees(), "{family}");
    }
    let addresses = ["alpha", "beta", "delta", "gamma"].map(|name| format!("ana.{name}@example.com"));
    assert_eq!(world.users(), addresses);
    assert_eq!(world.user("ana.beta@example.com")["employeeId"], "2");
    // The same of BambooHR, whose field is always there.
    for (id, family) in [("51", "Epsilon"), ("52", "Zeta")] {
        world
            .sim
            .put_employee(super::noor(json!({"id": id, "lastName": family, "workEmail": ""})))
            .expect("an employee");
        world.bamboo("bamboohr", &super::thin("employee.created", id, "2026-03-02T09:00:00Z")).await;
    }
    world.quiet().await;
    assert_eq!(world.users().len(), 6);
}

#[tokio::test]
async fn scenario_42_two_people_of_one_name_get_two_addresses() {
    let world = World::new().await;
    let events: Vec<Value> = (1..=3).map(|n| hire(&n.to_string(), "2026-03-01")).collect();
    world.event(json!(events)).await;
    world.quiet().await;
    assert_eq!(world.users(), ["ana.silva2@example.com", "ana.silva3@example.com", ANA]);
    let mut ids: Vec<String> =
        world.users().iter().map(|user| world.user(user)["employeeId"].to_string()).collect();
    ids.sort();
    assert_eq!(ids, ["\"1\"", "\"2\"", "\"3\""]);
    assert_eq!(world.times("users.create"), 3);
}
