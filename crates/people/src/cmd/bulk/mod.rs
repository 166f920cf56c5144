//! `people bulk`: each operation of CCAI Platform's bulk users, and a roster from beginning to end.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use people_core::endpoint::Endpoint;
use people_core::target::ccai::Ccai;
use people_core::target::ccai::ops::{
    GetJob, Jobs, Proceed, Replace, SchemeErrors, Template, UpdateErrors, Upload, reply,
};
use people_model::Call;
use people_model::ccai::{Job, JobId, JobStatus, Requested, RowError};
use serde_json::{Value, json};

use super::client::{Client, request};
use super::user::confirm;
use crate::cli::Bulk;
use crate::exit::{Exit, Fail};
use crate::load;
use crate::report::{Report, cell, say};

mod roster;
mod sync;

/// Jobs a page.
const PER_PAGE: u32 = 20;

/// Runs a command about bulk files.
pub(super) async fn bulk(config: &Path, report: &Report, command: Bulk) -> Result<Exit, Fail> {
    let run = Run { config, report };
    match command {
        Bulk::Template => {
            let template = run.client()?.have(&Template {}, "template").await?;
            run.list(
                &["email", "first_name", "last_name", "status", "location", "roles", "teams"],
                &json!(template),
            )
        }
        Bulk::Upload { file, replace, dry_run } => run.upload(&super::read(&file)?, replace, dry_run).await,
        Bulk::Proceed { job, yes, dry_run } => run.proceed(job, yes, dry_run).await,
        Bulk::Job { job, wait } => run.job(job, wait).await,
        Bulk::Jobs { limit } => run.jobs(limit as usize).await,
        Bulk::Errors { job } => run.errors(job).await,
        Bulk::Sync { roster, journal, leavers, again, yes, dry_run } => {
            let ask = sync::Ask { journal, leavers, again, yes, dry_run };
            sync::sync(config, report, &super::read(&roster)?, ask).await
        }
    }
}

/// `[ccai]`, which these commands need.
fn ccai(config: &Path) -> Result<Ccai, Fail> {
    let missing =
        || Fail::input("[ccai] is not configured; add base_url, subdomain and token, as docs/ccai.md shows");
    load::config(config)?.ccai.ok_or_else(missing)
}

/// Shows the request, and sends nothing.
fn dry(ccai: &Ccai, report: &Report, call: &Call) -> Result<Exit, Fail> {
    report.record(&request(&ccai.base_url, call))?;
    say("nothing was sent");
    Ok(Exit::Ok)
}

/// A bar on a terminal's stderr; nothing elsewhere.
pub(super) fn bar(rows: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:.bold} {wide_bar} {pos}/{len} rows, {elapsed}");
    ProgressBar::new(rows).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[expect(clippy::disallowed_methods, reason = "a command waits for itself")]
pub(super) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

struct Run<'a> {
    config: &'a Path,
    report: &'a Report,
}

struct Way(Client);

impl Way {
    /// What the operation returns; `None`: there is no such thing.
    async fn get<E: Endpoint + Copy>(&self, operation: &E) -> Result<Option<E::Reply>, Fail> {
        let Some(value) = self.0.value(&operation.call()).await? else { return Ok(None) };
        let odd =
            || Fail::failed("CCAI Platform answered JSON of another kind; see whether base_url leads there");
        reply(operation, value).map(Some).ok_or_else(odd)
    }

    async fn have<E: Endpoint + Copy>(&self, operation: &E, what: &str) -> Result<E::Reply, Fail> {
        self.get(operation).await?.ok_or_else(|| absent(what))
    }
}

fn absent(what: &str) -> Fail {
    Fail::new(Exit::NotFound, format!("CCAI Platform has no {what}; `people bulk jobs` lists what it has"))
}

impl Run<'_> {
    fn client(&self) -> Result<Way, Fail> {
        ccai(self.config)?;
        Ok(Way(Client::new(self.config)?))
    }

    async fn upload(&self, bytes: &[u8], replace: Option<JobId>, dry_run: bool) -> Result<Exit, Fail> {
        let file: Value = serde_json::from_slice(bytes)
            .map_err(|error| Fail::input(format!("the file is not JSON: {error}")))?;
        if !file.is_array() {
            return Err(Fail::input("the file must be a JSON array of users"));
        }
        let filename = people_core::target::ccai::filename("upload", &file);
        let call = match replace {
            None => Upload { filename: &filename, file: &file }.call(),
            Some(job) => Replace { job, filename: &filename, file: &file }.call(),
        };
        if dry_run {
            return dry(&ccai(self.config)?, self.report, &call);
        }
        let made = self.client()?.0.value(&call).await?.ok_or_else(|| absent("job of this number"))?;
        self.report.record(made.as_object().unwrap_or(&people_model::Members::new()))?;
        say("nothing is applied yet; see `people bulk job`, then `people bulk proceed`");
        Ok(Exit::Ok)
    }

    async fn proceed(&self, job: JobId, yes: bool, dry_run: bool) -> Result<Exit, Fail> {
        let call = Proceed { job }.call();
        if dry_run {
            return dry(&ccai(self.config)?, self.report, &call);
        }
        let way = self.client()?;
        let seen = way.have(&GetJob { job }, "job of this number").await?;
        if seen.status != JobStatus::ValidScheme || seen.requested() == Requested::Yes {
            let status = seen.status.as_str();
            return Err(Fail::new(
                Exit::Refused,
                format!(
                    "the job is {status}, or was told to proceed before, so nothing was sent; only a valid_scheme job can proceed"
                ),
            ));
        }
        let rows = seen.total_rows.map_or_else(|| "its".to_owned(), |rows| rows.to_string());
        confirm(&format!("apply {rows} rows of job {job}"), yes)?;
        let told = way.0.value(&call).await?.ok_or_else(|| absent("job of this number"))?;
        self.report.record(told.as_object().unwrap_or(&people_model::Members::new()))?;
        Ok(Exit::Ok)
    }

    async fn job(&self, id: JobId, wait: bool) -> Result<Exit, Fail> {
        let way = self.client()?;
        let mut job = way.have(&GetJob { job: id }, "job of this number").await?;
        if wait {
            let poll = way.0.config.ccai.as_ref().and_then(|ccai| Duration::try_from(ccai.poll.get()).ok());
            let bar = bar(count(job.total_rows));
            while unfinished(&job) {
                bar.set_message(job.status.as_str().to_owned());
                bar.set_position(count(job.affected_rows) + count(job.failed_rows));
                pause(poll.unwrap_or_default()).await;
                job = way.have(&GetJob { job: id }, "job of this number").await?;
            }
            bar.finish_and_clear();
        }
        let shown = json!(job);
        self.report.record(shown.as_object().unwrap_or(&people_model::Members::new()))?;
        Ok(Exit::Ok)
    }

    async fn jobs(&self, limit: usize) -> Result<Exit, Fail> {
        let way = self.client()?;
        let mut all: Vec<Job> = Vec::new();
        for page in 1.. {
            let jobs = way.have(&Jobs { page, per_page: PER_PAGE }, "list of jobs").await?;
            // A server that knows no pages sends the first one again.
            let new = jobs.first().is_some_and(|first| all.iter().all(|known| known.id != first.id));
            if !new || all.len() >= limit {
                break;
            }
            all.extend(jobs);
        }
        all.truncate(limit);
        let head = ["id", "status", "created_at", "total_rows", "affected_rows", "failed_rows", "filename"];
        self.list(&head, &json!(all))
    }

    async fn errors(&self, job: JobId) -> Result<Exit, Fail> {
        let way = self.client()?;
        let seen = way.have(&GetJob { job }, "job of this number").await?;
        let lists: [(&str, Option<Vec<RowError>>, &str); 2] = [
            ("scheme", way.get(&SchemeErrors { job }).await?, "scheme_errors"),
            ("update", way.get(&UpdateErrors { job }).await?, "update_errors"),
        ];
        let mut all = Vec::new();
        for (of, errors, inline) in lists {
            let errors = errors.unwrap_or_else(|| seen.errors(inline));
            all.extend(errors.into_iter().map(|error| {
                json!({"of": of, "row": error.row, "column": error.column, "error_type": error.error_type, "message": error.message})
            }));
        }
        self.list(&["of", "row", "column", "error_type", "message"], &Value::Array(all))
    }

    fn list(&self, head: &[&str], all: &Value) -> Result<Exit, Fail> {
        let rows: Vec<Vec<String>> = all
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| head.iter().map(|name| one.get(*name).map(cell).unwrap_or_default()).collect())
            .collect();
        self.report.rows(head, &rows, all)?;
        Ok(Exit::Ok)
    }
}

fn count(rows: Option<i64>) -> u64 {
    rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0)
}

/// Whether the server is at it.
fn unfinished(job: &Job) -> bool {
    match job.status {
        JobStatus::Created | JobStatus::InProgress => true,
        JobStatus::ValidScheme => job.requested() == Requested::Yes,
        JobStatus::InvalidScheme | JobStatus::Other(_) => false,
    }
}
