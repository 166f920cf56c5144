//! One delivery of BambooHR, verify to encoded call: this program, Node and Python in turns. CPU time of each process, which neighbours on
//! a shared machine disturb less than the clock's; Node's counts its compiler's and collector's threads.
//! `cargo bench -p people-benches --bench peers`; what is not installed is said and left out. How to install: benches/peers/README.md.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use people_benches::deliveries::{Person, mac, now, samples};
use people_benches::process::Peer;
use people_benches::{cpu_of_thread, report_figure, report_ratio, stay_on_one_core};
use serde_json::json;

const ROUNDS: usize = 7;
/// So many turns in a round.
const TURNS: usize = 25;
/// So many deliveries of ours in a turn.
const OURS: u32 = 5_000;

fn main() {
    stay_on_one_core();
    let sample = samples().into_iter().find(|sample| sample.name == "bamboohr").expect("the sample is there");
    let person = Person::known();
    let stamp = now().as_second().to_string();
    let delivery = json!({
        "body": String::from_utf8_lossy(sample.body()), "secret": "secret", "timestamp": stamp, "now": now().as_second(),
        "signature": hex::encode(mac(&[sample.body(), stamp.as_bytes()])),
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), delivery.to_string()).expect("a file");

    let ours = || {
        let began = cpu_of_thread();
        for _ in 0..OURS {
            black_box(sample.whole(black_box(&person)));
        }
        (cpu_of_thread() - began) * 1e6 / f64::from(OURS)
    };
    ours();
    println!("ours sends {}", String::from_utf8_lossy(&sample.whole(&person)));
    for (name, program, script, theirs) in [
        ("node", "node", "peers/node/whole.mjs", 2_000),
        ("node-short", "node", "peers/node/peer.mjs", 2_000),
        ("python", "python3", "peers/python/whole.py", 1_000),
        ("python-short", "python3", "peers/python/peer.py", 1_000),
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let Some(mut peer) = Peer::start(Command::new(program).arg(script).arg(file.path())) else {
            println!("{name} is not installed: left out");
            continue;
        };
        let Some((_, sends)) = peer.times(theirs) else {
            println!("{name} fails: left out");
            continue;
        };
        println!("{name} sends {sends}");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let turns: Vec<_> = (0..TURNS).filter_map(|_| Some((ours(), peer.times(theirs)?.0))).collect();
            a.push(turns.iter().map(|(ours, _)| ours).sum::<f64>() / TURNS as f64);
            b.push(turns.iter().map(|(_, theirs)| theirs).sum::<f64>() / TURNS as f64);
        }
        println!("{name}: ours {a:.1?} µs, theirs {b:.1?} µs");
        // Of times less is better, so the other way round.
        report_ratio(&format!("way-against-{name}"), &b, &a);
        report_figure(&format!("way-{name}"), &b, "µs");
        report_figure("way-ours", &a, "µs");
    }
}
