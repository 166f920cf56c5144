//! Google Apps Provisioning: recorded documents and sessions, hostile servers, laws, all 51 operations, and the facade over CloudM.

mod facade;
mod hostile;
mod laws;
mod login;
mod replay;
mod session;
mod table;
mod vectors;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use people::host::{Clock, Native};
use people_auth::{Rs256, ServiceAccountKey};
use people_core::config::{Config, SecretRef};
use people_core::target::gapps::{Pages, operation};
use people_core::target::{Answer, judge};
use people_core::wire::{Account, NoAnswer, Wires};
use people_model::{Members, Secret, Verdict};
use people_sim::{Sim, SimOptions};
use serde_json::Value;

use crate::world::key_pem;

/// Where the recorded documents are, or that they are not here.
pub(crate) fn vectors() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = std::env::var_os("PEOPLE_VECTORS").map_or(beside, PathBuf::from).join("gdata");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors; set PEOPLE_VECTORS");
    None
}

/// What fills a path and a query, by name.
pub(crate) type Values<'a> = &'a [(&'a str, &'a str)];

/// Pretend clouds.
pub(crate) async fn sim() -> Sim {
    Sim::start(SimOptions { key_pem: Some(key_pem()), delegation: true, ..SimOptions::default() })
        .await
        .expect("the pretend clouds start")
}

/// A client of the API at `base`.
pub(crate) struct Client {
    pub(crate) host: Native,
    pub(crate) wires: Wires<Rs256>,
    used: Mutex<BTreeSet<String>>,
}

impl Client {
    /// With these further lines of `[gapps]`.
    pub(crate) fn new(sim: &Sim, base: &str, lines: &str) -> Self {
        let config = format!(
            "[cloudm]\ndomain = \"example.com\"\nbase_url = \"{}\"\n[google]\ncredentials = \"key.json\"\n\
             [gapps]\nbase_url = \"{base}\"\nadmin = \"admin@example.com\"\npassword = {{ env = \"GAPPS\" }}\n{lines}\n",
            sim.urls().cloudm
        );
        let config = Config::parse(&config).unwrap_or_else(|error| panic!("{error}"));
        let key = ServiceAccountKey::parse(sim.key_json().as_bytes()).expect("a key");
        let signer = Rs256::new(&key).expect("a signer");
        let secret = |_: &SecretRef| Ok(Secret::from(SimOptions::default().gapps_password.as_str()));
        let wires =
            Wires::new(&config, &secret, &Account::new(key, signer)).expect("the configuration works");
        let host = Native::new(Clock::default(), Duration::from_secs(20), 100_000).expect("a host");
        Self { host, wires, used: Mutex::default() }
    }

    /// With ClientLogin.
    pub(crate) fn login(sim: &Sim, base: &str) -> Self {
        Self::new(sim, base, "")
    }

    pub(crate) async fn send(
        &self,
        op: &str,
        values: &[(&str, &str)],
        body: Option<&Members>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let known = operation(op).unwrap_or_else(|| panic!("no operation {op}"));
        self.used.lock().unwrap().insert(known.name.to_owned());
        let call = known.call(values, body).unwrap_or_else(|error| panic!("{op}: {error}"));
        self.wires.send(&self.host, &call).await
    }

    /// Sends an operation and judges the answer.
    pub(crate) async fn call(&self, op: &str, values: &[(&str, &str)], body: Value) -> Verdict<Value> {
        let known = operation(op).unwrap_or_else(|| panic!("no operation {op}"));
        let call = known.call(values, body.as_object()).unwrap_or_else(|error| panic!("{op}: {error}"));
        match self.send(op, values, body.as_object()).await {
            Ok(answer) => judge(&call, &answer).map(|Answer(value)| value),
            Err(NoAnswer::NotSent(not)) => Verdict::Again { after_s: not.after_s, why: not.why },
            Err(NoAnswer::Unanswered(why)) => Verdict::Unknown { why },
        }
    }

    /// Sends an operation that has to succeed.
    #[track_caller]
    pub(crate) fn done<'a>(
        &'a self,
        op: &'a str,
        values: &'a [(&'a str, &'a str)],
        body: Value,
    ) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            match self.call(op, values, body).await {
                Verdict::Done { answer } => answer,
                verdict => panic!("{op} at {place}: {verdict:?}"),
            }
        }
    }

    /// Sends an operation that has to fail, and tells in which way: the family, and what the server said.
    pub(crate) async fn fails(&self, op: &str, values: &[(&str, &str)], body: Value) -> String {
        match self.call(op, values, body).await {
            Verdict::Done { .. } => panic!("{op} is done"),
            verdict => {
                let why = verdict.why().expect("it is not done");
                format!("{:?} {}", why.kind, why.detail.clone().unwrap_or_default()).trim_end().to_owned()
            }
        }
    }

    /// All entries of a feed, and how many pages it had; or what went wrong.
    pub(crate) async fn all(
        &self,
        op: &str,
        values: &[(&str, &str)],
    ) -> Result<(Vec<Members>, usize), String> {
        let known = operation(op).expect("an operation");
        self.used.lock().unwrap().insert(known.name.to_owned());
        let mut pages = Pages::new(known.call(values, None).expect("a call"));
        let (mut all, mut count) = (Vec::new(), 0);
        while let Some(call) = pages.next() {
            let answer = match self.wires.send(&self.host, call).await {
                Ok(answer) => answer,
                Err(error) => return Err(format!("{error:?}")),
            };
            let answer = match judge(call, &answer) {
                Verdict::Done { answer } => answer,
                verdict => return Err(verdict.why().expect("it is not done").to_string()),
            };
            count += 1;
            all.extend(pages.accept(answer).map_err(|error| error.to_string())?);
        }
        Ok((all, count))
    }

    /// Every operation that was sent.
    pub(crate) fn used(&self) -> BTreeSet<String> {
        self.used.lock().unwrap().clone()
    }
}
