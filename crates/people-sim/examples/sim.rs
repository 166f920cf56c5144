//! The pretend clouds alone, for tests that are not written in Rust: prints one JSON line with the base URLs and the service account's
//! key, and runs until standard input ends.
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;

use people_sim::{Sim, SimOptions};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key_pem = match std::env::args().nth(1) {
        Some(path) => Some(std::fs::read_to_string(path)?),
        None => None,
    };
    let sim = Sim::start(SimOptions { key_pem, ..SimOptions::default() }).await?;
    let key: serde_json::Value = serde_json::from_str(&sim.key_json())?;
    println!(
        "{}",
        json!({ "urls": sim.urls(), "key": key, "bamboohr_key": SimOptions::default().bamboohr_key })
    );
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    sim.shutdown().await;
    Ok(())
}
