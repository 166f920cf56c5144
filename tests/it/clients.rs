//! Google's own client library for Python does against the pretend clouds what an integration does: what they accept, the real ones do.
//! Needs `PEOPLE_PYTHON`, an interpreter with google-auth, google-api-python-client and requests; `cargo xtask setup` makes one.
#![cfg(test)]

use std::process::Command;
use std::sync::{Arc, Mutex};

use people::host::{Clock, Native};
use people_auth::{AUDIENCE, Rs256, ServiceAccountKey};
use people_core::config::{Config, SecretRef};
use people_core::endpoint::Endpoint;
use people_core::target::invitations::operations::{Cancel, Check, Get, Send};
use people_core::target::invitations::{Pager, judge};
use people_core::wire::{Account, Wires};
use people_model::invitations::{Customer, InvitationName, Page, UserInvitation};
use people_model::{Call, Secret, Verdict};
use people_sim::{Sim, SimOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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

/// What a script prints, which is JSON.
async fn said(mut command: Command) -> Value {
    command.env("NO_PROXY", "127.0.0.1");
    let ran =
        tokio::task::spawn_blocking(move || command.output()).await.expect("it runs").expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{complaint}");
    serde_json::from_str(&said).expect("JSON")
}

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
    command.arg(script).arg(key).arg(&sim.urls().cloudm);
    let said = said(command).await;

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

/// Reads the key file at `argv[1]`; speaks to the API at `argv[2]` about each address that follows. The library is as it is on PyPI.
const INVITATIONS: &str = r#"
import json, sys
from google.oauth2 import service_account
from googleapiclient.discovery import build

scope = "https://www.googleapis.com/auth/cloud-identity.userinvitations"
credentials = service_account.Credentials.from_service_account_file(sys.argv[1], scopes=[scope])
credentials = credentials.with_subject("admin@example.com")
service = build("cloudidentity", "v1", credentials=credentials, static_discovery=True,
                client_options={"api_endpoint": sys.argv[2] + "/"})
invitations = service.customers().userinvitations()
said = []
for address in sys.argv[3:]:
    name = "customers/C012abcde/userinvitations/" + address
    said.append(invitations.get(name=name).execute())
    said.append(invitations.isInvitableUser(name=name).execute())
    said.append(invitations.send(name=name, body={}).execute())
    said.append(invitations.cancel(name=name, body={}).execute())
said.append(invitations.list(parent="customers/C012abcde").execute())
request = invitations.list(parent="customers/C012abcde", filter="state=='not_yet_sent'||state!='accepted'",
                           orderBy="update_time desc", pageSize=1)
while request is not None:
    reply = request.execute()
    said.append(reply)
    request = invitations.list_next(request, reply)
print(json.dumps(said))
"#;

/// Google's own client against the pretended API, unchanged, and our requests beside its: the same in path, query and body, byte for byte.
#[tokio::test]
async fn our_requests_about_invitations_are_those_of_googles_client() {
    let Ok(python) = std::env::var("PEOPLE_PYTHON") else {
        println!("skipped: PEOPLE_PYTHON names no interpreter; `cargo xtask setup` makes one");
        return;
    };
    // What Google's client leaves as it is, and what it encodes. Where it leaves `+ / % # ? :`, we do not: see `operations.rs`.
    let addresses = ["ana.silva@example.com", "o'neill!$&()*=~_-@example.com", "zoë|{x}^`@example.com"];
    let sim =
        Sim::start(SimOptions { key_pem: Some(key_pem()), ..SimOptions::default() }).await.expect("clouds");
    let folder = tempfile::tempdir().expect("a folder");
    let (key, script) = (folder.path().join("key.json"), folder.path().join("client.py"));
    std::fs::write(&key, sim.key_json()).expect("a file");
    std::fs::write(&script, INVITATIONS).expect("a file");
    let seed = || {
        for (n, address) in addresses.iter().enumerate() {
            let since = format!("2026-01-0{}T00:00:00Z", n + 1);
            sim.seed_consumer(json!({"email": address, "updateTime": since})).expect("an account");
        }
    };

    seed();
    let theirs = Recorder::before(&sim).await;
    let mut command = Command::new(python);
    command.arg(script).arg(key).arg(theirs.base()).args(addresses);
    let said = said(command).await;

    seed();
    let ours = Recorder::before(&sim).await;
    let answers = speak(&sim, &ours.base(), &addresses).await;

    let (theirs, ours) = (theirs.requests(), ours.requests());
    assert_eq!(theirs.len(), 4 * addresses.len() + 1 + addresses.len(), "{theirs:#?}");
    assert_eq!(ours, theirs);
    assert_eq!(
        ours[2].0,
        "POST /cloudidentity/v1/customers/C012abcde/userinvitations/ana.silva@example.com:send?alt=json HTTP/1.1"
    );
    assert_eq!(ours[2].1, b"{}");
    // And both were told the same, but for the moment.
    let answers = timeless(Value::Array(answers));
    assert_eq!(timeless(said.clone()), answers);
    assert_eq!(said[1], json!({"isInvitableUser": true}));
    assert_eq!((&said[2]["done"], &said[2]["response"]["mailsSentCount"]), (&json!(true), &json!("1")));
}

/// Without the moments in it.
fn timeless(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| name != "updateTime")
            .map(|(name, value)| (name, timeless(value)))
            .collect(),
        Value::Array(all) => all.into_iter().map(timeless).collect(),
        other => other,
    }
}

/// Does with our own endpoints, over our own wire, what [`INVITATIONS`] does.
async fn speak(sim: &Sim, base: &str, addresses: &[&str]) -> Vec<Value> {
    let text = format!(
        "[cloudm]\ndomain = \"example.com\"\nbase_url = \"{}\"\n[google]\ncredentials = \"key\"\n\
         [invitations]\ncustomer = \"C012abcde\"\nadmin = \"admin@example.com\"\nbase_url = \"{base}\"\n",
        sim.urls().cloudm
    );
    let config = Config::parse(&text).expect("the configuration");
    let key = ServiceAccountKey::parse(sim.key_json().as_bytes()).expect("the key");
    let signer = Rs256::new(&key).expect("the key signs");
    let secrets = |_: &SecretRef| Ok(Secret::from("no secret"));
    let wires = Wires::new(&config, &secrets, &Account::new(key, signer)).expect("the wires");
    let host = Native::new(Clock::default(), std::time::Duration::from_secs(20), 1000).expect("a client");
    let tell = async |call: &Call| {
        let answer = wires.send(&host, call).await.expect("an answer");
        match judge(call, &answer) {
            Verdict::Done { answer } => answer.0,
            verdict => panic!("{call:?}: {verdict:?}"),
        }
    };
    let mut answers = Vec::new();
    for address in addresses {
        let name = format!("customers/C012abcde/userinvitations/{address}");
        let name = InvitationName::parse(&name).expect("a name");
        for call in [Get(&name).call(), Check(&name).call(), Send(&name).call(), Cancel(&name).call()] {
            answers.push(tell(&call).await);
        }
    }
    let customer = Customer::parse("C012abcde").expect("a customer");
    let filter = Some("state=='not_yet_sent'||state!='accepted'".to_owned());
    let mut all: Vec<UserInvitation> = Vec::new();
    for mut pager in [
        Pager::new(customer.clone(), None, None, None),
        Pager::new(customer, filter, Some("update_time desc".into()), Some(1)),
    ] {
        while let Some(call) = pager.call() {
            let answer = tell(&call).await;
            let page: Page = serde_json::from_value(answer.clone()).expect("a page");
            all.extend(pager.page(page).expect("no circle"));
            answers.push(answer);
        }
    }
    assert_eq!(all.len(), 2 * addresses.len());
    answers
}

/// Stands before the clouds and keeps what is sent to them, as it is.
struct Recorder {
    address: std::net::SocketAddr,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    #[expect(clippy::disallowed_methods, reason = "a test's own server: it runs beside the test")]
    async fn before(sim: &Sim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sent, clouds) = (Arc::<Mutex<Vec<Vec<u8>>>>::default(), sim.addr());
        let all = sent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let n = {
                    let mut all = all.lock().expect("no panic");
                    all.push(Vec::new());
                    all.len() - 1
                };
                let (mut from, mut to) = client.into_split();
                let (mut back, mut on) = TcpStream::connect(clouds).await.expect("the clouds").into_split();
                tokio::spawn(async move { tokio::io::copy(&mut back, &mut to).await });
                let all = all.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(length) = from.read(&mut buffer).await {
                        if length == 0 {
                            break;
                        }
                        all.lock().expect("no panic")[n].extend_from_slice(&buffer[..length]);
                        on.write_all(&buffer[..length]).await.expect("the clouds listen");
                    }
                });
            }
        });
        Self { address, sent }
    }

    fn base(&self) -> String {
        format!("http://{}/cloudidentity", self.address)
    }

    /// The request lines and bodies, connection by connection.
    fn requests(&self) -> Vec<(String, Vec<u8>)> {
        let mut requests = Vec::new();
        for mut rest in self.sent.lock().expect("no panic").iter().map(Vec::as_slice) {
            while let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&rest[..end]).into_owned();
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
                });
                let (body, more) = rest[end + 4..].split_at(length.unwrap_or(0));
                requests.push((head.lines().next().unwrap_or_default().to_owned(), body.to_vec()));
                rest = more;
            }
            assert!(rest.is_empty(), "{}", String::from_utf8_lossy(rest));
        }
        requests
    }
}
