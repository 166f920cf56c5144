//! `people events` and `people held`: the journal of the configuration, whether a server runs or not.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use people_core::journal::Status;
use people_model::Email;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// List events, newest first.
    #[command(after_long_help = "Examples:
  people events list --status dead
  people events list --person p_0123456789abcdef --output csv")]
    List {
        /// Only these.
        #[arg(long, value_parser = PossibleValuesParser::new(Status::ALL.map(Status::as_str)))]
        status: Option<String>,
        /// Only of this person.
        #[arg(long, value_name = "TAG")]
        person: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show the log of a person: what was heard, decided, sent and answered.
    Show {
        /// The person's tag (`p_…`), or one of their events (`d_….0`).
        #[arg(value_name = "EVENT_OR_TAG")]
        who: String,
        /// Show names, addresses and values too.
        #[arg(long)]
        personal: bool,
    },
    /// Take the delivery of an event apart again, after the map was mended.
    Replay {
        /// The event (`d_….0`), or its delivery.
        event: String,
    },
}

/// What to do with what waits for a human.
#[derive(Debug, Subcommand)]
pub enum Held {
    /// List what waits for a decision.
    List,
    /// Show why a person's plan waits, and what it would do.
    Show {
        /// The person's tag, or one of their events.
        #[arg(value_name = "TAG")]
        who: String,
        /// Show names, addresses and values too.
        #[arg(long)]
        personal: bool,
    },
    /// Let the plan go on.
    #[command(after_long_help = "Examples:
  people held approve p_0123456789abcdef
  people held approve p_0123456789abcdef --address ana.silva@example.com   # where the question is which address")]
    Approve {
        /// The person's tag, or one of their events.
        #[arg(value_name = "TAG")]
        who: String,
        /// The address to use.
        #[arg(long, value_name = "EMAIL")]
        address: Option<Email>,
    },
    /// Decide against the plan.
    Reject {
        /// The person's tag, or one of their events.
        #[arg(value_name = "TAG")]
        who: String,
    },
}
