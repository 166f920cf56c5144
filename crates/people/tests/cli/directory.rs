//! The binary where a server that speaks the Provisioning API is the directory, and no CloudM is configured.

use people_sim::{CcaiOptions, Fault, SimOptions};
use serde_json::{Value, json};

use crate::world::{World, test};

/// No `[cloudm]` and no `[google]`.
fn configure(world: &World, more: &str) {
    let config = world.config();
    let (_, rest) = config.split_once("[server]").unwrap();
    world.write("gapps.secret", &SimOptions::default().gapps_password);
    world.write("hr.secret", "hush");
    let base = &world.sim.urls().gapps;
    let gapps = format!(
        "[gapps]\ndirectory = true\ndomain = \"example.com\"\nbase_url = \"{base}\"\nadmin = \"admin@example.com\"\n\
         password = {{ file = \"gapps.secret\" }}\n{more}\n[server]{rest}"
    );
    world.write("people.toml", &gapps);
}

fn found(all: &Value) -> Vec<(&str, &str)> {
    all.as_array()
        .unwrap()
        .iter()
        .map(|f| (f["what"].as_str().unwrap(), f["level"].as_str().unwrap()))
        .collect()
}

test!(a_doctor_asks_the_server, world, {
    configure(&world, "");
    let all = world.run("doctor --output json").ends(0, "").json();
    let names = ["config", "source hr", "admin token", "gapps", "journal", "server"];
    assert_eq!(found(&all), names.map(|name| (name, "ok")), "{all:#}");
    world.run("config check").ends(0, "");

    let fails = |says: &str| {
        let ran = world.run("doctor --output json");
        let all = ran.json();
        let finding = all.as_array().unwrap().iter().find(|f| f["what"] == "gapps").unwrap().clone();
        assert_eq!((ran.code, &finding["level"]), (4, &json!("fail")), "{all:#}");
        assert!(finding["detail"].as_str().unwrap().contains(says), "{finding}");
    };
    world.sim.add_fault(Fault::status("/user/2.0", 404)).unwrap();
    fails("[gapps] base_url");
    world.sim.clear_faults();
    world.write("gapps.secret", "wrong");
    fails("[gapps] admin and password");
    std::fs::remove_file(world.folder.path().join("gapps.secret")).unwrap();
    assert!(world.run("doctor").out.contains("gapps.secret"));
    world.run("config check").ends(3, "gapps.password");
});

test!(a_doctor_asks_the_neighbours_of_cloudm, world, {
    world.write("hr.secret", "hush");
    world.write("gapps.secret", &SimOptions::default().gapps_password);
    world.write("ccai.secret", &CcaiOptions::default().token);
    let urls = world.sim.urls();
    let more = format!(
        "[ccai]\nbase_url = \"{}\"\nsubdomain = \"customer\"\ntoken = {{ file = \"ccai.secret\" }}\n\
         [gapps]\nbase_url = \"{}\"\nadmin = \"admin@example.com\"\npassword = {{ file = \"gapps.secret\" }}\n",
        urls.ccai, urls.gapps
    );
    world.write("people.toml", &format!("{}{more}", world.config()));
    let all = world.run("doctor --output json").ends(0, "").json();
    let words = found(&all);
    for what in ["cloudm", "gapps", "ccai"] {
        assert!(words.contains(&(what, "ok")), "{what}: {all:#}");
    }
    world.write("ccai.secret", "wrong");
    let ran = world.run("doctor");
    assert_eq!(ran.code, 4);
    assert!(ran.out.contains("check [ccai] subdomain and token"), "{}", ran.out);
});

test!(what_needs_cloudm_says_so, world, {
    configure(&world, "");
    for line in ["user get ana@example.com", "user offboard ana@example.com --dry-run", "token"] {
        world.run(line).ends(3, "this needs [cloudm], and here [gapps] is the directory");
    }
    assert!(world.sim.calls(0).is_empty());
    world.run("gapps user list").ends(0, "");
    world.run("config check --worker").ends(3, "at the edge the directory is [cloudm]");
    configure(&world, "[cloudm]\ndomain = \"example.com\"");
    world.run("config check").ends(3, "`gapps.directory`: [cloudm] is the directory already");
});

test!(a_plan_shows_every_call, world, {
    configure(&world, "leave = \"delete\"");
    let policy = "[policy]\nname_change = \"follow\"\nou = \"/Staff\"";
    let text = std::fs::read_to_string(world.folder.path().join("people.toml")).unwrap();
    world.write("people.toml", &text.replace("[policy]", policy));
    let said = |kind: &str, at: &str, day: &str, worker: Value| json!({"type": kind, "occurredAt": at, "effectiveDate": day, "worker": worker});
    let all = json!([
        said("hire", "2026-03-01T00:00:00Z", "2026-03-01", json!({"id": "7", "givenName": "Ana", "familyName": "Silva"})),
        said("leave", "2026-03-01T01:00:00Z", "2026-05-14", json!({"id": "7"})),
        said("hire", "2026-03-01T00:00:00Z", "2026-04-01", json!({"id": "8", "givenName": "Bo", "familyName": "Li"})),
        {"type": "change", "occurredAt": "2026-03-01T00:00:00Z",
         "worker": {"id": "9", "email": "cleo@example.com", "familyName": "Haddad"}},
    ]);
    let plan = world
        .feed("plan --source hr --now 2026-03-02T10:00:00Z - --output json", &all.to_string())
        .ends(0, "")
        .json();
    let steps = |person: usize, n: usize| -> Vec<(String, String)> {
        let steps = plan["people"][person]["plans"][n]["steps"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        steps.iter().map(|step| (text(&step["op"]), text(&step["at"]))).collect()
    };
    let step = |op: &str, at: &str| (op.to_owned(), at.to_owned());
    let end = "2026-05-14T22:00:00Z";
    assert_eq!(
        steps(0, 0),
        [step("gapps.user.create", ""), step("gapps.orguser.update", ""), step("gapps.user.delete", end)],
        "{plan:#}"
    );
    let body = &plan["people"][0]["plans"][0]["steps"][0]["body"];
    assert_eq!(
        *body,
        json!({"userName": "ana.silva", "givenName": "Ana", "familyName": "Silva", "password": "(generated)"})
    );
    let first = "2026-03-31T22:00:00Z";
    assert_eq!(steps(1, 0), [step("gapps.user.create", first), step("gapps.orguser.update", first)]);
    assert_eq!(steps(2, 1), [step("gapps.user.update", "")]);
    assert!(world.sim.calls(0).is_empty());
});
