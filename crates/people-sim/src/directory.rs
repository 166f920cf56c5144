//! CloudM's users, found by primary address or alias. Addresses are compared without regard to case.

use std::collections::{BTreeMap, HashMap};

use people_model::Members;
use serde_json::Value;

use crate::http::text_of;

#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) profile: Members,
    /// Scheduled and not yet onboarded.
    pub(crate) pending: bool,
}

impl User {
    pub(crate) fn key(&self) -> String {
        text_of(&self.profile, "id").unwrap_or_default().to_lowercase()
    }

    pub(crate) fn workflow(&self) -> Option<&str> {
        text_of(&self.profile, "workflowId")
    }

    fn aliases(&self) -> impl Iterator<Item = String> {
        let listed = self.profile.get("aliases").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase)
    }
}

#[derive(Default)]
pub(crate) struct Directory {
    users: BTreeMap<String, User>,
    aliases: HashMap<String, String>,
}

impl Directory {
    pub(crate) fn get(&self, id: &str) -> Option<&User> {
        self.users.get(&id.to_lowercase())
    }

    pub(crate) fn by_alias(&self, alias: &str) -> Option<&User> {
        let alias = alias.to_lowercase();
        self.users.get(self.aliases.get(&alias).unwrap_or(&alias))
    }

    /// Changes a user in place; not for `id` and `aliases`, which [`Directory::put`] indexes.
    pub(crate) fn edit(&mut self, id: &str, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(&id.to_lowercase()) {
            change(user);
        }
    }

    /// Adds or replaces the user of this primary address.
    pub(crate) fn put(&mut self, user: User) {
        let key = user.key();
        self.remove(&key);
        self.aliases.extend(user.aliases().map(|alias| (alias, key.clone())));
        self.users.insert(key, user);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<User> {
        let key = id.to_lowercase();
        let user = self.users.remove(&key)?;
        for alias in user.aliases() {
            if self.aliases.get(&alias) == Some(&key) {
                self.aliases.remove(&alias);
            }
        }
        Some(user)
    }

    /// Whether the address or an alias of `user` belongs to somebody other than `except`.
    pub(crate) fn clashes(&self, user: &User, except: Option<&str>) -> bool {
        let others = |address: &String| {
            let owner =
                if self.users.contains_key(address) { Some(address) } else { self.aliases.get(address) };
            owner.is_some_and(|owner| Some(owner.as_str()) != except)
        };
        others(&user.key()) || user.aliases().any(|alias| others(&alias))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &User)> {
        self.users.iter()
    }
}
