//! The list of events, and the figures.

use super::row::Fields;
use super::{Book, Booked, Driver, Row, Stored, limit};
use crate::journal::{EventRow, Filter, Stats, Status};

const EVENTS: &str = "list events";
const STATS: &str = "count";

/// The columns of a line, joined with the person where there is one.
macro_rules! lines {
    ($from:literal, $limit:literal) => {
        concat!(
            "SELECT e.seq, e.id, e.source, coalesce(p.tag, ''), e.kind, e.received, e.status, e.note ",
            $from,
            " ORDER BY e.received DESC, e.seq DESC LIMIT ",
            $limit
        )
    };
}

// One text for each index that can lead.
const BY_ID: &str = lines!(
    "FROM events e LEFT JOIN people p ON p.id = e.person WHERE (e.id = ?1 OR e.delivery = ?1)
     AND (?2 IS NULL OR e.status = ?2) AND (?3 IS NULL OR p.tag = ?3)",
    "?4"
);
const BY_PERSON: &str = lines!(
    "FROM people p JOIN events e ON e.person = p.id WHERE p.tag = ?1 AND (?2 IS NULL OR e.status = ?2)",
    "?3"
);
const BY_STATUS: &str =
    lines!("FROM events e LEFT JOIN people p ON p.id = e.person WHERE e.status = ?1", "?2");
const NEWEST: &str = lines!("FROM events e LEFT JOIN people p ON p.id = e.person", "?1");

impl<D: Driver> Book<D> {
    /// [`Journal::events`](crate::journal::Journal::events).
    pub fn events(&mut self, filter: &Filter) -> Booked<Vec<EventRow>, D> {
        let limit = limit(if filter.limit == 0 { 100 } else { filter.limit });
        let status = filter.status.map(Status::as_str);
        let rows = match (filter.id.as_deref(), filter.person.as_deref(), status) {
            (Some(id), person, status) => {
                self.all(EVENTS, BY_ID, &[id.into(), status.into(), person.into(), limit])
            }
            (None, Some(person), status) => {
                self.all(EVENTS, BY_PERSON, &[person.into(), status.into(), limit])
            }
            (None, None, Some(status)) => self.all(EVENTS, BY_STATUS, &[status.into(), limit]),
            (None, None, None) => self.all(EVENTS, NEWEST, &[limit]),
        }?;
        Ok(rows.into_iter().map(line).collect::<Result<_, _>>()?)
    }

    /// [`Journal::stats`](crate::journal::Journal::stats).
    pub fn stats(&mut self) -> Booked<Stats, D> {
        let mut stats = Stats::default();
        for row in self.all(
            STATS,
            "SELECT name, name, n FROM counters UNION ALL SELECT 'backlog', 'backlog', count(*) FROM inbox",
            &[],
        )? {
            let mut fields = Fields::new("counters", row);
            let name = fields.text()?;
            let n = u64::try_from(fields.int()?).map_err(|_| fields.bad("a count is negative"))?;
            match name.as_str() {
                "backlog" => stats.backlog = n,
                "people" => stats.people = n,
                "accounts" => stats.accounts = n,
                status => {
                    let mut slots = Status::ALL.into_iter().zip(&mut stats.events);
                    if let Some((_, slot)) = slots.find(|(known, _)| known.as_str() == status) {
                        *slot = n;
                    }
                }
            }
        }
        Ok(stats)
    }
}

fn line(row: Row) -> Result<EventRow, Stored> {
    let mut fields = Fields::new("events", row);
    Ok(EventRow {
        id: fields.id()?,
        source: fields.id()?,
        person: fields.text()?,
        kind: fields.text()?,
        received: fields.moment()?,
        status: match Status::parse(&fields.text()?) {
            Some(status) => status,
            None => return Err(fields.bad("a status that this version does not know")),
        },
        note: fields.text()?,
    })
}
