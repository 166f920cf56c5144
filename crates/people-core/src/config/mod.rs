//! The configuration document `people.toml`, parsed and checked. The Worker takes the same document.

pub mod secret;

pub use secret::{SecretRef, Secrets};
