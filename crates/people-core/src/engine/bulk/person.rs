//! The next move for a person's row, once CloudM agrees. Pure.

use people_model::HeldWhy;
use people_model::time::{SignedDuration, Timestamp};

use super::filing::Joining;
use crate::engine::next::{guard, held};
use crate::engine::{Next, Seen, Situation};
use crate::target::ccai::plan;

/// How often a row whose result does not come is looked after.
const CHECK: SignedDuration = SignedDuration::from_hours(1);

/// What is to be done about the person's row; `None`: nothing now.
pub(crate) fn file(s: &Situation<'_>, seen: &Seen) -> Option<Next> {
    let ccai = s.ccai.filter(|_| cfg!(feature = "ccai"))?;
    let rows = &s.state.bulk;
    let wanted = match plan(ccai, s) {
        Ok(wanted) => wanted,
        Err(why) if rows.pending.is_none() => return Some(held(s, why, Vec::new())),
        Err(_) => None,
    };
    let guarded = |next: Next, inactive: bool| match inactive {
        true => guard(s, seen, &[]).unwrap_or(next),
        false => next,
    };
    if let Some((batch, row)) = &rows.pending {
        let new = wanted.map(|wanted| wanted.row).filter(|wanted| wanted != row);
        return match (&seen.joining, new) {
            // The batch is closed, and has a row of this person: what it comes to is waited for.
            (Some(Joining::Missed { mine: true }), _) => None,
            (_, Some(new)) => {
                let closed = matches!(seen.joining, Some(Joining::Missed { .. }));
                let inactive = new.is_inactive();
                Some(guarded(Next::File { batch: (!closed).then(|| batch.clone()), row: new }, inactive))
            }
            (None, None) => Some(Next::Join { batch: batch.clone(), row: row.clone() }),
            (Some(Joining::In), None) => None,
            (Some(Joining::Missed { mine: false }), None) => {
                Some(Next::File { batch: None, row: row.clone() })
            }
        };
    }
    let wanted = wanted.filter(|wanted| !wanted.agrees)?;
    if let Some((_, problem)) = rows.refused.as_ref().filter(|(row, _)| *row == wanted.row) {
        let why = HeldWhy::BulkRow { problem: problem.clone() };
        if !s.state.allows(&why) {
            return Some(held(s, why, Vec::new()));
        }
    }
    let inactive = wanted.row.is_inactive();
    Some(guarded(Next::File { batch: None, row: wanted.row }, inactive))
}

/// The moment at which a row whose result has not come is looked after.
pub(crate) fn checks(s: &Situation<'_>) -> Option<Timestamp> {
    let (batch, _) = s.state.bulk.pending.as_ref().filter(|_| cfg!(feature = "ccai") && s.ccai.is_some())?;
    let ends = batch.ends()?;
    let late = s.now.duration_since(ends).as_secs().max(0) / CHECK.as_secs();
    let after = SignedDuration::from_secs(CHECK.as_secs().saturating_mul(late.saturating_add(1)));
    ends.saturating_add(after).ok()
}

/// The entry that says a row is filed.
#[cfg(feature = "ccai")]
pub(crate) fn filed(
    at: Timestamp,
    batch: people_model::ccai::BatchId,
    row: people_model::ccai::Row,
) -> people_model::Entry {
    people_model::Entry::Bulk { at, fact: people_model::ccai::Bulk::Filed { batch, row } }
}
