//! CCAI Platform's bulk users: what it knows, and its routes. Below `/ccai` lie the real paths, `/apps/api/v1/bulk/users/…`.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use people_model::Members;
use serde_json::{Value, json};

use crate::http::{Handled, Reply, Request};
use crate::world::World;

mod form;
mod job;
mod rules;

use form::Form;
use job::{Job, Stage};

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Ccai {
    jobs: Vec<Job>,
    agents: BTreeMap<String, Agent>,
    /// When the requests of the last second came.
    recent: VecDeque<Timestamp>,
}

/// A user of it.
#[derive(Debug, Default)]
struct Agent {
    members: Members,
    /// How often a row of a file was applied to them.
    applied: u64,
}

/// How it behaves where its documents leave it open.
#[derive(Debug, Clone)]
pub struct CcaiOptions {
    /// The user of HTTP Basic.
    pub subdomain: String,
    /// Its password.
    pub token: String,
    /// How long a file is validated.
    pub validates: SignedDuration,
    /// How long a file is applied.
    pub applies: SignedDuration,
    /// From which number the rows of errors count.
    pub row_base: i64,
    /// The status of a finished job.
    pub finished: String,
    /// How many requests a second it answers; more are answered 429.
    pub rate: Option<usize>,
    /// Whether messages repeat the wrong value.
    pub telling: bool,
    /// Names of places.
    pub locations: Vec<String>,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Names of teams.
    pub teams: Vec<String>,
}

impl Default for CcaiOptions {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            subdomain: "customer".to_owned(),
            token: "sim-ccai-token".to_owned(),
            validates: SignedDuration::from_secs(2),
            applies: SignedDuration::from_secs(5),
            row_base: 1,
            finished: "completed".to_owned(),
            rate: None,
            telling: false,
            locations: names(&["Berlin", "Lisbon", "Paris"]),
            roles: names(&["Agent", "Manager", "Admin"]),
            teams: names(&["Blue", "Green"]),
        }
    }
}

impl Ccai {
    /// What the state shows of jobs, oldest first.
    pub(crate) fn jobs(&self) -> Vec<Value> {
        self.jobs.iter().map(Job::in_state).collect()
    }

    /// What the state shows of users, by address: their members, and how often a row was applied.
    pub(crate) fn agents(&self) -> BTreeMap<String, Value> {
        let shown = |agent: &Agent| json!({"user": agent.members, "applied": agent.applied});
        self.agents.iter().map(|(email, agent)| (email.clone(), shown(agent))).collect()
    }

    /// Lets everything happen that is due.
    pub(crate) fn tick(&mut self, options: &CcaiOptions, now: Timestamp) {
        let Self { jobs, agents, .. } = self;
        for job in jobs.iter_mut() {
            job.tick(options, agents, now);
        }
    }

    fn allows(&mut self, rate: Option<usize>, now: Timestamp) -> bool {
        let Some(rate) = rate else { return true };
        let second = SignedDuration::from_secs(1);
        while self.recent.front().is_some_and(|first| now.duration_since(*first) >= second) {
            self.recent.pop_front();
        }
        if self.recent.len() >= rate {
            return false;
        }
        self.recent.push_back(now);
        true
    }

    fn find(&mut self, id: &str) -> Option<&mut Job> {
        let id: i64 = id.parse().ok()?;
        self.jobs.iter_mut().find(|job| job.id == id)
    }
}

fn segments(request: &Request) -> Vec<String> {
    request.segments("/ccai/apps/api/v1/bulk/users").unwrap_or_default()
}

pub(crate) fn op(request: &Request) -> &'static str {
    let segments = segments(request);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["template"]) => "bulk.template",
        ("POST", ["upload"]) => "bulk.upload",
        ("PUT", ["upload"]) => "bulk.replace",
        ("POST", ["proceed"]) => "bulk.proceed",
        ("GET", ["jobs"]) => "bulk.jobs",
        ("GET", ["jobs", _]) => "bulk.job",
        ("GET", ["errors", "scheme", _]) => "bulk.errors.scheme",
        ("GET", ["errors", "update", _]) => "bulk.errors.update",
        _ => "unknown",
    }
}

pub(crate) fn handle(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    let World { options, ccai, .. } = world;
    let options = &options.ccai;
    if !authentic(options, request) {
        return Handled::quietly(fault(401, Some("HTTP Basic: Access denied.")));
    }
    if !ccai.allows(options.rate, now) {
        return Handled::quietly(fault(429, None).with("retry-after", "1"));
    }
    let segments = segments(request);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let absent = || Handled::quietly(fault(404, Some("Not Found")));
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["template"]) => Handled::quietly(Reply::json(200, &json!([rules::sample(options)]))),
        ("POST", ["upload"]) => upload(ccai, request, now, None),
        ("PUT", ["upload"]) => match Form::read(request).and_then(|form| form.text("id")) {
            Some(id) => upload(ccai, request, now, Some(&id)),
            None => Handled::quietly(fault(422, Some("id is missing"))),
        },
        ("POST", ["proceed"]) => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let id = body.get("id").map(Value::to_string).unwrap_or_default();
            match ccai.find(&id) {
                None => absent(),
                Some(job) if !job.may_proceed() => {
                    Handled::quietly(fault(422, Some("the job is not valid_scheme")))
                }
                Some(job) => {
                    let shown = job.reference();
                    job.proceed(now);
                    Handled { reply: shown, effect: true }
                }
            }
        }
        ("GET", ["jobs"]) => jobs(ccai, request),
        ("GET", ["jobs", id]) => match ccai.find(id) {
            None => absent(),
            Some(job) => Handled::quietly(Reply::json(200, &job.shown())),
        },
        ("GET", ["errors", kind @ ("scheme" | "update"), id]) => match ccai.find(id) {
            None => absent(),
            Some(job) => Handled::quietly(Reply::json(200, job.errors(kind))),
        },
        _ => absent(),
    }
}

fn authentic(options: &CcaiOptions, request: &Request) -> bool {
    let basic = request.header(http::header::AUTHORIZATION).and_then(|value| value.strip_prefix("Basic "));
    basic == Some(STANDARD.encode(format!("{}:{}", options.subdomain, options.token)).as_str())
}

fn upload(ccai: &mut Ccai, request: &Request, now: Timestamp, replaces: Option<&str>) -> Handled {
    let refused = |why| Handled::quietly(fault(422, Some(why)));
    let Some(form) = Form::read(request) else { return refused("expected multipart/form-data") };
    let Some((filename, file)) = form.file() else { return refused("file is missing") };
    let Ok(Value::Array(rows)) = serde_json::from_slice(file) else {
        return refused("expected a JSON array of users");
    };
    let id = match replaces {
        None => 12_345_i64.saturating_add(i64::try_from(ccai.jobs.len()).unwrap_or(0)),
        Some(id) => match ccai.find(id) {
            Some(job) if job.stage != Stage::Created && !job.may_be_replaced() => {
                return refused("the job has proceeded");
            }
            Some(job) => job.id,
            None => return Handled::quietly(fault(404, Some("Not Found"))),
        },
    };
    let job = Job::new(id, filename.to_owned(), rows, now);
    let reply = job.reference();
    ccai.jobs.retain(|other| other.id != id);
    ccai.jobs.push(job);
    Handled { reply, effect: true }
}

/// Newest first. The link to the next page is as misleading as the real one.
fn jobs(ccai: &Ccai, request: &Request) -> Handled {
    let number = |name: &str, usual| {
        request.param(name).and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0).unwrap_or(usual)
    };
    let (page, per_page) = (number("page", 1), number("per_page", 20).min(100));
    let skipped = per_page.saturating_mul(page - 1);
    let shown: Vec<Value> = ccai.jobs.iter().rev().skip(skipped).take(per_page).map(Job::shown).collect();
    let next = format!("<http://ujet.co/apps/api/v1/bulk/users_jobs?page={}>; rel=\"next\"", page + 1);
    let reply = Reply::json(200, &shown)
        .with("link", next)
        .with("total", ccai.jobs.len().to_string())
        .with("per-page", per_page.to_string());
    Handled::quietly(reply)
}

/// An injected error as this API sends it.
pub(crate) fn fault(status: u16, message: Option<&str>) -> Reply {
    Reply::json(status, &json!({ "message": message.unwrap_or("error") }))
}
