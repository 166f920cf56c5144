//! `people user` and `people workflow`.

use people_sim::{Action, Fault, FaultKind};
use serde_json::json;

use crate::world::{ANA, test};

test!(a_user_is_shown_in_every_form, world, {
    world.ana();
    let table = world.run("user get ana.silva@example.com").ends(0, "");
    assert!(table.out.starts_with("MEMBER") && table.out.contains("Clerk"), "{}", table.out);
    assert_eq!(world.run("user get Ana.Silva@example.com --output json").json()["title"], "Clerk");
    let csv = world.run("--output csv user get ana.silva@example.com").out;
    assert!(csv.starts_with("member,value\n") && csv.contains("title,Clerk\n"), "{csv}");
    world.run("user get bo@example.com").ends(6, "CloudM has no user of this address");
    world.run("user get bo").ends(2, "it has no '@'");
    world.seed(json!({"id": "cy@example.com", "aliases": ["c.y@example.com"]}));
    assert_eq!(world.run("user by-alias c.y@example.com --output json").json()["id"], "cy@example.com");
});

test!(a_user_is_created_once, world, {
    let profile = r#"{"givenName": "Ana", "familyName": "Silva", "title": "Clerk"}"#;
    let line = "user create ana.silva@example.com --file - --output json";
    let dry = world.feed(&format!("{line} --dry-run"), profile).ends(0, "nothing was sent");
    assert_eq!(dry.json()["method"], "POST");
    assert_eq!(dry.json()["body"]["password"], "(generated)");
    assert_eq!(world.sim.calls(0).len(), 0);
    let made = world.feed(line, profile).ends(0, "").json();
    assert_eq!((&made["id"], made.get("password")), (&json!(ANA), None));
    world.feed(line, profile).ends(5, "there is a user of this address already");
    assert_eq!(world.ops(), ["users.get", "users.create", "users.get"]);
    world.feed(line, r#"{"familyName": "x"}"#).ends(3, "no `givenName`");
    let typo = world.feed(line, r#"{"givenName": "a", "familyName": "b", "titel": "c"}"#);
    typo.ends(3, "did you mean `title`?");
    world.feed(line, "[1]").ends(3, "expected a JSON object");
    world.feed("user create --file -", profile).ends(3, "has no `id`");
    world.run("user create --file nothing.json").ends(3, "nothing.json");
});

test!(a_user_is_scheduled_and_the_schedule_aborted, world, {
    let profile = r#"{"id": "ana.silva@example.com", "givenName": "Ana", "familyName": "Silva"}"#;
    world.feed("user schedule --file -", profile).ends(3, "no `provisionDate`");
    let profile = profile.replace('}', r#", "provisionDate": "2099-01-01T08:00:00Z"}"#);
    let made = world.feed("user schedule --file - --output json", &profile).ends(0, "").json();
    let id = made["workflowId"].as_str().unwrap().to_owned();
    world.run(&format!("workflow abort {id}")).ends(2, "add --yes");
    let dry = world.run(&format!("workflow abort {id} --dry-run --output json"));
    assert_eq!(dry.json()["method"], "DELETE");
    assert_eq!(world.run(&format!("workflow abort {id} --yes --output json")).json(), json!({"aborted": id}));
    world.run(&format!("workflow abort {id} --yes")).ends(6, "no running workflow");
});

test!(a_patch_counts_once_it_is_read_back, world, {
    world.ana();
    let line = "user patch ana.silva@example.com --output json";
    let done = world.run(&format!("{line} --set title=Head --set onHold=yes")).ends(0, "").json();
    assert_eq!((&done["title"], &done["onHold"]), (&json!("Head"), &json!(true)));
    let cleared = world.run(&format!("{line} --set title=")).ends(0, "").json();
    assert_eq!(cleared.get("title"), None);
    world.run(&format!("{line} --set tytle=x")).ends(3, "did you mean `title`?");
    world.run(&format!("{line} --set tytle=x --force")).ends(5, "did not keep: tytle");
    world.run(&format!("{line} --set password=hunter2")).ends(2, "never goes on a command line");
    let dry = world.run(&format!("{line} --set title=x --dry-run")).json();
    assert!(dry["url"].as_str().unwrap().ends_with("/people/v4/example.com/ana.silva@example.com"), "{dry}");
    world.run("user patch bo@example.com --set title=x").ends(6, "no user");
});

test!(a_user_is_replaced_after_a_confirmation, world, {
    world.ana();
    let profile = r#"{"givenName": "Ana", "familyName": "Costa"}"#;
    world.feed("user replace ana.silva@example.com --file -", profile).ends(2, "add --yes");
    let done = world.feed("user replace ana.silva@example.com --file - --yes --output json", profile).json();
    assert_eq!((&done["familyName"], done.get("title")), (&json!("Costa"), None));
});

test!(an_offboarding_is_started_once_and_never_of_the_protected, world, {
    world.ana();
    world.seed(json!({"id": "ceo@example.com"}));
    world.seed(json!({"id": "vip@example.com", "preventDeprovision": true}));
    let line = "user offboard ana.silva@example.com";
    world.run(line).ends(2, "add --yes");
    assert_eq!(world.run(&format!("{line} --dry-run --output json")).json()["method"], "POST");
    assert_eq!(world.ops(), Vec::<String>::new());
    let first = world.run(&format!("{line} --yes --output json")).ends(0, "").json();
    let again = world.run(&format!("{line} --yes --output json")).ends(0, "nothing was sent").json();
    assert!(first["workflowId"].is_string() && first["workflowId"] == again["workflowId"], "{first} {again}");
    world.run("user offboard ceo@example.com --yes").ends(8, "[policy] protected");
    world.run("user offboard vip@example.com --yes").ends(8, "preventDeprovision");
    world.run("user offboard bo@example.com --yes").ends(6, "no user");
    assert_eq!(world.ops().iter().filter(|op| *op == "users.offboard").count(), 1);
});

test!(what_may_be_repeated_is_and_what_may_not_is_not, world, {
    world.ana();
    world.sim.add_fault(Fault::status("ana.silva", 503).times(2)).unwrap();
    world.run("user get ana.silva@example.com").ends(0, "");
    world.sim.add_fault(Fault::status("ana.silva", 503)).unwrap();
    world.run("user get ana.silva@example.com").ends(1, "after 5 tries");
    world.sim.clear_faults();
    let lost = Fault { method: Some("POST".into()), ..Fault::on("/offboard", FaultKind::LostAnswer) };
    world.sim.add_fault(lost).unwrap();
    world.run("user offboard ana.silva@example.com --yes").ends(7, "look with `people user get`");
    world.sim.clear_faults();
    world.sim.deny([Action::Get]);
    world.run("user get ana.silva@example.com").ends(5, "role does not allow");
});
