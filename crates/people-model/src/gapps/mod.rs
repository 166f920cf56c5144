//! Resources of the Google Apps Provisioning API v2 (Atom with the extensions of GData), and their XML.
//!
//! Sources: "Google Apps Provisioning API guide", recorded traffic of 2009 to 2012, and the client libraries of Google and Zend. The API was
//! switched off years ago; systems that still speak it, and exports of it, are what this serves.
//!
//! | module | holds |
//! |---|---|
//! | [`xml`] | infosets: a reader with limits, a writer |
//! | [`shape`] | what a resource looks like in both entry styles: typed elements, and pairs of `apps:property` |
//! | [`noun`] | the resources as types |
//! | [`feed`] | feeds, entry by entry; entries and feeds as servers write them |
//! | [`error`] | error documents and the 40 known codes |

pub mod error;
pub mod feed;
pub mod noun;
pub mod shape;
pub mod xml;

pub use error::{Class, Code, Errors, Item};
pub use feed::{Entries, Head};
pub use noun::{
    Alias, CustomerId, EmailList, Group, Member, MultiDomainUser, Nickname, Noun, OrgUnit, OrgUser, Owner,
    Password, Recipient, Rename, User,
};
pub use shape::{Field, Place, Shape, Unusable, Value};
pub use xml::{Element, XmlError};

/// Atom.
pub const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Google Apps.
pub const APPS: &str = "http://schemas.google.com/apps/2006";
/// GData.
pub const GD: &str = "http://schemas.google.com/g/2005";
/// OpenSearch, as GData 1.0 has it.
pub const OPEN_SEARCH: &str = "http://a9.com/-/spec/opensearchrss/1.0/";

/// The namespaces of every document.
pub(crate) const NAMESPACES: [&str; 4] = [ATOM, APPS, GD, OPEN_SEARCH];

/// The scopes of access tokens: users and nicknames, aliases, groups (with an s, unlike the paths), organization.
pub const SCOPES: [&str; 4] = [
    "https://apps-apis.google.com/a/feeds/user/",
    "https://apps-apis.google.com/a/feeds/alias/",
    "https://apps-apis.google.com/a/feeds/groups/",
    "https://apps-apis.google.com/a/feeds/policies/",
];
