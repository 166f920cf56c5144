//! JSON read where it lies: one flat list of places in the text and no copies. Exactly the documents that `serde_json` reads are read.
//!
//! A member named twice counts with its last value. Numbers are kept as they are written until somebody asks what they are.

mod name;
mod parse;
mod view;

use std::borrow::Cow;

use people_model::Datum;
use serde_json::Number;

pub(crate) use name::Name;
pub(crate) use parse::Elements;
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
    fn length(self) -> usize {
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

    /// The document from its beginning on.
    fn behind(self, node: Node) -> &'a [u8] {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(text: &str) -> Option<Value> {
        Tape::read(text.as_bytes()).ok().map(|tape| tape.root().unwrap().datum().into())
    }

    /// Values as an HR system could send them.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1_000_000..1_000_000_i32).prop_map(|n| Value::from(f64::from(n) / 64.0)),
            ".{0,12}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::btree_map(".{0,6}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            prop_assert_eq!(read(&text.unwrap()), Some(value));
        }

        #[test]
        fn a_text_is_json_if_serde_says_so(value in values(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}\",:0-9eE.+\\\\ u\\-truefalsn\\x00-\\x1f]{0,3}", cut in 0..3_usize) {
            let mut text: Vec<char> = value.to_string().chars().collect();
            let from = at.index(text.len());
            let to = (from + cut).min(text.len());
            text.splice(from..to, put.chars());
            let text: String = text.into_iter().collect();
            let theirs = serde_json::from_str::<Value>(&text).ok();
            let ours = read(&text);
            prop_assert_eq!(ours.is_some(), theirs.is_some(), "{}", text);
            // Their floating point may differ in the last digit; so may a whole number beyond 64 bits, which becomes one.
            let real = text.contains(['.', 'e', 'E'])
                || text.as_bytes().windows(20).any(|run| run.iter().all(u8::is_ascii_digit));
            if let (false, Some(ours), Some(theirs)) = (real, ours, theirs) {
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let ours = Tape::read(&bytes).is_ok();
            let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            prop_assert_eq!(ours, serde_json::from_slice::<Value>(bare).is_ok());
        }
    }

    #[test]
    fn awkward_documents_are_read_as_serde_reads_them() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        let mut texts: Vec<String> = [
            "",
            " ",
            "1 2",
            "01",
            "-",
            "-0",
            "-01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "1E5",
            "-1.5e-3",
            "1e999",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809",
            "tru",
            "true ",
            "nullx",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\ud83d\\u0041\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\u{7f}\"",
            "{",
            "{}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "[1,]",
            "[,]",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "{1:2}",
            "{\"a\":1,\"a\":2}",
            "\t\r\n[ ]\n",
            "\u{a0}1",
            "[1]x",
            "\"\\/\\b\\f\\n\\r\\t\"",
            "\"0123456789abcdefghij\\n\"",
        ]
        .map(str::to_owned)
        .into();
        texts.extend([deep(126), deep(127), deep(128), deep(10_000), format!("{}1", "9".repeat(400))]);
        for text in texts {
            let theirs = serde_json::from_str::<Value>(&text).ok();
            assert_eq!(read(&text), theirs, "{text:.60}");
        }
        assert_eq!(Tape::read(b"\xEF\xBB\xBF[1]").unwrap().root().unwrap().length(), Some(1));
    }

    #[test]
    fn members_are_found_by_name_however_it_is_written() {
        let tape = Tape::read(br#"{"a":1,"\u0062":{"c":[2,3]},"a":4}"#).unwrap();
        let root = tape.root().unwrap();
        assert_eq!(root.get("a").unwrap().number(), Some("4"));
        let list = root.get("b").unwrap().get("c").unwrap();
        assert_eq!((list.index(1).unwrap().number(), list.index(2).is_none()), (Some("3"), true));
        assert!(root.get("c").is_none() && list.get("a").is_none() && root.index(0).is_none());
    }
}
