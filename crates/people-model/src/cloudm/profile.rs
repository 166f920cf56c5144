//! The profile of a user, with every documented member. Unknown members survive a read-change-replace.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Members;

/// The JSON type of a profile member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A string. Dates and enumerations are strings too, and stay open.
    Text,
    /// `true` or `false`.
    Flag,
    /// An array of strings.
    Texts,
    /// An array of objects.
    Objects,
}

/// What the documentation says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its JSON type.
    pub kind: MemberKind,
    /// Whether a client may send it. `suspended` is sent by the policy keys that say so only.
    pub writable: bool,
    /// Its place among all in the order of their names.
    pub(crate) rank: u8,
}

/// How many of the documented names come before this one.
const fn rank(name: &str) -> u8 {
    let (mut rank, mut rest) = (0, NAMES);
    while let [first, others @ ..] = rest {
        rank += before(first.as_bytes(), name.as_bytes()) as u8;
        rest = others;
    }
    rank
}

const fn before(mut one: &[u8], mut other: &[u8]) -> bool {
    loop {
        match (one, other) {
            ([a, one_rest @ ..], [b, other_rest @ ..]) if *a == *b => (one, other) = (one_rest, other_rest),
            ([a, ..], [b, ..]) => return *a < *b,
            (rest, more) => return rest.len() < more.len(),
        }
    }
}

/// The documented member of this name.
pub fn member(name: &str) -> Option<&'static Member> {
    let mut slot = slot(name.as_bytes());
    loop {
        let found = Profile::MEMBERS.get(usize::from(*PLACES.get(slot)?))?;
        if found.name == name {
            return Some(found);
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// A power of two, and more than twice as many as there are members: some are always empty.
const SLOTS: usize = 128;
const EMPTY: u8 = u8::MAX;

/// The place of each member among [`Profile::MEMBERS`], at the slot of its name or the next one that was empty. Every member of every record is
/// looked up, and going through all names took a tenth of the time of a delivery.
static PLACES: [u8; SLOTS] = places();

/// Where to begin to look for a name.
const fn slot(name: &[u8]) -> usize {
    let hash = match name {
        [first, _, third, .., last] => *first as usize * 5 + *third as usize * 11 + *last as usize * 3,
        [first, .., last] => *first as usize * 5 + *last as usize * 3,
        _ => 0,
    };
    (hash + name.len() * 7) % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and says so where it cannot")]
const fn places() -> [u8; SLOTS] {
    let mut places = [EMPTY; SLOTS];
    assert!(Profile::MEMBERS.len() * 2 < SLOTS);
    let mut place = 0;
    while place < Profile::MEMBERS.len() {
        let mut slot = slot(Profile::MEMBERS[place].name.as_bytes());
        while places[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        places[slot] = place as u8;
        place += 1;
    }
    places
}

macro_rules! profile {
    ($($(#[$doc:meta])* $field:ident = $wire:literal: $kind:ident($type:ty), $writable:literal;)*) => {
        /// A user as CloudM describes them. Everything is optional: absent and empty mean the same on read.
        #[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default)]
        pub struct Profile {
            $(
                $(#[$doc])*
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Members that the documentation does not name, carried through unchanged.
            #[serde(flatten)]
            pub other: Members,
        }

        impl Profile {
            /// Every documented member.
            pub const MEMBERS: &[Member] = &[
                $(Member { name: $wire, kind: MemberKind::$kind, writable: $writable, rank: rank($wire) },)*
            ];
        }

        const NAMES: &[&str] = &[$($wire),*];
    };
}

profile! {
    /// The primary e-mail address; the key of the user.
    id = "id": Text(String), true;
    /// The address again, in some replies only.
    email = "email": Text(String), false;
    /// The initial password; in requests only. Never stored, never printed.
    password = "password": Text(String), true;
    /// Given name.
    given_name = "givenName": Text(String), true;
    /// Family name.
    family_name = "familyName": Text(String), true;
    /// Middle name.
    additional_name = "additionalName": Text(String), true;
    /// Open enumeration; `mr` is the one value seen.
    name_prefix = "namePrefix": Text(String), true;
    /// Name suffix.
    name_suffix = "nameSuffix": Text(String), true;
    /// Nickname.
    nick = "nick": Text(String), true;
    /// Maiden name.
    maiden_name = "maidenName": Text(String), true;
    /// Short name.
    short_name = "shortName": Text(String), true;
    /// Preferred name.
    preferred_name = "preferredName": Text(String), true;
    /// Open enumeration; `Male` is the one value seen.
    sex = "sex": Text(String), true;
    /// A date; the format is CloudM's and undocumented.
    birthday = "birthday": Text(String), true;
    /// A date; the format is CloudM's and undocumented.
    hire_date = "hireDate": Text(String), true;
    /// When CloudM is to offboard by itself; the format is undocumented.
    end_date = "endDate": Text(String), true;
    /// When a scheduled onboarding takes place; the format is undocumented.
    provision_date = "provisionDate": Text(String), true;
    /// Free text.
    notes = "notes": Text(String), true;
    /// Free text.
    subject = "subject": Text(String), true;
    /// Occupation.
    occupation = "occupation": Text(String), true;
    /// Department; may be limited to a predefined list.
    department = "department": Text(String), true;
    /// Employment type; may be limited to a predefined list.
    employment_type = "employmentType": Text(String), true;
    /// Job description.
    job_description = "jobDescription": Text(String), true;
    /// The company's name.
    name = "name": Text(String), true;
    /// Job title; may be limited to a predefined list.
    title = "title": Text(String), true;
    /// Cost centre; seen in the scheduled-create reply only.
    cost_centre = "costCentre": Text(String), true;
    /// The HR worker id; seen in the scheduled-create reply only.
    employee_id = "employeeId": Text(String), true;
    /// The manager's address; `""` when unset.
    manager = "manager": Text(String), true;
    /// The organizational unit's path; the domain name for the root.
    parent_path = "parentPath": Text(String), true;
    /// Hidden from the directory.
    hidden = "hidden": Flag(bool), true;
    /// On hold.
    on_hold = "onHold": Flag(bool), true;
    /// Suspended in Google.
    suspended = "suspended": Flag(bool), false;
    /// Not to be offboarded.
    prevent_deprovision = "preventDeprovision": Flag(bool), true;
    /// When the password was changed last (RFC 3339).
    password_updated = "passwordUpdated": Text(String), false;
    /// When the offboarding began (RFC 3339).
    deprovisioned = "deprovisioned": Text(String), false;
    /// The running workflow.
    workflow_id = "workflowId": Text(String), false;
    /// Further addresses.
    aliases = "aliases": Texts(Vec<String>), true;
    /// Addresses of assistants.
    assistants = "assistants": Texts(Vec<String>), true;
    /// Tags.
    tags = "tags": Objects(Vec<Tag>), true;
    /// Tags from the predefined list.
    predefined_tags = "predefinedTags": Objects(Vec<Tag>), true;
    /// Custom fields.
    extra_information = "extraInformation": Objects(Vec<Extra>), true;
    /// Custom fields from the predefined list.
    predefined_extra_information = "predefinedExtraInformation": Objects(Vec<Extra>), true;
    /// Postal addresses.
    addresses = "addresses": Objects(Vec<Typed>), true;
    /// Phone numbers.
    phone_numbers = "phoneNumbers": Objects(Vec<Typed>), true;
    /// Web sites.
    web_sites = "webSites": Objects(Vec<Typed>), true;
    /// Further e-mail addresses.
    emails = "emails": Objects(Vec<Typed>), true;
    /// Anniversaries and the like.
    events = "events": Objects(Vec<Typed>), true;
    /// Instant messaging addresses.
    im_addresses = "imAddresses": Objects(Vec<Typed>), true;
    /// Places of work.
    locations = "locations": Objects(Vec<Location>), true;
}

macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($field:ident = $wire:literal: $type:ty;)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default)]
        pub struct $name {
            $(
                #[doc = concat!("`", $wire, "` on the wire.")]
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Members that the documentation does not name.
            #[serde(flatten)]
            pub other: Members,
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

part!(
    /// A tag.
    Tag { name = "name": String; font_colour = "fontColour": String; back_colour = "backColour": String; }
);
part!(
    /// A custom field. `type` is an open enumeration; `TEXT` is the one value seen.
    Extra { id = "id": String; name = "name": String; value = "value": String; kind = "type": String; }
);
part!(
    /// A value with a type (open enumeration, such as `WORK` or `MOBILE`).
    Typed { kind = "type": String; value = "value": String; primary = "primary": bool; }
);
part!(
    /// A place of work.
    Location {
        area = "area": String;
        building_id = "buildingId": String;
        desk_code = "deskCode": String;
        floor_name = "floorName": String;
        floor_section = "floorSection": String;
        kind = "type": String;
        custom_type = "customType": String;
    }
);

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_and_unknown_enum_values_survive() {
        let text =
            r#"{"id":"a@b.c","sex":"Divers","locations":[{"type":"lab","shelf":3}],"quux":{"n":[1,null]}}"#;
        let profile: Profile = serde_json::from_str(text).unwrap();
        let back: serde_json::Value = serde_json::to_value(&profile).unwrap();
        assert_eq!(back, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn null_reads_as_absent() {
        let profile: Profile = serde_json::from_str(r#"{"givenName":null,"aliases":null}"#).unwrap();
        assert_eq!(profile, Profile::default());
    }

    #[test]
    fn every_member_is_in_the_table_once() {
        let mut names: Vec<_> = Profile::MEMBERS.iter().map(|m| m.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Profile::MEMBERS.len());
        for known in Profile::MEMBERS {
            assert_eq!(member(known.name), Some(known));
        }
        for unknown in ["", "i", "di", "phonenumbers", "phoneNumbers ", "tilte", "\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(member(unknown), None, "{unknown}");
        }
    }
}
