//! A job and its stages, by virtual time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Agent, CcaiOptions, rules};
use crate::clock::rfc3339;
use crate::http::Reply;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Created,
    Valid,
    Invalid,
    InProgress,
    Finished,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) stage: Stage,
    filename: String,
    rows: Vec<Value>,
    made: Timestamp,
    requested: Option<Timestamp>,
    /// How often it was told to proceed. Each time its rows are applied.
    proceeds: u64,
    affected: usize,
    failed: usize,
    scheme_errors: Vec<Value>,
    update_errors: Vec<Value>,
    finished: String,
}

impl Job {
    pub(super) fn new(id: i64, filename: String, rows: Vec<Value>, made: Timestamp) -> Self {
        Self {
            id,
            stage: Stage::Created,
            filename,
            rows,
            made,
            requested: None,
            proceeds: 0,
            affected: 0,
            failed: 0,
            scheme_errors: Vec::new(),
            update_errors: Vec::new(),
            finished: String::new(),
        }
    }

    pub(super) fn may_proceed(&self) -> bool {
        matches!(self.stage, Stage::Valid | Stage::InProgress | Stage::Finished)
    }

    pub(super) fn may_be_replaced(&self) -> bool {
        matches!(self.stage, Stage::Created | Stage::Valid | Stage::Invalid)
    }

    pub(super) fn proceed(&mut self, now: Timestamp) {
        self.proceeds += 1;
        self.requested = Some(now);
        self.stage = Stage::InProgress;
    }

    pub(super) fn tick(
        &mut self,
        options: &CcaiOptions,
        agents: &mut BTreeMap<String, Agent>,
        now: Timestamp,
    ) {
        let due = |from: Timestamp, span| from.saturating_add(span).is_ok_and(|due| due <= now);
        if self.stage == Stage::Created && due(self.made, options.validates) {
            self.scheme_errors = rules::scheme(options, &self.rows);
            self.stage = if self.scheme_errors.is_empty() { Stage::Valid } else { Stage::Invalid };
        }
        if self.stage == Stage::InProgress && self.requested.is_some_and(|at| due(at, options.applies)) {
            (self.affected, self.failed) = (0, 0);
            self.update_errors.clear();
            for (place, row) in self.rows.iter().enumerate() {
                match rules::apply(options, agents, place, row) {
                    Ok(remark) => {
                        self.affected += 1;
                        self.update_errors.extend(remark);
                    }
                    Err(error) => {
                        self.failed += 1;
                        self.update_errors.push(error);
                    }
                }
            }
            self.finished.clone_from(&options.finished);
            self.stage = Stage::Finished;
        }
    }

    fn status(&self) -> &str {
        match self.stage {
            Stage::Created => "created",
            Stage::Valid => "valid_scheme",
            Stage::Invalid => "invalid_scheme",
            Stage::InProgress => "in_progress",
            Stage::Finished => &self.finished,
        }
    }

    /// What upload and proceed answer. The link leads elsewhere, in clear text, as the real one does.
    pub(super) fn reference(&self) -> Reply {
        let link = format!("http://ujet.co/apps/api/v1/bulk/users_jobs/{}", self.id);
        let body = json!({"id": self.id, "status": self.status(), "link": link});
        Reply::json(200, &body).with("link", link)
    }

    pub(super) fn shown(&self) -> Value {
        json!({"id": self.id, "created_at": rfc3339(self.made), "process_requested_at": self.requested.map(rfc3339),
            "filename": self.filename, "total_rows": self.rows.len(), "affected_rows": self.affected,
            "failed_rows": self.failed, "status": self.status(), "uploaded_user_name": null, "proceed_user_name": null,
            "uploaded_api_user_name": "api", "proceed_api_user_name": self.requested.map(|_| "api"),
            "scheme_errors": self.scheme_errors, "update_errors": self.update_errors})
    }

    /// With how often it was told to proceed, and its rows.
    pub(super) fn in_state(&self) -> Value {
        let mut shown = self.shown();
        if let Some(members) = shown.as_object_mut() {
            members.insert("proceeds".to_owned(), self.proceeds.into());
            members.insert("rows".to_owned(), self.rows.clone().into());
        }
        shown
    }

    pub(super) fn errors(&self, kind: &str) -> &Vec<Value> {
        if kind == "scheme" { &self.scheme_errors } else { &self.update_errors }
    }
}
