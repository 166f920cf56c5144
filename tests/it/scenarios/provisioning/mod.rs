//! A server that speaks the Google Apps Provisioning API as the directory that follows HR.

mod access;
mod failures;
mod settings;

use people_core::bridge::Decision;
use people_core::journal::{Journal, Status};
use people_sim::SimOptions;
use serde_json::{Value, json};

use super::{change, hire};
use crate::gapps::Client;
use crate::world::{World, person_key};

const ANA: &str = "ana.silva@example.com";

/// No `[cloudm]`, and no `[google]`: nobody needs a token. `{leave}` and `{policy}` are filled in.
const CONFIG: &str = r#"
[gapps]
directory = true
domain = "example.com"
base_url = "{gapps}"
admin = "admin@example.com"
password = { file = "gapps" }
{leave}
[server]
listen = "127.0.0.1:0"
admin_token = { file = "admin" }
rate = 10000
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
timezone = "Europe/Berlin"
[policy]
retry = { base = "20ms", settle = "50ms", cap = "200ms" }
{policy}
"#;

pub(super) fn config(leave: &str, policy: &str) -> String {
    CONFIG.replace("{leave}", leave).replace("{policy}", policy)
}

async fn world(leave: &str, policy: &str) -> World {
    World::with(&config(leave, policy), SimOptions::default()).await
}

fn agrees() -> (Status, String) {
    (Status::Settled, "agrees".to_owned())
}

/// The event, of somebody who works in this zone.
fn in_zone(mut event: Value, zone: &str) -> Value {
    event["worker"]["timezone"] = zone.into();
    event
}

impl World {
    /// What the API knows of the user of this name.
    fn gapps_user(&self, address: &str) -> Value {
        self.sim.state().gapps["users"][address].clone()
    }

    fn gapps_users(&self) -> Vec<String> {
        self.sim.state().gapps["users"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn gapps_place(&self, address: &str) -> Value {
        self.sim.state().gapps["org_units"]["places"][address].clone()
    }

    /// Operations of the API that changed something, in order; logging in does not count.
    fn gapps_ops(&self) -> Vec<String> {
        let calls = self.sim.calls(0).into_iter().filter(|call| call.api == "gapps" && call.effect);
        calls.map(|call| call.op.to_string()).filter(|op| op != "login").collect()
    }

    /// Drives the person once more, with everything still to be looked at: nothing is left to do.
    async fn nothing_is_left(&self, person: &str) {
        let (ops, key) = (self.gapps_ops(), person_key(person));
        let before = self.bridge.journal.read(&key).await.expect("the journal answers").len();
        self.bridge.drive(&key).await.expect("the journal answers");
        let after = self.bridge.journal.read(&key).await.expect("the journal answers").len();
        assert_eq!((self.gapps_ops(), after), (ops, before));
    }
}

/// An administrator at the server.
fn admin(world: &World) -> Client {
    Client::login(&world.sim, &world.sim.urls().gapps)
}

const D: (&str, &str) = ("domain", "example.com");

async fn suspend(world: &World, name: &str) {
    let of = [D, ("userName", name)];
    admin(world).done("user.update", &of, json!({"suspended": true})).await;
}

async fn make(world: &World, name: &str) {
    let user = json!({"userName": name, "givenName": "Ana", "familyName": "Silva", "password": "a-password"});
    admin(world).done("user.create", &[D], user).await;
}

async fn unit(world: &World, name: &str) {
    let known = world.sim.state().gapps["org_units"].clone();
    let unit = json!({"name": name, "description": "-", "parentOrgUnitPath": "/"});
    let at = [("customerId", "my_customer")];
    admin(world).done("orgunit.create", &at, unit).await;
    assert_ne!(world.sim.state().gapps["org_units"], known);
}

#[tokio::test]
async fn a_hire_becomes_a_user_and_follows() {
    let world = world("", "").await;
    assert_eq!(world.say(hire("7", "2026-03-01")).await, agrees());
    assert_eq!(world.gapps_ops(), ["user.create"]);
    assert_eq!((&world.gapps_user(ANA)["givenName"], world.gapps_users().len()), (&json!("Ana"), 1));
    world.nothing_is_left("hr/7").await;

    // An administrator's own changes stay, whatever HR changes.
    admin(&world).done("user.update", &[D, ("userName", "ana.silva")], json!({"admin": true})).await;
    assert_eq!(
        world.say(change("7", json!({"familyName": "Sílva & <Söhne>", "title": "Lead"}))).await,
        agrees()
    );
    let user = world.gapps_user(ANA);
    assert_eq!((&user["familyName"], &user["admin"]), (&json!("Sílva & <Söhne>"), &json!(true)));
    // What the API has no place for changes nothing, and the same again changes nothing.
    assert_eq!(world.say(change("7", json!({"title": "Head", "givenName": "Ana"}))).await, agrees());
    assert_eq!(world.gapps_ops(), ["user.create", "user.update", "user.update"]);
    world.nothing_is_left("hr/7").await;

    // The log can be read, and holds no password.
    let log = world.bridge.journal.read(&person_key("hr/7")).await.expect("the journal answers");
    let text = serde_json::to_string(&log).expect("a log");
    assert!(text.contains(r#""userName":"ana.silva""#) && !text.contains("\"password\":\""), "{text}");
}

#[tokio::test]
async fn nobody_is_made_before_the_first_day_begins_where_they_work() {
    let world = world("", "start_time = \"08:00\"").await;
    let (status, note) = world.say(in_zone(hire("7", "2026-03-10"), "America/New_York")).await;
    assert_eq!((status, note.as_str()), (Status::Waiting, "agrees; next at 2026-03-10T12:00:00Z"));
    world.pass("2026-03-10T11:59:00Z").await;
    assert_eq!(world.gapps_users(), [""; 0]);
    world.pass("2026-03-10T12:00:01Z").await;
    assert_eq!(world.gapps_users(), [ANA]);
    assert_eq!(world.person("hr/7").await, agrees());
}

#[tokio::test]
async fn a_new_address_keeps_the_old_one() {
    for keeps in [true, false] {
        let options = SimOptions { gapps_keeps_nickname: keeps, ..SimOptions::default() };
        let world = World::with(&config("", "name_change = \"follow\""), options).await;
        world.say(hire("7", "2026-03-01")).await;
        let married = json!({"familyName": "Costa", "email": "ana.costa@example.com"});
        assert_eq!(world.say(change("7", married)).await, agrees());
        let user = world.gapps_user("ana.costa@example.com");
        assert_eq!((&user["familyName"], &user["aliases"]), (&json!("Costa"), &json!([ANA])), "{keeps}");
        assert_eq!(world.gapps_users().len(), 1);
        world.nothing_is_left("hr/7").await;

        // And back: the nickname makes room.
        assert_eq!(world.say(change("7", json!({"email": ANA}))).await, agrees());
        assert_eq!(world.gapps_users(), [ANA]);
        assert_eq!(world.gapps_user(ANA)["aliases"], json!(["ana.costa@example.com"]), "{keeps}");
        world.nothing_is_left("hr/7").await;

        // Somebody else's address is not taken.
        make(&world, "ana.lima").await;
        let (status, note) = world.say(change("7", json!({"email": "ana.lima@example.com"}))).await;
        assert_eq!(status, Status::Held, "{note}");
        world.decide("hr/7", Decision::Approve(None)).await;
        assert_eq!(world.person("hr/7").await, agrees());
        assert_eq!(world.gapps_user(ANA)["familyName"], "Costa");
    }
}

#[tokio::test]
async fn the_unit_is_that_of_hr_or_of_the_policy() {
    let world = world("", "ou = \"/Staff\"").await;
    let (status, note) = world.say(hire("7", "2026-03-01")).await;
    assert!(status == Status::Held && note.contains("no such organizational unit"), "{note}");
    unit(&world, "Staff").await;
    unit(&world, "R & D+").await;
    world.decide("hr/7", Decision::Approve(None)).await;
    assert_eq!((world.person("hr/7").await, world.gapps_place(ANA)), (agrees(), json!("Staff")));
    assert_eq!(world.say(change("7", json!({"parentPath": "/R & D+"}))).await, agrees());
    assert_eq!(world.gapps_place(ANA), "R & D+");
    assert_eq!(world.say(change("7", json!({"parentPath": "/"}))).await, agrees());
    assert_eq!(world.gapps_place(ANA), "");
    world.nothing_is_left("hr/7").await;

    // What the policy says is for those who are in no unit: an administrator's choice stays, and so do people who were there before.
    world.say(change("7", json!({"parentPath": null}))).await;
    assert_eq!(world.gapps_place(ANA), "Staff");
    let there = [("customerId", "my_customer"), ("email", ANA)];
    admin(&world).done("orguser.update", &there, json!({"orgUnitPath": "R+%26+D%2B"})).await;
    world.say(change("7", json!({"familyName": "Costa"}))).await;
    assert_eq!(world.gapps_place(ANA), "R & D+");
    make(&world, "noor").await;
    assert_eq!(
        world.say(change("8", json!({"email": "noor@example.com", "givenName": "Noor"}))).await,
        agrees()
    );
    assert_eq!(world.gapps_place("noor@example.com"), Value::Null);
    assert_eq!(world.gapps_user("noor@example.com")["givenName"], "Noor");
}
