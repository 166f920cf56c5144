//! The next move for a batch. Pure: the same log, the same sights and the same time give the same move.

use people_model::ccai::{Bulk, Job, JobId, JobStatus, Requested, Row, RowError};
use people_model::time::{SignedDuration, Timestamp};

use super::batch::{Batch, Phase};
use crate::policy::Policy;
use crate::target::ccai::{Ccai, attribute};

/// The longest time between two looks at a job.
const RARELY: SignedDuration = SignedDuration::from_mins(1);

/// How long an unknown word, with figures that do not add up, is not taken for the end.
const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// A move.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// Nothing before that moment.
    Wait(Timestamp),
    /// Write this down.
    Write(Bulk),
    /// Read the template.
    Template,
    /// Look for a job of this file among the latest.
    Find {
        /// The file's name.
        filename: String,
        /// Jobs made well before that are not ours.
        since: Timestamp,
    },
    /// Write the intent down, then upload the file.
    Upload,
    /// Look at the job.
    Job(JobId),
    /// Write the intent down, then tell the job to proceed.
    Proceed(JobId),
    /// Read what is wrong with the file.
    SchemeErrors(JobId),
    /// Read which rows were not applied.
    UpdateErrors(JobId),
    /// Tell everybody.
    Tell,
    /// Nothing is left to do.
    Over,
}

/// What has been found out in this run.
#[derive(Debug, Clone, Default)]
pub struct Glimpse {
    /// The template, or that there is none to be had.
    pub template: Option<Option<Row>>,
    /// The job of the file, or that there is none.
    pub found: Option<Option<JobId>>,
    /// The job.
    pub job: Option<Job>,
    /// Its errors.
    pub errors: Option<Vec<RowError>>,
    /// Everybody has been told.
    pub told: bool,
}

/// The next move.
pub fn next(
    batch: &Batch,
    ends: Option<Timestamp>,
    seen: &Glimpse,
    ccai: &Ccai,
    policy: &Policy,
    now: Timestamp,
) -> Move {
    let since = batch.since.unwrap_or(now);
    if let Some(due) = batch.tries.map(|tries| {
        let salt = batch.rows.len().to_string();
        after(tries.last, policy.retry.delay(tries.count, &salt, tries.after_s))
    }) && now < due
    {
        return Move::Wait(due);
    }
    let give_up = |problem: String| Move::Write(Bulk::GivenUp { problem });
    let settled = after(since, policy.retry.settle.get());
    let late = now >= after(since, ccai.patience.get());
    match &batch.phase {
        Phase::Open if batch.rows.is_empty() => Move::Over,
        Phase::Open => match ends.filter(|ends| now < *ends && batch.rows.len() < ccai.rows) {
            Some(ends) => Move::Wait(ends),
            None => Move::Write(Bulk::Closed),
        },
        Phase::Closed if batch.file().is_empty() => give_up("no row of the file is valid".into()),
        Phase::Closed => upload(batch, seen),
        Phase::Uploading { filename } => {
            if let Some(why) = &batch.refused {
                return give_up(format!("the file was refused: {why}"));
            }
            if now < settled {
                return Move::Wait(settled);
            }
            match seen.found {
                None => Move::Find { filename: filename.clone(), since },
                Some(Some(job)) => Move::Write(Bulk::Uploaded { job }),
                // What may still come of the other one is a job that nobody tells to proceed.
                Some(None) => upload(batch, seen),
            }
        }
        Phase::Settled => Move::Over,
        Phase::Ended if seen.told => Move::Write(Bulk::Settled),
        Phase::Ended => Move::Tell,
        Phase::Checking(id) | Phase::Valid(id) | Phase::Proceeding(id) | Phase::Running(id) => {
            if matches!(batch.phase, Phase::Proceeding(_)) && now < settled {
                return Move::Wait(settled);
            }
            let looked = seen.job.as_ref().filter(|job| job.id == *id);
            let Some(job) = looked else {
                return match late && batch.unreadable {
                    true => give_up("the job cannot be read".into()),
                    false => Move::Job(*id),
                };
            };
            if job.status == JobStatus::InvalidScheme {
                return invalid(batch, *id, seen, ccai);
            }
            let poll = || {
                if late {
                    return give_up(format!("the job has been {} for too long", word(&job.status)));
                }
                let age = now.duration_since(since);
                let quarter =
                    SignedDuration::from_millis(i64::try_from(age.as_millis() / 4).unwrap_or(i64::MAX));
                Move::Wait(after(now, quarter.min(RARELY).max(ccai.poll.get())))
            };
            if let Phase::Running(_) = batch.phase {
                return match &job.status {
                    JobStatus::Other(_) if over(job, since, now) => ended(batch, job, seen, ccai),
                    _ => poll(),
                };
            }
            // Somebody, perhaps ourselves, has told it to proceed. Before that an unknown word says nothing.
            let beyond = matches!(&job.status, JobStatus::Other(word) if !word.is_empty());
            let taken = job.requested() == Requested::Yes || batch.begun && beyond;
            match (&batch.phase, &job.status) {
                _ if taken => Move::Write(Bulk::Proceeded),
                (_, JobStatus::Other(_)) => poll(),
                (Phase::Checking(_), JobStatus::ValidScheme) => Move::Write(Bulk::Valid),
                (Phase::Checking(_), _) => poll(),
                (_, JobStatus::Created) => poll(),
                (Phase::Valid(_), _) => Move::Proceed(*id),
                // Whether it was told cannot be seen: rather wait for a human than tell it twice.
                (_, _) if job.requested() == Requested::Unsaid => poll(),
                (_, _) => match &batch.refused {
                    Some(why) => give_up(format!("the job was not let proceed: {why}")),
                    None => Move::Proceed(*id),
                },
            }
        }
    }
}

fn upload(batch: &Batch, seen: &Glimpse) -> Move {
    let lists =
        batch.file().into_iter().any(|row| row.0.contains_key("roles") || row.0.contains_key("teams"));
    if lists && seen.template.is_none() { Move::Template } else { Move::Upload }
}

fn invalid(batch: &Batch, id: JobId, seen: &Glimpse, ccai: &Ccai) -> Move {
    let Some(errors) = &seen.errors else { return Move::SchemeErrors(id) };
    let faults = attribute(errors, &batch.file(), ccai.row_base);
    if faults.iter().any(|fault| fault.row.is_some() && !fault.warning) {
        return Move::Write(Bulk::Invalid { faults });
    }
    let words = faults.first().map_or("it does not say why", |fault| fault.words.as_str());
    Move::Write(Bulk::GivenUp { problem: format!("the file as a whole is not valid: {words}") })
}

fn ended(batch: &Batch, job: &Job, seen: &Glimpse, ccai: &Ccai) -> Move {
    let Some(errors) = &seen.errors else { return Move::UpdateErrors(job.id) };
    Move::Write(Bulk::Ended {
        status: word(&job.status).to_owned(),
        affected: job.affected_rows,
        failed: job.failed_rows,
        faults: attribute(errors, &batch.file(), ccai.row_base),
    })
}

/// Whether an unknown word is the end: the figures add up, or there are none, or they have not for long.
fn over(job: &Job, since: Timestamp, now: Timestamp) -> bool {
    job.adds_up().unwrap_or(true) || now >= after(since, GRACE)
}

/// A status in letters: the server's word comes into logs and answers.
fn word(status: &JobStatus) -> &str {
    let word = status.as_str();
    let plain = word.len() <= 32 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if plain && !word.is_empty() { word } else { "in an unknown state" }
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
