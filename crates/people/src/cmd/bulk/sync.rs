//! `people bulk sync`: a roster from beginning to end, by the engine and its journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use people_auth::Rs256;
use people_core::endpoint::Endpoint;
use people_core::engine::Stop;
use people_core::engine::bulk::{Batch, BulkDrive, Phase, holder, roster};
use people_core::host::Host;
use people_core::journal::{Breaker, Journal, Permit};
use people_core::target::ccai::file;
use people_core::target::ccai::ops::Upload;
use people_model::ccai::{Row, RowResult};
use people_model::time::SignedDuration;
use people_model::{Email, PersonKey};
use serde_json::json;

use super::super::client::Client;
use super::super::user::confirm;
use super::{bar, ccai, dry, pause};
use crate::exit::{Exit, Fail};
use crate::host::Native;
use crate::load;
use crate::report::{Format, Report, say};
use crate::store::Store;

/// The longest time that is slept through: another process may go on meanwhile.
const NAP: SignedDuration = SignedDuration::from_secs(30);

/// What was asked for.
pub(super) struct Ask {
    pub(super) journal: Option<PathBuf>,
    pub(super) leavers: Option<u32>,
    pub(super) again: bool,
    pub(super) yes: bool,
    pub(super) dry_run: bool,
}

pub(super) async fn sync(path: &Path, report: &Report, bytes: &[u8], ask: Ask) -> Result<Exit, Fail> {
    let rows = super::roster::read(bytes)?;
    let ccai = ccai(path)?;
    if ask.dry_run {
        let file = file(&rows, None, ccai.untouched);
        return dry(&ccai, report, &Upload { filename: "roster.json", file: &file }.call());
    }
    let config = load::config(path)?;
    let limits = limits(&config.policy.breaker.limits(), ask.leavers);
    let leavers: Vec<&Row> = rows.iter().filter(|row| row.is_inactive()).collect();
    let address = |row: &Row| row.email().and_then(|email| Email::parse(email).ok());
    if leavers.iter().filter_map(|row| address(row)).any(|email| config.policy.protects(&email)) {
        return Err(Fail::new(
            Exit::Held,
            "the roster makes a protected account Inactive ([policy] protected), so nothing was sent; take it out",
        ));
    }
    if leavers.len() > limits.count as usize {
        return Err(tripped(leavers.len(), limits.count));
    }
    confirm(&format!("file {} rows, {} of them Inactive", rows.len(), leavers.len()), ask.yes)?;
    let client = Client::new(path)?;
    let journal = match &ask.journal {
        Some(file) => Store::open(file)?,
        None => load::journal(&config, &load::folder(path))?,
    };
    let (tenant, now) = (config.domain(), client.host.now());
    for row in &leavers {
        let person = holder(tenant, row.email().unwrap_or_default())
            .map_err(|error| Fail::input(error.to_string()))?;
        if let Permit::Tripped { count, limit } = journal.permit(&person, now, &limits).await? {
            return Err(tripped(count as usize + leavers.len(), limit));
        }
    }
    let made = roster(&journal, tenant, &rows, ask.again, now).await?;
    let (key, batch) = made.map_err(|error| Fail::input(error.to_string()))?;
    let before = match batch.phase {
        Phase::Settled => "filed before, and not again without --again: ",
        Phase::Closed if batch.len == rows.len().saturating_add(1) => "",
        _ => "begun before and gone on with: ",
    };
    let drive = BulkDrive {
        host: &client.host,
        journal: &journal,
        wires: &client.wires,
        ccai: &ccai,
        policy: &config.policy,
    };
    let batch = see_through(&drive, &key, rows.len()).await?;
    show(report, &batch, before)
}

/// The breaker, where somebody has said how many.
fn limits(breaker: &Breaker, leavers: Option<u32>) -> Breaker {
    match leavers {
        Some(n) => Breaker { count: n, percent: 100, minimum: n, ..*breaker },
        None => Breaker { minimum: breaker.count, ..*breaker },
    }
}

fn tripped(wanted: usize, limit: u32) -> Fail {
    Fail::new(
        Exit::Held,
        format!(
            "{wanted} people would have lost access in the breaker's window and {limit} may, so nothing was sent; check the roster, then say --leavers {wanted}"
        ),
    )
}

/// Drives the batch to its end.
async fn see_through(
    drive: &BulkDrive<'_, Native, Store, Rs256>,
    key: &PersonKey,
    rows: usize,
) -> Result<Batch, Fail> {
    let bar = bar(rows as u64);
    loop {
        let (stop, progress) = drive.run(key).await?;
        bar.set_message(words(&progress.phase));
        bar.set_position(progress.done);
        let wait = match stop {
            Stop::Over(_) | Stop::Held => break,
            Stop::Raced => SignedDuration::from_millis(200),
            Stop::Wait(until) => drive.host.now().duration_until(until),
        };
        let wait = wait.min(NAP).max(SignedDuration::from_millis(1));
        pause(Duration::try_from(wait).unwrap_or_default()).await;
    }
    bar.finish_and_clear();
    Ok(Batch::fold(&drive.journal.read(key).await?))
}

fn words(phase: &Phase) -> &'static str {
    match phase {
        Phase::Open | Phase::Closed | Phase::Uploading { .. } => "uploading",
        Phase::Checking(_) => "being validated",
        Phase::Valid(_) | Phase::Proceeding(_) => "proceeding",
        Phase::Running(_) => "being applied",
        Phase::Ended | Phase::Settled => "done",
    }
}

fn show(report: &Report, batch: &Batch, before: &str) -> Result<Exit, Fail> {
    let (mut applied, mut refused, mut unsure) = (0, 0, 0);
    let (mut lines, mut json) = (Vec::new(), Vec::new());
    for (_, row, result) in batch.results() {
        let (word, note) = match &result {
            RowResult::Applied { remarks } => {
                applied += 1;
                ("applied", remarks.join("; "))
            }
            RowResult::Refused { problem } => {
                refused += 1;
                ("not applied", problem.clone())
            }
            RowResult::Unsure { problem } => {
                unsure += 1;
                ("not known", problem.clone())
            }
        };
        let email = row.email().unwrap_or_default().to_owned();
        json.push(json!({"email": email, "result": word, "note": note}));
        // In a table those who are fine would hide the others.
        if report.format != Format::Table || word != "applied" || !note.is_empty() {
            lines.push(vec![email, word.to_owned(), note]);
        }
    }
    if !lines.is_empty() || report.format != Format::Table {
        report.rows(&["email", "result", "note"], &lines, &json)?;
    }
    let summary = format!("{before}{applied} rows applied, {refused} not applied, {unsure} not known");
    match (refused, unsure) {
        (0, 0) => {
            say(&summary);
            Ok(Exit::Ok)
        }
        (_, 0) => Err(Fail::new(Exit::Refused, summary)),
        _ => Err(Fail::new(
            Exit::Unknown,
            format!("{summary}; look at them in CCAI Platform before filing again"),
        )),
    }
}
