//! What needs no network: `people plan`, and what the binary knows of itself.

use std::process::Stdio;

use people_sim::Fault;
use serde_json::json;

use crate::world::{ANA, command, test};

test!(a_plan_needs_no_secret_and_no_network, world, {
    world.sim.add_fault(Fault::status("", 500)).unwrap();
    let hire = json!({"type": "hire", "occurredAt": "2026-03-01T00:00:00Z", "effectiveDate": "2026-03-01",
        "worker": {"id": "7", "givenName": "Ana", "familyName": "Silva"}});
    let leave = json!({"type": "leave", "occurredAt": "2026-03-02T00:00:00Z", "effectiveDate": "2026-05-14",
        "worker": {"id": "8", "email": "bo@example.com"}});
    let now = "--now 2026-03-02T10:00:00Z";
    let plan = world
        .feed(&format!("plan --source hr {now} - --output json"), &json!([hire, leave]).to_string())
        .ends(0, "")
        .json();
    assert_eq!(plan["parts"][0]["type"], "hire");
    assert_eq!(plan["parts"][1]["effectiveDate"], "2026-05-14");
    let create = &plan["people"][0]["plans"][0]["steps"][0];
    assert_eq!((&create["effect"], &create["path"]), (&json!("create"), &json!("/people/v4/example.com")));
    assert_eq!(
        create["body"],
        json!({"id": ANA, "employeeId": "7", "givenName": "Ana", "familyName": "Silva", "password": "(generated)"})
    );
    let [absent, exists] = plan["people"][1]["plans"].as_array().unwrap().as_slice() else {
        panic!("{plan:#}")
    };
    assert_eq!(absent["steps"], json!([]));
    // The end of the last day in Berlin.
    assert_eq!(exists["steps"][0]["at"], "2026-05-14T22:00:00Z");
    assert_eq!(exists["steps"][0]["path"], "/people/v4/example.com/bo@example.com/offboard");
    let text = world.feed(&format!("plan --source hr {now} -"), &hire.to_string()).ends(0, "").out;
    assert!(text.contains("  POST /people/v4/example.com  create\n  -> agrees\n"), "{text}");
    let dead = world.feed(&format!("plan --source hr {now} -"), &json!([hire, {"type": "hire"}]).to_string());
    assert!(dead.ends(3, "1 of 2 parts").out.contains("dead"));
    world.feed("plan --source ats -", "{}").ends(2, "use one of hr");
    assert!(world.sim.calls(0).is_empty());
});

#[test]
fn what_the_binary_knows_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let output = command(folder.path(), line).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&format!("completions {shell}")).1.contains("offboard"), "{shell}");
    }
    assert!(run("man").1.starts_with(".ie"));
    assert_eq!(run("man pages").0, Some(0));
    assert!(folder.path().join("pages/people-user-offboard.1").exists());
    assert!(run("help exit-codes").1.contains("  7  it is not known"));
    assert!(run("schema").1.contains("cloudm-profile"));
    assert!(run("schema event").1.contains("effectiveDate"));
    assert_eq!(run("schema x").0, Some(2));
    assert_eq!((run("--version").0, run("frobnicate").0), (Some(0), Some(2)));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), "completions zsh")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
