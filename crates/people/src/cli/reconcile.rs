//! `people reconcile`: a roster of HR against the directory.

use std::path::PathBuf;

use clap::Args;

/// Options of `reconcile`.
#[derive(Debug, Args)]
#[command(
    long_about = "Compare a roster of HR with the directory, and make the directory agree.

For when webhooks were lost, or where the bridge is introduced beside a directory that exists. The roster is read as a delivery of the
source would be. What the journal knows of each person and what the roster says are taken together, the directory is looked at, and what
would be done next is shown. Without --apply nothing is written and nothing but looks is sent.

With --apply the same is shown first; then the roster is accepted like a proven delivery, and its people are driven until each is
settled, held or waiting. The breaker, protected accounts, last days and questions count as ever. A server may run beside it.

People of the source who have an account and are not in the roster are listed as `missing`, and nothing is ever done about them.",
    after_long_help = "Examples:
  people reconcile employees.json                      # what differs?
  people reconcile employees.csv --source workday      # one record a line, for [source.map]; the first line names the members
  people reconcile employees.json --apply              # asks, then makes it so
  people reconcile - --apply --yes --output json < employees.json

Ends with 0 where all agrees or was done, with 1 where a look failed or somebody still waits, with 3 where a part of the roster cannot be
used, with 8 where somebody is held for a human, and, without --apply, with 4 where something differs."
)]
pub struct Reconcile {
    /// What HR says of everybody, as the source sends it, or CSV with a header; `-` is stdin.
    #[arg(value_name = "ROSTER")]
    pub roster: PathBuf,
    /// The source, by its name in the configuration; may be left out where there is one.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The media type of the roster, where the kind of source cares; `text/csv` for CSV that is not named `.csv`.
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// Make the directory agree.
    #[arg(long)]
    pub apply: bool,
    /// Do not ask.
    #[arg(long, requires = "apply")]
    pub yes: bool,
}
