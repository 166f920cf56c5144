//! A bridge over the journal in memory and the pretend clouds, on a clock that only moves when it is told to, and a fuse that ends it at
//! any operation.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::join_all;
use people::host::{Clock, Native};
use people_auth::{Rs256, ServiceAccountKey};
use people_core::bridge::Bridge;
use people_core::config::{Config, SecretRef};
use people_core::journal::memory::Memory;
use people_core::journal::{Filter, Journal, Status};
use people_core::wire::{Account, Wires};
use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};
use people_sim::{Sim, SimOptions, Workflow, WorkflowKind, WorkflowState};
use serde_json::{Value, json};

use super::fuse::{Blow, Book, Carrier, Fuse, Time};
use super::history::{History, Post, Said};
use super::rehearsal;
use super::which::{self, Which};
use crate::world::{HR_SECRET, START, hmac256, key_pem, person_key};

/// What is due within this time of the present is waited for: retries, and the lease of a bridge that has died. First days and last
/// days are not.
const HORIZON: SignedDuration = SignedDuration::from_mins(30);

pub(super) type RigBridge = Bridge<Carrier, Book, Rs256>;

thread_local! {
    /// The network of this thread's test, shared: setting one up reads the machine's certificates.
    static NATIVE: RefCell<Option<Rc<Native>>> = const { RefCell::new(None) };
}

fn native() -> Rc<Native> {
    let new =
        || Native::new(Clock::default(), std::time::Duration::from_secs(20), 1_000_000).expect("a client");
    NATIVE.with_borrow_mut(|native| native.get_or_insert_with(|| Rc::new(new())).clone())
}

/// Clouds, a journal, and a bridge over them that can be replaced.
pub(super) struct Rig {
    pub(super) sim: Sim,
    which: Which,
    pub(super) bridge: RigBridge,
    memory: Rc<Memory>,
    native: Rc<Native>,
    time: Time,
    fuse: Rc<Fuse>,
    config: String,
    /// Whether several people are driven at once.
    at_once: bool,
    /// Whether everybody is rehearsed before they are driven, and both are compared.
    rehearsing: bool,
    deaths: u32,
    /// Who accepts an invitation as soon as they have one.
    accepting: BTreeSet<String>,
}

impl Rig {
    /// A rig with this directory.
    pub(super) async fn of(which: Which, seed: u64) -> Self {
        let gapps_keeps_nickname = which != Which::Deleting;
        let options = SimOptions { seed, gapps_keeps_nickname, ..SimOptions::default() };
        Self { which, ..Self::with(&which.config(), options).await }
    }

    /// A rig with this configuration; `{cloudm}` and `{ccai}` are filled in.
    pub(super) async fn with(config: &str, options: SimOptions) -> Self {
        let start: Timestamp = START.parse().expect("a moment");
        let options = SimOptions { now: Some(start), key_pem: Some(key_pem()), ..options };
        let sim = Sim::start(options).await.expect("the pretend clouds start");
        let (memory, native, time) = (Rc::default(), native(), Time::starting_at(start));
        let fuse = Rc::<Fuse>::default();
        let urls = sim.urls();
        let config = config.replace("{cloudm}", &urls.cloudm).replace("{ccai}", &urls.ccai);
        let config = config.replace("{cloudidentity}", &urls.cloudidentity).replace("{gapps}", &urls.gapps);
        let bridge = bridge(&config, &sim, &memory, &native, &time, &fuse);
        Self {
            sim,
            which: Which::Cloudm,
            bridge,
            memory,
            native,
            time,
            fuse,
            config,
            at_once: false,
            rehearsing: false,
            deaths: 0,
            accepting: BTreeSet::new(),
        }
    }

    /// From now on several people are driven at once.
    pub(super) fn drive_at_once(&mut self) {
        self.at_once = true;
    }

    /// From now on everybody is rehearsed before they are driven.
    pub(super) fn rehearse_first(&mut self) {
        self.rehearsing = true;
    }

    /// A rig whose first bridge dies.
    pub(super) async fn doomed(which: Which, blow: Blow) -> Self {
        let mut rig = Self::of(which, 0).await;
        rig.light(Fuse::blowing(blow));
        rig
    }

    /// How many operations the fuse has counted.
    pub(super) fn operations(&self) -> u64 {
        self.fuse.count()
    }

    /// Whether the bridge died on the way.
    pub(super) fn died(&self) -> bool {
        self.deaths > 0
    }

    fn set_now(&self, to: Timestamp) {
        self.time.set(to);
        self.sim.set_now(to);
    }

    /// Plays a whole history; `order` makes of each batch what is really sent. Two months after
    /// the last batch all first and last days are past, and all workflows over.
    pub(super) async fn play(&mut self, history: &History, mut order: impl FnMut(Vec<Post>) -> Vec<Post>) {
        let start: Timestamp = START.parse().expect("a moment");
        let mut last = start;
        for (n, (now, posts)) in history.posts(start).into_iter().enumerate() {
            // Time never goes back: two batches on one day come right after each other.
            self.set_now(now.max(self.time.now()));
            self.own_accounts(history, n);
            self.settle().await;
            for (id, body) in order(posts) {
                self.deliver(&id, &body).await;
            }
            self.settle().await;
            last = now;
        }
        self.end(last).await;
    }

    /// What people do with accounts of their own before the deliveries of a batch come.
    fn own_accounts(&mut self, history: &History, batch: usize) {
        for (address, said) in history.own_accounts(batch) {
            match said {
                Said::Accepts => _ = self.accepting.insert(address),
                _ => self.sim.seed_consumer(json!({"email": address})).expect("an account"),
            }
        }
        self.accept();
    }

    /// Whoever accepts and has an invitation does so.
    fn accept(&mut self) {
        let sim = &self.sim;
        self.accepting.retain(|address| !sim.answer_invitation(address, true));
    }

    /// Two months pass.
    async fn end(&mut self, last: Timestamp) {
        for days in [1, 30, 60] {
            self.set_now(last + SignedDuration::from_hours(24) * days);
            self.accept();
            self.settle().await;
        }
    }

    /// Plays a history with a bridge that dies in every batch, at this operation if it gets so far; then the next batch comes at once.
    pub(super) async fn hurry(&mut self, history: &History, blows: &[Blow]) {
        let start: Timestamp = START.parse().expect("a moment");
        let mut last = start;
        for (n, ((now, posts), blow)) in
            history.posts(start).into_iter().zip(blows.iter().cycle()).enumerate()
        {
            self.set_now(now.max(self.time.now()));
            self.own_accounts(history, n);
            for (id, body) in posts {
                self.deliver(&id, &body).await;
            }
            self.light(Fuse::blowing(*blow));
            loop {
                match self.fuse.survive(self.round()).await {
                    Some(true) => break,
                    Some(false) => {}
                    None => break self.revive().await,
                }
            }
            self.light(Fuse::default());
            last = now;
        }
        self.end(last).await;
    }

    /// Works until nothing is left to do now, dying at each of these operations, one life after the other.
    pub(super) async fn live_and_die(&mut self, blows: &[Blow]) {
        for blow in blows {
            self.light(Fuse::blowing(*blow));
            loop {
                match self.fuse.survive(self.round()).await {
                    Some(true) => break,
                    Some(false) => {}
                    None => break self.revive().await,
                }
            }
        }
        self.light(Fuse::default());
        self.settle().await;
    }

    /// The present time, of the bridge and of the clouds.
    pub(super) fn pass(&self, by: SignedDuration) {
        self.set_now(self.time.now() + by);
    }

    /// How often the bridge died.
    pub(super) fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Sends a delivery until it is acknowledged, as a sender does.
    pub(super) async fn deliver(&mut self, id: &str, body: &str) {
        for _ in 0..3 {
            let request = signed(id, body.as_bytes(), self.time.now());
            match self.fuse.survive(self.bridge.serve(request)).await {
                Some(served) => return assert_eq!(served.response.status(), 200, "{id}"),
                None => self.revive().await,
            }
        }
        panic!("a delivery is not acknowledged");
    }

    /// Works until nothing is left to do now.
    pub(super) async fn settle(&mut self) {
        for _ in 0..20_000 {
            match self.fuse.survive(self.round()).await {
                Some(true) => return,
                Some(false) => {}
                None => self.revive().await,
            }
        }
        let rows = self.memory.events(&Filter::default()).await.expect("infallible");
        let next = self.memory.next_due().await.expect("infallible");
        let log = self.memory.read(&person_key("hr/1")).await.expect("infallible");
        panic!("not settled at {}, next is {next:?}: {rows:#?} {log:#?}", self.time.now());
    }

    /// Sorts, drives whoever is due; where nobody is, waits for what is due soon. `true`: nothing is.
    async fn round(&self) -> bool {
        let (bridge, time) = (&self.bridge, &self.time);
        while bridge.sort().await.expect("infallible") > 0 {}
        let due = bridge.journal.due(time.now(), 100).await.expect("infallible");
        if self.at_once {
            join_all(due.iter().map(|person| bridge.drive(person))).await;
        } else if let Some(person) = due.first().filter(|_| self.rehearsing) {
            rehearsal::compare(bridge, &self.sim, person).await;
        } else if let Some(person) = due.first() {
            bridge.drive(person).await.expect("infallible");
        }
        if !due.is_empty() {
            return false;
        }
        let now = time.now();
        match bridge.journal.next_due().await.expect("infallible") {
            Some(next) if next <= now + HORIZON => {
                self.set_now(next.max(now));
                false
            }
            _ => true,
        }
    }

    /// A fresh process over the same files.
    async fn revive(&mut self) {
        self.deaths += 1;
        self.light(Fuse::default());
        self.memory.recover(self.time.now()).await.expect("infallible");
    }

    fn light(&mut self, fuse: Fuse) {
        self.fuse = Rc::new(fuse);
        self.bridge = bridge(&self.config, &self.sim, &self.memory, &self.native, &self.time, &self.fuse);
    }

    /// Drives everybody whom HR has named once more; says what changed by it.
    pub(super) async fn drive_all(&self) -> Vec<String> {
        let (calls, mut changed) = (self.sim.calls(0).len() as u64, Vec::new());
        for person in 1..=3 {
            let key = person_key(&format!("hr/{person}"));
            let before = self.memory.read(&key).await.expect("infallible");
            if before.is_empty() {
                continue;
            }
            self.bridge.drive(&key).await.expect("infallible");
            let after = self.memory.read(&key).await.expect("infallible");
            changed.extend(after.iter().skip(before.len()).map(|entry| format!("{person} writes {entry:?}")));
        }
        let effects = self
            .sim
            .calls(calls)
            .into_iter()
            .filter(|call| call.effect && call.api != "token" && call.op != "login");
        changed.extend(effects.map(|call| format!("{} {}", call.op, call.path)));
        changed
    }

    /// What can be seen of the clouds: the profiles, without what differs from run to run, and what is held of people.
    pub(super) async fn picture(&self) -> BTreeMap<String, Value> {
        let state = self.sim.state();
        let workflow = |id: &str| {
            let found = state.workflows.iter().find(|workflow| workflow.id == id);
            found.map_or_else(|| "none".to_owned(), |found| format!("{:?} {:?}", found.kind, found.state))
        };
        let mut picture = which::accounts(&state);
        for (address, profile) in &state.users {
            let mut profile = profile.clone();
            profile.remove("passwordUpdated");
            if let Some(id) = profile.get("workflowId").and_then(Value::as_str).map(workflow) {
                profile.insert("workflowId".into(), json!(id));
            }
            if let Some(since) = profile.get_mut("deprovisioned") {
                *since = json!(since.as_str().map(|since| since.split('T').next()));
            }
            picture.insert(address.clone(), json!(profile));
        }
        for mut invitation in state.invitations {
            invitation.as_object_mut().and_then(|members| members.remove("updateTime"));
            picture.insert(format!("invitation of {}", invitation["email"]), invitation);
        }
        for row in self.memory.events(&Filter { limit: 1000, ..Filter::default() }).await.expect("infallible")
        {
            if row.status != Status::Settled {
                picture.insert(format!("{} {}", row.person, row.status.as_str()), json!(row.note));
            }
        }
        picture
    }

    /// Asserts that the clouds show the end of this history, whatever way led there, and that nobody has two accounts.
    pub(super) fn assert_end(&self, history: &History) {
        let (state, once) = (self.sim.state(), self.once());
        if self.which != Which::Cloudm {
            return which::assert_end(&state, &once, history);
        }
        for end in history.ends() {
            let profile = state.users.get(&end.address);
            let off = profile.is_none_or(|profile| {
                profile.get("suspended") == Some(&json!(true)) || profile.contains_key("deprovisioned")
            });
            assert_eq!(off, end.works.is_none(), "{} has access, or has not: {profile:?}", end.address);
            for (name, value) in end.works.iter().flatten() {
                let shown = profile.and_then(|profile| profile.get(name)).unwrap_or(&Value::Null);
                assert_eq!(shown, value, "{name} of {}", end.address);
            }
            let offboards =
                once.get(&format!("users.offboard /_ah/api/people/v4/example.com/{}/offboard", end.address));
            assert!(
                offboards.is_none_or(|count| *count <= end.leaves),
                "{} of {}",
                offboards.unwrap(),
                end.address
            );
        }
        let makes = |call: &str| call.starts_with("users.create") || call.starts_with("users.schedule");
        let made: usize = once.iter().filter(|(call, _)| makes(call)).map(|(_, count)| count).sum();
        let accepted = state.invitations.iter().filter(|one| one["state"] == "ACCEPTED").count();
        let ended = |workflow: &&Workflow| {
            (workflow.kind, workflow.state) == (WorkflowKind::Onboard, WorkflowState::Aborted)
        };
        let unmade = state.workflows.iter().filter(ended).count();
        assert_eq!(made - unmade + accepted, state.users.len(), "accounts: {:?}", state.users.keys());
        let ids: BTreeSet<_> =
            state.users.values().map(|profile| profile.get("employeeId").map(Value::to_string)).collect();
        assert_eq!(ids.len(), state.users.len(), "worker ids: {ids:?}");
    }

    /// How often what may be done once was done.
    pub(super) fn once(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.sim.calls(0).into_iter().filter(|call| call.effect) {
            if self.which.once().contains(&&*call.op) {
                *counts.entry(format!("{} {}", call.op, call.path)).or_default() += 1;
            }
        }
        counts
    }
}

fn bridge(
    config: &str,
    sim: &Sim,
    memory: &Rc<Memory>,
    native: &Rc<Native>,
    time: &Time,
    fuse: &Rc<Fuse>,
) -> RigBridge {
    let config = Config::parse(config).expect("the configuration");
    let secrets = |reference: &SecretRef| {
        Ok(match reference {
            SecretRef::File(file) if file == "ccai" => Secret::from(SimOptions::default().ccai.token),
            SecretRef::File(file) if file == "gapps" => Secret::from(SimOptions::default().gapps_password),
            _ => Secret::from(format!("whsec_{}", STANDARD.encode(HR_SECRET))),
        })
    };
    let key = ServiceAccountKey::parse(sim.key_json().as_bytes()).expect("the key");
    let signer = Rs256::new(&key).expect("the key signs");
    let host = Carrier { native: native.clone(), time: time.clone(), fuse: fuse.clone() };
    let journal = Book { memory: memory.clone(), fuse: fuse.clone() };
    let wires = Wires::new(&config, &secrets, &Account::new(key, signer)).expect("the ways");
    Bridge::new(config, &secrets, host, journal, wires).expect("the configuration works")
}

/// A delivery to `hr`, signed.
pub(super) fn signed(id: &str, body: &[u8], now: Timestamp) -> http::Request<Bytes> {
    let stamp = now.as_second().to_string();
    let mac = hmac256(HR_SECRET, &[id.as_bytes(), b".", stamp.as_bytes(), b".", body]);
    http::Request::post("/hooks/hr")
        .header("webhook-id", id)
        .header("webhook-timestamp", &stamp)
        .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac)))
        .body(Bytes::copy_from_slice(body))
        .expect("a request")
}

/// Runs a test on one thread.
pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}
