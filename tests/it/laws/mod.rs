//! What holds for every history, whatever happens on the way: an applied plan is empty, order and repetition do not count, no crash and
//! no fault loses anything or does anything twice, and no bytes make anything panic.
#![cfg(test)]

mod bytes;
mod crash;
mod fuse;
mod history;
mod order;
mod rig;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

/// Checks so many cases; `LAWS_PERCENT` asks for more or fewer.
fn hold<S: Strategy>(cases: u32, strategy: &S, check: impl Fn(S::Value)) {
    let percent = std::env::var("LAWS_PERCENT").ok().and_then(|percent| percent.parse().ok()).unwrap_or(100);
    let cases = (cases * percent).div_ceil(100);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let checked = runner.run(strategy, |case| {
        check(case);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}
