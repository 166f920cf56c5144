//! The facade: an old script speaks the Provisioning API to `people gapps serve`, and CloudM does what it says.

use std::sync::Arc;

use people::facade::FacadeServer;
use people::host::Clock;
use people::load;
use people_model::time::SignedDuration;
use people_sim::{Fault, FaultKind, Sim, SimOptions};
use serde_json::{Value, json};

use super::{Client, Values, sim};

const D: (&str, &str) = ("domain", "example.com");
const PASSWORD: &str = "correct-horse-battery";

struct Rig {
    sim: Sim,
    base: String,
    client: reqwest::Client,
    clock: Clock,
    folder: tempfile::TempDir,
    _server: FacadeServer,
}

impl Rig {
    async fn new(more: &str) -> Self {
        let sim = sim().await;
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "[cloudm]\ndomain = \"example.com\"\nbase_url = \"{}\"\n[google]\ncredentials = \"key.json\"\n\
             [server]\nrate = 10000\n[gapps.facade]\naccounts = [{{ email = \"admin@example.com\", password = {{ file = \"pw\" }} }}]\n{more}",
            sim.urls().cloudm
        );
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        write("people.toml", &config);
        write("key.json", &sim.key_json());
        write("pw", &SimOptions::default().gapps_password);
        let clock = Clock::default();
        let facade = load::facade(&folder.path().join("people.toml"), clock.clone()).expect("it loads");
        let server = FacadeServer::start(Arc::new(facade), "127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", server.addr());
        Self { sim, base, client: reqwest::Client::new(), clock, folder, _server: server }
    }

    /// Our own client, pointed at the facade.
    fn script(&self) -> Client {
        Client::login(&self.sim, &self.base)
    }

    async fn login(&self, password: &str) -> (u16, String) {
        let form = [
            ("Email", "admin@example.com"),
            ("Passwd", password),
            ("accountType", "HOSTED"),
            ("service", "apps"),
        ];
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self
            .client
            .post(format!("{}/accounts/ClientLogin", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn token(&self) -> String {
        let (status, text) = self.login(&SimOptions::default().gapps_password).await;
        assert_eq!(status, 200);
        text.lines().find_map(|line| line.strip_prefix("Auth=")).expect("a token").to_owned()
    }

    /// A request as an old script makes it. Status, text, and the Location.
    async fn raw(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, String, Option<String>) {
        let answer = self
            .client
            .request(method.parse().expect("a method"), format!("{}{path}", self.base))
            .header("authorization", format!("GoogleLogin auth={token}"))
            .header("content-type", "application/atom+xml")
            .body(body.to_owned())
            .send()
            .await
            .expect("an answer");
        let location = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        (answer.status().as_u16(), answer.text().await.expect("text"), location)
    }

    fn user(&self, address: &str) -> Option<Value> {
        self.sim.state().users.get(address).map(|profile| Value::Object(profile.clone()))
    }

    fn ops(&self) -> Vec<String> {
        self.sim
            .calls(0)
            .into_iter()
            .filter(|call| call.api == "cloudm")
            .map(|call| call.op.to_string())
            .collect()
    }

    fn fault(&self, path: &str, kind: FaultKind) {
        self.sim.add_fault(Fault { count: Some(1), ..Fault::on(path, kind) }).expect("a fault");
    }
}

fn create(name: &str) -> String {
    // The guide's own form: an atom: prefix, and attributes in its order.
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<atom:entry xmlns:atom="http://www.w3.org/2005/Atom" xmlns:apps="http://schemas.google.com/apps/2006">
    <atom:category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/apps/2006#user"/>
    <apps:login userName="{name}" password="{PASSWORD}" suspended="false"/>
    <apps:quota limit="2048"/>
    <apps:name familyName="Jones" givenName="Susan"/>
</atom:entry>"##
    )
}

#[tokio::test]
async fn an_old_script_keeps_working() {
    let rig = Rig::new("").await;
    let token = rig.token().await;
    let users = "/a/feeds/example.com/user/2.0";
    let susan = format!("{users}/susan");

    let (status, text, location) = rig.raw("POST", users, &token, &create("susan")).await;
    assert_eq!(status, 201, "{text}");
    assert_eq!(location.as_deref(), Some("https://apps-apis.google.com/a/feeds/example.com/user/2.0/susan"));
    assert!(text.contains("familyName=\"Jones\"") && !text.contains(PASSWORD), "{text}");
    assert_eq!(rig.user("susan@example.com").expect("she is there")["givenName"], "Susan");
    // A script that is run twice.
    let (status, text, _) = rig.raw("POST", users, &token, &create("susan")).await;
    assert_eq!(status, 400);
    assert!(text.contains("errorCode=\"1300\" invalidInput=\"susan\" reason=\"EntityExists\""), "{text}");
    let (status, text, _) = rig.raw("GET", &format!("{users}/nobody"), &token, "").await;
    assert_eq!((status, text.contains("reason=\"EntityDoesNotExist\"")), (400, true), "{text}");

    // Suspended and restored, renamed, a nickname, deleted; by our own client.
    let script = rig.script();
    let one = [D, ("userName", "susan")];
    assert_eq!(script.done("user.update", &one, json!({"suspended": true})).await["suspended"], true);
    assert_eq!(rig.user("susan@example.com").expect("she is there")["suspended"], true);
    let whole = json!({"suspended": false, "userName": "susan", "givenName": "Sue", "familyName": "Jones", "admin": false});
    assert_eq!(script.done("user.update", &one, whole).await["givenName"], "Sue");
    assert_eq!(script.done("user.update", &one, json!({"userName": "sue"})).await["userName"], "sue");
    assert!(rig.user("susan@example.com").is_none());
    let nick = json!({"nickname": "su", "userName": "sue"});
    assert_eq!(script.done("nickname.create", &[D], nick.clone()).await, nick);
    assert_eq!(script.fails("nickname.create", &[D], nick.clone()).await, "Conflict EntityExists (1300)");
    assert_eq!(script.done("nickname.get", &[D, ("nickname", "su")], Value::Null).await, nick);
    assert_eq!(
        script.fails("nickname.get", &[D, ("nickname", "sue")], Value::Null).await,
        "Absent EntityDoesNotExist (1301)"
    );
    let (all, _) = script.all("nickname.list", &[D, ("username", "sue")]).await.expect("a feed");
    let all: Vec<_> = all.iter().map(|one| one["nickname"].as_str().expect("text")).collect();
    assert_eq!(all, ["su", "susan"], "the old name is one");
    script.done("nickname.delete", &[D, ("nickname", "su")], Value::Null).await;
    assert_eq!(rig.user("sue@example.com").expect("she is there")["aliases"], json!(["susan@example.com"]));

    // The same account by its whole address.
    let sue = [D, ("userEmail", "sue@example.com")];
    assert_eq!(script.done("mduser.get", &sue, Value::Null).await["lastName"], "Jones");
    script.done("mduser.update", &sue, json!({"lastName": "Smith"})).await;
    script
        .done(
            "alias.create",
            &[D],
            json!({"aliasEmail": "s.smith@example.com", "userEmail": "sue@example.com"}),
        )
        .await;
    let alias = [D, ("aliasEmail", "s.smith@example.com")];
    assert_eq!(script.done("alias.get", &alias, Value::Null).await["userEmail"], "sue@example.com");
    assert_eq!(
        script.all("alias.list", &[D, ("userEmail", "sue@example.com")]).await.expect("a feed").0.len(),
        2
    );
    script.done("alias.delete", &alias, Value::Null).await;
    let bo =
        json!({"userEmail": "bo@example.com", "firstName": "Bo", "lastName": "Li", "password": PASSWORD});
    assert_eq!(script.done("mduser.create", &[D], bo).await["userEmail"], "bo@example.com");
    let renamed = script
        .done("mduser.rename", &[D, ("userEmail", "bo@example.com")], json!({"newEmail": "bob@example.com"}))
        .await;
    assert_eq!(renamed["userEmail"], "bob@example.com");
    script.done("mduser.delete", &[D, ("userEmail", "bob@example.com")], Value::Null).await;

    let (status, text, _) = rig.raw("DELETE", &susan.replace("susan", "sue"), &token, "").await;
    assert_eq!((status, text.as_str()), (200, ""));
    assert!(
        rig.user("sue@example.com").expect("still there")["workflowId"].is_string(),
        "she is being offboarded"
    );
    // Deleted twice is deleted once.
    script.done("user.delete", &[D, ("userName", "sue")], Value::Null).await;
    assert_eq!(rig.ops().iter().filter(|op| *op == "users.offboard").count(), 2, "one each");
    assert_eq!(
        script
            .fails("user.create", &[D], json!({"userName": "sue", "givenName": "a", "familyName": "b"}))
            .await,
        "BadRequest UserDeletedRecently (1100)"
    );
}

#[tokio::test]
async fn what_cloudm_has_nothing_for_is_refused_and_named() {
    let rig = Rig::new("").await;
    let script = rig.script();
    let unavailable = "BadRequest DomainFeatureUnavailable (1203)";
    rig.sim
        .seed_user(json!({"id": "ana@example.com", "givenName": "Ana", "familyName": "Silva"}))
        .expect("a user");
    let ana = [D, ("userName", "ana")];
    let answered: [(&str, Values<'_>, Value); 7] = [
        ("user.list", &[D], Value::Null),
        ("nickname.list", &[D], Value::Null),
        ("emailList.create", &[D], json!({"name": "x"})),
        ("group.get", &[D, ("groupId", "x")], Value::Null),
        ("customer.getId", &[], Value::Null),
        ("user.update", &ana, json!({"password": PASSWORD})),
        ("user.update", &ana, json!({"admin": true})),
    ];
    for (op, values, body) in answered {
        assert_eq!(script.fails(op, values, body).await, unavailable, "{op}");
    }
    assert_eq!(
        script.fails("user.get", &[("domain", "other.example"), ana[1]], Value::Null).await,
        unavailable
    );
    let hashed = json!({"userName": "x", "givenName": "a", "familyName": "b", "password": "00", "hashFunctionName": "MD5"});
    assert_eq!(script.fails("user.create", &[D], hashed).await, unavailable);
    let token = rig.token().await;
    let (status, text, _) = rig.raw("GET", "/a/feeds/group/2.0/example.com", &token, "").await;
    assert!(status == 403 && text.contains("invalidInput=\"group.list\""), "{text}");
    let bomb = "<!DOCTYPE l [<!ENTITY a 'b'>]><entry xmlns='http://www.w3.org/2005/Atom'>&a;</entry>";
    let (status, text, _) = rig.raw("POST", "/a/feeds/example.com/user/2.0", &token, bomb).await;
    assert!(status == 400 && text.contains("document type declaration"), "{text}");
    assert!(!rig.ops().iter().any(|op| op == "users.create" || op == "users.patch"));

    // An operator may let pass what a script cannot be kept from saying.
    let rig = Rig::new("ignore = [\"changePasswordAtNextLogin\"]\n").await;
    let body =
        json!({"userName": "x", "givenName": "a", "familyName": "b", "changePasswordAtNextLogin": true});
    rig.script().done("user.create", &[D], body).await;
}

#[tokio::test]
async fn a_lost_answer_neither_doubles_nor_loses_anything() {
    let rig = Rig::new("").await;
    let script = rig.script();
    let ana = json!({"userName": "ana", "givenName": "Ana", "familyName": "Silva"});
    let one = [D, ("userName", "ana")];
    rig.fault("/people/v4/example.com", FaultKind::Drop);
    // Not done, and said to be so: the script may try again.
    assert_eq!(script.fails("user.get", &one, Value::Null).await, "RateLimited ServerBusy (1001)");
    rig.sim
        .add_fault(Fault {
            count: Some(1),
            method: Some("POST".into()),
            ..Fault::on("/people/v4/example.com", FaultKind::LostAnswer)
        })
        .expect("a fault");
    assert_eq!(script.done("user.create", &[D], ana.clone()).await["userName"], "ana");
    assert_eq!(rig.ops().iter().filter(|op| *op == "users.create").count(), 1);
    rig.fault("/offboard", FaultKind::LostAnswer);
    script.done("user.delete", &one, Value::Null).await;
    assert_eq!(rig.ops().iter().filter(|op| *op == "users.offboard").count(), 1);
    assert_eq!(rig.sim.state().workflows.len(), 1);
    // One that did not happen is not said to have happened.
    rig.sim
        .seed_user(json!({"id": "bo@example.com", "givenName": "Bo", "familyName": "Li"}))
        .expect("a user");
    rig.fault("/offboard", FaultKind::Drop);
    assert_eq!(
        script.fails("user.delete", &[D, ("userName", "bo")], Value::Null).await,
        "ServerError UnknownError (1000)"
    );
    script.done("user.delete", &[D, ("userName", "bo")], Value::Null).await;
    assert_eq!(rig.sim.state().workflows.len(), 2);
}

#[tokio::test]
async fn guards_stand_before_what_takes_access_away() {
    let policy = "[policy]\nprotected = [\"ceo@example.com\"]\nbreaker = { window = \"24h\", count = 2, percent = 100, minimum = 2 }\n";
    let rig = Rig::new(policy).await;
    let script = rig.script();
    for name in ["ceo", "a", "b", "c", "d"] {
        rig.sim
            .seed_user(json!({"id": format!("{name}@example.com"), "givenName": name, "familyName": "x"}))
            .expect("a user");
    }
    rig.sim.seed_user(json!({"id": "d@example.com", "preventDeprovision": true})).expect("a user");
    let delete = |name: &'static str| [D, ("userName", name)];
    for name in ["ceo", "d"] {
        assert_eq!(
            script.fails("user.delete", &delete(name), Value::Null).await,
            "BadRequest EntityCannotBeModified (1304)"
        );
    }
    assert!(script.fails("user.update", &delete("ceo"), json!({"suspended": true})).await.contains("1304"));
    script.done("user.delete", &delete("a"), Value::Null).await;
    script.done("user.update", &delete("b"), json!({"suspended": true})).await;
    assert_eq!(
        script.fails("user.delete", &delete("c"), Value::Null).await,
        "BadRequest EntityQuotaLimitReached (1307)"
    );
    // The breaker is the bridge's own, and outlives the process.
    drop(script);
    let again = load::facade(&rig.folder.path().join("people.toml"), rig.clock.clone()).expect("it loads");
    let server = FacadeServer::start(Arc::new(again), "127.0.0.1:0").await.expect("a port");
    let script = Client::login(&rig.sim, &format!("http://{}", server.addr()));
    assert!(script.fails("user.delete", &delete("c"), Value::Null).await.contains("1307"));
    assert!(rig.user("c@example.com").expect("she is there")["workflowId"].is_null());
}

#[tokio::test]
async fn only_who_logged_in_is_answered() {
    let rig = Rig::new("token_life = \"2h\"\n").await;
    let path = "/a/feeds/example.com/user/2.0/ana";
    for token in ["", "x", "auth=", "GoogleLogin"] {
        let (status, text, _) = rig.raw("GET", path, token, "").await;
        assert!(status == 401 && text.contains("Token expired"), "{status} {text}");
    }
    assert_eq!(rig.login("wrong").await, (403, "Error=BadAuthentication\n".into()));
    let (one, two) = (rig.token().await, rig.token().await);
    assert!(one != two && one.len() >= 43, "random, and long");
    assert_eq!(rig.raw("GET", path, &one, "").await.0, 400);
    rig.clock.advance(SignedDuration::from_hours(3));
    assert_eq!(rig.raw("GET", path, &one, "").await.0, 401);
    // Whoever guesses is slowed down.
    for _ in 0..10 {
        assert_eq!(rig.login("guess").await.1, "Error=BadAuthentication\n");
    }
    assert_eq!(
        rig.login(&SimOptions::default().gapps_password).await,
        (403, "Error=ServiceUnavailable\n".into())
    );
    rig.clock.advance(SignedDuration::from_mins(2));
    rig.token().await;
    assert!(rig.ops().len() == 1, "CloudM was asked once only");
}

#[tokio::test]
async fn a_password_goes_to_the_create_and_nowhere_else() {
    let rig = Rig::new("").await;
    let token = rig.token().await;
    assert_eq!(rig.raw("POST", "/a/feeds/example.com/user/2.0", &token, &create("ana")).await.0, 201);
    for file in std::fs::read_dir(rig.folder.path()).expect("a folder") {
        let bytes = std::fs::read(file.expect("an entry").path()).expect("a file");
        assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
    }
    let ops = rig.ops();
    assert_eq!(ops, ["users.get", "users.getByAlias", "users.create", "users.get"]);
}
