//! From bytes to elements. The root is opened first and its children come one by one, so that a feed of any length needs the memory of
//! one entry.

use std::borrow::Cow;
use std::io::{self, BufRead};

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::{Element, Name, Node, XmlError, is_char};

/// How much is read. Each is a hard stop with a clear error.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How deep elements may be nested. Default 32; the API's documents have 3.
    pub depth: usize,
    /// How many attributes an element may have, declarations of namespaces not counted. Default 64.
    pub attributes: usize,
    /// How many nodes one child of the root may hold. Default 4,096.
    pub nodes: usize,
    /// How many bytes one child of the root may take, and one tag. Default 1 MiB.
    pub child: usize,
    /// How many bytes the whole document may take. Default: any number.
    pub whole: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, attributes: 64, nodes: 4096, child: 1 << 20, whole: u64::MAX }
    }
}

/// Reads a whole document.
///
/// # Errors
/// See [`XmlError`].
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Element, XmlError> {
    let mut document = Document::new(bytes, limits)?;
    let mut root = document.root.clone();
    let mut nodes = 0;
    while let Some(node) = document.next_node()? {
        nodes += 1;
        if nodes > limits.nodes {
            return Err(document.too_much("parts of the document", limits.nodes));
        }
        root.children.push(node);
    }
    Ok(root)
}

/// A document that is read child by child.
pub struct Document<R> {
    reader: NsReader<Meter<R>>,
    buffer: Vec<u8>,
    limits: Limits,
    root: Element,
    over: bool,
    /// An element that was read behind a text, to come next.
    pending: Option<Element>,
    /// Where the part that is being read began; what is read of it is limited, comments included.
    from: u64,
}

enum Token {
    Start(Element),
    End,
    Text(String),
    Eof,
}

impl<R: BufRead> Document<R> {
    /// Opens a document: reads to the root's start tag.
    ///
    /// # Errors
    /// See [`XmlError`].
    pub fn new(input: R, limits: Limits) -> Result<Self, XmlError> {
        let mut reader =
            NsReader::from_reader(Meter { input, left: limits.child, whole: limits.whole, over: None });
        reader.config_mut().expand_empty_elements = true;
        let root = Element::new("", "");
        let mut this = Self { reader, buffer: Vec::new(), limits, root, over: false, pending: None, from: 0 };
        loop {
            match this.token()? {
                Token::Start(root) => {
                    this.root = root;
                    return Ok(this);
                }
                Token::Text(text) if blank(&text) => {}
                Token::Eof => return Err(this.malformed("there is no element")),
                Token::Text(_) | Token::End => return Err(this.malformed("text outside of the root element")),
            }
        }
    }

    /// The root, without its content.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// The next child element of the root; text between them is passed over. `None`: the document is over, and was well-formed.
    ///
    /// # Errors
    /// See [`XmlError`].
    pub fn next_element(&mut self) -> Result<Option<Element>, XmlError> {
        loop {
            match self.next_node()? {
                Some(Node::Element(element)) => return Ok(Some(element)),
                Some(Node::Text(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next child of the root.
    ///
    /// # Errors
    /// See [`XmlError`].
    pub fn next_node(&mut self) -> Result<Option<Node>, XmlError> {
        if let Some(element) = self.pending.take() {
            return self.element(element).map(|element| Some(Node::Element(element)));
        }
        if self.over {
            return Ok(None);
        }
        let mut text = String::new();
        self.from = self.reader.buffer_position();
        loop {
            match self.token()? {
                Token::Text(more) => {
                    text.push_str(&more);
                }
                Token::Start(element) if text.is_empty() => {
                    return self.element(element).map(|element| Some(Node::Element(element)));
                }
                Token::Start(element) => {
                    self.pending = Some(element);
                    return Ok(Some(Node::Text(text)));
                }
                Token::End => {
                    self.end()?;
                    return Ok((!text.is_empty()).then_some(Node::Text(text)));
                }
                Token::Eof => return Err(self.malformed("the document breaks off")),
            }
        }
    }

    /// The content of an element whose start tag was read. No recursion: the stack is ours.
    fn element(&mut self, start: Element) -> Result<Element, XmlError> {
        self.from = self.reader.buffer_position();
        let mut open = vec![start];
        let mut nodes = 0;
        loop {
            let token = self.token()?;
            nodes += 1;
            if nodes > self.limits.nodes {
                return Err(self.too_much("parts of one entry", self.limits.nodes));
            }
            match token {
                Token::Start(element) => {
                    // The root is not on the stack.
                    if open.len() + 2 > self.limits.depth {
                        return Err(self.too_much("elements inside one another", self.limits.depth));
                    }
                    open.push(element);
                }
                Token::Text(more) => {
                    let Some(parent) = open.last_mut() else { continue };
                    match parent.children.last_mut() {
                        Some(Node::Text(text)) => text.push_str(&more),
                        _ => parent.children.push(Node::Text(more)),
                    }
                }
                Token::End => {
                    let Some(done) = open.pop() else { return Err(self.malformed("an end tag too many")) };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(Node::Element(done)),
                        None => return Ok(done),
                    }
                }
                Token::Eof => return Err(self.malformed("the document breaks off")),
            }
        }
    }

    /// What may follow the root: nothing but white space and comments.
    fn end(&mut self) -> Result<(), XmlError> {
        self.over = true;
        self.from = self.reader.buffer_position();
        loop {
            match self.token()? {
                Token::Eof => return Ok(()),
                Token::Text(text) if blank(&text) => {}
                _ => return Err(self.malformed("something follows the root element")),
            }
        }
    }

    /// The next event that means something.
    fn token(&mut self) -> Result<Token, XmlError> {
        loop {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            self.reader.get_mut().left = self.limits.child;
            let at = self.reader.buffer_position();
            let read = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => self.meaning(event, at),
                Err(error) => Err(self.broken(&error, at)),
            };
            self.buffer = buffer;
            let read = read?;
            self.within()?;
            if let Some(token) = read {
                return Ok(token);
            }
        }
    }

    /// What an event means; nothing, for comments and the like.
    fn meaning(&self, event: Event<'_>, at: u64) -> Result<Option<Token>, XmlError> {
        Ok(Some(match event {
            Event::Start(start) => Token::Start(self.start(&start, at)?),
            Event::End(_) => Token::End,
            Event::Text(text) => match text.xml10_content() {
                text if text.is_empty() => return Ok(None),
                text => Token::Text(checked(&text, at)?),
            },
            Event::CData(text) => match text.xml10_content() {
                text if text.is_empty() => return Ok(None),
                text => Token::Text(checked(&text, at)?),
            },
            Event::GeneralRef(reference) => {
                let c = match &*reference {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "apos" => '\'',
                    "quot" => '"',
                    _ => reference
                        .resolve_char_ref()
                        .ok()
                        .flatten()
                        .filter(|c| is_char(*c))
                        .ok_or(XmlError::Entity { at })?,
                };
                Token::Text(c.to_string())
            }
            Event::Decl(declaration) => {
                let utf8 = |name: &str| ["utf-8", "us-ascii"].contains(&name.to_ascii_lowercase().as_str());
                match declaration.encoding() {
                    Some(Ok(name)) if !utf8(&name) => return Err(XmlError::Encoding),
                    _ => return Ok(None),
                }
            }
            Event::DocType(_) => return Err(XmlError::Doctype { at }),
            Event::Comment(_) | Event::PI(_) => return Ok(None),
            Event::Empty(_) => return Err(self.malformed("an empty tag")),
            Event::Eof => Token::Eof,
        }))
    }

    fn start(&self, start: &BytesStart<'_>, at: u64) -> Result<Element, XmlError> {
        let resolver = self.reader.resolver();
        let (namespace, local) = resolver.resolve_element(start.name());
        let mut element = Element {
            name: Name { namespace: bound(&namespace, at)?, local: local_name(local.as_ref(), at)? },
            attributes: Vec::new(),
            children: Vec::new(),
        };
        for attribute in start.attributes() {
            let attribute =
                attribute.map_err(|error| XmlError::Malformed { at, problem: error.to_string() })?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            if element.attributes.len() >= self.limits.attributes {
                return Err(self.too_much("attributes of one element", self.limits.attributes));
            }
            let (namespace, local) = resolver.resolve_attribute(attribute.key);
            let name = Name { namespace: bound(&namespace, at)?, local: local_name(local.as_ref(), at)? };
            if element.attributes.iter().any(|(known, _)| *known == name) {
                return Err(XmlError::Malformed { at, problem: "an attribute stands twice".into() });
            }
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlError::Entity { at })?;
            if attribute.value.contains('<') {
                return Err(XmlError::Malformed { at, problem: "`<` in the value of an attribute".into() });
            }
            element.attributes.push((name, checked(&value, at)?));
        }
        Ok(element)
    }

    /// Whether the part that is being read is within its limit.
    fn within(&self) -> Result<(), XmlError> {
        let read = self.reader.buffer_position().saturating_sub(self.from);
        if read > self.limits.child as u64 {
            return Err(self.too_much("bytes in one entry", self.limits.child));
        }
        Ok(())
    }

    fn broken(&self, error: &quick_xml::Error, at: u64) -> XmlError {
        match self.reader.get_ref().over {
            Some("whole") => self.too_much("bytes", usize::try_from(self.limits.whole).unwrap_or(usize::MAX)),
            Some(_) => self.too_much("bytes in one tag or text", self.limits.child),
            None => match error {
                quick_xml::Error::Io(error) => XmlError::Io(error.kind().to_string()),
                quick_xml::Error::Encoding(_) => XmlError::Encoding,
                error => XmlError::Malformed { at, problem: said(error) },
            },
        }
    }

    fn too_much(&self, what: &'static str, limit: usize) -> XmlError {
        XmlError::TooMuch { what, limit, at: self.reader.buffer_position() }
    }

    fn malformed(&self, problem: &str) -> XmlError {
        XmlError::Malformed { at: self.reader.buffer_position(), problem: problem.into() }
    }
}

/// What the parser says, without what it quotes of the document.
fn said(error: &quick_xml::Error) -> String {
    let text = error.to_string();
    text.split(['`', '\'', '"', ':']).next().unwrap_or("").trim().to_owned()
}

fn blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

fn checked(text: &str, at: u64) -> Result<String, XmlError> {
    let plain = |byte: u8| byte.wrapping_sub(0x20) < 0x5F || matches!(byte, b'\t' | b'\n' | b'\r');
    match text.bytes().all(plain) || text.chars().all(is_char) {
        true => Ok(text.to_owned()),
        false => Err(XmlError::Malformed { at, problem: "a character that XML does not allow".into() }),
    }
}

/// A local name, as far as it matters here: writing it again must give a name.
fn local_name(local: &str, at: u64) -> Result<String, XmlError> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    let rest = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{B7}');
    let good = local.starts_with(first) && local.chars().all(rest);
    match good {
        true => Ok(local.to_owned()),
        false => Err(XmlError::Malformed { at, problem: "a name that XML does not allow".into() }),
    }
}

fn bound(namespace: &ResolveResult<'_>, at: u64) -> Result<Cow<'static, str>, XmlError> {
    match namespace {
        ResolveResult::Unbound => Ok(Cow::Borrowed("")),
        ResolveResult::Bound(namespace) => {
            let uri = unescape(namespace.0).map_err(|_| XmlError::Entity { at })?;
            // Those of every document are not copied for every element.
            let known = super::super::NAMESPACES.iter().find(|known| **known == uri);
            Ok(known.map_or_else(|| Cow::Owned(uri.clone().into_owned()), |known| Cow::Borrowed(*known)))
        }
        ResolveResult::Unknown(prefix) => Err(XmlError::Unbound { at, prefix: prefix.clone() }),
    }
}

/// Counts what is read, so that no tag and no text fills the memory before anybody can look at it.
struct Meter<R> {
    input: R,
    /// What may still be read of this tag or text.
    left: usize,
    /// What may still be read of the document.
    whole: u64,
    over: Option<&'static str>,
}

impl<R: BufRead> io::Read for Meter<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(out.len());
        for (to, from) in out.iter_mut().zip(ready) {
            *to = *from;
        }
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Meter<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let most = usize::try_from(self.whole).unwrap_or(usize::MAX).min(self.left);
        let ready = self.input.fill_buf()?;
        if most == 0 && !ready.is_empty() {
            self.over = Some(if self.whole == 0 { "whole" } else { "tag" });
            return Err(io::Error::other("a limit is passed"));
        }
        Ok(ready.get(..most.min(ready.len())).unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n);
        self.whole = self.whole.saturating_sub(n as u64);
        self.input.consume(n);
    }
}
