//! JSON read where it lies: one flat list of places in the text and no copies. Exactly the documents that `serde_json` reads are read.
//!
//! A member named twice counts with its last value. Numbers are kept as they are written until somebody asks what they are.

mod elements;
mod name;
mod parse;
#[cfg(test)]
mod tests;
mod view;

use std::borrow::Cow;

use people_model::Datum;
use serde_json::Number;

pub(crate) use elements::Elements;
pub(crate) use name::Name;
pub(crate) use view::{Fields, PLAIN, Record, View};

/// It is not JSON, or nested more than 127 deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    /// As it is written.
    Number,
    /// Between its quotes, without escapes.
    Text,
    /// Between its quotes, with escapes.
    Escaped,
    List,
    /// Its names and values take turns.
    Object,
}

/// One place: 16 bytes a value or name.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    /// The place after this one and all that is in it.
    next: u32,
}

impl Node {
    /// How many bytes of the document it takes.
    fn width(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }
}

/// A document that was read.
#[derive(Debug, Default)]
pub(crate) struct Tape<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    tape: &'a Tape<'a>,
    at: u32,
}

impl<'t> Tape<'t> {
    /// Reads a document; a byte order mark is passed over.
    pub(crate) fn read(body: &'t [u8]) -> Result<Self, NotJson> {
        let text = text_of(body)?;
        let mut tape = Self { text, nodes: Vec::with_capacity(text.len() / 8 + 4) };
        parse::document(text, &mut tape.nodes)?;
        Ok(tape)
    }

    /// The whole document; `None` only of a tape on which nothing was read.
    pub(crate) fn root(&self) -> Option<Item<'_>> {
        (!self.nodes.is_empty()).then_some(Item { tape: self, at: 0 })
    }
}

/// The text of a body, without its byte order mark.
pub(crate) fn text_of(body: &[u8]) -> Result<&str, NotJson> {
    std::str::from_utf8(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)).map_err(|_| NotJson)
}

impl<'a> Item<'a> {
    fn node(self) -> Node {
        let none = Node { kind: Kind::Null, start: 0, end: 0, next: self.at.saturating_add(1) };
        self.tape.nodes.get(self.at as usize).copied().unwrap_or(none)
    }

    fn raw(self, node: Node) -> &'a str {
        self.tape.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// The document from where this item begins.
    fn onward(self, node: Node) -> &'a [u8] {
        self.tape.text.as_bytes().get(node.start as usize..).unwrap_or_default()
    }

    fn bytes(self, node: Node) -> &'a [u8] {
        self.tape.text.as_bytes().get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// Whether it is an object.
    pub(crate) fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// The text, if it is one without escapes.
    #[inline(always)]
    pub(crate) fn plain(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::Text).then(|| self.raw(node))
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        match node.kind {
            Kind::Text => Some(Cow::Borrowed(self.raw(node))),
            Kind::Escaped => Some(Cow::Owned(parse::unescape(self.raw(node)))),
            _ => None,
        }
    }

    /// The number as it is written, if it is one.
    pub(crate) fn number(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::Number).then(|| self.raw(node))
    }

    /// The places inside, where it is of this kind; none of anything else.
    fn inside(self, kind: Kind) -> (u32, u32) {
        let node = self.node();
        (self.at + 1, if node.kind == kind { node.next } else { 0 })
    }

    fn children(self, kind: Kind) -> Places<'a> {
        let (at, end) = self.inside(kind);
        Places { tape: self.tape, at, end }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Item<'a>> + Clone {
        self.children(Kind::List)
    }

    /// How many items a list has, or `None` where it is no list.
    pub(crate) fn length(self) -> Option<usize> {
        (self.kind() == Kind::List).then(|| self.items().count())
    }

    /// The names and values of an object; none of anything else.
    pub(crate) fn members(self) -> impl Iterator<Item = (Item<'a>, Item<'a>)> + Clone {
        let (mut at, end) = self.inside(Kind::Object);
        std::iter::from_fn(move || {
            let (name, value) = (Item { at, ..self }, Item { at: at + 1, ..self });
            at = self.tape.nodes.get(value.at as usize).filter(|_| at < end)?.next;
            Some((name, value))
        })
    }

    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Option<Item<'a>> {
        let [found] = self.pick([name]);
        found
    }

    /// The members of these names, found in one pass.
    #[inline(always)]
    pub(crate) fn pick<const N: usize>(self, names: [&str; N]) -> [Option<Item<'a>>; N] {
        let mut found = [None; N];
        let nodes = self.tape.nodes.as_slice();
        let (mut at, end) = self.inside(Kind::Object);
        while at < end
            && let Some([node, value]) = nodes.get(at as usize..).and_then(<[Node]>::first_chunk)
        {
            let own = Item { at, ..self };
            let plain = (node.kind == Kind::Text).then(|| own.bytes(*node));
            for (found, name) in found.iter_mut().zip(names) {
                if plain.map_or_else(|| own.is(name), |own| own == name.as_bytes()) {
                    *found = Some(Item { at: at + 1, ..self });
                }
            }
            at = value.next;
        }
        found
    }

    /// The item of this number.
    pub(crate) fn index(self, index: usize) -> Option<Item<'a>> {
        self.items().nth(index)
    }

    /// Whether it is this text.
    pub(crate) fn is(self, text: &str) -> bool {
        let node = self.node();
        match node.kind {
            Kind::Text => self.bytes(node) == text.as_bytes(),
            Kind::Escaped => parse::unescape(self.raw(node)) == text,
            _ => false,
        }
    }

    /// A copy on its own.
    pub(crate) fn datum(self) -> Datum {
        match self.kind() {
            Kind::Null => Datum::Null,
            Kind::True => Datum::Flag(true),
            Kind::False => Datum::Flag(false),
            Kind::Number => self.number().map(number).map_or(Datum::Null, Datum::Number),
            Kind::Text | Kind::Escaped => Datum::Text(self.text().unwrap_or_default().into()),
            Kind::List => self.items().map(Item::datum).collect(),
            Kind::Object => {
                let member = |(name, value): (Item<'_>, Item<'_>)| {
                    (name.text().unwrap_or_default().into(), value.datum())
                };
                Datum::object(self.members().map(member).collect())
            }
        }
    }
}

/// What a number that was read is: whole where it is written so and fits 64 bits.
pub(crate) fn number(text: &str) -> Number {
    if text != "-0" {
        if let Ok(whole) = text.parse::<u64>() {
            return whole.into();
        }
        if let Ok(whole) = text.parse::<i64>() {
            return whole.into();
        }
    }
    real(text).and_then(Number::from_f64).unwrap_or_else(|| 0.into())
}

/// A number of JSON's form that 64 bits of floating point hold. By serde_json, which is there anyway: a second reader of such numbers would
/// cost the Worker 14 KB.
pub(crate) fn real(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

#[derive(Clone)]
struct Places<'a> {
    tape: &'a Tape<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Places<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.end {
            return None;
        }
        let item = Item { tape: self.tape, at: self.at };
        self.at = item.node().next;
        Some(item)
    }
}
