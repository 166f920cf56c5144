//! Groups, their members and their owners.

use std::collections::{BTreeMap, BTreeSet};

use people_model::Members;
use people_model::gapps::{Group as GroupNoun, Item, Member, Noun, Owner};
use serde_json::{Value, json};

use super::reply::{Done, Thing, deleted, feed};
use super::{Ask, Gapps, no};

/// By lower-case address.
#[derive(Default)]
pub(super) struct Groups(BTreeMap<String, Group>);

struct Group {
    name: String,
    description: String,
    permission: String,
    /// Whether each member is a `User` or a `Group`.
    members: BTreeMap<String, String>,
    owners: BTreeSet<String>,
}

impl Groups {
    pub(super) fn state(&self) -> Value {
        let group = |group: &Group| json!({"groupName": group.name, "members": group.members.keys().collect::<Vec<_>>(), "owners": group.owners});
        Value::Object(self.0.iter().map(|(id, one)| (id.clone(), group(one))).collect())
    }

    /// Whether somebody is in a group, directly or by a group in it.
    fn holds(&self, group: &str, who: &str, direct: bool, depth: usize) -> bool {
        let Some(members) = self.0.get(group).map(|group| &group.members) else { return false };
        members.contains_key(who)
            || (!direct && depth < 8 && members.keys().any(|inner| self.holds(inner, who, direct, depth + 1)))
    }
}

pub(super) fn perform(gapps: &mut Gapps, ask: &Ask<'_>) -> Result<Done, Item> {
    let Gapps { groups, accounts, .. } = gapps;
    let domain = ask.arg(0).to_lowercase();
    let full =
        |id: &str| if id.contains('@') { id.to_lowercase() } else { format!("{id}@{domain}").to_lowercase() };
    let base = format!("/a/feeds/group/2.0/{domain}");
    let id = full(ask.arg(1));
    // The whole address is named, even where the path has the local part only.
    let absent = || no("EntityDoesNotExist", id.clone());
    let show = |id: &str, group: &Group| Thing {
        shape: GroupNoun::SHAPE,
        path: format!("{base}/{}", id.replace('@', "%40")),
        title: None,
        members: object(json!({
            "groupId": id, "groupName": group.name, "emailPermission": group.permission,
            "permissionPreset": "Custom", "description": group.description,
        })),
    };
    let local = ask.arg(1);
    let member = |who: &str, kind: &str| Thing {
        shape: Member::SHAPE,
        path: format!("{base}/{local}/member/{}", who.replace('@', "%40")),
        title: None,
        members: object(json!({"memberType": kind, "memberId": who, "directMember": true})),
    };
    let owner = |who: &str| Thing {
        shape: Owner::SHAPE,
        path: format!("{base}/{local}/owner/{}", who.replace('@', "%40")),
        title: None,
        members: object(json!({"email": who})),
    };
    match ask.op {
        "group.create" => {
            let wanted = ask.text("groupId").unwrap_or_default();
            if wanted.is_empty() {
                return Err(no("EntityNameNotValid", ""));
            }
            let id = full(wanted);
            if groups.0.contains_key(&id) || accounts.has(&id) {
                return Err(no("EntityExists", id));
            }
            let group = Group {
                name: ask.text("groupName").unwrap_or_default().to_owned(),
                description: ask.text("description").unwrap_or_default().to_owned(),
                permission: permission(ask)?.unwrap_or("Domain").to_owned(),
                members: BTreeMap::new(),
                owners: BTreeSet::new(),
            };
            let thing = show(&id, &group);
            groups.0.insert(id, group);
            thing.created(ask)
        }
        "group.get" => show(&id, groups.0.get(&id).ok_or_else(absent)?).shown(ask, false),
        "group.list" | "group.listForMember" => {
            let who = ask.request.param("member").map(|who| full(&who));
            let direct = ask.request.param("directOnly").as_deref() == Some("true");
            let all = groups
                .0
                .iter()
                .filter(|(id, _)| who.as_ref().is_none_or(|who| groups.holds(id, who, direct, 0)));
            let all = all.map(|(id, group)| (id.clone(), show(id, group))).collect();
            feed(ask, GroupNoun::SHAPE, &base, ("start", 100), all)
        }
        "group.update" => {
            let permission = permission(ask)?.map(str::to_owned);
            let group = groups.0.get_mut(&id).ok_or_else(absent)?;
            if let Some(name) = ask.text("groupName") {
                name.clone_into(&mut group.name);
            }
            if let Some(description) = ask.text("description") {
                description.clone_into(&mut group.description);
            }
            group.permission = permission.unwrap_or_else(|| group.permission.clone());
            show(&id, group).shown(ask, true)
        }
        "group.delete" => {
            groups.0.remove(&id).ok_or_else(absent)?;
            Ok(deleted())
        }
        "member.add" => {
            let who = full(ask.text("memberId").unwrap_or_default());
            groups.0.get(&id).ok_or_else(absent)?;
            let is_group = groups.0.contains_key(&who);
            if who == id || (is_group && groups.holds(&who, &id, false, 0)) {
                return Err(no("GroupCannotContainCycle", who));
            }
            if who.ends_with(&format!("@{domain}")) && !is_group && !accounts.has(&who) {
                return Err(no("EntityDoesNotExist", who));
            }
            let kind = if is_group { "Group" } else { "User" };
            let group = groups.0.get_mut(&id).ok_or_else(absent)?;
            group.members.insert(who.clone(), kind.to_owned());
            member(&who, kind).created(ask)
        }
        "member.list" => {
            let group = groups.0.get(&id).ok_or_else(absent)?;
            let all = group.members.iter().map(|(who, kind)| (who.clone(), member(who, kind))).collect();
            feed(ask, Member::SHAPE, &format!("{base}/{local}/member"), ("start", 100), all)
        }
        "member.get" => {
            let who = full(ask.arg(2));
            let group = groups.0.get(&id).ok_or_else(absent)?;
            let kind = group.members.get(&who).ok_or_else(|| no("EntityDoesNotExist", who.clone()))?;
            member(&who, kind).shown(ask, false)
        }
        "member.delete" => {
            let who = full(ask.arg(2));
            let group = groups.0.get_mut(&id).ok_or_else(absent)?;
            group.members.remove(&who).ok_or_else(|| no("EntityDoesNotExist", who))?;
            Ok(deleted())
        }
        "owner.add" => {
            let who = full(ask.text("email").unwrap_or_default());
            groups.0.get_mut(&id).ok_or_else(absent)?.owners.insert(who.clone());
            owner(&who).created(ask)
        }
        "owner.list" => {
            let group = groups.0.get(&id).ok_or_else(absent)?;
            let all = group.owners.iter().map(|who| (who.clone(), owner(who))).collect();
            feed(ask, Owner::SHAPE, &format!("{base}/{local}/owner"), ("start", 200), all)
        }
        "owner.get" | "owner.delete" => {
            let who = full(ask.arg(2));
            let group = groups.0.get_mut(&id).ok_or_else(absent)?;
            if !group.owners.contains(&who) {
                return Err(no("EntityDoesNotExist", who));
            }
            if ask.op == "owner.get" {
                return owner(&who).shown(ask, false);
            }
            group.owners.remove(&who);
            Ok(deleted())
        }
        _ => Err(no("UnknownError", ask.op)),
    }
}

fn permission<'a>(ask: &'a Ask<'_>) -> Result<Option<&'a str>, Item> {
    match ask.text("emailPermission") {
        None => Ok(None),
        Some(word) if ["Owner", "Member", "Domain", "Anyone"].contains(&word) => Ok(Some(word)),
        Some(word) => Err(no("InvalidGroupPermissions", word)),
    }
}

fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}
