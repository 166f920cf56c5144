//! Debian's `webhook` beside ours: it checks an HMAC and starts a command for each delivery; it stores nothing.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use people_benches::report_ratio;

use crate::world::{Mode, SECRET};
use crate::{Options, PEOPLE, load, pause, round, show};

/// In turns with ours, at 32 connections.
#[expect(clippy::print_stdout, reason = "a bench prints what it measures")]
pub(crate) fn webhook(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let hooks = serde_json::json!([{
        "id": "hr", "execute-command": "/bin/true", "http-methods": ["POST"],
        "trigger-rule": {"match": {"type": "payload-hmac-sha256", "secret": String::from_utf8_lossy(SECRET),
            "parameter": {"source": "header", "name": "X-Signature"}}},
    }]);
    let file = folder.path().join("hooks.json");
    std::fs::write(&file, hooks.to_string()).expect("a file");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..options.rounds {
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let started = Command::new("webhook")
            .args(["-hooks", &file.to_string_lossy(), "-ip", "127.0.0.1", "-port", &free.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            println!("`webhook` is not installed: left out");
            return;
        };
        wait(free);
        let requests = load::plain((10_000.0 * options.seconds) as usize, SECRET);
        let at_most = Duration::from_secs_f64(options.seconds);
        let shown = load::run(free, &child.id().to_string(), requests, 32, at_most);
        let _ = child.kill();
        let _ = child.wait();
        show("webhook", 32, &shown);
        theirs.push(shown.rate);
        let shown = round(Mode::Sort, 32, options.seconds, &format!("{n}"), PEOPLE);
        show("sort", 32, &shown);
        ours.push(shown.rate);
    }
    report_ratio("intake-32-against-webhook", &ours, &theirs);
}

/// Waits until somebody listens there.
fn wait(addr: SocketAddr) {
    for _ in 0..100 {
        if TcpStream::connect(addr).is_ok() {
            return;
        }
        pause(Duration::from_millis(50));
    }
}
