//! Dates of HR systems and the moments they mean.
//!
//! An HR date such as `2026-04-01` is a calendar day where the worker works; it becomes a moment only together with
//! a time zone. Nothing here reads a clock.

mod fields;
mod text;

pub use fields::{at, clock, day, length, maybe_at, maybe_day};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
pub use jiff::{SignedDuration, Timestamp, civil};

/// Reads a date as HR systems write it: `YYYY-MM-DD`, or an RFC 3339 date-time whose calendar day counts and whose time and
/// offset do not (vendors write midnight UTC for a plain day, so shifting it by zone would move the day).
///
/// ```
/// use people_model::time::parse_date;
/// assert_eq!(parse_date("2026-04-01T00:00:00.000Z"), parse_date("2026-04-01"));
/// assert!(parse_date("0000-00-00").is_none());
/// ```
pub fn parse_date(text: &str) -> Option<Date> {
    let text = trimmed(text);
    let day = text.get(..10)?;
    match text.as_bytes().get(10) {
        None | Some(b'T' | b't' | b' ') => text::day(day),
        Some(_) => None,
    }
}

/// Reads a moment: RFC 3339, or the same without offset (taken as UTC, as HiBob writes it).
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    text::timestamp(trimmed(text), true)
}

/// Without white space around it. Nearly always there is none.
pub fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Reads a moment that has an offset (RFC 3339), and nothing around it.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    text::timestamp(text, false)
}

/// Reads the date of an HTTP header as it is sent today (RFC 9110, IMF-fixdate): `Fri, 02 Jan 2026 03:05:05 GMT`. The day of the week is not
/// held against the date.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let rest = text.trim().strip_suffix(" GMT")?.split_once(", ")?.1;
    let mut words = rest.split(' ');
    let mut word = || words.next();
    let (day, month, year, time) = (word()?, word()?, word()?, word()?);
    let month = MONTHS.match_indices(month).find(|(at, found)| at % 3 == 0 && found.len() == 3)?.0 / 3 + 1;
    let date = civil::Date::new(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?).ok()?;
    let mut parts = time.split(':').map(|part| part.parse::<i8>().ok());
    let mut part = || parts.next().flatten();
    let time = Time::new(part()?, part()?, part()?.min(59), 0).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Looks a zone up by its IANA name, or says that there is none of that name.
pub fn zone(name: &str) -> Option<TimeZone> {
    crate::zones::zone(name.trim())
}

/// Whether there is a zone of this name.
pub fn is_zone(name: &str) -> bool {
    crate::zones::is_zone(name.trim())
}

/// The moment at which `time` is reached on `day` in `zone`. In a gap (clocks put forward) it is the first moment after it.
pub fn moment(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_zoned(day.to_datetime(time)).later().ok().map(|zoned| zoned.timestamp())
}

/// Whether `time` on `day` is over at that moment, wherever it is meant: [`moment`] in any zone is not after it. `false` may be wrong for some
/// hours. Costs next to nothing.
pub fn over_everywhere(day: Date, time: Time, at: Timestamp) -> bool {
    // No zone is more than 12 hours behind UTC; clocks are put forward by 2 at most.
    const LAST: i64 = 14 * 3600;
    let time = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()) + 1;
    i64::from(text::days(day)) * 86_400 + time + LAST <= at.as_second()
}

/// The first moment after `day` has ended in `zone`.
pub fn end_of_day(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    moment(day.tomorrow().ok()?, Time::midnight(), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_person_works() {
        let day = parse_date("2026-05-14").unwrap();
        let end = |name| end_of_day(day, &zone(name).unwrap()).unwrap().to_string();
        assert_eq!(end("Australia/Melbourne"), "2026-05-14T14:00:00Z");
        assert_eq!(end("America/Los_Angeles"), "2026-05-15T07:00:00Z");
    }

    #[test]
    fn what_is_over_everywhere_is_over_in_every_zone() {
        let zones = ["Etc/GMT+12", "America/Los_Angeles", "UTC", "Antarctica/Troll", "Pacific/Kiritimati"];
        for day in
            ["2026-03-28", "2026-03-29", "2026-05-14", "2026-12-31"].map(parse_date).map(Option::unwrap)
        {
            for time in [Time::midnight(), civil::time(2, 30, 0, 0), civil::time(23, 59, 59, 1)] {
                let last = zones
                    .map(|name| moment(day, time, &zone(name).unwrap()).unwrap())
                    .into_iter()
                    .max()
                    .unwrap();
                let after = |hours| last.saturating_add(SignedDuration::from_hours(hours)).unwrap();
                let just = after(0).saturating_sub(SignedDuration::from_nanos(1)).unwrap();
                assert!(
                    !over_everywhere(day, time, just) && over_everywhere(day, time, after(3)),
                    "{day} {time}"
                );
            }
        }
    }

    #[test]
    fn dates_that_are_none() {
        for bad in ["", "2026-13-01", "2026-02-30", "01.04.2026", "2026-04-01x", "2026-04-0é", "tomorrow"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_date_of_a_header() {
        let read = |text| parse_http_date(text).map(|at| at.to_string());
        assert_eq!(read("Fri, 02 Jan 2026 03:05:05 GMT").as_deref(), Some("2026-01-02T03:05:05Z"));
        assert_eq!(read("Thu, 31 Dec 2026 23:59:60 GMT").as_deref(), Some("2026-12-31T23:59:59Z"));
        for bad in [
            "",
            "soon",
            "Fri, 02 anF 2026 03:05:05 GMT",
            "Fri, 32 Jan 2026 03:05:05 GMT",
            "2026-01-02T03:05:05Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_moment_without_an_offset_is_utc() {
        assert_eq!(parse_timestamp("2025-01-08T13:06:26.5"), parse_timestamp("2025-01-08T13:06:26.5Z"));
        assert!(parse_timestamp("yesterday").is_none());
    }
}
