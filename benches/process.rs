//! A peer that runs as a process of its own and takes turns with ours.
//!
//! It reads numbers from stdin, one a line, does its work so many times, and answers `FIGURE ANSWER`: microseconds of CPU for each time,
//! and what the last one came to. So it is warm, it rests while ours works, and a turn lasts as little as the bench wants: a machine that
//! others share is slow by half at times, for a second or for a minute, and only what lies close together can be compared.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A peer that runs.
pub struct Peer {
    child: Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts it; nothing where there is no such program.
    pub fn start(command: &mut Command) -> Option<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (asks, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?).lines());
        Some(Self { child, asks, answers })
    }

    /// Microseconds of CPU for each of so many times, and what the last one came to; nothing once it has stopped.
    pub fn times(&mut self, count: u32) -> Option<(f64, String)> {
        writeln!(self.asks, "{count}").ok()?;
        let line = self.answers.next()?.ok()?;
        let (figure, answer) = line.split_once(' ')?;
        Some((figure.parse().ok()?, answer.trim().to_owned()))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has nothing to lose.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
