//! `people user` and `people workflow`: each operation of the API, with the looks and questions that make it safe.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use people_core::endpoint::Endpoint;
use people_core::target::cloudm::users::{Create, Get, GetByAlias, Offboard, PatchUser, Replace, Schedule};
use people_core::target::cloudm::workflows::Abort;
use people_model::cloudm::Patch;
use people_model::{Call, Email, Members, WorkflowId};
use serde_json::{Value, json};

use super::client::{Client, Reply, request};
use super::profile;
use crate::cli::{Address, User, Workflow, Writing};
use crate::exit::{Exit, Fail};
use crate::load;
use crate::report::{Report, say};

/// Runs a command about a user.
pub(super) async fn user(config: &Path, report: &Report, command: User) -> Result<Exit, Fail> {
    let run = Run { config, report };
    match command {
        User::Get(Address { email }) => {
            let client = Client::new(config)?;
            run.show(look(&client, &email).await?.ok_or_else(|| absent("user of this address"))?)
        }
        User::ByAlias { alias } => {
            let client = Client::new(config)?;
            let call = GetByAlias { domain: &client.config.cloudm()?.domain, alias: alias.as_str() }.call();
            run.done(client.call(&call).await?, "user with this alias")
        }
        User::Create { email, file, writing } => {
            let (id, profile) = profile::profile(&file.file, email.as_ref(), writing.force)?;
            profile::require(&profile, &["givenName", "familyName"])?;
            let domain = load::config(config)?.cloudm()?.domain.clone();
            run.make(&id, Create { domain: &domain, profile }.call(), writing).await
        }
        User::Schedule { email, file, writing } => {
            let (id, profile) = profile::profile(&file.file, email.as_ref(), writing.force)?;
            profile::require(&profile, &["givenName", "familyName", "provisionDate"])?;
            let cloudm = load::config(config)?.cloudm()?.clone();
            let call = Schedule { domain: &cloudm.domain, profile, below: &cloudm.schedule_path };
            run.make(&id, call.call(), writing).await
        }
        User::Patch { email, file, set, writing } => {
            let patch = profile::patch(file.as_deref(), &set, writing.force)?;
            let domain = load::config(config)?.cloudm()?.domain.clone();
            let call = PatchUser { domain: &domain, user: email.as_str(), patch: patch.clone() }.call();
            run.change(&email, call, &patch, writing).await
        }
        User::Replace { email, file, writing, yes } => {
            let (id, profile) = profile::profile(&file.file, email.as_ref(), writing.force)?;
            profile::require(&profile, &["givenName", "familyName"])?;
            if !writing.dry_run {
                confirm(&format!("replace the whole profile of {id}"), yes)?;
            }
            let domain = load::config(config)?.cloudm()?.domain.clone();
            let call = Replace { domain: &domain, user: id.as_str(), profile: profile.clone() }.call();
            run.change(&id, call, &Patch(profile), writing).await
        }
        User::Offboard { address: Address { email }, yes, dry_run } => {
            run.offboard(&email, yes, dry_run).await
        }
    }
}

/// Runs a command about a workflow.
pub(super) async fn workflow(config: &Path, report: &Report, command: Workflow) -> Result<Exit, Fail> {
    let Workflow::Abort { id, yes, dry_run } = command;
    let run = Run { config, report };
    let domain = load::config(config)?.cloudm()?.domain.clone();
    let call = Abort { domain: &domain, workflow: &id }.call();
    if dry_run {
        return run.dry(&call);
    }
    confirm(&format!("abort the workflow {id}"), yes)?;
    match Client::new(config)?.call(&call).await? {
        Reply::Done(_) => run.show(aborted(&id)),
        Reply::Absent => Err(absent("running workflow of this id")),
    }
}

struct Run<'a> {
    config: &'a Path,
    report: &'a Report,
}

impl Run<'_> {
    /// Creates a user, now or later, if there is none.
    async fn make(&self, id: &Email, mut call: Call, writing: Writing) -> Result<Exit, Fail> {
        let given = call.body.as_ref().and_then(|body| body.get("password")).is_some();
        call.password = !given;
        if writing.dry_run {
            return self.dry(&call);
        }
        let client = Client::new(self.config)?;
        if look(&client, id).await?.is_some() {
            return Err(Fail::new(
                Exit::Refused,
                "there is a user of this address already, so nothing was sent; change it with `people user patch`",
            ));
        }
        self.done(client.call(&call).await?, "domain of this name")
    }

    /// Changes a user, and looks whether the change was kept.
    async fn change(&self, who: &Email, call: Call, wanted: &Patch, writing: Writing) -> Result<Exit, Fail> {
        if writing.dry_run {
            return self.dry(&call);
        }
        let client = Client::new(self.config)?;
        if let Reply::Absent = client.call(&call).await? {
            return Err(absent("user of this address"));
        }
        let renamed = wanted.0.get("id").and_then(Value::as_str).and_then(|id| Email::parse(id).ok());
        let seen = look(&client, renamed.as_ref().unwrap_or(who)).await?.ok_or_else(|| {
            Fail::new(Exit::Refused, "the change was accepted, and a read does not find the user; look again")
        })?;
        let lost = profile::not_kept(&seen, &wanted.0, &client.config.cloudm()?.unread);
        self.show(seen)?;
        match lost.as_slice() {
            [] => Ok(Exit::Ok),
            lost => Err(Fail::new(
                Exit::Refused,
                format!(
                    "CloudM accepted the change and did not keep: {}; check the values, or name members that a read never returns in [cloudm] unread",
                    lost.join(", ")
                ),
            )),
        }
    }

    async fn offboard(&self, email: &Email, yes: bool, dry_run: bool) -> Result<Exit, Fail> {
        let config = load::config(self.config)?;
        let call = Offboard { domain: &config.cloudm()?.domain, user: email.as_str() }.call();
        if dry_run {
            return self.dry(&call);
        }
        let protected = |by: &str| {
            Fail::new(
                Exit::Held,
                format!("the account is protected ({by}), so nothing was sent; lift the protection first"),
            )
        };
        if config.policy.protects(email) {
            return Err(protected("[policy] protected"));
        }
        confirm(&format!("start the offboarding of {email}"), yes)?;
        let client = Client::new(self.config)?;
        let profile = look(&client, email).await?.ok_or_else(|| absent("user of this address"))?;
        let id = profile.get("id").and_then(Value::as_str).and_then(|id| Email::parse(id).ok());
        if id.is_some_and(|id| config.policy.protects(&id)) {
            return Err(protected("[policy] protected"));
        }
        if profile.get("preventDeprovision") == Some(&Value::Bool(true)) {
            return Err(protected("preventDeprovision in CloudM"));
        }
        let text =
            |name: &str| profile.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if text("workflowId") || text("deprovisioned") {
            say("a workflow runs already, or the offboarding is over; nothing was sent");
            return self.show(profile);
        }
        self.done(client.call(&call).await?, "user of this address")
    }

    fn done(&self, reply: Reply, what: &str) -> Result<Exit, Fail> {
        match reply {
            Reply::Done(profile) => self.show(profile),
            Reply::Absent => Err(absent(what)),
        }
    }

    fn show(&self, mut profile: Members) -> Result<Exit, Fail> {
        // Samples of the documentation show one in replies; it is nobody's business.
        profile.remove("password");
        self.report.record(&profile)?;
        Ok(Exit::Ok)
    }

    /// Shows the request, and sends nothing.
    fn dry(&self, call: &Call) -> Result<Exit, Fail> {
        let base = load::config(self.config)?.cloudm()?.base_url.clone();
        self.report.record(&request(&base, call))?;
        say("nothing was sent");
        Ok(Exit::Ok)
    }
}

async fn look(client: &Client, user: &Email) -> Result<Option<Members>, Fail> {
    let call = Get { domain: &client.config.cloudm()?.domain, user: user.as_str() }.call();
    Ok(match client.call(&call).await? {
        Reply::Done(profile) => Some(profile),
        Reply::Absent => None,
    })
}

fn absent(what: &str) -> Fail {
    Fail::new(Exit::NotFound, format!("CloudM has no {what}; check the spelling and [cloudm] domain"))
}

fn aborted(id: &WorkflowId) -> Members {
    [("aborted".to_owned(), json!(id))].into_iter().collect()
}

/// Asks whether to go on; where nobody can be asked, `--yes` has to have been said.
pub(super) fn confirm(what: &str, yes: bool) -> Result<(), Fail> {
    if yes {
        return Ok(());
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Fail::usage(format!(
            "to {what} needs a confirmation and nobody can be asked; add --yes"
        )));
    }
    let asked = write!(std::io::stderr().lock(), "people: {what}? [y/N] ");
    let mut answer = String::new();
    let read = asked.and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    match read {
        Ok(_) if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") => Ok(()),
        _ => Err(Fail::failed("not confirmed; nothing was sent")),
    }
}
