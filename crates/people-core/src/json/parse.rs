//! The reader: bytes to places, in one pass.

use super::{Item, Kind, Node, NotJson, Tape, text_of};

/// A body beyond this many bytes is not read as a whole, if it is a list.
const LONG: usize = 128 * 1024;
/// As deep as `serde_json` goes.
const DEEPEST: u32 = 127;

type Read = Result<(), NotJson>;

struct Reader<'t, 'n> {
    bytes: &'t [u8],
    at: usize,
    deep: u32,
    /// `None`: it is only checked.
    nodes: Option<&'n mut Vec<Node>>,
}

/// Reads a whole document.
pub(super) fn document(text: &str, nodes: &mut Vec<Node>) -> Read {
    let mut reader = Reader::new(text, 0, Some(nodes))?;
    reader.value()?;
    reader.end()
}

impl<'t, 'n> Reader<'t, 'n> {
    fn new(text: &'t str, at: usize, nodes: Option<&'n mut Vec<Node>>) -> Result<Self, NotJson> {
        // Places are 32 bits wide.
        if u32::try_from(text.len()).is_err() {
            return Err(NotJson);
        }
        Ok(Self { bytes: text.as_bytes(), at, deep: 0, nodes })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over white space; what comes after it.
    #[inline]
    fn space(&mut self) -> Option<u8> {
        match self.peek() {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.blank(),
        }
    }

    #[inline(never)]
    fn blank(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    fn end(&mut self) -> Read {
        if self.space().is_none() { Ok(()) } else { Err(NotJson) }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        let Some(nodes) = &mut self.nodes else { return 0 };
        let place = nodes.len();
        nodes.push(Node { kind, start: start as u32, end: end as u32, next: place as u32 + 1 });
        place
    }

    fn close(&mut self, place: usize) {
        let Some(nodes) = &mut self.nodes else { return };
        let next = nodes.len() as u32;
        if let Some(node) = nodes.get_mut(place) {
            node.next = next;
            node.end = self.at as u32;
        }
    }

    fn value(&mut self) -> Read {
        let start = self.at;
        match self.space() {
            Some(b'"') => self.text(),
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => {
                self.at = start;
                Err(NotJson)
            }
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Read {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word) {
            return Err(NotJson);
        }
        self.push(kind, self.at, end);
        self.at = end;
        Ok(())
    }

    fn list(&mut self) -> Read {
        let place = self.push(Kind::List, self.at, self.at);
        self.open()?;
        if self.space() != Some(b']') {
            loop {
                self.value()?;
                if !self.comma(b']')? {
                    break;
                }
            }
        } else {
            self.at += 1;
        }
        self.deep -= 1;
        self.close(place);
        Ok(())
    }

    fn object(&mut self) -> Read {
        let place = self.push(Kind::Object, self.at, self.at);
        self.open()?;
        if self.space() != Some(b'}') {
            loop {
                self.name()?;
                self.value()?;
                if !self.comma(b'}')? {
                    break;
                }
            }
        } else {
            self.at += 1;
        }
        self.deep -= 1;
        self.close(place);
        Ok(())
    }

    fn open(&mut self) -> Read {
        self.at += 1;
        self.deep += 1;
        if self.deep > DEEPEST { Err(NotJson) } else { Ok(()) }
    }

    /// A name and its colon.
    fn name(&mut self) -> Read {
        if self.space() != Some(b'"') {
            return Err(NotJson);
        }
        self.text()?;
        if self.space() != Some(b':') {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether there is more; otherwise it is closed.
    fn comma(&mut self, close: u8) -> Result<bool, NotJson> {
        let found = self.space();
        self.at += 1;
        match found {
            Some(b',') => Ok(true),
            Some(byte) if byte == close => Ok(false),
            _ => Err(NotJson),
        }
    }

    fn text(&mut self) -> Read {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let end = start + plain(rest);
        if self.bytes.get(end) != Some(&b'"') {
            return self.escaped(start, end);
        }
        self.push(Kind::Text, start, end);
        self.at = end + 1;
        Ok(())
    }

    /// A text in which there is more than plain characters, from the first that is not one.
    #[cold]
    fn escaped(&mut self, start: usize, at: usize) -> Read {
        self.at = at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(NotJson),
            }
            self.at += plain(self.bytes.get(self.at..).unwrap_or_default());
        }
        self.push(Kind::Escaped, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Read {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => unicode(rest).ok_or(NotJson)?.1,
            _ => return Err(NotJson),
        };
        self.at += taken;
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Read {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return Err(NotJson);
        }
        let mut large = whole > 290;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(NotJson);
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            large |= self.digits() > 1;
            if !self.bytes.get(self.at - 1).is_some_and(u8::is_ascii_digit) {
                return Err(NotJson);
            }
        }
        // What no 64 bits of floating point hold is no number here.
        if large {
            let text = self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok());
            if text.and_then(super::real).is_none() {
                return Err(NotJson);
            }
        }
        self.push(Kind::Number, start, self.at);
        Ok(())
    }
}

/// How many bytes at the beginning are neither a quote, a backslash nor a control character. Eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    let (eights, _) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight);
        let slash = word ^ (ONES * 0x5c);
        // With their second bit turned, a quote stands right behind the control characters, and nothing else does.
        let turned = word ^ (ONES * 2);
        let found = (slash.wrapping_sub(ONES) & !slash) | (turned.wrapping_sub(ONES * 0x21) & !turned);
        let found = found & TOPS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

/// The character of `\uXXXX` or of a pair of them at the beginning, and how many bytes it takes.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let four = |at: usize| -> Option<u32> {
        let four = bytes.get(at..at + 4)?;
        four.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    };
    let high = four(2)?;
    if (0xd800..0xdc00).contains(&high) && bytes.get(6..8) == Some(b"\\u") {
        let low = four(8).filter(|low| (0xdc00..0xe000).contains(low))?;
        return Some((char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12));
    }
    Some((char::from_u32(high)?, 6))
}

/// A text without its escapes, which were checked when it was read.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let taken = match chars.next() {
            Some('u') => {
                let escaped = rest.get(before.len()..).unwrap_or_default();
                let (c, taken) = unicode(escaped.as_bytes()).unwrap_or((char::REPLACEMENT_CHARACTER, 6));
                out.push(c);
                taken - 1
            }
            Some(c) => {
                out.push(match c {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
                1
            }
            None => 0,
        };
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// There are more items than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// The items of a long list, one at a time: what they take is what the largest of them takes. The whole document is checked first.
pub(crate) struct Elements<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Elements<'t> {
    /// The list at the end of these names in a long body; `Ok(None)` where the body is short, or no list is there.
    pub(crate) fn of_long(body: &'t [u8], path: &[&str]) -> Result<Option<Self>, NotJson> {
        if body.len() > LONG { Self::new(text_of(body)?, path) } else { Ok(None) }
    }

    /// Calls `each` with every item; `Err` and no call where there are more than `most`.
    pub(crate) fn each(mut self, most: usize, mut each: impl FnMut(Item<'_>)) -> Result<(), TooMany> {
        if self.count() > most {
            return Err(TooMany);
        }
        let mut tape = Tape::default();
        while let Some(next) = self.next(tape) {
            if let Some(item) = next.root() {
                each(item);
            }
            tape = next;
        }
        Ok(())
    }

    /// The list at the end of these names; `Ok(None)` where there is none.
    fn new(text: &'t str, path: &[&str]) -> Result<Option<Self>, NotJson> {
        let mut reader = Reader::new(text, 0, None)?;
        reader.value()?;
        reader.end()?;
        let mut at = 0;
        for name in path {
            match member(text, at, name)? {
                Some(place) => at = place,
                None => return Ok(None),
            }
        }
        let mut reader = Reader::new(text, at, None)?;
        if reader.space() != Some(b'[') {
            return Ok(None);
        }
        Ok(Some(Self { text, at: reader.at + 1 }))
    }

    /// Reads the next item onto the tape, whose memory is used again.
    fn next(&mut self, tape: Tape<'_>) -> Option<Tape<'t>> {
        let mut nodes = tape.nodes;
        nodes.clear();
        let mut reader = Reader::new(self.text, self.at, Some(&mut nodes)).ok()?;
        if let Some(b',') = reader.space() {
            reader.at += 1;
        }
        reader.value().ok()?;
        self.at = reader.at;
        Some(Tape { text: self.text, nodes })
    }

    /// How many there are.
    fn count(&self) -> usize {
        let mut count = 0;
        if let Ok(mut reader) = Reader::new(self.text, self.at, None)
            && reader.space() != Some(b']')
        {
            loop {
                count += 1;
                if reader.value().is_err() || reader.comma(b']') != Ok(true) {
                    break;
                }
            }
        }
        count
    }
}

/// Where the value of this name begins in the object at `at`; of several the last.
fn member(text: &str, at: usize, wanted: &str) -> Result<Option<usize>, NotJson> {
    let mut reader = Reader::new(text, at, None)?;
    if reader.space() != Some(b'{') {
        return Ok(None);
    }
    reader.at += 1;
    let mut found = None;
    if reader.space() == Some(b'}') {
        return Ok(None);
    }
    loop {
        reader.space();
        let start = reader.at + 1;
        reader.name()?;
        let raw =
            text.get(start..reader.at).unwrap_or_default().trim_end_matches([':', ' ', '\n', '\t', '\r']);
        let name = unescape(raw.strip_suffix('"').unwrap_or(raw));
        if name == wanted {
            found = Some(reader.at);
        }
        reader.value()?;
        if !reader.comma(b'}')? {
            return Ok(found);
        }
    }
}
