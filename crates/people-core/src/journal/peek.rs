//! What can be asked of a journal without writing to it: enough for a rehearsal, and for a list of everybody. At the edge nobody asks.

use people_model::time::Timestamp;
use people_model::{Email, Entry, PersonKey};

use super::Breaker;

/// A journal that is only read. No `Send` bound, on purpose.
#[expect(async_fn_in_trait, reason = "no Send bound, like that of the journal")]
pub trait Peek {
    /// What can go wrong. Its text names no person.
    type Error: std::error::Error + 'static;

    /// A person's whole log.
    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Self::Error>;

    /// The address that a person has claimed.
    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Self::Error>;

    /// Who has claimed an address.
    async fn holder(&self, address: &Email) -> Result<Option<PersonKey>, Self::Error>;

    /// How the breaker stands, without asking it.
    async fn permits(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permits, Self::Error>;

    /// People heard of, in the order of their keys as texts: at most so many of those after this one.
    async fn people(&self, after: Option<&PersonKey>, limit: usize) -> Result<Vec<PersonKey>, Self::Error>;
}

/// How the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permits {
    /// This person counts in the window already.
    pub counts: bool,
    /// How many count.
    pub count: u32,
    /// How many people have a known account.
    pub known: u32,
}
