//! Credentials of every kind against the pretend clouds: doctor, token and a call with each, and what is refused before anything is sent.

use std::time::Duration;

use futures_util::future::join_all;
use people::host::{Clock, Native};
use people::load;
use people_auth::{Ask, Rs256};
use people_core::wire::{Account, Google};
use people_model::cloudm::SCOPE;
use people_model::time::SignedDuration;
use people_sim::{Fault, SimOptions};
use serde_json::{Value, json};

use crate::world::{World, test};

/// Hands the credentials over, with these lines added to `[google]`.
fn with(world: &World, credentials: &Value, more: &str) {
    world.write("credentials.json", &credentials.to_string());
    let trusted = world.sim.addr();
    let google = format!("credentials = \"credentials.json\"\ntrusted_hosts = [\"{trusted}\"]\n{more}");
    world.swap("credentials = \"key.json\"", &google);
}

/// How often each of Google's and Amazon's services was asked since call number `after`.
fn asked(world: &World, after: usize) -> Vec<String> {
    let calls = world.sim.calls(after as u64);
    calls
        .iter()
        .filter(|call| &*call.api != "cloudm" && &*call.method != "HEAD")
        .map(|call| format!("{}.{}", call.api, call.op))
        .collect()
}

fn works(world: &World, expected: &[&str]) {
    world.write("hr.secret", "hush");
    let before = world.sim.calls(0).len();
    let token = world.run("token --output json").ends(0, "").json();
    assert!(token["validSeconds"].as_i64().unwrap() > 3000, "{token}");
    assert_eq!(asked(world, before), expected);
    let found = world.run("doctor --output json");
    assert_eq!(found.code, 0, "{}", found.out);
    world.ana();
    world.run("user get ana.silva@example.com").ends(0, "");
}

test!(federation_by_a_url, world, {
    let source = json!({"url": format!("{}.json", world.sim.urls().subject),
        "format": {"type": "json", "subject_token_field_name": "id_token"}});
    with(&world, &world.sim.external_account(source, true), "");
    works(&world, &["subject.subject", "sts.token", "iamcredentials.generateAccessToken"]);
});

test!(federation_by_a_file, world, {
    world.write("subject.txt", &format!("{}\n", world.sim.subject_token()));
    with(&world, &world.sim.external_account(json!({"file": "subject.txt"}), true), "");
    works(&world, &["sts.token", "iamcredentials.generateAccessToken"]);
    world.write("subject.txt", "another token");
    world.run("token").ends(5, "Google's Security Token Service refused with HTTP 400 (invalid_grant)");
    world.write("subject.txt", "sim-stale-token");
    world.run("token").ends(5, "has expired");
    std::fs::remove_file(world.folder.path().join("subject.txt")).unwrap();
    world.run("token").ends(3, "subject.txt: No such file");
});

test!(federation_by_amazon, world, {
    with(&world, &world.sim.external_account(world.sim.aws_source(), true), "");
    let all = [
        "imds.session",
        "imds.region",
        "imds.role",
        "imds.keys",
        "sts.token",
        "iamcredentials.generateAccessToken",
    ];
    works(&world, &all);
});

#[cfg(unix)]
test!(a_command_runs_only_where_it_is_allowed, world, {
    use std::os::unix::fs::PermissionsExt;
    let answer = json!({"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt",
        "id_token": world.sim.subject_token()});
    let script = format!(
        "#!/bin/sh\necho ran >> ran.txt\necho \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" >&2\necho '{answer}'\n"
    );
    let path = world.write("get-token", &script);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    let source = json!({"executable": {"command": path.to_str().unwrap()}});
    let document = world.sim.external_account(source, true);
    with(&world, &document, "");
    world.run("token").ends(3, "allow_executable = true");
    assert!(!world.folder.path().join("ran.txt").exists());
    assert!(world.sim.calls(0).is_empty());
    with(&world, &document, "allow_executable = true");
    works(&world, &["sts.token", "iamcredentials.generateAccessToken"]);
    assert!(world.folder.path().join("ran.txt").exists());
    world.write("get-token", "#!/bin/sh\nexit 7\n");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    world.run("token").ends(3, "exit status: 7");
});

test!(one_account_acts_as_another, world, {
    let document = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": world.sim.impersonation_url(),
        "delegates": [],
        "source_credentials": serde_json::from_str::<Value>(&world.sim.key_json()).unwrap(),
    });
    with(&world, &document, "");
    works(&world, &["token.token", "iamcredentials.generateAccessToken"]);
});

test!(the_metadata_server, world, {
    world.write("hr.secret", "hush");
    world.swap("credentials = \"key.json\"", "credentials = { metadata = true }");
    let host = world.sim.addr().to_string();
    let run = |line: &str| world.run_with(line, &[("GCE_METADATA_HOST", &host)]);
    run("token").ends(0, "");
    assert_eq!(asked(&world, 0), ["metadata.identity", "metadata.token"]);
    let found = run("doctor --output json");
    assert_eq!(found.code, 0, "{}", found.out);
    // It is asked again after a second.
    let before = world.sim.calls(0).len();
    world.sim.add_fault(Fault::status("/computeMetadata", 503).times(1)).unwrap();
    run("token").ends(0, "");
    assert_eq!(asked(&world, before), ["metadata.identity", "metadata.identity", "metadata.token"]);
    world.sim.add_fault(Fault::status("/computeMetadata", 404)).unwrap();
    run("token").ends(5, "Attach a service account");
    world
        .run_with("token", &[("GCE_METADATA_HOST", "example.com")])
        .ends(3, "names a host that is no metadata server");
});

test!(without_impersonation_cloudm_knows_nobody_and_doctor_says_why, world, {
    world.write("hr.secret", "hush");
    let source = json!({"url": world.sim.urls().subject});
    with(&world, &world.sim.external_account(source, false), "");
    world.run("token").ends(0, "");
    let ran = world.run("doctor --output json");
    let found = ran.json();
    let of = |what: &str| found.as_array().unwrap().iter().find(|one| one["what"] == what).unwrap().clone();
    assert_eq!(
        (ran.code, &of("credentials")["level"], &of("cloudm")["level"]),
        (4, &json!("warn"), &json!("fail"))
    );
    for what in ["credentials", "cloudm"] {
        let detail = of(what)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("add service_account_impersonation_url"), "{detail}");
    }
});

test!(a_document_that_names_other_hosts_is_refused_before_anything_is_sent, world, {
    let source = json!({"url": world.sim.urls().subject});
    let good = world.sim.external_account(source, true);
    for (member, url) in [
        ("token_url", "https://sts.googleapis.com.evil.example/v1/token"),
        ("token_url", "http://sts.googleapis.com/v1/token"),
        ("token_info_url", "https://evil.example/v1/introspect"),
        (
            "service_account_impersonation_url",
            "https://evil.example/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken",
        ),
    ] {
        let mut bad = good.clone();
        bad[member] = json!(url);
        with(&world, &bad, "");
        for command in ["token", "user get a@example.com"] {
            world.run(command).ends(3, &format!("`{member}`"));
        }
    }
    let mut bad = good.clone();
    bad["credential_source"] = json!({"url": "http://evil.example/token"});
    with(&world, &bad, "");
    world.run("token").ends(3, "`credential_source.url` is not https");
    // The same document without the way out for simulators.
    world.write("credentials.json", &good.to_string());
    world.swap("key.json", "credentials.json");
    world.run("token").ends(3, "`token_url` is not https");
    assert!(world.sim.calls(0).is_empty(), "{:?}", world.sim.calls(0));
});

test!(what_cannot_be_had_at_the_edge_is_said_there, world, {
    world.swap("credentials = \"key.json\"", "credentials = { metadata = true }");
    world.run("config check --worker").ends(3, "the Worker has no metadata server");
    world.swap(
        "credentials = \"key.json\"",
        "credentials = { env = \"KEY\" }\ntrusted_hosts = [\"example.com\"]",
    );
    world.run("config check").ends(3, "`google.trusted_hosts`: only this machine");
});

/// The way to tokens as the bridge has it, in this process, with a clock that can be moved.
fn google(world: &World, ask: Ask) -> (Google<Rs256>, Native) {
    let folder = world.folder.path();
    let config = load::config(&folder.join("people.toml")).unwrap();
    let credentials = load::credentials(&config, folder).unwrap();
    let signer = load::signer(&credentials).unwrap();
    let host = Native::new(Clock::default(), Duration::from_secs(20), 1_000_000).unwrap().in_folder(folder);
    (Google::new(Account::new(credentials, signer), ask), host)
}

test!(ten_thousand_calls_share_one_token_until_it_ends, world, {
    const ONCE: [&str; 3] = ["subject.subject", "sts.token", "iamcredentials.generateAccessToken"];
    with(&world, &world.sim.external_account(json!({"url": world.sim.urls().subject}), true), "");
    let (google, host) = google(&world, Ask::new([SCOPE]).unwrap());
    let all = async || {
        let tokens = join_all((0..10_000).map(|_| google.token(&host))).await;
        let first = tokens[0].as_ref().unwrap().expose().clone();
        assert!(tokens.into_iter().all(|token| *token.unwrap().expose() == first));
        first
    };
    let pass = |seconds: u64| {
        world.sim.advance(Duration::from_secs(seconds));
        host.clock().advance(SignedDuration::from_secs(seconds.try_into().unwrap()));
    };
    let one = all().await;
    assert_eq!(asked(&world, 0), ONCE);
    assert!(!google.look_ahead(&host).await.unwrap());
    // Ahead of its end it is replaced beside the calls.
    pass(3340);
    let before = world.sim.calls(0).len();
    assert!(google.look_ahead(&host).await.unwrap());
    let two = all().await;
    assert_ne!(one, two);
    assert_eq!(asked(&world, before), ONCE);
    // Where that goes wrong the old one serves on.
    pass(3450);
    world.sim.add_fault(Fault::status("/sts", 503)).unwrap();
    assert!(google.look_ahead(&host).await.is_err());
    assert_eq!(all().await, two);
    world.sim.clear_faults();
    // Once it has ended, all wait for one exchange.
    pass(200);
    let before = world.sim.calls(0).len();
    assert_ne!(all().await, two);
    assert_eq!(asked(&world, before), ONCE);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_a_user_is_acted_for_by_the_accounts_own_signature() {
    let world = World::with(SimOptions { delegation: true, ..SimOptions::default() }).await;
    let document = world.sim.external_account(json!({"url": world.sim.urls().subject}), true);
    with(&world, &document, &format!("token_uri = \"{}\"", world.sim.urls().token_uri));
    let ask = Ask::new([SCOPE]).unwrap().on_behalf_of("admin@example.com");
    let (google, host) = google(&world, ask);
    google.exchange(&host).await.unwrap();
    assert_eq!(asked(&world, 0), ["subject.subject", "sts.token", "iamcredentials.signJwt", "token.token"]);
}
