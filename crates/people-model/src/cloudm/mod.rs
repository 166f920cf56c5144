//! Resources of the CloudM People API v4.
//!
//! Source: "CloudM: Building an integration", "CloudM People API v4 reference", and the source of the framework that
//! serves it (Google Cloud Endpoints). CloudM publishes no schema; every field is optional on read and every enumeration open.

pub mod error;
pub mod patch;
pub mod profile;

pub use error::{ErrorBody, ErrorItem};
pub use patch::Patch;
pub use profile::{Extra, Location, Member, MemberKind, Profile, Tag, Typed, member};

/// The OAuth scope that the API needs, and the only one.
pub const SCOPE: &str = "https://www.googleapis.com/auth/userinfo.email";

/// The public base URL of the API; `/people/v4` and `/people/v1` lie below it.
pub const BASE_URL: &str = "https://mycloudpages.appspot.com/_ah/api";
