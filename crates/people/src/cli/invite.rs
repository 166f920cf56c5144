//! `people invite`: the operations on Cloud Identity's user invitations.

use clap::{Args, Subcommand, ValueEnum};
use people_model::Email;

/// An operation on invitations.
#[derive(Debug, Subcommand)]
pub enum Invite {
    /// List unmanaged accounts and how far their invitations are.
    ///
    /// Accounts made, and domains verified, in the last 48 hours are not shown by Google.
    #[command(after_long_help = "Examples:
  people invite list --state invited --state declined
  people invite list --order update-time-desc --limit 20 --output csv
  people invite list --filter \"state!='accepted'\"")]
    List {
        /// Only those in this state; may be repeated.
        #[arg(long, value_enum, value_name = "STATE", conflicts_with = "filter")]
        state: Vec<State>,
        /// A filter in Google's words, by state only.
        #[arg(long, value_name = "FILTER")]
        filter: Option<String>,
        /// The order.
        #[arg(long, value_enum, value_name = "ORDER")]
        order: Option<Order>,
        /// How many a request asks for, 200 at most.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
        page_size: Option<u32>,
        /// No more than so many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show the invitation of whoever has this address.
    Get {
        /// The address.
        email: Email,
    },
    /// Show whether an unmanaged account has this address and can be invited.
    Check {
        /// The address.
        email: Email,
    },
    /// Send an invitation, which is a mail.
    ///
    /// Looks first, and sends nothing where there is nobody to invite or an invitation stands. Where the answer is lost, it looks
    /// whether the mail went, and never sends by itself again.
    Send {
        /// The address.
        email: Email,
        /// Send another mail to somebody who has not answered, or who declined.
        #[arg(long)]
        again: bool,
        /// How it is sent.
        #[command(flatten)]
        sending: Sending,
    },
    /// Take back an invitation that was sent.
    Cancel {
        /// The address.
        email: Email,
        /// How it is sent.
        #[command(flatten)]
        sending: Sending,
    },
}

/// How a change is sent.
#[derive(Debug, Clone, Copy, Args)]
pub struct Sending {
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Print the request and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Nobody was invited.
    NotYetSent,
    /// A mail was sent.
    Invited,
    /// The account is managed now.
    Accepted,
    /// The owner declined.
    Declined,
}

impl State {
    /// The word in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotYetSent => "not_yet_sent",
            Self::Invited => "invited",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
        }
    }
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// By address.
    EmailAsc,
    /// By address, backwards.
    EmailDesc,
    /// Those that changed last at the end.
    UpdateTimeAsc,
    /// Those that changed last first.
    UpdateTimeDesc,
}

impl Order {
    /// The order in Google's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::EmailAsc => "email asc",
            Self::EmailDesc => "email desc",
            Self::UpdateTimeAsc => "update_time asc",
            Self::UpdateTimeDesc => "update_time desc",
        }
    }
}
