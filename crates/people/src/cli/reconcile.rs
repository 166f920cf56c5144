//! `people reconcile`: a roster of HR against the directory.

use std::path::PathBuf;

use clap::Args;

/// Options of `reconcile`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  people reconcile employees.json                      # what differs?
  people reconcile employees.csv --source workday      # one record a line, for [source.map]; the first line names the members
  people reconcile employees.json --apply              # asks, then makes it so
  people reconcile - --apply --yes --output json < employees.json

Ends with 0 where all agrees or was done, with 1 where a look failed or somebody still waits, with 3 where a part of the roster cannot be
used, with 8 where somebody is held for a human, and, without --apply, with 4 where something differs.")]
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
    /// When the roster was exported (RFC 3339): what was heard since outweighs it. If absent, when the file was last written; of stdin, now.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<jiff::Timestamp>,
    /// Make the directory agree.
    #[arg(long)]
    pub apply: bool,
    /// Do not ask.
    #[arg(long, requires = "apply")]
    pub yes: bool,
}
