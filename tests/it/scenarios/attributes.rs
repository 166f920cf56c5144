//! What records say of people, and how little it takes to say nothing.

use people_core::journal::{Filter, Journal, Status};
use people_sim::{Fault, RetryAfter};
use serde_json::{Value, json};

use super::{change, hire, noor, thin};
use crate::world::{CONFIG, World};

const ANA: &str = "ana.silva@example.com";
const TOKEN: &str = "kind = \"generic\"\nsignature = { algorithm = \"token\", header = \"X-Token\" }\n";

#[tokio::test]
async fn scenario_43_absent_null_and_empty() {
    for (rules, said, kept) in [
        ("", json!({"familyName": "Silva"}), true),
        ("", json!({"title": null}), false),
        ("", json!({"title": ""}), false),
        ("", json!({"title": "  "}), false),
        ("empty = { title = \"keep\" }", json!({"title": null}), true),
        ("empty = { title = \"keep\" }", json!({"title": ""}), true),
        ("empty = { default = \"keep\" }", json!({"title": null}), true),
        ("empty = { default = \"keep\", title = \"clear\" }", json!({"title": ""}), false),
    ] {
        let config = CONFIG.replace("name = \"hr\"", &format!("name = \"hr\"\n{rules}"));
        let world = World::with(&config, people_sim::SimOptions::default()).await;
        world.say(hire("7", "2026-03-01")).await;
        let outcome = world.say(change("7", said.clone())).await;
        assert_eq!(outcome, (Status::Settled, "agrees".to_owned()), "{rules} {said}");
        let expected = if kept { json!("Clerk") } else { Value::Null };
        assert_eq!(world.user(ANA)["title"], expected, "{rules} {said}");
    }
}

#[tokio::test]
async fn scenario_43_what_identifies_a_person_is_never_emptied() {
    let world = World::new().await;
    world.say(hire("7", "2026-03-01")).await;
    for said in
        [json!({"givenName": null, "familyName": ""}), json!({"employeeId": null}), json!({"email": null})]
    {
        world.say(change("7", said)).await;
    }
    let user = world.user(ANA);
    assert_eq!(
        (&user["givenName"], &user["familyName"], &user["employeeId"]),
        (&json!("Ana"), &json!("Silva"), &json!("7"))
    );
}

#[tokio::test]
async fn scenario_43_no_null_ever_becomes_a_word() {
    let mut world = World::new().await;
    let map = r#"[source.map]
type = "'hire'"
id = "id"
effectiveDate = "start"
email = "mail"
[source.map.fields]
givenName = "first"
familyName = "last"
title = "job ~ ' ' ~ level"
department = "dept | upper | trim"
costCentre = "cost | string"
manager = "boss | default(deputy)"
preferredName = "[nick, first] | join(' ')"
"#;
    world.add_source("mapped", "s3cret", &format!("{TOKEN}{map}")).await;
    let record = |id: &str, nothing: Value| {
        json!({"id": id, "start": "2026-03-01", "first": "Ana", "last": id, "mail": nothing, "job": nothing, "level": nothing,
            "dept": nothing, "cost": nothing, "boss": nothing, "deputy": nothing, "nick": nothing})
    };
    for (id, nothing) in [("alpha", Value::Null), ("beta", json!(""))] {
        assert_eq!(world.token("mapped", "s3cret", &record(id, nothing)).await.status, 200);
    }
    let absent = json!({"id": "gamma", "start": "2026-03-01", "first": "Ana", "last": "gamma"});
    assert_eq!(world.token("mapped", "s3cret", &absent).await.status, 200);
    world.event(change("7", json!({"title": null}))).await;
    world.quiet().await;
    assert_eq!(world.users(), ["ana.alpha@example.com", "ana.beta@example.com", "ana.gamma@example.com"]);
    for user in world.users() {
        let text = world.user(&user).to_string().to_lowercase();
        for word in ["null", "none", "undefined"] {
            assert!(
                !text.contains(&format!("\"{word}")) && !text.contains(&format!("{word}\"")),
                "{word} in {text}"
            );
        }
    }
}

#[tokio::test]
async fn scenario_45_changed_fields_without_values_are_fetched() {
    let world = World::with_noor("").await;
    let path = "/employees/41";
    world.sim.add_fault(Fault::status(path, 404).times(1)).expect("a fault");
    let limited = Fault { retry_after: Some(RetryAfter::Seconds(1)), ..Fault::status(path, 429) };
    world.sim.add_fault(limited.times(1)).expect("a fault");
    world.sim.put_employee(noor(json!({"jobTitle": "Lead Analyst"}))).expect("an employee");
    let body = json!({"type": "employee.updated", "timestamp": "2026-03-02T09:10:00Z",
        "data": {"companyId": "1", "employeeId": "41", "changedFields": ["jobTitle"]}});
    let reply = world.bamboo("bamboohr", &body.to_string()).await;
    world.quiet().await;
    let fetches: Vec<u16> =
        world.sim.calls(0).iter().filter(|call| call.api == "bamboohr").map(|call| call.status).collect();
    assert_eq!(fetches, [200, 404, 429, 200]);
    assert_eq!(world.outcome(&reply).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.ops(), ["users.create", "users.patch"], "nobody was offboarded meanwhile");
    assert_eq!(world.user("noor.haddad@example.com")["title"], "Lead Analyst");
}

#[tokio::test]
async fn scenario_46_what_is_unknown_is_accepted_and_counted() {
    let world = World::new().await;
    let unknown = [
        json!({"type": "payroll.run.finished", "version": "2031-01", "data": {"id": 1}}),
        json!({"type": "hire.v2", "effectiveDate": "2026-03-01", "worker": {"id": "7", "givenName": "A", "familyName": "B"}}),
        json!([]),
    ];
    for (n, body) in unknown.iter().enumerate() {
        assert_eq!(world.hr(&format!("msg_{n}"), &body.to_string()).await.status, 200, "{body}");
    }
    for kind in ["company.updated", "company.deleted", "company-integrations.updated", "employee.promoted"] {
        assert_eq!(
            world.bamboo("bamboohr", &thin(kind, "41", "2026-03-02T09:00:00Z")).await.status,
            200,
            "{kind}"
        );
    }
    world.quiet().await;
    assert_eq!((world.events().await, world.ops()), (0, vec![]));
    assert_eq!(
        world
            .metric("people_ignored_total{source=\"hr\",why=\"a type of event that is of no concern\"}")
            .await,
        2
    );
    assert_eq!(world.metric("people_ignored_total{source=\"bamboohr\"").await, 4);
}

#[tokio::test]
async fn scenario_46_extra_members_do_no_harm() {
    let world = World::new().await;
    let mut event = hire("7", "2026-03-01");
    event["schemaVersion"] = json!({"major": 9});
    event["worker"]["shoeSize"] = json!(41);
    event["worker"]["password"] = "hunter2".into();
    event["worker"]["suspended"] = true.into();
    assert_eq!(world.say(event).await, (Status::Settled, "agrees".to_owned()));
    let user = world.user(ANA);
    assert_eq!(
        (&user["shoeSize"], &user["suspended"], &user["title"]),
        (&Value::Null, &json!(false), &json!("Clerk"))
    );
    assert_eq!(world.ops(), ["users.create"]);
}

#[tokio::test]
async fn scenario_48_only_the_primary_assignment_counts() {
    let mut world = World::with_policy("low_trust_leave = \"act\"").await;
    let map = r#"[source.map]
each = "assignments"
when = "primaryIndicator"
type = "document.what"
types = { START = "hire", UPDATE = "change", END = "leave" }
id = "document.person.id"
effectiveDate = "document.day"
[source.map.fields]
givenName = "document.person.first"
familyName = "document.person.last"
title = "title"
"#;
    world.add_source("payroll", "s3cret", &format!("{TOKEN}{map}")).await;
    let say = async |what: &str, assignments: Value| {
        let person = json!({"id": "7", "first": "Ana", "last": "Silva"});
        let body = json!({"what": what, "day": "2026-03-01", "person": person, "assignments": assignments});
        assert_eq!(world.token("payroll", "s3cret", &body).await.status, 200);
        world.quiet().await;
    };
    let (second, first) = (
        json!({"primaryIndicator": false, "title": "Fire Warden"}),
        json!({"primaryIndicator": true, "title": "Engineer"}),
    );
    say("START", json!([second, first])).await;
    assert_eq!(world.user(ANA)["title"], "Engineer");
    say("UPDATE", json!([{"primaryIndicator": false, "title": "First Aider"}])).await;
    say("END", json!([second])).await;
    assert_eq!(world.ops(), ["users.create"], "the end of a secondary assignment is no leave");
    say("END", json!([first])).await;
    assert_eq!(world.ops(), ["users.create", "users.offboard"]);
}

const FIELDS: &str = "kind = \"bamboohr\"\n";

/// What a customer calls the fields of BambooHR.
fn renamed(id: Value, start: &str) -> String {
    let fields =
        json!({"Vorname": {"value": "Jörg"}, "Nachname": {"value": "Weiß"}, "Eintritt": {"value": start}});
    json!({"employees": [{"id": id, "changedFields": ["Vorname"], "fields": fields}]}).to_string()
}

const GERMAN: &str = r#"
[source.map]
type = "'hire'"
effectiveDate = "fields.Eintritt.value"
[source.map.fields]
givenName = "fields.Vorname.value"
familyName = "fields.Nachname.value"
"#;

#[tokio::test]
async fn scenario_49_fields_that_the_customer_has_renamed() {
    let mut world = World::new().await;
    std::fs::write(world.folder.path().join("german"), crate::world::BAMBOO_SECRET).expect("a secret");
    let table = |map: &str| {
        format!("\n[[source]]\nname = \"german\"\nsecrets = [{{ file = \"german\" }}]\n{FIELDS}{map}")
    };
    // The first name is not mapped: no account, and the field is named, its value never.
    let incomplete = GERMAN.replace("givenName = \"fields.Vorname.value\"\n", "");
    world.reconfigure(|text| text + &table(&incomplete)).await;
    let without_name = world.bamboo("german", &renamed(json!("5"), "2026-03-02")).await;
    let without_id = world.bamboo("german", &renamed(Value::Null, "2026-03-02")).await;
    let without_day = world.bamboo("german", &renamed(json!("6"), "soon")).await;
    assert_eq!((without_name.status, without_id.status, without_day.status), (200, 200, 200));
    world.quiet().await;
    let (status, note) = world.outcome(&without_name).await;
    assert!(status == Status::Held && note.contains("givenName"), "{note}");
    for (reply, field) in [(&without_id, "map.id"), (&without_day, "map.effectiveDate")] {
        let (status, note) = world.outcome(reply).await;
        assert!(status == Status::Dead && note.starts_with(field), "{note}");
        assert!(!note.contains("soon") && !note.contains("Jörg"), "{note}");
    }
    assert_eq!(world.ops(), [""; 0]);

    // With the map mended, dead letters are taken apart again, and whoever was held is sent once more.
    let mended =
        GERMAN.replace("fields.Eintritt.value\"", "fields.Eintritt.value | replace('soon', '2026-03-01')\"");
    world.reconfigure(|text| text.replace(&incomplete, &mended)).await;
    let replay = format!("/api/events/{}/replay", without_day.id());
    let answer = world
        .client
        .post(world.url(&format!("{replay}.0")))
        .bearer_auth("admin-token")
        .send()
        .await
        .expect("an answer");
    let rows = world.rows(without_day.id()).await;
    let replay = format!("/api/events/{}/replay", rows[0].id);
    let answer = match answer.status().as_u16() {
        200 => answer,
        _ => {
            world.client.post(world.url(&replay)).bearer_auth("admin-token").send().await.expect("an answer")
        }
    };
    assert_eq!(answer.status(), 200);
    world.quiet().await;
    assert_eq!(world.outcome(&without_day).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.users(), ["joerg.weiss@example.com"]);
}

#[tokio::test]
async fn scenario_50_one_record_that_cannot_be_used_does_not_stop_the_others() {
    let mut world = World::new().await;
    let map = r#"[source.map]
each = "rows"
type = "'hire'"
id = "id"
effectiveDate = "start"
[source.map.fields]
givenName = "first"
familyName = "last"
costCentre = "(budget / heads) | string"
"#;
    world.add_source("report", "s3cret", &format!("{TOKEN}{map}")).await;
    let row = |id: &str, budget: Value, heads: Value| json!({"id": id, "start": "2026-03-01", "first": "Ana", "last": id, "budget": budget, "heads": heads});
    let rows = json!({"rows": [
        row("alpha", json!(900), json!(3)),
        row("beta", json!("a secret sum"), json!(3)),
        row("gamma", json!(900), json!("many")),
        row("delta", Value::Null, json!(3)),
        "not a record",
        row("epsilon", json!(50), json!(2)),
    ]});
    let reply = world.token("report", "s3cret", &rows).await;
    assert_eq!(reply.status, 200);
    world.quiet().await;
    assert_eq!(world.users(), ["ana.alpha@example.com", "ana.epsilon@example.com"]);
    let filter = Filter { status: Some(Status::Dead), ..Filter::default() };
    let dead = world.bridge.journal.events(&filter).await.expect("the journal answers");
    let mut notes: Vec<String> = dead.into_iter().map(|row| row.note).collect();
    notes.sort();
    assert_eq!(notes.len(), 4, "{notes:?}");
    assert!(notes[0].starts_with("map.each: "), "{notes:?}");
    assert!(notes[1..].iter().all(|note| note.starts_with("map.fields.costCentre: ")), "{notes:?}");
    assert!(!notes.concat().contains("secret sum") && !notes.concat().contains("many"), "{notes:?}");
}
