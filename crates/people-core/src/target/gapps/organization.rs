//! The organizational unit: where HR names one (`parentPath`), the user is in it; where only `[policy] ou` does, a new user who is in none.

use people_model::verdict::WhyKind;
use people_model::{Effect, Email, HeldWhy, Why};
use serde_json::{Value, json};

use super::Look;
use super::follow::Provisioning;
use super::plan::{hold, not_kept, steps};
use super::wanted::{decoded, encoded, one, step, unit};
use crate::engine::{Seen, Situation};
use crate::target::find::{see, text};
use crate::target::{Plan, Sight};

impl Provisioning {
    /// What is to be done about the unit; `None`: nothing.
    pub(super) fn place(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
    ) -> Result<Option<Plan>, Plan> {
        let said = unit(s);
        let default = || s.policy.ou.as_deref().filter(|_| s.state.created).map(|ou| ou.trim_matches('/'));
        let Some(wanted) = said.as_deref().or_else(default) else { return Ok(None) };
        let customer = see(seen, Sight::Gapps(Look::Customer))?.and_then(|shown| text(shown, "customerId"));
        let Some(customer) = customer.map(str::to_owned) else {
            return Ok(not_kept(s, vec!["parentPath".into()]));
        };
        let look = Look::Place { customer: customer.clone(), user: address.clone() };
        let shown = see(seen, Sight::Gapps(look))?.and_then(|shown| text(shown, "orgUnitPath"));
        let now = decoded(shown.unwrap_or_default());
        if now == wanted || (said.is_none() && !now.is_empty()) {
            return Ok(None);
        }
        // The top is written as a slash, or the member would be missing.
        let path = if wanted.is_empty() { "/".to_owned() } else { encoded(wanted) };
        if s.state.sent.get("orgUnitPath").and_then(Value::as_str) == Some(path.as_str()) {
            return Ok(not_kept(s, vec!["parentPath".into()]));
        }
        let look = Look::Unit { customer: customer.clone(), path: path.clone() };
        if !wanted.is_empty() && see(seen, Sight::Gapps(look))?.is_none() {
            let detail = "there is no such organizational unit ([policy] ou, or HR's parentPath); make it, then approve";
            let why = HeldWhy::Refused { why: Why::new(WhyKind::BadRequest).detail(detail) };
            return Ok((!s.state.allows(&why)).then(|| hold(why)));
        }
        let values = [("customerId", customer.as_str()), ("email", address.as_str())];
        let body = one("orgUnitPath", json!(path));
        Ok(Some(steps(step(Effect::Update, "orguser.update", &values, Some(body)))))
    }
}
