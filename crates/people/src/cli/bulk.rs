//! `people bulk`: CCAI Platform's users, in files.

use std::path::PathBuf;

use clap::Subcommand;
use people_model::ccai::JobId;

/// An operation on bulk files.
#[derive(Debug, Subcommand)]
pub enum Bulk {
    /// Show the template: a sample user who holds every role and team.
    Template,
    /// Upload a file of users as it is. Nothing is applied before its job proceeds.
    #[command(after_long_help = "Examples:
  people bulk template --output json > users.json    # then edit
  people bulk upload users.json
  people bulk upload users.json --replace 12345      # gives job 12345 another file")]
    Upload {
        /// A JSON array of users; `-` is stdin.
        file: PathBuf,
        /// The job that gets this file instead of its own.
        #[arg(long, value_name = "JOB")]
        replace: Option<JobId>,
        /// Print the request and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Apply a job whose file is valid.
    ///
    /// Looks first: a job that has proceeded already, or is not valid, is not told.
    Proceed {
        /// The job.
        job: JobId,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Print the request and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show how far a job is.
    Job {
        /// The job.
        job: JobId,
        /// Wait until it is validated, or applied.
        #[arg(long)]
        wait: bool,
    },
    /// List jobs, newest first.
    Jobs {
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show what was wrong with a job: of its file, and of its rows.
    Errors {
        /// The job.
        job: JobId,
    },
    /// File a roster and see it through: upload, validation, proceeding, and what became of each row.
    ///
    /// Rows that the file's validation refuses are left out and the rest is filed again. What has been done is in the journal, so that a run
    /// that broke off is gone on with by the same command; a roster that is through is not filed again. Nobody becomes `Inactive` by not
    /// being in it.
    #[command(after_long_help = "The roster is a JSON array of users, or CSV with a header:
  email,first_name,last_name,status,location,roles
  ana.silva@example.com,Ana,Silva,,Lisbon,Agent;Manager
  joe.bloggs@example.com,Joe,Bloggs,Inactive,,

Empty cells are left out; roles and teams are names, separated by `;`. Ends with 5 where a row was not applied, with 7 where that is not
known, and with 8 where more would become Inactive than the breaker allows.")]
    Sync {
        /// The roster; `-` is stdin.
        roster: PathBuf,
        /// The journal, where it is not the configured one.
        #[arg(long, value_name = "FILE")]
        journal: Option<PathBuf>,
        /// How many may lose access in the breaker's window, these included; `[policy.breaker]` if absent.
        #[arg(long, value_name = "N")]
        leavers: Option<u32>,
        /// File a roster that is through once more.
        #[arg(long)]
        again: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Print the request and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
