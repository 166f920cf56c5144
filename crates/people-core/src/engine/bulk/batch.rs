//! A batch's state: the fold of its log.

use std::collections::BTreeMap;

use people_model::ccai::{Bulk, JobId, Row, RowFault, RowResult};
use people_model::time::Timestamp;
use people_model::verdict::WhyKind;
use people_model::{Entry, PersonKey, Why};

use crate::engine::facts::Tries;

/// The fold of a batch's log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// How many entries were folded.
    pub len: usize,
    /// The rows, in the order in which they joined.
    pub rows: Vec<(PersonKey, Row)>,
    places: BTreeMap<PersonKey, usize>,
    /// Rows that the server has found invalid, by their place, and why. They are in no file any more.
    pub out: BTreeMap<usize, String>,
    /// How far it is.
    pub phase: Phase,
    /// When that began.
    pub since: Option<Timestamp>,
    /// Failed tries in a row.
    pub tries: Option<Tries>,
    /// Whether the last failed try was refused, and not just put off.
    pub unreadable: bool,
    /// The refusal of the last intent.
    pub refused: Option<Why>,
    /// Whether a job may have been told to proceed.
    pub begun: bool,
    /// The end of the job.
    pub ended: Option<Ended>,
    /// Why it was given up.
    pub given_up: Option<String>,
}

/// How far a batch is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Phase {
    /// Rows may join.
    #[default]
    Open,
    /// There is a file to upload.
    Closed,
    /// The file was uploaded, or was not.
    Uploading {
        /// Its name.
        filename: String,
    },
    /// The server validates it.
    Checking(JobId),
    /// It is valid, and nobody has told it to proceed.
    Valid(JobId),
    /// It was told to proceed, or was not.
    Proceeding(JobId),
    /// The server applies it.
    Running(JobId),
    /// People are to be told.
    Ended,
    /// Nothing is left to do.
    Settled,
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Rows that were applied.
    pub affected: Option<i64>,
    /// Rows that were not.
    pub failed: Option<i64>,
    /// Which.
    pub faults: Vec<RowFault>,
}

impl Batch {
    /// The fold of a whole log.
    pub fn fold<'a>(log: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut batch = Self::default();
        for entry in log {
            batch.apply(entry);
        }
        batch
    }

    /// The fold of one more entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.len += 1;
        match entry {
            Entry::Bulk { at, fact } => self.fact(*at, fact),
            Entry::Stalled { at, after_s, why } => {
                self.tried(*at, *after_s);
                self.unreadable = matches!(
                    why.kind,
                    WhyKind::Absent
                        | WhyKind::WrongPath
                        | WhyKind::BadRequest
                        | WhyKind::BadAnswer
                        | WhyKind::Conflict
                );
            }
            _ => {}
        }
    }

    fn fact(&mut self, at: Timestamp, fact: &Bulk) {
        if let Bulk::Joined { person, row } = fact {
            if self.phase == Phase::Open {
                self.join(person, row);
            }
            return;
        }
        self.refused = None;
        let phase = match (fact, &self.phase) {
            (Bulk::Closed, _) => Phase::Closed,
            (Bulk::Uploading { filename }, _) => Phase::Uploading { filename: filename.clone() },
            (Bulk::Uploaded { job }, _) => Phase::Checking(*job),
            (Bulk::Valid, Phase::Checking(job)) => Phase::Valid(*job),
            (Bulk::Invalid { faults }, _) => {
                self.drop_rows(faults);
                Phase::Closed
            }
            (Bulk::Proceeding, Phase::Valid(job) | Phase::Proceeding(job)) => {
                self.begun = true;
                Phase::Proceeding(*job)
            }
            (Bulk::Proceeded, Phase::Checking(job) | Phase::Valid(job) | Phase::Proceeding(job)) => {
                self.begun = true;
                Phase::Running(*job)
            }
            (Bulk::Undone { after_s, .. }, phase) => {
                let before = match phase {
                    Phase::Uploading { .. } => Phase::Closed,
                    Phase::Proceeding(job) => Phase::Valid(*job),
                    other => other.clone(),
                };
                self.phase = before;
                self.since = Some(at);
                self.tried(at, *after_s);
                return;
            }
            (Bulk::Refused { why }, _) => {
                self.refused = Some(why.clone());
                self.tried(at, None);
                return;
            }
            (Bulk::Ended { affected, failed, faults, .. }, _) => {
                self.ended = Some(Ended { affected: *affected, failed: *failed, faults: faults.clone() });
                Phase::Ended
            }
            (Bulk::GivenUp { problem }, _) => {
                self.given_up = Some(problem.clone());
                Phase::Ended
            }
            (Bulk::Settled, _) => Phase::Settled,
            (_, phase) => phase.clone(),
        };
        self.since = Some(at);
        if !matches!(fact, Bulk::Proceeding | Bulk::Uploading { .. }) {
            self.tries = None;
        }
        self.phase = phase;
    }

    fn join(&mut self, person: &PersonKey, row: &Row) {
        match self.places.get(person).and_then(|place| self.rows.get_mut(*place)) {
            Some((_, old)) => *old = row.clone(),
            None => {
                self.places.insert(person.clone(), self.rows.len());
                self.rows.push((person.clone(), row.clone()));
            }
        }
    }

    fn tried(&mut self, at: Timestamp, after_s: Option<u32>) {
        let count = self.tries.map_or(0, |tries| tries.count).saturating_add(1);
        self.tries = Some(Tries { count, last: at, after_s });
    }

    fn drop_rows(&mut self, faults: &[RowFault]) {
        let places = self.places_in_file();
        for fault in faults.iter().filter(|fault| !fault.warning) {
            if let Some(place) = fault.row.and_then(|row| places.get(row)) {
                self.out.entry(*place).or_insert_with(|| problem(fault));
            }
        }
    }

    /// The row that a person has in it.
    pub fn row_of(&self, person: &PersonKey) -> Option<&Row> {
        self.places.get(person).and_then(|place| self.rows.get(*place)).map(|(_, row)| row)
    }

    /// Places of the rows that are in the file, in its order.
    fn places_in_file(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|place| !self.out.contains_key(place)).collect()
    }

    /// The rows that are in the file, in its order.
    pub fn file(&self) -> Vec<&Row> {
        self.places_in_file()
            .into_iter()
            .filter_map(|place| self.rows.get(place))
            .map(|(_, row)| row)
            .collect()
    }

    /// What became of each row.
    pub fn results(&self) -> Vec<(&PersonKey, &Row, RowResult)> {
        let mut results = self.of_file();
        let all = self.rows.iter().enumerate();
        all.map(|(place, (person, row))| {
            let result = match self.out.get(&place) {
                Some(problem) => RowResult::Refused { problem: problem.clone() },
                None => results.remove(&place).unwrap_or(RowResult::Applied { remarks: Vec::new() }),
            };
            (person, row, result)
        })
        .collect()
    }

    /// What became of the rows of the last file, by their place among all.
    fn of_file(&self) -> BTreeMap<usize, RowResult> {
        let places = self.places_in_file();
        let all = |result: RowResult| places.iter().map(|place| (*place, result.clone())).collect();
        if let Some(problem) = self.given_up.clone() {
            return all(match self.begun {
                true => RowResult::Unsure { problem },
                false => RowResult::Refused { problem },
            });
        }
        let Some(ended) = &self.ended else { return BTreeMap::new() };
        let mut results: BTreeMap<usize, RowResult> = BTreeMap::new();
        for fault in ended.faults.iter().filter(|fault| !fault.warning) {
            let Some(place) = fault.row.and_then(|row| places.get(row)) else { continue };
            let problem = problem(fault);
            let unsure = fault.unsure;
            results.entry(*place).or_insert(match unsure {
                true => RowResult::Unsure { problem },
                false => RowResult::Refused { problem },
            });
        }
        let named = i64::try_from(results.len()).unwrap_or(i64::MAX);
        let rows = i64::try_from(places.len()).unwrap_or(i64::MAX);
        let failed = ended.failed.unwrap_or(0);
        let missing = ended
            .affected
            .map_or(0, |affected| rows.saturating_sub(affected).saturating_sub(failed.max(named)));
        // Some rows were not applied, and no error says which.
        let lost = failed.saturating_sub(named).max(missing);
        for place in &places {
            results.entry(*place).or_insert_with(|| match lost > 0 {
                true => RowResult::Unsure {
                    problem: format!("{lost} more rows of the file were not applied, and nothing says whose"),
                },
                false => RowResult::Applied { remarks: Vec::new() },
            });
        }
        for fault in ended.faults.iter().filter(|fault| fault.warning && !fault.unsure) {
            let place = fault.row.and_then(|row| places.get(row));
            if let Some(RowResult::Applied { remarks }) = place.and_then(|place| results.get_mut(place)) {
                remarks.push(problem(fault));
            }
        }
        results
    }
}

fn problem(fault: &RowFault) -> String {
    let mut text = fault.words.clone();
    if let Some(column) = fault.column {
        text += &format!(" (column {column})");
    }
    if fault.unsure {
        text += "; it may be a neighbouring row's, since [ccai] row_base is not set";
    }
    text
}
