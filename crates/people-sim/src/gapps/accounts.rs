//! Users, by local part or by whole address, and their second addresses: nicknames are aliases in the user's own domain.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use people_model::Members;
use people_model::gapps::{Alias, Item, MultiDomainUser, Nickname, Noun, User};
use serde_json::{Value, json};

use super::reply::{Done, Thing, deleted, feed};
use super::{Ask, Gapps, no};

/// How long the name of a deleted user is kept.
const BLOCKED: SignedDuration = SignedDuration::from_hours(5 * 24);
/// What a user has whose contract does not allow a quota of one's own: recorded for an asked 1024.
const QUOTA_MB: u64 = 10_240;
const RESERVED: [&str; 2] = ["abuse", "postmaster"];
const MOST_NICKNAMES: usize = 30;

#[derive(Default)]
pub(super) struct Accounts {
    /// By lower-case address.
    users: BTreeMap<String, Account>,
    deleted: BTreeMap<String, Timestamp>,
}

#[derive(Debug, Clone, Default)]
struct Account {
    address: String,
    given: String,
    family: String,
    suspended: bool,
    admin: bool,
    change_password: bool,
    ip_whitelisted: bool,
    aliases: BTreeSet<String>,
}

impl Accounts {
    pub(super) fn state(&self) -> Value {
        let user = |account: &Account| {
            json!({
                "givenName": account.given, "familyName": account.family, "suspended": account.suspended,
                "admin": account.admin, "aliases": account.aliases,
            })
        };
        Value::Object(self.users.iter().map(|(key, account)| (key.clone(), user(account))).collect())
    }

    pub(super) fn has(&self, address: &str) -> bool {
        self.users.contains_key(&address.to_lowercase())
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = &String> {
        self.users.values().map(|account| &account.address)
    }

    /// Whose alias it is.
    fn owner(&self, alias: &str) -> Option<&Account> {
        let alias = alias.to_lowercase();
        self.users.values().find(|account| account.aliases.contains(&alias))
    }

    fn get(&self, address: &str, shown: &str) -> Result<&Account, Item> {
        self.users.get(&address.to_lowercase()).ok_or_else(|| no("EntityDoesNotExist", shown))
    }

    /// Refuses an address that is taken, reserved or blocked.
    fn free(&self, address: &str, shown: &str, now: Timestamp) -> Result<(), Item> {
        let key = address.to_lowercase();
        let local = key.split('@').next().unwrap_or_default();
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '\'');
        if local.is_empty() || !local.chars().all(good) || !key.contains('@') {
            return Err(no("InvalidUsername", shown));
        }
        if RESERVED.contains(&local) {
            return Err(no("EntityNameIsReserved", shown));
        }
        if self.users.contains_key(&key) || self.owner(&key).is_some() {
            return Err(no("EntityExists", shown));
        }
        match self.deleted.get(&key) {
            Some(at) if now.duration_since(*at) < BLOCKED => Err(no("UserDeletedRecently", shown)),
            _ => Ok(()),
        }
    }
}

pub(super) fn perform(gapps: &mut Gapps, ask: &Ask<'_>) -> Result<Done, Item> {
    let accounts = &mut gapps.accounts;
    let domain = ask.arg(0).to_lowercase();
    let at = |local: &str| format!("{local}@{domain}");
    match ask.op {
        "user.create" => {
            let name = ask.text("userName").unwrap_or_default();
            let account = fresh(ask, at(name), ("givenName", "familyName", "hashFunctionName"))?;
            accounts.free(&account.address, name, ask.now)?;
            let thing = user(&domain, &account);
            accounts.users.insert(account.address.to_lowercase(), account);
            thing.created(ask)
        }
        "user.get" => user(&domain, accounts.get(&at(ask.arg(1)), ask.arg(1))?).shown(ask, false),
        "user.list" => {
            let all = accounts.users.values().filter(|account| of(&account.address, &domain));
            let all =
                all.map(|account| (local(&account.address).to_owned(), user(&domain, account))).collect();
            feed(ask, User::SHAPE, &format!("/a/feeds/{domain}/user/2.0"), ("startUsername", 100), all)
        }
        "user.update" => {
            let before = at(ask.arg(1));
            let mut account = accounts.get(&before, ask.arg(1))?.clone();
            change(ask, &mut account, ("givenName", "familyName", "hashFunctionName"))?;
            if let Some(name) = ask.text("userName").filter(|name| !name.eq_ignore_ascii_case(ask.arg(1))) {
                // Recorded: the error for a taken name does not name it.
                accounts.free(&at(name), "", ask.now)?;
                rename(ask, &mut account, at(name));
            }
            accounts.users.remove(&before.to_lowercase());
            let thing = user(&domain, &account);
            accounts.users.insert(account.address.to_lowercase(), account);
            thing.shown(ask, true)
        }
        "user.delete" | "mduser.delete" => {
            let address = if ask.op == "user.delete" { at(ask.arg(1)) } else { ask.arg(1).to_owned() };
            accounts.get(&address, ask.arg(1))?;
            accounts.users.remove(&address.to_lowercase());
            accounts.deleted.insert(address.to_lowercase(), ask.now);
            gapps.org.forget(&address);
            Ok(deleted())
        }
        "nickname.create" => {
            let (nickname, owner) =
                (ask.text("nickname").unwrap_or_default(), ask.text("userName").unwrap_or_default());
            accounts.get(&at(owner), owner)?;
            accounts.free(&at(nickname), nickname, ask.now)?;
            let account =
                accounts.users.get_mut(&at(owner).to_lowercase()).ok_or_else(|| no("UnknownError", ""))?;
            if account.aliases.len() >= MOST_NICKNAMES {
                return Err(no("TooManyNicknamesForUser", owner));
            }
            account.aliases.insert(at(nickname).to_lowercase());
            nick(&domain, nickname, account).created(ask)
        }
        "nickname.get" => {
            let account =
                accounts.owner(&at(ask.arg(1))).ok_or_else(|| no("EntityDoesNotExist", ask.arg(1)))?;
            nick(&domain, ask.arg(1), account).shown(ask, false)
        }
        "nickname.list" => {
            let whose = ask.request.param("username");
            if let Some(name) = &whose {
                accounts.get(&at(name), name)?;
            }
            let mut all = Vec::new();
            for account in accounts.users.values() {
                if whose.as_ref().is_some_and(|name| !account.address.eq_ignore_ascii_case(&at(name))) {
                    continue;
                }
                for alias in account.aliases.iter().filter(|alias| of(alias, &domain)) {
                    all.push((local(alias).to_owned(), nick(&domain, local(alias), account)));
                }
            }
            feed(
                ask,
                Nickname::SHAPE,
                &format!("/a/feeds/{domain}/nickname/2.0"),
                ("startNickname", 100),
                all,
            )
        }
        "nickname.delete" | "alias.delete" => {
            let alias = if ask.op == "nickname.delete" { at(ask.arg(1)) } else { ask.arg(1).to_owned() };
            let owner = accounts.owner(&alias).ok_or_else(|| no("EntityDoesNotExist", ask.arg(1)))?;
            let owner = owner.address.to_lowercase();
            if let Some(account) = accounts.users.get_mut(&owner) {
                account.aliases.remove(&alias.to_lowercase());
            }
            Ok(deleted())
        }
        "mduser.create" => {
            let email = ask.text("userEmail").unwrap_or_default();
            let account = fresh(ask, email.to_owned(), ("firstName", "lastName", "hashFunction"))?;
            accounts.free(email, email, ask.now)?;
            let thing = multi(&account);
            accounts.users.insert(email.to_lowercase(), account);
            thing.created(ask)
        }
        "mduser.get" => multi(accounts.get(ask.arg(1), ask.arg(1))?).shown(ask, false),
        "mduser.list" => {
            let all =
                accounts.users.values().map(|account| (account.address.clone(), multi(account))).collect();
            feed(ask, MultiDomainUser::SHAPE, &format!("/a/feeds/user/2.0/{domain}"), ("start", 100), all)
        }
        "mduser.update" => {
            let key = ask.arg(1).to_lowercase();
            let mut account = accounts.get(&key, ask.arg(1))?.clone();
            if ask.text("userEmail").is_some_and(|email| !email.eq_ignore_ascii_case(&account.address)) {
                return Err(no("EntityCannotBeModified", "userEmail"));
            }
            change(ask, &mut account, ("firstName", "lastName", "hashFunction"))?;
            let thing = multi(&account);
            accounts.users.insert(key, account);
            thing.shown(ask, true)
        }
        "mduser.rename" => {
            let key = ask.arg(1).to_lowercase();
            let mut account = accounts.get(&key, ask.arg(1))?.clone();
            let email = ask.text("newEmail").unwrap_or_default();
            accounts.free(email, "", ask.now)?;
            rename(ask, &mut account, email.to_owned());
            let thing = multi(&account);
            accounts.users.remove(&key);
            accounts.users.insert(email.to_lowercase(), account);
            thing.shown(ask, true)
        }
        "alias.create" => {
            let (alias, owner) =
                (ask.text("aliasEmail").unwrap_or_default(), ask.text("userEmail").unwrap_or_default());
            accounts.get(owner, owner)?;
            // Creating one again moves it.
            let key = alias.to_lowercase();
            match accounts.owner(alias).map(|account| account.address.to_lowercase()) {
                Some(before) => {
                    if let Some(account) = accounts.users.get_mut(&before) {
                        account.aliases.remove(&key);
                    }
                }
                None => accounts.free(alias, alias, ask.now)?,
            }
            let account =
                accounts.users.get_mut(&owner.to_lowercase()).ok_or_else(|| no("UnknownError", ""))?;
            account.aliases.insert(key);
            alias_of(alias, account).created(ask)
        }
        "alias.get" => {
            let account = accounts.owner(ask.arg(1)).ok_or_else(|| no("EntityDoesNotExist", ask.arg(1)))?;
            alias_of(ask.arg(1), account).shown(ask, false)
        }
        "alias.list" => {
            let whose = ask.request.param("userEmail");
            let all = accounts.users.values().filter(|account| {
                whose.as_ref().is_none_or(|whose| account.address.eq_ignore_ascii_case(whose))
            });
            let all = all.flat_map(|account| {
                account.aliases.iter().map(move |alias| (alias.clone(), alias_of(alias, account)))
            });
            feed(ask, Alias::SHAPE, &format!("/a/feeds/alias/2.0/{domain}"), ("start", 100), all.collect())
        }
        _ => Err(no("UnknownError", ask.op)),
    }
}

fn fresh(ask: &Ask<'_>, address: String, names: (&str, &str, &str)) -> Result<Account, Item> {
    for (name, reason) in
        [(names.0, "InvalidGivenName"), (names.1, "InvalidFamilyName"), ("password", "InvalidPassword")]
    {
        if ask.text(name).is_none_or(str::is_empty) {
            return Err(no(reason, ""));
        }
    }
    let mut account = Account { address, ..Account::default() };
    change(ask, &mut account, names)?;
    Ok(account)
}

/// Takes over what the request says; quota is ignored.
fn change(
    ask: &Ask<'_>,
    account: &mut Account,
    (given, family, hash): (&str, &str, &str),
) -> Result<(), Item> {
    let digits = match ask.text(hash) {
        None => None,
        Some("SHA-1") => Some(40),
        Some("MD5") => Some(32),
        Some(other) => return Err(no("InvalidHashFunctionName", other)),
    };
    match (ask.text("password"), digits) {
        (Some(digest), Some(digits))
            if digest.len() != digits || !digest.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            return Err(no("InvalidHashDigestLength", ""));
        }
        (Some(password), None) if !(6..=100).contains(&password.chars().count()) => {
            return Err(no("InvalidPassword", ""));
        }
        _ => {}
    }
    let set = |to: &mut String, name| {
        if let Some(text) = ask.text(name) {
            text.clone_into(to);
        }
    };
    set(&mut account.given, given);
    set(&mut account.family, family);
    let flag = |to: &mut bool, names: [&str; 2]| {
        if let Some(flag) = names.into_iter().find_map(|name| ask.flag(name)) {
            *to = flag;
        }
    };
    if ask.options.suspended_writable {
        flag(&mut account.suspended, ["suspended", "isSuspended"]);
    }
    flag(&mut account.admin, ["admin", "isAdmin"]);
    flag(&mut account.change_password, ["changePasswordAtNextLogin", "isChangePasswordAtNextLogin"]);
    flag(&mut account.ip_whitelisted, ["ipWhitelisted", "ipWhitelisted"]);
    Ok(())
}

/// The old address stays as an alias.
fn rename(ask: &Ask<'_>, account: &mut Account, address: String) {
    if ask.options.gapps_keeps_nickname {
        account.aliases.insert(account.address.to_lowercase());
    }
    account.address = address;
}

fn local(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

fn of(address: &str, domain: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, of)| of.eq_ignore_ascii_case(domain))
}

fn members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// No password: replies have none.
fn user(domain: &str, account: &Account) -> Thing {
    let name = local(&account.address);
    Thing {
        shape: User::SHAPE,
        path: format!("/a/feeds/{domain}/user/2.0/{name}"),
        title: Some(name.to_owned()),
        members: members(json!({
            "userName": name, "suspended": account.suspended, "ipWhitelisted": account.ip_whitelisted,
            "admin": account.admin, "changePasswordAtNextLogin": account.change_password, "agreedToTerms": false,
            "quota": QUOTA_MB, "familyName": account.family, "givenName": account.given,
        })),
    }
}

fn nick(domain: &str, nickname: &str, account: &Account) -> Thing {
    Thing {
        shape: Nickname::SHAPE,
        path: format!("/a/feeds/{domain}/nickname/2.0/{nickname}"),
        title: Some(nickname.to_owned()),
        members: members(json!({"nickname": nickname, "userName": local(&account.address)})),
    }
}

fn multi(account: &Account) -> Thing {
    let domain = account.address.rsplit_once('@').map_or("", |(_, domain)| domain);
    Thing {
        shape: MultiDomainUser::SHAPE,
        path: format!("/a/feeds/user/2.0/{domain}/{}", account.address.replace('@', "%40")),
        title: None,
        members: members(json!({
            "userEmail": account.address, "firstName": account.given, "lastName": account.family,
            "isAdmin": account.admin, "isSuspended": account.suspended,
            "isChangePasswordAtNextLogin": account.change_password, "ipWhitelisted": account.ip_whitelisted,
        })),
    }
}

fn alias_of(alias: &str, account: &Account) -> Thing {
    let domain = alias.rsplit_once('@').map_or("", |(_, domain)| domain);
    Thing {
        shape: Alias::SHAPE,
        path: format!("/a/feeds/alias/2.0/{domain}/{}", alias.replace('@', "%40")),
        title: None,
        members: members(json!({"userEmail": account.address, "aliasEmail": alias})),
    }
}
