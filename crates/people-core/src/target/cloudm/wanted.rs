//! Which members a profile should have, and the bodies that make it so.

use std::borrow::Cow;
use std::cmp::Ordering;

use people_model::cloudm::profile::MemberKind;
use people_model::cloudm::{Patch, patch::same};
use people_model::time::{Timestamp, parse_date};
use people_model::{Datum, Email, HeldWhy, Members, WorkerId};
use serde_json::Value;

use super::{ClearWith, Cloudm, Plan};
use crate::engine::{Seen, Situation};

/// Members that are never taken from what HR sends: the key, the password, and the dates that start workflows.
const RESERVED: [&str; 4] = ["id", "email", "password", "provisionDate"];

/// Members that are calendar days.
const DAYS: [&str; 2] = ["birthday", "hireDate"];

impl Cloudm {
    /// Hands on what the profile should say, as far as HR has spoken; `Err`: the colleague who must be found first. A manager who has no known
    /// account yet is left out. Returns the member that is to hold the person's worker id besides, where HR has not spoken of it.
    fn wanted<'a>(
        &'a self,
        s: &Situation<'a>,
        seen: &Seen,
        mut each: impl FnMut(&'a str, Cow<'a, Datum>),
    ) -> Result<Option<&'a str>, Plan> {
        let id = self.worker_id_member.as_str();
        let unread = |name: &str| self.unread.iter().any(|unread| unread == name);
        let mut known = unread(id);
        for (name, register) in s.state.members.iter() {
            let Some(member) = name.known().filter(|member| member.writable) else { continue };
            let name = member.name;
            if RESERVED.contains(&name) || unread(name) {
                continue;
            }
            let value = match &register.value {
                Datum::Null => Cow::Owned(self.cleared(member.kind)),
                Datum::Text(text) if name == "manager" && !text.is_empty() => match manager(text, s, seen)? {
                    Some(address) => Cow::Owned(address.into()),
                    None => continue,
                },
                Datum::Text(text) if DAYS.contains(&name) => match parse_date(text) {
                    Some(day) => Cow::Owned(day.to_string().into()),
                    None => Cow::Borrowed(&register.value),
                },
                value => Cow::Borrowed(value),
            };
            if name == id {
                if same(Some(&Value::from(&*value)), None) {
                    continue;
                }
                known = true;
            }
            each(name, value);
        }
        Ok((!known).then_some(id))
    }

    fn cleared(&self, kind: MemberKind) -> Datum {
        match (self.clear_with, kind) {
            (ClearWith::Null, _) => Datum::Null,
            (ClearWith::Empty, MemberKind::Text) => "".into(),
            (ClearWith::Empty, MemberKind::Flag) => Datum::Flag(false),
            (ClearWith::Empty, MemberKind::Texts | MemberKind::Objects) => Datum::List(Box::default()),
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

    /// The smallest patch that makes `shown` agree with what is wanted. Days agree whatever their format.
    pub(super) fn patch(&self, s: &Situation<'_>, seen: &Seen, shown: &Members) -> Result<Patch, Plan> {
        let day = |value: Option<&Value>| value.and_then(Value::as_str).and_then(parse_date);
        let agrees = |name: &str, shown: Option<&Value>, value: &Value| {
            same(shown, Some(value))
                || DAYS.contains(&name) && day(Some(value)).is_some_and(|wanted| Some(wanted) == day(shown))
        };
        let mut patch = Members::new();
        // Both are in the order of their names, unless somebody builds serde_json to keep another: mostly the next one is the one.
        let mut all = shown.iter().peekable();
        let id = self.wanted(s, seen, |name, value| {
            let mut own = None;
            while let (None, Some((shown, value))) = (own, all.peek()) {
                match shown.as_str().cmp(name) {
                    Ordering::Less => {}
                    Ordering::Equal => own = Some(*value),
                    Ordering::Greater => break,
                }
                all.next();
            }
            let own = own.or_else(|| shown.get(name));
            // Mostly they are equal as they stand.
            if own.is_some_and(|own| *value == *own) {
                return;
            }
            let value = Value::from(&*value);
            if !agrees(name, own, &value) {
                patch.insert(name.to_owned(), value);
            }
        })?;
        let worker = s.person.worker.as_str();
        if let Some(id) = id.filter(|id| shown.get(*id).and_then(Value::as_str) != Some(worker)) {
            patch.insert(id.to_owned(), worker.into());
        }
        Ok(Patch(patch))
    }

    /// The body of a create: what is wanted, less what is empty. `Err`: what must be known first, or the required member that is missing.
    pub(super) fn body(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
        provision: Option<Timestamp>,
    ) -> Result<Members, Plan> {
        let mut body = Members::new();
        let id = self.wanted(s, seen, |name, value| {
            let value = Value::from(&*value);
            if !same(Some(&value), None) {
                body.insert(name.to_owned(), value);
            }
        })?;
        if let Some(id) = id {
            body.insert(id.to_owned(), s.person.worker.as_str().into());
        }
        for required in ["givenName", "familyName"] {
            if !body.contains_key(required) {
                return Err(Plan::Hold(HeldWhy::Incomplete { member: required.into() }, Vec::new()));
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
