//! A roster as a delivery of its source, and its people.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use people_core::host::Host;
use people_core::journal::Sorted;
use people_core::mapping::MOST_RECORDS;
use people_core::source::{Delivery, Piece, SourceConfig};
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, Entry, PersonKey, Trust};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::cli::Reconcile;
use crate::cmd::fitting;
use crate::exit::Fail;
use crate::load::{LoadError, Rehearsal};

/// Who exports and reconciles at once need not be told of when the roster is.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// A roster, taken apart.
pub(super) struct Roster {
    /// What is accepted, should it be applied: each under a key that makes it another delivery than the same roster of another day.
    pub(super) deliveries: Vec<(DeliveryId, Delivery)>,
    /// Whom it names, in its order.
    pub(super) people: Vec<Person>,
    /// The parts that cannot be used: where, and why.
    pub(super) unusable: Vec<(String, String)>,
    /// How many parts are of no concern.
    pub(super) ignored: usize,
    /// When it was true, where something may have been heard since.
    pub(super) old: Option<Timestamp>,
}

/// A person of the roster.
pub(super) struct Person {
    pub(super) key: PersonKey,
    /// The kinds of what it says of them.
    pub(super) events: Vec<&'static str>,
    /// What would come into their log.
    pub(super) heard: Vec<Entry>,
}

impl Roster {
    /// Reads the roster by the code that reads deliveries of the source.
    pub(super) fn read(
        bridge: &Rehearsal,
        source: &SourceConfig,
        ask: &Reconcile,
        bytes: Vec<u8>,
        config: &Path,
    ) -> Result<Self, Fail> {
        let mut unusable = Vec::new();
        let (content_type, body) = match is_csv(&ask.roster, ask.content_type.as_deref()) {
            true => (Some("application/json".to_owned()), from_csv(&bytes, &mut unusable)?),
            false => (ask.content_type.clone(), bytes.into()),
        };
        let now = bridge.host.now();
        let as_of = as_of(ask, now)?;
        let deliveries = cut(body).into_iter().map(|body| {
            let mut fresh = [0; 16];
            bridge.host.entropy(&mut fresh);
            let delivery = Delivery {
                id: DeliveryId::received(&source.name, &fresh, now),
                source: source.name.clone(),
                received: now,
                // Whoever runs this administers the machine on which the proofs are checked.
                trust: Trust::Proven,
                stamped: Some(as_of),
                content_type: content_type.clone(),
                body,
            };
            (DeliveryId::of(&source.name, &fresh), delivery)
        });
        let deliveries: Vec<_> = deliveries.collect();
        let mut roster = Self {
            deliveries: Vec::new(),
            people: Vec::new(),
            unusable,
            ignored: 0,
            old: Some(as_of).filter(|as_of| as_of.duration_until(now) > FRESH),
        };
        let mut places: HashMap<PersonKey, usize> = HashMap::new();
        for (n, (_, delivery)) in deliveries.iter().enumerate() {
            roster.ignored += ignored(source, delivery, config)?;
            for part in bridge.parts(delivery) {
                roster.take(part, n * MOST_RECORDS, &mut places);
            }
        }
        roster.deliveries = deliveries;
        Ok(roster)
    }

    /// A part of a delivery that comes after so many records.
    fn take(&mut self, part: Sorted, after: usize, places: &mut HashMap<PersonKey, usize>) {
        match part {
            Sorted::Person { person: key, kind, entry, .. } => {
                let place = *places.entry(key.clone()).or_insert(self.people.len());
                if place == self.people.len() {
                    self.people.push(Person { key, events: Vec::new(), heard: Vec::new() });
                }
                if let Some(person) = self.people.get_mut(place) {
                    person.events.push(kind);
                    person.heard.push(entry);
                }
            }
            Sorted::Dead { id, why } => {
                let place = id.as_str().rsplit_once('.').and_then(|(_, n)| n.parse::<usize>().ok());
                self.unusable.push((format!("part {}", after + place.unwrap_or(0) + 1), why));
            }
        }
    }
}

/// When the roster was true. Nobody can have exported it after the file was written.
fn as_of(ask: &Reconcile, now: Timestamp) -> Result<Timestamp, Fail> {
    match ask.as_of {
        Some(later) if later > now => {
            Err(Fail::usage(format!("--as-of {later} lies in the future; say when the roster was exported")))
        }
        Some(as_of) => Ok(as_of),
        None => {
            let file = std::fs::metadata(&ask.roster).ok().filter(std::fs::Metadata::is_file);
            let written = file.and_then(|file| Timestamp::try_from(file.modified().ok()?).ok());
            Ok(written.map_or(now, |written| written.min(now)))
        }
    }
}

/// A list that is longer than a delivery may be, as several; anything else as it is.
fn cut(body: Bytes) -> Vec<Bytes> {
    let all = match body.trim_ascii_start().starts_with(b"[") {
        true => serde_json::from_slice::<Vec<&RawValue>>(&body).unwrap_or_default(),
        false => Vec::new(),
    };
    let lists = all.chunks(MOST_RECORDS).map(|list| serde_json::to_vec(list).map(Bytes::from));
    match lists.collect::<Result<Vec<_>, _>>() {
        Ok(lists) if lists.len() > 1 => lists,
        _ => vec![body],
    }
}

/// How many parts are of no concern.
fn ignored(source: &SourceConfig, delivery: &Delivery, config: &Path) -> Result<usize, Fail> {
    // Without its secrets, as for `people plan`: nothing is proven here.
    let built = fitting::build(source)
        .map_err(|error| Fail::from(LoadError::Config { path: config.to_owned(), error }))?;
    let mut count = 0;
    built.pieces(delivery, &mut |piece| count += usize::from(matches!(piece, Piece::Ignored(_))));
    Ok(count)
}

fn is_csv(path: &Path, content_type: Option<&str>) -> bool {
    match content_type {
        Some(media) => media.split(';').next().is_some_and(|m| m.trim().eq_ignore_ascii_case("text/csv")),
        None => path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")),
    }
}

/// A line for each record, named by the first one, as an array of objects. A line that does not fit is left out and listed.
fn from_csv(bytes: &[u8], unusable: &mut Vec<(String, String)>) -> Result<Bytes, Fail> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let place =
        |error: &csv::Error| error.position().map_or_else(String::new, |at| format!("line {}", at.line()));
    let head = reader
        .headers()
        .map_err(|error| Fail::input(format!("the roster is not CSV: {}; save it as UTF-8", place(&error))))?
        .clone();
    for (n, name) in head.iter().enumerate() {
        if name.is_empty() || head.iter().take(n).any(|other| other == name) {
            let column = n + 1;
            return Err(Fail::input(format!(
                "the roster's first line names the columns, and column {column} has no name of its own; name it"
            )));
        }
    }
    let mut all = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) if record.len() == head.len() => {
                let members = head.iter().zip(&record).map(|(name, text)| (name.to_owned(), text.into()));
                all.push(Value::Object(members.collect::<Map<_, _>>()));
            }
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let problem = format!(
                    "it has {} columns and the first line {}; quote cells that hold commas",
                    record.len(),
                    head.len()
                );
                unusable.push((format!("line {line}"), problem));
            }
            Err(error) => unusable.push((place(&error), "it cannot be read; save the file as UTF-8".into())),
        }
    }
    let json = serde_json::to_vec(&all).map_err(|error| Fail::failed(error.to_string()))?;
    Ok(json.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_an_object_and_a_bad_one_stops_no_other() {
        let csv = "\u{feff}id, givenName,title\n1,Ana,\"Clerk, senior\"\n2,Ben\n3,Cat,\n";
        let mut unusable = Vec::new();
        let json: Value = serde_json::from_slice(&from_csv(csv.as_bytes(), &mut unusable).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!([{"id": "1", "givenName": "Ana", "title": "Clerk, senior"},
                {"id": "3", "givenName": "Cat", "title": ""}])
        );
        assert_eq!(unusable.len(), 1);
        assert_eq!(unusable[0].0, "line 3");
    }

    #[test]
    fn columns_without_a_name_of_their_own_are_refused() {
        for csv in ["id,id\n1,2\n", "id,\n1,2\n"] {
            let fail = from_csv(csv.as_bytes(), &mut Vec::new()).unwrap_err();
            assert!(fail.text.contains("column 2"), "{}", fail.text);
        }
    }

    #[test]
    fn a_list_that_is_too_long_for_a_delivery_is_cut() {
        let list = |n: usize| Bytes::from(serde_json::to_vec(&(0..n).collect::<Vec<_>>()).unwrap());
        for (n, lengths) in [(MOST_RECORDS, vec![MOST_RECORDS]), (MOST_RECORDS + 1, vec![MOST_RECORDS, 1])] {
            let parts = cut(list(n)).into_iter();
            let parts: Vec<Vec<usize>> = parts.map(|part| serde_json::from_slice(&part).unwrap()).collect();
            assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            assert!(parts.concat().into_iter().eq(0..n));
        }
        for other in ["", "[1,", "{\"events\": []}"] {
            assert_eq!(cut(Bytes::from(other)), [other]);
        }
    }

    #[test]
    fn csv_is_known_by_its_type_or_else_its_name() {
        for (path, media, csv) in [
            ("a.csv", None, true),
            ("a.CSV", None, true),
            ("-", Some("text/csv; charset=utf-8"), true),
            ("a.csv", Some("application/json"), false),
            ("a.json", None, false),
        ] {
            assert_eq!(is_csv(Path::new(path), media), csv, "{path} {media:?}");
        }
    }
}
