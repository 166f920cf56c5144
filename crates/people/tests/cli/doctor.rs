//! `people doctor`, `people config check` and `people token`: what is wrong, and what to do.

use people_sim::{Action, Fault};
use serde_json::json;

use crate::world::test;

test!(the_token_is_shown_only_where_it_is_asked_for, world, {
    let hidden = world.run("token --output json").ends(0, "");
    assert!(!hidden.out.contains("ya29."), "{}", hidden.out);
    assert!(hidden.json()["validSeconds"].as_i64().unwrap() > 3000);
    assert!(world.run("token --show --output json").json()["token"].as_str().unwrap().starts_with("ya29."));
    world.sim.add_fault(Fault::status("/token", 401)).unwrap();
    world.run("token").ends(5, "domain-wide delegation");
    world.run("user get a@example.com").ends(5, "domain-wide delegation");
});

test!(a_doctor_finds_nothing_where_nothing_is_wrong, world, {
    world.write("hr.secret", "hush");
    let found = world.run("doctor --output json").ends(0, "").json();
    let words: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["what"].as_str().unwrap(), f["level"].as_str().unwrap()))
        .collect();
    let names =
        ["config", "source hr", "admin token", "key", "clock", "token", "cloudm", "journal", "server"];
    assert_eq!(words, names.map(|name| (name, "ok")), "{found:#}");
    let table = world.run("doctor --offline").ends(0, "").out;
    assert!(table.lines().all(|line| line.starts_with("ok    ")) && !table.contains("cloudm"), "{table}");
    assert!(!world.run("doctor").out.contains("hush"));
    // The journal is the server's to make.
    assert!(found.to_string().contains("`people serve` makes it"), "{found:#}");
    assert!(
        std::fs::read_dir(world.folder.path()).unwrap().all(|file| !file
            .unwrap()
            .path()
            .to_string_lossy()
            .contains("sqlite"))
    );
});

test!(a_doctor_says_what_is_wrong_and_what_to_do, world, {
    let finds = |what: &str, says: &str| {
        let ran = world.run("doctor --output json");
        let found = ran.json();
        let finding = found.as_array().unwrap().iter().find(|finding| finding["what"] == what).cloned();
        let finding = finding.unwrap_or_else(|| panic!("{what}: {found:#}"));
        assert_eq!((ran.code, &finding["level"]), (4, &json!("fail")), "{found:#}");
        assert!(finding["detail"].as_str().unwrap().contains(says), "{finding}");
    };
    finds("source hr", "hr.secret");
    world.write("hr.secret", "hush\n");
    world.swap("listen", "lisen");
    finds("config", "did you mean `listen`?");
    world.swap("[\"ceo@example.com\"]", "[\"ceo\"]");
    finds("config", "nobody has this address");
    world.swap("[policy]", "[policy]\nemail = { pattern = \"{givn}.{family}\" }");
    finds("config", "policy.email.pattern");
    world.swap("[policy]", "[policy]\nbreaker = { percent = 150 }");
    finds("config", "policy.breaker.percent");
    world.swap("[policy]", "[policy]\nbreaker = { window = \"1s\" }");
    finds("config", "policy.breaker.window");
    world.swap("base_url = \"http://127.0.0.1", "base_url = \"http://127.0.0.1:1/x?");
    finds("cloudm", "base_url");
    world.swap("[policy]", "[journal]\nurl = \"sqlite:none/people.sqlite\"\n[policy]");
    finds("journal", "journal");
    world.swap("", "");
    world.write("key.json", &json!({"type": "authorized_user", "refresh_token": "1//x"}).to_string());
    finds("key", "a person's own credential");
    world.write(
        "key.json",
        &world.sim.key_json().replace(&world.sim.urls().token_uri, "http://127.0.0.1:1/token"),
    );
    finds("clock", "check the network");
    world.write("key.json", &world.sim.key_json());
    world.sim.delegate(Some(vec!["example.org".into()]));
    finds("cloudm", "HTTP 401 with a fresh token");
    world.sim.delegate(None);
    world.sim.deny([Action::Get]);
    finds("cloudm", "give it a role");
    world.sim.deny([]);
    world
        .sim
        .add_fault(Fault { reason: Some("disabled_client".into()), ..Fault::status("/token", 401) })
        .unwrap();
    finds("token", "Enable the service account");
    world.sim.clear_faults();
    world.sim.advance(std::time::Duration::from_secs(3600));
    finds("clock", "set this machine's clock right");
});

test!(a_wrong_configuration_names_line_key_and_fix, world, {
    world.run("config check").ends(3, "hr.secret");
    world.write("hr.secret", "hush");
    let ok = world.run("config check --output json").ends(0, "").json();
    assert_eq!(ok, json!({"config": "ok", "domain": "example.com", "sources": "hr"}));
    world.swap("timezone =", "timzone =");
    world
        .run("config check")
        .ends(3, "people.toml: line 24: `source.timzone`: there is no such key; did you mean `timezone`?");
    world.swap("", "");
    world.run("config check --worker").ends(3, "the Worker has no files");
    world.swap("{ file = \"hr.secret\" }", "{ env = \"HR\" }");
    world.run("config check --worker").ends(3, "`google.credentials`");
    world.run("config check --config none.toml").ends(3, "name the configuration with --config");
});

test!(a_key_of_a_person_is_recognised, world, {
    world.write("key.json", &json!({"type": "authorized_user"}).to_string());
    world.run("user get a@example.com").ends(3, "create a key for a service account instead");
});
