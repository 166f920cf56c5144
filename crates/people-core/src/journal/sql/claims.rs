//! Addresses, each of one person, and the breaker on people losing access.

use people_model::time::Timestamp;
use people_model::{Email, PersonKey};

use super::row::Fields;
use super::{Book, Booked, Driver, cut};
use crate::journal::{Breaker, Permit};

const CLAIM: &str = "claim an address";
const ACCOUNT: &str = "look up an account";
const PERMIT: &str = "ask the breaker";

impl<D: Driver> Book<D> {
    /// [`Journal::claim`](crate::journal::Journal::claim).
    pub fn claim(
        &mut self,
        address: &Email,
        person: &PersonKey,
        force: bool,
        now: Timestamp,
    ) -> Booked<PersonKey, D> {
        let key = person.to_string();
        match self.claimed(address)? {
            Some(holder) if holder == *person => {}
            Some(holder) if !force => return Ok(holder),
            _ => {
                self.run(
                    CLAIM,
                    "DELETE FROM claims WHERE address = ?1 OR person = ?2",
                    &[address.as_str().into(), key.as_str().into()],
                )?;
                self.run(
                    CLAIM,
                    "INSERT INTO claims (address, person) VALUES (?1, ?2)",
                    &[address.as_str().into(), key.as_str().into()],
                )?;
            }
        }
        self.run(
            CLAIM,
            "UPDATE people SET due = min(coalesce(due, ?2), ?2), waits_for = NULL WHERE waits_for = ?1",
            &[key.as_str().into(), cut(now).into()],
        )?;
        Ok(person.clone())
    }

    /// [`Journal::account`](crate::journal::Journal::account).
    pub fn account(&mut self, person: &PersonKey) -> Booked<Option<Email>, D> {
        let row = self.one(
            ACCOUNT,
            "SELECT 'of a person', address FROM claims WHERE person = ?1",
            &[person.to_string().as_str().into()],
        )?;
        Ok(row.map(|row| Fields::new("claims", row).id()).transpose()?)
    }

    /// [`Journal::permit`](crate::journal::Journal::permit).
    pub fn permit(&mut self, person: &PersonKey, now: Timestamp, breaker: &Breaker) -> Booked<Permit, D> {
        let (key, after) = (person.to_string(), after(now, breaker));
        if self.counts(&key, after)? {
            return Ok(Permit::Granted);
        }
        let (count, known) = self.so_many(after)?;
        let limit = breaker.limit(known);
        if count >= limit {
            return Ok(Permit::Tripped { count, limit });
        }
        self.run(
            PERMIT,
            "INSERT INTO permits (person, at) VALUES (?1, ?2) ON CONFLICT (person) DO UPDATE SET at = excluded.at",
            &[key.as_str().into(), cut(now).into()],
        )?;
        Ok(Permit::Granted)
    }

    /// Who has claimed an address.
    pub(super) fn claimed(&mut self, address: &Email) -> Booked<Option<PersonKey>, D> {
        let row = self.one(
            CLAIM,
            "SELECT 'of an address', person FROM claims WHERE address = ?1",
            &[address.as_str().into()],
        )?;
        Ok(row.map(|row| Fields::new("claims", row).id()).transpose()?)
    }

    /// Whether the person with this key counts in the breaker's window, which begins after that.
    pub(super) fn counts(&mut self, key: &str, after: i64) -> Booked<bool, D> {
        let counts = self.one(
            PERMIT,
            "SELECT 1 FROM permits WHERE person = ?1 AND at > ?2",
            &[key.into(), after.into()],
        )?;
        Ok(counts.is_some())
    }

    /// How many count in the breaker's window, and how many people have a known account.
    pub(super) fn so_many(&mut self, after: i64) -> Booked<(u32, u32), D> {
        let known = self.number(PERMIT, "SELECT '', n FROM counters WHERE name = 'accounts'", &[])?;
        let count = self.number(PERMIT, "SELECT '', count(*) FROM permits WHERE at > ?1", &[after.into()])?;
        Ok((count, known))
    }

    fn number(
        &mut self,
        operation: &'static str,
        sql: &'static str,
        params: &[super::Param<'_>],
    ) -> Booked<u32, D> {
        let row = self.one(operation, sql, params)?.unwrap_or_default();
        Ok(u32::try_from(Fields::new("counters", row).int()?).unwrap_or(u32::MAX))
    }
}

/// The moment at which the breaker's window begins, as stored.
pub(super) fn after(now: Timestamp, breaker: &Breaker) -> i64 {
    let window = i64::try_from(breaker.window.as_millis()).unwrap_or(i64::MAX);
    cut(now).saturating_sub(window).max(-(1 << 53))
}
