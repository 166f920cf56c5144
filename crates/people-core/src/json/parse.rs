//! The reader: bytes to places, in one pass.

use super::{Item, Kind, Node, NotJson, Tape, text_of};

/// A body beyond this many bytes is not read as a whole, if it is a list.
const LONG: usize = 128 * 1024;
/// As deep as `serde_json` goes.
const DEEPEST: u32 = 127;

/// Where it goes on.
type Read = Result<usize, NotJson>;

/// Its functions are told where to begin and tell where to go on, so that this place stays in a register.
struct Reader<'t, 'n> {
    bytes: &'t [u8],
    /// `None`: it is only checked.
    nodes: Option<&'n mut Vec<Node>>,
}

/// Reads a whole document.
pub(super) fn document(text: &str, nodes: &mut Vec<Node>) -> Result<(), NotJson> {
    Reader::new(text, Some(nodes))?.whole()
}

impl<'t, 'n> Reader<'t, 'n> {
    fn new(text: &'t str, nodes: Option<&'n mut Vec<Node>>) -> Result<Self, NotJson> {
        // Places are 32 bits wide.
        if u32::try_from(text.len()).is_err() {
            return Err(NotJson);
        }
        Ok(Self { bytes: text.as_bytes(), nodes })
    }

    fn whole(&mut self) -> Result<(), NotJson> {
        let end = self.value(0)?;
        if self.space(end).1.is_none() { Ok(()) } else { Err(NotJson) }
    }

    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Passes over white space; what comes after it.
    #[inline(always)]
    fn space(&self, at: usize) -> (usize, Option<u8>) {
        match self.peek(at) {
            Some(byte) if byte > b' ' => (at, Some(byte)),
            _ => self.blank(at),
        }
    }

    #[inline(never)]
    fn blank(&self, mut at: usize) -> (usize, Option<u8>) {
        loop {
            match self.peek(at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => at += 1,
                other => return (at, other),
            }
        }
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        if let Some(nodes) = &mut self.nodes {
            let next = nodes.len() as u32 + 1;
            nodes.push(Node { kind, start: start as u32, end: end as u32, next });
        }
    }

    /// A list or an object begins inside of the one at `place`: until it ends, that is where it says that the next one is.
    #[inline(always)]
    fn open(&mut self, kind: Kind, at: usize, place: u32) -> u32 {
        let Some(nodes) = &mut self.nodes else { return 0 };
        let own = nodes.len() as u32;
        nodes.push(Node { kind, start: at as u32, end: at as u32, next: place });
        own
    }

    /// Ends the one at `place`; the one around it.
    #[inline(always)]
    fn close(&mut self, end: usize, place: u32) -> u32 {
        let Some(nodes) = &mut self.nodes else { return 0 };
        let next = nodes.len() as u32;
        let Some(node) = nodes.get_mut(place as usize) else { return 0 };
        node.end = end as u32;
        std::mem::replace(&mut node.next, next)
    }

    /// A value and all that is in it.
    fn value(&mut self, at: usize) -> Read {
        // Of what is open: how many, whether each is an object (the innermost in the lowest bit), the innermost one's place.
        let (mut deep, mut objects, mut place) = (0, 0_u128, 0);
        let mut at = at;
        loop {
            if objects & 1 == 1 {
                at = self.name(at)?;
            }
            let found;
            (at, found) = self.space(at);
            at = match found {
                Some(b'"') => self.text(at)?,
                Some(byte @ (b'{' | b'[')) => {
                    let object = byte == b'{';
                    place = self.open(if object { Kind::Object } else { Kind::List }, at, place);
                    (deep, objects) = (deep + 1, objects << 1 | u128::from(object));
                    if deep > DEEPEST {
                        return Err(NotJson);
                    }
                    let next;
                    (at, next) = self.space(at + 1);
                    // In ASCII its end stands two behind its beginning.
                    if next != Some(byte + 2) {
                        continue;
                    }
                    at
                }
                Some(b'-' | b'0'..=b'9') => self.number(at)?,
                Some(b't') => self.word(at, b"true", Kind::True)?,
                Some(b'f') => self.word(at, b"false", Kind::False)?,
                Some(b'n') => self.word(at, b"null", Kind::Null)?,
                _ => return Err(NotJson),
            };
            loop {
                if deep == 0 {
                    return Ok(at);
                }
                let found;
                (at, found) = self.space(at);
                at += 1;
                match found {
                    Some(b',') => break,
                    Some(byte) if byte == if objects & 1 == 1 { b'}' } else { b']' } => {}
                    _ => return Err(NotJson),
                }
                place = self.close(at, place);
                (deep, objects) = (deep - 1, objects >> 1);
            }
        }
    }

    fn word(&mut self, at: usize, word: &[u8], kind: Kind) -> Read {
        let end = at + word.len();
        if self.bytes.get(at..end) != Some(word) {
            return Err(NotJson);
        }
        self.push(kind, at, end);
        Ok(end)
    }

    /// A name and its colon.
    #[inline(always)]
    fn name(&mut self, at: usize) -> Read {
        let (at, Some(b'"')) = self.space(at) else { return Err(NotJson) };
        let end = self.text(at)?;
        match self.space(end) {
            (at, Some(b':')) => Ok(at + 1),
            _ => Err(NotJson),
        }
    }

    /// Whether there is more in this list or object; otherwise it is closed.
    fn comma(&self, at: usize, close: u8) -> Result<(usize, bool), NotJson> {
        match self.space(at) {
            (at, Some(b',')) => Ok((at + 1, true)),
            (at, Some(byte)) if byte == close => Ok((at + 1, false)),
            _ => Err(NotJson),
        }
    }

    #[inline(always)]
    fn text(&mut self, at: usize) -> Read {
        let start = at + 1;
        let end = plain(self.bytes, start);
        Ok(if self.peek(end) == Some(b'"') {
            self.push(Kind::Text, start, end);
            end + 1
        } else {
            self.escaped(start, end)?
        })
    }

    /// A text in which there is more than plain characters, from the first that is not one.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut at: usize) -> Read {
        loop {
            match self.peek(at) {
                Some(b'"') => break,
                Some(b'\\') => at += self.escape(at)?,
                _ => return Err(NotJson),
            }
            at = plain(self.bytes, at);
        }
        self.push(Kind::Escaped, start, at);
        Ok(at + 1)
    }

    /// How many bytes an escape takes.
    fn escape(&self, at: usize) -> Read {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => unicode(rest).map(|(_, taken)| taken).ok_or(NotJson),
            _ => Err(NotJson),
        }
    }

    fn digits(&self, mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = self.peek(at) {
            at += 1;
        }
        at
    }

    #[inline(never)]
    fn number(&mut self, start: usize) -> Read {
        let first = start + usize::from(self.peek(start) == Some(b'-'));
        let mut at = self.digits(first);
        let whole = at - first;
        if whole == 0 || (self.peek(first) == Some(b'0') && whole > 1) {
            return Err(NotJson);
        }
        let mut large = whole > 290;
        if self.peek(at) == Some(b'.') {
            let fraction = at + 1;
            at = self.digits(fraction);
            if at == fraction {
                return Err(NotJson);
            }
        }
        if let Some(b'e' | b'E') = self.peek(at) {
            let signed = matches!(self.peek(at + 1), Some(b'+' | b'-'));
            let exponent = at + 1 + usize::from(signed);
            at = self.digits(exponent);
            if at == exponent {
                return Err(NotJson);
            }
            large |= at - exponent > 1;
        }
        // What no 64 bits of floating point hold is no number here.
        if large {
            let text = self.bytes.get(start..at).and_then(|bytes| std::str::from_utf8(bytes).ok());
            if text.and_then(super::real).is_none() {
                return Err(NotJson);
            }
        }
        self.push(Kind::Number, start, at);
        Ok(at)
    }
}

/// Where the first quote, backslash or control character from here on stands. Eight bytes at a time.
#[inline(always)]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    while let Some(Ok(eight)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(eight);
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
    last(bytes, at)
}

/// The same where less than eight are left.
#[inline(never)]
fn last(bytes: &[u8], at: usize) -> usize {
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
        Reader::new(text, None)?.whole()?;
        let mut at = 0;
        for name in path {
            match member(text, at, name)? {
                Some(place) => at = place,
                None => return Ok(None),
            }
        }
        let (at, Some(b'[')) = Reader::new(text, None)?.space(at) else { return Ok(None) };
        Ok(Some(Self { text, at: at + 1 }))
    }

    /// Reads the next item onto the tape, whose memory is used again.
    fn next(&mut self, tape: Tape<'_>) -> Option<Tape<'t>> {
        let mut nodes = tape.nodes;
        nodes.clear();
        let mut reader = Reader::new(self.text, Some(&mut nodes)).ok()?;
        let (at, next) = reader.space(self.at);
        self.at = reader.value(at + usize::from(next == Some(b','))).ok()?;
        Some(Tape { text: self.text, nodes })
    }

    /// How many there are.
    fn count(&self) -> usize {
        let mut count = 0;
        if let Ok(mut reader) = Reader::new(self.text, None)
            && reader.space(self.at).1 != Some(b']')
        {
            let mut at = self.at;
            loop {
                count += 1;
                match reader.value(at).and_then(|end| reader.comma(end, b']')) {
                    Ok((next, true)) => at = next,
                    _ => break,
                }
            }
        }
        count
    }
}

/// Where the value of this name begins in the object at `at`; of several the last.
fn member(text: &str, at: usize, wanted: &str) -> Result<Option<usize>, NotJson> {
    let mut reader = Reader::new(text, None)?;
    let (at, Some(b'{')) = reader.space(at) else { return Ok(None) };
    let (mut at, first) = reader.space(at + 1);
    if first == Some(b'}') {
        return Ok(None);
    }
    let mut found = None;
    loop {
        let start = reader.space(at).0 + 1;
        at = reader.name(at)?;
        let raw = text.get(start..at).unwrap_or_default().trim_end_matches([':', ' ', '\n', '\t', '\r']);
        let name = unescape(raw.strip_suffix('"').unwrap_or(raw));
        if name == wanted {
            found = Some(at);
        }
        let end = reader.value(at)?;
        let more;
        (at, more) = reader.comma(end, b'}')?;
        if !more {
            return Ok(found);
        }
    }
}
