//! What a person's log says of bulk files.

use people_model::ccai::{BatchId, Bulk, Row, RowResult};

/// The fold of a person's facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The row that joined a batch, or may have, and whose result is not known.
    pub pending: Option<(BatchId, Row)>,
    /// What was applied, all in all.
    pub applied: Option<Row>,
    /// The row that was not applied, and why.
    pub refused: Option<(Row, String)>,
}

impl Rows {
    /// The fold of one more fact.
    pub fn apply(&mut self, fact: &Bulk) {
        match fact {
            Bulk::Filed { batch, row } => {
                self.pending = Some((batch.clone(), row.clone()));
                self.refused = None;
            }
            Bulk::Told { batch, row, result } if self.pending.as_ref().is_some_and(|(at, _)| at == batch) => {
                self.pending = None;
                match result {
                    RowResult::Applied { .. } => self.applied = Some(row.after(self.applied.as_ref())),
                    RowResult::Refused { problem } | RowResult::Unsure { problem } => {
                        self.refused = Some((row.clone(), problem.clone()));
                    }
                }
            }
            _ => {}
        }
    }
}
