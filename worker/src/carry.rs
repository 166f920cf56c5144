//! Requests and answers, from the runtime's form to ours and back.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use wasm_bindgen::JsValue;

use crate::runtime::{self, Carried};

/// A request from outside. `None`: it is no HTTP.
pub(crate) fn incoming(
    (method, url): (&str, &str),
    lines: &str,
    body: Vec<u8>,
) -> Option<http::Request<Bytes>> {
    let mut incoming = http::Request::new(Bytes::from(body));
    *incoming.method_mut() = http::Method::from_bytes(method.as_bytes()).ok()?;
    *incoming.uri_mut() = url.parse().ok()?;
    *incoming.headers_mut() = headers(lines);
    Some(incoming)
}

/// An answer of another server. `None`: it is no HTTP.
pub(crate) fn answered(answer: Carried) -> Option<http::Response<Bytes>> {
    let mut response = http::Response::new(Bytes::from(answer.body));
    *response.status_mut() = http::StatusCode::from_u16(answer.status).ok()?;
    *response.headers_mut() = headers(&answer.headers);
    Some(response)
}

/// An answer of ours.
pub(crate) fn outgoing(answer: &http::Response<Bytes>) -> Result<JsValue, JsValue> {
    let lines = lines(answer.headers()).unwrap_or_default();
    runtime::response(answer.status().as_u16(), &lines, answer.body())
}

/// A name and its value, each on a line of its own. What cannot be a header is left out, and proves nothing.
fn headers(lines: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut lines = lines.split('\n');
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    }
    headers
}

/// The other direction. `None` where a value is not text.
pub(crate) fn lines(headers: &HeaderMap) -> Option<String> {
    let mut lines = String::new();
    for (name, value) in headers {
        for part in [name.as_str(), value.to_str().ok()?] {
            lines.push_str(part);
            lines.push('\n');
        }
    }
    Some(lines)
}
