//! RS256 with aws-lc-rs, for `cargo bench -p people-benches --bench sign`, which tells how it is asked and what it answers.
//! `cargo build --release --manifest-path benches/peers/aws-lc/Cargo.toml --target-dir target/aws-lc`

use std::error::Error;
use std::io::{Write as _, stdin, stdout};
use std::path::PathBuf;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rustix::time::{ClockId, clock_gettime};

/// Seconds of CPU that this thread has taken.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("sign-aws-lc FOLDER")?);
    let key = KeyPair::from_pkcs8(&std::fs::read(folder.join("key.der"))?)?;
    let message = std::fs::read(folder.join("message"))?;
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public_modulus_len()];
    for line in stdin().lines() {
        let times: u32 = line?.trim().parse()?;
        let began = cpu();
        for _ in 0..times {
            key.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)?;
        }
        let took = cpu() - began;
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(stdout(), "{:.3} {hex}", took * 1e6 / f64::from(times))?;
    }
    Ok(())
}
