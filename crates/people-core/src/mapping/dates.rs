//! Dates in other spellings than `YYYY-MM-DD`, read by a format such as `%d.%m.%Y`.

use people_model::time::civil::Date;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether a format can be read by and says day, month and year.
pub(super) fn is_format(format: &str) -> bool {
    let expanded = expand(format);
    let (mut day, mut month, mut year) = (false, false, false);
    let mut chars = expanded.chars();
    while let Some(c) = chars.next() {
        if c == '%' {
            match chars.next() {
                Some('d' | 'e') => day = true,
                Some('m' | 'b' | 'B' | 'h') => month = true,
                Some('Y' | 'y') => year = true,
                Some('H' | 'I' | 'M' | 'S' | 'p' | 'a' | 'A' | '%' | 'j') => {}
                _ => return false,
            }
        }
    }
    day && month && year
}

/// `%F`, `%D` and `%T` are written out.
fn expand(format: &str) -> String {
    format.replace("%F", "%Y-%m-%d").replace("%D", "%m/%d/%y").replace("%T", "%H:%M:%S")
}

/// Reads a date. `%d` (or `%e`), `%m`, `%Y`, `%y` (69 to 99 are of the last century), `%b`, `%B` (English); `%H`, `%I`, `%M`, `%S`, `%p`,
/// `%j`, `%a` and `%A` are passed over. White space stands for any, and the rest for itself.
pub(super) fn read(format: &str, text: &str) -> Option<Date> {
    let expanded = expand(format);
    let (mut format, mut rest) = (expanded.chars(), text);
    let (mut day, mut month, mut year) = (None, None, None);
    while let Some(c) = format.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        match format.next()? {
            'd' | 'e' => day = Some(number(&mut rest, 2)?),
            'm' => month = Some(number(&mut rest, 2)?),
            'Y' => year = Some(number(&mut rest, 4)?),
            'y' => {
                let short = number(&mut rest, 2)?;
                year = Some(if short < 69 { 2000 + short } else { 1900 + short });
            }
            'b' | 'B' | 'h' => {
                let word = letters(&mut rest).to_ascii_lowercase();
                let found = MONTHS.iter().position(|month| {
                    word == *month
                        || month.get(..3) == Some(word.as_str())
                        || (word == "sept" && month.starts_with("sept"))
                })?;
                month = Some(i16::try_from(found).ok()? + 1);
            }
            'H' | 'I' | 'M' | 'S' => drop(number(&mut rest, 2)?),
            'j' => drop(number(&mut rest, 3)?),
            'a' | 'A' | 'p' => {
                if letters(&mut rest).is_empty() {
                    return None;
                }
            }
            '%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
    }
    if !rest.trim().is_empty() {
        return None;
    }
    Date::new(year?, i8::try_from(month?).ok()?, i8::try_from(day?).ok()?).ok()
}

/// Up to so many digits.
fn number(rest: &mut &str, most: usize) -> Option<i16> {
    *rest = rest.trim_start();
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    number.parse().ok()
}

fn letters<'t>(rest: &mut &'t str) -> &'t str {
    *rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after;
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (format, text, expected) in [
            ("%d.%m.%Y", "31.12.2026", "2026-12-31"),
            ("%d.%m.%Y", "1.2.2026", "2026-02-01"),
            ("%m/%d/%Y", "12/31/2026", "2026-12-31"),
            ("%d-%b-%y", "05-Mar-69", "1969-03-05"),
            ("%d-%b-%y", "05-sept-26", "2026-09-05"),
            ("%B %d, %Y", "April 1, 2026", "2026-04-01"),
            ("%A, %d %B %Y %H:%M %p", "Monday, 2 March 2026 09:15 AM", "2026-03-02"),
            ("%F %T", "2026-03-02 10:11:12", "2026-03-02"),
            ("%Y%m%d", "20260302", "2026-03-02"),
        ] {
            assert!(is_format(format), "{format}");
            assert_eq!(read(format, text).map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
        }
        for (format, text) in [
            ("%d.%m.%Y", "31.02.2026"),
            ("%d.%m.%Y", "2026-12-31"),
            ("%d.%m.%Y", "31.12.2026x"),
            ("%d.%m.%Y", ""),
            ("%d %b %Y", "1 Foo 2026"),
            ("%d %b %Y", "1 é 2026"),
        ] {
            assert_eq!(read(format, text), None, "{text}");
        }
        for format in ["%", "%d.%m", "%q %d %m %Y", "", "%d.%m.%"] {
            assert!(!is_format(format), "{format}");
        }
    }
}
