//! `people demo`: the whole bridge in one process on loopback. Pretend clouds, server, SQLite in a temporary folder, and deliveries
//! signed as the vendors sign them, over real HTTP. Every outcome is checked.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use people_core::bridge::{Decided, Decision};
use people_core::host::Host;
use people_core::journal::{Filter, Journal, Status};
use people_model::DeliveryId;
use people_model::time::Timestamp;
use people_sim::{Fault, FaultKind, Sim, SimOptions};
use serde_json::Value;

use crate::host::Clock;
use crate::load::{self, NativeBridge};
use crate::server::Server;

mod provisioning;
mod script;
mod sender;

use script::{Act, Human, SCRIPT, START};
use sender::Sender;

/// How long one act may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs the demonstration. `keep` leaves everything running afterwards. Says whether every outcome was the expected one.
///
/// # Errors
/// When something that the demonstration stands on fails: a port, the temporary folder.
pub async fn run(keep: bool) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let folder = tempfile::Builder::new().prefix("people-demo-").tempdir()?;
    let start: Timestamp = START.parse()?;
    let sim = Arc::new(Sim::start(SimOptions { now: Some(start), ..SimOptions::default() }).await?);
    let config = prepare(folder.path(), &sim)?;
    let clock = Clock::default();
    clock.set(start);
    let stage = Stage::set(&config, &sim, &clock).await?;

    let mut failed = 0;
    for (n, act) in SCRIPT.iter().enumerate() {
        failed += usize::from(!stage.play(n + 1, act).await?);
    }
    let other = Stage::set(&folder.path().join("gapps.toml"), &sim, &clock).await?;
    for (n, act) in provisioning::SCRIPT.iter().enumerate() {
        failed += usize::from(!other.play(SCRIPT.len() + n + 1, act).await?);
    }
    other.server.stop().await;
    let mut out = std::io::stdout();
    let total = SCRIPT.len() + provisioning::SCRIPT.len();
    writeln!(out, "accounts in the pretend CloudM:")?;
    for (address, profile) in &stage.sim.state().users {
        let show = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let off = if show("deprovisioned").is_empty() { "" } else { "offboarded" };
        writeln!(out, "      {address:<28} {:<16} {:<12} {off}", show("title"), show("employeeId"))?;
    }
    writeln!(out, "\n{} of {total} as expected", total - failed)?;
    if keep {
        writeln!(out, "\nbridge     http://{}/  (user: any, password: demo-admin)", stage.server.addr())?;
        writeln!(out, "config     {}", config.display())?;
        writeln!(out, "clouds     {}", serde_json::to_string(&stage.sim.urls())?)?;
        writeln!(out, "Ctrl-C ends it.")?;
        out.flush()?;
        tokio::signal::ctrl_c().await?;
    }
    stage.server.stop().await;
    Ok(failed == 0)
}

/// Writes the configuration and its secrets into the folder.
fn prepare(folder: &std::path::Path, sim: &Sim) -> std::io::Result<std::path::PathBuf> {
    let urls = sim.urls();
    let text =
        include_str!("people.toml").replace("{cloudm}", &urls.cloudm).replace("{bamboohr}", &urls.bamboohr);
    let path = folder.join("people.toml");
    std::fs::write(&path, text)?;
    let other = include_str!("gapps.toml").replace("{gapps}", &urls.gapps);
    std::fs::write(folder.join("gapps.toml"), other)?;
    std::fs::write(folder.join("gapps-password"), SimOptions::default().gapps_password)?;
    std::fs::write(folder.join("key.json"), sim.key_json())?;
    for (file, secret) in sender::SECRETS {
        std::fs::write(folder.join(file), secret)?;
    }
    std::fs::write(folder.join("bamboohr-api-key"), SimOptions::default().bamboohr_key)?;
    std::fs::write(folder.join("admin-token"), "demo-admin")?;
    Ok(path)
}

struct Stage {
    sim: Arc<Sim>,
    bridge: Arc<NativeBridge>,
    clock: Clock,
    server: Server,
    sender: Sender,
}

impl Stage {
    /// A bridge over this configuration, and somebody who sends to it.
    async fn set(
        config: &std::path::Path,
        sim: &Arc<Sim>,
        clock: &Clock,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let bridge = Arc::new(load::bridge(config, clock.clone())?);
        let server = Server::start(bridge.clone(), "127.0.0.1:0").await?;
        let sender = Sender::new(server.addr())?;
        Ok(Self { sim: sim.clone(), bridge, clock: clock.clone(), server, sender })
    }

    /// Plays one act and prints it. Says whether it went as expected.
    async fn play(&self, n: usize, act: &Act) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut out = std::io::stdout();
        writeln!(out, "{n:2}. {}", act.title)?;
        let before = self.sim.calls(0).last().map_or(0, |call| call.n);
        if let Some(to) = act.clock {
            let to: Timestamp = to.parse()?;
            self.clock.set(to);
            self.sim.set_now(to);
            writeln!(out, "      it is {to}")?;
        }
        for employee in act.employees {
            let employee: Value = serde_json::from_str(employee)?;
            self.sim.put_employee(employee)?;
        }
        for user in act.users {
            let user: Value = serde_json::from_str(user)?;
            self.sim.seed_user(user)?;
        }
        for (method, path, kind) in act.faults {
            let fault = match kind {
                0 => Fault::on(*path, FaultKind::LostAnswer),
                status => Fault::status(*path, *status),
            };
            self.sim.add_fault(Fault { method: Some((*method).to_owned()), ..fault.times(1) })?;
        }
        let mut status = 0;
        let mut delivery = None;
        if let Some(sent) = &act.sends {
            let (code, id) = self.sender.send(sent, self.clock.now()).await?;
            writeln!(out, "      POST /hooks/{} -> {code}", sent.source)?;
            status = code;
            delivery = id;
        }
        if let Some(human) = &act.human {
            let note = self.decide(human).await?;
            writeln!(out, "      {note}")?;
        }
        self.server.nudge();
        let quiet = self.quiet().await?;
        let rows = match &delivery {
            Some(id) => self.rows(id).await?,
            None => Vec::new(),
        };
        for row in &rows {
            writeln!(out, "      {:<10} {} {}", row.0, row.1, row.2)?;
        }
        let mut did = Vec::new();
        let directory = |api: &str, op: &str| api == "cloudm" || (api == "gapps" && op != "login");
        for call in self.sim.calls(before) {
            if !call.effect || !directory(&call.api, &call.op) {
                continue;
            }
            let answer = if call.status == 0 { "answer lost".to_owned() } else { call.status.to_string() };
            writeln!(out, "      {:<18} {} {} -> {answer}", call.op, call.method, call.path)?;
            did.push(call.op.to_string());
        }
        let outcome = match rows.last() {
            Some((_, _, outcome)) => outcome.clone(),
            None => self.latest(act.person).await?,
        };
        let fine = quiet && did == act.calls && outcome.contains(act.outcome) && status == act.status;
        let shown = if outcome.is_empty() { "nothing kept" } else { &outcome };
        writeln!(out, "      => {shown}{}\n", if fine { "" } else { "   UNEXPECTED" })?;
        if !fine {
            writeln!(
                out,
                "      expected HTTP {}, calls {:?}, outcome {:?}; quiet: {quiet}\n",
                act.status, act.calls, act.outcome
            )?;
        }
        Ok(fine)
    }

    /// Decides about the one thing that is held.
    async fn decide(&self, human: &Human) -> Result<String, Box<dyn Error + Send + Sync>> {
        let held = Filter { status: Some(Status::Held), ..Filter::default() };
        let rows = self.bridge.journal.events(&held).await?;
        let Some(row) = rows.first() else { return Ok("nothing is held".into()) };
        let (decision, word) = match human {
            Human::Approve => (Decision::Approve(None), "approve"),
            Human::Reject => (Decision::Reject, "reject"),
        };
        let decided = self.bridge.decide(&row.person, decision).await?;
        let note = if decided == Decided::Done { "" } else { " (not possible)" };
        Ok(format!("people held {word} {}{note}", row.person))
    }

    /// Waits until nothing is left to do now.
    async fn quiet(&self) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..PATIENCE.as_millis() / 10 {
            ticks.tick().await;
            let stats = self.bridge.journal.stats().await?;
            let next = self.bridge.journal.next_due().await?;
            let open: u64 = stats.events.iter().take(2).sum();
            if stats.backlog == 0 && open == 0 && next.is_none_or(|due| due > self.bridge.host.now()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The lines of a delivery's events: kind, person, status and note.
    async fn rows(
        &self,
        id: &DeliveryId,
    ) -> Result<Vec<(String, String, String)>, Box<dyn Error + Send + Sync>> {
        let filter = Filter { id: Some(id.to_string()), ..Filter::default() };
        let mut rows = self.bridge.journal.events(&filter).await?;
        rows.reverse();
        Ok(rows
            .into_iter()
            .map(|row| (row.kind, row.person, format!("{}: {}", row.status.as_str(), row.note)))
            .collect())
    }

    /// The outcome of the latest event of the person with this HR id.
    async fn latest(&self, person: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        if person.is_empty() {
            return Ok(String::new());
        }
        let key: people_model::PersonKey = format!("example.com/{person}").parse()?;
        let filter = Filter { person: Some(key.tag()), ..Filter::default() };
        let rows = self.bridge.journal.events(&filter).await?;
        Ok(rows.first().map(|row| format!("{}: {}", row.status.as_str(), row.note)).unwrap_or_default())
    }
}
