//! What the benches share.

pub mod deliveries;
pub mod versus;
