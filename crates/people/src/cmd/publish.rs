//! What the binary knows of itself: schemas, exit codes, completions, manual pages.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use people_model::schema;
use serde_json::json;

use crate::cli::Cli;
use crate::exit::{Exit, Fail};
use crate::report::{Report, pretty, print, say};

/// Prints one schema, or the names of all.
pub(super) fn schema(report: &Report, name: Option<&str>) -> Result<Exit, Fail> {
    let all = schema::all();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    match name {
        None => {
            let rows: Vec<Vec<String>> = names.iter().map(|name| vec![(*name).to_owned()]).collect();
            report.rows(&["schema"], &rows, &names)?;
        }
        Some(wanted) => match all.iter().find(|(name, _)| *name == wanted) {
            Some((_, schema)) => print(&pretty(schema)?)?,
            None => {
                return Err(Fail::usage(format!(
                    "there is no such document; use one of {}",
                    names.join(", ")
                )));
            }
        },
    }
    Ok(Exit::Ok)
}

/// Prints the exit codes.
pub(super) fn exit_codes(report: &Report) -> Result<Exit, Fail> {
    let rows: Vec<Vec<String>> =
        Exit::ALL.iter().map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]).collect();
    let json: Vec<_> =
        Exit::ALL.iter().map(|exit| json!({"code": exit.code(), "meaning": exit.meaning()})).collect();
    report.rows(&["code", "meaning"], &rows, &json)?;
    Ok(Exit::Ok)
}

/// Prints a completion script.
pub(super) fn completions(shell: Shell) -> Result<Exit, Fail> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "people", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// Prints the manual page, or writes all of them into a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<Exit, Fail> {
    match folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map_err(|error| Fail::failed(error.to_string()))?;
            print(&String::from_utf8_lossy(&page))?;
        }
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
                .map_err(|error| Fail::failed(format!("{}: {error}; name another folder", folder.display())))?;
            say(&format!("the manual pages are in {}", folder.display()));
        }
    }
    Ok(Exit::Ok)
}
