//! The bridge itself, as values: sources, mapping, engine, targets, journal and the HTTP surface. A host only carries them.
#![forbid(unsafe_code)]

pub mod config;
pub mod host;
pub mod journal;
pub mod source;
