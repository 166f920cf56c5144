//! What the benches share: their clock, the figures of a process, and how a ratio is reported.
//!
//! **The convention.** Times mean nothing alone. Each bench measures what it is about and its baselines in turns, in one run, and
//! prints one line on stdout for each ratio:
//!
//! ```text
//! ratio NAME MEDIAN LOW HIGH
//! ```
//!
//! `NAME` has no blank; `MEDIAN` is the median of the ratios of all rounds, `LOW` and `HIGH` the smallest and the largest. A ratio
//! says how often better we are than the baseline: 2.0 is twice as fast, or half the time. `cargo xtask bench` collects these lines into
//! `benches/RESULTS.md`. Plain figures go the same way, as `figure NAME VALUE UNIT`. Whatever else is printed is for who looks on.

pub mod deliveries;
pub mod process;
pub mod versus;

use std::time::Instant;

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// The time. A bench is the one kind of program here that is about nothing else.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn clock() -> Instant {
    Instant::now()
}

/// The middle of some figures; 0 of none.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    match sorted.len() {
        0 => 0.0,
        even if even % 2 == 0 => (upper + sorted.get(even / 2 - 1).copied().unwrap_or(upper)) / 2.0,
        _ => upper,
    }
}

/// Prints the line of a ratio: how often better `ours` is than `theirs` where more is better, round by round.
#[expect(clippy::print_stdout, reason = "this is what a bench is for")]
pub fn report_ratio(name: &str, ours: &[f64], theirs: &[f64]) {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    println!("ratio {name} {:.3} {low:.3} {high:.3}", median(&ratios));
}

/// The same where the ratio of times is known already: of our time to that of the baseline, where less is better.
#[expect(clippy::print_stdout, reason = "this is what a bench is for")]
pub fn report_times(name: &str, median: f64, low: f64, high: f64) {
    println!("ratio {name} {:.3} {:.3} {:.3}", 1.0 / median, 1.0 / high, 1.0 / low);
}

/// Prints the line of a plain figure: the median of what the rounds showed.
#[expect(clippy::print_stdout, reason = "this is what a bench is for")]
pub fn report_figure(name: &str, figures: &[f64], unit: &str) {
    println!("figure {name} {:.4} {unit}", median(figures));
}

/// Seconds of CPU that a process has taken (`self`, or its number). 0 where the machine does not tell.
pub fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Seconds of CPU that this thread has taken, to the nanosecond.
pub fn cpu_of_thread() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Keeps this process and the peers that it starts on the core where it is: of two cores one may be shared with a busy neighbour, and turns
/// on different cores tell of that and not of the work. Nothing where the system does not let it.
pub fn stay_on_one_core() {
    #[cfg(target_os = "linux")]
    {
        let mut core = CpuSet::new();
        core.set(sched_getcpu());
        // Without it the figures are the same, with more noise.
        _ = sched_setaffinity(None, &core);
    }
}

/// The resident set of a process in MiB: all of it, and the part that is mapped files. 0 where the machine does not tell.
pub fn resident(process: &str) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    };
    (mib("VmRSS:"), mib("RssFile:"))
}
