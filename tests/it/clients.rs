//! Google's own client library for Python does against the pretend clouds what an integration does: what they accept, the real ones do.
//! Needs `PEOPLE_PYTHON`, an interpreter with google-auth and requests; `cargo xtask setup` makes one.
#![cfg(test)]

use std::process::Command;

use people_auth::AUDIENCE;
use people_sim::{Sim, SimOptions};
use serde_json::{Value, json};

use crate::world::key_pem;

/// Reads the key file at `argv[1]`; speaks to the API at `argv[2]`.
const SCRIPT: &str = r#"
import base64, json, sys
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

scope = "https://www.googleapis.com/auth/userinfo.email"
credentials = service_account.Credentials.from_service_account_file(sys.argv[1], scopes=[scope])
session = AuthorizedSession(credentials)
user = sys.argv[2] + "/people/v4/example.com/ana.silva@example.com"
before = session.get(user)
patched = session.post(user, json={"onHold": True})
absent = session.get(sys.argv[2] + "/people/v4/example.com/nobody@example.com")
assertion = credentials._make_authorization_grant_assertion()
assertion = assertion.decode() if isinstance(assertion, bytes) else assertion
claims = assertion.split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
print(json.dumps({
    "statuses": [before.status_code, patched.status_code, absent.status_code],
    "before": before.json(), "patched": patched.json(), "absent": absent.json(),
    "claims": claims, "token": credentials.token[:5],
}))
"#;

#[tokio::test]
async fn googles_python_library_does_what_an_integration_does() {
    let Ok(python) = std::env::var("PEOPLE_PYTHON") else {
        println!("skipped: PEOPLE_PYTHON names no interpreter; `cargo xtask setup` makes one");
        return;
    };
    let sim =
        Sim::start(SimOptions { key_pem: Some(key_pem()), ..SimOptions::default() }).await.expect("clouds");
    sim.seed_user(json!({"id": "ana.silva@example.com", "givenName": "Ana", "familyName": "Silva"}))
        .expect("a user");
    let folder = tempfile::tempdir().expect("a folder");
    let (key, script) = (folder.path().join("key.json"), folder.path().join("client.py"));
    std::fs::write(&key, sim.key_json()).expect("a file");
    std::fs::write(&script, SCRIPT).expect("a file");

    let mut command = Command::new(python);
    command.arg(script).arg(key).arg(&sim.urls().cloudm).env("NO_PROXY", "127.0.0.1");
    let ran =
        tokio::task::spawn_blocking(move || command.output()).await.expect("it runs").expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{complaint}");
    let said: Value = serde_json::from_str(&said).expect("JSON");

    assert_eq!(said["statuses"], json!([200, 200, 404]));
    assert_eq!(said["before"]["onHold"], json!(false));
    assert_eq!(said["patched"]["onHold"], json!(true));
    assert_eq!(said["absent"]["error"]["errors"][0]["reason"], json!("notFound"));
    assert_eq!(said["token"], json!("ya29."));
    // The audience of the library is a constant, whatever the key file's token_uri; so is ours.
    assert_eq!(said["claims"]["aud"], json!(AUDIENCE));
    let state = sim.state();
    assert_eq!(state.users["ana.silva@example.com"]["onHold"], json!(true));
    let ops: Vec<_> = state.calls.iter().map(|call| (&*call.op, call.status)).collect();
    assert_eq!(ops, [("token", 200), ("users.get", 200), ("users.patch", 200), ("users.get", 404)]);
}
