//! The address follows the one that HR names, where policy says so; the old one stays as a nickname.

use people_model::{Effect, Email, HeldWhy, Members};
use serde_json::{Value, json};

use super::follow::Provisioning;
use super::plan::{hold, not_kept, steps};
use super::wanted::{one, step, update};
use crate::engine::{Seen, Situation};
use crate::policy::NameChange;
use crate::target::find::{Accounts, named, reserve, see};
use crate::target::{Plan, Sight};

/// How often a name that is refused and not to be seen is tried.
const PATIENCE: u32 = 4;

impl Provisioning {
    /// The address before is a nickname now. Servers are recorded to see to that themselves; one that does not is helped.
    pub(super) fn former(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
    ) -> Result<Option<Plan>, Plan> {
        let renamed = s.state.renamed.as_ref().filter(|renamed| renamed.to == *address);
        let Some(renamed) = renamed.filter(|renamed| renamed.from.domain() == address.domain()) else {
            return Ok(None);
        };
        // It is to be the account's own address again.
        let back = self.target(s, address).is_some_and(|target| target == renamed.from);
        if back || see(seen, Sight::Alias(renamed.from.clone()))?.is_some() {
            return Ok(None);
        }
        let nickname = renamed.from.local();
        if s.state.sent.get("nickname").and_then(Value::as_str) == Some(nickname) {
            return Ok(not_kept(s, vec!["nickname".into()]));
        }
        let mut body = one("nickname", json!(nickname));
        body.insert("userName".into(), json!(address.local()));
        let values = [("domain", address.domain())];
        Ok(Some(steps(step(Effect::Update, "nickname.create", &values, Some(body)))))
    }

    /// The address that the account should have, where that is another one.
    fn target(&self, s: &Situation<'_>, address: &Email) -> Option<Email> {
        let target = named(&self.domain, s).filter(|named| named != address)?;
        (s.policy.name_change != NameChange::Keep).then_some(target)
    }

    pub(super) fn rename(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
        entry: &Members,
    ) -> Result<Option<Plan>, Plan> {
        let Some(target) = self.target(s, address).filter(|_| !s.state.allows(&HeldWhy::Collision)) else {
            return Ok(None);
        };
        let tried = s.state.renamed.as_ref();
        if tried.is_some_and(|tried| tried.done && tried.from == *address && tried.to == target) {
            return Ok(not_kept(s, vec!["userName".into()]));
        }
        // A user stays in their domain.
        if target.domain() != address.domain() {
            let why = HeldWhy::Policy { key: "name_change".into() };
            return Ok((!s.state.allows(&why)).then(|| hold(why)));
        }
        if see(seen, Sight::User(target.clone()))?.is_some() {
            return Ok(Some(hold(HeldWhy::Collision)));
        }
        if let Some(shown) = see(seen, Sight::Alias(target.clone()))? {
            if self.owner(&target, shown).as_ref() != Some(address) {
                return Ok(Some(hold(HeldWhy::Collision)));
            }
            // Their own nickname: it has to go before it can be the address. Acknowledged and still there: not kept.
            if s.state.sent.contains_key("gapps.nickname.delete") {
                return Ok(not_kept(s, vec!["nickname".into()]));
            }
            let values = [("domain", target.domain()), ("nickname", target.local())];
            return Ok(Some(steps(step(Effect::Update, "nickname.delete", &values, None))));
        }
        // Something that no look shows has the name, such as a group; or a nickname that was deleted has not gone yet.
        let tries = s.state.tries.map_or(0, |tries| tries.count);
        let refused = s.state.taken.contains(&target) && tries >= PATIENCE;
        if refused || !reserve(seen, &target)? {
            return Ok(Some(hold(HeldWhy::Collision)));
        }
        let changes = one("userName", json!(target.local()));
        Ok(Some(steps(update(Effect::Rename { address: target }, address, entry, changes))))
    }
}
