//! Times mean nothing alone: two things are timed in turns in one run, and their ratio is told with its spread.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds that count.
const ROUNDS: usize = 501;
/// How long one side of a round takes: shorter than the time slice of a busy machine, so that most rounds are not disturbed.
const SIDE: Duration = Duration::from_micros(200);

/// What a comparison showed.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    /// Of the time of `ours` to that of `theirs`: the median.
    pub median: f64,
    /// The lower quartile.
    pub low: f64,
    /// The upper quartile.
    pub high: f64,
    /// Nanoseconds of `theirs`, the median.
    pub theirs_ns: f64,
    /// Nanoseconds of `ours`, the median.
    pub ours_ns: f64,
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn timed<T>(times: u32, work: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        black_box(work());
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

fn times_for<T>(work: &mut impl FnMut() -> T) -> u32 {
    timed(50, work);
    let one = timed(50, work).max(1.0);
    ((SIDE.as_nanos() as f64 / one) as u32).clamp(1, 10_000_000)
}

fn at(sorted: &[f64], part: f64) -> f64 {
    sorted.get(((sorted.len() - 1) as f64 * part) as usize).copied().unwrap_or_default()
}

fn sorted(mut all: Vec<f64>) -> Vec<f64> {
    all.sort_by(f64::total_cmp);
    all
}

/// Times both in turns and prints one line.
#[expect(clippy::print_stdout, reason = "a bench says what it found")]
pub fn versus<A, B>(name: &str, mut theirs: impl FnMut() -> A, mut ours: impl FnMut() -> B) -> Ratio {
    let (their_times, our_times) = (times_for(&mut theirs), times_for(&mut ours));
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Whoever goes second meets a warmer machine, so they take turns at that too.
        let (their, our) = if round % 2 == 0 {
            let their = timed(their_times, &mut theirs);
            (their, timed(our_times, &mut ours))
        } else {
            let our = timed(our_times, &mut ours);
            (timed(their_times, &mut theirs), our)
        };
        a.push(their);
        b.push(our);
        ratios.push(our / their);
    }
    let (a, b, ratios) = (sorted(a), sorted(b), sorted(ratios));
    let ratio = Ratio {
        median: at(&ratios, 0.5),
        low: at(&ratios, 0.25),
        high: at(&ratios, 0.75),
        theirs_ns: at(&a, 0.5),
        ours_ns: at(&b, 0.5),
    };
    println!(
        "{name:<58} {:>9.0} ns against {:>9.0} ns: {:>5.2} times ({:.2} to {:.2})",
        ratio.ours_ns, ratio.theirs_ns, ratio.median, ratio.low, ratio.high
    );
    ratio
}
