//! The reader: bytes to places, in one pass.

use super::{Kind, Node, NotJson};

/// As deep as `serde_json` goes.
const DEEPEST: u32 = 127;

/// What comes behind it.
type Read<'t> = Result<&'t [u8], NotJson>;

/// Its functions are given what is still to be read and hand on what is left of that, so that neither is looked up and no place is out of bounds.
pub(super) struct Reader<'t, 'n> {
    bytes: &'t [u8],
    /// `None`: it is only checked.
    nodes: Option<&'n mut Vec<Node>>,
}

/// Reads a whole document.
pub(super) fn document(text: &str, nodes: &mut Vec<Node>) -> Result<(), NotJson> {
    Reader::new(text, Some(nodes))?.whole()
}

/// Passes over white space: the byte after it, and what comes behind that.
#[inline(always)]
pub(super) fn next(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest.split_first() {
        Some((byte, behind)) if *byte > b' ' => Some((*byte, behind)),
        _ => blank(rest),
    }
}

#[inline(never)]
fn blank(rest: &[u8]) -> Option<(u8, &[u8])> {
    let end = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))?;
    rest.get(end..)?.split_first().map(|(byte, behind)| (*byte, behind))
}

impl<'t, 'n> Reader<'t, 'n> {
    pub(super) fn new(text: &'t str, nodes: Option<&'n mut Vec<Node>>) -> Result<Self, NotJson> {
        // Places are 32 bits wide.
        if u32::try_from(text.len()).is_err() {
            return Err(NotJson);
        }
        Ok(Self { bytes: text.as_bytes(), nodes })
    }

    pub(super) fn whole(&mut self) -> Result<(), NotJson> {
        let rest = self.value(self.bytes)?;
        if next(rest).is_none() { Ok(()) } else { Err(NotJson) }
    }

    /// The place at which `rest` begins.
    #[inline(always)]
    pub(super) fn at(&self, rest: &[u8]) -> usize {
        self.bytes.len() - rest.len()
    }

    fn from(&self, at: usize) -> &'t [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
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
    pub(super) fn value(&mut self, mut rest: &'t [u8]) -> Read<'t> {
        // Of what is open: whether each is a list, the innermost in the lowest bit and a 1 above the outermost; and the innermost one's place.
        let (mut lists, mut place) = (1_u128, 0);
        loop {
            if lists & 1 == 0 {
                rest = self.name(rest)?;
            }
            let (byte, behind) = next(rest).ok_or(NotJson)?;
            rest = match byte {
                b'"' => self.text(behind)?,
                b'{' | b'[' => {
                    let list = byte == b'[';
                    place =
                        self.open(if list { Kind::List } else { Kind::Object }, self.at(behind) - 1, place);
                    if lists >> DEEPEST != 0 {
                        return Err(NotJson);
                    }
                    lists = lists << 1 | u128::from(list);
                    // In ASCII its end stands two behind its beginning.
                    if next(behind).is_none_or(|(end, _)| end != byte + 2) {
                        rest = behind;
                        continue;
                    }
                    behind
                }
                b'-' | b'0'..=b'9' => self.number(self.at(behind) - 1)?,
                b't' => self.word(self.at(behind) - 1, b"true", Kind::True)?,
                b'f' => self.word(self.at(behind) - 1, b"false", Kind::False)?,
                b'n' => self.word(self.at(behind) - 1, b"null", Kind::Null)?,
                _ => return Err(NotJson),
            };
            loop {
                if lists == 1 {
                    return Ok(rest);
                }
                let (byte, behind) = next(rest).ok_or(NotJson)?;
                rest = behind;
                match byte {
                    b',' => break,
                    byte if byte == if lists & 1 == 0 { b'}' } else { b']' } => {}
                    _ => return Err(NotJson),
                }
                place = self.close(self.at(rest), place);
                lists >>= 1;
            }
        }
    }

    fn word(&mut self, at: usize, word: &[u8], kind: Kind) -> Read<'t> {
        let rest = self.from(at).strip_prefix(word).ok_or(NotJson)?;
        self.push(kind, at, self.at(rest));
        Ok(rest)
    }

    /// A name and its colon.
    #[inline(always)]
    pub(super) fn name(&mut self, rest: &'t [u8]) -> Read<'t> {
        let Some((b'"', behind)) = next(rest) else { return Err(NotJson) };
        match next(self.text(behind)?) {
            Some((b':', behind)) => Ok(behind),
            _ => Err(NotJson),
        }
    }

    /// A text from behind its first quote.
    #[inline(always)]
    fn text(&mut self, rest: &'t [u8]) -> Read<'t> {
        let found = plain(rest);
        if let [b'"', behind @ ..] = found {
            self.push(Kind::Text, self.at(rest), self.at(found));
            Ok(behind)
        } else {
            self.escaped(self.at(rest), self.at(found))
        }
    }

    /// A text in which there is more than plain characters, from the first that is not one.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut at: usize) -> Read<'t> {
        loop {
            match self.peek(at) {
                Some(b'"') => break,
                Some(b'\\') => at += self.escape(at)?,
                _ => return Err(NotJson),
            }
            at = self.at(plain(self.from(at)));
        }
        self.push(Kind::Escaped, start, at);
        Ok(self.from(at + 1))
    }

    /// How many bytes an escape takes.
    fn escape(&self, at: usize) -> Result<usize, NotJson> {
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
    fn number(&mut self, start: usize) -> Read<'t> {
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
        Ok(self.from(at))
    }
}

/// What begins with the first quote, backslash or control character. Eight bytes at a time.
#[inline(always)]
fn plain(mut rest: &[u8]) -> &[u8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    while let Some((eight, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let slash = word ^ (ONES * 0x5c);
        // With their second bit turned, a quote stands right behind the control characters, and nothing else does.
        let turned = word ^ (ONES * 2);
        let found = (slash.wrapping_sub(ONES) & !slash) | (turned.wrapping_sub(ONES * 0x21) & !turned);
        let found = found & TOPS;
        if found != 0 {
            return rest.get((found.trailing_zeros() / 8) as usize..).unwrap_or_default();
        }
        rest = behind;
    }
    last(rest)
}

/// The same where less than eight are left.
#[inline(never)]
fn last(rest: &[u8]) -> &[u8] {
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    found.and_then(|place| rest.get(place..)).unwrap_or_default()
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
