//! `cargo xtask bench`: every bench in a short form, and `benches/RESULTS.md` from the lines that they print (`benches/lib.rs` says which).

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::command::{ask, cargo, command, root, run, run_and_read};
use crate::steps::{Passed, Steps, Stopped};
use crate::worker;

/// A row of the table of promises.
struct Row {
    what: &'static str,
    /// The name of the ratio that shows it.
    ratio: &'static str,
    /// At least this.
    least: f64,
    /// The command that repeats it.
    repeat: &'static str,
}

const SIGN: &str = "cargo bench -p people-benches --bench sign";
const EDGE: &str = "node benches/peers/sign-wasm/compare.mjs";
const MAP: &str = "cargo bench -p people-benches --bench map";
const PEERS: &str = "cargo bench -p people-benches --bench peers";

const ROWS: [Row; 23] = [
    Row {
        what: "RS256 2048 in workerd, warm, against jwt-simple",
        ratio: "sign-workerd-against-jwt-simple",
        least: 8.0,
        repeat: EDGE,
    },
    Row {
        what: "the same against WebCrypto",
        ratio: "sign-workerd-against-webcrypto",
        least: 0.625,
        repeat: EDGE,
    },
    Row {
        what: "cold in workerd: import and first assertion, against jwt-simple",
        ratio: "sign-cold-against-jwt-simple",
        least: 2.0,
        repeat: EDGE,
    },
    Row {
        what: "the same against 10 ms by the clock",
        ratio: "sign-cold-against-10-ms",
        least: 1.0,
        repeat: EDGE,
    },
    Row {
        what: "warm in Node, against jwt-simple",
        ratio: "sign-node-against-jwt-simple",
        least: 0.0,
        repeat: "node benches/peers/sign-wasm/check.mjs 1 25",
    },
    Row {
        what: "RS256 natively against jwt-simple pure-rust",
        ratio: "sign-native-against-jwt-simple",
        least: 2.0,
        repeat: SIGN,
    },
    Row { what: "the same against `rsa` 0.9", ratio: "sign-native-against-rsa", least: 0.0, repeat: SIGN },
    Row {
        what: "the same against ring, C and assembly",
        ratio: "sign-native-against-ring",
        least: 0.0,
        repeat: SIGN,
    },
    Row {
        what: "the same against aws-lc-rs, C and assembly",
        ratio: "sign-native-against-aws-lc",
        least: 0.0,
        repeat: SIGN,
    },
    Row {
        what: "the same against Python's google-auth, which is OpenSSL",
        ratio: "sign-native-against-google-auth",
        least: 0.0,
        repeat: SIGN,
    },
    Row {
        what: "a BambooHR delivery, bytes to request, against HMAC and `Value`",
        ratio: "way-bamboohr-against-floor",
        least: 0.5,
        repeat: MAP,
    },
    Row { what: "the same against Node doing as much", ratio: "way-against-node", least: 3.0, repeat: PEERS },
    Row {
        what: "the same against Node doing the least",
        ratio: "way-against-node-short",
        least: 0.0,
        repeat: PEERS,
    },
    Row {
        what: "the same against Python doing as much",
        ratio: "way-against-python",
        least: 30.0,
        repeat: PEERS,
    },
    Row {
        what: "the same against Python doing the least",
        ratio: "way-against-python-short",
        least: 0.0,
        repeat: PEERS,
    },
    Row {
        what: "durable intake, 32 connections, against one flush for each delivery",
        ratio: "intake-32-against-flush-each",
        least: 5.0,
        repeat: "cargo bench -p people-benches --bench intake -- rate",
    },
    Row {
        what: "durable intake, 1 connection, against svix-server's 1,349 a second",
        ratio: "intake-1-against-svix",
        least: 2.5,
        repeat: "cargo bench -p people-benches --bench intake -- rate",
    },
    Row {
        what: "32 connections, against svix-server's 2,613 a second",
        ratio: "intake-32-against-svix",
        least: 5.0,
        repeat: "cargo bench -p people-benches --bench intake -- rate",
    },
    Row {
        what: "the same while people are driven",
        ratio: "intake-32-driving-against-svix",
        least: 0.0,
        repeat: "cargo bench -p people-benches --bench intake -- drive",
    },
    Row {
        what: "32 connections, against Debian's `webhook`, which stores nothing",
        ratio: "intake-32-against-webhook",
        least: 0.0,
        repeat: "cargo bench -p people-benches --bench intake -- webhook",
    },
    Row {
        what: "intake into 10 million entries against an empty journal",
        ratio: "intake-large-against-empty",
        least: 0.9,
        repeat: "cargo bench -p people-benches --bench intake -- large",
    },
    Row {
        what: "the same in the first four seconds after a start",
        ratio: "intake-large-first-against-empty",
        least: 0.0,
        repeat: "cargo bench -p people-benches --bench intake -- large",
    },
    Row {
        what: "resident set before 100,000 deliveries against after",
        ratio: "memory-before-over-after",
        least: 1.0 / 1.1,
        repeat: "cargo bench -p people-benches --bench intake -- memory",
    },
];

/// The short forms. `large` makes a journal of about 3 GB first and is asked for by name: `cargo xtask bench large`.
const SHORT: [(&str, &str); 7] = [
    ("bench: sign", "bench --locked -p people-benches --bench sign -- --quick"),
    ("bench: map", "bench --locked -p people-benches --bench map"),
    ("bench: peers", "bench --locked -p people-benches --bench peers"),
    ("bench: intake", "bench --locked -p people-benches --bench intake -- rate --rounds 5 --seconds 3"),
    (
        "bench: intake, driving",
        "bench --locked -p people-benches --bench intake -- drive --rounds 3 --seconds 3",
    ),
    ("bench: webhook", "bench --locked -p people-benches --bench intake -- webhook --rounds 3 --seconds 3"),
    ("bench: memory", "bench --locked -p people-benches --bench intake -- memory"),
];

/// A peer that stays out of the workspace.
const AWS_LC: &str =
    "build --release --locked --manifest-path benches/peers/aws-lc/Cargo.toml --target-dir target/aws-lc";

/// What the benches said: by name the rest of the line.
type Said = BTreeMap<String, Vec<String>>;

/// Runs the benches named by `args`, or all short ones, and writes the results: of what was measured, should one fail.
pub(crate) fn bench(steps: &mut Steps, args: &[String]) -> Result<(), Stopped> {
    let mut said = Said::new();
    let before = load();
    let ended = measure(steps, args, &mut said);
    steps.step("bench: results", "look at benches/RESULTS.md", || {
        let path = root().join("benches/RESULTS.md");
        // What was not measured now stays as it was measured before.
        for line in fs::read_to_string(&path).unwrap_or_default().lines() {
            let mut old = Said::new();
            keep(&mut old, line);
            for (name, rest) in old {
                said.entry(name).or_insert(rest);
            }
        }
        fs::write(&path, write(&said, &before)).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Passed::With("benches/RESULTS.md".to_owned()))
    })?;
    ended
}

fn measure(steps: &mut Steps, args: &[String], said: &mut Said) -> Result<(), Stopped> {
    let mut all = SHORT.to_vec();
    all.push((
        "bench: large",
        "bench --locked -p people-benches --bench intake -- large --rounds 5 --seconds 4",
    ));
    if args.is_empty() || args.iter().any(|arg| arg == "all" || arg == "sign") {
        crate::setup::python_packages(steps)?;
        steps.step("bench: aws-lc-rs", "a C compiler is needed", || {
            run(cargo(AWS_LC)).map(|()| Passed::Done)
        })?;
    }
    for (name, words) in all {
        let asked = args.iter().any(|arg| arg == "all" || name.ends_with(arg.as_str()));
        if !(asked || args.is_empty() && name != "bench: large") {
            continue;
        }
        steps.step(name, "run the command above by itself", || {
            run_and_read(cargo(words), |line| keep(said, line)).map(|()| Passed::Done)
        })?;
    }
    if args.is_empty() || args.iter().any(|arg| arg == "all" || arg == "edge") {
        crate::setup::edge(steps)?;
        steps.step("bench: edge", "run the commands above by themselves", || {
            run(worker::signers(&[]))?;
            for words in [
                [worker::SIGNERS_CHECK, "1", "25"].as_slice(),
                &["benches/peers/sign-wasm/compare.mjs", "11"],
            ] {
                run_and_read(command("node", words), |line| keep(said, line))?;
            }
            Ok(Passed::Done)
        })?;
    }
    Ok(())
}

/// Keeps a line `ratio NAME …` or `figure NAME …`.
fn keep(said: &mut Said, line: &str) {
    let mut words = line.split_whitespace();
    if let (Some("ratio" | "figure"), Some(name)) = (words.next(), words.next()) {
        let rest: Vec<String> = words.map(str::to_owned).collect();
        let whole = line.split_whitespace().next().map(str::to_owned);
        said.insert(name.to_owned(), whole.into_iter().chain(rest).collect());
    }
}

fn write(said: &Said, load_before: &str) -> String {
    let mut out = String::from(
        "# Results\n\nWritten by `cargo xtask bench`. Ratios say how often better this program is than what it is compared with, in turns and in \
         one run: the median, and the lowest and highest of all rounds. Figures of svix-server are from a quiet 2-core machine whose fsync \
         takes 0.165 ms; ours are from the machine below, so compare the fsync first.\n\n| what | at least | median | lowest to highest | |\n|---|---|---|---|---|\n",
    );
    for row in &ROWS {
        let least = if row.least > 0.0 { format!("{:.2}", row.least) } else { "–".to_owned() };
        let (median, spread, verdict) = match said.get(row.ratio).map(Vec::as_slice) {
            Some([_, median, low, high, ..]) => {
                let holds = median.parse::<f64>().is_ok_and(|median| median >= row.least);
                let verdict = match holds {
                    _ if row.least == 0.0 => "",
                    true => "holds",
                    false => "does not hold",
                };
                (median.clone(), format!("{low} to {high}"), verdict)
            }
            _ => ("not measured".to_owned(), String::new(), ""),
        };
        out.push_str(&format!("| {} | {least} | {median} | {spread} | {verdict} |\n", row.what));
    }
    out.push_str("\n## Repeat\n\n");
    for row in &ROWS {
        out.push_str(&format!("- {}: `{}`\n", row.ratio, row.repeat));
    }
    out.push_str("\n## Machine\n\n");
    for (name, value) in machine(load_before) {
        out.push_str(&format!("- {name}: {value}\n"));
    }
    out.push_str("\n## All lines\n\n```text\n");
    for (name, rest) in said {
        if let Some((kind, values)) = rest.split_first() {
            out.push_str(&format!("{kind} {name} {}\n", values.join(" ")));
        }
    }
    out.push_str("```\n");
    out
}

fn machine(load_before: &str) -> Vec<(&'static str, String)> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("?");
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let first = |mut command: Command| {
        command.env("LC_ALL", "C");
        let answer = ask(command).ok().flatten().map(|answer| answer.stdout).unwrap_or_default();
        answer.lines().next().unwrap_or("not installed").to_owned()
    };
    vec![
        ("processor", format!("{model}, {cores} cores")),
        ("kernel", first(command("uname", ["-r"]))),
        ("load before and after", format!("{load_before} and {}", load())),
        ("rustc", first(command("rustc", ["--version"]))),
        ("node", first(command("node", ["--version"]))),
        ("python", first(command("python3", ["--version"]))),
        ("webhook", first(command("webhook", ["-version"]))),
    ]
}

/// The load of the last minute.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_convention_are_kept_and_others_are_not() {
        let mut said = Said::new();
        for line in
            ["ratio a 2.0 1.5 2.5", "figure fsync 0.15 ms", "ratio", "way: 3 times", "ratio a 3.0 1.5 4.5"]
        {
            keep(&mut said, line);
        }
        assert_eq!(said.len(), 2);
        let page = write(&said, "0.1");
        assert!(page.contains("ratio a 3.0 1.5 4.5\n") && page.contains("figure fsync 0.15 ms\n"), "{page}");
    }

    #[test]
    fn a_promise_is_held_against_its_ratio() {
        let mut said = Said::new();
        keep(&mut said, "ratio way-against-node 2.9 2.0 4.0");
        keep(&mut said, "ratio way-against-python 31 30 32");
        let page = write(&said, "0.1");
        assert!(page.contains("| 3.00 | 2.9 | 2.0 to 4.0 | does not hold |"), "{page}");
        assert!(page.contains("| 30.00 | 31 | 30 to 32 | holds |"), "{page}");
    }
}
