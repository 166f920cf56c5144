//! Entries, feeds and errors as recorded servers sent them: single quotes, links to Google's host whatever the client asked, `startIndex` always 1,
//! headers of GData, CRLF in errors.

use jiff::Timestamp;
use people_model::Members;
use people_model::gapps::shape::Shape;
use people_model::gapps::{Element, Head, Item};

use super::{Ask, document, no};
use crate::clock::rfc3339;
use crate::http::Reply;

/// The host in every link and id, wherever this runs.
const HOST: &str = "https://apps-apis.google.com";
const ATOM: &str = "application/atom+xml; charset=UTF-8";
/// Users and nicknames never tell when they changed.
const EPOCH: &str = "1970-01-01T00:00:00.000Z";

/// What an operation did.
pub(super) struct Done {
    pub(super) reply: Reply,
    pub(super) effect: bool,
}

/// One thing to be shown: its members and its path below the host.
pub(super) struct Thing {
    pub(super) shape: &'static Shape,
    pub(super) path: String,
    pub(super) title: Option<String>,
    pub(super) members: Members,
}

impl Thing {
    fn element(&self, now: Timestamp) -> Result<Element, Item> {
        let said = self.shape.entry(&self.members).map_err(|_| no("InvalidValue", ""))?;
        let head = Head {
            id: format!("{HOST}{}", self.path),
            updated: updated(self.shape, now),
            term: self.shape.term,
            title: self.title.as_deref(),
        };
        Ok(head.entry(said))
    }

    /// 201 with both locations.
    pub(super) fn created(&self, ask: &Ask<'_>) -> Result<Done, Item> {
        let url = format!("{HOST}{}", self.path);
        let reply =
            atom(201, &self.element(ask.now)?)?.with("location", url.clone()).with("content-location", url);
        Ok(Done { reply, effect: true })
    }

    /// 200; `effect`: because of a change.
    pub(super) fn shown(&self, ask: &Ask<'_>, effect: bool) -> Result<Done, Item> {
        Ok(Done { reply: atom(200, &self.element(ask.now)?)?, effect })
    }
}

/// A page of a feed: the things from the start on, the start included, in the order of their keys without regard to case.
pub(super) fn feed(
    ask: &Ask<'_>,
    shape: &'static Shape,
    path: &str,
    (start, size): (&str, usize),
    mut all: Vec<(String, Thing)>,
) -> Result<Done, Item> {
    all.sort_by_key(|(key, _)| key.to_ascii_lowercase());
    let from = ask.request.param(start).unwrap_or_default().to_ascii_lowercase();
    let first = all.iter().position(|(key, _)| key.to_ascii_lowercase() >= from).unwrap_or(all.len());
    let rest = all.get(first..).unwrap_or_default();
    let id = format!("{HOST}{path}");
    let next = rest.get(size).map(|(key, _)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            form_urlencoded::parse(ask.request.query.as_bytes()).filter(|(name, _)| name != start)
        {
            query.append_pair(&name, &value);
        }
        format!("{id}?{}", query.append_pair(start, key).finish())
    });
    let entries: Result<Vec<Element>, Item> =
        rest.iter().take(size).map(|(_, thing)| thing.element(ask.now)).collect();
    let head = Head { id, updated: updated(shape, ask.now), term: shape.term, title: None };
    Ok(Done { reply: atom(200, &head.feed(next.as_deref(), entries?))?, effect: false })
}

/// What a deletion answers.
pub(super) fn deleted() -> Done {
    Done { reply: headed(Reply::text(200, "text/html; charset=UTF-8", "")), effect: true }
}

/// An error document.
pub(super) fn errors(status: u16, items: Vec<Item>) -> Reply {
    headed(Reply::text(status, "text/xml", &document(items)))
}

fn atom(status: u16, root: &Element) -> Result<Reply, Item> {
    let text = root.document().map_err(|_| no("InvalidValue", ""))?;
    Ok(headed(Reply::text(status, ATOM, &single_quoted(&text))))
}

fn headed(reply: Reply) -> Reply {
    reply
        .with("gdata-version", "1.0")
        .with("vary", "Accept, X-GData-Authorization, GData-Version")
        .with("server", "GSE")
}

fn updated(shape: &Shape, now: Timestamp) -> String {
    if shape.term.is_some() { EPOCH.to_owned() } else { rfc3339(now) }
}

/// The same document with its attributes in single quotes.
fn single_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            _ => {}
        }
        match c {
            '"' if tag => out.push('\''),
            '\'' if tag => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
