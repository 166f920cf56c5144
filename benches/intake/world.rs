//! The server under load, in a process of its own, so that its CPU and its memory are its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use people::host::Clock;
use people::load;
use people::server::Server;
use people::store::Store;
use people_sim::{Sim, SimOptions};

/// The secret of the one source.
pub(crate) const SECRET: &[u8] = b"a-secret-of-thirty-two-bytes-....";

const CONFIG: &str = r#"
[cloudm]
domain = "example.com"
base_url = "{cloudm}"
[google]
credentials = "key.json"
[journal]
url = "sqlite:people.sqlite"
[server]
listen = "127.0.0.1:0"
rate = 100000
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
timezone = "Europe/Berlin"
"#;

/// How a server works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As it is shipped, but that nobody is driven: deliveries are stored and taken apart.
    Sort,
    /// As it is shipped, people driven against the pretend clouds.
    Drive,
    /// As `Sort`, but that each delivery waits for a flush of its own.
    Alone,
}

impl Mode {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sort => "sort",
            Self::Drive => "drive",
            Self::Alone => "alone",
        }
    }
}

/// A server in a process of its own; it ends with this value.
pub(crate) struct Running {
    child: Child,
    sim: Option<Child>,
    pub(crate) addr: SocketAddr,
}

impl Running {
    /// Starts one on the journal in this folder.
    pub(crate) fn start(folder: &Path, mode: Mode) -> Self {
        let (sim, cloudm, key) = if mode == Mode::Drive {
            let (child, line) = spawn(&["pretend", &folder.to_string_lossy()]);
            (Some(child), line, std::fs::read_to_string(folder.join("sim.json")).expect("the clouds' key"))
        } else {
            (None, "http://127.0.0.1:9".to_owned(), key())
        };
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
        write("people.toml", &CONFIG.replace("{cloudm}", &cloudm));
        write("key.json", &key);
        write("hr", &format!("whsec_{}", STANDARD.encode(SECRET)));
        let (child, line) = spawn(&["serve", &folder.to_string_lossy(), mode.word()]);
        Self { child, sim, addr: line.parse().expect("an address") }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in std::iter::once(&mut self.child).chain(self.sim.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// This program again, with these words; and the first line that it prints.
fn spawn(words: &[&str]) -> (Child, String) {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program).args(words).stdout(Stdio::piped()).spawn().expect("a process");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
    (child, line.trim().to_owned())
}

fn key() -> String {
    let pem = people_sim::generate_key_pem().expect("a key can be made");
    serde_json::json!({
        "type": "service_account", "client_email": "people@project.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token",
    })
    .to_string()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// The child: serves until it is killed.
#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) fn serve(folder: &Path, mode: &str) {
    runtime().block_on(async {
        let open = if mode == Mode::Alone.word() { Store::open_alone } else { Store::open };
        let path = folder.join("people.toml");
        let journal = open(&folder.join("people.sqlite")).expect("the journal opens");
        let mut bridge =
            load::bridge_over(&path, Clock::default(), journal).expect("the configuration works");
        if mode != Mode::Drive.word() {
            Arc::make_mut(&mut bridge.config).server.concurrency = 0;
        }
        let server = Server::start(Arc::new(bridge), "127.0.0.1:0").await.expect("a port");
        println!("{}", server.addr());
        std::future::pending::<()>().await;
    });
}

/// The pretend clouds, until they are killed.
#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) fn pretend(folder: &Path) {
    runtime().block_on(async {
        let sim = Sim::start(SimOptions::default()).await.expect("the pretend clouds start");
        std::fs::write(folder.join("sim.json"), sim.key_json()).expect("a file");
        println!("{}", sim.urls().cloudm);
        std::future::pending::<()>().await;
    });
}
