//! Deliveries: accepted, waiting on the backlog, taken apart, kept for a replay, forgotten.

use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, PersonKey, SourceName, Trust};

use super::row::Fields;
use super::{Book, BookError, Booked, Driver, Param, cut, limit};
use crate::journal::{Accepted, Sorted, Status};
use crate::source::Delivery;

const ACCEPT: &str = "accept a delivery";
const BACKLOG: &str = "list the backlog";
const SORT: &str = "sort a delivery";
const REPLAY: &str = "replay a delivery";
const PRUNE: &str = "prune";

/// What a delivery hands on to its events.
struct Origin<'a> {
    delivery: &'a DeliveryId,
    source: SourceName,
    received: i64,
}

impl<D: Driver> Book<D> {
    /// [`Journal::accept`](crate::journal::Journal::accept).
    pub fn accept(
        &mut self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Booked<Accepted, D> {
        let received = cut(delivery.received);
        let span = i64::try_from(dedupe_for.as_millis()).unwrap_or(i64::MAX);
        let until = received.saturating_add(span).min(1 << 53);
        let known = self.one(
            ACCEPT,
            "SELECT 1 FROM dedupe WHERE key = ?1 AND until > ?2",
            &[key.as_str().into(), received.into()],
        )?;
        if known.is_some() {
            return Ok(Accepted::Duplicate);
        }
        let new = self.one(
            ACCEPT,
            "INSERT INTO deliveries (id, source, received, trust, stamped, content_type, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING RETURNING seq",
            &[
                delivery.id.as_str().into(),
                delivery.source.as_str().into(),
                received.into(),
                trust(delivery.trust).into(),
                delivery.stamped.map(cut).into(),
                delivery.content_type.as_deref().into(),
                Param::Blob(&delivery.body),
            ],
        )?;
        if new.is_none() {
            return Ok(Accepted::Duplicate);
        }
        self.run(
            ACCEPT,
            "INSERT INTO dedupe (key, until) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET until = excluded.until",
            &[key.as_str().into(), until.into()],
        )?;
        Ok(Accepted::New)
    }

    /// [`Journal::backlog`](crate::journal::Journal::backlog).
    pub fn backlog(&mut self, at_most: usize) -> Booked<Vec<Delivery>, D> {
        let rows = self.all(
            BACKLOG,
            "SELECT seq, id, source, received, trust, stamped, content_type, body
             FROM deliveries WHERE sorted = 0 ORDER BY seq LIMIT ?1",
            &[limit(at_most)],
        )?;
        rows.into_iter()
            .map(|row| {
                let mut fields = Fields::new("deliveries", row);
                Ok(Delivery {
                    id: fields.id()?,
                    source: fields.id()?,
                    received: fields.moment()?,
                    trust: match fields.text()?.as_str() {
                        "low" => Trust::Low,
                        "proven" => Trust::Proven,
                        _ => return Err(fields.bad("a trust that this version does not know").into()),
                    },
                    stamped: fields.maybe_moment()?,
                    content_type: fields.maybe_text()?,
                    body: fields.blob()?.into(),
                })
            })
            .collect()
    }

    /// [`Journal::sort`](crate::journal::Journal::sort).
    pub fn sort(&mut self, delivery: &DeliveryId, parts: &[Sorted], now: Timestamp) -> Booked<(), D> {
        let Some(row) = self.one(
            SORT,
            "SELECT seq, source, received FROM deliveries WHERE id = ?1",
            &[delivery.as_str().into()],
        )?
        else {
            return Ok(());
        };
        let mut fields = Fields::new("deliveries", row);
        let origin = Origin { delivery, source: fields.id()?, received: fields.int()? };

        self.run(
            SORT,
            "DELETE FROM events WHERE delivery = ?1 AND person IS NULL",
            &[delivery.as_str().into()],
        )?;
        let mut keep = false;
        for part in parts {
            match part {
                Sorted::Person { id, person, kind, entry } => {
                    let (number, length) = self.known(SORT, person)?;
                    let new = self.one(
                        SORT,
                        "INSERT INTO events (id, delivery, source, person, kind, received, status, note)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '') ON CONFLICT (id, person) DO NOTHING RETURNING seq",
                        &[
                            id.as_str().into(),
                            origin.delivery.as_str().into(),
                            origin.source.as_str().into(),
                            number.into(),
                            (*kind).into(),
                            origin.received.into(),
                            Status::Queued.as_str().into(),
                        ],
                    )?;
                    if new.is_some() {
                        self.write(SORT, number, length, std::slice::from_ref(entry))?;
                        self.run(
                            SORT,
                            "UPDATE people SET length = length + 1, due = min(coalesce(due, ?2), ?2) WHERE id = ?1",
                            &[number.into(), cut(now).into()],
                        )?;
                    }
                }
                Sorted::Dead { id, why } => {
                    keep = true;
                    self.run(
                        SORT,
                        "INSERT INTO events (id, delivery, source, person, kind, received, status, note)
                         SELECT ?1, ?2, ?3, NULL, 'unknown', ?4, ?5, ?6
                         WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?1)",
                        &[
                            id.as_str().into(),
                            origin.delivery.as_str().into(),
                            origin.source.as_str().into(),
                            origin.received.into(),
                            Status::Dead.as_str().into(),
                            why.as_str().into(),
                        ],
                    )?;
                }
            }
        }
        self.run(
            SORT,
            "UPDATE deliveries SET sorted = 1, body = CASE WHEN ?2 = 1 THEN body END WHERE id = ?1",
            &[delivery.as_str().into(), i64::from(keep).into()],
        )
    }

    /// [`Journal::replay`](crate::journal::Journal::replay).
    pub fn replay(&mut self, delivery: &DeliveryId) -> Booked<bool, D> {
        let row = self.one(
            REPLAY,
            "UPDATE deliveries SET sorted = 0 WHERE id = ?1 AND body IS NOT NULL RETURNING seq",
            &[delivery.as_str().into()],
        )?;
        Ok(row.is_some())
    }

    /// [`Journal::prune`](crate::journal::Journal::prune). A delivery that is to be replayed keeps its events, or its parts
    /// would be heard twice.
    pub fn prune(&mut self, before: Timestamp) -> Booked<(), D> {
        let before = Param::Int(cut(before));
        self.run(
            PRUNE,
            "DELETE FROM events WHERE status IN ('settled', 'dead') AND received < ?1
             AND delivery NOT IN (SELECT id FROM deliveries WHERE sorted = 0)",
            &[before],
        )?;
        self.run(PRUNE, "DELETE FROM deliveries WHERE sorted = 1 AND received < ?1", &[before])?;
        self.run(PRUNE, "DELETE FROM dedupe WHERE until <= ?1", &[before])
    }

    /// The number of a person and the length of the log; a person never heard of is entered.
    pub(super) fn known(&mut self, operation: &'static str, person: &PersonKey) -> Booked<(i64, i64), D> {
        let key = person.to_string();
        let row = match self.one(
            operation,
            "SELECT id, id, length FROM people WHERE key = ?1",
            &[key.as_str().into()],
        )? {
            Some(row) => Some(row),
            None => self.one(
                operation,
                "INSERT INTO people (key, tag) VALUES (?1, ?2) RETURNING id, id, length",
                &[key.as_str().into(), person.tag().as_str().into()],
            )?,
        };
        let mut fields = Fields::new("people", row.unwrap_or_default());
        Ok((fields.int()?, fields.int().map_err(BookError::from)?))
    }
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Low => "low",
        Trust::Proven => "proven",
    }
}
