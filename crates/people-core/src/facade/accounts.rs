//! What is done to accounts of CloudM. Every change looks first, is read back, and one whose answer was lost is looked for before anybody is told that it failed.

use bytes::Bytes;
use http::Response;
use people_auth::Signer;
use people_model::cloudm::Patch;
use people_model::cloudm::patch::same;
use people_model::gapps::Password;
use people_model::verdict::WhyKind;
use people_model::{Call, Email, Members, PersonKey, Safety, SourceName, Verdict, WorkerId};
use serde_json::{Value, json};

use super::Facade;
use super::answer::{self, Problem, Style};
use crate::endpoint::Endpoint;
use crate::host::Host;
use crate::journal::{Journal, Permit};
use crate::target::cloudm::users::{Create, Get, GetByAlias, Offboard, PatchUser};
use crate::target::judge;
use crate::wire::{NoAnswer, NotSent};

/// An account as a profile shows it.
pub(super) struct Account {
    pub(super) address: Email,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) suspended: bool,
    aliases: Vec<Email>,
    /// An offboarding runs, or is over and has taken access away. Somebody who is back is not offboarded, whatever date is left in the profile.
    offboarded: bool,
    /// When the last offboarding began, as CloudM says it.
    deprovisioned: String,
    /// CloudM is told not to offboard, or has not onboarded yet.
    kept: bool,
}

impl Account {
    fn new(profile: &Members, asked: &Email) -> Self {
        let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default();
        let flag = |name: &str| profile.get(name) == Some(&Value::Bool(true));
        let aliases = profile.get("aliases").and_then(Value::as_array).into_iter().flatten();
        let (workflow, deprovisioned) = (!text("workflowId").is_empty(), text("deprovisioned"));
        let pending = workflow && deprovisioned.is_empty() && !text("provisionDate").is_empty();
        let offboarded = (workflow && !pending) || (!deprovisioned.is_empty() && flag("suspended"));
        Self {
            address: Email::parse(text("id")).unwrap_or_else(|_| asked.clone()),
            given: text("givenName").to_owned(),
            family: text("familyName").to_owned(),
            suspended: flag("suspended") || offboarded,
            aliases: aliases.filter_map(Value::as_str).filter_map(|one| Email::parse(one).ok()).collect(),
            offboarded,
            deprovisioned: deprovisioned.to_owned(),
            kept: flag("preventDeprovision") || pending,
        }
    }

    /// Local part and domain.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.address.as_str().split_once('@').unwrap_or((self.address.as_str(), ""))
    }
}

/// A user to be created.
pub(super) struct New {
    pub(super) given: Option<String>,
    pub(super) family: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) suspended: Option<bool>,
    /// Members that CloudM has nothing for.
    pub(super) refused: Vec<&'static str>,
}

/// A change of a user.
#[derive(Default)]
pub(super) struct Change {
    /// The new address.
    pub(super) to: Option<Email>,
    pub(super) given: Option<String>,
    pub(super) family: Option<String>,
    /// Whether a new password came along; it is not kept.
    pub(super) password: bool,
    pub(super) suspended: Option<bool>,
    pub(super) refused: Vec<&'static str>,
}

impl<H: Host, J: Journal, S: Signer> Facade<H, J, S> {
    pub(super) async fn show(&self, who: &Email, style: Style) -> Result<Response<Bytes>, Problem> {
        answer::show_user(&self.settings.public_url, &self.existing(who, who.as_str()).await?, style, false)
    }

    pub(super) async fn create(
        &self,
        who: Email,
        new: New,
        style: Style,
    ) -> Result<Response<Bytes>, Problem> {
        self.supported(&new.refused)?;
        let text = |value: &Option<String>, reason| match value.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(Problem::named(reason, "")),
        };
        let (given, family) =
            (text(&new.given, "InvalidGivenName")?, text(&new.family, "InvalidFamilyName")?);
        let password = new.password.filter(|password| !password.expose().is_empty());
        let password = password.ok_or_else(|| Problem::named("InvalidPassword", ""))?;
        let _writing = self.writing.lock().await;
        let name = shown(&who, style);
        match self.look(&who).await? {
            Some(account) if account.offboarded => return Err(Problem::named("UserDeletedRecently", &name)),
            Some(_) => return Err(Problem::named("EntityExists", &name)),
            None => {}
        }
        if self.by_alias(&who).await?.is_some() {
            return Err(Problem::named("EntityExists", &name));
        }
        let mut profile = Members::new();
        profile.insert("id".into(), json!(who));
        profile.insert("givenName".into(), json!(given));
        profile.insert("familyName".into(), json!(family));
        // The one place to which a password goes.
        profile.insert("password".into(), json!(password.expose()));
        if let Some(ou) = &self.config.policy.ou {
            profile.insert("parentPath".into(), json!(ou));
        }
        let mut call = Create { domain: &self.cloudm.domain, profile }.call();
        call.password = false;
        let verdict = self.call(&call).await;
        let made = match &verdict {
            Verdict::Done { .. } => true,
            // The look before showed nobody, so who is there now with these names was made by this call.
            Verdict::Unknown { .. } => self
                .look(&who)
                .await?
                .is_some_and(|account| account.given == given && account.family == family),
            _ => false,
        };
        if !made {
            return Err(Problem::from(&verdict, &name));
        }
        if new.suspended == Some(true) {
            self.patch(&who, &who, json!({"suspended": true})).await?;
        }
        let account = self.look(&who).await?.ok_or_else(Problem::unknown)?;
        answer::show_user(&self.settings.public_url, &account, style, true)
    }

    pub(super) async fn change(
        &self,
        who: &Email,
        change: Change,
        style: Style,
    ) -> Result<Response<Bytes>, Problem> {
        self.supported(&change.refused)?;
        if change.password {
            self.supported(&["password"])?;
        }
        let _writing = self.writing.lock().await;
        let account = self.existing(who, &shown(who, style)).await?;
        let mut patch = Members::new();
        for (member, value, now) in
            [("givenName", &change.given, &account.given), ("familyName", &change.family, &account.family)]
        {
            if let Some(value) = value.as_ref().filter(|value| *value != now) {
                patch.insert(member.into(), json!(value));
            }
        }
        match change.suspended {
            Some(true) if !account.suspended => {
                self.guard(&account).await?;
                patch.insert("suspended".into(), json!(true));
            }
            // Whoever was offboarded comes back by CloudM, not by an old script.
            Some(false) if account.offboarded => {
                return Err(Problem::named("EntityCannotBeModified", &shown(who, style)));
            }
            Some(false) if account.suspended => {
                patch.insert("suspended".into(), json!(false));
            }
            _ => {}
        }
        if let Some(to) = &change.to {
            // Recorded: the error for a taken name does not name it. An alias of the account itself may become its name.
            let taken = self.look(to).await?.is_some()
                || self.by_alias(to).await?.is_some_and(|owner| owner.address != account.address);
            if taken {
                return Err(Problem::named("EntityExists", ""));
            }
            patch.insert("id".into(), json!(to));
        }
        let at = change.to.as_ref().unwrap_or(&account.address);
        if !patch.is_empty() {
            self.patch(&account.address, at, Value::Object(patch)).await?;
        }
        answer::show_user(&self.settings.public_url, &self.existing(at, "").await?, style, false)
    }

    /// Deletes a user, which here means to start CloudM's offboarding. Asked for again, nothing more happens.
    pub(super) async fn offboard(&self, who: &Email) -> Result<Response<Bytes>, Problem> {
        let _writing = self.writing.lock().await;
        let account = self.existing(who, who.as_str()).await?;
        if account.offboarded {
            return Ok(answer::deleted());
        }
        if account.kept {
            return Err(Problem::named("EntityCannotBeModified", who.as_str()));
        }
        self.guard(&account).await?;
        let call = Offboard { domain: &self.cloudm.domain, user: account.address.as_str() }.call();
        match self.call(&call).await {
            Verdict::Done { .. } => Ok(answer::deleted()),
            verdict @ Verdict::Unknown { .. } => match self.look(&account.address).await? {
                Some(after) if after.offboarded || after.deprovisioned != account.deprovisioned => {
                    Ok(answer::deleted())
                }
                _ => Err(Problem::from(&verdict, who.as_str())),
            },
            verdict => Err(Problem::from(&verdict, who.as_str())),
        }
    }

    pub(super) async fn add_alias(
        &self,
        who: &Email,
        alias: &Email,
        style: Style,
    ) -> Result<Response<Bytes>, Problem> {
        let _writing = self.writing.lock().await;
        let account = self.existing(who, &shown(who, style)).await?;
        if self.look(alias).await?.is_some() || self.by_alias(alias).await?.is_some() {
            return Err(Problem::named("EntityExists", &shown(alias, style)));
        }
        let aliases: Vec<&Email> = account.aliases.iter().chain([alias]).collect();
        self.patch(&account.address, &account.address, json!({"aliases": aliases})).await?;
        answer::show_alias(&self.settings.public_url, &account, alias, style, true)
    }

    pub(super) async fn show_alias(&self, alias: &Email, style: Style) -> Result<Response<Bytes>, Problem> {
        let account = self.owner(alias, style).await?;
        answer::show_alias(&self.settings.public_url, &account, alias, style, false)
    }

    pub(super) async fn remove_alias(&self, alias: &Email) -> Result<Response<Bytes>, Problem> {
        let _writing = self.writing.lock().await;
        let account = self.owner(alias, Style::Multi).await?;
        let aliases: Vec<&Email> = account.aliases.iter().filter(|one| *one != alias).collect();
        self.patch(&account.address, &account.address, json!({"aliases": aliases})).await?;
        Ok(answer::deleted())
    }

    pub(super) async fn list_aliases(&self, who: &Email, style: Style) -> Result<Response<Bytes>, Problem> {
        let account = self.existing(who, &shown(who, style)).await?;
        let mut all = account.aliases.clone();
        // A nickname is a local part, of this one domain.
        let here = format!("@{}", self.domain);
        all.retain(|alias| style == Style::Multi || alias.as_str().ends_with(&here));
        all.sort();
        answer::list_aliases(&self.settings.public_url, &account, &all, style)
    }

    /// Who has this alias. The owner of the address itself does not count.
    async fn owner(&self, alias: &Email, style: Style) -> Result<Account, Problem> {
        let account = self.by_alias(alias).await?.filter(|account| account.aliases.contains(alias));
        account.ok_or_else(|| Problem::named("EntityDoesNotExist", &shown(alias, style)))
    }

    /// Refuses what would take access from a protected account, or from more people than the breaker allows.
    async fn guard(&self, account: &Account) -> Result<(), Problem> {
        let name = account.address.as_str();
        if self.config.policy.protects(&account.address) {
            return Err(Problem::named("EntityCannotBeModified", name));
        }
        let key = || {
            Some(PersonKey {
                tenant: self.cloudm.domain.clone(),
                group: SourceName::parse("gapps-facade").ok()?,
                worker: WorkerId::parse(name).ok()?,
            })
        };
        let person = key().ok_or_else(|| Problem::named("InvalidUsername", name))?;
        match self.journal.permit(&person, self.host.now(), &self.config.policy.breaker.limits()).await {
            Ok(Permit::Granted) => Ok(()),
            Ok(Permit::Tripped { .. }) => Err(Problem::named("EntityQuotaLimitReached", "policy.breaker")),
            Err(_) => Err(Problem::busy(None)),
        }
    }

    /// Refuses members that CloudM has nothing for, but those that the configuration says to pass over.
    fn supported(&self, said: &[&str]) -> Result<(), Problem> {
        match said.iter().find(|name| !self.settings.ignore.iter().any(|one| one == *name)) {
            Some(name) => Err(Problem::unavailable(name)),
            None => Ok(()),
        }
    }

    /// Changes a profile, and looks at `after` whether the change was kept: CloudM ignores what it does not know.
    async fn patch(&self, who: &Email, after: &Email, change: Value) -> Result<(), Problem> {
        let Value::Object(members) = change else { return Err(Problem::unknown()) };
        let patch = Patch(members);
        let call = PatchUser { domain: &self.cloudm.domain, user: who.as_str(), patch: patch.clone() }.call();
        match self.call(&call).await {
            Verdict::Done { .. } => {}
            verdict => return Err(Problem::from(&verdict, who.as_str())),
        }
        let get = Get { domain: &self.cloudm.domain, user: after.as_str() }.call();
        let Verdict::Done { answer: Value::Object(profile) } = self.call(&get).await else {
            return Err(Problem::unknown());
        };
        let kept = |name: &str, value: &Value| match (profile.get(name), value) {
            (Some(Value::String(seen)), Value::String(wanted)) if name == "id" => {
                seen.eq_ignore_ascii_case(wanted)
            }
            (Some(Value::Array(seen)), Value::Array(wanted)) => {
                seen.len() == wanted.len() && wanted.iter().all(|one| seen.contains(one))
            }
            (seen, wanted) => same(seen, Some(wanted)),
        };
        match patch.0.iter().find(|(name, value)| !kept(name, value)) {
            Some((name, _)) => Err(Problem::named("EntityCannotBeModified", name)),
            None => Ok(()),
        }
    }

    async fn existing(&self, who: &Email, shown: &str) -> Result<Account, Problem> {
        self.look(who).await?.ok_or_else(|| Problem::named("EntityDoesNotExist", shown))
    }

    async fn look(&self, who: &Email) -> Result<Option<Account>, Problem> {
        self.read(&Get { domain: &self.cloudm.domain, user: who.as_str() }.call(), who).await
    }

    async fn by_alias(&self, alias: &Email) -> Result<Option<Account>, Problem> {
        self.read(&GetByAlias { domain: &self.cloudm.domain, alias: alias.as_str() }.call(), alias).await
    }

    async fn read(&self, call: &Call, who: &Email) -> Result<Option<Account>, Problem> {
        match self.call(call).await {
            Verdict::Done { answer: Value::Object(profile) } => Ok(Some(Account::new(&profile, who))),
            Verdict::Refused { why } if why.kind == WhyKind::Absent => Ok(None),
            verdict => Err(Problem::from(&verdict, who.as_str())),
        }
    }

    async fn call(&self, call: &Call) -> Verdict<Value> {
        match self.wires.send(&self.host, call).await {
            Ok(answer) => judge(call, &answer).map(|answer| answer.0),
            Err(NoAnswer::NotSent(NotSent { after_s, why })) => Verdict::Again { after_s, why },
            Err(NoAnswer::Unanswered(why)) => match call.safety {
                Safety::Once => Verdict::Unknown { why },
                Safety::Read | Safety::Idempotent => Verdict::Again { after_s: None, why },
            },
        }
    }
}

/// How a style names an address in an error.
fn shown(address: &Email, style: Style) -> String {
    match style {
        Style::User => address.as_str().split('@').next().unwrap_or_default().to_owned(),
        Style::Multi => address.to_string(),
    }
}
