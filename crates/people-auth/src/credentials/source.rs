//! Where a workload's own token comes from: `credential_source` of an `external_account`.

use core::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use people_model::{Members, Secret};
use serde_json::Value;

use super::allowed::Allowed;
#[cfg(feature = "federation")]
use super::aws::Aws;
use super::document::Document;
use super::error::CredentialsError;
#[cfg(feature = "federation")]
use super::executable::Executable;
use super::fault::SubjectFault;

/// Where the subject token comes from.
#[derive(Clone)]
pub(super) enum Source {
    /// A URL that is fetched.
    Url { uri: Uri, headers: HeaderMap, format: Format },
    /// A file that somebody else keeps fresh.
    #[cfg(feature = "federation")]
    File { path: String, format: Format },
    /// A signed request of Amazon's, made here.
    #[cfg(feature = "federation")]
    Aws(Aws),
    /// A command that prints it.
    #[cfg(feature = "federation")]
    Executable(Executable),
}

/// How the subject token lies in what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// It is all of it, but for white space around it.
    Text,
    /// It is this member of a JSON object.
    Json(String),
}

impl Source {
    pub(super) fn parse(source: &mut Document, allowed: &Allowed) -> Result<Self, CredentialsError> {
        if source.has("certificate") {
            return Err(CredentialsError::Unsupported("certificate"));
        }
        // `url` belongs to `environment_id` too.
        let named = [
            source.has("environment_id"),
            source.has("executable"),
            source.has("file"),
            source.has("url") && !source.has("environment_id"),
        ];
        match named {
            [true, false, false, false] => aws(source, allowed),
            [false, true, false, false] => executable(source, allowed),
            [false, false, true, false] => file(source),
            [false, false, false, true] => {
                let uri = allowed
                    .subject_source(source.need("url")?)
                    .map_err(|fault| CredentialsError::Url { member: "credential_source.url", fault })?;
                let headers = match source.object("headers") {
                    Some(headers) => {
                        fields(&headers).ok_or(CredentialsError::Missing("credential_source.headers"))?
                    }
                    None => HeaderMap::new(),
                };
                Ok(Self::Url { uri, headers, format: Format::parse(source)? })
            }
            _ => Err(CredentialsError::Source),
        }
    }

    /// The name that the document gives to this kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            #[cfg(feature = "federation")]
            Self::File { .. } => "file",
            #[cfg(feature = "federation")]
            Self::Aws(_) => "aws",
            #[cfg(feature = "federation")]
            Self::Executable(_) => "executable",
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.kind())
    }
}

/// The request for a subject token.
pub(super) fn fetch(uri: &Uri, headers: &HeaderMap) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri.clone();
    request.headers_mut().clone_from(headers);
    request
}

#[cfg(feature = "federation")]
fn file(source: &mut Document) -> Result<Source, CredentialsError> {
    let path = source.need("file")?.to_owned();
    Ok(Source::File { path, format: Format::parse(source)? })
}

#[cfg(feature = "federation")]
fn aws(source: &mut Document, allowed: &Allowed) -> Result<Source, CredentialsError> {
    Aws::parse(source, allowed).map(Source::Aws)
}

#[cfg(feature = "federation")]
fn executable(source: &mut Document, allowed: &Allowed) -> Result<Source, CredentialsError> {
    if !allowed.executable() {
        return Err(CredentialsError::ExecutableRefused);
    }
    let inner = source.object("executable").ok_or(CredentialsError::Missing("executable"))?;
    Executable::parse(&inner).map(Source::Executable)
}

#[cfg(not(feature = "federation"))]
fn file(_: &mut Document) -> Result<Source, CredentialsError> {
    Err(CredentialsError::NotBuilt("file"))
}

#[cfg(not(feature = "federation"))]
fn aws(_: &mut Document, _: &Allowed) -> Result<Source, CredentialsError> {
    Err(CredentialsError::NotBuilt("environment_id"))
}

#[cfg(not(feature = "federation"))]
fn executable(_: &mut Document, _: &Allowed) -> Result<Source, CredentialsError> {
    Err(CredentialsError::NotBuilt("executable"))
}

/// Header fields as configured. A `Host` would speak to another host than the one that was checked.
fn fields(headers: &Document) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers.pairs() {
        let name: HeaderName = name.parse().ok()?;
        let mut value: HeaderValue = value?.parse().ok()?;
        if name == http::header::HOST || name == http::header::CONTENT_LENGTH {
            return None;
        }
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Some(map)
}

impl Format {
    fn parse(source: &mut Document) -> Result<Self, CredentialsError> {
        let Some(format) = source.object("format") else { return Ok(Self::Text) };
        match format.text("type") {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json(format.need("subject_token_field_name")?.to_owned())),
            Some(_) => Err(CredentialsError::Missing("credential_source.format.type")),
        }
    }

    /// Takes the subject token out of what was read. White space around it is dropped: a line break at the end of a file is not the token's.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Secret<String>, SubjectFault> {
        let token = match self {
            Self::Text => core::str::from_utf8(bytes).map_err(|_| SubjectFault::NotText)?.trim(),
            Self::Json(field) => {
                let mut object: Members = serde_json::from_slice(bytes).map_err(|_| SubjectFault::NotJson)?;
                let Some(Value::String(token)) = object.remove(field) else {
                    return Err(SubjectFault::NoField(field.clone()));
                };
                return whole(&Secret::new(token).expose().trim().to_owned().into());
            }
        };
        whole(&Secret::from(token))
    }
}

fn whole(token: &Secret<String>) -> Result<Secret<String>, SubjectFault> {
    let good = !token.expose().is_empty() && !token.expose().chars().any(char::is_control);
    if good { Ok(token.clone()) } else { Err(SubjectFault::Empty) }
}
