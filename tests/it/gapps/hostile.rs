//! Servers and documents that mean harm: bounded memory, a clear error, and no token for anybody else.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use people_model::gapps::xml::{Limits, parse};
use people_model::gapps::{Entries, Noun, User, XmlError};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{any, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{Client, sim};

const FEED: &str =
    "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:apps='http://schemas.google.com/apps/2006'>";
const ENTRY: &str = "<entry><apps:login userName='ana'/></entry>";
const D: (&str, &str) = ("domain", "example.com");
const PATH: &str = "/a/feeds/example.com/user/2.0";

fn refused(text: &str) -> XmlError {
    parse(text.as_bytes(), Limits::default()).expect_err("it is refused")
}

#[test]
fn bombs_do_not_go_off() {
    let laughs =
        "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]><l>&c;</l>";
    let outside = "<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><l>&x;</l>";
    for text in [laughs, outside, "<!DOCTYPE l SYSTEM 'http://evil.example/x.dtd'><l/>"] {
        let error = refused(text);
        assert!(matches!(error, XmlError::Doctype { .. }), "{error}");
    }
    for text in ["<l>&lol;</l>", "<l a='&lol;'/>", "<l>&#0;</l>", "<l>&#xFFFF;</l>", "<l>&#x110000;</l>"] {
        let error = refused(text);
        assert!(matches!(error, XmlError::Entity { .. }), "{text}: {error}");
    }
    let deep = "<a>".repeat(100_000);
    let wide: String = (0..100).map(|n| format!(" a{n}=''")).collect();
    let many = format!("<r><e>{}</e></r>", "<x/>".repeat(5000));
    let long = format!("<a b='{}'/>", "x".repeat(2 << 20));
    for (text, what) in [
        (deep, "elements inside one another"),
        (format!("<a{wide}/>"), "attributes"),
        (many, "parts of one entry"),
        (long, "bytes in one tag"),
    ] {
        let error = refused(&text).to_string();
        assert!(error.contains(what), "{error}");
    }
    for (text, what) in [
        ("<a></b>", "not well-formed"),
        ("<a", "not well-formed"),
        ("<a/><b/>", "something follows"),
        ("", "there is no element"),
        ("<a b='1' b='2'/>", "not well-formed"),
        ("<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>", "stands twice"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", "not in UTF-8"),
        ("<a>\u{1}</a>", "not well-formed"),
    ] {
        let error = refused(text).to_string();
        assert!(error.contains(what), "{text}: {error}");
    }
}

/// Endless bytes, counted: a start, then the same over and over.
struct Endless {
    start: &'static [u8],
    again: &'static [u8],
    at: usize,
    read: Arc<AtomicU64>,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        for byte in out.iter_mut() {
            *byte = match self.start.get(self.at) {
                Some(byte) => *byte,
                None => self.again[(self.at - self.start.len()) % self.again.len()],
            };
            self.at += 1;
        }
        self.read.fetch_add(out.len() as u64, Ordering::Relaxed);
        Ok(out.len())
    }
}

#[test]
fn what_never_ends_is_stopped_within_two_mebibytes() {
    let start = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>";
    for (again, what) in [
        ("x", "bytes in one"),
        ("<a>", "inside one another"),
        ("<a/>", "parts of one entry"),
        ("<!--x-->", "bytes in one"),
        ("<![CDATA[x]]>", "parts of one entry"),
        ("&amp;", "parts of one entry"),
        ("<a b='", "bytes in one"),
        ("<!-- ", "bytes in one"),
    ] {
        let read = Arc::new(AtomicU64::new(0));
        let endless = Endless { start: start.as_bytes(), again: again.as_bytes(), at: 0, read: read.clone() };
        let mut entries = Entries::new(BufReader::new(endless), Limits::default()).expect("it begins well");
        let error = entries.next_entry().expect_err("it never ends").to_string();
        assert!(error.contains(what), "{again}: {error}");
        assert!(read.load(Ordering::Relaxed) < 2 << 20, "{again}: {} bytes", read.load(Ordering::Relaxed));
    }
}

#[test]
fn a_feed_of_a_hundred_megabytes_is_read_entry_by_entry() {
    // Few long entries: short ones take a debug build minutes.
    let title = "x".repeat(32 << 10);
    let entry = format!(
        "<entry><title>{title}</title><apps:login userName='ana'/><apps:name familyName='S'/></entry>\n"
    );
    let count = (100 << 20) / entry.len();
    let pieces = std::iter::once(FEED.as_bytes().to_vec());
    let pieces = pieces.chain(std::iter::repeat_n(entry.into_bytes(), count)).chain([b"</feed>".to_vec()]);
    let reader = BufReader::new(Chunks(pieces, Vec::new()));
    let mut entries = Entries::new(reader, Limits::default()).expect("a feed");
    let mut read = 0;
    while let Some(members) = entries.next_members(User::SHAPE).expect("well-formed") {
        assert_eq!(members["userName"], "ana");
        read += 1;
    }
    assert_eq!(read, count);
}

/// Bytes from pieces.
struct Chunks<I>(I, Vec<u8>);

impl<I: Iterator<Item = Vec<u8>>> Read for Chunks<I> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.next().unwrap_or_default();
        }
        let n = self.1.len().min(out.len());
        out[..n].copy_from_slice(&self.1[..n]);
        self.1.drain(..n);
        Ok(n)
    }
}

/// A server that lets anybody log in, and these pages by start key.
async fn server(pages: &[(Option<&str>, String)]) -> MockServer {
    let server = MockServer::start().await;
    let login = ResponseTemplate::new(200).set_body_string("SID=a\nLSID=b\nAuth=the-token\n");
    Mock::given(path("/accounts/ClientLogin")).respond_with(login).mount(&server).await;
    for (key, next) in pages {
        let link = if next.is_empty() { String::new() } else { format!("<link rel='next' href='{next}'/>") };
        let answer = ResponseTemplate::new(200).set_body_string(format!("{FEED}{link}{ENTRY}</feed>"));
        let mock = Mock::given(path(PATH));
        let mock = match key {
            Some(key) => mock.and(query_param("startUsername", *key)),
            None => mock.and(query_param_is_missing("startUsername")),
        };
        mock.respond_with(answer).mount(&server).await;
    }
    server
}

#[tokio::test]
async fn pages_in_a_circle_end() {
    let sim = sim().await;
    let next = |key: &str| format!("https://apps-apis.google.com{PATH}?startUsername={key}");
    let server = server(&[(None, next("b")), (Some("b"), next("c")), (Some("c"), next("b"))]).await;
    let error = Client::login(&sim, &server.uri()).all("user.list", &[D]).await.expect_err("a circle");
    assert!(error.contains("run in a circle"), "{error}");
    assert_eq!(server.received_requests().await.expect("recorded").len(), 4, "a login and three pages");
}

#[tokio::test]
async fn a_link_to_another_host_gets_no_token() {
    let sim = sim().await;
    let evil = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&evil).await;
    let same = format!("{}{PATH}?startUsername=b", evil.uri());
    let good = server(&[(None, same), (Some("b"), String::new())]).await;
    let (all, pages) = Client::login(&sim, &good.uri()).all("user.list", &[D]).await.expect("re-based");
    assert_eq!((all.len(), pages), (2, 2));
    // Another feed, wherever it is, is an error.
    for next in
        [format!("{}/steal?x=1", evil.uri()), format!("{}/a/feeds/other.example/user/2.0?x=1", evil.uri())]
    {
        let server = server(&[(None, next)]).await;
        let error = Client::login(&sim, &server.uri()).all("user.list", &[D]).await.expect_err("elsewhere");
        assert!(error.contains("leads out of the feed"), "{error}");
    }
    // Nor does a redirect.
    let redirecting = MockServer::start().await;
    let login = ResponseTemplate::new(200).set_body_string("Auth=the-token\n");
    Mock::given(path("/accounts/ClientLogin")).respond_with(login).mount(&redirecting).await;
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}{PATH}", evil.uri()));
    Mock::given(path(PATH)).respond_with(away).mount(&redirecting).await;
    let error = Client::login(&sim, &redirecting.uri()).all("user.list", &[D]).await.expect_err("a redirect");
    assert!(error.contains("a redirect is not followed"), "{error}");
    assert_eq!(evil.received_requests().await.expect("recorded").len(), 0);
}

#[tokio::test]
async fn a_malformed_page_is_a_clear_error() {
    let sim = sim().await;
    let server = MockServer::start().await;
    let login = ResponseTemplate::new(200).set_body_string("Auth=the-token\n");
    Mock::given(path("/accounts/ClientLogin")).respond_with(login).mount(&server).await;
    let body = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><apps:login userName='a'/></entry></feed>";
    Mock::given(path(PATH))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;
    let said = Client::login(&sim, &server.uri()).fails("user.list", &[D], Value::Null).await;
    assert!(said.starts_with("BadAnswer the prefix `apps`") && said.contains("not bound"), "{said}");
}

/// An answer of a hundred megabytes: the client hangs up after eight.
#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let sim = sim().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let sent = Arc::new(AtomicU64::new(0));
    let count = sent.clone();
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 4096];
            let n = stream.read(&mut head).await.expect("a request");
            if String::from_utf8_lossy(&head[..n]).starts_with("POST /accounts") {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nAuth=t\n")
                    .await;
                continue;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            let _ = stream.write_all(FEED.as_bytes()).await;
            let block = ENTRY.repeat(1000);
            while count.load(Ordering::Relaxed) < 100 << 20
                && stream.write_all(block.as_bytes()).await.is_ok()
            {
                count.fetch_add(block.len() as u64, Ordering::Relaxed);
            }
        }
    });
    let said = Client::login(&sim, &base).fails("user.list", &[D], Value::Null).await;
    assert_eq!(said, "Unanswered the answer is larger than 8 MiB");
    assert!(sent.load(Ordering::Relaxed) < 24 << 20, "{} bytes were sent", sent.load(Ordering::Relaxed));
    server.abort_all();
}
