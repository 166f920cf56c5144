//! One API operation as plain data: what is sent, how safe it is to repeat, and what it means for the person.

use core::fmt;
use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Email, WorkflowId};

/// An API that is called. Each has its own base URL and its own credentials in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Api {
    /// CloudM Automate, People API v4 and the v1 workflow abort.
    Cloudm,
    /// CCAI Platform, bulk user management.
    Ccai,
    /// Cloud Identity, user invitations v1.
    Invitations,
    /// Google Apps Provisioning v2 (Atom).
    Gapps,
}

/// Whether an operation may be repeated when its answer was lost. Declared by the operation, not guessed from the verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// Changes nothing.
    Read,
    /// Twice is the same as once.
    Idempotent,
    /// Twice is not the same as once: after a lost answer, look before repeating.
    Once,
}

/// The verb of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Create, patch, act.
    Post,
    /// Replace.
    Put,
    /// Delete.
    Delete,
}

impl Method {
    /// The verb as it stands in the request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As JSON.
    #[default]
    Json,
    /// As `multipart/form-data`: the body is an object whose member `file` is sent as a file of JSON, under the name in `filename`;
    /// its other members are fields.
    File,
    /// As an Atom document: the body is a string that holds it.
    Atom,
}

impl Form {
    /// The content type; of a file, without its boundary.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::File => "multipart/form-data",
            Self::Atom => "application/atom+xml",
        }
    }

    /// What answers are asked for.
    pub fn accept(self) -> &'static str {
        match self {
            Self::Json | Self::File => "application/json",
            Self::Atom => "application/atom+xml",
        }
    }

    fn is_json(&self) -> bool {
        matches!(self, Self::Json)
    }
}

/// One API operation as plain data. It can be printed, stored and compared. It never holds a secret: an initial password
/// is filled in when the request is built and forgotten with it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Call {
    /// Whose operation it is.
    pub api: Api,
    /// The operation's name, such as `cloudm.users.patch`.
    pub op: Cow<'static, str>,
    /// Whether it may be repeated.
    pub safety: Safety,
    /// The verb.
    pub method: Method,
    /// The path below the API's base URL, percent-encoded, starting with `/`; with its query, where there is one.
    pub path: String,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// How the body travels.
    #[serde(default, skip_serializing_if = "Form::is_json")]
    pub form: Form,
    /// Whether a fresh initial password is to be put into the body's `password` when it is sent.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub password: bool,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("op", &self.op).field("safety", &self.safety).finish_non_exhaustive()
    }
}

/// What a call, once done, means for the person. The engine folds these; it knows nothing of any API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "effect", !remote))]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Effect {
    /// The account exists from now on.
    Create {
        /// Its address.
        address: Email,
    },
    /// The account will exist from a moment on.
    Schedule {
        /// Its address.
        address: Email,
        /// The moment of onboarding.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        #[serde(with = "crate::time::at")]
        at: Timestamp,
    },
    /// Attributes of the account change.
    Update,
    /// The account's primary address changes; the old one stays as an alias.
    Rename {
        /// The new address.
        address: Email,
    },
    /// The account is usable again after it was not.
    Restore,
    /// The account is no longer usable, and kept.
    Suspend,
    /// The account's offboarding starts.
    Offboard,
    /// A scheduled onboarding is taken back.
    AbortOnboarding {
        /// Its workflow.
        workflow: WorkflowId,
    },
    /// An offboarding is taken back.
    AbortOffboarding {
        /// Its workflow.
        workflow: WorkflowId,
    },
    /// The owner of an unmanaged account is asked, by mail, to hand it over.
    Invite {
        /// The account's address.
        address: Email,
        /// How many mails had been sent before, where an invitation was to be seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mails: Option<u64>,
    },
    /// The invitation is taken back.
    CancelInvitation {
        /// The account's address.
        address: Email,
    },
}

crate::tagged::tagged!("effect" Effect);

impl Effect {
    /// Whether somebody loses access by it: what protected accounts and the breaker guard.
    pub fn takes_access_away(&self) -> bool {
        matches!(self, Self::Offboard | Self::Suspend)
    }

    /// One word for lists.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Schedule { .. } => "schedule",
            Self::Update => "update",
            Self::Rename { .. } => "rename",
            Self::Restore => "restore",
            Self::Suspend => "suspend",
            Self::Offboard => "offboard",
            Self::AbortOnboarding { .. } => "abort onboarding",
            Self::AbortOffboarding { .. } => "abort offboarding",
            Self::Invite { .. } => "invite",
            Self::CancelInvitation { .. } => "cancel invitation",
        }
    }
}

/// One step of a plan: a call and what it means.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// What it means for the person once done.
    #[serde(flatten)]
    pub effect: Effect,
    /// What is sent.
    pub call: Call,
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let mut members = crate::Members::deserialize(input)?;
        let call = crate::tagged::take(&mut members, "call")?;
        let effect = <Effect as Deserialize>::deserialize(Value::Object(members));
        let effect = effect.map_err(serde::de::Error::custom)?;
        Ok(Self { effect, call })
    }
}
