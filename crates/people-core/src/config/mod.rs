//! The configuration document `people.toml`, parsed and checked. The Worker takes the same document.

use std::fmt;

use jiff::tz::TimeZone;
use people_model::time::{SignedDuration, is_zone, zone};
use people_model::{Domain, SourceName};
use serde::Deserialize;

use crate::engine::bulk;
use crate::policy::Policy;
use crate::source::{ConfigProblem, SourceConfig};
use crate::target::Directory;
use crate::target::ccai::Ccai;
use crate::target::cloudm::Cloudm;
use crate::target::invitations::Invitations;

mod closest;
mod directory;
pub mod gapps;
mod google;
mod locate;
pub mod secret;
pub mod span;

pub use closest::closest;
pub use google::{CredentialsProblem, CredentialsRef, Google, SignerKind};
pub use secret::{SecretRef, Secrets};
pub use span::Span;

/// `people.toml`, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that follows HR: `[cloudm]`, or `[gapps]` where it says so.
    pub directory: Directory,
    /// Cloud Identity's user invitations, where unmanaged accounts are to be found and invited.
    pub invitations: Option<Invitations>,
    /// How to get tokens of Google.
    pub google: Google,
    /// The Google Apps Provisioning API, to follow HR, to call or to answer.
    pub gapps: Option<gapps::Gapps>,
    /// CCAI Platform, where there is one.
    pub ccai: Option<Ccai>,
    /// Where everything that must survive is kept.
    pub journal: JournalConfig,
    /// The HTTP surface.
    pub server: Server,
    /// The HR systems.
    pub sources: Vec<SourceConfig>,
    /// The operator's decisions.
    pub policy: Policy,
    /// The document, so that what shows later can still name its line. It holds no secret.
    document: String,
    named_google: bool,
}

/// `people.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    cloudm: Option<Cloudm>,
    #[serde(default)]
    invitations: Option<Invitations>,
    #[serde(default)]
    google: Option<Google>,
    #[serde(default)]
    gapps: Option<gapps::Gapps>,
    #[serde(default)]
    ccai: Option<Ccai>,
    #[serde(default)]
    journal: JournalConfig,
    #[serde(default)]
    server: Server,
    #[serde(default, rename = "source")]
    sources: Vec<SourceConfig>,
    #[serde(default)]
    policy: Policy,
}

/// What is asked for speaks to CloudM, and the directory is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CloudM is not configured; this needs [cloudm], and here [gapps] is the directory")]
pub struct NoCloudm;

/// `[journal]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalConfig {
    /// `sqlite:PATH`. Default `sqlite:people.sqlite`, in the directory in which the server runs.
    pub url: String,
    /// How long settled events, dead letters and their bodies are kept. Default 30 days.
    pub keep: Span,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { url: "sqlite:people.sqlite".into(), keep: Span::hours(30 * 24) }
    }
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where to listen. Default `127.0.0.1:8080`; a reverse proxy with TLS belongs in front.
    pub listen: String,
    /// The token of `/api` and the console. Absent: both answer 404.
    pub admin_token: Option<SecretRef>,
    /// The largest delivery, in bytes. Default 1 MiB.
    pub max_body: usize,
    /// How many people are worked on at once. Default 16.
    pub concurrency: usize,
    /// How many requests a second go out at most. Default 50; CloudM documents no limit.
    pub rate: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            admin_token: None,
            max_body: 1 << 20,
            concurrency: 16,
            rate: 50,
        }
    }
}

/// What is wrong with a configuration: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The line, from 1; 0: of the whole document.
    pub line: usize,
    /// The key, dotted, where it is known.
    pub key: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

impl Config {
    /// Parses and checks the document. Secrets are not resolved yet.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let document: Document =
            crate::toml::from_str(text).map_err(|error| locate::parse_error(text, &error))?;
        let problem = |problem| locate::problem(text, problem);
        let directory = directory::directory(&document).map_err(problem)?;
        let named_google = document.google.is_some();
        let google = directory::google(&document).map_err(problem)?;
        let config = Self {
            directory,
            invitations: document.invitations,
            google,
            gapps: document.gapps,
            ccai: document.ccai,
            journal: document.journal,
            server: document.server,
            sources: document.sources,
            policy: document.policy,
            document: text.to_owned(),
            named_google,
        };
        config.check().map_err(problem)?;
        Ok(config)
    }

    /// The tenant's domain.
    pub fn domain(&self) -> &Domain {
        self.directory.domain()
    }

    /// Whether there is a `[google]`: a directory that is logged in to with a password needs none.
    pub fn names_google(&self) -> bool {
        self.named_google
    }

    /// CloudM, where that is the directory.
    ///
    /// # Errors
    /// Where it is not.
    pub fn cloudm(&self) -> Result<&Cloudm, NoCloudm> {
        self.directory.cloudm().ok_or(NoCloudm)
    }

    /// The line of a dotted key such as `source[1].map.fields.title`, or of its table.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        locate::line_of(&self.document, key)
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        let problem = |key: &str, problem: &str| Err(ConfigProblem::new(key, problem));
        if self.cloudm().is_ok_and(|cloudm| !trusted_url(&cloudm.base_url)) {
            return problem("cloudm.base_url", "must be an https:// URL; http:// is for this machine only");
        }
        if let Some(gapps) = &self.gapps {
            gapps.check()?;
        }
        if let Some(invitations) = &self.invitations {
            if !trusted_url(&invitations.base_url) {
                return problem(
                    "invitations.base_url",
                    "must be an https:// URL; http:// is for this machine only",
                );
            }
            if invitations.poll.get() < SignedDuration::from_mins(1) {
                return problem("invitations.poll", "must be at least a minute");
            }
        }
        if !self.journal.url.starts_with("sqlite:") {
            return problem("journal.url", "use sqlite:PATH");
        }
        self.google.check()?;
        if self.server.concurrency == 0 {
            return problem("server.concurrency", "must be at least 1");
        }
        if self.server.rate == 0 {
            return problem("server.rate", "must be at least 1");
        }
        self.check_policy()?;
        if let Some(ccai) = &self.ccai {
            ccai.check()?;
        }
        for (n, source) in self.sources.iter().enumerate() {
            if bulk::is_reserved(source.group()) {
                return problem(&format!("source[{n}].name"), "this name is reserved; use another");
            }
            if self.sources.iter().take(n).any(|other| other.name == source.name) {
                return problem(&format!("source[{n}].name"), "another source has this name already");
            }
            if source.timezone.as_deref().is_some_and(|name| !is_zone(name)) {
                return problem(
                    &format!("source[{n}].timezone"),
                    "not a zone; use an IANA name such as Europe/Berlin",
                );
            }
        }
        Ok(())
    }

    fn check_policy(&self) -> Result<(), ConfigProblem> {
        let problem = |key: &str, problem: &str| Err(ConfigProblem::new(key, problem));
        if let Some(n) = self.policy.protected.iter().position(|pattern| !pattern.contains(['@', '*'])) {
            return problem(
                &format!("policy.protected[{n}]"),
                "nobody has this address; write a whole one, or a pattern such as \"admin@*\"",
            );
        }
        if !self.policy.email.is_usable() {
            return problem(
                "policy.email.pattern",
                "write the parts of the person as {given}, {family}, {g}, {f} or {id}, at least one of them and no other",
            );
        }
        let breaker = &self.policy.breaker;
        if breaker.percent > 100 {
            return problem("policy.breaker.percent", "a share of the people has at most 100 percent");
        }
        // In no time nobody loses access, so it would let everything pass.
        if breaker.window.get() < SignedDuration::from_mins(1) {
            return problem("policy.breaker.window", "must be at least a minute; 24h is usual");
        }
        Ok(())
    }

    /// The zone of people of this group whose zone nobody names: that of the group's first source that has one, else UTC.
    pub fn zone(&self, group: &SourceName) -> TimeZone {
        self.sources
            .iter()
            .filter(|source| source.group() == group)
            .find_map(|source| zone(source.timezone.as_deref()?))
            .unwrap_or(TimeZone::UTC)
    }
}

/// Whether a URL may be spoken to: HTTPS, or plain HTTP to this very machine.
pub fn trusted_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) => !host.is_empty(),
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}
