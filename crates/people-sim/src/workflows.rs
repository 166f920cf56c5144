//! CloudM's workflows: offboardings that run and onboardings that wait, on the virtual clock.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a workflow does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkflowKind {
    /// Suspends the user at its end.
    Offboard,
    /// Activates a scheduled user.
    Onboard,
}

/// Where a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkflowState {
    /// An offboarding that has begun.
    Running,
    /// An onboarding that waits for its date.
    Scheduled,
    /// Finished.
    Done,
    /// Aborted by the API.
    Aborted,
}

/// One workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its id, as in the user's `workflowId`.
    pub id: String,
    /// What it does.
    pub kind: WorkflowKind,
    /// The user's primary address, lower-case.
    pub user: String,
    /// The domain in the path of the call that began it.
    pub domain: String,
    /// Where it stands.
    pub state: WorkflowState,
    /// When it began.
    pub started: Timestamp,
    /// When it is due, or when it ended.
    pub at: Timestamp,
}

impl Workflow {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, WorkflowState::Running | WorkflowState::Scheduled)
    }
}

#[derive(Default)]
pub(crate) struct Workflows {
    all: Vec<Workflow>,
    by_id: HashMap<String, usize>,
    due: BTreeSet<(Timestamp, usize)>,
}

/// Ids look like those of a datastore.
const FIRST_ID: u64 = 5_629_499_534_213_120;

impl Workflows {
    pub(crate) fn next_id(&self) -> String {
        let mut id = FIRST_ID.wrapping_add(self.all.len() as u64);
        while self.by_id.contains_key(&id.to_string()) {
            id = id.wrapping_add(1);
        }
        id.to_string()
    }

    pub(crate) fn add(&mut self, workflow: Workflow) {
        let index = self.all.len();
        self.due.insert((workflow.at, index));
        self.by_id.insert(workflow.id.clone(), index);
        self.all.push(workflow);
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn open(&self, id: &str) -> Option<&Workflow> {
        self.all.get(self.index(id)?).filter(|workflow| workflow.is_open())
    }

    pub(crate) fn abort(&mut self, id: &str, now: Timestamp) {
        let Some(index) = self.index(id) else { return };
        if let Some(workflow) = self.all.get_mut(index).filter(|workflow| workflow.is_open()) {
            self.due.remove(&(workflow.at, index));
            workflow.state = WorkflowState::Aborted;
            workflow.at = now;
        }
    }

    /// Puts an open workflow at another time, or under another address of its user.
    pub(crate) fn change(&mut self, id: &str, user: Option<String>, at: Option<Timestamp>) {
        let Some(index) = self.index(id) else { return };
        if let Some(workflow) = self.all.get_mut(index).filter(|workflow| workflow.is_open()) {
            self.due.remove(&(workflow.at, index));
            workflow.at = at.unwrap_or(workflow.at);
            workflow.user = user.unwrap_or_else(|| std::mem::take(&mut workflow.user));
            self.due.insert((workflow.at, index));
        }
    }

    /// Ends the workflow that is due first, if its time has come.
    pub(crate) fn finish_next(&mut self, now: Timestamp) -> Option<(WorkflowKind, String)> {
        let &(at, index) = self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, index));
        let workflow = self.all.get_mut(index)?;
        workflow.state = WorkflowState::Done;
        Some((workflow.kind, workflow.user.clone()))
    }

    pub(crate) fn all(&self) -> &[Workflow] {
        &self.all
    }
}
