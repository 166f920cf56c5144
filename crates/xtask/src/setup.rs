//! What `ci` needs besides a Rust toolchain. Each step looks first, so that a second run takes no time.

use std::fs;
use std::path::PathBuf;

use crate::command::{ask, cargo, command, root, run};
use crate::steps::{Passed, Steps, Stopped};

const TARGET: &str = "wasm32-unknown-unknown";
const CARGO_DENY: &str = "0.20.2";
/// Must be the version of the crate `wasm-bindgen` in `Cargo.toml`: the two speak a private language.
const BINDGEN: &str = "0.2.129";
/// The pinned packages, in pip's format.
const PACKAGES: &str = include_str!("../python.txt");

/// All of it.
pub(crate) fn all(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step(
        "setup: wasm32 target",
        "install rustup from https://rustup.rs, or that target's std by hand",
        wasm,
    )?;
    steps.step("setup: cargo-deny", "see cargo's message; the crate comes from crates.io", cargo_deny)?;
    python_packages(steps)
}

/// Google's own client.
pub(crate) fn python_packages(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step("setup: Python", "Python 3.9 or newer with `venv` is needed, and PyPI in reach", python)
}

/// What the Worker's build and tests need besides.
pub(crate) fn edge(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step(
        "setup: wasm32 target",
        "install rustup from https://rustup.rs, or that target's std by hand",
        wasm,
    )?;
    steps.step("setup: wasm-bindgen", "see cargo's message; the crate comes from crates.io", wasm_bindgen)?;
    steps.step(
        "setup: npm packages",
        "Node 20 or newer with npm is needed, and the npm registry in reach",
        packages,
    )
}

/// Cargo's own copy, wherever `PATH` points.
pub(crate) fn bindgen() -> PathBuf {
    cargo_home().join("bin/wasm-bindgen")
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default()
}

/// Into cargo's home, where every checkout finds it.
fn wasm_bindgen() -> Result<Passed, String> {
    let installed = ask(command(bindgen(), ["--version"]))?.map(|answer| answer.stdout).unwrap_or_default();
    if installed.split_whitespace().nth(1) == Some(BINDGEN) {
        return Ok(Passed::With(format!("{BINDGEN} present")));
    }
    run_shown("cargo", &["install", "wasm-bindgen-cli", "--version", BINDGEN, "--locked", "--force"])
}

/// By the lock file, into the tests' folder; the lock file is copied there last, as the sign that it is complete.
fn packages() -> Result<Passed, String> {
    let folder = root().join("tests/edge");
    let (lock, complete) = (folder.join("package-lock.json"), folder.join("node_modules/.complete.json"));
    let read = |path: &PathBuf| fs::read_to_string(path).ok();
    if read(&lock).is_some_and(|wanted| read(&complete) == Some(wanted)) {
        return Ok(Passed::With("present".to_owned()));
    }
    if ask(command("npm", ["--version"]))?.is_none() {
        return Err("there is no `npm`".to_owned());
    }
    let folder = folder.to_string_lossy().into_owned();
    run_shown("npm", &["ci", "--prefix", &folder, "--no-audit", "--no-fund"])?;
    fs::copy(&lock, &complete).map_err(|error| format!("{}: {error}", complete.display()))?;
    Ok(Passed::Done)
}

/// The interpreter that the tests compare with.
pub(crate) fn interpreter() -> PathBuf {
    environment().join("bin/python")
}

fn environment() -> PathBuf {
    root().join("target/python")
}

/// Asks rustc, not rustup, so that a toolchain from elsewhere that has the target will do.
fn wasm() -> Result<Passed, String> {
    let libraries = ask(command("rustc", ["--print", "target-libdir", "--target", TARGET]))?;
    let present = libraries.filter(|answer| answer.success).is_some_and(|answer| {
        let mut files = fs::read_dir(answer.stdout.trim()).into_iter().flatten().flatten();
        files.any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    });
    if present {
        return Ok(Passed::With("present".to_owned()));
    }
    if ask(command("rustup", ["--version"]))?.is_none() {
        return Err(format!("rustc has no {TARGET} and there is no rustup to add it"));
    }
    run_shown("rustup", &["target", "add", TARGET])
}

/// Into cargo's home, where every checkout finds it.
fn cargo_deny() -> Result<Passed, String> {
    let installed = ask(cargo("deny --version"))?.map(|answer| answer.stdout).unwrap_or_default();
    if installed.split_whitespace().nth(1) == Some(CARGO_DENY) {
        return Ok(Passed::With(format!("{CARGO_DENY} present")));
    }
    // --force: another version, or one that was copied there, gives way.
    run_shown("cargo", &["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--force"])
}

/// A virtual environment of its own; the packages' list is copied into it last, as the sign that it is complete.
fn python() -> Result<Passed, String> {
    let (environment, interpreter) = (environment(), interpreter());
    let complete = environment.join("packages.txt");
    let imports =
        || ask(command(&interpreter, ["-c", "import google.auth, googleapiclient.discovery, requests"]));
    let same = fs::read_to_string(&complete).is_ok_and(|list| list == PACKAGES);
    if same && imports()?.is_some_and(|answer| answer.success) {
        return Ok(Passed::With("present".to_owned()));
    }
    if ask(command("python3", ["--version"]))?.is_none() {
        return Err("there is no `python3`".to_owned());
    }
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    run_shown("python3", &["-m", "venv", "--clear", &text(&environment)])?;
    let list = text(&root().join("crates/xtask/python.txt"));
    run_shown(&text(&interpreter), &["-m", "pip", "install", "--quiet", "--requirement", &list])?;
    match imports()? {
        Some(answer) if answer.success => {}
        Some(answer) => return Err(format!("the packages do not import: {}", answer.stderr.trim())),
        None => return Err(format!("there is no {}", interpreter.display())),
    }
    fs::write(&complete, PACKAGES).map_err(|error| format!("{}: {error}", complete.display()))?;
    Ok(Passed::Done)
}

fn run_shown(program: &str, args: &[&str]) -> Result<Passed, String> {
    run(command(program, args)).map(|()| Passed::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned() {
        let packages: Vec<&str> = PACKAGES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(packages.iter().all(|package| package.contains("==")), "{packages:?}");
        for name in ["google-api-python-client==", "google-auth==", "requests=="] {
            assert!(packages.iter().any(|package| package.starts_with(name)), "{name}");
        }
    }
}
