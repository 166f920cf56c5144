//! Google's metadata server, which gives the service account of a machine, a pod or a service its tokens. It is near, so it is asked again
//! where the others are left to the caller's patience.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use people_model::Members;
use people_model::time::SignedDuration;
use serde_json::Value;

/// The server's name where `GCE_METADATA_HOST` names no other.
pub const HOST: &str = "metadata.google.internal";

/// How long to wait after this many tries in vain, counted from 1; `None`: five are enough. 1, 2, 4 and 8 s, as Google's Python library.
pub fn delay(tries: u32) -> Option<SignedDuration> {
    let seconds = 1_i64.checked_shl(tries.checked_sub(1)?)?;
    (tries < 5).then(|| SignedDuration::from_secs(seconds))
}

/// Asks who the account is.
pub(super) fn identity(host: &str) -> Option<Request<Bytes>> {
    get(host, "?recursive=true")
}

/// Asks for a token with these scopes, given with spaces between them.
pub(super) fn token(host: &str, scope: &str) -> Option<Request<Bytes>> {
    let scopes = form_urlencoded::Serializer::new(String::new())
        .append_pair("scopes", &scope.replace(' ', ","))
        .finish();
    get(host, &format!("token?{scopes}"))
}

/// Whether it is really the metadata server that answers.
pub(super) fn is_real(headers: &HeaderMap) -> bool {
    headers.get("metadata-flavor").is_some_and(|flavor| flavor == "Google")
}

/// The account's address. Workload identity without a service account has none.
pub(super) fn read_email(body: &[u8]) -> Option<String> {
    let reply: Members = serde_json::from_slice(body).ok()?;
    let plain = |email: &&str| email.contains('@') && !email.contains(['/', ' ', '?', '#', '%']);
    reply.get("email").and_then(Value::as_str).filter(plain).map(str::to_owned)
}

fn get(host: &str, rest: &str) -> Option<Request<Bytes>> {
    let uri = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/{rest}");
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri.parse().ok()?;
    request.headers_mut().insert("metadata-flavor", HeaderValue::from_static("Google"));
    Some(request)
}
