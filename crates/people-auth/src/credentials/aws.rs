//! Amazon's proof of who a workload is: a signed GetCallerIdentity request, which Google sends for us and reads the answer of.
//!
//! Region and keys come from the environment, else from the instance metadata service (IMDSv2 where `imdsv2_session_token_url` is named). The
//! signature is AWS Signature Version 4; the subject token is built as google-auth-library-python builds it, byte for byte.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Method, Request, Uri};
use people_model::time::Timestamp;
use people_model::{Members, Secret};
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::allowed::{Allowed, UrlFault, is_label};
use super::document::Document;
use super::error::CredentialsError;
use super::fault::SubjectFault;
use super::quote::quote;

const SESSION_SECONDS: &str = "300";

/// Where region and keys are to be had, and what is signed.
#[derive(Clone)]
pub(super) struct Aws {
    region_url: Option<Uri>,
    keys_url: Option<Uri>,
    session_url: Option<Uri>,
    verification: String,
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Known {
    env: Vec<(&'static str, Option<Secret<String>>)>,
    session: Option<Secret<String>>,
    region: Option<String>,
    role: Option<String>,
    keys: Option<Keys>,
}

#[derive(Clone)]
struct Keys {
    id: Secret<String>,
    secret: Secret<String>,
    session: Option<Secret<String>>,
}

/// What is to be found out next.
#[expect(clippy::large_enum_variant, reason = "it lives for a moment")]
pub(super) enum Want {
    Env(&'static str),
    Send(About, Request<Bytes>),
    /// Nothing: this is the subject token.
    Subject(Secret<String>),
}

/// What a request to the instance metadata service is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    Session,
    Region,
    Role,
    Keys,
}

impl Aws {
    pub(super) fn parse(source: &Document, allowed: &Allowed) -> Result<Self, CredentialsError> {
        if source.text("environment_id") != Some("aws1") {
            return Err(CredentialsError::Unsupported("environment_id"));
        }
        let url = |name: &str, member: &'static str| match source.text(name) {
            Some(url) => allowed.imds(url).map(Some).map_err(|fault| CredentialsError::Url { member, fault }),
            None => Ok(None),
        };
        let verification = source.need("regional_cred_verification_url")?.to_owned();
        check(&verification.replace("{region}", "us-east-1"), "us-east-1").map_err(|fault| {
            CredentialsError::Url { member: "credential_source.regional_cred_verification_url", fault }
        })?;
        Ok(Self {
            region_url: url("region_url", "credential_source.region_url")?,
            keys_url: url("url", "credential_source.url (aws1)")?,
            session_url: url("imdsv2_session_token_url", "credential_source.imdsv2_session_token_url")?,
            verification,
        })
    }

    /// What to find out next, or the signed request.
    pub(super) fn want(&self, known: &Known, audience: &str, now: Timestamp) -> Result<Want, SubjectFault> {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            match known.env(name) {
                _ if known.region.is_some() => break,
                None => return Ok(Want::Env(name)),
                Some(_) => {}
            }
        }
        if known.region.is_none() {
            let url = self.region_url.as_ref().ok_or(SubjectFault::NoRegion)?;
            return self.imds(known, About::Region, url);
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            if known.keys.is_none() && known.env(name).is_none() {
                return Ok(Want::Env(name));
            }
        }
        match (&known.region, known.keys()) {
            (Some(region), Some(keys)) => self.sign(region, &keys, audience, now).map(Want::Subject),
            _ => {
                let url = self.keys_url.as_ref().ok_or(SubjectFault::NoKeys)?;
                let Some(role) = &known.role else { return self.imds(known, About::Role, url) };
                let url = format!("{}/{role}", url.to_string().trim_end_matches('/'));
                self.imds(known, About::Keys, &url.parse().map_err(|_| SubjectFault::NoKeys)?)
            }
        }
    }

    fn imds(&self, known: &Known, about: About, uri: &Uri) -> Result<Want, SubjectFault> {
        let mut request = Request::new(Bytes::new());
        let about = match (&self.session_url, &known.session) {
            (Some(session), None) => {
                *request.method_mut() = Method::PUT;
                *request.uri_mut() = session.clone();
                let seconds = HeaderValue::from_static(SESSION_SECONDS);
                request.headers_mut().insert("x-aws-ec2-metadata-token-ttl-seconds", seconds);
                About::Session
            }
            (_, session) => {
                *request.uri_mut() = uri.clone();
                if let Some(session) = session {
                    let mut value: HeaderValue =
                        session.expose().parse().map_err(|_| SubjectFault::NoKeys)?;
                    value.set_sensitive(true);
                    request.headers_mut().insert("x-aws-ec2-metadata-token", value);
                }
                about
            }
        };
        Ok(Want::Send(about, request))
    }

    /// The subject token: the signed request as JSON, percent-encoded.
    fn sign(
        &self,
        region: &str,
        keys: &Keys,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret<String>, SubjectFault> {
        let url = self.verification.replace("{region}", region);
        let uri = check(&url, region).map_err(|_| SubjectFault::NoRegion)?;
        let host = uri.host().unwrap_or_default();
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let authorization = authorize(&uri, region, keys, &date);
        let mut headers = vec![
            json!({"key": "Authorization", "value": authorization}),
            json!({"key": "host", "value": host}),
            json!({"key": "x-amz-date", "value": date}),
        ];
        if let Some(session) = &keys.session {
            headers.push(json!({"key": "x-amz-security-token", "value": session.expose()}));
        }
        headers.push(json!({"key": "x-goog-cloud-target-resource", "value": audience}));
        let signed = Zeroizing::new(json!({"headers": headers, "method": "POST", "url": url}).to_string());
        Ok(Secret::new(quote(&signed)))
    }
}

impl Known {
    pub(super) fn learn_env(&mut self, name: &'static str, value: Option<Secret<String>>) {
        let value = value.filter(|value| !value.expose().is_empty());
        if name.ends_with("REGION") && self.region.is_none() {
            self.region =
                value.as_ref().map(|value| value.expose().clone()).filter(|region| is_label(region));
        }
        self.env.push((name, value));
    }

    pub(super) fn learn(&mut self, about: About, body: &[u8]) -> Result<(), SubjectFault> {
        let text = core::str::from_utf8(body).map_err(|_| SubjectFault::NotText)?.trim();
        match about {
            About::Session => self.session = Some(Secret::from(text)),
            About::Region => {
                // A zone such as us-east-2b lies in the region us-east-2.
                let region = text.trim_end_matches(|last: char| last.is_ascii_lowercase());
                self.region = Some(region.to_owned()).filter(|region| is_label(region));
                self.region.as_ref().ok_or(SubjectFault::NoRegion)?;
            }
            About::Role => {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
                let role = text.lines().next().unwrap_or_default();
                if role.is_empty() || role.starts_with('.') || !role.bytes().all(plain) {
                    return Err(SubjectFault::NoKeys);
                }
                self.role = Some(role.to_owned());
            }
            About::Keys => {
                let mut reply: Members = serde_json::from_slice(body).map_err(|_| SubjectFault::NotJson)?;
                let mut take = |name: &str| match reply.remove(name) {
                    Some(serde_json::Value::String(text)) if !text.is_empty() => Some(Secret::new(text)),
                    _ => None,
                };
                let (id, secret) =
                    take("AccessKeyId").zip(take("SecretAccessKey")).ok_or(SubjectFault::NoKeys)?;
                self.keys = Some(Keys { id, secret, session: take("Token") });
            }
        }
        Ok(())
    }

    /// What the environment said; the outer `None`: it was not asked.
    fn env(&self, name: &str) -> Option<&Option<Secret<String>>> {
        self.env.iter().find_map(|(known, value)| (*known == name).then_some(value))
    }

    fn keys(&self) -> Option<Keys> {
        let env = |name| self.env(name).cloned().flatten();
        self.keys.clone().or_else(|| {
            let (id, secret) = env("AWS_ACCESS_KEY_ID").zip(env("AWS_SECRET_ACCESS_KEY"))?;
            Some(Keys { id, secret, session: env("AWS_SESSION_TOKEN") })
        })
    }
}

/// The URL that Google is to call: the security token service of this region, or the global one.
fn check(url: &str, region: &str) -> Result<Uri, UrlFault> {
    let uri: Uri = url.parse().map_err(|_| UrlFault::NotAUrl)?;
    let host = uri.host().ok_or(UrlFault::NotAUrl)?;
    if uri.scheme_str() != Some("https") {
        return Err(UrlFault::NotHttps);
    }
    let own = ["amazonaws.com", "amazonaws.com.cn", "api.aws"]
        .iter()
        .any(|zone| host == format!("sts.{region}.{zone}"));
    let bare = uri.authority().is_some_and(|authority| authority.as_str() == host);
    if bare && (own || host == "sts.amazonaws.com") { Ok(uri) } else { Err(UrlFault::Host) }
}

/// `Authorization` of a POST without a body, by AWS Signature Version 4.
fn authorize(uri: &Uri, region: &str, keys: &Keys, date: &str) -> String {
    let host = uri.host().unwrap_or_default();
    let day = date.get(..8).unwrap_or_default();
    let mut headers = format!("host:{host}\nx-amz-date:{date}\n");
    let mut names = "host;x-amz-date".to_owned();
    if let Some(session) = &keys.session {
        headers.push_str(&format!("x-amz-security-token:{}\n", session.expose()));
        names.push_str(";x-amz-security-token");
    }
    let headers = Zeroizing::new(headers);
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    let canonical = Zeroizing::new(format!(
        "POST\n{path}\n{}\n{}\n{names}\n{}",
        query(uri),
        *headers,
        hex(&Sha256::digest(b""))
    ));
    let scope = format!("{day}/{region}/sts/aws4_request");
    let message =
        format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut key = Zeroizing::new(format!("AWS4{}", keys.secret.expose()).into_bytes());
    for part in [day, region, "sts", "aws4_request"] {
        key = Zeroizing::new(mac(&key, part.as_bytes()));
    }
    let signature = hex(&mac(&key, message.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.id.expose()
    )
}

/// The query in canonical order.
fn query(uri: &Uri) -> String {
    let strict = |text: &str| quote(text).replace('/', "%2F");
    let mut pairs: Vec<String> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .map(|(name, value)| format!("{}={}", strict(&name), strict(&value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length is taken, so that there is nothing to fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
