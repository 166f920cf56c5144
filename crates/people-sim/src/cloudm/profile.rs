//! What CloudM keeps of a profile in a request, and what it shows of one in a reply.

use jiff::Timestamp;
use people_model::Members;
use people_model::cloudm::patch::same;
use people_model::cloudm::{MemberKind, Profile};
use serde_json::Value;

use super::envelope::Fail;
use crate::clock::parse_moment;
use crate::directory::User;
use crate::http::text_of;
use crate::options::SimOptions;
use crate::workflows::{Workflow, WorkflowKind, WorkflowState};
use crate::world::World;

/// The members that replies always show, as samples do.
const FLAGS: [&str; 4] = ["hidden", "onHold", "preventDeprovision", "suspended"];

/// Which reply a profile is shown in; the samples differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Create, patch, replace, offboard.
    Live,
    /// Reads.
    Read,
    /// Scheduled create.
    Scheduled,
}

/// What a request asks to store. Unknown and read-only members are gone, without a word.
pub(super) struct Asked {
    pub(super) members: Members,
    /// A new password came along.
    pub(super) password: bool,
    /// `suspended`, where a request may set it.
    pub(super) suspended: Option<bool>,
}

pub(super) fn read(body: &Members, options: &SimOptions) -> Result<Asked, Fail> {
    let mut asked = Asked { members: Members::new(), password: false, suspended: None };
    for member in Profile::MEMBERS {
        let Some(value) = body.get(member.name) else { continue };
        if member.name == "suspended" && options.suspended_writable {
            asked.suspended = coerce(member.kind, value, member.name)?.as_bool();
        } else if member.name == "password" {
            asked.password = value.as_str().is_some_and(|password| !password.is_empty());
        } else if member.writable {
            asked.members.insert(member.name.to_owned(), coerce(member.kind, value, member.name)?);
        }
    }
    match asked.members.get("id") {
        Some(id) if !is_address(id) => Err(Fail::new(400, "Invalid value for: id")),
        _ => Ok(asked),
    }
}

fn is_address(value: &Value) -> bool {
    let parts = value.as_str().and_then(|text| text.split_once('@'));
    parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

/// The value as the framework's JSON mapper takes it: scalars become text where text is wanted, other mismatches are refused.
fn coerce(kind: MemberKind, value: &Value, name: &str) -> Result<Value, Fail> {
    let text = |value: &Value| match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(_) | Value::Bool(_) => Some(Value::String(value.to_string())),
        _ => None,
    };
    let taken = match (kind, value) {
        (_, Value::Null) => Some(Value::Null),
        (MemberKind::Text, value) => text(value),
        (MemberKind::Flag, Value::Bool(_)) => Some(value.clone()),
        (MemberKind::Flag, Value::String(word)) => word.parse().ok().map(Value::Bool),
        (MemberKind::Texts, Value::Array(items)) => {
            items.iter().map(text).collect::<Option<_>>().map(Value::Array)
        }
        (MemberKind::Objects, Value::Array(items)) => {
            items.iter().all(Value::is_object).then(|| value.clone())
        }
        _ => None,
    };
    taken.ok_or_else(|| Fail::new(400, &format!("Invalid value for: {name}")))
}

/// Stores members; empty ones clear. Says whether anything changed.
pub(super) fn store(profile: &mut Members, members: Members) -> bool {
    let mut changed = false;
    for (name, value) in members {
        if same(profile.get(&name), Some(&value)) {
            continue;
        }
        changed = true;
        if same(Some(&value), None) {
            profile.remove(&name);
        } else {
            profile.insert(name, value);
        }
    }
    changed
}

pub(super) fn show(user: &User, view: View, options: &SimOptions) -> Value {
    let mut shown = shown_in_state(user);
    if !options.employee_id_readable && view != View::Scheduled {
        shown.remove("employeeId");
        shown.remove("costCentre");
    }
    if view == View::Live
        && let Some(id) = shown.get("id").cloned()
    {
        shown.insert("email".to_owned(), id);
    }
    Value::Object(shown)
}

/// The stored profile with CloudM's rules for replies: empty collections left out, flags shown, `manager` never absent.
pub(crate) fn shown_in_state(user: &User) -> Members {
    let mut shown: Members = user
        .profile
        .iter()
        .filter(|(_, value)| !same(Some(value), None))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for flag in FLAGS {
        shown.entry(flag).or_insert(Value::Bool(false));
    }
    shown.entry("manager").or_insert_with(|| Value::String(String::new()));
    shown
}

/// Makes a seeded user consistent: a `workflowId` gets its workflow, which waits for a future `provisionDate` or else offboards.
pub(crate) fn seeded(world: &mut World, mut user: User, domain: &str, now: Timestamp) -> User {
    if !user.profile.contains_key("parentPath") {
        user.profile.insert("parentPath".to_owned(), Value::String(domain.to_owned()));
    }
    let Some(id) = user.workflow().map(str::to_owned) else { return user };
    let provision = text_of(&user.profile, "provisionDate").and_then(parse_moment).filter(|at| *at > now);
    user.pending = provision.is_some() && !user.profile.contains_key("deprovisioned");
    let (kind, state) = if user.pending {
        (WorkflowKind::Onboard, WorkflowState::Scheduled)
    } else {
        (WorkflowKind::Offboard, WorkflowState::Running)
    };
    let ends = now.saturating_add(world.options.offboard_takes).unwrap_or(Timestamp::MAX);
    let at = provision.filter(|_| user.pending).unwrap_or(ends);
    let domain = domain.to_owned();
    world.workflows.add(Workflow { id, kind, user: user.key(), domain, state, started: now, at });
    user
}
