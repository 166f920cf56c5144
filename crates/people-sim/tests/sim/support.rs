//! A running simulator with a client that owns nothing but a key file.

use std::collections::HashMap;
use std::sync::OnceLock;

use jwt_simple::algorithms::{RS256KeyPair, RSAKeyPairLike as _};
use jwt_simple::prelude::{Claims, Duration as Life, UnixTimeStamp};
use people_sim::{Sim, SimOptions, Urls};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
pub(crate) const NOW: &str = "2026-04-01T08:00:00Z";

pub(crate) fn key_pem() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| people_sim::generate_key_pem().unwrap()).clone()
}

pub(crate) fn options() -> SimOptions {
    SimOptions { key_pem: Some(key_pem()), now: Some(NOW.parse().unwrap()), ..SimOptions::default() }
}

pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// What an assertion says; tests bend single claims.
pub(crate) struct Assertion {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) life: i64,
    pub(crate) scope: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) kid: Option<String>,
    pub(crate) pem: String,
}

impl Assertion {
    pub(crate) fn of(sim: &Sim) -> Self {
        let file: Value = serde_json::from_str(&sim.key_json()).unwrap();
        let text = |name: &str| file[name].as_str().unwrap().to_owned();
        Self {
            iss: text("client_email"),
            aud: text("token_uri"),
            iat: sim.now().as_second(),
            life: 3600,
            scope: Some(EMAIL.to_owned()),
            sub: None,
            kid: Some(text("private_key_id")),
            pem: text("private_key"),
        }
    }

    pub(crate) fn sign(&self) -> String {
        let mut custom = HashMap::new();
        if let Some(scope) = &self.scope {
            custom.insert("scope", scope.clone());
        }
        let seconds = |at: i64| UnixTimeStamp::from_secs(u64::try_from(at).unwrap());
        let mut claims = Claims::with_custom_claims(custom, Life::from_secs(1))
            .with_issuer(&self.iss)
            .with_audience(&self.aud);
        claims.issued_at = Some(seconds(self.iat));
        claims.expires_at = Some(seconds(self.iat + self.life));
        claims.invalid_before = None;
        claims.subject.clone_from(&self.sub);
        let pair = RS256KeyPair::from_pem(&self.pem).unwrap();
        let pair = match &self.kid {
            Some(kid) => pair.with_key_id(kid),
            None => pair,
        };
        pair.sign(claims).unwrap()
    }
}

pub(crate) async fn ask_token(client: &Client, urls: &Urls, assertion: &str) -> Response {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", assertion)
        .finish();
    let request = client.post(&urls.token_uri).header("content-type", "application/x-www-form-urlencoded");
    request.body(form).send().await.unwrap()
}

pub(crate) async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null)
}

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) client: Client,
    pub(crate) token: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: SimOptions) -> Self {
        let sim = Sim::start(options).await.unwrap();
        let mut world = Self { sim, client: client(), token: String::new() };
        world.refresh().await;
        world
    }

    pub(crate) async fn refresh(&mut self) {
        let reply = ask_token(&self.client, self.sim.urls(), &Assertion::of(&self.sim).sign()).await;
        assert_eq!(reply.status(), 200);
        self.token = json_of(reply).await["access_token"].as_str().unwrap().to_owned();
    }

    /// Sends to a path below CloudM's base; `Err` where the connection died.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> reqwest::Result<Response> {
        let url = format!("{}/people{path}", self.sim.urls().cloudm);
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, url).bearer_auth(&self.token);
        request.header("content-type", "application/json").body(body.to_owned()).send().await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.send(method, path, &body).await.unwrap();
        (reply.status().as_u16(), json_of(reply).await)
    }

    /// A call that must be refused: its status and the reason in the envelope.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, body) = self.call(method, path, body).await;
        assert_eq!(body["error"]["code"], status);
        assert_eq!(body["error"]["errors"][0]["domain"], "global");
        assert_eq!(body["error"]["errors"][0]["message"], body["error"]["message"]);
        (status, body["error"]["errors"][0]["reason"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sim.urls().control);
        let request = self.client.request(method.parse().unwrap(), url).body(body.to_string());
        let reply = request.send().await.unwrap();
        (reply.status().as_u16(), json_of(reply).await)
    }
}

pub(crate) fn anna() -> Value {
    json!({"id": "anna@example.com", "givenName": "Anna", "familyName": "Bell", "password": "s3cret-Pass"})
}

pub(crate) fn with(mut profile: Value, more: Value) -> Value {
    profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    profile
}

pub(crate) fn refusal(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}
