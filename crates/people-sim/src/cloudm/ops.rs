//! The eight operations of the People API.

use jiff::Timestamp;
use people_model::Members;
use serde_json::Value;

use super::Done;
use super::envelope::Fail;
use super::profile::{Asked, View, read, show, store};
use crate::clock::parse_moment;
use crate::directory::User;
use crate::http::text_of;
use crate::workflows::{Workflow, WorkflowKind, WorkflowState};
use crate::world::{World, stamp};

const REQUIRED: [&str; 4] = ["id", "givenName", "familyName", "password"];

impl Done {
    fn shown(world: &World, id: &str, view: View, effect: bool) -> Result<Self, Fail> {
        let user = world.directory.get(id).ok_or_else(no_user)?;
        Ok(Self { body: Some(show(user, view, &world.options)), effect })
    }
}

fn no_user() -> Fail {
    Fail::not_found("User")
}

/// The user of a path, by primary address. One who is still to be onboarded may be invisible.
fn find(world: &World, id: &str) -> Result<User, Fail> {
    visible(world, world.directory.get(id))
}

fn visible(world: &World, user: Option<&User>) -> Result<User, Fail> {
    user.filter(|user| !user.pending || world.options.pending_visible).cloned().ok_or_else(no_user)
}

fn require(body: &Members, names: &[&str]) -> Result<(), Fail> {
    match names.iter().find(|name| text_of(body, name).is_none_or(|text| text.trim().is_empty())) {
        None => Ok(()),
        Some(name) => Err(Fail::new(400, &format!("Missing required field: {name}"))),
    }
}

fn moment(members: &Members, name: &str) -> Result<Option<Timestamp>, Fail> {
    match text_of(members, name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => {
            parse_moment(text).map(Some).ok_or_else(|| Fail::new(400, &format!("Invalid value for: {name}")))
        }
    }
}

/// A new user, not stored yet.
fn fresh(world: &World, domain: &str, body: &Members, now: Timestamp) -> Result<User, Fail> {
    require(body, &REQUIRED)?;
    let Asked { members, suspended, .. } = read(body, &world.options)?;
    let mut user = User::default();
    store(&mut user.profile, members);
    user.profile.entry("parentPath").or_insert_with(|| Value::String(domain.to_owned()));
    user.profile.insert("passwordUpdated".to_owned(), stamp(now));
    if suspended == Some(true) {
        user.profile.insert("suspended".to_owned(), Value::Bool(true));
    }
    if world.directory.clashes(&user, None) {
        return Err(Fail::conflict("Entity already exists."));
    }
    Ok(user)
}

pub(super) fn create(world: &mut World, domain: &str, body: &Members, now: Timestamp) -> Result<Done, Fail> {
    let user = fresh(world, domain, body, now)?;
    let id = user.key();
    world.directory.put(user);
    Done::shown(world, &id, View::Live, true)
}

pub(super) fn schedule(
    world: &mut World,
    domain: &str,
    body: &Members,
    now: Timestamp,
) -> Result<Done, Fail> {
    require(body, &["provisionDate"])?;
    let mut user = fresh(world, domain, body, now)?;
    let due = moment(&user.profile, "provisionDate")?.unwrap_or(now);
    let id = user.key();
    let workflow = begin(world, WorkflowKind::Onboard, &id, domain, now, due);
    user.pending = true;
    user.profile.insert("workflowId".to_owned(), Value::String(workflow));
    world.directory.put(user);
    Done::shown(world, &id, View::Scheduled, true)
}

fn begin(
    world: &mut World,
    kind: WorkflowKind,
    user: &str,
    domain: &str,
    now: Timestamp,
    at: Timestamp,
) -> String {
    let id = world.workflows.next_id();
    let state = match kind {
        WorkflowKind::Offboard => WorkflowState::Running,
        WorkflowKind::Onboard => WorkflowState::Scheduled,
    };
    world.workflows.add(Workflow {
        id: id.clone(),
        kind,
        user: user.to_owned(),
        domain: domain.to_lowercase(),
        state,
        started: now,
        at,
    });
    id
}

pub(super) fn patch(world: &mut World, who: &str, body: &Members, now: Timestamp) -> Result<Done, Fail> {
    let user = find(world, who)?;
    let asked = read(body, &world.options)?;
    update(world, user, asked, now)
}

/// Every member that a client may set and the request lacks is cleared; CloudM's own members stay.
pub(super) fn replace(world: &mut World, who: &str, body: &Members, now: Timestamp) -> Result<Done, Fail> {
    let user = find(world, who)?;
    require(body, &["givenName", "familyName"])?;
    let mut asked = read(body, &world.options)?;
    for member in people_model::cloudm::Profile::MEMBERS.iter().filter(|member| member.writable) {
        let keeps =
            ["id", "parentPath"].contains(&member.name) || (user.pending && member.name == "provisionDate");
        if !keeps && !asked.members.contains_key(member.name) {
            asked.members.insert(member.name.to_owned(), Value::Null);
        }
    }
    update(world, user, asked, now)
}

fn update(world: &mut World, mut user: User, asked: Asked, now: Timestamp) -> Result<Done, Fail> {
    let before = user.key();
    let workflow = user.workflow().map(str::to_owned);
    let due = if user.pending { moment(&asked.members, "provisionDate")? } else { None };
    let mut changed = store(&mut user.profile, asked.members);
    let key = user.key();
    if key != before {
        // As in Google Workspace, the address of before becomes an alias.
        let aliases = user.profile.entry("aliases").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(aliases) = aliases.as_array_mut().filter(|all| !all.iter().any(|one| *one == before)) {
            aliases.push(Value::String(before.clone()));
        }
    }
    if world.directory.clashes(&user, Some(&before)) {
        return Err(Fail::conflict("Entity already exists."));
    }
    if asked.password {
        user.profile.insert("passwordUpdated".to_owned(), stamp(now));
        changed = true;
    }
    let mut ended = None;
    match asked.suspended {
        Some(true) => {
            changed |= user.profile.insert("suspended".to_owned(), true.into()) != Some(true.into())
        }
        Some(false) if !user.pending => {
            for name in ["suspended", "deprovisioned", "workflowId"] {
                changed |= user.profile.remove(name).is_some_and(|was| was != false);
            }
            ended.clone_from(&workflow);
        }
        _ => {}
    }
    if let Some(id) = ended {
        world.workflows.abort(&id, now);
    } else if let Some(id) = &workflow {
        world.workflows.change(id, Some(key.clone()), due);
    }
    world.directory.remove(&before);
    world.directory.put(user);
    Done::shown(world, &key, View::Live, changed)
}

pub(super) fn offboard(world: &mut World, domain: &str, who: &str, now: Timestamp) -> Result<Done, Fail> {
    let user = find(world, who)?;
    if user.pending {
        return Err(Fail::conflict("The user is not onboarded yet."));
    }
    if user.workflow().is_some() {
        return Err(Fail::conflict("A workflow is already running for this user."));
    }
    if user.profile.get("preventDeprovision") == Some(&Value::Bool(true)) {
        return Err(Fail::new(412, "The user must not be deprovisioned."));
    }
    let key = user.key();
    let ends = now.saturating_add(world.options.offboard_takes).unwrap_or(Timestamp::MAX);
    let workflow = begin(world, WorkflowKind::Offboard, &key, domain, now, ends);
    world.directory.edit(&key, |user| {
        user.profile.insert("workflowId".to_owned(), Value::String(workflow));
        user.profile.insert("deprovisioned".to_owned(), stamp(now));
    });
    Done::shown(world, &key, View::Live, true)
}

pub(super) fn get(world: &World, who: &str) -> Result<Done, Fail> {
    let user = find(world, who)?;
    Ok(Done { body: Some(show(&user, View::Read, &world.options)), effect: false })
}

pub(super) fn get_by_alias(world: &World, alias: &str) -> Result<Done, Fail> {
    let user = visible(world, world.directory.by_alias(alias))?;
    Ok(Done { body: Some(show(&user, View::Read, &world.options)), effect: false })
}

pub(super) fn abort(world: &mut World, domain: &str, id: &str, now: Timestamp) -> Result<Done, Fail> {
    let workflow = world
        .workflows
        .open(id)
        .filter(|workflow| workflow.domain.eq_ignore_ascii_case(domain))
        .ok_or_else(|| Fail::not_found("Workflow"))?;
    let (kind, user) = (workflow.kind, workflow.user.clone());
    world.workflows.abort(id, now);
    match kind {
        WorkflowKind::Onboard => {
            world.directory.remove(&user);
        }
        WorkflowKind::Offboard => world.directory.edit(&user, |user| {
            user.profile.remove("workflowId");
            user.profile.remove("deprovisioned");
        }),
    }
    Ok(Done { body: None, effect: true })
}
