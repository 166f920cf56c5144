//! The layers hold: who may depend on whom, what a file looks like, where time may not be asked for.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The layers, lowest first, and what of ours each may depend on.
const LAYERS: [(&str, &[&str]); 5] = [
    ("people-model", &[]),
    ("people-rs256", &[]),
    ("people-auth", &["people-model", "people-rs256"]),
    ("people-core", &["people-model", "people-auth"]),
    ("people-sim", &["people-model"]),
];

/// The layers where time, sleep and threads are somebody else's: they run on a server and at the edge alike.
const PURE: [&str; 4] = ["people-model", "people-rs256", "people-auth", "people-core"];

/// Crates that ask for a clock, a socket, a file or a thread.
const IMPURE_CRATES: [&str; 9] =
    ["async-std", "axum", "hyper", "hyper-util", "mio", "reqwest", "rusqlite", "smol", "tokio"];

/// What `clippy.toml` disallows, and the runtime's other doors.
const IMPURE_WORDS: [&str; 7] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "thread::spawn",
    "thread::sleep",
    "tokio::",
];

/// Folders in `people-core/src/source` that are not a source.
const NO_SOURCES: [&str; 2] = ["canonical", "proof"];

/// A file longer than this is two files.
const LONGEST: usize = 500;

#[test]
fn arrows_point_down() {
    let crates = dependencies();
    let ours: BTreeSet<&String> = crates.keys().collect();
    for (name, allowed) in LAYERS {
        let named = crates.get(name).unwrap_or_else(|| panic!("{name} is not in the workspace"));
        let upward: Vec<&String> =
            named.iter().filter(|one| ours.contains(one) && !allowed.contains(&one.as_str())).collect();
        assert!(upward.is_empty(), "{name} may depend on {allowed:?} of ours, but names {upward:?}");
    }
}

#[test]
fn the_pure_layers_name_no_crate_that_does_io() {
    let crates = dependencies();
    let offenders: Vec<String> = PURE
        .iter()
        .flat_map(|layer| crates[*layer].iter().map(move |dependency| (layer, dependency)))
        .filter(|(_, dependency)| IMPURE_CRATES.contains(&dependency.as_str()))
        .map(|(layer, dependency)| format!("{layer} depends on {dependency}"))
        .collect();
    none(&offenders, "do it in a host");
}

#[test]
fn the_pure_layers_ask_for_no_clock_and_start_nothing() {
    let mut offenders = Vec::new();
    for file in PURE.iter().flat_map(|layer| rust_files(&format!("crates/{layer}/src"))) {
        for (number, line) in read(&file).lines().enumerate() {
            // Comments may speak of what the code must not do.
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE_WORDS.iter().filter(|word| code.contains(**word)) {
                offenders.push(format!("{}:{} has {word}", shown(&file), number + 1));
            }
        }
    }
    none(
        &offenders,
        "take the time as an argument, answer with a due time, leave threads and tasks to the host",
    );
}

#[test]
fn every_file_opens_by_telling_its_role() {
    let offenders: Vec<String> = ["crates", "tests", "benches", "worker"]
        .iter()
        .flat_map(|top| rust_files(top))
        .filter(|file| !read(file).starts_with("//! "))
        .map(|file| shown(&file))
        .collect();
    none(&offenders, "the first line is `//! ` and what the file is for");
}

#[test]
fn no_file_is_too_long() {
    let offenders: Vec<String> = sources()
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, file)| format!("{} has {lines} lines", shown(&file)))
        .collect();
    none(&offenders, &format!("at most {LONGEST} lines: split it along its nouns"));
}

/// A file that no `mod` line names is not compiled, and its tests do not run; nobody would notice.
#[test]
fn every_file_is_a_module() {
    let tests =
        directories(&root().join("crates")).into_iter().flat_map(|one| directories(&one.join("tests")));
    let tests = tests.chain([root().join("tests/it")]).flat_map(|binary| walk(&binary));
    let mut offenders = Vec::new();
    for file in sources().chain(tests) {
        let (name, parents) = module(&file);
        let declared = parents.iter().any(|parent| declares(&read(parent), &name));
        if !is_root(&file) && !declared {
            offenders.push(format!("{}: no `mod {name};`", shown(&file)));
        }
    }
    none(&offenders, "declare it where its folder is declared, or delete it");
}

#[test]
fn every_source_has_the_same_files() {
    let sources: Vec<PathBuf> = directories(&root().join("crates/people-core/src/source"))
        .into_iter()
        .filter(|folder| !NO_SOURCES.iter().any(|other| folder.ends_with(other)))
        .collect();
    assert!(!sources.is_empty(), "no source found: has the folder moved?");
    let offenders: Vec<String> = sources
        .iter()
        .flat_map(|folder| ["mod.rs", "wire.rs", "map.rs"].map(|file| folder.join(file)))
        .filter(|file| !file.is_file())
        .map(|file| shown(&file))
        .collect();
    none(
        &offenders,
        "a source is mod.rs (proof and kind), wire.rs (their JSON), map.rs (their words into ours)",
    );
}

/// Every package of the workspace and what it needs to be built: dev-dependencies are not arrows.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let named = package["dependencies"].as_array().expect("dependencies");
            let built = named.iter().filter(|one| one["kind"] != "dev").map(|one| text(&one["name"]));
            (text(&package["name"]), built.collect())
        })
        .collect()
}

/// The name a file is declared by, and the files that may declare it.
fn module(file: &Path) -> (String, Vec<PathBuf>) {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = file.parent().unwrap_or(file);
    // `a/mod.rs` is declared beside `a`; `a/b.rs` in `a/mod.rs` or `a.rs`.
    let (name, folder) = if stem == "mod" {
        (
            folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder.parent().unwrap_or(folder),
        )
    } else {
        (stem, folder)
    };
    let beside = ["mod.rs", "lib.rs", "main.rs"].map(|parent| folder.join(parent));
    let parents = beside.into_iter().chain([folder.with_extension("rs")]);
    (name, parents.filter(|parent| parent.is_file()).collect())
}

/// Whether cargo compiles it by itself.
fn is_root(file: &Path) -> bool {
    file.ends_with("lib.rs")
        || file.ends_with("main.rs")
        || file.parent().is_some_and(|folder| folder.ends_with("bin"))
}

/// Whether there is a line `mod name;`, at whatever visibility.
fn declares(parent: &str, name: &str) -> bool {
    let wanted = format!("mod {name};");
    parent.lines().map(str::trim).filter(|line| !line.starts_with("//")).any(|line| {
        line.strip_suffix(&wanted).is_some_and(|before| before.is_empty() || before.ends_with(' '))
    })
}

/// Every `crates/*/src/**/*.rs`.
fn sources() -> impl Iterator<Item = PathBuf> {
    directories(&root().join("crates")).into_iter().flat_map(|one| walk(&one.join("src")))
}

fn rust_files(below: &str) -> Vec<PathBuf> {
    walk(&root().join(below))
}

/// Rust files below a folder, sorted; none where it does not exist. Build output and hidden folders are passed over.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(folder)
        .into_iter()
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "rs"))
        .collect();
    found.extend(directories(folder).iter().flat_map(|inner| walk(inner)));
    found
}

fn directories(folder: &Path) -> Vec<PathBuf> {
    let passed_over = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') || name == "target" || name == "node_modules"
    };
    entries(folder).into_iter().filter(|path| path.is_dir() && !passed_over(path)).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    paths.sort();
    paths
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_path_buf()
}

/// As written from the root of the repository.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn none(offenders: &[String], remedy: &str) {
    assert!(offenders.is_empty(), "{remedy}:\n  {}", offenders.join("\n  "));
}
