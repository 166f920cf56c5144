//! The resources as types. What a server sends beyond them is kept in `other`, so that reading and writing again loses nothing.

use core::fmt;

use serde_json::Value as Json;

use super::shape::{Field, Place, Shape, Unusable, Value};
use super::xml::Element;
use super::{APPS, GD};
use crate::{Members, Secret};

/// A password or its digest, on its way to a server. Never printed.
#[derive(Clone)]
pub struct Password(Secret<String>);

impl Password {
    /// Takes it in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl PartialEq for Password {
    /// Looks at every byte, whatever the first ones are.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.expose().as_bytes(), other.expose().as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A resource with a type of its own.
pub trait Noun: Sized {
    /// What it looks like.
    const SHAPE: &'static Shape;

    /// From members by name; what does not fit goes into `other`.
    fn from_members(members: Members) -> Self;

    /// Its members by name.
    fn members(&self) -> Members;

    /// Reads an entry.
    ///
    /// # Errors
    /// See [`Shape::read`].
    fn read(entry: &Element) -> Result<Self, Unusable> {
        Self::SHAPE.read(entry).map(Self::from_members)
    }

    /// The entry that says it.
    ///
    /// # Errors
    /// See [`Shape::entry`].
    fn entry(&self) -> Result<Element, Unusable> {
        Self::SHAPE.entry(&self.members())
    }
}

/// A type of a member: out of JSON, and into it.
trait Part: Sized {
    const VALUE: Value;
    fn take(value: Json) -> Result<Self, Json>;
    fn give(&self) -> Json;
}

impl Part for String {
    const VALUE: Value = Value::Text;
    fn take(value: Json) -> Result<Self, Json> {
        match value {
            Json::String(text) => Ok(text),
            other => Err(other),
        }
    }
    fn give(&self) -> Json {
        Json::String(self.clone())
    }
}

impl Part for bool {
    const VALUE: Value = Value::Flag;
    fn take(value: Json) -> Result<Self, Json> {
        value.as_bool().ok_or(value)
    }
    fn give(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Part for u64 {
    const VALUE: Value = Value::Number;
    fn take(value: Json) -> Result<Self, Json> {
        value.as_u64().ok_or(value)
    }
    fn give(&self) -> Json {
        Json::from(*self)
    }
}

impl Part for Password {
    const VALUE: Value = Value::Secret;
    fn take(value: Json) -> Result<Self, Json> {
        String::take(value).map(Self::new)
    }
    fn give(&self) -> Json {
        Json::String(self.expose().to_owned())
    }
}

macro_rules! place {
    () => {
        Place::Property
    };
    ($namespace:ident $element:literal $attribute:literal) => {
        Place::In { namespace: $namespace, element: $element, attribute: $attribute }
    };
}

macro_rules! noun {
    ($(#[$doc:meta])* $name:ident $word:literal $(term $term:literal)? key $key:literal {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $wire:literal $(in $namespace:ident $element:literal @ $attribute:literal)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
            /// What else the entry says, by name.
            pub other: Members,
        }

        impl Noun for $name {
            const SHAPE: &'static Shape = &Shape {
                name: $word,
                term: noun!(@term $($term)?),
                key: $key,
                fields: &[$(Field {
                    name: $wire,
                    value: <$type as Part>::VALUE,
                    place: place!($($namespace $element $attribute)?),
                },)*],
            };

            fn from_members(mut members: Members) -> Self {
                $(let $field = match members.remove($wire).map(<$type as Part>::take) {
                    Some(Ok(value)) => Some(value),
                    Some(Err(Json::Null)) | None => None,
                    Some(Err(other)) => {
                        members.insert($wire.to_owned(), other);
                        None
                    }
                };)*
                Self { $($field,)* other: members }
            }

            fn members(&self) -> Members {
                let mut members = self.other.clone();
                $(if let Some(value) = &self.$field {
                    members.insert($wire.to_owned(), value.give());
                })*
                members
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    (@term) => { None };
    (@term $term:literal) => { Some($term) };
}

noun!(
    /// A user of the one domain, by the local part of the address.
    User "user" term "user" key "userName" {
        /// The local part of the address. In an update: the new one.
        user_name: String = "userName" in APPS "login" @ "userName";
        /// The password, or its digest where a hash function is named. In requests only.
        password: Password = "password" in APPS "login" @ "password";
        /// `SHA-1` or `MD5`.
        hash_function: String = "hashFunctionName" in APPS "login" @ "hashFunctionName";
        /// Whether the account is suspended.
        suspended: bool = "suspended" in APPS "login" @ "suspended";
        /// Undocumented; recorded.
        ip_whitelisted: bool = "ipWhitelisted" in APPS "login" @ "ipWhitelisted";
        /// Whether the user administers the domain.
        admin: bool = "admin" in APPS "login" @ "admin";
        /// Whether the user has to choose another password.
        change_password: bool = "changePasswordAtNextLogin" in APPS "login" @ "changePasswordAtNextLogin";
        /// Whether the user has agreed to the terms; in replies only.
        agreed_to_terms: bool = "agreedToTerms" in APPS "login" @ "agreedToTerms";
        /// Megabytes; ignored by servers unless the contract allows it.
        quota: u64 = "quota" in APPS "quota" @ "limit";
        /// Family name; may be empty.
        family_name: String = "familyName" in APPS "name" @ "familyName";
        /// Given name; may be empty.
        given_name: String = "givenName" in APPS "name" @ "givenName";
    }
);
noun!(
    /// A second local part of a user's address.
    Nickname "nickname" term "nickname" key "nickname" {
        /// The local part.
        nickname: String = "nickname" in APPS "nickname" @ "name";
        /// Whose it is.
        user_name: String = "userName" in APPS "login" @ "userName";
    }
);
noun!(
    /// An e-mail list, from before there were groups.
    EmailList "email-list" term "emailList" key "name" {
        /// The local part of its address.
        name: String = "name" in APPS "emailList" @ "name";
    }
);
noun!(
    /// An address on an e-mail list.
    Recipient "recipient" term "emailList.recipient" key "email" {
        /// The address.
        email: String = "email" in GD "who" @ "email";
    }
);
noun!(
    /// A group.
    Group "group" key "groupId" {
        /// Its address; the local part alone in requests.
        group_id: String = "groupId";
        /// Its name.
        group_name: String = "groupName";
        /// Who may write to it: `Owner`, `Member`, `Domain`, `Anyone`.
        email_permission: String = "emailPermission";
        /// In replies only; `Custom` is the one value seen.
        permission_preset: String = "permissionPreset";
        /// A description; may be empty.
        description: String = "description";
    }
);
noun!(
    /// A member of a group.
    Member "member" key "memberId" {
        /// `User` or `Group`; open.
        member_type: String = "memberType";
        /// The member's address.
        member_id: String = "memberId";
        /// Whether it is a member itself, not by another group.
        direct_member: bool = "directMember";
    }
);
noun!(
    /// An owner of a group.
    Owner "owner" key "email" {
        /// The owner's address.
        email: String = "email";
    }
);
noun!(
    /// A user of any domain of the account, by the whole address.
    MultiDomainUser "multi-user" key "userEmail" {
        /// The address; cannot change in an update.
        user_email: String = "userEmail";
        /// Given name.
        first_name: String = "firstName";
        /// Family name.
        last_name: String = "lastName";
        /// The password, or its digest where a hash function is named. In requests only.
        password: Password = "password";
        /// `SHA-1` or `MD5`.
        hash_function: String = "hashFunction";
        /// Whether the user administers the account.
        is_admin: bool = "isAdmin";
        /// Whether the account is suspended.
        is_suspended: bool = "isSuspended";
        /// Whether the user has to choose another password.
        change_password: bool = "isChangePasswordAtNextLogin";
        /// Undocumented.
        ip_whitelisted: bool = "ipWhitelisted";
        /// Gigabytes.
        quota_gb: u64 = "quotaInGb";
    }
);
noun!(
    /// The new address of a user. The old one stays as an alias.
    Rename "rename" key "newEmail" {
        /// The new address.
        new_email: String = "newEmail";
    }
);
noun!(
    /// A second address of a user.
    Alias "alias" key "aliasEmail" {
        /// Whose it is, by the primary address.
        user_email: String = "userEmail";
        /// The second address.
        alias_email: String = "aliasEmail";
    }
);
noun!(
    /// The customer; its id is part of the paths of organizational units.
    CustomerId "customer" key "customerId" {
        /// The id; a reply may hold another form of it than the request.
        customer_id: String = "customerId";
        /// The name of the root organizational unit.
        org_unit_name: String = "customerOrgUnitName";
        /// Its description.
        org_unit_description: String = "customerOrgUnitDescription";
        /// The name.
        name: String = "name";
        /// The description.
        description: String = "description";
    }
);
noun!(
    /// An organizational unit.
    OrgUnit "org-unit" key "orgUnitPath" {
        /// Its name, at most 128 characters, not encoded.
        name: String = "name";
        /// A description, at most 512 characters.
        description: String = "description";
        /// Its path; each part is URL-encoded, a space as `+`.
        org_unit_path: String = "orgUnitPath";
        /// The path above it: `/` for the top in requests, empty in replies.
        parent_org_unit_path: String = "parentOrgUnitPath";
        /// Whether policies from above do not count.
        block_inheritance: bool = "blockInheritance";
        /// Addresses to move here, at most 25, separated by commas; in an update.
        users_to_move: String = "usersToMove";
        /// Addresses that were moved; in the reply.
        users_moved: String = "usersMoved";
    }
);
noun!(
    /// In which organizational unit a user is.
    OrgUser "org-user" key "orgUserEmail" {
        /// The user's address; in replies.
        org_user_email: String = "orgUserEmail";
        /// The unit's path.
        org_unit_path: String = "orgUnitPath";
        /// The unit's path before, in an update.
        old_org_unit_path: String = "oldOrgUnitPath";
    }
);

/// Every kind of resource.
pub const SHAPES: [&Shape; 13] = [
    User::SHAPE,
    Nickname::SHAPE,
    EmailList::SHAPE,
    Recipient::SHAPE,
    Group::SHAPE,
    Member::SHAPE,
    Owner::SHAPE,
    MultiDomainUser::SHAPE,
    Rename::SHAPE,
    Alias::SHAPE,
    CustomerId::SHAPE,
    OrgUnit::SHAPE,
    OrgUser::SHAPE,
];

/// The kind of an entry, by what it says: the first whose own member it has, those that others have too coming last.
pub fn kind(entry: &Element) -> Option<&'static Shape> {
    let own: [(&Shape, &str); 13] = [
        (Nickname::SHAPE, "nickname"),
        (EmailList::SHAPE, "name"),
        (User::SHAPE, "userName"),
        (Recipient::SHAPE, "email"),
        (Group::SHAPE, "groupId"),
        (Member::SHAPE, "memberId"),
        (Alias::SHAPE, "aliasEmail"),
        (MultiDomainUser::SHAPE, "userEmail"),
        (Rename::SHAPE, "newEmail"),
        (CustomerId::SHAPE, "customerId"),
        (OrgUser::SHAPE, "orgUserEmail"),
        (OrgUnit::SHAPE, "name"),
        (Owner::SHAPE, "email"),
    ];
    own.into_iter()
        .find(|(shape, member)| shape.read(entry).is_ok_and(|read| read.contains_key(*member)))
        .map(|(shape, _)| shape)
}
