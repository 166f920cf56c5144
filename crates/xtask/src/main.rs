//! The jobs of this repository: `cargo xtask <job>`. The standard library only, so that it builds in a second.
#![expect(clippy::print_stdout, reason = "a job talks to whoever started it")]

mod bench;
mod ci;
mod command;
mod counts;
mod jobs;
mod scale;
mod setup;
mod steps;
mod tally;
mod worker;

use std::process::ExitCode;

use steps::Steps;

/// One word after `cargo xtask`.
struct Job {
    name: &'static str,
    about: &'static str,
    /// Whether words after the name are passed on.
    takes_args: bool,
    run: fn(&mut Steps, &[String]) -> Result<(), steps::Stopped>,
}

const JOBS: [Job; 9] = [
    Job {
        name: "ci",
        about: "everything that must hold before a change lands; .ci/run is this",
        takes_args: false,
        run: |steps, _| ci::all(steps),
    },
    Job {
        name: "setup",
        about: "install what ci needs: the wasm32 target, cargo-deny, a Python with google-auth",
        takes_args: false,
        run: |steps, _| setup::all(steps),
    },
    Job {
        name: "worker",
        about: "build the Cloudflare Worker into worker/build, and weigh it",
        takes_args: false,
        run: |steps, _| worker::worker(steps),
    },
    Job {
        name: "edge",
        about: "build it and test it in workerd, against the pretend clouds",
        takes_args: false,
        run: |steps, _| worker::edge(steps),
    },
    Job {
        name: "soak",
        about: "the long test, optimised; [ARGS..] go to the test binary, the environment to the test",
        takes_args: true,
        run: jobs::soak,
    },
    Job {
        name: "bench",
        about: "the benches, short, with their peers; writes benches/RESULTS.md; [large|all|NAME..] chooses",
        takes_args: true,
        run: bench::bench,
    },
    Job {
        name: "counts",
        about: "instructions of each step against benches/counts.toml; --accept writes them",
        takes_args: true,
        run: counts::counts,
    },
    Job {
        name: "scale",
        about: "a year at the edge in virtual time: the tables of docs/scale.md",
        takes_args: false,
        run: |_, _| {
            scale::print();
            Ok(())
        },
    },
    Job {
        name: "demo",
        about: "the whole bridge against pretend clouds, optimised; [ARGS..] go to `people demo`",
        takes_args: true,
        run: jobs::demo,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = words.collect();
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        println!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(job) = JOBS.iter().find(|job| job.name == name) else {
        eprintln!("no job is named `{name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    if !job.takes_args && !rest.is_empty() {
        eprintln!("`{name}` takes no arguments, got `{}`\n\n{}", rest.join(" "), usage());
        return ExitCode::from(2);
    }
    let mut steps = Steps::start();
    let ended = (job.run)(&mut steps, &rest);
    steps.close();
    if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> String {
    let jobs: Vec<String> = JOBS.iter().map(|job| format!("  {:<7}{}", job.name, job.about)).collect();
    format!("cargo xtask JOB [ARGS..]\n\n{}", jobs.join("\n"))
}
