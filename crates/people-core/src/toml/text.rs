//! The words of a document: keys, texts, numbers.

use super::parse::wrong;
use super::{TomlError, Value};

type Read<T> = Result<T, TomlError>;

/// Where the reader is.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over this if it comes next.
    pub(super) fn take(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    /// Passes over white space and a comment; with `lines` over ends of lines too.
    pub(super) fn blank(&mut self, lines: bool) -> Read<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\n') if lines => self.at += 1,
                Some(b'\r') if lines && self.rest().starts_with("\r\n") => self.at += 2,
                Some(b'#') => {
                    let end = self.rest().find('\n').unwrap_or(self.rest().len());
                    let comment = self.rest().get(..end).unwrap_or_default();
                    let comment =
                        comment.strip_suffix('\r').filter(|_| end < self.rest().len()).unwrap_or(comment);
                    if comment.contains(|c: char| c.is_ascii_control() && c != '\t') {
                        return wrong(self.at, "a comment holds a control character");
                    }
                    self.at += comment.len();
                }
                _ => return Ok(()),
            }
        }
    }

    pub(super) fn line_end(&mut self) -> Read<()> {
        if self.peek().is_none() || self.take("\n") || self.take("\r\n") {
            return Ok(());
        }
        wrong(self.at, "the end of the line is wanted here")
    }

    /// A key: names with dots between them, and white space around.
    pub(super) fn key(&mut self) -> Read<Vec<(String, usize)>> {
        let mut path = Vec::new();
        loop {
            self.blank_in_line();
            let at = self.at;
            let name = match self.peek() {
                Some(b'"' | b'\'') => self.text(false)?,
                _ => {
                    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    let end = self.rest().find(|c| !bare(c)).unwrap_or(self.rest().len());
                    let name = self.rest().get(..end).unwrap_or_default();
                    if name.is_empty() {
                        return wrong(at, "a key is wanted here");
                    }
                    self.at += end;
                    name.to_owned()
                }
            };
            path.push((name, at));
            self.blank_in_line();
            if !self.take(".") {
                return Ok(path);
            }
        }
    }

    fn blank_in_line(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// A text in quotes of any kind.
    pub(super) fn text(&mut self, may_be_long: bool) -> Read<String> {
        let quote = if self.peek() == Some(b'"') { '"' } else { '\'' };
        let long = if quote == '"' { "\"\"\"" } else { "'''" };
        let start = self.at;
        if may_be_long && self.take(long) {
            if !self.take("\n") {
                self.take("\r\n");
            }
            return self.quoted(start, quote, Some(long));
        }
        self.at += 1;
        self.quoted(start, quote, None)
    }

    fn quoted(&mut self, start: usize, quote: char, long: Option<&str>) -> Read<String> {
        let mut out = String::new();
        loop {
            let at = self.at;
            let Some(c) = self.rest().chars().next() else {
                return wrong(start, "a text in quotes does not end");
            };
            self.at += c.len_utf8();
            match (c, long) {
                (c, None) if c == quote => return Ok(out),
                (c, Some(long)) if c == quote => {
                    // Up to two quotes may stand before the three that end it.
                    let run =
                        self.rest().bytes().take_while(|byte| char::from(*byte) == quote).take(4).count() + 1;
                    if run >= long.len() {
                        out.extend(std::iter::repeat_n(quote, run - long.len()));
                        self.at = at + run;
                        return Ok(out);
                    }
                    out.push(c);
                }
                ('\\', _) if quote == '"' => self.escape(at, long.is_some(), &mut out)?,
                ('\n', Some(_)) => out.push('\n'),
                ('\r', Some(_)) if self.take("\n") => out.push_str("\r\n"),
                (c, _) if c.is_ascii_control() && c != '\t' => {
                    return wrong(
                        at,
                        "a text in quotes holds a control character, or does not end in its line",
                    );
                }
                (c, _) => out.push(c),
            }
        }
    }

    fn escape(&mut self, at: usize, long: bool, out: &mut String) -> Read<()> {
        let Some(c) = self.rest().chars().next() else { return wrong(at, "a text in quotes does not end") };
        self.at += c.len_utf8();
        let plain = match c {
            'b' => Some('\u{8}'),
            't' => Some('\t'),
            'n' => Some('\n'),
            'f' => Some('\u{c}'),
            'r' => Some('\r'),
            'e' => Some('\u{1b}'),
            '"' | '\\' => Some(c),
            _ => None,
        };
        if let Some(plain) = plain {
            out.push(plain);
            return Ok(());
        }
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            ' ' | '\t' | '\n' | '\r' if long => {
                // The end of a line and all white space that follows it.
                let rest = self.text.get(at + 1..).unwrap_or_default();
                let line = rest.trim_start_matches([' ', '\t']);
                if !(line.starts_with('\n') || line.starts_with("\r\n")) {
                    return wrong(at, "this escape is not known");
                }
                let mut after = line;
                loop {
                    let less = after.trim_start_matches([' ', '\t', '\n']);
                    let less =
                        if less.starts_with("\r\n") { less.get(1..).unwrap_or_default() } else { less };
                    if less.len() == after.len() {
                        break;
                    }
                    after = less;
                }
                self.at = self.text.len() - after.len();
                return Ok(());
            }
            _ => return wrong(at, "this escape is not known"),
        };
        let hex = self.rest().get(..digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let c = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match c {
            Some(c) => {
                self.at += digits;
                out.push(c);
                Ok(())
            }
            None => wrong(at, "this is no character"),
        }
    }

    /// What stands without quotes: a number, `true` or `false`.
    pub(super) fn word(&mut self) -> Read<Value> {
        let at = self.at;
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '.' | ':');
        let end = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
        let word = self.rest().get(..end).unwrap_or_default();
        self.at += end;
        let value = match word {
            "" => return wrong(at, "a value is wanted here"),
            "true" => Some(Value::Flag(true)),
            "false" => Some(Value::Flag(false)),
            "inf" | "+inf" => Some(Value::Real(f64::INFINITY)),
            "-inf" => Some(Value::Real(f64::NEG_INFINITY)),
            "nan" | "+nan" | "-nan" => Some(Value::Real(f64::NAN)),
            _ => whole(word).map(Value::Whole).or_else(|| real(word).map(Value::Real)),
        };
        match value {
            Some(value) => Ok(value),
            None if word.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') => {
                wrong(at, "this is no number; dates and times are written in quotes here")
            }
            None => wrong(at, "a text is written in quotes"),
        }
    }
}

/// Digits with single underscores between them.
fn digits(text: &str, radix: u32) -> Option<String> {
    let fits = !text.is_empty()
        && text.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_digit(radix)));
    fits.then(|| text.replace('_', ""))
}

fn whole(word: &str) -> Option<i64> {
    for (before, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(text) = word.strip_prefix(before) {
            return i64::from_str_radix(&digits(text, radix)?, radix).ok();
        }
    }
    let (minus, text) = match word.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let text = digits(text, 10)?;
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    format!("{minus}{text}").parse().ok()
}

fn real(word: &str) -> Option<f64> {
    let (minus, text) = match word.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let (number, exponent) = match text.find(['e', 'E']) {
        Some(place) => (text.get(..place)?, text.get(place + 1..)),
        None => (text, None),
    };
    let (before, after) = match number.split_once('.') {
        Some((before, after)) => (before, Some(after)),
        None => (number, None),
    };
    if after.is_none() && exponent.is_none() {
        return None;
    }
    let before = digits(before, 10)?;
    if before.len() > 1 && before.starts_with('0') {
        return None;
    }
    let after =
        after.map_or(Some(String::new()), |after| digits(after, 10).map(|digits| format!(".{digits}")))?;
    let exponent = match exponent {
        None => String::new(),
        Some(exponent) => {
            let sign = if exponent.starts_with('-') { "-" } else { "" };
            let plain = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            format!("e{sign}{}", digits(plain, 10)?)
        }
    };
    crate::json::real(&format!("{minus}{before}{after}{exponent}"))
}
