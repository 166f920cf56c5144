//! Third-party data to test against: used where it is, never copied. Without it the tests that want it say so and pass.
#![cfg(test)]

use std::path::{Path, PathBuf};

/// The file of that name in the directory that `PEOPLE_VECTORS` names; `None` where it is not there.
pub(crate) fn vector(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = std::env::var_os("PEOPLE_VECTORS").map_or(beside, PathBuf::from);
    let file = folder.join(name);
    if file.is_file() {
        return Some(file);
    }
    println!("skipped: {name} is not there; PEOPLE_VECTORS can name its directory");
    None
}
