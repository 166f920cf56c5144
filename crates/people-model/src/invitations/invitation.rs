//! The resource itself, and what the five methods answer.

use serde::{Deserialize, Deserializer, Serialize};

use super::error::Status;
use crate::Members;

/// How far an invitation is. Open: a state that is not known here is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum InvitationState {
    /// The default value, which is left out on the wire.
    #[default]
    Unspecified,
    /// There is an unmanaged account of this address, and no mail has been sent. Such entries appear by themselves.
    NotYetSent,
    /// A mail has been sent, and not been answered.
    Invited,
    /// The account is managed by the customer from now on.
    Accepted,
    /// The person wants to keep the account to themselves.
    Declined,
    /// Another.
    Other(String),
}

impl InvitationState {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unspecified => "STATE_UNSPECIFIED",
            Self::NotYetSent => "NOT_YET_SENT",
            Self::Invited => "INVITED",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for InvitationState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "STATE_UNSPECIFIED" | "" => Self::Unspecified,
            "NOT_YET_SENT" => Self::NotYetSent,
            "INVITED" => Self::Invited,
            "ACCEPTED" => Self::Accepted,
            "DECLINED" => Self::Declined,
            _ => Self::Other(word),
        }
    }
}

impl From<InvitationState> for String {
    fn from(state: InvitationState) -> Self {
        state.as_str().to_owned()
    }
}

/// An invitation. Every member may be absent.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserInvitation {
    /// `customers/{customer}/userinvitations/{address}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How far it is.
    pub state: InvitationState,
    /// How many mails were sent. A string on the wire (int64); a number is read too.
    #[serde(deserialize_with = "count", serialize_with = "as_text")]
    pub mails_sent_count: u64,
    /// When it last changed: RFC 3339 with up to nine digits of a second.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub update_time: String,
}

impl UserInvitation {
    /// Reads the resource. `None`: the object is not one.
    pub fn read(members: &Members) -> Option<Self> {
        serde_json::from_value(serde_json::Value::Object(members.clone())).ok()
    }
}

impl core::fmt::Debug for UserInvitation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("UserInvitation");
        shown.field("state", &self.state).field("mails", &self.mails_sent_count).finish_non_exhaustive()
    }
}

/// The reply of list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Page {
    /// The invitations of this page.
    pub user_invitations: Vec<UserInvitation>,
    /// What asks for the next page; empty: this is the last.
    pub next_page_token: String,
}

/// The reply of isInvitableUser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Invitable {
    /// Whether there is an unmanaged account that can be invited.
    pub is_invitable_user: bool,
}

/// The reply of send and cancel. There is no resource to ask for its progress.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether it is over; then there is either `error` or `response`.
    pub done: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Status>,
    /// What came of it: the invitation, with an `@type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Members>,
}

impl core::fmt::Debug for Operation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Operation")
            .field("done", &self.done)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

fn count<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
        Nothing(()),
    }
    match Either::deserialize(input)? {
        Either::Text(text) => text.trim().parse().map_err(|_| serde::de::Error::custom("not a count")),
        Either::Number(number) => Ok(number),
        Either::Nothing(()) => Ok(0),
    }
}

fn as_text<S: serde::Serializer>(count: &u64, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_the_default() {
        let read = |text: &str| serde_json::from_str::<UserInvitation>(text).unwrap();
        assert_eq!(read("{}"), UserInvitation::default());
        assert_eq!(read(r#"{"mailsSentCount":"7"}"#).mails_sent_count, 7);
        assert_eq!(read(r#"{"mailsSentCount":7,"new":[1]}"#).mails_sent_count, 7);
        assert_eq!(read(r#"{"mailsSentCount":null}"#).mails_sent_count, 0);
        assert!(serde_json::from_str::<UserInvitation>(r#"{"mailsSentCount":"x"}"#).is_err());
        assert!(!serde_json::from_str::<Invitable>("{}").unwrap().is_invitable_user);
        assert_eq!(serde_json::from_str::<Page>("{}").unwrap(), Page::default());
        assert!(!serde_json::from_str::<Operation>("{}").unwrap().done);
    }

    #[test]
    fn a_state_of_tomorrow_is_kept() {
        let read: UserInvitation = serde_json::from_str(r#"{"state":"PAUSED"}"#).unwrap();
        assert_eq!(read.state, InvitationState::Other("PAUSED".into()));
        assert_eq!(serde_json::to_value(&read).unwrap()["state"], "PAUSED");
    }
}
