//! Many people, many deliveries, a network that fails and a server that dies: nothing is lost, nothing is done twice, and memory stays
//! flat. `SOAK_SEED` repeats a run, `SOAK_PEOPLE` makes it larger or smaller.
#![cfg(test)]

mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use people_core::journal::Journal;
use people_model::time::Timestamp;
use people_model::{Entry, Verdict};
use people_sim::{Fault, FaultBody, FaultKind, RetryAfter, SimOptions, State, WorkflowKind, WorkflowState};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::script::{Dice, Fate, Post, Script, address};
use crate::world::{CONFIG, START, World, person_key};

/// Kinds of faults; together they meet one call in twenty.
fn faults() -> [Fault; 7] {
    let rate = |fault: Fault| Fault { rate: Some(0.0073), ..fault };
    [
        rate(Fault::status("", 503)),
        rate(Fault { retry_after: Some(RetryAfter::Seconds(1)), ..Fault::status("", 429) }),
        rate(Fault { body: FaultBody::Html, ..Fault::status("", 500) }),
        rate(Fault::on("", FaultKind::Drop)),
        rate(Fault::on("", FaultKind::LostAnswer)),
        rate(Fault::on("", FaultKind::ExpireToken)),
        rate(Fault { delay_ms: Some(100), ..Fault::on("", FaultKind::Delay) }),
    ]
}

/// How large a soak is.
struct Scale {
    people: usize,
    senders: usize,
    /// How often the server dies in a phase.
    deaths: usize,
    /// By how much the process's own memory may grow after the first phase, in MiB.
    growth: u64,
    patience: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_small() {
    let patience = Duration::from_secs(60);
    soak(Scale { people: 120, senders: 8, deaths: 1, growth: 48, patience }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask soak"]
async fn soak_full() {
    let asked = std::env::var("SOAK_PEOPLE").ok().and_then(|people| people.parse().ok());
    let patience = Duration::from_secs(300);
    soak(Scale { people: asked.unwrap_or(2000), senders: 32, deaths: 2, growth: 64, patience }).await;
}

async fn soak(scale: Scale) {
    let seed = std::env::var("SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("SOAK_SEED={seed}, {} people", scale.people);
    let began = Instant::now();
    let script = script::write(scale.people, &mut Dice(seed));
    let config = CONFIG.replace("rate = 10000", "rate = 1000000\nconcurrency = 64");
    let config = format!("{config}[policy.breaker]\ncount = 1000000\nminimum = 1000000\n");
    let mut world = World::with(&config, SimOptions { seed, ..SimOptions::default() }).await;
    for fault in faults() {
        world.sim.add_fault(fault).expect("a fault");
    }
    let mut memory = Vec::new();
    for posts in &script.phases {
        for part in posts.chunks(posts.len().div_ceil(scale.deaths + 1)) {
            send(&world, part, scale.senders).await;
            // Dies with most of it to do.
            world.restart().await;
        }
        quiet(&world, scale.patience).await;
        memory.push(Memory::now());
    }
    let sent = began.elapsed();
    // All first and last days are past.
    let later: Timestamp = START.parse().expect("a moment");
    world.set_now(&(later + people_model::time::SignedDuration::from_hours(24 * 30)).to_string());
    quiet(&world, scale.patience).await;
    memory.push(Memory::now());

    let state = world.sim.state();
    nothing_is_lost(&world, &script, &state).await;
    nothing_is_done_twice(scale.people, &state);
    print(&world, &script, &state, began, sent).await;
    for (name, memory) in ["first phase", "second phase", "third phase", "end"].iter().zip(&memory) {
        println!("memory, {name:<18} {:>6} MiB own, {:>4} MiB of files", memory.own, memory.files);
    }
    let grown = memory[3].own.saturating_sub(memory[0].own);
    assert!(grown <= scale.growth, "memory grew by {grown} MiB");
}

async fn send(world: &World, posts: &[Post], senders: usize) {
    let deliver = async |post: &Post| {
        let reply = world.hr(&post.id, &post.body).await;
        assert_eq!(reply.status, 200, "{}: {reply:?}", post.id);
    };
    stream::iter(posts).map(deliver).buffer_unordered(senders).collect::<Vec<()>>().await;
}

/// Waits until nothing is left to do now.
async fn quiet(world: &World, patience: Duration) {
    let deadline = Instant::now() + patience;
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let stats = world.bridge.journal.stats().await.expect("the journal answers");
        let [queued, working, ..] = stats.events;
        let next = world.bridge.journal.next_due().await.expect("the journal answers");
        if stats.backlog + queued + working == 0 && next.is_none_or(|due| due > world.clock.now()) {
            return;
        }
        assert!(Instant::now() < deadline, "not quiet in {patience:?}: {stats:?}");
    }
}

/// Every event is in the journal, settled; and what the last word of each member says is in the cloud.
async fn nothing_is_lost(world: &World, script: &Script, state: &State) {
    let stats = world.bridge.journal.stats().await.expect("the journal answers");
    assert_eq!(
        stats.events,
        [0, 0, 0, 0, script.events as u64, 0],
        "queued, working, waiting, held, settled, dead"
    );
    for (person, said) in script.profiles.iter().enumerate() {
        let (fate, profile) = (Fate::of(person), state.users.get(&address(person)));
        let off = profile.is_none_or(|profile| {
            profile.get("suspended") == Some(&json!(true)) || profile.contains_key("deprovisioned")
        });
        assert_eq!(off, !fate.works(), "{person} {fate:?} has access, or has not: {profile:?}");
        let Some(profile) = profile.filter(|_| fate.works()) else { continue };
        assert_eq!(profile.get("employeeId"), Some(&json!(person.to_string())));
        for (name, value) in said {
            let shown = profile.get(name).unwrap_or(&Value::Null);
            assert_eq!(shown, value, "{name} of {person}, who {fate:?}");
        }
    }
}

/// As many accounts were made as there are to be, and as many offboardings begun as there were leaves.
fn nothing_is_done_twice(people: usize, state: &State) {
    let effective = |op: &str| state.calls.iter().filter(|call| call.effect && call.op == op).count();
    let made = (0..people).map(|person| Fate::of(person).made()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    assert_eq!((effective("users.create"), effective("users.schedule")), made, "created, scheduled");
    let taken_back = |state: &State| {
        let ended = (WorkflowKind::Onboard, WorkflowState::Aborted);
        state.workflows.iter().filter(|workflow| (workflow.kind, workflow.state) == ended).count()
    };
    assert_eq!(state.users.len(), made.0 + made.1 - taken_back(state), "accounts");
    let mut offboardings: BTreeMap<&str, usize> = BTreeMap::new();
    for call in state.calls.iter().filter(|call| call.effect && call.op == "users.offboard") {
        *offboardings.entry(call.path.split('/').nth(6).unwrap_or_default()).or_default() += 1;
    }
    for person in 0..people {
        let (least, most) = Fate::of(person).offboardings();
        let count = offboardings.remove(address(person).as_str()).unwrap_or(0);
        assert!((least..=most).contains(&count), "{count} offboardings of {person}, {:?}", Fate::of(person));
    }
    assert!(offboardings.is_empty(), "{offboardings:?}");
}

/// The resident set in MiB: the process's own pages, and those of mapped files (the journal's among them). The pretend clouds, which keep
/// every call, live in the same process, so that some growth is theirs. Zero where the machine does not tell.
struct Memory {
    own: u64,
    files: u64,
}

impl Memory {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
        };
        Self { own: mib("RssAnon:"), files: mib("RssFile:") }
    }
}

async fn print(world: &World, script: &Script, state: &State, began: Instant, sent: Duration) {
    let row = |name: &str, value: String| println!("{name:<28} {value:>10}");
    let posts: usize = script.phases.iter().map(Vec::len).sum();
    row("deliveries", posts.to_string());
    row("  of these duplicates", script.duplicates.to_string());
    row("events", script.events.to_string());
    let mut calls: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for call in &state.calls {
        let counts = calls.entry(&call.op).or_default();
        counts.0 += 1;
        counts.1 += usize::from(call.effect);
    }
    row("calls", state.calls.len().to_string());
    for (op, (all, effective)) in &calls {
        row(&format!("  {op}"), format!("{all}, {effective} with effect"));
    }
    let (mut unknown, mut again, mut stalled) = (0, 0, 0);
    for person in 0..script.profiles.len() {
        let key = person_key(&format!("hr/{person}"));
        for entry in world.bridge.journal.read(&key).await.expect("the journal answers") {
            match entry {
                Entry::Judged { verdict: Verdict::Unknown { .. }, .. } => unknown += 1,
                Entry::Judged { verdict: Verdict::Again { .. }, .. } => again += 1,
                Entry::Stalled { .. } => stalled += 1,
                _ => {}
            }
        }
    }
    let faults = world.sim.faults();
    row("faults met", faults.iter().map(|fault| fault.met).sum::<u64>().to_string());
    for fault in &faults {
        let status = fault.fault.status.map(|status| format!(" {status}")).unwrap_or_default();
        row(&format!("  {:?}{status}", fault.fault.kind), fault.met.to_string());
    }
    row("tried again: outcome unknown", unknown.to_string());
    row("tried again: not done", again.to_string());
    row("tried again: looks", stalled.to_string());
    row("seconds until all is done", format!("{:.1}", sent.as_secs_f64()));
    row("seconds in all", format!("{:.1}", began.elapsed().as_secs_f64()));
}
