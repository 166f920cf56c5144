//! `docs/endpoints.md` says what the code does: every operation, its method, path and safety; and the commands, files and tests that it
//! names exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use people_core::endpoint::Endpoint;
use people_core::target::gapps::OPERATIONS;
use people_core::target::{
    ccai::ops as ccai, cloudm::users, cloudm::workflows, invitations::operations as invitations,
};
use people_model::ccai::JobId;
use people_model::cloudm::Patch;
use people_model::invitations::InvitationName;
use people_model::{Call, Domain, Members, WorkflowId};
use serde_json::{Value, json};

const DOCS: &str = include_str!("../../docs/endpoints.md");

/// What stands for the placeholders of the table.
const SAMPLES: [(&str, &str); 9] = [
    ("{domain}", "example.com"),
    ("{userId}", "ana@example.com"),
    ("{alias}", "a@example.com"),
    ("{workflowId}", "w1"),
    ("{jobId}", "7"),
    ("{page}", "2"),
    ("{perPage}", "50"),
    ("{customer}", "C01"),
    ("{email}", "ana@example.com"),
];

/// The cells of each row, by operation.
fn rows() -> BTreeMap<&'static str, Vec<&'static str>> {
    DOCS.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            (cells[0].trim_matches('`'), cells)
        })
        .collect()
}

fn calls() -> Vec<Call> {
    let domain = &Domain::parse("example.com").expect("a domain");
    let workflow = &WorkflowId::parse("w1").expect("a workflow");
    let (user, profile, patch) = ("ana@example.com", &Members::new(), &Patch(Members::new()));
    let (job, file, filename) = (JobId(7), &Value::Null, "a.json");
    let name = &InvitationName::parse("customers/C01/userinvitations/ana@example.com").expect("a name");
    let list = invitations::List {
        customer: &name.customer,
        filter: None,
        order_by: None,
        page_size: None,
        page_token: None,
    };
    vec![
        users::Get { domain, user }.call(),
        users::GetByAlias { domain, alias: "a@example.com" }.call(),
        users::Create { domain, profile }.call(),
        users::Schedule { domain, profile, below: "/onboard/scheduled" }.call(),
        users::PatchUser { domain, user, patch }.call(),
        users::Replace { domain, user, profile }.call(),
        users::Offboard { domain, user }.call(),
        workflows::Abort { domain, workflow }.call(),
        ccai::Template {}.call(),
        ccai::Upload { filename, file }.call(),
        ccai::Replace { job, filename, file }.call(),
        ccai::Proceed { job }.call(),
        ccai::GetJob { job }.call(),
        ccai::Jobs { page: 2, per_page: 50 }.call(),
        ccai::SchemeErrors { job }.call(),
        ccai::UpdateErrors { job }.call(),
        list.call(),
        invitations::Get(name).call(),
        invitations::Check(name).call(),
        invitations::Send(name).call(),
        invitations::Cancel(name).call(),
    ]
}

#[test]
fn each_operation_has_its_row() {
    let mut rows = rows();
    for call in calls() {
        let cells = rows.remove(&*call.op).unwrap_or_else(|| panic!("{} has no row", call.op));
        let path = SAMPLES
            .iter()
            .fold(cells[2].trim_matches('`').to_owned(), |path, (name, value)| path.replace(name, value));
        assert_eq!((cells[1], &*path), (call.method.as_str(), &*call.path), "{}", call.op);
        assert_eq!(json!(cells[3]), json!(call.safety), "{}", call.op);
    }
    for known in &OPERATIONS {
        let cells = rows.remove(known.name).unwrap_or_else(|| panic!("{} has no row", known.name));
        let path = |path: &str| {
            let parts = path.split('?').next().unwrap_or_default().split('/');
            parts
                .map(|part| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() })
                .collect::<Vec<_>>()
        };
        assert_eq!(cells[1], known.method.as_str(), "{}", known.name);
        assert_eq!(path(cells[2].trim_matches('`')), path(known.path), "{}", known.name);
        assert_eq!(json!(cells[3]), json!(known.safety), "{}", known.name);
    }
    assert!(rows.is_empty(), "no such operations: {:?}", rows.keys());
}

#[test]
fn what_a_row_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (op, cells) in rows() {
        for command in cells[4].split(", ") {
            let mut at = people::cli::Cli::command();
            for word in command.trim_matches('`').split(' ').skip(1).filter(|word| !word.starts_with("--")) {
                at = at
                    .find_subcommand(word)
                    .unwrap_or_else(|| panic!("{op}: no {word} in {command}"))
                    .clone();
            }
            for flag in command.trim_matches('`').split(' ').filter_map(|word| word.strip_prefix("--")) {
                assert!(
                    at.get_arguments().any(|arg| arg.get_long() == Some(flag)),
                    "{op}: no --{flag} in {command}"
                );
            }
        }
        let simulator = root.join("crates/people-sim/src").join(cells[5].trim_matches('`'));
        assert!(simulator.is_file(), "{op}: {}", simulator.display());
        let (file, test) =
            cells[6].trim_matches('`').split_once("` `").unwrap_or_else(|| panic!("{op}: file and test"));
        let text =
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{op}: {file}: {error}"));
        let there = text.contains(&format!("fn {test}(")) || text.contains(&format!("test!({test},"));
        assert!(there, "{op}: no {test} in {file}");
    }
}
