//! Everything the pretend clouds know, and the one way a request takes through it: fault, handler, log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use people_model::Members;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calls::CallRecord;
use crate::clock::{Clock, http_date, rfc3339};
use crate::directory::{Directory, User};
use crate::faults::{Fault, FaultBody, FaultKind, Faults, RetryAfter};
use crate::federation::Service;
use crate::http::{Handled, Reply, Request};
use crate::key::Key;
use crate::options::{Action, SimOptions};
use crate::sim::Urls;
use crate::token::Tokens;
use crate::workflows::{Workflow, WorkflowKind, Workflows};
use crate::{bamboohr, ccai, cloudidentity, cloudm, gapps, token};

/// A picture of the pretend clouds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// The virtual time.
    pub now: Timestamp,
    /// CloudM's users by lower-case address. One who is not onboarded yet has `provisionDate` and `workflowId`.
    pub users: BTreeMap<String, Members>,
    /// CloudM's workflows, oldest first.
    pub workflows: Vec<Workflow>,
    /// CCAI Platform's jobs, oldest first.
    pub jobs: Vec<Value>,
    /// CCAI Platform's users by address: `user`, and how often a row was `applied` to them.
    #[serde(default)]
    pub agents: BTreeMap<String, Value>,
    /// Cloud Identity's invitations by address.
    pub invitations: Vec<Value>,
    /// Google Apps Provisioning: users, e-mail lists, groups, organizational units.
    #[serde(default)]
    pub gapps: Value,
    /// BambooHR's employees by id.
    pub employees: BTreeMap<String, Members>,
    /// The calls, in the order of their effects.
    pub calls: Vec<CallRecord>,
}

pub(crate) struct World {
    pub(crate) options: SimOptions,
    pub(crate) urls: Urls,
    pub(crate) key: Key,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) directory: Directory,
    pub(crate) workflows: Workflows,
    pub(crate) employees: BTreeMap<String, Members>,
    pub(crate) ccai: ccai::Ccai,
    pub(crate) invitations: cloudidentity::Invitations,
    pub(crate) gapps: gapps::Gapps,
    pub(crate) denied: BTreeSet<Action>,
    /// Domains that the account is delegated for; every one where `None`.
    pub(crate) delegated: Option<BTreeSet<String>>,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<CallRecord>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Api {
    Token,
    Federation(Service),
    CloudM,
    BambooHr,
    Ccai,
    CloudIdentity,
    Gapps,
}

impl Api {
    fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "token" if path == "/token" => Some(Self::Token),
            "_ah" => Some(Self::CloudM),
            "bamboohr" => Some(Self::BambooHr),
            "ccai" => Some(Self::Ccai),
            "cloudidentity" => Some(Self::CloudIdentity),
            "gapps" => Some(Self::Gapps),
            other => Service::of(other).map(Self::Federation),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Federation(service) => service.name(),
            Self::CloudM => "cloudm",
            Self::BambooHr => "bamboohr",
            Self::Ccai => "ccai",
            Self::CloudIdentity => "cloudidentity",
            Self::Gapps => "gapps",
        }
    }

    fn op(self, request: &Request) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Federation(service) => service.op(request),
            Self::CloudM => cloudm::op(request),
            Self::BambooHr => bamboohr::op(request),
            Self::Ccai => ccai::op(request),
            Self::CloudIdentity => cloudidentity::op(request),
            Self::Gapps => gapps::op(request),
        }
    }

    fn handle(self, world: &mut World, request: &Request, now: Timestamp) -> Handled {
        match self {
            Self::Token => token::handle(world, request, now),
            Self::Federation(service) => service.handle(world, request, now),
            Self::CloudM => cloudm::handle(world, request, now),
            Self::BambooHr => bamboohr::handle(world, request),
            Self::Ccai => ccai::handle(world, request, now),
            Self::CloudIdentity => cloudidentity::handle(world, request, now),
            Self::Gapps => gapps::handle(world, request, now),
        }
    }

    /// The answer of [`FaultKind::Status`].
    fn fault(self, fault: &Fault) -> Reply {
        let status = fault.status.unwrap_or(503);
        let raw = fault.raw || fault.retry_after.is_some() || fault.body == FaultBody::Html;
        let (reason, message) = (fault.reason.as_deref(), fault.message.as_deref());
        let reply = match self {
            Self::Token => token::fault(status, reason, message),
            Self::Federation(service) => service.fault(status, reason, message),
            Self::CloudM => cloudm::fault(status, raw, reason, message),
            Self::BambooHr => bamboohr::error(status, message.unwrap_or("Injected fault")),
            Self::Ccai => ccai::fault(status, message),
            Self::CloudIdentity => cloudidentity::fault(status, reason, message),
            Self::Gapps => gapps::fault(status, message),
        };
        let status = reply.status;
        let reply = match fault.body {
            FaultBody::Envelope => reply,
            FaultBody::Text => Reply::text(status, "text/plain; charset=UTF-8", message.unwrap_or("Error")),
            FaultBody::Empty => Reply::empty(status),
            FaultBody::Html => Reply::text(
                status,
                "text/html; charset=UTF-8",
                &format!(
                    "<html><head><title>{status} Server Error</title></head><body text=#000000 bgcolor=#ffffff>\
                     <h1>Error: Server Error</h1><h2>The server encountered an error and could not complete your \
                     request.<p>Please try again in 30 seconds.</h2></body></html>"
                ),
            ),
        };
        match &fault.retry_after {
            None => reply,
            Some(RetryAfter::Seconds(seconds)) => reply.with("retry-after", seconds.to_string()),
            Some(RetryAfter::Text(text)) => reply.with("retry-after", text),
        }
    }
}

/// What goes back over the wire after a pause: an answer, or (`None`) the end of the connection.
pub(crate) struct Answer {
    pub(crate) reply: Option<Reply>,
    pub(crate) pause: Duration,
}

impl World {
    /// Lets everything happen that is due, and tells the virtual time.
    pub(crate) fn tick(&mut self) -> Timestamp {
        let now = self.clock.now();
        self.ccai.tick(&self.options.ccai, now);
        while let Some((kind, id)) = self.workflows.finish_next(now) {
            self.directory.edit(&id, |user| {
                user.profile.remove("workflowId");
                match kind {
                    WorkflowKind::Onboard => user.pending = false,
                    WorkflowKind::Offboard => {
                        user.profile.insert("suspended".to_owned(), Value::Bool(true));
                    }
                }
            });
        }
        now
    }

    /// Serves a request to a pretended API.
    pub(crate) fn serve(&mut self, request: &Request) -> Answer {
        let now = self.tick();
        let Some(api) = Api::of(&request.path) else {
            let reply = Reply::text(404, "text/plain; charset=UTF-8", "Not Found");
            return Answer { reply: Some(reply), pause: Duration::ZERO };
        };
        let fault = self.faults.meet(request);
        let pause = fault.as_ref().map_or(Duration::ZERO, Fault::pause);
        let (reply, effect) = match fault.as_ref().map(|fault| (fault.kind, fault)) {
            Some((FaultKind::Drop, _)) => (None, false),
            Some((FaultKind::Status, fault)) => (Some(api.fault(fault)), false),
            Some((FaultKind::LostAnswer, _)) => (None, api.handle(self, request, now).effect),
            Some((FaultKind::ExpireToken, _)) => {
                if let Some(token) = request.bearer() {
                    self.tokens.expire(token);
                }
                self.gapps.expire(request);
                let Handled { reply, effect } = api.handle(self, request, now);
                if api == Api::Token {
                    self.tokens.expire_last();
                }
                (Some(reply), effect)
            }
            Some((FaultKind::Delay, _)) | None => {
                let Handled { reply, effect } = api.handle(self, request, now);
                (Some(reply), effect)
            }
        };
        self.calls.push(CallRecord {
            n: self.calls.len() as u64 + 1,
            api: api.name().into(),
            op: api.op(request).into(),
            method: request.method.as_str().into(),
            path: request.path.as_str().into(),
            status: reply.as_ref().map_or(0, |reply| reply.status),
            effect,
            at: now,
        });
        Answer { reply: reply.map(|reply| reply.with("date", http_date(now))), pause }
    }

    /// Seeds a CloudM user, replacing one of the same address. A `workflowId` begins a workflow.
    pub(crate) fn seed_user(&mut self, mut profile: Members) -> Result<(), &'static str> {
        let now = self.tick();
        profile.remove("password");
        let user = User { profile, pending: false };
        let key = user.key();
        let Some((_, domain)) = key.split_once('@') else { return Err("`id` must be an address") };
        if let Some(id) = self.directory.get(&key).and_then(User::workflow).map(str::to_owned) {
            self.workflows.abort(&id, now);
        }
        let user = cloudm::seeded(self, user, domain, now);
        self.directory.put(user);
        Ok(())
    }

    /// The owner of an unmanaged account answers the invitation. Whoever accepts has an account that CloudM shows.
    pub(crate) fn answer_invitation(&mut self, email: &str, accepts: bool) -> bool {
        let now = self.tick();
        let answered = self.invitations.answer(email, accepts, now);
        if answered && accepts && self.directory.get(&email.to_lowercase()).is_none() {
            let mut profile = Members::new();
            profile.insert("id".to_owned(), Value::String(email.to_lowercase()));
            return self.seed_user(profile).is_ok();
        }
        answered
    }

    /// Seeds a BambooHR employee, replacing one of the same id.
    pub(crate) fn put_employee(&mut self, mut employee: Members) -> Result<(), &'static str> {
        let id = match employee.get("id") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err("`id` must be a string or a number"),
        };
        employee.insert("id".to_owned(), Value::String(id.clone()));
        self.employees.insert(id, employee);
        Ok(())
    }

    /// A picture, with the calls after number `after`.
    pub(crate) fn state(&mut self, after: u64) -> State {
        let now = self.tick();
        State {
            now,
            users: self
                .directory
                .iter()
                .map(|(id, user)| (id.clone(), cloudm::shown_in_state(user)))
                .collect(),
            workflows: self.workflows.all().to_vec(),
            jobs: self.ccai.jobs(),
            agents: self.ccai.agents(),
            invitations: self.invitations.all(),
            gapps: self.gapps.state(),
            employees: self.employees.clone(),
            calls: self.calls_after(after),
        }
    }

    pub(crate) fn calls_after(&self, after: u64) -> Vec<CallRecord> {
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        self.calls.get(skipped..).unwrap_or_default().to_vec()
    }
}

/// The moment as it appears in a profile.
pub(crate) fn stamp(at: Timestamp) -> Value {
    Value::String(rfc3339(at))
}
