//! The customer, its organizational units, and who is in them. Paths are kept decoded and shown with their parts encoded.

use std::collections::BTreeMap;

use people_model::Members;
use people_model::gapps::{CustomerId, Item, Noun, OrgUnit, OrgUser};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::accounts::Accounts;
use super::reply::{Done, Thing, deleted, feed};
use super::{Ask, Gapps, no};

/// The id that the customer feed tells.
const CUSTOMER: &str = "C03az79cb";
const MOST_MOVED: usize = 25;

#[derive(Default)]
pub(super) struct Org {
    /// By path, decoded.
    units: BTreeMap<String, Unit>,
    /// The unit of each user by lower-case address; the root where absent.
    places: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
struct Unit {
    description: String,
    block_inheritance: bool,
}

impl Org {
    pub(super) fn state(&self) -> Value {
        json!({"units": self.units.keys().collect::<Vec<_>>(), "places": self.places})
    }

    pub(super) fn forget(&mut self, address: &str) {
        self.places.remove(&address.to_lowercase());
    }

    fn unit(&self, path: &str) -> Result<&Unit, Item> {
        self.units.get(path).ok_or_else(|| no("EntityDoesNotExist", encoded(path)))
    }

    fn exists(&self, path: &str) -> Result<(), Item> {
        if path.is_empty() { Ok(()) } else { self.unit(path).map(|_| ()) }
    }
}

pub(super) fn perform(gapps: &mut Gapps, ask: &Ask<'_>) -> Result<Done, Item> {
    let Gapps { org, accounts, .. } = gapps;
    if ask.op == "customer.getId" {
        return Thing {
            shape: CustomerId::SHAPE,
            path: format!("/a/feeds/customer/2.0/{CUSTOMER}"),
            title: None,
            members: object(json!({
                "customerOrgUnitDescription": "example.com", "customerId": CUSTOMER,
                "customerOrgUnitName": "example.com", "description": "", "name": "example.com",
            })),
        }
        .shown(ask, false);
    }
    let customer = ask.arg(0);
    if customer != CUSTOMER && customer != "my_customer" {
        return Err(no("EntityDoesNotExist", customer));
    }
    let path = decoded(ask.arg(1));
    let below = decoded(&ask.request.param("orgUnitPath").unwrap_or_default());
    match ask.op {
        "orgunit.create" => {
            let name = ask.text("name").unwrap_or_default();
            let description = ask.text("description").unwrap_or_default();
            if name.is_empty()
                || name.contains('/')
                || name.chars().count() > 128
                || description.chars().count() > 512
            {
                return Err(no("InvalidValue", "name"));
            }
            let parent = decoded(ask.text("parentOrgUnitPath").unwrap_or_default());
            org.exists(&parent)?;
            let path = join(&parent, name);
            if org.units.contains_key(&path) {
                return Err(no("EntityExists", encoded(&path)));
            }
            let block_inheritance = ask.flag("blockInheritance").unwrap_or(false);
            org.units.insert(path.clone(), Unit { description: description.to_owned(), block_inheritance });
            unit(&path, org.unit(&path)?, None).created(ask)
        }
        "orgunit.get" => unit(&path, org.unit(&path)?, None).shown(ask, false),
        "orgunit.list" | "orgunit.children" => {
            if ask.op == "orgunit.children" {
                org.exists(&below)?;
            }
            let all = org.units.iter().filter(|(path, _)| ask.op == "orgunit.list" || parent(path) == below);
            let all = all.map(|(path, one)| (encoded(path), unit(path, one, None))).collect();
            feed(ask, OrgUnit::SHAPE, &format!("/a/feeds/orgunit/2.0/{customer}"), ("startKey", 100), all)
        }
        "orgunit.update" => update(org, accounts, ask, &path),
        "orgunit.delete" => {
            org.unit(&path)?;
            let inside = |one: &String| *one == path || one.starts_with(&format!("{path}/"));
            if org.places.values().any(inside) || org.units.keys().any(|one| *one != path && inside(one)) {
                return Err(no("EntityHasMembersCannotDelete", encoded(&path)));
            }
            org.units.remove(&path);
            Ok(deleted())
        }
        "orguser.update" => {
            let who = ask.arg(1);
            if !accounts.has(who) {
                return Err(no("EntityDoesNotExist", who));
            }
            let to = decoded(ask.text("orgUnitPath").unwrap_or_default());
            org.exists(&to)?;
            let key = who.to_lowercase();
            let at = org.places.get(&key).cloned().unwrap_or_default();
            if ask.text("oldOrgUnitPath").is_some_and(|old| decoded(old) != at) {
                return Err(no("InvalidValue", "oldOrgUnitPath"));
            }
            org.places.insert(key, to.clone());
            user(who, &to).shown(ask, true)
        }
        "orguser.get" => {
            let who = ask.arg(1);
            if !accounts.has(who) {
                return Err(no("EntityDoesNotExist", who));
            }
            let at = org.places.get(&who.to_lowercase()).cloned().unwrap_or_default();
            user(who, &at).shown(ask, false)
        }
        "orguser.list" | "orguser.listInOrgUnit" => {
            if ask.op == "orguser.listInOrgUnit" {
                org.exists(&below)?;
            }
            let place = |who: &String| org.places.get(&who.to_lowercase()).cloned().unwrap_or_default();
            let all = accounts.addresses().map(|who| (who, place(who)));
            let all = all.filter(|(_, at)| ask.op == "orguser.list" || *at == below);
            let all = all.map(|(who, at)| (who.clone(), user(who, &at))).collect();
            feed(ask, OrgUser::SHAPE, &format!("/a/feeds/orguser/2.0/{customer}"), ("startKey", 100), all)
        }
        _ => Err(no("UnknownError", ask.op)),
    }
}

/// Another name, parent or description; and users who are moved there.
fn update(org: &mut Org, accounts: &Accounts, ask: &Ask<'_>, path: &str) -> Result<Done, Item> {
    let mut changed = org.unit(path)?.clone();
    let parent_path = match ask.text("parentOrgUnitPath") {
        Some(to) => decoded(to),
        None => parent(path),
    };
    org.exists(&parent_path)?;
    if parent_path == path || parent_path.starts_with(&format!("{path}/")) {
        return Err(no("EntityCannotContainCycle", encoded(&parent_path)));
    }
    let name = ask
        .text("name")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path));
    let to = join(&parent_path, name);
    if to != path && org.units.contains_key(&to) {
        return Err(no("EntityExists", ""));
    }
    if let Some(description) = ask.text("description") {
        description.clone_into(&mut changed.description);
    }
    changed.block_inheritance = ask.flag("blockInheritance").unwrap_or(changed.block_inheritance);
    let moved: Vec<&str> = ask
        .text("usersToMove")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|who| !who.is_empty())
        .collect();
    if moved.len() > MOST_MOVED {
        return Err(no("InvalidValue", "usersToMove"));
    }
    if let Some(nobody) = moved.iter().find(|who| !accounts.has(who)) {
        return Err(no("EntityDoesNotExist", *nobody));
    }
    // What lies below moves along.
    let renamed = |old: &str| match old.strip_prefix(path) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{to}{rest}"),
        _ => old.to_owned(),
    };
    org.units = org.units.iter().map(|(old, one)| (renamed(old), one.clone())).collect();
    org.places.values_mut().for_each(|place| *place = renamed(place));
    org.units.insert(to.clone(), changed.clone());
    for who in &moved {
        org.places.insert(who.to_lowercase(), to.clone());
    }
    let moved = moved.join(",");
    unit(&to, &changed, (!moved.is_empty()).then_some(moved.as_str())).shown(ask, true)
}

fn decoded(path: &str) -> String {
    let path = path.trim().trim_matches('/').replace('+', " ");
    percent_decode_str(&path).decode_utf8_lossy().into_owned()
}

fn encoded(path: &str) -> String {
    let part = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn parent(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(parent, _)| parent.to_owned())
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
}

fn unit(path: &str, unit: &Unit, moved: Option<&str>) -> Thing {
    let mut members = object(json!({
        "name": path.rsplit('/').next().unwrap_or(path), "description": unit.description,
        "orgUnitPath": encoded(path), "parentOrgUnitPath": encoded(&parent(path)),
        "blockInheritance": unit.block_inheritance,
    }));
    if let Some(moved) = moved {
        members.insert("usersMoved".to_owned(), json!(moved));
    }
    let path = format!("/a/feeds/orgunit/2.0/{CUSTOMER}/{}", encoded(path));
    Thing { shape: OrgUnit::SHAPE, path, title: None, members }
}

fn user(who: &str, at: &str) -> Thing {
    Thing {
        shape: OrgUser::SHAPE,
        path: format!("/a/feeds/orguser/2.0/{CUSTOMER}/{}", who.replace('@', "%40")),
        title: None,
        members: object(json!({"orgUserEmail": who, "orgUnitPath": encoded(at)})),
    }
}

fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}
