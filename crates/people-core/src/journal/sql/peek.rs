//! What is asked without writing: who holds an address, how the breaker stands, who there is. Nobody asks at the edge.

use people_model::time::Timestamp;
use people_model::{Email, PersonKey};

use super::claims::after;
use super::row::{Fields, keys};
use super::{Book, Booked, Driver, limit, schema};
use crate::journal::{Breaker, Permits};

const PEOPLE: &str = "list people";

impl<D: Driver> Book<D> {
    /// [`Peek::people`](crate::journal::Peek::people).
    pub fn people(&mut self, after: Option<&PersonKey>, at_most: usize) -> Booked<Vec<PersonKey>, D> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let rows = self.all(
            PEOPLE,
            "SELECT id, key FROM people WHERE key > ?1 ORDER BY key LIMIT ?2",
            &[after.as_str().into(), limit(at_most)],
        )?;
        Ok(keys(rows)?)
    }

    /// [`Peek::permits`](crate::journal::Peek::permits).
    pub fn permits(&mut self, person: &PersonKey, now: Timestamp, breaker: &Breaker) -> Booked<Permits, D> {
        let after = after(now, breaker);
        let counts = self.counts(&person.to_string(), after)?;
        let (count, known) = self.so_many(after)?;
        Ok(Permits { counts, count, known })
    }

    /// [`Peek::holder`](crate::journal::Peek::holder).
    pub fn holder(&mut self, address: &Email) -> Booked<Option<PersonKey>, D> {
        self.claimed(address)
    }

    /// When a person is to be driven again.
    pub fn due_of(&mut self, person: &PersonKey) -> Booked<Option<Timestamp>, D> {
        let sql = "SELECT id, due FROM people WHERE key = ?1";
        let row = self.one("look up who is due", sql, &[person.to_string().as_str().into()])?;
        Ok(row.map(|row| Fields::new("people", row).maybe_moment()).transpose()?.flatten())
    }

    /// Whether the schema is that of this version, so that all can be asked without bringing it up to date.
    pub fn is_current(&mut self) -> Booked<bool, D> {
        let row = self.one("open its database", "SELECT 0, version FROM version", &[])?;
        let found = row.map(|row| Fields::new("version", row).int()).transpose()?;
        Ok(found.and_then(|found| usize::try_from(found).ok()) == Some(schema::MIGRATIONS.len()))
    }
}
