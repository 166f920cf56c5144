//! From an element to a document: namespaces get their usual prefixes, all declared on the root.

use super::{Element, Name, Node, XML, XmlError, is_char};
use crate::gapps::{APPS, ATOM, GD, OPEN_SEARCH};

/// The document that holds `root`.
pub(super) fn document(root: &Element) -> Result<String, XmlError> {
    let mut names = Names { prefixes: Vec::new(), default: "" };
    let (mut bare, mut attribute) = (false, false);
    names.collect(root, &mut bare, &mut attribute);
    // Atom goes without a prefix where nothing else needs to.
    if !bare && !attribute && names.prefixes.iter().any(|(uri, _)| uri == ATOM) {
        names.default = ATOM;
        names.prefixes.retain(|(uri, _)| uri != ATOM);
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    names.element(root, true, &mut out)?;
    Ok(out)
}

struct Names {
    prefixes: Vec<(String, String)>,
    default: &'static str,
}

impl Names {
    /// Finds every namespace; whether an element has none, and whether an attribute is in Atom's.
    fn collect(&mut self, root: &Element, bare: &mut bool, attribute: &mut bool) {
        let mut open = vec![root];
        while let Some(element) = open.pop() {
            *bare |= element.name.namespace.is_empty();
            *attribute |= element.attributes.iter().any(|(name, _)| name.namespace == ATOM);
            let names = element.attributes.iter().map(|(name, _)| name);
            for uri in names.chain([&element.name]).map(|name| name.namespace.as_ref()) {
                if uri.is_empty() || uri == XML || self.prefixes.iter().any(|(known, _)| known == uri) {
                    continue;
                }
                let prefix = match uri {
                    ATOM => "atom".to_owned(),
                    APPS => "apps".to_owned(),
                    GD => "gd".to_owned(),
                    OPEN_SEARCH => "openSearch".to_owned(),
                    _ => format!("ns{}", self.prefixes.len()),
                };
                self.prefixes.push((uri.to_owned(), prefix));
            }
            open.extend(element.elements());
        }
    }

    fn element(&self, element: &Element, root: bool, out: &mut String) -> Result<(), XmlError> {
        let name = self.qualified(&element.name);
        out.push('<');
        out.push_str(&name);
        if root {
            if !self.default.is_empty() {
                out.push_str(&format!(" xmlns=\"{}\"", self.default));
            }
            for (uri, prefix) in &self.prefixes {
                out.push_str(&format!(" xmlns:{prefix}=\""));
                escape(uri, true, out)?;
                out.push('"');
            }
        }
        for (attribute, value) in &element.attributes {
            out.push(' ');
            out.push_str(&self.qualified(attribute));
            out.push_str("=\"");
            escape(value, true, out)?;
            out.push('"');
        }
        if element.children.is_empty() {
            out.push_str("/>");
            return Ok(());
        }
        out.push('>');
        for child in &element.children {
            match child {
                // As deep as what was read, which is limited.
                Node::Element(child) => self.element(child, false, out)?,
                Node::Text(text) => escape(text, false, out)?,
            }
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
        Ok(())
    }

    fn qualified(&self, name: &Name) -> String {
        let uri = name.namespace.as_ref();
        if uri == XML {
            return format!("xml:{}", name.local);
        }
        match self.prefixes.iter().find(|(known, _)| known == uri) {
            Some((_, prefix)) => format!("{prefix}:{}", name.local),
            None => name.local.clone(),
        }
    }
}

/// Writes text so that it is read as it was, line breaks included.
fn escape(text: &str, attribute: bool, out: &mut String) -> Result<(), XmlError> {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c if is_char(c) => out.push(c),
            _ => return Err(XmlError::Unwritable),
        }
    }
    Ok(())
}
