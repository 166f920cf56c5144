//! The crate from outside: real keys, recorded requests, the error table, many askers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, outside #[test] functions"
)]

mod assertions;
mod documents;
mod federation;
mod hosts;
mod keys;
mod machine;
mod robust;
mod sharing;
mod support;
mod table;
