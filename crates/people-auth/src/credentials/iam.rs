//! Google's IAM Service Account Credentials API: a token of a service account, or its signature, for somebody who may act as it.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use people_model::time::{Timestamp, parse_rfc3339};
use people_model::{Members, Secret};
use serde_json::{Value, json};

use super::allowed::Allowed;
use super::error::CredentialsError;
use crate::ask::Ask;
use crate::assertion::LIFETIME_SECONDS;
use crate::exchange::Token;

/// The scope with which these calls are made.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/iam";

const VERB: &str = ":generateAccessToken";

/// Acting as a service account.
#[derive(Debug, Clone)]
pub(super) struct Impersonation {
    url: Uri,
    pub(super) email: String,
    delegates: Vec<String>,
    lifetime: u64,
}

impl Impersonation {
    pub(super) fn parse(
        url: &str,
        delegates: Vec<String>,
        lifetime: u64,
        allowed: &Allowed,
    ) -> Result<Self, CredentialsError> {
        const MEMBER: &str = "service_account_impersonation_url";
        let url = allowed
            .service("iamcredentials", url)
            .map_err(|fault| CredentialsError::Url { member: MEMBER, fault })?;
        let front = url.path().strip_suffix(VERB).filter(|_| url.query().is_none());
        let email =
            front.and_then(|front| front.rsplit_once("/serviceAccounts/")).map(|(_, email)| email.to_owned());
        let email = email.filter(|email| !email.is_empty() && !email.contains('/'));
        let email = email.ok_or(CredentialsError::Missing(MEMBER))?;
        // An hour by default, twelve where an organisation policy says so.
        if !(1..=43_200).contains(&lifetime) {
            return Err(CredentialsError::Missing("service_account_impersonation.token_lifetime_seconds"));
        }
        Ok(Self { url, email, delegates, lifetime })
    }

    /// The account of a metadata server, acting as itself where it has to sign.
    pub(super) fn own(email: &str, universe: &str) -> Option<Self> {
        let url = format!("https://iamcredentials.{universe}/v1/projects/-/serviceAccounts/{email}{VERB}")
            .parse()
            .ok()?;
        Some(Self { url, email: email.to_owned(), delegates: Vec::new(), lifetime: 3600 })
    }

    /// Asks for a token of the account. The bytes are those of the Python library.
    pub(super) fn generate(&self, bearer: &Secret<String>, scope: &str) -> Option<Request<Bytes>> {
        let scopes: Vec<&str> = scope.split(' ').collect();
        let body = format!(
            "{{\"delegates\": {}, \"scope\": {}, \"lifetime\": \"{}s\"}}",
            self.delegates(),
            list(&scopes),
            self.lifetime
        );
        post(self.url.clone(), bearer, body)
    }

    /// Asks the account to sign an assertion for itself, on behalf of the user whom `ask` names.
    pub(super) fn sign(
        &self,
        bearer: &Secret<String>,
        ask: &Ask,
        audience: &str,
        now: Timestamp,
    ) -> Option<Request<Bytes>> {
        let iat = now.as_second();
        let payload = json!({
            "aud": audience,
            "exp": iat.saturating_add(LIFETIME_SECONDS),
            "iat": iat,
            "iss": self.email,
            "scope": ask.scope(),
            "sub": ask.subject()?,
        });
        let body = format!(
            "{{\"delegates\": {}, \"payload\": {}}}",
            self.delegates(),
            Value::from(payload.to_string())
        );
        let url = self.url.to_string();
        post(format!("{}:signJwt", url.strip_suffix(VERB)?).parse().ok()?, bearer, body)
    }

    fn delegates(&self) -> String {
        let names: Vec<&str> = self.delegates.iter().map(String::as_str).collect();
        if names.is_empty() { "null".to_owned() } else { list(&names) }
    }
}

/// `{"accessToken","expireTime"}`.
pub(super) fn read_token(body: &[u8]) -> Option<Token> {
    let mut reply: Members = serde_json::from_slice(body).ok()?;
    let Some(Value::String(value)) = reply.remove("accessToken") else { return None };
    let value = Secret::new(value);
    let sendable = !value.expose().is_empty() && value.expose().bytes().all(|byte| byte.is_ascii_graphic());
    let expiry = parse_rfc3339(reply.get("expireTime")?.as_str()?)?;
    sendable.then(|| Token::new(value, expiry))
}

/// `{"keyId","signedJwt"}`.
pub(super) fn read_signed(body: &[u8]) -> Option<Secret<String>> {
    let mut reply: Members = serde_json::from_slice(body).ok()?;
    match reply.remove("signedJwt") {
        Some(Value::String(jwt)) if jwt.split('.').count() == 3 => Some(Secret::new(jwt)),
        _ => None,
    }
}

/// A JSON array with a space after each comma.
fn list(items: &[&str]) -> String {
    let items: Vec<String> = items.iter().map(|item| Value::from(*item).to_string()).collect();
    format!("[{}]", items.join(", "))
}

fn post(url: Uri, bearer: &Secret<String>, body: String) -> Option<Request<Bytes>> {
    let mut authorization: HeaderValue = format!("Bearer {}", bearer.expose()).parse().ok()?;
    authorization.set_sensitive(true);
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Some(request)
}
