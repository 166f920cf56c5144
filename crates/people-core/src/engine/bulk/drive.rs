//! The loop that drives a batch: read its log, decide, act, write, until nothing is left to do now.

use futures_util::future::try_join_all;
use people_auth::Signer;
use people_model::ccai::{BatchId, Bulk, Job, JobId, JobStatus, Requested, Row, RowError, RowResult};
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{Entry, Outcome, PersonKey, Verdict, Why};
use serde_json::Value;

use super::batch::{Batch, Phase};
use super::is_reserved;
use super::next::{Glimpse, Move, next};
use crate::endpoint::Endpoint;
use crate::engine::Stop;
use crate::engine::ask::ask;
use crate::host::Host;
use crate::journal::{Appended, Journal, Mark, Status};
use crate::policy::Policy;
use crate::target::Answer;
use crate::target::ccai::ops::{GetJob, Jobs, Proceed, SchemeErrors, Template, UpdateErrors, Upload, reply};
use crate::target::ccai::{Ccai, file, filename};
use crate::wire::Wires;

/// How long a batch that is being driven is left alone by others.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// More moves than any sound run takes.
const MOVES: usize = 200;

/// Pages of jobs, and jobs a page, that are looked through for a lost one.
const PAGES: u32 = 20;
const PER_PAGE: u32 = 20;

/// By how much the server's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// How many people are told at once.
const AT_ONCE: usize = 32;

/// How far a batch is, for whoever watches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How far.
    pub phase: Phase,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that the server has dealt with, as the job last said.
    pub done: u64,
}

/// Everything that driving a batch takes.
pub struct BulkDrive<'a, H, J, S> {
    /// The machine.
    pub host: &'a H,
    /// The journal.
    pub journal: &'a J,
    /// The ways to all APIs.
    pub wires: &'a Wires<S>,
    /// `[ccai]`.
    pub ccai: &'a Ccai,
    /// What the operator decided.
    pub policy: &'a Policy,
}

struct Run<'k> {
    key: &'k PersonKey,
    batch: Batch,
    seen: Glimpse,
}

impl<H: Host, J: Journal, S: Signer> BulkDrive<'_, H, J, S> {
    /// Drives a batch until there is nothing to do now.
    pub async fn run(&self, key: &PersonKey) -> Result<(Stop, Progress), J::Error> {
        let ends = key.worker.as_str().parse::<BatchId>().ok().and_then(|id| id.ends());
        let batch = Batch::fold(&self.journal.read(key).await?);
        let mut run = Run { key, batch, seen: Glimpse::default() };
        let stop = self.go(&mut run, ends).await?;
        let dealt = |job: &Job| [job.affected_rows, job.failed_rows].into_iter().flatten().sum::<i64>();
        let done = run.seen.job.as_ref().map_or(0, dealt);
        let rows = run.batch.rows.len();
        Ok((stop, Progress { phase: run.batch.phase, rows, done: u64::try_from(done).unwrap_or(0) }))
    }

    async fn go(&self, run: &mut Run<'_>, ends: Option<Timestamp>) -> Result<Stop, J::Error> {
        for _ in 0..MOVES {
            let now = self.host.now();
            let written = match next(&run.batch, ends, &run.seen, self.ccai, self.policy, now) {
                Move::Wait(until) => return self.stop(run, Stop::Wait(until), Some(until)).await,
                Move::Over => return self.stop(run, Stop::Over(Outcome::Agreed), None).await,
                Move::Write(fact) => self.write(run, now, fact).await?,
                Move::Tell => {
                    self.tell(run, now).await?;
                    run.seen.told = true;
                    true
                }
                Move::Template => match self.read(&Template {}).await {
                    Ok(rows) => {
                        run.seen.template = Some(rows.into_iter().next());
                        true
                    }
                    Err(entry) => self.append(run, entry).await?,
                },
                Move::Find { filename, since } => {
                    match self.find(&filename, since, run.batch.file().len()).await {
                        Ok(found) => {
                            run.seen.found = Some(found);
                            true
                        }
                        Err(entry) => self.append(run, entry).await?,
                    }
                }
                Move::Job(job) => match self.read(&GetJob { job }).await {
                    Ok(job) => {
                        run.seen.job = Some(job);
                        true
                    }
                    Err(entry) => self.append(run, entry).await?,
                },
                Move::SchemeErrors(job) => {
                    self.errors(run, "scheme_errors", self.list(&SchemeErrors { job }).await).await?
                }
                Move::UpdateErrors(job) => {
                    self.errors(run, "update_errors", self.list(&UpdateErrors { job }).await).await?
                }
                Move::Upload => self.upload(run, now).await?,
                Move::Proceed(job) => self.proceed(run, job, now).await?,
            };
            if !written {
                return Ok(Stop::Raced);
            }
        }
        let until = self.host.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        self.stop(run, Stop::Wait(until), Some(until)).await
    }

    async fn upload(&self, run: &mut Run<'_>, now: Timestamp) -> Result<bool, J::Error> {
        let template = run.seen.template.clone().flatten();
        let file = file(run.batch.file(), template.as_ref(), self.ccai.untouched);
        let filename = filename(&run.key.tag(), &file);
        let call = Upload { filename: &filename, file: &file }.call();
        if !self.write(run, now, Bulk::Uploading { filename: filename.clone() }).await? {
            return Ok(false);
        }
        let verdict = ask(self.wires, self.host, &call).await;
        let entry = self.after(verdict, |answer| {
            let id = answer.get("id").cloned().and_then(|id| serde_json::from_value::<JobId>(id).ok());
            id.map(|job| Bulk::Uploaded { job })
        });
        run.seen = Glimpse { template: run.seen.template.take(), ..Glimpse::default() };
        self.append(run, entry).await
    }

    async fn proceed(&self, run: &mut Run<'_>, job: JobId, now: Timestamp) -> Result<bool, J::Error> {
        if !self.write(run, now, Bulk::Proceeding).await? {
            return Ok(false);
        }
        let verdict = ask(self.wires, self.host, &Proceed { job }.call()).await;
        let entry = self.after(verdict, |_| Some(Bulk::Proceeded));
        run.seen = Glimpse::default();
        self.append(run, entry).await
    }

    /// What a call that may be made once has come to.
    fn after(&self, verdict: Verdict<Answer>, done: impl Fn(&Value) -> Option<Bulk>) -> Entry {
        let at = self.host.now();
        let unknown = |why| Entry::Stalled { at, after_s: None, why };
        let fact = match verdict {
            Verdict::Done { answer } => match done(&answer.0) {
                Some(fact) => fact,
                None => {
                    return unknown(Why::new(WhyKind::BadAnswer).detail("an answer without the job's id"));
                }
            },
            Verdict::Again { after_s, why } => Bulk::Undone { after_s, why },
            Verdict::Unknown { why } => return unknown(why),
            Verdict::Refused { why } => Bulk::Refused { why },
        };
        Entry::Bulk { at, fact }
    }

    /// Looks for the job of a file among the latest.
    async fn find(&self, filename: &str, since: Timestamp, rows: usize) -> Result<Option<JobId>, Entry> {
        let mut last: Option<JobId> = None;
        for page in 1..=PAGES {
            let jobs = self.read(&Jobs { page, per_page: PER_PAGE }).await?;
            // A server that knows no pages sends the first one again.
            let Some(first) = jobs.first().map(|job| job.id).filter(|first| last != Some(*first)) else {
                break;
            };
            last = Some(first);
            let ours = |job: &&Job| {
                job.filename.as_deref() == Some(filename)
                    && job.total_rows.is_none_or(|total| total == 0 || usize::try_from(total) == Ok(rows))
                    && job.requested() != Requested::Yes
                    && !matches!(job.status, JobStatus::Other(_))
            };
            if let Some(job) = jobs.iter().find(ours) {
                return Ok(Some(job.id));
            }
            let old = |job: &Job| {
                job.created().is_some_and(|at| at.saturating_add(SKEW).is_ok_and(|at| at < since))
            };
            if jobs.last().is_some_and(old) {
                break;
            }
        }
        Ok(None)
    }

    /// Errors, from their own list or, where there is none, from the job.
    async fn errors(
        &self,
        run: &mut Run<'_>,
        inline: &str,
        read: Result<Option<Vec<RowError>>, Entry>,
    ) -> Result<bool, J::Error> {
        match read {
            Ok(errors) => {
                let carried = || run.seen.job.as_ref().map(|job| job.errors(inline)).unwrap_or_default();
                run.seen.errors = Some(errors.unwrap_or_else(carried));
                Ok(true)
            }
            Err(entry) => self.append(run, entry).await,
        }
    }

    /// A list that may be absent.
    async fn list<E: Endpoint + Copy>(&self, operation: &E) -> Result<Option<E::Reply>, Entry> {
        match self.read(operation).await {
            Ok(list) => Ok(Some(list)),
            Err(Entry::Stalled { why, .. }) if why.kind == WhyKind::Absent => Ok(None),
            Err(entry) => Err(entry),
        }
    }

    async fn read<E: Endpoint + Copy>(&self, operation: &E) -> Result<E::Reply, Entry> {
        let at = self.host.now();
        let (after_s, why) = match ask(self.wires, self.host, &operation.call()).await {
            Verdict::Done { answer } => match reply(operation, answer.0) {
                Some(reply) => return Ok(reply),
                None => (None, Why::new(WhyKind::BadAnswer).detail("JSON of another kind")),
            },
            Verdict::Again { after_s, why } => (after_s, why),
            Verdict::Unknown { why } | Verdict::Refused { why } => (None, why),
        };
        Err(Entry::Stalled { at, after_s, why })
    }

    /// Writes into each person's log what became of their row. Again after a crash: who has been told is not told twice.
    async fn tell(&self, run: &Run<'_>, now: Timestamp) -> Result<(), J::Error> {
        let Ok(batch) = run.key.worker.as_str().parse::<BatchId>() else { return Ok(()) };
        let results: Vec<_> =
            run.batch.results().into_iter().filter(|(person, _, _)| !is_reserved(&person.group)).collect();
        for some in results.chunks(AT_ONCE) {
            try_join_all(
                some.iter().map(|(person, row, result)| self.tell_one(&batch, person, row, result, now)),
            )
            .await?;
        }
        Ok(())
    }

    async fn tell_one(
        &self,
        batch: &BatchId,
        person: &PersonKey,
        row: &Row,
        result: &RowResult,
        now: Timestamp,
    ) -> Result<(), J::Error> {
        loop {
            let log = self.journal.read(person).await?;
            let told = |entry: &Entry| matches!(entry, Entry::Bulk { fact: Bulk::Told { batch: of, .. }, .. } if of == batch);
            if log.iter().any(told) {
                return Ok(());
            }
            let fact = Bulk::Told { batch: batch.clone(), row: row.clone(), result: result.clone() };
            let mark =
                Mark { due: Some(now), status: Status::Working, note: fact.as_str().into(), waits_for: None };
            if self.journal.append(person, log.len(), &[Entry::Bulk { at: now, fact }], &mark).await?
                == Appended::Done
            {
                return Ok(());
            }
        }
    }

    async fn write(&self, run: &mut Run<'_>, at: Timestamp, fact: Bulk) -> Result<bool, J::Error> {
        self.append(run, Entry::Bulk { at, fact }).await
    }

    /// Appends and folds. `false`: somebody else drives this batch, and nothing was written.
    async fn append(&self, run: &mut Run<'_>, entry: Entry) -> Result<bool, J::Error> {
        let due = self.host.now().saturating_add(LEASE).ok();
        let mark = mark(due, &entry);
        match self.journal.append(run.key, run.batch.len, std::slice::from_ref(&entry), &mark).await? {
            Appended::Done => {
                run.batch.apply(&entry);
                // A file without the rows that were found invalid is another file, and has another job.
                if matches!(entry, Entry::Bulk { fact: Bulk::Invalid { .. }, .. }) {
                    run.seen = Glimpse { template: run.seen.template.take(), ..Glimpse::default() };
                }
                Ok(true)
            }
            Appended::Raced => Ok(false),
        }
    }

    async fn stop(&self, run: &Run<'_>, stop: Stop, due: Option<Timestamp>) -> Result<Stop, J::Error> {
        let status = if due.is_some() { Status::Waiting } else { Status::Settled };
        let mark = Mark { due, status, note: String::new(), waits_for: None };
        match self.journal.append(run.key, run.batch.len, &[], &mark).await? {
            Appended::Done => Ok(stop),
            Appended::Raced => Ok(Stop::Raced),
        }
    }
}

fn mark(due: Option<Timestamp>, entry: &Entry) -> Mark {
    let note = match entry {
        Entry::Bulk { fact, .. } => fact.as_str().to_owned(),
        Entry::Stalled { why, .. } => why.to_string(),
        _ => String::new(),
    };
    Mark { due, status: Status::Working, note, waits_for: None }
}
