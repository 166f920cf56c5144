//! Requests and answers, from the runtime's form to ours and back.

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use worker::{ByteStream, Headers, Request, Response, ResponseBody, ResponseBuilder};

/// A request from outside, with at most `limit` bytes of its body and one more. `None`: it broke off, or is no HTTP.
pub(crate) async fn incoming(mut request: Request, limit: usize) -> Option<http::Request<Bytes>> {
    let raw = request.inner();
    let method = http::Method::from_bytes(raw.method().as_bytes()).ok()?;
    let uri: Uri = raw.url().parse().ok()?;
    let headers = headers(request.headers());
    let told = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let body = match raw.body() {
        // In one go where its length is known: a stream takes many turns.
        Some(_) if told.is_some_and(|length| length <= limit) => request.bytes().await.ok()?.into(),
        Some(_) => whole(request.stream().ok()?, limit.saturating_add(1)).await?,
        None => Bytes::new(),
    };
    let mut incoming = http::Request::new(body);
    *incoming.method_mut() = method;
    *incoming.uri_mut() = uri;
    *incoming.headers_mut() = headers;
    Some(incoming)
}

/// At most so many bytes.
async fn whole(mut stream: ByteStream, limit: usize) -> Option<Bytes> {
    let mut whole = Vec::new();
    while whole.len() < limit {
        match stream.try_next().await.ok()? {
            Some(chunk) => {
                let room = limit.saturating_sub(whole.len()).min(chunk.len());
                whole.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            }
            None => break,
        }
    }
    Some(whole.into())
}

/// An answer of another server, of at most `limit` bytes. `None`: it broke off or is longer.
pub(crate) async fn answered(mut response: Response, limit: usize) -> Option<http::Response<Bytes>> {
    let body = match response.body() {
        ResponseBody::Stream(_) => whole(response.stream().ok()?, limit.saturating_add(1)).await?,
        ResponseBody::Body(bytes) => Bytes::from(bytes.clone()),
        ResponseBody::Empty => Bytes::new(),
    };
    if body.len() > limit {
        return None;
    }
    let mut answer = http::Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(response.status_code()).ok()?;
    *answer.headers_mut() = headers(response.headers());
    Some(answer)
}

/// What can be a header. What cannot is left out, and proves nothing.
fn headers(from: &Headers) -> HeaderMap {
    let pairs = from.entries().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

/// An answer of ours.
pub(crate) fn outgoing(answer: http::Response<Bytes>) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in answer.headers() {
        headers.append(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    Ok(ResponseBuilder::new()
        .with_status(answer.status().as_u16())
        .with_headers(headers)
        .fixed(answer.into_body().to_vec()))
}
