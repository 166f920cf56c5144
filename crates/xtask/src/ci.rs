//! Everything that must hold before a change lands, cheapest first.

use std::process::Command;

use crate::command::{ask, cargo, run, run_and_read};
use crate::steps::{Passed, Steps, Stopped};
use crate::tally::Tally;
use crate::{counts, jobs, setup, worker};

/// The steps, in order. The first failure ends them.
pub(crate) fn all(steps: &mut Steps) -> Result<(), Stopped> {
    setup::all(steps)?;
    simple(steps, "format", "run `cargo fmt --all`", cargo("fmt --all --check"))?;
    simple(
        steps,
        "clippy",
        "mend it, or `#[expect(lint, reason = \"…\")]` where the lint is wrong",
        cargo("clippy --workspace --all-targets --all-features --locked -- -D warnings"),
    )?;
    simple(
        steps,
        "clippy: the Worker",
        "mend it for wasm32, where the crate is not empty",
        cargo(
            "clippy --locked --target wasm32-unknown-unknown -p people-worker --all-features -- -D warnings",
        ),
    )?;
    simple(
        steps,
        "deny: licences, bans, sources",
        "choose another crate, or argue an exception in deny.toml",
        cargo("deny --all-features --locked check --hide-inclusion-graph licenses bans sources"),
    )?;
    steps.step("deny: advisories", "update the crate, or argue an exception in deny.toml", advisories)?;
    test(steps)?;
    let mut doc = cargo("doc --workspace --no-deps --locked");
    doc.env("RUSTDOCFLAGS", "-Dwarnings");
    simple(steps, "doc", "mend the link or the markup that rustdoc names", doc)?;
    simple(
        steps,
        "wasm32",
        "model, auth and core must build for the edge: no clock, no sockets, no threads",
        cargo("build --locked --target wasm32-unknown-unknown -p people-model -p people-auth -p people-core"),
    )?;
    counts::counts(steps, &[])?;
    worker::all(steps)?;
    jobs::demo(steps, &[])
}

fn simple(steps: &mut Steps, name: &'static str, remedy: &str, command: Command) -> Result<(), Stopped> {
    steps.step(name, remedy, || run(command).map(|()| Passed::Done))
}

/// The database is on GitHub. Fetching and checking are two commands, so that "not reachable" cannot hide a finding.
fn advisories() -> Result<Passed, String> {
    let fetched = ask(cargo("deny fetch db"))?.ok_or("there is no cargo")?;
    if fetched.success {
        return run(cargo("deny --all-features --locked --offline check advisories")).map(|()| Passed::Done);
    }
    if fetched.stderr.contains("failed to fetch advisory database") {
        return Ok(Passed::Skipped("advisory database not reachable".to_owned()));
    }
    Err(fetched.stderr)
}

/// All tests; none at all is a failure.
fn test(steps: &mut Steps) -> Result<(), Stopped> {
    let mut tally = Tally::default();
    let ended = steps.step("test", "run the named test alone: `cargo test -p CRATE NAME`", || {
        let mut tests = cargo("test --workspace --all-features --locked");
        tests.env("PEOPLE_PYTHON", setup::interpreter());
        run_and_read(tests, |line| tally.read(line))?;
        if tally.ran() { Ok(Passed::With(tally.to_string())) } else { Err("no test ran".to_owned()) }
    });
    steps.close_with(format!("tests: {tally}"));
    ended
}
