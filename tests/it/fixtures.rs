//! The deliveries of `tests/fixtures/deliveries.json`, natively. `tests/edge/same.test.mjs` plays the same file in workerd.

use serde_json::{Value, json};

use crate::world::{Reply, World};

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_lead_to_what_their_file_says() {
    let file = include_str!("../fixtures/deliveries.json");
    let file: Value = serde_json::from_str(file).expect("the fixtures are JSON");
    let world = World::new().await;
    // At the edge the time is real: later than every past day in the file, and before every future one.
    world.set_now("2026-11-02T09:00:00Z");
    for employee in file["employees"].as_array().expect("a list") {
        world.sim.put_employee(employee.clone()).expect("an employee");
    }
    for delivery in file["deliveries"].as_array().expect("a list") {
        let text = |key: &str| delivery[key].as_str().unwrap_or_default().to_owned();
        let body = delivery["body"].as_str().map_or_else(|| delivery["body"].to_string(), str::to_owned);
        let before = world.effects().len();
        let reply: Reply = match text("source").as_str() {
            "hr" => world.hr(&text("id"), &body).await,
            "plain" => world.plain(&body).await,
            source => world.bamboo(source, &body).await,
        };
        world.quiet().await;
        let mut events = Vec::new();
        if let Some(id) = reply.body["accepted"].as_str() {
            for row in world.rows(id).await {
                let note = if row.note.is_empty() { String::new() } else { format!(" ({})", row.note) };
                events.push(format!("{} {}{note}", row.kind, row.status.as_str()));
            }
        }
        events.sort();
        let mut calls = world.effects().split_off(before);
        calls.sort();
        let duplicate = if reply.body["duplicate"] == true { " duplicate" } else { "" };
        let seen =
            json!({"answer": format!("{}{duplicate}", reply.status), "events": events, "calls": calls});
        assert_eq!(seen, delivery["expect"], "{}", text("title"));
    }
}
