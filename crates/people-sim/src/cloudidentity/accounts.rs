//! Unmanaged accounts, and how far the invitation of each is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::Fail;

/// The state of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum InvitationState {
    #[default]
    NotYetSent,
    Invited,
    Accepted,
    Declined,
}

impl InvitationState {
    pub(super) const ALL: [Self; 4] = [Self::NotYetSent, Self::Invited, Self::Accepted, Self::Declined];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotYetSent => "NOT_YET_SENT",
            Self::Invited => "INVITED",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
        }
    }
}

/// An account that somebody made for themselves with an address of the company.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Consumer {
    /// Its primary address.
    pub(crate) email: String,
    /// When it was made; a new one is invisible to get and list for a while.
    #[serde(default = "long_ago")]
    since: Timestamp,
    /// How far the invitation is.
    #[serde(default)]
    pub(super) state: InvitationState,
    /// How many mails were sent.
    #[serde(default)]
    mails_sent_count: u64,
    /// When the invitation last changed.
    #[serde(default = "long_ago")]
    pub(super) update_time: Timestamp,
}

fn long_ago() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

impl Consumer {
    /// The resource; default values are left out.
    pub(super) fn resource(&self, name: &str) -> Value {
        let (state, changed) = (self.state.word(), format!("{:.9}", self.update_time));
        match self.mails_sent_count {
            0 => json!({ "name": name, "state": state, "updateTime": changed }),
            n => {
                json!({ "name": name, "state": state, "mailsSentCount": n.to_string(), "updateTime": changed })
            }
        }
    }

    fn change(&mut self, state: InvitationState, now: Timestamp) -> &Self {
        self.state = state;
        self.update_time = now;
        self
    }
}

/// All accounts that are or were unmanaged, by lower-case address.
#[derive(Debug, Default)]
pub(crate) struct Invitations(BTreeMap<String, Consumer>);

impl Invitations {
    /// What the state shows of it.
    pub(crate) fn all(&self) -> Vec<Value> {
        let shown = |consumer: &Consumer| {
            json!({
                "email": consumer.email,
                "state": consumer.state,
                "mailsSentCount": consumer.mails_sent_count,
                "updateTime": consumer.update_time,
            })
        };
        self.0.values().map(shown).collect()
    }

    /// Seeds an account, replacing one of the same address.
    pub(crate) fn put(&mut self, consumer: Consumer) -> Result<(), &'static str> {
        if !consumer.email.contains('@') {
            return Err("`email` must be an address");
        }
        self.0.insert(consumer.email.to_lowercase(), consumer);
        Ok(())
    }

    /// The account's owner deletes it.
    pub(crate) fn remove(&mut self, email: &str) -> bool {
        self.0.remove(&email.to_lowercase()).is_some()
    }

    /// The owner answers the mail. `false`: there is none to answer.
    pub(crate) fn answer(&mut self, email: &str, accepts: bool, now: Timestamp) -> bool {
        let invited =
            self.0.get_mut(&email.to_lowercase()).filter(|one| one.state == InvitationState::Invited);
        let answer = if accepts { InvitationState::Accepted } else { InvitationState::Declined };
        invited.map(|consumer| consumer.change(answer, now)).is_some()
    }

    /// Those that get and list show.
    pub(super) fn visible(&self, lag: SignedDuration, now: Timestamp) -> impl Iterator<Item = &Consumer> {
        self.0.values().filter(move |one| one.since.saturating_add(lag).is_ok_and(|shown| shown <= now))
    }

    pub(super) fn shown(&self, email: &str, lag: SignedDuration, now: Timestamp) -> Option<&Consumer> {
        let email = email.to_lowercase();
        self.visible(lag, now).find(|one| one.email.to_lowercase() == email)
    }

    pub(super) fn invitable(&self, email: &str) -> bool {
        self.0.get(&email.to_lowercase()).is_some_and(|one| one.state != InvitationState::Accepted)
    }

    /// Each call is a mail, to whoever was invited before too.
    pub(super) fn send(&mut self, email: &str, now: Timestamp) -> Result<&Consumer, Fail> {
        let consumer = self.found(email)?;
        if consumer.state == InvitationState::Accepted {
            return Err(Fail::precondition("The user is not eligible for an invitation."));
        }
        consumer.mails_sent_count += 1;
        Ok(consumer.change(InvitationState::Invited, now))
    }

    pub(super) fn cancel(&mut self, email: &str, now: Timestamp) -> Result<&Consumer, Fail> {
        let consumer = self.found(email)?;
        if consumer.state != InvitationState::Invited {
            return Err(Fail::precondition("The invitation is not in a state that can be cancelled."));
        }
        Ok(consumer.change(InvitationState::NotYetSent, now))
    }

    fn found(&mut self, email: &str) -> Result<&mut Consumer, Fail> {
        let found = self.0.get_mut(&email.to_lowercase());
        found.ok_or_else(|| Fail::new(404, "NOT_FOUND", "Requested entity was not found."))
    }
}
