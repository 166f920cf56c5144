//! A long list, read one item at a time.

use super::parse::{Reader, next, unescape};
use super::{Item, NotJson, Tape, text_of};

/// A body beyond this many bytes is not read as a whole, if it is a list.
const LONG: usize = 128 * 1024;

/// There are more items than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// The items of a long list, one at a time: what they take is what the largest of them takes. The whole document is checked first.
pub(crate) struct Elements<'t> {
    text: &'t str,
    /// From the first item that was not read yet, or the comma before it.
    rest: &'t [u8],
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
    pub(super) fn new(text: &'t str, path: &[&str]) -> Result<Option<Self>, NotJson> {
        Reader::new(text, None)?.whole()?;
        let mut rest = text.as_bytes();
        for name in path {
            match member(text, rest, name)? {
                Some(value) => rest = value,
                None => return Ok(None),
            }
        }
        let Some((b'[', rest)) = next(rest) else { return Ok(None) };
        Ok(Some(Self { text, rest }))
    }

    /// Reads the next item onto the tape, whose memory is used again.
    fn next(&mut self, tape: Tape<'_>) -> Option<Tape<'t>> {
        let mut nodes = tape.nodes;
        nodes.clear();
        let mut reader = Reader::new(self.text, Some(&mut nodes)).ok()?;
        let rest = match next(self.rest)? {
            (b',', behind) => behind,
            _ => self.rest,
        };
        self.rest = reader.value(rest).ok()?;
        Some(Tape { text: self.text, nodes })
    }

    /// How many there are.
    fn count(&self) -> usize {
        let Ok(mut reader) = Reader::new(self.text, None) else { return 0 };
        let (mut count, mut rest) = (0, self.rest);
        while let Ok(behind) = reader.value(rest) {
            count += 1;
            match next(behind) {
                Some((b',', behind)) => rest = behind,
                _ => break,
            }
        }
        count
    }
}

/// What begins with the value of this name, in the object with which `rest` begins; of several the last.
fn member<'t>(text: &'t str, rest: &'t [u8], wanted: &str) -> Result<Option<&'t [u8]>, NotJson> {
    let mut reader = Reader::new(text, None)?;
    let Some((b'{', mut rest)) = next(rest) else { return Ok(None) };
    if let Some((b'}', _)) = next(rest) {
        return Ok(None);
    }
    let mut found = None;
    loop {
        let start = reader.at(rest);
        rest = reader.name(rest)?;
        // Its quotes, white space around them, and the colon.
        let raw = text.get(start..reader.at(rest)).unwrap_or_default().trim_end_matches(':').trim();
        let raw = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        if unescape(raw) == wanted {
            found = Some(rest);
        }
        match next(reader.value(rest)?) {
            Some((b',', behind)) => rest = behind,
            Some((b'}', _)) => return Ok(found),
            _ => return Err(NotJson),
        }
    }
}
