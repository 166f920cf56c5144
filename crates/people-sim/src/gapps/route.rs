//! Which operation a request is: its verb, its path, and where those are shared its query.

use http::Method;
use people_model::gapps::shape::Shape;
use people_model::gapps::{
    Alias, EmailList, Group, Member, MultiDomainUser, Nickname, Noun, OrgUnit, OrgUser, Owner, Recipient,
    Rename, User,
};
use percent_encoding::percent_decode_str;

use crate::http::Request;

/// A request that found its operation.
pub(super) struct Route {
    /// Its name, as in `user.create`.
    pub(super) op: &'static str,
    /// The decoded parts of the path.
    pub(super) args: Vec<String>,
    /// The kind of the body, where there is one.
    pub(super) body: Option<&'static Shape>,
}

pub(super) fn route(request: &Request) -> Option<Route> {
    let path = request.path.strip_prefix("/gapps/")?.trim_end_matches('/');
    if path == "accounts/ClientLogin" {
        return (request.method == Method::POST).then_some(Route {
            op: "login",
            args: Vec::new(),
            body: None,
        });
    }
    let raw: Vec<&str> = path.strip_prefix("a/feeds/")?.split('/').collect();
    let parts: Vec<String> =
        raw.iter().map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let verb = request.method.as_str();
    let found = |op, args: &[&str], body| {
        Some(Route { op, args: args.iter().map(|arg| (*arg).to_owned()).collect(), body })
    };
    // Users of several domains and the like put the version before the domain.
    match (verb, parts.as_slice()) {
        ("POST", ["group", "2.0", domain]) => return found("group.create", &[domain], Some(Group::SHAPE)),
        ("GET", ["group", "2.0", domain]) => {
            let op = if request.param("member").is_some() { "group.listForMember" } else { "group.list" };
            return found(op, &[domain], None);
        }
        ("GET", ["group", "2.0", domain, group]) => return found("group.get", &[domain, group], None),
        ("PUT", ["group", "2.0", domain, group]) => {
            return found("group.update", &[domain, group], Some(Group::SHAPE));
        }
        ("DELETE", ["group", "2.0", domain, group]) => return found("group.delete", &[domain, group], None),
        ("POST", ["group", "2.0", domain, group, "member"]) => {
            return found("member.add", &[domain, group], Some(Member::SHAPE));
        }
        ("GET", ["group", "2.0", domain, group, "member"]) => {
            return found("member.list", &[domain, group], None);
        }
        ("GET", ["group", "2.0", domain, group, "member", who]) => {
            return found("member.get", &[domain, group, who], None);
        }
        ("DELETE", ["group", "2.0", domain, group, "member", who]) => {
            return found("member.delete", &[domain, group, who], None);
        }
        ("POST", ["group", "2.0", domain, group, "owner"]) => {
            return found("owner.add", &[domain, group], Some(Owner::SHAPE));
        }
        ("GET", ["group", "2.0", domain, group, "owner"]) => {
            return found("owner.list", &[domain, group], None);
        }
        ("GET", ["group", "2.0", domain, group, "owner", who]) => {
            return found("owner.get", &[domain, group, who], None);
        }
        ("DELETE", ["group", "2.0", domain, group, "owner", who]) => {
            return found("owner.delete", &[domain, group, who], None);
        }
        ("PUT", ["user", "userEmail", "2.0", domain, who]) => {
            return found("mduser.rename", &[domain, who], Some(Rename::SHAPE));
        }
        ("POST", ["user", "2.0", domain]) => {
            return found("mduser.create", &[domain], Some(MultiDomainUser::SHAPE));
        }
        ("GET", ["user", "2.0", domain]) => return found("mduser.list", &[domain], None),
        ("GET", ["user", "2.0", domain, who]) => return found("mduser.get", &[domain, who], None),
        ("PUT", ["user", "2.0", domain, who]) => {
            return found("mduser.update", &[domain, who], Some(MultiDomainUser::SHAPE));
        }
        ("DELETE", ["user", "2.0", domain, who]) => return found("mduser.delete", &[domain, who], None),
        ("POST", ["alias", "2.0", domain]) => return found("alias.create", &[domain], Some(Alias::SHAPE)),
        ("GET", ["alias", "2.0", domain]) => return found("alias.list", &[domain], None),
        ("GET", ["alias", "2.0", domain, alias]) => return found("alias.get", &[domain, alias], None),
        ("DELETE", ["alias", "2.0", domain, alias]) => return found("alias.delete", &[domain, alias], None),
        ("GET", ["customer", "2.0", "customerId"]) => return found("customer.getId", &[], None),
        ("POST", ["orgunit", "2.0", customer]) => {
            return found("orgunit.create", &[customer], Some(OrgUnit::SHAPE));
        }
        ("GET", ["orgunit", "2.0", customer]) => {
            let children = request.param("get").as_deref() == Some("children");
            return found(if children { "orgunit.children" } else { "orgunit.list" }, &[customer], None);
        }
        (verb, ["orgunit", "2.0", customer, ..]) => {
            // As sent: its parts are encoded once more than others.
            let unit = raw.get(3..).unwrap_or_default().join("/");
            return match verb {
                "PUT" => found("orgunit.update", &[customer, &unit], Some(OrgUnit::SHAPE)),
                "GET" => found("orgunit.get", &[customer, &unit], None),
                "DELETE" => found("orgunit.delete", &[customer, &unit], None),
                _ => None,
            };
        }
        ("GET", ["orguser", "2.0", customer]) => {
            let children = request.param("get").as_deref() == Some("children");
            return found(if children { "orguser.listInOrgUnit" } else { "orguser.list" }, &[customer], None);
        }
        ("PUT", ["orguser", "2.0", customer, who]) => {
            return found("orguser.update", &[customer, who], Some(OrgUser::SHAPE));
        }
        ("GET", ["orguser", "2.0", customer, who]) => return found("orguser.get", &[customer, who], None),
        _ => {}
    }
    match (verb, parts.as_slice()) {
        ("POST", [domain, "user", "2.0"]) => found("user.create", &[domain], Some(User::SHAPE)),
        ("GET", [domain, "user", "2.0"]) => found("user.list", &[domain], None),
        ("GET", [domain, "user", "2.0", who]) => found("user.get", &[domain, who], None),
        ("PUT", [domain, "user", "2.0", who]) => found("user.update", &[domain, who], Some(User::SHAPE)),
        ("DELETE", [domain, "user", "2.0", who]) => found("user.delete", &[domain, who], None),
        ("POST", [domain, "nickname", "2.0"]) => found("nickname.create", &[domain], Some(Nickname::SHAPE)),
        ("GET", [domain, "nickname", "2.0"]) => found("nickname.list", &[domain], None),
        ("GET", [domain, "nickname", "2.0", nickname]) => found("nickname.get", &[domain, nickname], None),
        ("DELETE", [domain, "nickname", "2.0", nickname]) => {
            found("nickname.delete", &[domain, nickname], None)
        }
        ("POST", [domain, "emailList", "2.0"]) => {
            found("emailList.create", &[domain], Some(EmailList::SHAPE))
        }
        ("GET", [domain, "emailList", "2.0"]) => found("emailList.list", &[domain], None),
        ("GET", [domain, "emailList", "2.0", list]) => found("emailList.get", &[domain, list], None),
        ("DELETE", [domain, "emailList", "2.0", list]) => found("emailList.delete", &[domain, list], None),
        ("POST", [domain, "emailList", "2.0", list, "recipient"]) => {
            found("recipient.add", &[domain, list], Some(Recipient::SHAPE))
        }
        ("GET", [domain, "emailList", "2.0", list, "recipient"]) => {
            found("recipient.list", &[domain, list], None)
        }
        ("DELETE", [domain, "emailList", "2.0", list, "recipient", who]) => {
            found("recipient.delete", &[domain, list, who], None)
        }
        _ => None,
    }
}
