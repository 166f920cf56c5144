//! The native side of the bridge: host, server, store and command line.

pub mod cli;
pub mod cmd;
pub mod demo;
pub mod exit;
pub mod facade;
pub mod host;
pub mod load;
pub mod report;
pub mod server;
pub mod store;
