//! Which directory follows HR in a rig, and what can be seen of it. The histories, the deaths and the laws are the same.

use std::collections::BTreeMap;

use people_sim::State;
use serde_json::{Value, json};

use super::history::History;

/// A directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// CloudM, with Cloud Identity's invitations.
    Cloudm,
    /// A server that speaks the Provisioning API, where who leaves is suspended.
    Suspending,
    /// The same, where who leaves is deleted, and where a rename keeps no nickname.
    Deleting,
}

const CLOUDM: &str = r#"
[cloudm]
domain = "example.com"
base_url = "{cloudm}"
[google]
credentials = "key"
[invitations]
customer = "C01"
admin = "admin@example.com"
base_url = "{cloudidentity}"
unmanaged = "invite"
wait = "365d"
"#;

const GAPPS: &str = r#"
[gapps]
directory = true
domain = "example.com"
base_url = "{gapps}"
admin = "admin@example.com"
password = { file = "gapps" }
"#;

const REST: &str = r#"
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
timezone = "Europe/Berlin"
"#;

impl Which {
    /// Those that speak the Provisioning API.
    pub(super) const PROVISIONING: [Self; 2] = [Self::Suspending, Self::Deleting];

    /// The configuration; the places of the clouds are filled in later.
    pub(super) fn config(self) -> String {
        match self {
            Self::Cloudm => format!("{CLOUDM}{REST}"),
            Self::Suspending => format!("{GAPPS}[policy]\nname_change = \"follow\"\n{REST}"),
            Self::Deleting => {
                format!("{GAPPS}leave = \"delete\"\n[policy]\nname_change = \"follow\"\n{REST}")
            }
        }
    }

    /// The calls that may be done once.
    pub(super) fn once(self) -> &'static [&'static str] {
        match self {
            Self::Cloudm => &["users.create", "users.schedule", "users.offboard", "userinvitations.send"],
            Self::Suspending | Self::Deleting => {
                &["user.create", "user.delete", "nickname.create", "nickname.delete"]
            }
        }
    }
}

/// What the Provisioning API shows.
pub(super) fn accounts(state: &State) -> BTreeMap<String, Value> {
    let users = state.gapps["users"].as_object().into_iter().flatten();
    users.map(|(address, user)| (address.clone(), user.clone())).collect()
}

/// Asserts that the accounts show the end of this history, and that nobody has two.
pub(super) fn assert_end(state: &State, once: &BTreeMap<String, usize>, history: &History) {
    let users = accounts(state);
    for end in history.ends() {
        let user = users.get(&end.address);
        let off = user.is_none_or(|user| user["suspended"] == true);
        assert_eq!(off, end.works.is_none(), "{} has access, or has not: {user:?}", end.address);
        for name in ["givenName", "familyName"] {
            let wanted = end.works.as_ref().and_then(|works| works.get(name));
            if let (Some(wanted), Some(user)) = (wanted, user) {
                assert_eq!(&user[name], wanted, "{name} of {}", end.address);
            }
        }
    }
    let usable = users.values().filter(|user| user["suspended"] == false).count();
    let work = history.ends().iter().filter(|end| end.works.is_some()).count();
    assert_eq!(usable, work, "usable accounts: {users:?}");
    let times = |op: &str| -> usize {
        once.iter().filter(|(call, _)| call.starts_with(op)).map(|(_, count)| count).sum()
    };
    assert_eq!(times("user.create") - times("user.delete"), users.len(), "accounts: {:?}", users.keys());
    assert_eq!(state.gapps["users"], json!(users));
}
