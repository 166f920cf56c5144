//! Credentials of every kind, from one JSON document, and the way from each to a token as a value without I/O.
//!
//! | `type` | is | way to a token |
//! |---|---|---|
//! | `service_account` | a key file | an assertion signed here, exchanged at the token endpoint |
//! | `external_account` | workload or workforce identity federation | subject token, exchanged at STS; then, as a rule, a service account is impersonated |
//! | `impersonated_service_account` | one of the two, acting as another account | its token, then `generateAccessToken` |
//! | no document | the metadata server of Google Cloud | asked for a token |
//!
//! On behalf of a user (`sub`) all but the first have the account sign an assertion by `signJwt`, which the token endpoint exchanges.

use core::fmt;

use http::Uri;

use crate::ask::Ask;
use crate::assertion::AUDIENCE;
use crate::error::KeyError;
use crate::key::ServiceAccountKey;

pub mod allowed;
#[cfg(feature = "federation")]
mod aws;
mod document;
pub mod error;
#[cfg(feature = "federation")]
mod executable;
mod external;
pub mod fault;
pub mod flow;
mod iam;
pub mod metadata;
mod quote;
mod source;
mod sts;

pub use allowed::{Allowed, AllowedError, UrlFault};
pub use error::CredentialsError;
pub use fault::{Denial, FlowError, Party, SubjectFault};
pub use flow::{Answer, Command, Flow, Next, Step};

use document::Document;
use external::External;
use iam::Impersonation;

/// Something that can get access tokens of Google. `Debug` shows names and endpoints, nothing secret.
#[derive(Clone)]
pub struct Credentials {
    base: Base,
    /// As whom to act, one after the other.
    chain: Vec<Impersonation>,
    allowed: Allowed,
    audience: String,
    /// Where an assertion that an account has signed for us is exchanged.
    token_endpoint: Uri,
}

#[derive(Clone)]
enum Base {
    Key(Box<ServiceAccountKey>),
    External(Box<External>),
    Metadata,
}

impl Credentials {
    /// Reads a document. Every URL in it is checked now, so that nothing can be sent elsewhere later.
    ///
    /// # Errors
    /// [`CredentialsError`], one variant for each thing that can be wrong.
    pub fn parse(json: &[u8], allowed: &Allowed) -> Result<Self, CredentialsError> {
        let mut document = Document::parse(json)?;
        let (base, chain) = match document.text("type") {
            Some("impersonated_service_account") => impersonated(&mut document, allowed)?,
            _ => base(&mut document, json, allowed)?,
        };
        Self::new(base, chain, allowed)
    }

    /// The metadata server of the machine in Google Cloud on which this runs.
    ///
    /// # Errors
    /// [`CredentialsError`] when the universe has no token endpoint that can be named.
    pub fn metadata(allowed: &Allowed) -> Result<Self, CredentialsError> {
        Self::new(Base::Metadata, Vec::new(), allowed)
    }

    fn new(base: Base, chain: Vec<Impersonation>, allowed: &Allowed) -> Result<Self, CredentialsError> {
        let token_endpoint =
            token_endpoint(&format!("https://oauth2.{}/token", allowed.universe()), allowed)?;
        Ok(Self { base, chain, allowed: allowed.clone(), audience: AUDIENCE.to_owned(), token_endpoint })
    }

    /// Names another `aud` claim than [`AUDIENCE`], for a token endpoint that is not Google's, such as a simulator's.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        if let Base::Key(key) = self.base {
            self.base = Base::Key(Box::new(key.with_audience(self.audience.clone())));
        }
        self
    }

    /// Exchanges assertions that an account has signed for us elsewhere than at Google's token endpoint. A key goes on using its own
    /// `token_uri`.
    ///
    /// # Errors
    /// [`CredentialsError::Url`] for a host that is neither Google's nor this machine.
    pub fn with_token_endpoint(mut self, url: &str) -> Result<Self, CredentialsError> {
        self.token_endpoint = token_endpoint(url, &self.allowed)?;
        Ok(self)
    }

    /// What kind it is, in the words of the document; `metadata` where there is none.
    pub fn kind(&self) -> &'static str {
        match (&self.base, self.chain.is_empty()) {
            (Base::Metadata, _) => "metadata",
            (Base::Key(_), true) => "service_account",
            (Base::External(_), _) => "external_account",
            (Base::Key(_), false) => "impersonated_service_account",
        }
    }

    /// The key that has to sign, where there is one.
    pub fn key(&self) -> Option<&ServiceAccountKey> {
        match &self.base {
            Base::Key(key) => Some(key),
            Base::External(_) | Base::Metadata => None,
        }
    }

    /// The service account that the tokens are of. `None`: only the metadata server knows, or the tokens are of no service account.
    pub fn account(&self) -> Option<&str> {
        match (self.chain.last(), &self.base) {
            (Some(last), _) => Some(&last.email),
            (None, Base::Key(key)) => Some(key.client_email()),
            (None, Base::External(_) | Base::Metadata) => None,
        }
    }

    /// Whether the tokens are of no service account, so that they name no email address: federation without impersonation. An API that
    /// identifies callers by email, as CloudM does, knows nobody by them.
    pub fn is_anonymous(&self) -> bool {
        self.chain.is_empty() && matches!(self.base, Base::External(_))
    }

    /// The first of Google's endpoints that is spoken to; the metadata server's is none to compare clocks with.
    pub fn endpoint(&self) -> Option<&Uri> {
        match &self.base {
            Base::Key(key) => Some(key.token_uri()),
            Base::External(external) => Some(&external.token_url),
            Base::Metadata => None,
        }
    }

    /// Begins the way to a token.
    ///
    /// # Errors
    /// [`FlowError::NoDelegation`] when the ask names a user and these credentials cannot act for one.
    pub fn flow<'a>(&'a self, ask: &'a Ask) -> Result<Flow<'a>, FlowError> {
        Flow::new(self, ask)
    }
}

impl From<ServiceAccountKey> for Credentials {
    /// The key as it is, whatever host its `token_uri` names.
    fn from(key: ServiceAccountKey) -> Self {
        Self {
            audience: key.audience().to_owned(),
            token_endpoint: key.token_uri().clone(),
            base: Base::Key(Box::new(key)),
            chain: Vec::new(),
            allowed: Allowed::default(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        match &self.base {
            Base::Key(key) => shown.field("key", key),
            Base::External(external) => shown.field("external", external),
            Base::Metadata => shown.field("metadata", &true),
        };
        shown.field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// `service_account` and `external_account`.
fn base(
    document: &mut Document,
    json: &[u8],
    allowed: &Allowed,
) -> Result<(Base, Vec<Impersonation>), CredentialsError> {
    universe(document, allowed)?;
    match document.text("type") {
        Some("external_account") => {
            let (external, impersonation) = External::parse(document, allowed)?;
            Ok((Base::External(Box::new(external)), impersonation.into_iter().collect()))
        }
        Some(
            kind @ ("impersonated_service_account"
            | "external_account_authorized_user"
            | "gdch_service_account"),
        ) => Err(CredentialsError::OtherType(Some(kind.to_owned()))),
        _ => {
            let key = ServiceAccountKey::parse(json).map_err(|fault| match fault {
                KeyError::OtherType(kind) => CredentialsError::OtherType(kind),
                other => CredentialsError::Key(other),
            })?;
            token_endpoint(&key.token_uri().to_string(), allowed)?;
            Ok((Base::Key(Box::new(key)), Vec::new()))
        }
    }
}

fn impersonated(
    document: &mut Document,
    allowed: &Allowed,
) -> Result<(Base, Vec<Impersonation>), CredentialsError> {
    universe(document, allowed)?;
    let delegates = document.texts("delegates")?;
    let url = document.need("service_account_impersonation_url")?;
    let last = Impersonation::parse(url, delegates, 3600, allowed)?;
    let mut source =
        document.object("source_credentials").ok_or(CredentialsError::Missing("source_credentials"))?;
    if !matches!(source.text("type"), Some("service_account" | "external_account" | "authorized_user")) {
        return Err(CredentialsError::SourceCredentials);
    }
    let json = source.bytes();
    let (base, mut chain) = base(&mut source, &json, allowed)?;
    chain.push(last);
    Ok((base, chain))
}

/// A document cannot choose its universe: with it would come the hosts that are believed.
fn universe(document: &Document, allowed: &Allowed) -> Result<(), CredentialsError> {
    match document.text("universe_domain") {
        Some(universe) if universe != allowed.universe() => Err(CredentialsError::Universe),
        _ => Ok(()),
    }
}

fn token_endpoint(url: &str, allowed: &Allowed) -> Result<Uri, CredentialsError> {
    allowed.token_endpoint(url).map_err(|fault| CredentialsError::Url { member: "token_uri", fault })
}
