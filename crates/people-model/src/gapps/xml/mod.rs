//! XML as an infoset: elements and attributes by namespace and local name, text as it is meant. Prefixes, quotes, comments and
//! processing instructions carry no meaning here and are not kept.
//!
//! | file | holds |
//! |---|---|
//! | `read` | from bytes to elements, child by child, under [`Limits`] |
//! | `write` | from an element to a document |

use core::fmt;
use std::borrow::Cow;

mod read;
mod write;

pub use read::{Document, Limits, parse};

/// The namespace of `xml:lang` and the like.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A name: its namespace (`""`: none) and its local part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The namespace's URI.
    pub namespace: Cow<'static, str>,
    /// The local part.
    pub local: String,
}

impl Name {
    /// Whether it is this one.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}{}", self.namespace, self.local)
    }
}

/// A part of an element's content.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, references resolved; never two in a row, never empty.
    Text(String),
}

/// An element. Two are equal where they mean the same: the order of attributes does not count, everything else does.
#[derive(Clone)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, without declarations of namespaces; no name twice.
    pub attributes: Vec<(Name, String)>,
    /// Its content.
    pub children: Vec<Node>,
}

impl Element {
    /// An empty element.
    pub fn new(namespace: &'static str, local: &str) -> Self {
        let name = Name { namespace: Cow::Borrowed(namespace), local: local.to_owned() };
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute without a namespace.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// With a child at the end.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.children.push(Node::Text(text.to_owned()));
        }
        self
    }

    /// Sets an attribute without a namespace.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(known, _)| known.is("", name)) {
            Some((_, old)) => *old = value,
            None => {
                self.attributes.push((Name { namespace: Cow::Borrowed(""), local: name.to_owned() }, value))
            }
        }
    }

    /// An attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known.is("", name)).map(|(_, value)| value.as_str())
    }

    /// Its child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element of this name.
    pub fn find(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.name.is(namespace, local))
    }

    /// Changes the first child element of this name, made where there is none.
    pub fn upsert(&mut self, namespace: &'static str, local: &str, change: impl FnOnce(&mut Self)) {
        let found = self.children.iter_mut().find_map(|node| match node {
            Node::Element(element) if element.name.is(namespace, local) => Some(element),
            _ => None,
        });
        match found {
            Some(element) => change(element),
            None => {
                let mut element = Self::new(namespace, local);
                change(&mut element);
                self.children.push(Node::Element(element));
            }
        }
    }

    /// Its own text, without white space around it.
    pub fn own_text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect::<String>().trim().to_owned()
    }

    /// The document that holds it, with an XML declaration.
    ///
    /// # Errors
    /// Where a text holds a character that XML cannot carry.
    pub fn document(&self) -> Result<String, XmlError> {
        write::document(self)
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |element: &Self| {
            let mut attributes = element.attributes.clone();
            attributes.sort();
            attributes
        };
        self.name == other.name && self.children == other.children && sorted(self) == sorted(other)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({:?}, …)", self.name)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(element) => element.fmt(f),
            Self::Text(_) => f.write_str("Text(…)"),
        }
    }
}

/// Why bytes are not a document that is read here. Names places and names of elements, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// It is not XML.
    #[error("not well-formed XML at byte {at}: {problem}")]
    Malformed {
        /// The byte, from 0.
        at: u64,
        /// What is wrong.
        problem: String,
    },
    /// A prefix is used that nothing binds to a namespace.
    #[error("the prefix `{prefix}` at byte {at} is not bound to a namespace; declare it with xmlns:{prefix}")]
    Unbound {
        /// The byte, from 0.
        at: u64,
        /// The prefix.
        prefix: String,
    },
    /// A document type declaration: entities can be declared there, and a small document then means a huge one.
    #[error("a document type declaration at byte {at} is refused: this API's documents have none")]
    Doctype {
        /// The byte, from 0.
        at: u64,
    },
    /// A reference to an entity that XML does not predefine.
    #[error(
        "the reference at byte {at} is refused: only the five predefined entities and characters are read"
    )]
    Entity {
        /// The byte, from 0.
        at: u64,
    },
    /// An encoding other than UTF-8.
    #[error("the document is not in UTF-8; convert it first")]
    Encoding,
    /// A limit is passed.
    #[error("more than {limit} {what} at byte {at}: the document is refused")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many are read.
        limit: usize,
        /// The byte, from 0.
        at: u64,
    },
    /// The bytes could not be read.
    #[error("the document could not be read: {0}")]
    Io(String),
    /// A text that XML cannot carry, on writing.
    #[error("a value holds a control character, which XML cannot carry; remove it")]
    Unwritable,
}

/// Whether XML 1.0 can carry the character.
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
