//! Feeds: read entry by entry, so that a feed of any length needs the memory of one entry; and entries and feeds as servers write them.

use std::io::BufRead;

use super::shape::{Shape, Unusable, category};
use super::xml::{Document, Element, Limits, Node, XmlError};
use super::{ATOM, OPEN_SEARCH};
use crate::Members;

/// Why a document is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDocument {
    /// It is not XML that is read here.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Its root is something else.
    #[error("expected an Atom {0}")]
    Root(&'static str),
    /// An entry is something else.
    #[error("entry {number}: {problem}")]
    Entry {
        /// Which, from 1.
        number: u64,
        /// What is wrong.
        problem: Unusable,
    },
}

/// The entries of a feed, in order, and what the feed says of itself as far as it has been read.
pub struct Entries<R> {
    document: Document<R>,
    next: Option<String>,
    start_index: Option<u64>,
    number: u64,
}

impl<R: BufRead> Entries<R> {
    /// Opens a feed.
    ///
    /// # Errors
    /// Where it does not begin as one.
    pub fn new(input: R, limits: Limits) -> Result<Self, BadDocument> {
        let document = Document::new(input, limits)?;
        match document.root().name.is(ATOM, "feed") {
            true => Ok(Self { document, next: None, start_index: None, number: 0 }),
            false => Err(BadDocument::Root("feed")),
        }
    }

    /// The next entry, or `None` where the feed is over.
    ///
    /// # Errors
    /// Where the rest is not XML that is read here.
    pub fn next_entry(&mut self) -> Result<Option<Element>, BadDocument> {
        while let Some(element) = self.document.next_element()? {
            if element.name.is(ATOM, "entry") {
                self.number += 1;
                return Ok(Some(element));
            }
            if element.name.is(ATOM, "link") && element.attribute("rel") == Some("next") {
                self.next = element.attribute("href").map(|href| href.trim().to_owned());
            }
            if element.name.is(OPEN_SEARCH, "startIndex") {
                self.start_index = element.own_text().parse().ok();
            }
        }
        Ok(None)
    }

    /// The next entry's members, as this kind.
    ///
    /// # Errors
    /// Where the rest is not XML, or an entry is of another kind.
    pub fn next_members(&mut self, shape: &Shape) -> Result<Option<Members>, BadDocument> {
        let Some(entry) = self.next_entry()? else { return Ok(None) };
        let read =
            shape.read(&entry).map_err(|problem| BadDocument::Entry { number: self.number, problem })?;
        Ok(Some(read))
    }

    /// The link to the next page, as the server wrote it: it may name another host. Servers put it before the entries; it is sure once they are over.
    pub fn next_link(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// `openSearch:startIndex`: 1 on every recorded page, the second too.
    pub fn start_index(&self) -> Option<u64> {
        self.start_index
    }
}

/// What a server says about an entry or a feed beside its content.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// Its URL.
    pub id: String,
    /// When it changed (RFC 3339).
    pub updated: String,
    /// The fragment of its category, where it has one.
    pub term: Option<&'static str>,
    /// Its title, where it has one.
    pub title: Option<&'a str>,
}

impl Head<'_> {
    fn nodes(&self, entry: bool) -> Vec<Node> {
        let mut nodes =
            vec![Element::new(ATOM, "id").text(&self.id), Element::new(ATOM, "updated").text(&self.updated)];
        nodes.extend(self.term.map(category));
        nodes.extend(self.title.map(|title| Element::new(ATOM, "title").with("type", "text").text(title)));
        nodes.push(link("self", &self.id));
        if entry {
            nodes.push(link("edit", &self.id));
        }
        nodes.into_iter().map(Node::Element).collect()
    }

    /// An entry as a server sends it: this head, then what the entry says.
    pub fn entry(&self, entry: Element) -> Element {
        let category = |node: &Node| matches!(node, Node::Element(one) if one.name.is(ATOM, "category"));
        let mut whole = Element::new(ATOM, "entry");
        whole.children = self.nodes(true);
        whole.children.extend(entry.children.into_iter().filter(|node| !category(node)));
        whole
    }

    /// A feed as a server sends it.
    pub fn feed(&self, next: Option<&str>, entries: Vec<Element>) -> Element {
        let mut feed = Element::new(ATOM, "feed");
        feed.children = self.nodes(false);
        feed.children.extend(next.map(|next| Node::Element(link("next", next))));
        feed = feed
            .child(link("http://schemas.google.com/g/2005#feed", &self.id))
            .child(link("http://schemas.google.com/g/2005#post", &self.id))
            .child(Element::new(OPEN_SEARCH, "startIndex").text("1"));
        feed.children.extend(entries.into_iter().map(Node::Element));
        feed
    }
}

fn link(rel: &str, href: &str) -> Element {
    Element::new(ATOM, "link").with("rel", rel).with("type", "application/atom+xml").with("href", href)
}
