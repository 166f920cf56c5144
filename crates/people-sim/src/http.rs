//! Requests and replies as plain values.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use people_model::Members;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

pub(crate) const JSON: &str = "application/json; charset=UTF-8";

/// A request, with its body read.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The access token, under either scheme that Google Cloud Endpoints knows.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(header::AUTHORIZATION)?.split_once(' ')?;
        ["bearer", "oauth"].contains(&scheme.to_ascii_lowercase().as_str()).then(|| token.trim())
    }

    /// A query parameter, decoded; the first of that name.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// The decoded segments below a prefix, or `None` where the path lies elsewhere or holds an empty segment.
    pub(crate) fn segments(&self, prefix: &str) -> Option<Vec<String>> {
        self.path
            .strip_prefix(prefix)?
            .strip_prefix('/')?
            .split('/')
            .map(|segment| {
                (!segment.is_empty()).then(|| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            })
            .collect()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::empty(status).with("content-type", content_type).holding(body.as_bytes().to_vec())
    }

    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::empty(status).with("content-type", JSON).holding(body),
            Err(error) => Self::text(500, "text/plain", &error.to_string()),
        }
    }

    pub(crate) fn pretty(status: u16, value: &Value) -> Self {
        Self::text(status, JSON, &format!("{value:#}"))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn holding(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn into_http(self) -> http::Response<http_body_util::Full<Bytes>> {
        let mut response = http::Response::new(http_body_util::Full::new(Bytes::from(self.body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// What a pretended API did with a request.
#[derive(Debug)]
pub(crate) struct Handled {
    pub(crate) reply: Reply,
    pub(crate) effect: bool,
}

impl Handled {
    pub(crate) fn quietly(reply: Reply) -> Self {
        Self { reply, effect: false }
    }
}

/// A member that must be text.
pub(crate) fn text_of<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}
