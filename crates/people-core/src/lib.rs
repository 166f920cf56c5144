//! The bridge itself, as values: sources, mapping, engine, targets, journal and the HTTP surface. A host only carries them.
#![forbid(unsafe_code)]

pub mod bridge;
pub mod config;
pub mod endpoint;
pub mod engine;
#[cfg(feature = "gapps")]
pub mod facade;
pub mod host;
pub mod journal;
mod json;
mod latin;
pub mod mapping;
pub mod policy;
pub mod serve;
pub mod source;
pub mod target;
pub mod toml;
pub mod wire;
