//! The native side of the bridge: host, server, store and command line.

pub mod demo;
pub mod host;
pub mod load;
pub mod server;
pub mod store;
