//! One delivery of BambooHR, verify to encoded call: this program, Node and Python in turns. CPU time of each process, which neighbours on
//! a shared machine disturb less than the clock's; Node's counts its compiler's and collector's threads.
//! `cargo bench -p people-benches --bench peers`; what is not installed is said and left out. How to install: benches/peers/README.md.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use people_benches::deliveries::{Person, mac, now, samples};
use people_benches::{cpu, report_figure, report_ratio};
use serde_json::json;

const ROUNDS: usize = 7;

fn main() {
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
        let times = 200_000_u32;
        let began = cpu("self");
        for _ in 0..times {
            black_box(sample.whole(black_box(&person)));
        }
        (cpu("self") - began) * 1e6 / f64::from(times)
    };
    ours();
    println!("ours sends {}", String::from_utf8_lossy(&sample.whole(&person)));
    for (name, program, script, times) in [
        ("node", "node", "peers/node/whole.mjs", "20000"),
        ("node-short", "node", "peers/node/peer.mjs", "20000"),
        ("python", "python3", "peers/python/whole.py", "5000"),
        ("python-short", "python3", "peers/python/peer.py", "5000"),
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let theirs = || {
            let output = Command::new(program).arg(&script).arg(file.path()).arg(times).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let (figure, sends) = text.split_once(' ')?;
            Some((figure.parse::<f64>().ok()?, sends.trim().to_owned()))
        };
        let Some((_, sends)) = theirs() else {
            println!("{name} is not installed, or fails: left out");
            continue;
        };
        println!("{name} sends {sends}");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            a.push(ours());
            b.extend(theirs().map(|(figure, _)| figure));
        }
        println!("{name}: ours {a:.1?} µs, theirs {b:.1?} µs");
        // Of times less is better, so the other way round.
        report_ratio(&format!("way-against-{name}"), &b, &a);
        report_figure(&format!("way-{name}"), &b, "µs");
        report_figure("way-ours", &a, "µs");
    }
}
