//! The virtual clock: real time plus an offset that the tester moves.

use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: SignedDuration,
}

impl Clock {
    pub(crate) fn starting_at(now: Option<Timestamp>) -> Self {
        let mut clock = Self::default();
        if let Some(now) = now {
            clock.set(now);
        }
        clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        real().saturating_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn set(&mut self, now: Timestamp) {
        self.offset = now.duration_since(real());
    }

    pub(crate) fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.saturating_add(by);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pretend cloud is a host: its clock starts from the real one"
)]
fn real() -> Timestamp {
    Timestamp::now()
}

/// The moment as the framework writes a Java date: RFC 3339 with milliseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The moment as an HTTP `Date` header.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A date of a profile: RFC 3339 with an offset, or `YYYY-MM-DD`, which is midnight UTC.
pub(crate) fn parse_moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if text.len() != 10 {
        return None;
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_both_forms() {
        let at = parse_moment("2026-04-01").unwrap();
        assert_eq!(rfc3339(at), "2026-04-01T00:00:00.000Z");
        assert_eq!(http_date(at), "Wed, 01 Apr 2026 00:00:00 GMT");
        assert_eq!(parse_moment("2026-04-01T02:00:00+02:00"), Some(at));
        for bad in ["", "2026-04-01T02:00:00", "2026-02-30", "soon", "20260401", "2026-04-1x"] {
            assert_eq!(parse_moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_clock_runs_on_from_where_it_was_set() {
        let start: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let mut clock = Clock::starting_at(Some(start));
        clock.advance(SignedDuration::from_hours(1));
        let gone = clock.now().duration_since(start);
        assert!(gone >= SignedDuration::from_hours(1) && gone < SignedDuration::from_hours(2));
    }
}
