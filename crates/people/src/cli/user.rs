//! `people user` and `people workflow`: the operations of the API.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use people_model::{Email, WorkflowId};

/// An operation on a user.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Show the user with this primary address.
    Get(Address),
    /// Show the user who has this alias.
    ByAlias {
        /// The alias.
        alias: Email,
    },
    /// Create a user now, with a fresh password that nobody sees.
    ///
    /// Looks first: where there is a user of this address, nothing is sent.
    #[command(after_long_help = "Example:
  echo '{\"id\": \"ana.silva@example.com\", \"givenName\": \"Ana\", \"familyName\": \"Silva\"}' | people user create --file -

A `password` in the profile is used as it is; without one a password is made and forgotten.")]
    Create {
        /// The address, where the profile has no `id`.
        email: Option<Email>,
        /// The profile.
        #[command(flatten)]
        file: File,
        /// How it is sent.
        #[command(flatten)]
        writing: Writing,
    },
    /// Schedule the creation of a user; the profile says when (`provisionDate`).
    Schedule {
        /// The address, where the profile has no `id`.
        email: Option<Email>,
        /// The profile.
        #[command(flatten)]
        file: File,
        /// How it is sent.
        #[command(flatten)]
        writing: Writing,
    },
    /// Change members of a user; the others stay. Reads back whether they were kept.
    #[command(
        group(ArgGroup::new("what").required(true).multiple(true)),
        after_long_help = "Examples:
  people user patch ana.silva@example.com --set title='Head of Sales' --set onHold=true
  people user patch ana.silva@example.com --set department=          # removes the value
  people user patch ana.silva@example.com --file changes.json --dry-run"
    )]
    Patch {
        /// The primary address.
        email: Email,
        /// The members to change, as a JSON object; `-` is stdin.
        #[arg(long, value_name = "FILE", group = "what")]
        file: Option<PathBuf>,
        /// One member to change.
        #[arg(long, value_name = "NAME=VALUE", group = "what", value_parser = pair)]
        set: Vec<(String, String)>,
        /// How it is sent.
        #[command(flatten)]
        writing: Writing,
    },
    /// Replace the whole profile of a user: what the file does not say is removed.
    Replace {
        /// The primary address, where the profile has no `id`.
        email: Option<Email>,
        /// The profile.
        #[command(flatten)]
        file: File,
        /// How it is sent.
        #[command(flatten)]
        writing: Writing,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Start the offboarding workflow of a user.
    ///
    /// Looks first: where a workflow runs already, nothing is sent. Accounts that are protected, by `[policy] protected`
    /// or in CloudM, are refused.
    Offboard {
        /// The primary address.
        #[command(flatten)]
        address: Address,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Print the request and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// An operation on a workflow.
#[derive(Debug, Subcommand)]
pub enum Workflow {
    /// Abort a workflow, such as an offboarding that was a mistake.
    Abort {
        /// The workflow, as `people user offboard` and `people user get` show it (`workflowId`).
        id: WorkflowId,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Print the request and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// A user's address.
#[derive(Debug, Args)]
pub struct Address {
    /// The primary address.
    pub email: Email,
}

/// Where a profile comes from.
#[derive(Debug, Args)]
pub struct File {
    /// The profile, as a JSON object; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
}

/// How a change is sent.
#[derive(Debug, Clone, Copy, Args)]
pub struct Writing {
    /// Print the request and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Send members that the documentation does not name, or says are CloudM's own. CloudM ignores those silently.
    #[arg(long)]
    pub force: bool,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if name.eq_ignore_ascii_case("password") {
        return Err("a password never goes on a command line, where others can see it; use --file".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}
