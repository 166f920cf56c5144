//! The command line: every command, option and help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::report::Format;

mod bulk;
pub(crate) mod gapps;
mod invite;
mod journal;
mod reconcile;
mod user;

pub use bulk::Bulk;
pub use gapps::Gapps;
pub use invite::{Invite, Sending};
pub use journal::{Events, Held};
pub use reconcile::Reconcile;
pub use user::{Address, File, User, Workflow, Writing};

/// HR webhooks become CloudM calls.
///
/// Receives what HR systems announce, works out what it means for a person, and calls the CloudM People API until the
/// directory says what HR says.
#[derive(Debug, Parser)]
#[command(
    name = "people",
    version,
    propagate_version = true,
    max_term_width = 110,
    after_help = "`people help exit-codes` explains the exit codes.",
    after_long_help = "Examples:
  people config check                        # is people.toml right?
  people doctor                              # does everything it names work?
  people plan --source hr payload.json       # what would this delivery do?
  people serve                               # receive deliveries
  people held list                           # what waits for a decision

Data goes to stdout, everything else to stderr. `people help exit-codes` explains the exit codes."
)]
pub struct Cli {
    /// The configuration.
    #[arg(
        long,
        global = true,
        env = "PEOPLE_CONFIG_FILE",
        default_value = "people.toml",
        value_name = "FILE",
        help_heading = "Everywhere"
    )]
    pub config: PathBuf,

    /// The form of what is printed.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "table",
        value_name = "FORM",
        help_heading = "Everywhere"
    )]
    pub output: Format,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive deliveries and keep the directory in step.
    ///
    /// Prints `listening on http://ADDRESS:PORT` once it does. Ctrl-C or SIGTERM lets what runs finish and stops.
    #[command(after_long_help = "Examples:
  people serve
  people serve --config /etc/people/people.toml --listen 127.0.0.1:0   # any free port")]
    Serve {
        /// Where to listen; `[server] listen` if absent.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },

    /// Run the pretend clouds alone, to try things out against.
    ///
    /// Prints one line of JSON with their addresses, and runs until Ctrl-C.
    #[command(after_long_help = "Example:
  people sim --key-out key.json

Then, in people.toml: [cloudm] base_url is the `cloudm` of that line, [google] credentials is \"key.json\".
It takes these secrets: BambooHR `sim-bamboohr-key`; CCAI Platform subdomain `customer`, token `sim-ccai-token`;
ClientLogin `admin@example.com`, password `sim-gapps-password`.")]
    Sim {
        /// Where to listen; port 0 picks a free one.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        listen: std::net::SocketAddr,
        /// Where to write the service account key that they accept; readable for you only.
        #[arg(long, value_name = "FILE")]
        key_out: Option<PathBuf>,
        /// Seeds the faults that strike at a rate.
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
    },

    /// Show everything in one process on this machine: pretend clouds, server, sample deliveries from every source.
    Demo {
        /// Leave it running afterwards and print the addresses.
        #[arg(long)]
        keep: bool,
    },

    /// Show what a delivery would do, without sending anything.
    ///
    /// Takes the payload apart as the source would and plans against an empty directory; for changes and leaves also
    /// against one in which the person has an account. Needs no network, no secret and no journal. Steps that wait for
    /// a date (a last day, a first day) are shown with their moment. Ends with 3 where a part cannot be used.
    #[command(after_long_help = "Examples:
  people plan --source hr hire.json
  people plan --source hr --output json - < hire.json
  people plan --source hr --now 2026-05-14T22:00:00Z leave.json")]
    Plan {
        /// The source, by its name in the configuration.
        #[arg(long, value_name = "NAME")]
        source: String,
        /// The media type of the delivery, where the kind of source cares.
        #[arg(long, value_name = "TYPE")]
        content_type: Option<String>,
        /// The time to plan at (RFC 3339); now if absent.
        #[arg(long, value_name = "TIME")]
        now: Option<jiff::Timestamp>,
        /// The payload; `-` is stdin.
        #[arg(value_name = "PAYLOAD_FILE")]
        payload: PathBuf,
    },

    /// Compare a roster of HR with the directory, and make the directory agree.
    ///
    /// For when webhooks were lost, or where the bridge is introduced beside a directory that exists. The roster is read as a delivery of
    /// the source would be. What the journal knows of each person and what the roster says are taken together, the directory is looked
    /// at, and what would be done next is shown. Without --apply nothing is written and nothing but looks is sent.
    ///
    /// With --apply the same is shown first; then the roster is accepted like a proven delivery, and its people are driven until each is
    /// settled, held or waiting. The breaker, protected accounts, last days and questions count as ever. A server may run beside it.
    ///
    /// People of the source who have an account and are not in the roster are listed as `missing`, and nothing is ever done about them.
    Reconcile(Reconcile),

    /// Call the CloudM API about one user, one operation at a time.
    #[command(subcommand)]
    User(User),

    /// Abort a workflow.
    #[command(subcommand)]
    Workflow(Workflow),

    /// Call a Google Apps Provisioning API, read its exports, or answer it over CloudM.
    #[command(subcommand)]
    Gapps(Gapps),
    /// File users of CCAI Platform in bulk.
    #[command(subcommand)]
    Bulk(Bulk),

    /// Find unmanaged accounts and invite their owners, one operation at a time.
    #[command(subcommand)]
    Invite(Invite),

    /// Look at what was heard, and hear it again.
    #[command(subcommand)]
    Events(Events),

    /// Decide about what waits for a human.
    #[command(subcommand)]
    Held(Held),

    /// Get an access token and show what it is worth.
    Token {
        /// Print the token itself too. It opens the directory to whoever sees it.
        #[arg(long)]
        show: bool,
    },

    /// Check everything the configuration names: secrets, key, clock, token, CloudM, journal.
    ///
    /// Each line is ok, warn or FAIL, what was checked, and what to do. Ends with 4 where something failed.
    Doctor {
        /// Leave out what needs the network.
        #[arg(long)]
        offline: bool,
    },

    /// Check the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),

    /// Print the JSON Schema of a public document, or the names of all.
    Schema {
        /// The document.
        name: Option<String>,
    },

    /// Explain the exit codes.
    #[command(long_about = exit_codes())]
    ExitCodes,

    /// Print the completion script of a shell.
    #[command(after_long_help = "Example:
  people completions bash > ~/.local/share/bash-completion/completions/people")]
    Completions {
        /// The shell.
        shell: Shell,
    },

    /// Print the manual page, or write those of all commands into a folder.
    Man {
        /// The folder.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// A command about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Parse the document, resolve its secrets and build its sources; sends nothing.
    Check(ConfigCheck),
}

/// Options of `config check`.
#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// Check it as the document of the Worker: secrets are named by `env` and are not resolved here.
    #[arg(long)]
    pub worker: bool,
}

fn exit_codes() -> String {
    format!("The exit codes, and what they mean:\n\n{}", crate::exit::table())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_that_count_everywhere_may_stand_anywhere() {
        let cli = parse("people user get ana@example.com --output json --config x.toml").unwrap();
        assert_eq!((cli.output, cli.config), (Format::Json, PathBuf::from("x.toml")));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for line in [
            "people user get a@b.c --dry-run",
            "people events list --dry-run",
            "people user patch a@b.c",
            "people user patch a@b.c --set title",
            "people user create",
            "people token --show=ya29.x",
            "people sim --listen nowhere",
            "people plan x.json",
            "people bulk job x",
            "people bulk job 1 --dry-run",
            "people bulk jobs --limit 0",
            "people bulk sync",
            "people reconcile",
            "people reconcile x.json --yes",
            "people reconcile x.json --dry-run",
            "people events list --status odd",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn no_option_takes_a_secret() {
        fn names(command: &clap::Command, all: &mut Vec<String>) {
            all.extend(command.get_arguments().map(|argument| argument.get_id().to_string()));
            command.get_subcommands().for_each(|command| names(command, all));
        }
        let mut all = Vec::new();
        names(&Cli::command(), &mut all);
        assert!(!all.iter().any(|name| name.contains("secret") || name.contains("password")), "{all:?}");
    }
}
