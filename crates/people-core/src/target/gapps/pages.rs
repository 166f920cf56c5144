//! The pages of a feed. A server names the next one by a link that may show another scheme or host: only its query is taken, so that a token never
//! leaves for a host that the configuration does not name.

use std::collections::HashSet;

use people_model::{Call, Members};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::target::Answer;

/// More pages than any account has: 100,000 of 100 entries.
const MOST: usize = 100_000;

/// Why the next page is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPage {
    /// The link to the next page leads to a page that was read already.
    #[error("the pages of the feed run in a circle: the link to the next page leads back")]
    Circle,
    /// There is no end.
    #[error("the feed has more than 100000 pages")]
    Endless,
    /// The link to the next page is that of another feed.
    #[error("the link to the next page leads out of the feed")]
    Elsewhere,
    /// The answer is not that of a feed.
    #[error("the answer is not a feed")]
    NoFeed,
}

/// The pages of one feed: ask for [`Pages::next`], give the answer to [`Pages::accept`].
#[derive(Debug)]
pub struct Pages {
    next: Option<Call>,
    seen: HashSet<[u8; 32]>,
}

impl Pages {
    /// The pages from the one that this call asks for.
    pub fn new(first: Call) -> Self {
        Self { next: Some(first), seen: HashSet::new() }
    }

    /// The call for the next page; `None` where that was the last.
    pub fn next(&self) -> Option<&Call> {
        self.next.as_ref()
    }

    /// Takes the entries of a page.
    ///
    /// # Errors
    /// Where the pages run in a circle or never end; there is no next page then.
    pub fn accept(&mut self, answer: Answer) -> Result<Vec<Members>, BadPage> {
        let call = self.next.take().ok_or(BadPage::NoFeed)?;
        let Value::Object(mut feed) = answer.0 else { return Err(BadPage::NoFeed) };
        let Some(Value::Array(entries)) = feed.remove("entries") else { return Err(BadPage::NoFeed) };
        self.seen.insert(Sha256::digest(call.path.as_bytes()).into());
        if let Some(Value::String(path)) = feed.remove("next") {
            let hash: [u8; 32] = Sha256::digest(path.as_bytes()).into();
            if self.seen.contains(&hash) {
                return Err(BadPage::Circle);
            }
            if self.seen.len() >= MOST {
                return Err(BadPage::Endless);
            }
            self.next = Some(Call { path, ..call });
        }
        let members = |entry| match entry {
            Value::Object(members) => Some(members),
            _ => None,
        };
        Ok(entries.into_iter().filter_map(members).collect())
    }
}

/// The path of the page that `link` names, below the API's own base and in the feed that `path` is of.
pub(super) fn rebase(path: &str, link: &str) -> Result<String, BadPage> {
    // Recorded documents break lines inside of links.
    let link: String = link.chars().filter(|c| !c.is_whitespace()).collect();
    let link = link.split('#').next().unwrap_or("");
    let below = match link.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).ok_or(BadPage::Elsewhere)?,
        None => link,
    };
    let (there, query) = below.split_once('?').ok_or(BadPage::Elsewhere)?;
    let here = path.split('?').next().unwrap_or(path);
    let plain = |path: &str| {
        let feed = path.find("/a/feeds/").and_then(|at| path.get(at..))?;
        Some(percent_decode_str(feed.trim_end_matches('/')).decode_utf8_lossy().to_lowercase())
    };
    match (plain(here), plain(there)) {
        (Some(here), Some(there)) if here == there => {}
        _ => return Err(BadPage::Elsewhere),
    }
    Ok(format!("{here}?{}", utf8_percent_encode(query, CONTROLS)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::target::gapps::operation;

    const HERE: &str = "/a/feeds/example.com/user/2.0";

    #[test]
    fn only_the_query_of_a_link_counts() {
        for link in [
            "https://apps-apis.google.com/a/feeds/example.com/user/2.0?startUsername=john",
            "http://evil.example/a/feeds/example.com/user/2.0/?startUsername=john",
            "http://evil.example:1/gapps/a/feeds/Example.com/user/2.0?startUsername=john#x",
            "  /a/feeds/example.com/user/2.0?start\nUsername=john ",
        ] {
            assert_eq!(rebase(HERE, link).unwrap(), format!("{HERE}?startUsername=john"), "{link}");
        }
        for link in [
            "https://apps-apis.google.com/a/feeds/other.com/user/2.0?startUsername=john",
            "https://apps-apis.google.com/a/feeds/example.com/user/2.0/john?x=1",
            "https://apps-apis.google.com",
            "javascript:alert(1)?",
            "//evil.example/x?y=1",
            "https://apps-apis.google.com/a/feeds/example.com/user/2.0",
        ] {
            assert_eq!(rebase(HERE, link), Err(BadPage::Elsewhere), "{link}");
        }
    }

    #[test]
    fn a_circle_of_any_length_ends() {
        let page = |next: Option<&str>| {
            let next = next.map(|key| format!("{HERE}?startUsername={key}"));
            Answer(json!({"entries": [{"userName": "a"}], "next": next}))
        };
        let call = operation("user.list").unwrap().call(&[("domain", "example.com")], None).unwrap();
        let mut pages = Pages::new(call.clone());
        assert_eq!(pages.accept(page(Some("b"))).unwrap().len(), 1);
        assert_eq!(pages.accept(page(Some("c"))).unwrap().len(), 1);
        assert_eq!(pages.next().unwrap().path, format!("{HERE}?startUsername=c"));
        assert_eq!(pages.accept(page(Some("b"))), Err(BadPage::Circle));
        assert!(pages.next().is_none());
        let mut pages = Pages::new(call);
        assert!(pages.accept(page(None)).is_ok() && pages.next().is_none());
        assert_eq!(pages.accept(page(None)), Err(BadPage::NoFeed));
    }
}
