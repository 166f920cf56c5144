//! From a command to the operation that it means.

use std::path::PathBuf;

use people_model::Members;
use serde_json::{Value, json};

use crate::cli::Gapps;
use crate::cli::gapps::{
    AliasOp, Content as Given, CustomerOp, Grave, GroupOp, InGroupOp, InListOp, ListOp, Listing, MultiUserOp,
    NicknameOp, OrgUnitOp, OrgUserOp, UserOp,
};
use crate::exit::Fail;

/// What is to be sent, before it is read.
#[derive(Default)]
pub(super) struct Content {
    pub(super) file: Option<PathBuf>,
    pub(super) set: Vec<(String, String)>,
    /// What the command itself says.
    pub(super) fixed: Vec<(&'static str, Value)>,
}

/// An operation with all it needs.
#[derive(Default)]
pub(super) struct Request {
    pub(super) op: &'static str,
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) content: Option<Content>,
    /// The read whose answer is sent along, under what changes.
    pub(super) look: Option<&'static str>,
    /// What to ask before it is sent.
    pub(super) confirm: Option<String>,
    pub(super) yes: bool,
    pub(super) dry_run: bool,
    pub(super) limit: Option<usize>,
    /// The account that it is about, where access may be taken away.
    pub(super) account: Option<String>,
}

impl Request {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether somebody loses access by it.
    pub(super) fn takes_access(&self, body: Option<&Members>) -> bool {
        let suspends = |name| body.is_some_and(|body| body.get(name) == Some(&json!(true)));
        self.op.ends_with(".delete") || suspends("suspended") || suspends("isSuspended")
    }

    fn of(op: &'static str, values: Vec<(&'static str, String)>) -> Self {
        Self { op, values, ..Self::default() }
    }

    fn list(mut self, list: Listing, start: &'static str) -> Self {
        self.values.extend(list.start.map(|key| (start, key)));
        Self { limit: list.limit, dry_run: list.dry_run, ..self }
    }

    fn says(self, dry_run: bool, fixed: Vec<(&'static str, Value)>) -> Self {
        Self { dry_run, content: Some(Content { fixed, ..Content::default() }), ..self }
    }

    fn sends(self, given: Given, fixed: Vec<(&'static str, Value)>) -> Self {
        let Given { file, set, dry_run } = given;
        Self { dry_run, content: Some(Content { file, set, fixed }), ..self }
    }

    fn grave(self, grave: Grave, what: String) -> Self {
        Self { confirm: Some(what), yes: grave.yes, dry_run: grave.dry_run, ..self }
    }

    fn look(self, look: &'static str) -> Self {
        Self { look: Some(look), ..self }
    }

    fn account(self, who: String) -> Self {
        Self { account: Some(who), ..self }
    }

    fn maybe(mut self, name: &'static str, value: Option<String>) -> Self {
        self.values.extend(value.map(|value| (name, value)));
        self
    }
}

/// The operation of a command; none for those that are not one.
pub(super) fn of(command: Gapps) -> Result<Option<Request>, Fail> {
    Ok(Some(match command {
        Gapps::User(op) => user(op),
        Gapps::Nickname(op) => nickname(op),
        Gapps::EmailList(op) => email_list(op),
        Gapps::Recipient(op) => recipient(op),
        Gapps::Group(op) => group(op),
        Gapps::Member(op) => in_group(op, true)?,
        Gapps::Owner(op) => in_group(op, false)?,
        Gapps::MultiUser(op) => multi_user(op),
        Gapps::Alias(op) => alias(op),
        Gapps::Customer(CustomerOp::Get) => Request::of("customer.getId", Vec::new()),
        Gapps::OrgUnit(op) => org_unit(op),
        Gapps::OrgUser(op) => org_user(op),
        Gapps::Operations | Gapps::Read { .. } | Gapps::Serve { .. } => return Ok(None),
    }))
}

fn user(op: UserOp) -> Request {
    let of = |op, name: &String| Request::of(op, vec![("userName", name.clone())]);
    match op {
        UserOp::Get { name } => of("user.get", &name),
        UserOp::List(list) => Request::of("user.list", Vec::new()).list(list, "startUsername"),
        UserOp::Create { name, content } => {
            Request::of("user.create", Vec::new()).sends(content, vec![("userName", json!(name))])
        }
        UserOp::Update { name, content } => {
            of("user.update", &name).sends(content, Vec::new()).look("user.get").account(name)
        }
        UserOp::Suspend { name, grave } => of("user.update", &name)
            .says(false, vec![("suspended", json!(true))])
            .grave(grave, format!("suspend {name}"))
            .look("user.get")
            .account(name),
        UserOp::Restore { name, dry_run } => {
            of("user.update", &name).says(dry_run, vec![("suspended", json!(false))]).look("user.get")
        }
        UserOp::Rename { name, to, grave } => of("user.update", &name)
            .says(false, vec![("userName", json!(to))])
            .grave(grave, format!("rename {name} to {to}"))
            .look("user.get"),
        UserOp::Delete { name, grave } => {
            of("user.delete", &name).grave(grave, format!("delete the user {name}")).account(name)
        }
    }
}

fn nickname(op: NicknameOp) -> Request {
    let of = |op, name: &String| Request::of(op, vec![("nickname", name.clone())]);
    match op {
        NicknameOp::Get { nickname } => of("nickname.get", &nickname),
        NicknameOp::List { user, list } => {
            Request::of("nickname.list", Vec::new()).maybe("username", user).list(list, "startNickname")
        }
        NicknameOp::Create { nickname, user, dry_run } => Request::of("nickname.create", Vec::new())
            .says(dry_run, vec![("nickname", json!(nickname)), ("userName", json!(user))]),
        NicknameOp::Delete { nickname, grave } => {
            of("nickname.delete", &nickname).grave(grave, format!("delete the nickname {nickname}"))
        }
    }
}

fn email_list(op: ListOp) -> Request {
    let of = |op, name: &String| Request::of(op, vec![("name", name.clone())]);
    match op {
        ListOp::Get { name } => of("emailList.get", &name),
        ListOp::List { recipient, list } => Request::of("emailList.list", Vec::new())
            .maybe("recipient", recipient)
            .list(list, "startEmailListName"),
        ListOp::Create { name, dry_run } => {
            Request::of("emailList.create", Vec::new()).says(dry_run, vec![("name", json!(name))])
        }
        ListOp::Delete { name, grave } => {
            of("emailList.delete", &name).grave(grave, format!("delete the e-mail list {name}"))
        }
    }
}

fn recipient(op: InListOp) -> Request {
    match op {
        InListOp::List { name, list } => {
            Request::of("recipient.list", vec![("name", name)]).list(list, "startRecipient")
        }
        InListOp::Add { name, email, dry_run } => {
            Request::of("recipient.add", vec![("name", name)]).says(dry_run, vec![("email", json!(email))])
        }
        InListOp::Delete { name, email, grave } => {
            let what = format!("take {email} off the e-mail list {name}");
            Request::of("recipient.delete", vec![("name", name), ("email", email)]).grave(grave, what)
        }
    }
}

fn group(op: GroupOp) -> Request {
    let of = |op, group: &String| Request::of(op, vec![("groupId", group.clone())]);
    match op {
        GroupOp::Get { group } => of("group.get", &group),
        GroupOp::List { member: Some(member), direct_only, list } => {
            Request::of("group.listForMember", vec![("member", member)])
                .maybe("directOnly", direct_only.then(|| "true".to_owned()))
                .list(list, "start")
        }
        GroupOp::List { member: None, list, .. } => Request::of("group.list", Vec::new()).list(list, "start"),
        GroupOp::Create { group, content } => {
            Request::of("group.create", Vec::new()).sends(content, vec![("groupId", json!(group))])
        }
        GroupOp::Update { group, content } => {
            of("group.update", &group).sends(content, Vec::new()).look("group.get")
        }
        GroupOp::Delete { group, grave } => {
            of("group.delete", &group).grave(grave, format!("delete the group {group}"))
        }
    }
}

fn in_group(op: InGroupOp, member: bool) -> Result<Request, Fail> {
    let name = if member { "memberId" } else { "email" };
    let pick = |of_member, of_owner| if member { of_member } else { of_owner };
    let of = |op, group: String, email: String| Request::of(op, vec![("groupId", group), (name, email)]);
    Ok(match op {
        InGroupOp::Get { group, email } => of(pick("member.get", "owner.get"), group, email),
        InGroupOp::List { suspended: true, .. } if !member => {
            return Err(Fail::usage("--suspended is for members; leave it out"));
        }
        InGroupOp::List { group, suspended, list } => {
            Request::of(pick("member.list", "owner.list"), vec![("groupId", group)])
                .maybe("includeSuspendedUsers", suspended.then(|| "true".to_owned()))
                .list(list, "start")
        }
        InGroupOp::Add { group, email, dry_run } => {
            Request::of(pick("member.add", "owner.add"), vec![("groupId", group)])
                .says(dry_run, vec![(name, json!(email))])
        }
        InGroupOp::Delete { group, email, grave } => {
            let what = format!("remove {email} from the {} of {group}", pick("members", "owners"));
            of(pick("member.delete", "owner.delete"), group, email).grave(grave, what)
        }
    })
}

fn multi_user(op: MultiUserOp) -> Request {
    let of = |op, email: &String| Request::of(op, vec![("userEmail", email.clone())]);
    match op {
        MultiUserOp::Get { email } => of("mduser.get", &email),
        MultiUserOp::List(list) => Request::of("mduser.list", Vec::new()).list(list, "start"),
        MultiUserOp::Create { email, content } => {
            Request::of("mduser.create", Vec::new()).sends(content, vec![("userEmail", json!(email))])
        }
        MultiUserOp::Update { email, content } => {
            of("mduser.update", &email).sends(content, Vec::new()).look("mduser.get").account(email)
        }
        MultiUserOp::Rename { email, to, grave } => of("mduser.rename", &email)
            .says(false, vec![("newEmail", json!(to))])
            .grave(grave, format!("rename {email} to {to}")),
        MultiUserOp::Delete { email, grave } => {
            of("mduser.delete", &email).grave(grave, format!("delete the user {email}")).account(email)
        }
    }
}

fn alias(op: AliasOp) -> Request {
    let of = |op, alias: &String| Request::of(op, vec![("aliasEmail", alias.clone())]);
    match op {
        AliasOp::Get { alias } => of("alias.get", &alias),
        AliasOp::List { user, list } => {
            Request::of("alias.list", Vec::new()).maybe("userEmail", user).list(list, "start")
        }
        AliasOp::Create { alias, user, dry_run } => Request::of("alias.create", Vec::new())
            .says(dry_run, vec![("aliasEmail", json!(alias)), ("userEmail", json!(user))]),
        AliasOp::Delete { alias, grave } => {
            of("alias.delete", &alias).grave(grave, format!("delete the alias {alias}"))
        }
    }
}

fn org_unit(op: OrgUnitOp) -> Request {
    let of = |op, path: &String| Request::of(op, vec![("orgUnitPath", path.clone())]);
    match op {
        OrgUnitOp::Get { path, of: customer } => {
            of("orgunit.get", &path).maybe("customerId", customer.customer)
        }
        OrgUnitOp::List { below: None, list, of } => {
            Request::of("orgunit.list", Vec::new()).maybe("customerId", of.customer).list(list, "startKey")
        }
        OrgUnitOp::List { below: Some(path), list, of: customer } => {
            of("orgunit.children", &path).maybe("customerId", customer.customer).list(list, "startKey")
        }
        OrgUnitOp::Create { name, parent, content, of } => {
            let fixed = vec![("name", json!(name)), ("parentOrgUnitPath", json!(parent))];
            Request::of("orgunit.create", Vec::new()).maybe("customerId", of.customer).sends(content, fixed)
        }
        OrgUnitOp::Update { path, content, of: customer } => of("orgunit.update", &path)
            .maybe("customerId", customer.customer)
            .sends(content, Vec::new())
            .look("orgunit.get"),
        OrgUnitOp::Delete { path, grave, of: customer } => of("orgunit.delete", &path)
            .maybe("customerId", customer.customer)
            .grave(grave, format!("delete the organizational unit {path}")),
    }
}

fn org_user(op: OrgUserOp) -> Request {
    match op {
        OrgUserOp::Get { email, of } => {
            Request::of("orguser.get", vec![("email", email)]).maybe("customerId", of.customer)
        }
        OrgUserOp::List { unit: None, list, of } => {
            Request::of("orguser.list", Vec::new()).maybe("customerId", of.customer).list(list, "startKey")
        }
        OrgUserOp::List { unit: Some(path), list, of } => {
            Request::of("orguser.listInOrgUnit", vec![("orgUnitPath", path)])
                .maybe("customerId", of.customer)
                .list(list, "startKey")
        }
        OrgUserOp::Update { email, path, from, dry_run, of } => {
            let mut fixed = vec![("orgUnitPath", json!(path))];
            fixed.extend(from.map(|from| ("oldOrgUnitPath", json!(from))));
            Request::of("orguser.update", vec![("email", email)])
                .maybe("customerId", of.customer)
                .says(dry_run, fixed)
        }
    }
}
