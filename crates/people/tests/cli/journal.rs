//! What runs until it is stopped, and `people events` and `people held` beside it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{command, test};

test!(deliveries_are_listed_and_their_logs_name_nobody, world, {
    world.write("hr.secret", "hush");
    world.run("events list --output json").ends(0, "no journal").json();
    assert!(!world.folder.path().join("people.sqlite").exists());
    let mut server = world.command("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    let event = json!({"type": "leave", "effectiveDate": "2026-01-01", "occurredAt": "2026-01-01T00:00:00Z",
        "worker": {"id": "1", "email": "ceo@example.com", "familyName": "Grande"}});
    world.seed(json!({"id": "ceo@example.com", "familyName": "Grande", "employeeId": "1"}));
    let body = json!([event, {"type": "hire"}]).to_string();
    assert_eq!(post(&format!("{url}/hooks/hr"), "hush", &body).await, 200);
    for _ in 0..100 {
        if world.run("held list --output csv").out.contains("protected") {
            break;
        }
    }
    let rows = world.run("events list --output csv").ends(0, "").out;
    assert!(rows.starts_with("received,event,person,source,kind,status,note\n"), "{rows}");
    assert!(rows.contains(",held,") && rows.contains(",dead,") && !rows.contains("ceo"), "{rows}");
    let held = world.run("held list --output json").json();
    let (tag, id) = (held[0]["person"].as_str().unwrap(), held[0]["id"].as_str().unwrap());
    let log = world.run(&format!("events show {tag}")).ends(0, "").out;
    assert!(
        log.contains("heard") && log.contains("held") && !log.contains("ceo") && !log.contains("Grande"),
        "{log}"
    );
    assert!(world.run(&format!("events show {id} --personal --output json")).out.contains("ceo@example.com"));
    assert_eq!(world.run(&format!("held show {tag} --output json")).json()["steps"][0]["effect"], "offboard");
    let dead = world.run("events list --status dead --output json").json();
    let dead = dead[0]["id"].as_str().unwrap();
    world.run(&format!("events show {dead}")).ends(0, "");
    world.run(&format!("events replay {dead}")).ends(0, "");
    world.run("events replay d_0.0").ends(6, "not kept");
    world.run("events show p_0").ends(6, "nobody");
    world.run("held approve p_0").ends(6, "nobody");
    world.run(&format!("held reject {tag}")).ends(0, "");
    world.run(&format!("held approve {tag}")).ends(6, "nothing of this person is held");
    stop(&mut server);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pretend_clouds_print_their_urls_and_keep_their_key_private() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = command(folder.path(), "sim --key-out key.json").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(sim.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let urls: Value = serde_json::from_str(&line).unwrap();
    for name in ["token_uri", "cloudm", "ccai", "cloudidentity", "gapps", "control", "bamboohr"] {
        assert!(urls[name].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
    }
    let key = folder.path().join("key.json");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions()) & 0o777,
        0o600
    );
    let key: Value = serde_json::from_str(&std::fs::read_to_string(&key).unwrap()).unwrap();
    assert_eq!(key["token_uri"], urls["token_uri"]);
    stop(&mut sim);
}

/// As a terminal's Ctrl-C does it; the process ends by itself, and well.
fn stop(child: &mut std::process::Child) {
    let done = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(done.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

async fn post(url: &str, key: &str, body: &str) -> u16 {
    use hmac::{Hmac, KeyInit, Mac};
    let proof = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body).finalize();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().post(url).header("x-signature", hex::encode(proof.into_bytes()));
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}
