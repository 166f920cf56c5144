//! Bulk files: whatever fails and whenever the process dies, each row is applied once, and whoever's row was not applied is told so.

use std::collections::BTreeMap;

use people_core::engine::State;
use people_core::engine::bulk::{Batch, Phase, roster};
use people_core::journal::{Filter, Journal, Status};
use people_model::ccai::{Row, RowResult};
use people_model::time::SignedDuration;
use people_model::{Domain, PersonKey};
use people_sim::{CcaiOptions, Fault, FaultBody, FaultKind, RetryAfter, SimOptions};
use serde_json::{Value, json};

use super::fuse::Blow;
use super::rig::{Rig, run};
use crate::world::person_key;

const CONFIG: &str = r#"
[cloudm]
domain = "example.com"
base_url = "{cloudm}"
[google]
credentials = "key"
[ccai]
base_url = "{ccai}"
subdomain = "customer"
token = { file = "ccai" }
departments = ["Support*"]
window = "5m"
rows = {rows}
rate = 1000000
row_base = 1
fields = { location = "costCentre" }
[ccai.roles]
"Support*" = ["Agent"]
"Support Leads" = ["Manager"]
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
[policy.breaker]
count = 100000
percent = 100
"#;

/// A small generator (SplitMix64), so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)) % sides
    }

    /// Death at twenty moments.
    fn blows(&mut self, most: u64) -> Vec<Blow> {
        (0..20).map(|_| Blow { at: 1 + self.roll(most), after: self.roll(2) == 0 }).collect()
    }
}

/// Every kind of fault; together they meet so many of a hundred calls.
fn faults(path: &str, percent: f64) -> Vec<Fault> {
    let kinds = [
        Fault::status(path, 503),
        Fault { retry_after: Some(RetryAfter::Seconds(1)), ..Fault::status(path, 429) },
        Fault { body: FaultBody::Html, ..Fault::status(path, 500) },
        Fault { body: FaultBody::Html, ..Fault::status(path, 200) },
        Fault::on(path, FaultKind::Drop),
        Fault::on(path, FaultKind::LostAnswer),
        Fault { method: Some("POST".into()), ..Fault::on(path, FaultKind::LostAnswer) },
        Fault::on(path, FaultKind::ExpireToken),
    ];
    let rate = percent / 100.0 / kinds.len() as f64;
    kinds.into_iter().map(|fault| Fault { rate: Some(rate), ..fault }).collect()
}

async fn rig(rows: usize, seed: u64, ccai: CcaiOptions) -> Rig {
    let config = CONFIG.replace("{rows}", &rows.to_string());
    Rig::with(&config, SimOptions { seed, ccai, ..SimOptions::default() }).await
}

/// A row, and what is wrong with it.
fn row(n: usize) -> (Row, Option<&'static str>) {
    let (location, role, wrong) = match n % 97 {
        13 => ("Atlantis", "Agent", Some("location does not exist")),
        31 => ("Berlin", "Wizard", Some("role does not exist")),
        _ => ("Berlin", "Agent", None),
    };
    let row = json!({"email": format!("user{n}@example.com"), "first_name": format!("User{n}"), "last_name": "Test",
        "location": location, "roles": [{"name": role, "value": 1}]});
    (serde_json::from_value(row).expect("a row"), wrong)
}

/// How often a row was applied to each user.
fn applied(rig: &Rig) -> BTreeMap<String, u64> {
    let agents = rig.sim.state().agents;
    agents.into_iter().map(|(email, agent)| (email, agent["applied"].as_u64().expect("a number"))).collect()
}

fn proceeds(rig: &Rig) -> Vec<u64> {
    rig.sim.state().jobs.iter().map(|job| job["proceeds"].as_u64().expect("a number")).collect()
}

/// A roster of so many users, killed at twenty moments, over a network that fails.
async fn roster_survives(users: usize, seed: u64, least: u32) {
    let mut dice = Dice(seed);
    let mut rig = rig(500, seed, CcaiOptions::default()).await;
    for fault in faults("/ccai/", 35.0) {
        rig.sim.add_fault(fault).expect("a fault");
    }
    let rows: Vec<Row> = (0..users).map(|n| row(n).0).collect();
    let tenant = Domain::parse("example.com").expect("a domain");
    let now = rig.sim.now();
    let (key, _) = roster(&rig.bridge.journal, &tenant, &rows, false, now)
        .await
        .expect("infallible")
        .expect("addresses");
    let blows = dice.blows(3);
    rig.live_and_die(&blows).await;
    let deaths = rig.deaths();
    assert!(deaths >= least, "seed {seed}: only {deaths} deaths");

    let batch = Batch::fold(&rig.bridge.journal.read(&key).await.expect("infallible"));
    assert_eq!((&batch.phase, batch.rows.len()), (&Phase::Settled, users), "seed {seed}");
    let mut expected = BTreeMap::new();
    for (n, (_, _, result)) in batch.results().into_iter().enumerate() {
        let (row, wrong) = row(n);
        match (wrong, result) {
            (None, RowResult::Applied { .. }) => {
                expected.insert(row.email().expect("an address").to_owned(), 1);
            }
            (Some(wrong), RowResult::Refused { problem }) if problem.starts_with(wrong) => {}
            (wrong, result) => panic!("seed {seed}, row {n}: {wrong:?}, but {result:?}"),
        }
    }
    assert_eq!(applied(&rig), expected, "seed {seed}");
    assert!(proceeds(&rig).iter().all(|times| *times <= 1), "seed {seed}");
    let calls = rig.sim.calls(0).len();
    rig.pass(SignedDuration::from_hours(48));
    rig.settle().await;
    assert_eq!(rig.sim.calls(0).len(), calls, "nothing is left to do");
}

#[test]
fn a_roster_of_five_thousand_is_applied_once_though_the_process_dies_twenty_times() {
    run(roster_survives(5000, 1, 20));
}

#[test]
fn small_rosters_are_applied_once_whatever_happens() {
    for seed in 100..160 {
        run(roster_survives(120, seed, 5));
    }
}

/// An event of a person in the contact centre.
fn event(kind: &str, n: usize, more: Value) -> String {
    let mut worker = json!({"id": n.to_string(), "givenName": format!("Given{n}"), "familyName": "Test",
        "department": "Support"});
    worker.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({"type": kind, "effectiveDate": "2026-03-01", "worker": worker}).to_string()
}

fn address(n: usize) -> String {
    format!("given{n}.test@example.com")
}

fn place(n: usize) -> &'static str {
    if n % 29 == 7 { "Atlantis" } else { "Lisbon" }
}

async fn state(rig: &Rig, n: usize) -> State {
    State::fold(rig.bridge.journal.read(&person_key(&format!("hr/{n}"))).await.expect("infallible"))
}

/// Hires, changes and leavers of so many people, each phase with twenty deaths on the way.
async fn careers_survive(people: usize, rows: usize, seed: u64) {
    let mut dice = Dice(seed);
    let mut rig = rig(rows, seed, CcaiOptions::default()).await;
    rig.drive_at_once();
    for fault in faults("", 12.0) {
        rig.sim.add_fault(fault).expect("a fault");
    }
    let most = people as u64 / 2 + 20;
    for n in 0..people {
        rig.deliver(&format!("hire-{n}"), &event("hire", n, json!({"costCentre": place(n)}))).await;
    }
    rig.live_and_die(&dice.blows(most)).await;
    let counts = applied(&rig);
    for n in 0..people {
        let count = counts.get(&address(n)).copied().unwrap_or(0);
        assert_eq!(count, u64::from(place(n) == "Lisbon"), "seed {seed}: hire of {n}");
        let held = state(&rig, n).await.held.map(|why| why.to_string());
        assert_eq!(
            held.is_some_and(|why| why.contains("location does not exist")),
            place(n) != "Lisbon",
            "{n}"
        );
    }
    // Half of them move, and the place of whoever could not be filed is mended; then a third leaves.
    for n in (0..people).step_by(2) {
        let body = event("change", n, json!({"costCentre": "Paris"}));
        rig.deliver(&format!("change-{n}"), &body).await;
    }
    rig.live_and_die(&dice.blows(most)).await;
    for n in (0..people).step_by(3) {
        rig.deliver(&format!("leave-{n}"), &event("leave", n, json!({}))).await;
    }
    rig.live_and_die(&dice.blows(most)).await;
    rig.pass(SignedDuration::from_hours(30));
    rig.live_and_die(&dice.blows(most)).await;

    let agents = rig.sim.state().agents;
    for n in 0..people {
        let (moved, left, fine) = (n % 2 == 0, n % 3 == 0, place(n) == "Lisbon");
        let count = u64::from(fine) + u64::from(moved) + u64::from(left);
        let agent = agents.get(&address(n)).cloned().unwrap_or_default();
        assert_eq!(agent["applied"].as_u64().unwrap_or(0), count, "seed {seed}: {n}: {agent}");
        if count > 0 {
            assert_eq!(agent["user"]["status"], if left { "Inactive" } else { "Active" }, "{n}");
        }
        if moved || fine {
            assert_eq!(agent["user"]["location"], if moved { "Paris" } else { "Lisbon" }, "{n}");
            let user: Row = serde_json::from_value(agent["user"].clone()).expect("a user");
            let mut roles = user.flags("roles");
            roles.sort_unstable();
            assert_eq!(roles, [("Admin", None), ("Agent", Some(true)), ("Manager", Some(false))], "{n}");
        }
    }
    let filter = |status| Filter { status: Some(status), limit: 100_000, ..Filter::default() };
    let held = rig.bridge.journal.events(&filter(Status::Held)).await.expect("infallible");
    let stuck = (0..people).filter(|n| place(*n) != "Lisbon" && n % 2 == 1 && n % 3 != 0).count();
    assert_eq!(held.len(), stuck, "{held:#?}");
    assert!(proceeds(&rig).iter().all(|times| *times <= 1), "seed {seed}");
    let most = rig.sim.state().jobs.iter().filter_map(|job| job["rows"].as_array().map(Vec::len)).max();
    assert!(most.is_some_and(|most| most <= rows), "{most:?} rows in one file");
    assert!(rig.deaths() >= 20, "only {} deaths", rig.deaths());
}

#[test]
fn people_are_filed_once_though_the_process_dies_twenty_times_a_phase() {
    run(careers_survive(60, 25, 3));
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn soak_full_five_thousand_people_are_filed_once() {
    let asked = std::env::var("SOAK_PEOPLE").ok().and_then(|people| people.parse().ok());
    run(careers_survive(asked.unwrap_or(5000), 500, 4));
}

/// Whoever is named by an error that may count from 0 or from 1.
#[test]
fn an_error_hits_the_right_person_however_the_server_counts() {
    for (base, telling, wrong) in [(0, true, 4), (1, true, 4), (0, false, 0), (1, false, 9)] {
        run(async {
            let config = CONFIG.replace("{rows}", "100").replace("row_base = 1\n", "");
            let ccai = CcaiOptions { row_base: base, telling, ..CcaiOptions::default() };
            let mut rig = Rig::with(&config, SimOptions { ccai, ..SimOptions::default() }).await;
            let rows: Vec<Row> = (0..10)
                .map(|n| {
                    let place = if n == wrong { "Atlantis" } else { "Paris" };
                    let row = json!({"email": format!("user{n}@example.com"), "first_name": "A", "last_name": "B", "location": place});
                    serde_json::from_value(row).expect("a row")
                })
                .collect();
            assert_eq!(refused(&mut rig, &rows).await, [wrong], "base {base}, telling {telling}");
        });
    }
}

/// Places of the rows that were refused or are unsure.
async fn refused(rig: &mut Rig, rows: &[Row]) -> Vec<usize> {
    let tenant = Domain::parse("example.com").expect("a domain");
    let now = rig.sim.now();
    let (key, _): (PersonKey, _) =
        roster(&rig.bridge.journal, &tenant, rows, false, now).await.expect("infallible").expect("addresses");
    rig.settle().await;
    let batch = Batch::fold(&rig.bridge.journal.read(&key).await.expect("infallible"));
    assert_eq!(batch.phase, Phase::Settled);
    let results = batch.results().into_iter().enumerate();
    results
        .filter(|(_, (_, _, result))| !matches!(result, RowResult::Applied { .. }))
        .map(|(n, _)| n)
        .collect()
}
