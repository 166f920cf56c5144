//! `cargo xtask counts`: instructions of each step, as callgrind counts them, against `benches/counts.toml`. Times are noisy on a shared
//! machine; these are not.

use std::collections::BTreeMap;
use std::fs;

use crate::command::{ask, cargo, command, root, run};
use crate::steps::{Passed, Steps, Stopped};

/// The steps, and how often each is done: twice, so that what the start costs falls out of the difference.
const STEPS: [(&str, u64, u64); 6] = [
    ("verify", 50, 250),
    ("map", 50, 250),
    ("plan", 50, 250),
    ("way", 50, 250),
    ("hire", 50, 250),
    ("sign", 1, 4),
];

/// How far a figure may lie from the committed one, in percent.
const TOLERANCE: f64 = 3.0;

const HEAD: &str = "# Instructions of one go of each step, counted by callgrind (`benches/counts.rs`). `cargo xtask counts` compares, 3 % either way;\n\
                    # `cargo xtask counts --accept` writes what it finds: say in the commit why it changed.\n";

/// For `ci`, and by itself; `--accept` writes the new figures.
pub(crate) fn counts(steps: &mut Steps, args: &[String]) -> Result<(), Stopped> {
    let accept = args.iter().any(|arg| arg == "--accept");
    let remedy = "see what grew (`callgrind_annotate`), or accept it: `cargo xtask counts --accept`";
    steps.step("counts", remedy, || {
        if ask(command("valgrind", ["--version"]))?.is_none() {
            return Ok(Passed::Skipped("there is no valgrind".to_owned()));
        }
        run(cargo("build --locked --release -p people-benches --bin people-counts"))?;
        let mut found = BTreeMap::new();
        for (step, few, many) in STEPS {
            let each = (count(step, many)?.saturating_sub(count(step, few)?)) / (many - few);
            println!("{step:<8} {each:>10} instructions");
            found.insert(step.to_owned(), each);
        }
        let path = root().join("benches/counts.toml");
        let known = read(&fs::read_to_string(&path).unwrap_or_default());
        if accept {
            let lines: String = found.iter().map(|(step, each)| format!("{step} = {each}\n")).collect();
            fs::write(&path, format!("{HEAD}{lines}"))
                .map_err(|error| format!("{}: {error}", path.display()))?;
            return Ok(Passed::With("benches/counts.toml written".to_owned()));
        }
        compare(&known, &found)
    })
}

/// Instructions of the whole program.
fn count(step: &str, times: u64) -> Result<u64, String> {
    let program = root().join("target/release/people-counts").to_string_lossy().into_owned();
    let out = "--callgrind-out-file=/dev/null";
    let words = ["--tool=callgrind", out, program.as_str(), step, &times.to_string()];
    let answer = ask(command("valgrind", words))?.ok_or("there is no valgrind")?;
    let collected =
        answer.stderr.lines().find_map(|line| line.split("Collected : ").nth(1)?.trim().parse().ok());
    match collected {
        Some(collected) if answer.success => Ok(collected),
        _ => Err(format!("valgrind says: {}", answer.stderr)),
    }
}

fn read(text: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let (step, each) = line.split_once('=')?;
        Some((step.trim().to_owned(), each.trim().replace('_', "").parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn compare(known: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> Result<Passed, String> {
    let mut off = Vec::new();
    let mut facts = Vec::new();
    for (step, each) in found {
        let Some(before) = known.get(step) else {
            off.push(format!("{step} has no figure yet"));
            continue;
        };
        let percent = (*each as f64 / *before as f64 - 1.0) * 100.0;
        facts.push(format!("{step} {percent:+.1} %"));
        if percent.abs() > TOLERANCE {
            off.push(format!("{step} takes {each} instructions, {percent:+.1} % of {before}"));
        }
    }
    if off.is_empty() { Ok(Passed::With(facts.join(", "))) } else { Err(off.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_may_lie_a_little_beside_the_known_one() {
        let known = read("# a comment\nmap = 10_000\nsign = 500\n");
        let found = |map| BTreeMap::from([("map".to_owned(), map), ("sign".to_owned(), 500)]);
        assert!(compare(&known, &found(10_250)).is_ok());
        assert!(compare(&known, &found(9_800)).is_ok());
        // Better is told too: the figure is to be accepted, or the next loss would hide behind it.
        for off in [10_400, 9_600] {
            assert!(compare(&known, &found(off)).is_err_and(|why| why.contains("map takes")));
        }
        assert!(compare(&BTreeMap::new(), &found(1)).is_err_and(|why| why.contains("no figure")));
    }
}
