//! Steps with a header, a time and a verdict; the first failure ends the job; a table closes it.

use std::time::{Duration, Instant};

/// A step failed and has said so. Carries nothing: what to do was printed where it happened.
#[derive(Debug)]
pub(crate) struct Stopped;

/// How a step ended well.
pub(crate) enum Passed {
    /// It did what its name says.
    Done,
    /// The same, and a fact worth a word in the table.
    With(String),
    /// It could not be tried here, which is allowed, and why.
    Skipped(String),
}

/// What ran so far.
pub(crate) struct Steps {
    started: Instant,
    rows: Vec<Row>,
    closing: Option<String>,
}

struct Row {
    name: &'static str,
    took: Duration,
    verdict: String,
}

impl Steps {
    pub(crate) fn start() -> Self {
        Self { started: clock(), rows: Vec::new(), closing: None }
    }

    /// Runs one step. `remedy` is what a reader can do when it fails.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        remedy: &str,
        work: impl FnOnce() -> Result<Passed, String>,
    ) -> Result<(), Stopped> {
        println!("\n=== {name}");
        let began = clock();
        let outcome = work();
        let took = began.elapsed();
        let (verdict, ended) = match outcome {
            Ok(Passed::Done) => ("ok".to_owned(), Ok(())),
            Ok(Passed::With(fact)) => (format!("ok: {fact}"), Ok(())),
            Ok(Passed::Skipped(why)) => (format!("skipped: {why}"), Ok(())),
            Err(why) => {
                println!("--- {name} failed: {why}\n--- what to do: {remedy}");
                ("FAILED".to_owned(), Err(Stopped))
            }
        };
        println!("--- {name}: {verdict} ({})", seconds(took));
        self.rows.push(Row { name, took, verdict });
        ended
    }

    /// The line below the table.
    pub(crate) fn close_with(&mut self, line: String) {
        self.closing = Some(line);
    }

    /// Prints the table.
    pub(crate) fn close(&self) {
        let widest = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        println!("\n=== summary");
        for Row { name, took, verdict } in &self.rows {
            println!("{name:<widest$}  {:>8}  {verdict}", seconds(*took));
        }
        println!("{:<widest$}  {:>8}", "total", seconds(self.started.elapsed()));
        if let Some(line) = &self.closing {
            println!("{line}");
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a job tells how long its steps took; nothing is decided by it"
)]
fn clock() -> Instant {
    Instant::now()
}
