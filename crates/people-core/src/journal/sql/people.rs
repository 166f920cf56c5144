//! The logs of people, when each is due, and how one is found.

use people_model::time::Timestamp;
use people_model::{Entry, PersonKey};

use super::row::{Fields, keys};
use super::{Book, Booked, Driver, Param, Stored, cut, limit, up};
use crate::journal::{Appended, Mark};

const READ: &str = "read a log";
const APPEND: &str = "append to a log";
const DUE: &str = "list who is due";
const FIND: &str = "find a person";

impl<D: Driver> Book<D> {
    /// [`Journal::read`](crate::journal::Journal::read).
    pub fn read(&mut self, person: &PersonKey) -> Booked<Vec<Entry>, D> {
        let rows = self.all(
            READ,
            "SELECT p.id || '/' || l.n, l.entry FROM people p JOIN log l ON l.person = p.id WHERE p.key = ?1 ORDER BY l.n",
            &[person.to_string().as_str().into()],
        )?;
        Ok(rows.into_iter().map(|row| Fields::new("log", row).entry()).collect::<Result<_, _>>()?)
    }

    /// [`Journal::append`](crate::journal::Journal::append).
    pub fn append(
        &mut self,
        person: &PersonKey,
        at: usize,
        entries: &[Entry],
        mark: &Mark,
    ) -> Booked<Appended, D> {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let (number, length) = if at == 0 {
            self.known(APPEND, person)?
        } else {
            let key = person.to_string();
            let sql = "SELECT id, id, length FROM people WHERE key = ?1";
            match self.one(APPEND, sql, &[key.as_str().into()])? {
                None => return Ok(Appended::Raced),
                Some(row) => {
                    let mut fields = Fields::new("people", row);
                    (fields.int()?, fields.int()?)
                }
            }
        };
        if length != at {
            return Ok(Appended::Raced);
        }
        self.write(APPEND, number, length, entries)?;

        // An account that became known between the look and this append would wake nobody any more.
        let mut waits_for = mark.waits_for.as_ref().map(ToString::to_string);
        let mut due = mark.due.map(up);
        if let Some(key) = &waits_for {
            let sql = "SELECT 1 FROM claims WHERE person = ?1";
            if self.one(APPEND, sql, &[key.as_str().into()])?.is_some() {
                (waits_for, due) = (None, Some(0));
            }
        }
        let grown = length.saturating_add(i64::try_from(entries.len()).unwrap_or(i64::MAX));
        self.run(
            APPEND,
            "UPDATE people SET length = ?2, due = ?3, waits_for = ?4 WHERE id = ?1",
            &[number.into(), grown.into(), due.into(), waits_for.as_deref().into()],
        )?;
        self.run(
            APPEND,
            "UPDATE events SET status = ?2, note = ?3 WHERE person = ?1 AND status NOT IN ('settled', 'dead')",
            &[number.into(), mark.status.as_str().into(), mark.note.as_str().into()],
        )?;
        Ok(Appended::Done)
    }

    /// Writes entries into a log that has so many. The caller counts them in `people`.
    pub(super) fn write(
        &mut self,
        operation: &'static str,
        number: i64,
        length: i64,
        entries: &[Entry],
    ) -> Booked<(), D> {
        for (n, entry) in (length..).zip(entries) {
            let json = serde_json::to_string(entry).map_err(|_| Stored {
                table: "log",
                row: format!("{number}/{n}"),
                problem: "the new entry cannot be written as JSON".to_owned(),
            })?;
            self.run(
                operation,
                "INSERT INTO log (person, n, entry) VALUES (?1, ?2, ?3)",
                &[number.into(), n.into(), json.as_str().into()],
            )?;
        }
        Ok(())
    }

    /// [`Journal::due`](crate::journal::Journal::due).
    pub fn due(&mut self, now: Timestamp, at_most: usize) -> Booked<Vec<PersonKey>, D> {
        let rows = self.all(
            DUE,
            "SELECT id, key FROM people WHERE due <= ?1 ORDER BY due, id LIMIT ?2",
            &[cut(now).into(), limit(at_most)],
        )?;
        Ok(keys(rows)?)
    }

    /// [`Journal::next_due`](crate::journal::Journal::next_due).
    pub fn next_due(&mut self) -> Booked<Option<Timestamp>, D> {
        let row =
            self.one(DUE, "SELECT id, due FROM people WHERE due IS NOT NULL ORDER BY due LIMIT 1", &[])?;
        Ok(row.map(|row| Fields::new("people", row).moment()).transpose()?)
    }

    /// [`Journal::recover`](crate::journal::Journal::recover).
    pub fn recover(&mut self, now: Timestamp) -> Booked<(), D> {
        self.run(
            "recover",
            "UPDATE people SET due = ?1 WHERE due > ?1 AND id IN (SELECT person FROM events WHERE status = 'working')",
            &[Param::Int(up(now))],
        )
    }

    /// [`Journal::find`](crate::journal::Journal::find).
    pub fn find(&mut self, wanted: &str) -> Booked<Option<PersonKey>, D> {
        let mut rows =
            self.all(FIND, "SELECT id, key FROM people WHERE tag = ?1 OR key = ?1", &[wanted.into()])?;
        if rows.is_empty() {
            rows = self.all(
                FIND,
                "SELECT p.id, p.key FROM events e JOIN people p ON p.id = e.person WHERE e.id = ?1
                 ORDER BY e.seq DESC LIMIT 1",
                &[wanted.into()],
            )?;
        }
        Ok(keys(rows)?.into_iter().next())
    }
}
