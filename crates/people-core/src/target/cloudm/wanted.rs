//! Which members a profile should have, and the bodies that make it so.

use std::borrow::Cow;

use people_model::cloudm::profile::MemberKind;
use people_model::cloudm::{Patch, patch::same};
use people_model::time::{Timestamp, parse_date};
use people_model::{Email, Members, WorkerId};
use serde_json::Value;

use super::{ClearWith, Cloudm, Plan};
use crate::engine::{Seen, Situation};

/// Members that are never taken from what HR sends: the key, the password, and the dates that start workflows.
const RESERVED: [&str; 4] = ["id", "email", "password", "provisionDate"];

/// A member that a profile should have, and its value.
pub(super) type Want<'a> = (&'a str, Cow<'a, Value>);

/// Members that are calendar days.
const DAYS: [&str; 2] = ["birthday", "hireDate"];

impl Cloudm {
    /// What the profile should say, as far as HR has spoken; or the colleague who must be found first. A manager who has no known account
    /// yet is left out.
    pub(super) fn wanted<'a>(&'a self, s: &Situation<'a>, seen: &Seen) -> Result<Vec<Want<'a>>, Plan> {
        let mut wanted = Vec::with_capacity(s.state.members.iter().len() + 1);
        for (name, register) in s.state.members.iter() {
            let Some(known) = name.known() else { continue };
            if !known.writable
                || RESERVED.contains(&known.name)
                || self.unread.iter().any(|unread| unread == known.name)
            {
                continue;
            }
            let value = match &register.value {
                Value::Null => Cow::Owned(self.cleared(known.kind)),
                Value::String(text) if known.name == "manager" && !text.is_empty() => {
                    match manager(text, s, seen)? {
                        Some(address) => Cow::Owned(Value::String(address)),
                        None => continue,
                    }
                }
                Value::String(text) if DAYS.contains(&known.name) => match parse_date(text) {
                    Some(day) => Cow::Owned(Value::String(day.to_string())),
                    None => Cow::Borrowed(&register.value),
                },
                value => Cow::Borrowed(value),
            };
            wanted.push((known.name, value));
        }
        let id = self.worker_id_member.as_str();
        let known = wanted.iter().any(|(name, value)| *name == id && !same(Some(value), None));
        if !known && !self.unread.iter().any(|unread| unread == id) {
            wanted.retain(|(name, _)| *name != id);
            wanted.push((id, Cow::Owned(Value::String(s.person.worker.as_str().to_owned()))));
        }
        Ok(wanted)
    }

    fn cleared(&self, kind: MemberKind) -> Value {
        match (self.clear_with, kind) {
            (ClearWith::Null, _) => Value::Null,
            (ClearWith::Empty, MemberKind::Text) => Value::String(String::new()),
            (ClearWith::Empty, MemberKind::Flag) => Value::Bool(false),
            (ClearWith::Empty, MemberKind::Texts | MemberKind::Objects) => Value::Array(Vec::new()),
        }
    }

    /// The worker id by which this person is known to CloudM.
    pub(super) fn worker_id<'a>(&self, s: &'a Situation<'_>) -> &'a str {
        s.state
            .members
            .get(&self.worker_id_member)
            .and_then(|register| register.value.as_str())
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| s.person.worker.as_str())
    }

    /// The smallest patch that makes `seen` agree with `wanted`. Days agree whatever their format.
    pub(super) fn patch(&self, seen: &Members, wanted: Vec<Want<'_>>) -> Patch {
        let day = |value: Option<&Value>| value.and_then(Value::as_str).and_then(parse_date);
        let differs = |(name, value): &Want<'_>| {
            !DAYS.contains(name) || day(Some(value)).is_none() || day(Some(value)) != day(seen.get(*name))
        };
        Patch::between(seen, wanted.into_iter().filter(differs))
    }

    /// The body of a create: what is wanted, less what is empty. Names the required member that is missing.
    pub(super) fn body(
        &self,
        s: &Situation<'_>,
        address: &Email,
        wanted: Vec<Want<'_>>,
        provision: Option<Timestamp>,
    ) -> Result<Members, &'static str> {
        let mut body: Members = wanted
            .into_iter()
            .filter(|(_, value)| !same(Some(value), None))
            .map(|(name, value)| (name.to_owned(), value.into_owned()))
            .collect();
        for required in ["givenName", "familyName"] {
            if !body.contains_key(required) {
                return Err(required);
            }
        }
        body.insert("id".into(), Value::String(address.to_string()));
        if let Some(ou) = &s.policy.ou {
            body.entry("parentPath").or_insert_with(|| Value::String(ou.clone()));
        }
        if let Some(at) = provision {
            body.insert("provisionDate".into(), Value::String(at.to_string()));
        }
        Ok(body)
    }
}

/// The manager's address: as HR sent it, or that of the colleague with this worker id.
fn manager(text: &str, s: &Situation<'_>, seen: &Seen) -> Result<Option<String>, Plan> {
    if text.contains('@') {
        return Ok(Some(text.to_lowercase()));
    }
    let Ok(worker) = WorkerId::parse(text) else { return Ok(None) };
    if worker == s.person.worker {
        return Ok(None);
    }
    match seen.colleagues.get(&worker) {
        Some(address) => Ok(address.as_ref().map(Email::to_string)),
        None => Err(Plan::Colleague(worker)),
    }
}
