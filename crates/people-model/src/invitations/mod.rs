//! Resources of the Cloud Identity User Invitation API v1.
//!
//! Source: Google's discovery document `cloudidentity:v1`, revision 20261019, and "Manage user invitations". JSON made of protocol
//! buffers leaves out default values: `false`, `"0"`, empty lists and empty texts may be absent.

pub mod error;
pub mod invitation;
pub mod name;

pub use error::RpcError;
pub use invitation::{Invitable, InvitationState, Operation, Page, UserInvitation};
pub use name::{Customer, InvitationName};

/// The OAuth scope that the API needs. The discovery document lists neither scopes on these methods nor this scope.
pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-identity.userinvitations";

/// The public base URL of the API; `/v1` lies below it.
pub const BASE_URL: &str = "https://cloudidentity.googleapis.com";
