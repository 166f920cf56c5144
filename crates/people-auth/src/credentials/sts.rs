//! Google's Security Token Service: a workload's own token for a federated one (RFC 8693). Form and order of the parameters are those of
//! Google's Python library.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use people_model::Secret;
use zeroize::Zeroizing;

use super::external::External;
use super::quote::quote;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The exchange of the subject token. Without client authentication there must be no `Authorization`.
pub(super) fn request(of: &External, subject: &Secret<String>, scope: &str) -> Option<Request<Bytes>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", GRANT_TYPE)
        .append_pair("audience", &of.audience)
        .append_pair("scope", scope)
        .append_pair("requested_token_type", ACCESS_TOKEN)
        .append_pair("subject_token", subject.expose())
        .append_pair("subject_token_type", &of.subject_token_type);
    if let (Some(project), None) = (&of.user_project, &of.client_id) {
        // Encoded once here and once by the form: so does the Python library, and gcloud with it.
        let options = format!("{{\"userProject\": {}}}", serde_json::Value::from(project.as_str()));
        form.append_pair("options", &quote(&options));
    }
    let mut request = Request::new(Bytes::from(form.finish()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = of.token_url.clone();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(id) = &of.client_id {
        let secret = of.client_secret.as_ref().map_or("", |secret| secret.expose().as_str());
        let pair = Zeroizing::new(format!("{id}:{secret}"));
        let mut value: HeaderValue = format!("Basic {}", STANDARD.encode(pair.as_bytes())).parse().ok()?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Some(request)
}
