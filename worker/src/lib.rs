//! The bridge as a Cloudflare Worker: a host, and nothing but a host. Every decision, route and SQL text is `people-core`'s.
//!
//! | file | holds |
//! |---|---|
//! | `front` | the fetch and cron handlers |
//! | `intake`, `person`, `guard` | the three kinds of Durable Object |
//! | `journal` | the journal, told apart by who keeps what |
//! | `talk` | what the objects say to one another |
//! | `shelf`, `sql` | a book in the SQLite of one object |
//! | `host`, `carry` | the machine: clock, network, randomness; requests and answers |
//! | `runtime` | what is asked of JavaScript; `js/host.js` answers |
//! | `task` | work that waits |
//! | `load`, `signer` | from the environment to a bridge; who signs |
//! | `trial` | the journal's conformance suite, run inside an object (feature `trial`) |
//!
//! Off wasm32 the crate is empty, so that the workspace builds and lints everywhere.

#[cfg(target_arch = "wasm32")]
mod carry;
#[cfg(target_arch = "wasm32")]
mod front;
#[cfg(target_arch = "wasm32")]
mod guard;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod intake;
#[cfg(target_arch = "wasm32")]
mod journal;
#[cfg(target_arch = "wasm32")]
mod load;
#[cfg(target_arch = "wasm32")]
mod person;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(target_arch = "wasm32")]
mod shelf;
#[cfg(target_arch = "wasm32")]
mod signer;
#[cfg(target_arch = "wasm32")]
mod sql;
#[cfg(target_arch = "wasm32")]
mod talk;
#[cfg(target_arch = "wasm32")]
mod task;
#[cfg(all(target_arch = "wasm32", feature = "trial"))]
mod trial;

#[cfg(target_arch = "wasm32")]
pub use front::{fetch, limit, scheduled};
#[cfg(target_arch = "wasm32")]
pub use task::come;
