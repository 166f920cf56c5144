//! The journal in memory, only read.

use std::convert::Infallible;

use people_model::time::Timestamp;
use people_model::{Email, Entry, PersonKey};

use super::{Memory, as_u32, cut};
use crate::journal::{Breaker, Journal, Peek, Permits};

impl Peek for Memory {
    type Error = Infallible;

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Infallible> {
        Journal::read(self, person).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Infallible> {
        Journal::account(self, person).await
    }

    async fn holder(&self, address: &Email) -> Result<Option<PersonKey>, Infallible> {
        Ok(self.state().claims.get(address).cloned())
    }

    async fn permits(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permits, Infallible> {
        let (state, now) = (self.state(), cut(now));
        let counts = |at: &Timestamp| now.duration_since(*at) < breaker.window;
        Ok(Permits {
            counts: state.permits.get(person).is_some_and(counts),
            count: as_u32(state.permits.values().filter(|at| counts(at)).count()),
            known: as_u32(state.claims.len()),
        })
    }

    async fn people(&self, after: Option<&PersonKey>, limit: usize) -> Result<Vec<PersonKey>, Infallible> {
        let state = self.state();
        let mut keys: Vec<(String, &PersonKey)> =
            state.people.keys().map(|key| (key.to_string(), key)).collect();
        keys.sort();
        let after = after.map(ToString::to_string);
        let from = keys.partition_point(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
        Ok(keys.into_iter().skip(from).take(limit).map(|(_, key)| key.clone()).collect())
    }
}
