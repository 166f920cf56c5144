//! `people serve` and `people sim`: what runs until it is stopped.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use people_sim::{Sim, SimOptions};
use serde_json::Value;

use crate::exit::{Exit, Fail};
use crate::host::Clock;
use crate::load;
use crate::report::{print, say};
use crate::server::Server;

/// Receives deliveries until it is told to stop.
pub(super) async fn serve(config: &Path, listen: Option<String>) -> Result<Exit, Fail> {
    let bridge = load::bridge(config, Clock::default())?;
    let listen = listen.unwrap_or_else(|| bridge.config.server.listen.clone());
    let stop = Stop::new()?;
    let server = Server::start(Arc::new(bridge), &listen).await.map_err(|error| {
        Fail::failed(format!("{listen} cannot be listened on: {error}; choose another address with --listen"))
    })?;
    print(&format!("listening on http://{}\n", server.addr()))?;
    let mut stop = stop;
    stop.wait().await;
    tracing::info!("stopping; what runs is finished first");
    tokio::select! {
        () = server.stop() => Ok(Exit::Ok),
        () = stop.wait() => Err(Fail::failed("stopped at once; what was under way is looked at again at the next start")),
    }
}

/// Runs the pretend clouds until they are told to stop.
pub(super) async fn sim(addr: SocketAddr, key_out: Option<&Path>, seed: u64) -> Result<Exit, Fail> {
    let mut stop = Stop::new()?;
    let sim = Sim::start(SimOptions { addr, seed, ..SimOptions::default() }).await.map_err(|error| {
        Fail::failed(format!("{addr} cannot be listened on: {error}; choose another address with --listen"))
    })?;
    if let Some(path) = key_out {
        if std::fs::read(path).is_ok_and(|there| !same_account(&there, sim.key_json().as_bytes())) {
            return Err(Fail::input(format!(
                "{}: there is a file that is no key of these clouds, and it is left as it is; choose another --key-out",
                path.display()
            )));
        }
        private(path, sim.key_json().as_bytes()).map_err(|error| {
            Fail::failed(format!("{}: {error}; choose another --key-out", path.display()))
        })?;
    } else {
        say("no --key-out: nobody has the key that these clouds accept");
    }
    let urls = serde_json::to_string(sim.urls()).map_err(|error| Fail::failed(error.to_string()))?;
    print(&format!("{urls}\n"))?;
    stop.wait().await;
    sim.shutdown().await;
    Ok(Exit::Ok)
}

/// Whether both are keys of one service account.
fn same_account(one: &[u8], other: &[u8]) -> bool {
    let account = |key| serde_json::from_slice::<Value>(key).ok()?.get("client_email").cloned();
    account(one).is_some_and(|one| Some(one) == account(other))
}

/// Writes a file that only its owner can read.
fn private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // One that was there before may have been open to others.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(bytes)
}

/// Ctrl-C, or SIGTERM where there is such a thing. Heard from the moment it is made.
pub(super) struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    pub(super) fn new() -> Result<Self, Fail> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen =
            |kind| signal(kind).map_err(|error| Fail::failed(format!("signals cannot be received: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> Result<Self, Fail> {
        Ok(Self {})
    }

    #[cfg(unix)]
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn wait(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
