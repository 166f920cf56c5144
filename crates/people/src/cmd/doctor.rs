//! `people doctor`: does everything that the configuration names work? In order, each with what to do.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Request};
use people_auth::{Rs256, ServiceAccountKey};
use people_core::config::{Config, SecretRef, Secrets};
use people_core::endpoint::Endpoint;
use people_core::host::{Host, Lost};
use people_core::journal::Journal;
use people_core::source;
use people_core::target::cloudm::users::Get;
use people_core::target::invitations::operations::List;
use people_core::wire::{Google, Wire};
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{Api, Domain, Verdict, Why};
use serde::Serialize;

use super::client::{Client, exchange, refused};
use crate::exit::{Exit, Fail};
use crate::load;
use crate::report::{Format, Report, print};

mod neighbours;

/// A clock that is off by more is worth a word; one off by more than the second is refused by token endpoints.
const OFF: SignedDuration = SignedDuration::from_secs(30);
const TOO_FAR_OFF: SignedDuration = SignedDuration::from_mins(5);

/// What is wrong with federation without impersonation.
const ANONYMOUS: &str = "a federated token names no email address, and CloudM identifies callers by theirs; add \
                         service_account_impersonation_url to the credentials";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    what: String,
    detail: String,
}

/// What was found so far. As a table each line is shown at once.
struct Findings<'a> {
    report: &'a Report,
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, what: impl Into<String>, found: Result<String, (Level, String)>) -> Result<bool, Fail> {
        let (level, detail) = match found {
            Ok(detail) => (Level::Ok, detail),
            Err(found) => found,
        };
        let finding = Finding { level, what: what.into(), detail };
        if self.report.format == Format::Table {
            print(&format!("{:<4}  {:<22}  {}\n", level.as_str(), finding.what, finding.detail))?;
        }
        self.all.push(finding);
        Ok(level != Level::Fail)
    }
}

fn bad<E: std::fmt::Display>(error: E) -> (Level, String) {
    (Level::Fail, error.to_string())
}

/// Checks everything in order.
pub(super) async fn doctor(path: &Path, report: &Report, offline: bool) -> Result<Exit, Fail> {
    let mut findings = Findings { report, all: Vec::new() };
    look(path, &mut findings, offline).await?;
    let rows: Vec<Vec<String>> = findings
        .all
        .iter()
        .map(|found| vec![found.level.as_str().to_owned(), found.what.clone(), found.detail.clone()])
        .collect();
    if report.format != Format::Table {
        report.rows(&["level", "what", "detail"], &rows, &findings.all)?;
    }
    let failed = findings.all.iter().any(|finding| finding.level == Level::Fail);
    Ok(if failed { Exit::Unhealthy } else { Exit::Ok })
}

async fn look(path: &Path, findings: &mut Findings<'_>, offline: bool) -> Result<(), Fail> {
    let config = match load::config(path) {
        Ok(config) => config,
        Err(error) => return findings.add("config", Err(bad(error))).map(|_| ()),
    };
    findings.add("config", Ok(path.display().to_string()))?;
    let folder = load::folder(path);
    for source in &config.sources {
        let built = source::build(source, &load::secrets(&folder));
        let found = built.map(|_| format!("{}, secrets found", source.kind)).map_err(bad);
        findings.add(format!("source {}", source.name), found)?;
    }
    if config.sources.is_empty() {
        findings.add("sources", Err((Level::Warn, "none is configured; add a [[source]]".into())))?;
    }
    let admin = match &config.server.admin_token {
        None => Ok("none: /api and the console answer 404".to_owned()),
        Some(token) => load::secrets(&folder).resolve(token).map(|_| "found".to_owned()).map_err(bad),
    };
    findings.add("admin token", admin)?;
    // Nobody asks Google for a token where the directory is logged in to with a password.
    let sound = match config.names_google() {
        true => credentials(findings, &config, &folder)?,
        false => true,
    };
    if !offline && sound {
        match Client::new(path) {
            Ok(client) => reach(findings, &client).await?,
            Err(error) => _ = findings.add("secrets", Err((Level::Fail, error.text)))?,
        }
    }
    journal(findings, &config, &folder).await?;
    address(findings, &config.server.listen)
}

/// Asks every API that the configuration names for something harmless.
async fn reach(findings: &mut Findings<'_>, client: &Client) -> Result<(), Fail> {
    let google = client.wires.ways.iter().find_map(|(_, wire)| wire.google());
    let tokens = match google {
        Some(google) => clock(findings, client).await? && token(findings, client, google).await?,
        None => false,
    };
    if tokens {
        if let Ok(target) = client.config.cloudm() {
            cloudm(findings, client, &target.domain).await?;
        }
        invitations(findings, client).await?;
    }
    neighbours::gapps(findings, client, tokens).await?;
    neighbours::ccai(findings, client).await
}

/// The credentials: a key, or where tokens come from without one.
fn credentials(findings: &mut Findings<'_>, config: &Config, folder: &Path) -> Result<bool, Fail> {
    let loaded = load::credentials(config, folder)
        .and_then(|credentials| load::signer(&credentials).map(|_| credentials));
    let credentials = match loaded {
        Ok(credentials) => credentials,
        Err(error) => return findings.add("key", Err(bad(error))),
    };
    let open = config.google.credentials.document().and_then(|document| open_to_others(document, folder));
    let (what, text) = match credentials.key() {
        Some(key) => ("key", format!("{} bits, {}", key.bits(), key.client_email())),
        None => ("credentials", credentials.kind().to_owned()),
    };
    let text = match credentials.account() {
        Some(account) if !text.contains(account) => format!("{text}, as {account}"),
        _ => text,
    };
    let found = if credentials.is_anonymous() {
        Err((Level::Warn, format!("{text}: {ANONYMOUS}")))
    } else if credentials.key().is_some_and(ServiceAccountKey::repaired) {
        Err((Level::Warn, format!("{text}; its line ends were pasted as \\n: escape once less")))
    } else {
        open.map_or(Ok(text), Err)
    };
    findings.add(what, found)
}

/// Whether other users of this machine can read the key.
fn open_to_others(reference: &SecretRef, folder: &Path) -> Option<(Level, String)> {
    #[cfg(unix)]
    if let SecretRef::File(file) = reference {
        let path = folder.join(file);
        let mode = std::fs::metadata(&path)
            .ok()
            .map(|data| std::os::unix::fs::PermissionsExt::mode(&data.permissions()));
        if mode.is_some_and(|mode| mode & 0o077 != 0) {
            let text = format!("others on this machine can read {0}: chmod 600 {0}", path.display());
            return Some((Level::Warn, text));
        }
    }
    #[cfg(not(unix))]
    let _ = (reference, folder);
    None
}

/// Compares the clocks. `false`: the token endpoint cannot be reached.
async fn clock(findings: &mut Findings<'_>, client: &Client) -> Result<bool, Fail> {
    let Some(endpoint) = client.credentials.endpoint() else {
        return findings.add("clock", Ok("does not matter: nothing is signed here".into()));
    };
    let request = Request::builder().method(Method::HEAD).uri(endpoint.clone()).body(Bytes::new());
    let request = request.map_err(|error| Fail::failed(error.to_string()))?;
    let before = client.host.now();
    let answer = match client.host.send(request).await {
        Ok(answer) => answer,
        Err(Lost::NeverLeft(why) | Lost::Unanswered(why)) => {
            let text = format!(
                "{endpoint}: {why}; check the network, a proxy, and token_uri or token_url in the credentials"
            );
            return findings.add("clock", Err((Level::Fail, text)));
        }
    };
    let after = client.host.now();
    let there = answer.headers().get(http::header::DATE).and_then(|date| http_date(date.to_str().ok()?));
    let Some(there) = there else {
        let text = "the token endpoint tells no time; check the clock yourself".to_owned();
        return findings.add("clock", Err((Level::Warn, text)));
    };
    // `Date` has whole seconds, cut.
    let middle = before.saturating_add(before.duration_until(after) / 2).unwrap_or(before);
    let ahead = there.duration_until(middle) - SignedDuration::from_millis(500);
    let text =
        format!("{} s {}", ahead.abs().as_secs(), if ahead.is_negative() { "behind" } else { "ahead" });
    let level = match ahead.abs() {
        off if off > TOO_FAR_OFF => Level::Fail,
        off if off > OFF => Level::Warn,
        _ => return findings.add("clock", Ok("agrees with the token endpoint's".into())),
    };
    findings.add("clock", Err((level, format!("{text}; set this machine's clock right (NTP)"))))?;
    Ok(true)
}

async fn token(findings: &mut Findings<'_>, client: &Client, google: &Google<Rs256>) -> Result<bool, Fail> {
    let found = match google.exchange(&client.host).await {
        Ok(token) => Ok(format!("valid for {} min", token.left(client.host.now()).as_mins())),
        Err(error) => Err((Level::Fail, exchange(&error).text)),
    };
    findings.add("token", found)
}

/// Reads a user that nobody has: "not found" shows that we are known and allowed.
async fn cloudm(findings: &mut Findings<'_>, client: &Client, domain: &Domain) -> Result<(), Fail> {
    let nobody = format!("people-doctor-probe@{domain}");
    let verdict = client.once(&Get { domain, user: &nobody }.call()).await;
    let found = match verdict {
        Verdict::Done { .. } => Ok(format!("{domain}: identified and allowed")),
        Verdict::Refused { why } if why.kind == WhyKind::Absent => {
            Ok(format!("{domain}: identified and allowed"))
        }
        Verdict::Again { why, .. } | Verdict::Unknown { why } | Verdict::Refused { why } => {
            Err((Level::Fail, advice(&why, client)))
        }
    };
    findings.add("cloudm", found).map(|_| ())
}

/// Lists one invitation, where the configuration names a customer.
async fn invitations(findings: &mut Findings<'_>, client: &Client) -> Result<(), Fail> {
    let Some(invitations) = &client.config.invitations else { return Ok(()) };
    let customer = &invitations.customer;
    let list = List { customer, filter: None, order_by: None, page_size: Some(1), page_token: None }.call();
    let found = match client.once(&list).await {
        Verdict::Done { .. } => Ok(format!("{customer}: identified and allowed")),
        Verdict::Again { why, .. } | Verdict::Unknown { why } | Verdict::Refused { why } => {
            Err((Level::Fail, refused(&list, &why).text))
        }
    };
    findings.add("invitations", found).map(|_| ())
}

fn advice(why: &Why, client: &Client) -> String {
    let account = client.credentials.account().unwrap_or("the account of the credentials");
    match why.kind {
        WhyKind::Unauthorized if client.credentials.is_anonymous() => {
            format!("CloudM does not identify us (HTTP 401 with a fresh token): {ANONYMOUS}")
        }
        WhyKind::Unauthorized => format!(
            "CloudM does not identify {account} for this domain (HTTP 401 with a fresh token); check [cloudm] domain, domain-wide delegation for {}, and that the account has a CloudM role",
            people_model::cloudm::SCOPE
        ),
        WhyKind::Forbidden => format!(
            "CloudM knows {account} and its role does not allow reading users (HTTP 403); give it a role with global scope and all permissions at the root organizational unit (Automate, Settings, Roles)"
        ),
        WhyKind::NotSent | WhyKind::Unanswered => {
            let base = client.wires.of(Api::Cloudm).map_or("CloudM", Wire::base);
            format!("{base}: {why}; check the network and [cloudm] base_url")
        }
        WhyKind::ServerError | WhyKind::RateLimited => format!("{why}; try again in a few minutes"),
        _ => why.to_string(),
    }
}

async fn journal(findings: &mut Findings<'_>, config: &Config, folder: &Path) -> Result<(), Fail> {
    let file = load::journal_file(config, folder);
    if !file.exists() {
        // Only a server makes it, so that it is the server's own.
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = match tempfile::tempfile_in(parent) {
            Ok(_) => Ok(format!("none at {} yet; `people serve` makes it", file.display())),
            Err(error) => Err(bad(format!(
                "{} cannot be made: {error}; let whoever runs the server write to its folder, or set [journal] url",
                file.display()
            ))),
        };
        return findings.add("journal", found).map(|_| ());
    }
    let found = match load::journal(config, folder) {
        Err(error) => Err(bad(error)),
        // Forgets nothing, and has to write for it.
        Ok(journal) => match (journal.prune(Timestamp::UNIX_EPOCH).await, journal.stats().await) {
            (Ok(()), Ok(stats)) => {
                Ok(format!("{} people, {} deliveries waiting", stats.people, stats.backlog))
            }
            (Err(error), _) | (_, Err(error)) => Err(bad(error)),
        },
    };
    findings.add("journal", found).map(|_| ())
}

fn address(findings: &mut Findings<'_>, listen: &str) -> Result<(), Fail> {
    let found = match std::net::TcpListener::bind(listen) {
        Ok(_) => Ok(format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Ok(format!("{listen} is in use: a server runs"))
        }
        Err(error) => Err((Level::Warn, format!("{listen}: {error}; change [server] listen"))),
    };
    findings.add("server", found).map(|_| ())
}

/// The one form of HTTP dates that is sent today: `Fri, 02 Jan 2026 03:04:05 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    let local = text.trim().strip_suffix(" GMT")?;
    Timestamp::strptime("%a, %d %b %Y %H:%M:%S %z", format!("{local} +0000")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http() {
        let expected: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(http_date("Fri, 02 Jan 2026 03:04:05 GMT"), Some(expected));
        assert_eq!(http_date("yesterday"), None);
    }
}
