//! Days, times and moments as they are written in RFC 3339 and ISO 8601. Read here and not by `jiff`, whose readers bring all that `jiff` has
//! to say about what it cannot read: 30 KB of the Worker, of which nobody would hear a word.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// What is left to be read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// Takes one of these bytes, where it is next.
    fn one_of(&mut self, these: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        these.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number of exactly so many digits, which are nine at most.
    fn digits(&mut self, n: usize) -> Option<i32> {
        let (digits, rest) = self.0.split_at_checked(n)?;
        let mut number = 0_i32;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i32::from(digit - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    fn two(&mut self) -> Option<i8> {
        i8::try_from(self.digits(2)?).ok()
    }

    /// `2026-04-01`, `20260401`, or with six digits and a sign for the year.
    fn day(&mut self) -> Option<Date> {
        let year = match self.one_of(b"+-") {
            Some(b'-') => self.digits(6).filter(|year| *year != 0)?.checked_neg()?,
            Some(_) => self.digits(6)?,
            None => self.digits(4)?,
        };
        let parted = self.one_of(b"-").is_some();
        let month = self.two()?;
        if parted {
            self.one_of(b"-")?;
        }
        Date::new(i16::try_from(year).ok()?, month, self.two()?).ok()
    }

    /// `09:30:00.5`, `093000`, `09:30`, `09`. A leap second counts as the one before it.
    fn clock(&mut self) -> Option<Time> {
        let hour = self.two()?;
        let (mut minute, mut second, mut nanos) = (0, 0, 0);
        let parted = self.one_of(b":").is_some();
        if parted || self.0.first().is_some_and(u8::is_ascii_digit) {
            minute = self.two()?;
            let more = match parted {
                true => self.one_of(b":").is_some(),
                false => self.0.first().is_some_and(u8::is_ascii_digit),
            };
            if more {
                second = self.two()?;
                if second == 60 {
                    second = 59;
                }
                nanos = self.fraction()?;
            }
        }
        Time::new(hour, minute, second, nanos).ok()
    }

    /// `.5`, up to nine digits, in nanoseconds; nothing where nothing is written.
    fn fraction(&mut self) -> Option<i32> {
        if self.one_of(b".,").is_none() {
            return Some(0);
        }
        let (mut nanos, mut worth) = (0, 100_000_000);
        self.0.first().filter(|digit| digit.is_ascii_digit())?;
        while let Some(digit) = self.one_of(b"0123456789") {
            if worth == 0 {
                return None;
            }
            nanos += i32::from(digit - b'0') * worth;
            worth /= 10;
        }
        Some(nanos)
    }

    /// `Z`, `+02:00`, `-0330`, `+02`, in seconds.
    fn offset(&mut self) -> Option<i32> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.digits(2).filter(|hours| *hours <= 25)?;
        let parted = self.one_of(b":").is_some();
        let minutes = match parted || self.0.first().is_some_and(u8::is_ascii_digit) {
            true => self.digits(2).filter(|minutes| *minutes < 60)?,
            false => 0,
        };
        Some(sign * (hours * 3600 + minutes * 60))
    }

    /// `[Europe/Berlin]`, which adds nothing to an offset.
    fn annotations(&mut self) -> Option<()> {
        while self.one_of(b"[").is_some() {
            let end = self.0.iter().position(|byte| *byte == b']').filter(|end| *end > 0)?;
            self.0 = self.0.get(end + 1..)?;
        }
        Some(())
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A day: `2026-04-01`.
pub(crate) fn day(text: &str) -> Option<Date> {
    let mut text = Text(text.as_bytes());
    let day = text.day()?;
    text.end().map(|()| day)
}

/// A time of day: `09:30`, `09:30:15.25`.
pub(crate) fn clock(text: &str) -> Option<Time> {
    let mut text = Text(text.as_bytes());
    let time = text.clock()?;
    text.end().map(|()| time)
}

/// A moment. Without an offset only where `utc` says that UTC is meant then.
pub(crate) fn timestamp(text: &str, utc: bool) -> Option<Timestamp> {
    let mut text = Text(text.as_bytes());
    let day = text.day()?;
    let time = match text.one_of(b"Tt ") {
        Some(_) => text.clock()?,
        None if utc => Time::midnight(),
        None => return None,
    };
    let offset = match text.offset() {
        Some(offset) => offset,
        None if utc => 0,
        None => return None,
    };
    text.annotations()?;
    text.end()?;
    let local = i64::from(days(day)) * 86_400
        + i64::from(time.hour()) * 3600
        + i64::from(time.minute()) * 60
        + i64::from(time.second());
    Timestamp::new(local.checked_sub(i64::from(offset))?, time.subsec_nanosecond()).ok()
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": `days_from_civil`).
pub(super) fn days(day: Date) -> i32 {
    let (month, dom) = (i32::from(day.month()), i32::from(day.day()));
    let year = i32::from(day.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + dom - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_printed_is_read(second in -377_705_023_201_i64..=253_402_207_200, nanos in 0..1_000_000_000_i32) {
            let at = Timestamp::new(second, nanos).unwrap();
            prop_assert_eq!(timestamp(&at.to_string(), false), Some(at));
            let local = at.to_zoned(jiff::tz::TimeZone::UTC);
            prop_assert_eq!(day(&local.date().to_string()), Some(local.date()));
            prop_assert_eq!(clock(&local.time().to_string()), Some(local.time()));
        }

        /// What looks like a moment is the same moment as `jiff` makes of it, or none to both.
        #[test]
        fn the_same_moments_as_jiff(
            text in "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9](:[0-6][0-9]([.,][0-9]{1,10})?)?\
                     (Z|z|[+-][0-2][0-9](:?[0-6][0-9])?)",
        ) {
            prop_assert_eq!(timestamp(&text, false), text.parse().ok(), "{}", text);
        }

        #[test]
        fn the_same_days_and_times_as_jiff(day_text in "[0-9]{4}-?[01][0-9]-?[0-3][0-9]", time_text in "[0-2][0-9](:[0-6][0-9]){1,2}(\\.[0-9]{1,9})?") {
            prop_assert_eq!(day(&day_text), day_text.parse().ok(), "{}", day_text);
            prop_assert_eq!(clock(&time_text), time_text.parse().ok(), "{}", time_text);
        }
    }

    #[test]
    fn how_vendors_write() {
        for text in [
            "2026-04-01T00:00:00.000Z",
            "2026-04-01T09:30:15+02:00",
            "2026-04-01 09:30:15-0330",
            "20260401T093015Z",
            "2026-04-01T09:30Z",
            "2026-04-01T09:30:15+02:00[Europe/Berlin]",
            "2016-12-31T23:59:60Z",
            "-000001-01-01T00:00:00Z",
        ] {
            let read = timestamp(text, false);
            assert!(read.is_some(), "{text}");
            assert_eq!(read, text.parse().ok(), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-04-01",
            "2026-04-01T",
            "2026-04-01T09:30:15",
            "2026-04-01T09:30:15Zx",
            "2026-04-01T09:30:15.Z",
        ] {
            assert_eq!(timestamp(text, false), None, "{text}");
        }
    }
}
