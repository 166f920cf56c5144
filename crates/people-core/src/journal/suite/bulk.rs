//! Made-up facts about bulk files.

use people_model::Why;
use people_model::ccai::{BatchId, Bulk, JobId, Row, RowFault, RowResult};
use people_model::verdict::WhyKind;
use serde_json::json;

use super::Failure;
use super::samples::person;

/// One fact of each kind.
pub(super) fn facts() -> Result<Vec<Bulk>, Failure> {
    let batch = BatchId::Window { start: 1_767_225_600, seconds: 900, n: 1 };
    let row: Row = serde_json::from_value(
        json!({"email": "person1@example.com", "first_name": "O'Neill \"x\"", "status": "Active",
        "roles": [{"name": "Agent", "value": 1}, {"name": "Admin", "value": ""}], "alias": null}),
    )?;
    let faults = vec![
        RowFault { row: Some(3), column: Some(7), words: "location".into(), warning: false, unsure: true },
        RowFault { row: None, column: None, words: "not accepted".into(), warning: true, unsure: false },
    ];
    let problem = || "location does not exist".to_owned();
    let results = [
        RowResult::Applied { remarks: Vec::new() },
        RowResult::Applied { remarks: vec!["limit".into()] },
        RowResult::Refused { problem: problem() },
        RowResult::Unsure { problem: problem() },
    ];
    let why = || Why::new(WhyKind::RateLimited).status(429);
    let told = |result| Bulk::Told { batch: batch.clone(), row: row.clone(), result };
    let mut facts: Vec<Bulk> = results.into_iter().map(told).collect();
    let roster = BatchId::Roster { digest: "0f".into(), n: 0 };
    facts.extend([
        Bulk::Filed { batch: batch.clone(), row: row.clone() },
        Bulk::Filed { batch: roster, row: row.clone() },
        Bulk::Joined { person: person(1)?, row },
        Bulk::Closed,
        Bulk::Uploading { filename: "people-p1-0f.json".into() },
        Bulk::Uploaded { job: JobId(i64::MAX) },
        Bulk::Valid,
        Bulk::Invalid { faults: faults.clone() },
        Bulk::Proceeding,
        Bulk::Proceeded,
        Bulk::Undone { after_s: Some(1), why: why() },
        Bulk::Undone { after_s: None, why: why() },
        Bulk::Refused { why: why() },
        Bulk::Ended { status: "completed".into(), affected: Some(2), failed: None, faults },
        Bulk::GivenUp { problem: problem() },
        Bulk::Settled,
    ]);
    Ok(facts)
}
