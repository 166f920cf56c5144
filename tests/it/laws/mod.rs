//! What holds for every history, whatever happens on the way: an applied plan is empty, order and repetition do not count, no crash and
//! no fault loses anything or does anything twice, and no bytes make anything panic.
#![cfg(test)]

mod bulk;
mod bytes;
mod crash;
mod fuse;
mod history;
mod order;
mod rehearsal;
mod rig;
mod which;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Checks so many cases, the same in every run so that a change is judged by what it changes. `LAWS_PERCENT` asks for more or fewer, and for
/// other ones each time.
fn hold<S: Strategy>(cases: u32, strategy: &S, check: impl Fn(S::Value)) {
    let percent = std::env::var("LAWS_PERCENT").ok().and_then(|percent| percent.parse().ok());
    let cases = (cases * percent.unwrap_or(100)).div_ceil(100);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = match percent {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let checked = runner.run(strategy, |case| {
        check(case);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}
