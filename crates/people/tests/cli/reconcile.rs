//! `people reconcile`: a roster against pretend clouds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use people_sim::{Fault, FaultKind, SimOptions};
use serde_json::{Value, json};

use crate::world::{ANA, Ran, World, test};

/// A world that waits shortly for lost answers.
async fn world() -> World {
    let world = World::new().await;
    world.write("hr.secret", "hush");
    world.swap("cap = \"20ms\"", "cap = \"20ms\"\nsettle = \"50ms\"");
    world
}

macro_rules! scene {
    ($name:ident, $world:ident, $body:block) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $world = world().await;
            $body
        }
    };
}

/// Somebody who works here since long.
fn hire(id: usize, given: &str, family: &str) -> Value {
    json!({"type": "hire", "effectiveDate": "2020-01-01", "worker": {"id": id.to_string(), "givenName": given, "familyName": family}})
}

fn leave(id: usize) -> Value {
    json!({"type": "leave", "effectiveDate": "2026-01-01",
        "worker": {"id": id.to_string(), "email": format!("user{id}@example.com")}})
}

fn roster(world: &World, events: &[Value]) {
    world.write("roster.json", &json!(events).to_string());
}

/// What would be done, or was, by worker.
fn of(ran: &Ran, member: &str) -> BTreeMap<String, String> {
    let all = ran.json();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or("").to_owned();
    all["people"].as_array().unwrap().iter().map(|one| (text(one, "worker"), text(one, member))).collect()
}

/// Everything of the journal that is on the disk, but for the index that SQLite shares between processes.
fn journal(world: &World) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(world.folder.path()).unwrap().map(|file| file.unwrap());
    files
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .filter(|(name, bytes)| {
            name.starts_with("people.sqlite") && !name.ends_with("-shm") && !bytes.is_empty()
        })
        .collect()
}

/// The verbs that were sent, but for those that get a token.
fn verbs(world: &World) -> Vec<String> {
    world.sim.calls(0).into_iter().filter(|c| c.api != "token").map(|c| c.method.to_string()).collect()
}

scene!(a_rehearsal_changes_nothing_anywhere, world, {
    world.seed(
        json!({"id": ANA, "givenName": "Ana", "familyName": "Silva", "title": "Clerk", "employeeId": "1"}),
    );
    world.seed(json!({"id": "user2@example.com", "employeeId": "2"}));
    let mut ana = hire(1, "Ana", "Silva");
    ana["worker"]["title"] = json!("Head");
    let mut later = hire(5, "Ida", "Ito");
    later["effectiveDate"] = json!("2999-01-01");
    let mut protected = leave(4);
    protected["worker"]["email"] = json!("ceo@example.com");
    world.seed(json!({"id": "ceo@example.com", "employeeId": "4"}));
    let unspelled = hire(6, "\u{674e}", "\u{5c0f}");
    roster(&world, &[ana, leave(2), hire(3, "Ben", "Ode"), protected, later, unspelled]);

    let ran = world.run("reconcile roster.json --output json");
    let ran =
        ran.ends(8, "0 agree, 4 would change (1 create, 1 offboard, 1 patch, 1 schedule), 2 held, 0 failed");
    let words = ["patch", "offboard", "create", "held", "schedule", "question"];
    let would = of(&ran, "would");
    assert_eq!(would.values().collect::<Vec<_>>(), words);
    assert_eq!(ran.json()["people"][0]["members"], json!(["title"]));
    assert!(journal(&world).is_empty(), "there is no journal, and none is made");
    assert!(verbs(&world).iter().all(|verb| verb == "GET"), "{:?}", verbs(&world));
    assert!(!ran.out.contains("Silva") && !ran.out.contains("Head"), "{}", ran.out);

    // Beside a journal that is there.
    roster(&world, &[hire(3, "Ben", "Ode")]);
    world.run("reconcile roster.json --apply --yes").ends(0, "1 settled");
    let (before, sent) = (journal(&world), verbs(&world).len());
    assert!(!before.is_empty());
    roster(&world, &[leave(2), hire(3, "Benjamin", "Ode"), hire(7, "New", "One")]);
    let ran = world.run("reconcile roster.json --output json");
    let words = of(&ran.ends(4, "3 would change"), "would");
    assert_eq!(words.into_values().collect::<Vec<_>>(), ["offboard", "patch", "create"]);
    assert_eq!(journal(&world), before);
    assert!(verbs(&world).split_off(sent).iter().all(|verb| verb == "GET"));
});

scene!(what_was_applied_agrees_and_again_nothing_is_left, world, {
    world.seed(json!({"id": "user2@example.com", "employeeId": "2"}));
    let mut report = hire(1, "Ana", "Silva");
    report["worker"]["manager"] = json!("9");
    let mut later = hire(5, "Ida", "Ito");
    later["effectiveDate"] = json!("2999-01-01");
    roster(&world, &[report, leave(2), later, hire(9, "Max", "Boss")]);
    world.run("reconcile roster.json --apply").ends(2, "needs a confirmation");
    assert!(journal(&world).is_empty() && verbs(&world).iter().all(|verb| verb == "GET"));

    let ran = world.run("reconcile roster.json --apply --yes --output json").ends(0, "4 settled, 0 held");
    let outcomes: Vec<String> = of(&ran, "outcome").into_values().collect();
    assert_eq!(
        (outcomes[0].as_str(), outcomes[1].as_str(), outcomes[3].as_str()),
        ("agrees", "offboarded", "agrees")
    );
    assert!(outcomes[2].starts_with("onboarding scheduled for"), "{outcomes:?}");
    assert_eq!(world.sim.state().users[ANA]["manager"], "max.boss@example.com");

    // Without and with --apply, which counts again every time.
    let sent = verbs(&world).len();
    for line in ["reconcile roster.json", "reconcile roster.json --apply --yes", "reconcile roster.json"] {
        let ran = world.run(&format!("{line} --output json")).ends(0, "");
        assert!(of(&ran, "would").values().all(|would| would == "nothing"), "{}", ran.out);
    }
    assert!(verbs(&world).split_off(sent).iter().all(|verb| verb == "GET"));
});

scene!(two_hundred_leavers_are_stopped_by_the_breaker, world, {
    for id in 0..200 {
        world.seed(json!({"id": format!("user{id}@example.com"), "employeeId": id.to_string()}));
    }
    roster(&world, &(0..200).map(leave).collect::<Vec<_>>());
    let breaker = "[policy.breaker]\ncount = 3\nminimum = 3\n[policy.retry]";
    let config = world.config().replace("[policy.retry]", breaker);
    world.write("people.toml", &config.replace("[server]", "[server]\nrate = 1000"));
    let ran = world.run("reconcile roster.json").ends(8, "3 would change (3 offboard), 197 held");
    assert!(ran.out.contains("the breaker is open"), "{}", ran.out);
    world.run("reconcile roster.json --apply --yes --output csv").ends(8, "3 settled, 197 held");
    let offboarded = || world.sim.calls(0).iter().filter(|call| call.path.ends_with("/offboard")).count();
    assert_eq!(offboarded(), 3);
    world.run("reconcile roster.json --apply --yes").ends(8, "197 held");
    assert_eq!(offboarded(), 3);
});

scene!(who_is_missing_is_listed_and_left_alone, world, {
    roster(&world, &[hire(1, "Ana", "Silva"), hire(2, "Ben", "Ode"), hire(3, "Cat", "Poe")]);
    world.run("reconcile roster.json --apply --yes").ends(0, "3 settled");
    roster(&world, &[json!({"type": "leave", "effectiveDate": "2026-01-01", "worker": {"id": "3"}})]);
    world.run("reconcile roster.json --apply --yes").ends(0, "2 missing from the roster");
    let users = world.sim.state().users;
    roster(&world, &[hire(1, "Ana", "Silva")]);
    for line in ["reconcile roster.json", "reconcile roster.json --apply --yes"] {
        let ran =
            world.run(&format!("{line} --output json")).ends(0, "1 missing from the roster and left alone");
        let missing = ran.json()["missing"].clone();
        assert_eq!(missing.as_array().unwrap().len(), 1, "the one who has left is not missing: {missing}");
        assert_eq!(missing[0]["worker"], "2");
    }
    assert_eq!(world.sim.state().users, users);
});

scene!(lost_answers_make_nobody_twice, world, {
    let people: Vec<Value> = (0..12).map(|id| hire(id, &format!("P{id}"), "Ode")).collect();
    roster(&world, &people);
    let fault = Fault::on("/people/v4/example.com", FaultKind::LostAnswer).times(6);
    world.sim.add_fault(Fault { method: Some("POST".into()), ..fault }).unwrap();
    world.run("reconcile roster.json --apply --yes").ends(0, "12 settled");
    assert_eq!(world.sim.state().users.len(), 12);
    let lost = world.sim.calls(0).iter().filter(|call| call.op == "users.create" && call.status == 0).count();
    assert_eq!(lost, 6);
    let made = world.sim.calls(0).iter().filter(|call| call.op == "users.create" && call.effect).count();
    assert_eq!(made, 12);
});

scene!(a_look_that_fails_is_taken_again_and_then_said, world, {
    roster(&world, &[hire(1, "Ana", "Silva"), hire(2, "Ben", "Ode")]);
    world.sim.add_fault(Fault::status("/people/v4", 503).times(2)).unwrap();
    world.run("reconcile roster.json").ends(4, "2 would change (2 create), 0 held, 0 failed");
    world.sim.add_fault(Fault::status("ana.silva", 503)).unwrap();
    let ran = world.run("reconcile roster.json").ends(1, "1 would change (1 create), 0 held, 1 failed");
    assert!(ran.out.contains("unknown: the look failed because"), "{}", ran.out);
});

scene!(a_bad_row_stops_no_other, world, {
    let odd = json!({"type": "hire", "worker": {}});
    roster(&world, &[hire(1, "Ana", "Silva"), odd, json!(7), hire(2, "Ben", "Ode")]);
    let ran = world.run("reconcile roster.json --output json").ends(3, "2 not usable; mend the roster");
    let unusable = ran.json()["unusable"].clone();
    assert_eq!((&unusable[0]["part"], &unusable[1]["part"]), (&json!("part 2"), &json!("part 3")));
    world
        .run("reconcile roster.json --apply --yes")
        .ends(3, "2 settled, 0 held, 0 still waiting, 2 not usable");
    assert_eq!(world.sim.state().users.len(), 2);
    world.write("roster.json", "no roster");
    world.run("reconcile roster.json --apply --yes").ends(3, "1 not usable");
    world.run("reconcile nowhere.json").ends(3, "name another file");
});

scene!(csv_is_the_same_as_json, world, {
    let map = "[source.map]\ntype = \"type\"\nid = \"no\"\neffectiveDate = \"day\"\n[source.map.fields]\ngivenName = \"given\"\nfamilyName = \"family\"\ntitle = \"title\"\n";
    world.write("people.toml", &format!("{}{map}", world.config()));
    let rows = [("1", "Ana", "Silva", "Clerk, senior"), ("2", "Ben", "Ode", ""), ("3", "Cat", "Poe", "Head")];
    let object = |(no, given, family, title): (&str, &str, &str, &str)| json!({"type": "hire", "no": no, "day": "2020-01-01", "given": given, "family": family, "title": title});
    roster(&world, &rows.map(object));
    let line = |(no, given, family, title)| format!("hire,{no},2020-01-01,{given},{family},\"{title}\"\n");
    let csv = format!("type,no,day,given,family,title\n{}", rows.map(line).concat());
    world.write("roster.csv", &csv);
    world.write("roster.txt", &csv);
    let by_json = world.run("reconcile roster.json --output json").ends(4, "3 would change (3 create)").out;
    assert_eq!(world.run("reconcile roster.csv --output json").ends(4, "").out, by_json);
    assert_eq!(
        world.run("reconcile roster.txt --content-type text/csv --output json").ends(4, "").out,
        by_json
    );
    assert_eq!(
        world.feed("reconcile - --content-type text/csv --output json", &csv).ends(4, "").out,
        by_json
    );
    world.run("reconcile roster.csv --apply --yes").ends(0, "3 settled");
    world.run("reconcile roster.json").ends(0, "3 agree, 0 would change");
    assert_eq!(world.sim.state().users[ANA]["title"], "Clerk, senior");
    world.write("roster.csv", &format!("{csv}hire,4\n"));
    let ran =
        world.run("reconcile roster.csv").ends(3, "3 agree, 0 would change, 0 held, 0 failed, 1 not usable");
    assert!(
        ran.out.contains("line 5") && ran.out.contains("it has 2 columns and the first line 6"),
        "{}",
        ran.out
    );
});

scene!(a_server_may_run_beside, world, {
    let mut server = world.command("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let people: Vec<Value> = (0..20).map(|id| hire(id, &format!("P{id}"), "Ode")).collect();
    roster(&world, &people);
    world.run("reconcile roster.json").ends(4, "20 would change (20 create)");
    world.run("reconcile roster.json --apply --yes").ends(0, "20 settled");
    world.run("reconcile roster.json").ends(0, "20 agree");
    let made = world.sim.calls(0).iter().filter(|call| call.op == "users.create").count();
    assert_eq!(made, 20);
    server.kill().unwrap();
    server.wait().unwrap();
});

test!(a_record_that_is_only_announced_is_fetched, world, {
    let source = format!(
        "[[source]]\nname = \"bamboohr\"\nkind = \"bamboohr\"\nsecrets = [{{ file = \"hr.secret\" }}]\n\
         [source.api]\nbase_url = \"{}\"\nkey = {{ file = \"api.key\" }}\n",
        world.sim.urls().bamboohr
    );
    world.write("people.toml", &format!("{}{source}", world.config().split("[[source]]").next().unwrap()));
    world.write("hr.secret", "hush");
    world.write("api.key", &SimOptions::default().bamboohr_key);
    world
        .sim
        .put_employee(json!({"id": "41", "firstName": "Noor", "lastName": "Haddad", "status": "Active",
            "hireDate": "2020-03-02", "terminationDate": "0000-00-00"}))
        .unwrap();
    let said = json!({"employees": [{"id": "41", "action": "Updated", "timestamp": "2026-01-01T00:00:00Z", "changedFields": ["jobTitle"]}]});
    world.write("roster.json", &said.to_string());
    world.run("reconcile roster.json").ends(4, "1 would change (1 create)");
    assert!(verbs(&world).iter().all(|verb| verb == "GET"), "{:?}", verbs(&world));
    world.run("reconcile roster.json --apply --yes").ends(0, "1 settled");
    world.run("reconcile roster.json").ends(0, "1 agree");
});

test!(the_source_is_named_where_there_are_several, world, {
    world.write("hr.secret", "hush");
    roster(&world, &[hire(1, "Ana", "Silva")]);
    let second = world.config().split("[[source]]").nth(1).unwrap().replace("\"hr\"", "\"other\"");
    world.write("people.toml", &format!("{}[[source]]{second}", world.config()));
    world.run("reconcile roster.json").ends(2, "--source; the configuration has hr, other");
    world.run("reconcile roster.json --source third").ends(2, "no source is named");
    world.run("reconcile roster.json --source other").ends(4, "1 would change");
});

scene!(what_was_heard_since_the_export_outweighs_it, world, {
    world.seed(
        json!({"id": ANA, "givenName": "Ana", "familyName": "Silva", "title": "Clerk", "employeeId": "1"}),
    );
    let titled = |title: &str| {
        let mut ana = hire(1, "Ana", "Silva");
        ana["worker"]["title"] = json!(title);
        roster(&world, &[ana]);
    };
    titled("Head");
    world.run("reconcile roster.json --apply --yes").ends(0, "1 settled");

    titled("Clerk");
    let told =
        world.run("reconcile roster.json --as-of 2020-01-01T00:00:00Z").ends(0, "1 agree, 0 would change");
    assert!(told.err.contains("as of 2020-01-01T00:00:00Z"), "{}", told.err);
    let file = std::fs::File::options().write(true).open(world.folder.path().join("roster.json")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    world.run("reconcile roster.json").ends(0, "1 agree, 0 would change");
    titled("Clerk");
    world.run("reconcile roster.json").ends(4, "1 would change (1 patch)");
    world.run("reconcile roster.json --as-of 2999-01-01T00:00:00Z").ends(2, "lies in the future");
});
