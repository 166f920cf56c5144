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
    /// [`Journal::accept`](crate::journal::Journal::accept). Writes by one statement at most, so that it is atomic by itself.
    pub fn accept(
        &mut self,
        delivery: &Delivery,
        key: &DeliveryId,
        dedupe_for: SignedDuration,
    ) -> Booked<Accepted, D> {
        let Some(seq) = self.next_number(delivery, key)? else { return Ok(Accepted::Duplicate) };
        self.run(
            ACCEPT,
            "INSERT INTO inbox (seq, id, key, until, source, received, trust, stamped, content_type, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &[
                seq.into(),
                delivery.id.as_str().into(),
                key.as_str().into(),
                expires(delivery, dedupe_for).into(),
                delivery.source.as_str().into(),
                cut(delivery.received).into(),
                trust(delivery.trust).into(),
                delivery.stamped.map(cut).into(),
                delivery.content_type.as_deref().into(),
                Param::Blob(&delivery.body),
            ],
        )?;
        Ok(Accepted::New)
    }

    /// Whether a delivery with this key that was received at this moment is a duplicate. Writes nothing.
    pub fn knows_key(&mut self, key: &DeliveryId, received: Timestamp) -> Booked<bool, D> {
        let known = "SELECT 'known' WHERE EXISTS (SELECT 1 FROM dedupe WHERE key = ?1 AND until > ?2)
                 OR EXISTS (SELECT 1 FROM inbox WHERE key = ?1 AND until > ?2)";
        Ok(self.one(ACCEPT, known, &[key.as_str().into(), cut(received).into()])?.is_some())
    }

    /// Whether a delivery with this id was accepted before. Writes nothing.
    pub fn knows_id(&mut self, id: &DeliveryId) -> Booked<bool, D> {
        let known = "SELECT 'known' WHERE EXISTS (SELECT 1 FROM inbox WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM deliveries WHERE id = ?1)";
        Ok(self.one(ACCEPT, known, &[id.as_str().into()])?.is_some())
    }

    /// How many keys there are, about: those of the backlog are not counted.
    pub fn count_keys(&mut self) -> Booked<i64, D> {
        let row = self.one(ACCEPT, "SELECT 0, count(*) FROM dedupe", &[])?;
        Ok(Fields::new("dedupe", row.unwrap_or_default()).int()?)
    }

    /// So many keys behind this one, in their order. Whoever goes on from the last until there are none has seen each that was there all the time.
    pub fn keys(&mut self, last: &str, at_most: usize) -> Booked<Vec<String>, D> {
        let rows = self.all(
            ACCEPT,
            "SELECT 0, key FROM inbox WHERE key > ?1 UNION ALL SELECT 0, key FROM dedupe WHERE key > ?1 ORDER BY 2 LIMIT ?2",
            &[last.into(), limit(at_most)],
        )?;
        Ok(rows.into_iter().map(|row| Fields::new("dedupe", row).text()).collect::<Result<_, _>>()?)
    }

    /// The last of all ids of deliveries, in their order as texts.
    pub fn newest(&mut self) -> Booked<Option<String>, D> {
        let sql = "SELECT 0, max(coalesce((SELECT max(id) FROM inbox), ''), coalesce((SELECT max(id) FROM deliveries), ''))";
        let newest =
            self.one(ACCEPT, sql, &[])?.map(|row| Fields::new("deliveries", row).text()).transpose()?;
        Ok(newest.filter(|id| !id.is_empty()))
    }

    /// Writes something that changes nothing, so that a commit that is flushed makes all before it durable; one that writes nothing is not
    /// flushed.
    pub fn touch(&mut self) -> Booked<(), D> {
        self.run(ACCEPT, "INSERT INTO dedupe (key, until) VALUES ('', 0) ON CONFLICT (key) DO NOTHING", &[])?;
        self.run(ACCEPT, "DELETE FROM dedupe WHERE key = ''", &[])
    }

    /// The number of a delivery that is new. Asked before the row is written: both in one statement would make SQLite keep a copy of
    /// what it is about to write.
    fn next_number(&mut self, delivery: &Delivery, key: &DeliveryId) -> Booked<Option<i64>, D> {
        let new = self.one(
            ACCEPT,
            "SELECT 'new', 1 + max(coalesce((SELECT max(seq) FROM inbox), 0), coalesce((SELECT max(seq) FROM deliveries), 0))
             WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE key = ?1 AND until > ?2)
                 AND NOT EXISTS (SELECT 1 FROM dedupe WHERE key = ?1 AND until > ?2)
                 AND NOT EXISTS (SELECT 1 FROM inbox WHERE id = ?3)
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE id = ?3)",
            &[key.as_str().into(), cut(delivery.received).into(), delivery.id.as_str().into()],
        )?;
        Ok(new.map(|row| Fields::new("inbox", row).int()).transpose()?)
    }

    /// [`Journal::backlog`](crate::journal::Journal::backlog).
    pub fn backlog(&mut self, at_most: usize) -> Booked<Vec<Delivery>, D> {
        let rows = self.all(
            BACKLOG,
            "SELECT seq, id, source, received, trust, stamped, content_type, body FROM inbox ORDER BY seq LIMIT ?1",
            &[limit(at_most)],
        )?;
        rows.into_iter()
            .map(|row| {
                let mut fields = Fields::new("inbox", row);
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
        let id = Param::Text(delivery.as_str());
        let waits = self.one(SORT, "SELECT seq, source, received, seq FROM inbox WHERE id = ?1", &[id])?;
        let first = waits.is_some();
        let row = match waits {
            Some(row) => row,
            None => {
                let sql = "SELECT seq, source, received, seq FROM deliveries WHERE id = ?1";
                let Some(row) = self.one(SORT, sql, &[id])? else { return Ok(()) };
                row
            }
        };
        let mut fields = Fields::new("deliveries", row);
        let origin = Origin { delivery, source: fields.id()?, received: fields.int()? };
        let seq = Param::Int(fields.int()?);

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
        if first {
            self.leave(seq, keep)
        } else if keep {
            Ok(())
        } else {
            self.run(SORT, "UPDATE deliveries SET body = NULL WHERE seq = ?1 AND body IS NOT NULL", &[seq])
        }
    }

    /// Takes a delivery off the backlog: its key to the keys, its head to the deliveries, its body only where it is to be kept.
    fn leave(&mut self, seq: Param<'_>, keep: bool) -> Booked<(), D> {
        self.run(
            SORT,
            "INSERT INTO dedupe (key, until) SELECT key, until FROM inbox WHERE seq = ?1 AND key IS NOT NULL
             ON CONFLICT (key) DO UPDATE SET until = max(until, excluded.until)",
            &[seq],
        )?;
        self.run(
            SORT,
            "INSERT INTO deliveries (seq, id, source, received, trust, stamped, content_type, body)
             SELECT seq, id, source, received, trust, stamped, content_type, CASE WHEN ?2 = 1 THEN body END
             FROM inbox WHERE seq = ?1",
            &[seq, i64::from(keep).into()],
        )?;
        self.run(SORT, "DELETE FROM inbox WHERE seq = ?1", &[seq])
    }

    /// [`Journal::replay`](crate::journal::Journal::replay).
    pub fn replay(&mut self, delivery: &DeliveryId) -> Booked<bool, D> {
        let id = Param::Text(delivery.as_str());
        if self.one(REPLAY, "SELECT seq FROM inbox WHERE id = ?1", &[id])?.is_some() {
            return Ok(true);
        }
        let row = self.one(
            REPLAY,
            "INSERT INTO inbox (seq, id, source, received, trust, stamped, content_type, body)
             SELECT seq, id, source, received, trust, stamped, content_type, body FROM deliveries
             WHERE id = ?1 AND body IS NOT NULL RETURNING seq",
            &[id],
        )?;
        if row.is_none() {
            return Ok(false);
        }
        self.run(REPLAY, "DELETE FROM deliveries WHERE id = ?1", &[id])?;
        Ok(true)
    }

    /// [`Journal::prune`](crate::journal::Journal::prune). A delivery that is to be replayed keeps its events, or its parts
    /// would be heard twice.
    pub fn prune(&mut self, before: Timestamp) -> Booked<(), D> {
        let before = Param::Int(cut(before));
        self.run(
            PRUNE,
            "DELETE FROM events WHERE status IN ('settled', 'dead') AND received < ?1
             AND delivery NOT IN (SELECT id FROM inbox)",
            &[before],
        )?;
        self.run(PRUNE, "DELETE FROM deliveries WHERE received < ?1", &[before])?;
        // Of keys not yet among the keys: the backlog is short, and its index holds nothing else.
        self.run(
            PRUNE,
            "UPDATE inbox SET key = NULL, until = NULL WHERE key > '' AND until <= ?1",
            &[before],
        )?;
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

/// Until when the key of this delivery is a duplicate: milliseconds since 1970.
pub fn expires(delivery: &Delivery, dedupe_for: SignedDuration) -> i64 {
    let span = i64::try_from(dedupe_for.as_millis()).unwrap_or(i64::MAX);
    cut(delivery.received).saturating_add(span).min(1 << 53)
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Low => "low",
        Trust::Proven => "proven",
    }
}
