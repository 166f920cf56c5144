//! Cloud Identity's user invitations v1: how an unmanaged account, which somebody made with a company address, becomes the company's.
//! Not a directory of its own: CloudM's plan asks here before an account is made (`cloudm/unmanaged.rs`).

use people_model::Email;
use people_model::invitations::{Customer, InvitationName};
use serde::Deserialize;

use crate::config::span::Span;

mod judge;
pub mod operations;
pub mod pager;

pub use judge::judge;
pub use pager::{Pager, PagingError};

/// Where invitations are, and what is to be done about unmanaged accounts. `[invitations]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// The customer, `C…` (Admin console, Account settings).
    pub customer: Customer,
    /// Who the service account acts for: an administrator who may manage users.
    pub admin: Email,
    /// The API's base URL; `/v1` lies below it. Default: Google's.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// What happens to a hire whose address an unmanaged account has. Default `hold`: a mail to somebody is not sent unasked.
    #[serde(default)]
    pub unmanaged: Unmanaged,
    /// How long an invitation may be unanswered before a human is asked. Default 14 days.
    #[serde(default = "wait")]
    pub wait: Span,
    /// How often an unanswered invitation is looked at. Default 1 h; at least a minute.
    #[serde(default = "poll")]
    pub poll: Span,
}

/// What happens to a hire whose address an unmanaged account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmanaged {
    /// Its owner is invited, and the answer followed.
    Invite,
    /// A human decides.
    #[default]
    Hold,
    /// Nothing: nobody looks.
    Ignore,
}

impl Invitations {
    /// The name of the invitation of whoever has this address.
    pub fn name(&self, address: &Email) -> InvitationName {
        InvitationName { customer: self.customer.clone(), address: address.clone() }
    }
}

fn base_url() -> String {
    people_model::invitations::BASE_URL.into()
}

fn wait() -> Span {
    Span::hours(14 * 24)
}

fn poll() -> Span {
    Span::hours(1)
}
