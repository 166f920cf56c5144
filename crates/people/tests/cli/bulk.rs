//! `people bulk` against a pretended CCAI Platform.

use std::process::Stdio;
use std::time::Duration;

use people_sim::{CcaiOptions, Fault, FaultKind, SimOptions};
use serde_json::{Value, json};

use crate::world::World;

const TABLE: &str = r#"
[ccai]
base_url = "{ccai}"
subdomain = "customer"
token = { file = "ccai.token" }
rate = 1000
poll = "20ms"
row_base = 1
"#;

/// A world whose CCAI Platform is quick.
async fn world(ccai: CcaiOptions) -> World {
    let quick = jiff::SignedDuration::from_millis(150);
    let ccai = CcaiOptions { validates: quick, applies: quick, ..ccai };
    let world = World::with(SimOptions { ccai, ..SimOptions::default() }).await;
    let table = TABLE.replace("{ccai}", &world.sim.urls().ccai);
    let config = world.config().replace("cap = \"20ms\"", "cap = \"20ms\"\nsettle = \"50ms\"");
    world.write("people.toml", &format!("{config}{table}"));
    world.write("ccai.token", &CcaiOptions::default().token);
    world
}

macro_rules! test {
    ($name:ident, $world:ident, $body:block) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $world = world(CcaiOptions::default()).await;
            $body
        }
    };
}

fn user(n: usize) -> Value {
    json!({"email": format!("user{n}@example.com"), "first_name": "A", "last_name": "B", "alias": "x"})
}

fn applied(world: &World) -> Vec<u64> {
    world.sim.state().agents.values().map(|agent| agent["applied"].as_u64().unwrap()).collect()
}

test!(each_operation_by_hand, world, {
    let template = world.run("bulk template --output json").ends(0, "").json();
    assert_eq!(
        (&template[0]["alias"], template[0]["roles"].as_array().unwrap().len()),
        (&json!("sample"), 3)
    );
    world.write("users.json", &json!([user(1), user(2)]).to_string());
    let made = world.run("bulk upload users.json --output json").ends(0, "nothing is applied yet").json();
    let id = made["id"].as_i64().unwrap();
    world.write("users.json", &json!([user(3)]).to_string());
    world.run(&format!("bulk upload users.json --replace {id}")).ends(0, "");
    let job = world.run(&format!("bulk job {id} --wait --output json")).ends(0, "").json();
    assert_eq!(
        (&job["status"], &job["total_rows"], &job["process_requested_at"]),
        (&json!("valid_scheme"), &json!(1), &Value::Null)
    );
    world.run(&format!("bulk proceed {id}")).ends(2, "needs a confirmation");
    world.run(&format!("bulk proceed {id} --dry-run")).ends(0, "nothing was sent");
    assert!(applied(&world).is_empty());
    world.run(&format!("bulk proceed {id} --yes")).ends(0, "");
    world.run(&format!("bulk proceed {id} --yes")).ends(5, "was told to proceed before");
    let job = world.run(&format!("bulk job {id} --wait --output json")).ends(0, "").json();
    assert_eq!((&job["status"], &job["affected_rows"]), (&json!("completed"), &json!(1)));
    assert_eq!(applied(&world), [1]);
    assert_eq!(world.run("bulk jobs --output csv").ends(0, "").out.lines().count(), 2);
    world.run("bulk job 7").ends(6, "no job of this number");
});

test!(errors_of_files_and_rows, world, {
    world.write("users.json", &json!([{"email": "x", "first_name": "", "last_name": "B"}]).to_string());
    let id = world.run("bulk upload users.json --output json").json()["id"].as_i64().unwrap();
    world.run(&format!("bulk job {id} --wait")).ends(0, "");
    let errors = world.run(&format!("bulk errors {id} --output json")).ends(0, "").json();
    assert_eq!(
        (errors.as_array().unwrap().len(), &errors[0]["of"], &errors[0]["row"]),
        (2, &json!("scheme"), &json!(1))
    );
});

test!(jobs_are_paged_by_number_and_no_link_is_followed, world, {
    world.write("users.json", &json!([user(1)]).to_string());
    for _ in 0..23 {
        world.run("bulk upload users.json").ends(0, "");
    }
    assert_eq!(
        world.run("bulk jobs --limit 100 --output json").ends(0, "").json().as_array().unwrap().len(),
        23
    );
    assert_eq!(
        world.run("bulk jobs --limit 3 --output json").ends(0, "").json().as_array().unwrap().len(),
        3
    );
});

test!(a_wrong_token_says_where_to_look, world, {
    world.write("ccai.token", "wrong");
    world.run("bulk template").ends(5, "check [ccai] subdomain and token");
});

test!(without_the_table_nothing_works, world, {
    world.write("people.toml", &world.config());
    world.run("bulk jobs").ends(3, "[ccai] is not configured");
});

test!(a_roster_is_seen_through_and_says_who_was_not_applied, world, {
    let roster = "email,first_name,last_name,location,roles,status\n\
        user1@example.com,A,B,Berlin,Agent,\n\
        user2@example.com,A,B,Atlantis,Agent,\n\
        user3@example.com,A,B,,Wizard,\n\
        user4@example.com,A,B,,,Inactive\n";
    world.write("roster.csv", roster);
    world.run("bulk sync roster.csv").ends(2, "file 4 rows, 1 of them Inactive");
    let dry = world.run("bulk sync roster.csv --dry-run --output json").ends(0, "nothing was sent").json();
    assert_eq!(dry["body"]["file"][0]["roles"], json!([{"name": "Agent", "value": 1}]));
    let ran = world.run("bulk sync roster.csv --yes --output json").ends(5, "2 rows applied, 2 not applied");
    let results = ran.json();
    let result = |n: usize| {
        (results[n]["result"].as_str().unwrap().to_owned(), results[n]["note"].as_str().unwrap().to_owned())
    };
    assert_eq!(result(0), ("applied".into(), String::new()));
    assert_eq!(result(1), ("not applied".into(), "location does not exist (column 7)".into()));
    assert_eq!(result(2), ("not applied".into(), "role does not exist (column 9)".into()));
    let agents = world.sim.state().agents;
    assert_eq!(agents["user4@example.com"]["user"]["status"], "Inactive");
    let calls = world.sim.calls(0).len();
    world.run("bulk sync roster.csv --yes").ends(5, "filed before");
    assert_eq!(world.sim.calls(0).len(), calls);
    world.run("bulk sync roster.csv --yes --again").ends(5, "2 rows applied");
    assert_eq!(applied(&world), [2, 2]);
});

test!(a_roster_that_would_shut_too_many_out_is_held, world, {
    let mut roster = "email,first_name,last_name,status\n".to_owned();
    for n in 0..1000 {
        roster += &format!("user{n}@example.com,A,B,Inactive\n");
    }
    world.write("roster.csv", &roster);
    world.run("bulk sync roster.csv --yes").ends(8, "1000 people would have lost access");
    world.write("ceo.csv", "email,first_name,last_name,status\nceo@example.com,A,B,Inactive\n");
    world.run("bulk sync ceo.csv --yes").ends(8, "protected");
    assert!(world.sim.calls(0).is_empty());
    world.run("bulk sync roster.csv --yes --leavers 1000").ends(0, "1000 rows applied");
    // A second roster counts with the first.
    world.write("more.csv", "email,first_name,last_name,status\nother@example.com,A,B,Inactive\n");
    world.run("bulk sync more.csv --yes").ends(8, "1001 people");
});

/// The process is killed at twenty moments, over a network that fails; then the same command ends what it began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_roster_is_gone_on_with() {
    let world = world(CcaiOptions::default()).await;
    for (path, kind) in
        [("/bulk", FaultKind::LostAnswer), ("/bulk", FaultKind::Drop), ("/bulk", FaultKind::Status)]
    {
        world.sim.add_fault(Fault { rate: Some(0.12), ..Fault::on(path, kind) }).unwrap();
    }
    let rows: Vec<Value> = (0..5000).map(user).collect();
    world.write("roster.json", &json!(rows).to_string());
    let mut killed = 0;
    for n in 0..200_u64 {
        let mut child = world
            .command("bulk sync roster.json --yes --journal bulk.sqlite")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Any moment will do; these differ.
        let moment = Duration::from_millis(120 + n * 137 % 400);
        if tokio::time::timeout(moment, wait(&mut child)).await.is_err() {
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
        }
        if killed == 20 {
            break;
        }
        let through = world.sim.state().agents.len() == 5000;
        if through {
            break;
        }
    }
    println!("killed {killed} times");
    world
        .run("bulk sync roster.json --yes --journal bulk.sqlite")
        .ends(0, "5000 rows applied, 0 not applied");
    let state = world.sim.state();
    assert_eq!(state.agents.len(), 5000);
    assert!(state.agents.values().all(|agent| agent["applied"] == 1));
    assert!(state.jobs.iter().all(|job| job["proceeds"].as_u64().unwrap() <= 1));
    assert!(killed >= 3, "killed {killed} times only");
}

async fn wait(child: &mut std::process::Child) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while child.try_wait().unwrap().is_none() {
        ticks.tick().await;
    }
}
