//! The one operation on workflows, which only v1 has: abort.

use people_model::call::Method;
use people_model::{Api, Domain, Safety, WorkflowId};
use serde::de::IgnoredAny;

use crate::endpoint::{Endpoint, segment};

/// `DELETE /people/v1/workflows/{domain}/{workflowId}`: aborts an offboarding; 204 without a body. That it aborts a scheduled
/// onboarding too is concluded from the shared `workflowId`, not documented.
#[derive(Debug, Clone, Copy)]
pub struct Abort<'a> {
    /// The tenant's domain.
    pub domain: &'a Domain,
    /// The workflow, as offboard or schedule returned it.
    pub workflow: &'a WorkflowId,
}

impl Endpoint for Abort<'_> {
    const API: Api = Api::Cloudm;
    const NAME: &'static str = "cloudm.workflows.abort";
    const METHOD: Method = Method::Delete;
    const SAFETY: Safety = Safety::Idempotent;
    type Reply = Option<IgnoredAny>;

    fn path(&self) -> String {
        format!("/people/v1/workflows/{}/{}", segment(self.domain.as_str()), segment(self.workflow.as_str()))
    }
}
