//! The way round: the Provisioning API answered over CloudM, so that an old script keeps working. Request in, answer out; a host only listens.
//!
//! | file | holds |
//! |---|---|
//! | `login` | ClientLogin: who may ask |
//! | `accounts` | what is done to accounts of CloudM, each change after a look |
//! | `answer` | documents and errors as Google's servers wrote them |
//!
//! What CloudM has nothing for is refused with 403 and `DomainFeatureUnavailable` (1203), whose `invalidInput` names the operation or the member. What
//! cannot be told (CloudM does not answer) is 503 with `ServerBusy` (1001), or `UnknownError` (1000) where it may have been done.

use async_lock::Mutex;
use bytes::Bytes;
use http::{Method as HttpMethod, Request, Response};
use people_auth::Signer;
use people_model::call::Method;
use people_model::gapps::xml::{Limits, parse};
use people_model::gapps::{Alias, MultiDomainUser, Nickname, Noun, Rename, User};
use people_model::{Domain, Email};

use crate::config::gapps::Facade as Settings;
use crate::config::{Config, ConfigError, Secrets};
use crate::host::Host;
use crate::journal::Journal;
use crate::target::cloudm::Cloudm;
use crate::target::gapps::{OPERATIONS, Operation};
use crate::wire::Wires;

mod accounts;
mod answer;
mod login;

use accounts::{Account, Change, New};
use answer::{Problem, Style};
use login::Logins;

/// The facade over one host, one journal (for the breaker, which it shares with the bridge) and the way to CloudM.
pub struct Facade<H, J, S> {
    host: H,
    journal: J,
    wires: Wires<S>,
    config: Config,
    cloudm: Cloudm,
    settings: Settings,
    domain: Domain,
    logins: Logins,
    /// Changes are made one after the other: each looks before it acts.
    writing: Mutex<()>,
}

/// An answer, and what was asked; neither names a person.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub response: Response<Bytes>,
    /// The operation, such as `gapps.user.create`.
    pub op: &'static str,
}

/// A request that found its operation.
struct Ask {
    operation: &'static Operation,
    values: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
}

impl Ask {
    fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What is sent, as this kind.
    fn noun<N: Noun>(&self) -> Result<N, Problem> {
        let limits = Limits { whole: 1 << 20, child: 64 << 10, ..Limits::default() };
        let root = parse(&self.body, limits).map_err(|error| Problem::unreadable(&error.to_string()))?;
        N::read(&root).map_err(|error| Problem::unreadable(&error.to_string()))
    }
}

impl<H: Host, J: Journal, S: Signer> Facade<H, J, S> {
    /// Puts the facade together; passwords of those who may log in are resolved now.
    ///
    /// # Errors
    /// Where `[gapps.facade]` is missing, or a secret.
    pub fn new(
        config: Config,
        secrets: &dyn Secrets,
        host: H,
        journal: J,
        wires: Wires<S>,
    ) -> Result<Self, ConfigError> {
        let missing = || ConfigError {
            line: config.line_of("gapps"),
            key: "gapps.facade".into(),
            problem: "is missing; add it with the accounts that may log in".into(),
        };
        let gapps = config.gapps.as_ref().ok_or_else(missing)?;
        let settings = gapps.facade.clone().ok_or_else(missing)?;
        let logins = Logins::new(&settings, secrets).map_err(|problem| ConfigError {
            line: config.line_of("gapps.facade.accounts"),
            key: "gapps.facade.accounts".into(),
            problem,
        })?;
        let cloudm = config.cloudm().cloned().map_err(|no| ConfigError {
            line: config.line_of("gapps"),
            key: "gapps.facade".into(),
            problem: no.to_string(),
        })?;
        let domain = gapps.domain.clone().unwrap_or_else(|| cloudm.domain.clone());
        Ok(Self { cloudm, host, journal, wires, settings, domain, logins, writing: Mutex::new(()), config })
    }

    /// Where to listen.
    pub fn listen(&self) -> &str {
        &self.settings.listen
    }

    /// Answers a request. The body is whole.
    pub async fn serve(&self, request: Request<Bytes>) -> Answered {
        let path = request.uri().path().to_owned();
        if path == "/livez" {
            return Answered { response: answer::text(200, "ok\n"), op: "livez" };
        }
        let now = self.host.now();
        if path == "/accounts/ClientLogin" {
            let response = match request.method() {
                &HttpMethod::POST => self.logins.login(&self.host, request.body(), now),
                _ => answer::text(405, "Error=BadAuthentication\n"),
            };
            return Answered { response, op: "login" };
        }
        let Some(method) = method(&request) else {
            return Answered { response: answer::text(405, "Method Not Allowed\n"), op: "unknown" };
        };
        let found =
            OPERATIONS.iter().find_map(|known| known.matches(method, &path).map(|values| (known, values)));
        let Some((operation, values)) = found else {
            return Answered { response: answer::text(404, "Not Found\n"), op: "unknown" };
        };
        let op = operation.name;
        if !self.logins.knows(&request, now) {
            return Answered { response: answer::unauthorized(), op };
        }
        let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        let query = query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let ask = Ask { operation, values, query, body: request.into_body() };
        let response = self.perform(&ask).await.unwrap_or_else(|problem| problem.response());
        Answered { response, op }
    }

    async fn perform(&self, ask: &Ask) -> Result<Response<Bytes>, Problem> {
        let domain = ask.value("domain");
        if !domain.is_empty() && !domain.eq_ignore_ascii_case(self.domain.as_str()) {
            return Err(Problem::unavailable(domain));
        }
        let op = ask.operation.name.strip_prefix("gapps.").unwrap_or(ask.operation.name);
        let user = || self.address(ask.value("userName"));
        let email = || whole(ask.value("userEmail"));
        match op {
            "user.create" => {
                let user: User = ask.noun()?;
                let address = self.address(user.user_name.as_deref().unwrap_or_default())?;
                self.create(address, New::from(user), Style::User).await
            }
            "mduser.create" => {
                let user: MultiDomainUser = ask.noun()?;
                let address = whole(user.user_email.as_deref().unwrap_or_default())?;
                self.create(address, New::from(user), Style::Multi).await
            }
            "user.get" => self.show(&user()?, Style::User).await,
            "mduser.get" => self.show(&email()?, Style::Multi).await,
            "user.update" => {
                let said: User = ask.noun()?;
                let before = user()?;
                let to = match said.user_name.as_deref().filter(|name| !name.is_empty()) {
                    Some(name) => Some(self.address(name)?).filter(|to| *to != before),
                    None => None,
                };
                self.change(&before, Change { to, ..Change::from(New::from(said)) }, Style::User).await
            }
            "mduser.update" => {
                let said: MultiDomainUser = ask.noun()?;
                let before = email()?;
                if said.user_email.as_deref().is_some_and(|to| !to.eq_ignore_ascii_case(before.as_str())) {
                    return Err(Problem::named("EntityCannotBeModified", "userEmail"));
                }
                self.change(&before, Change::from(New::from(said)), Style::Multi).await
            }
            "mduser.rename" => {
                let to = ask.noun::<Rename>()?.new_email.unwrap_or_default();
                let change = Change { to: Some(whole(&to)?), ..Change::default() };
                self.change(&email()?, change, Style::Multi).await
            }
            "user.delete" => self.offboard(&user()?).await,
            "mduser.delete" => self.offboard(&email()?).await,
            "nickname.create" => {
                let said: Nickname = ask.noun()?;
                let owner = self.address(said.user_name.as_deref().unwrap_or_default())?;
                let alias = self.address(said.nickname.as_deref().unwrap_or_default())?;
                self.add_alias(&owner, &alias, Style::User).await
            }
            "alias.create" => {
                let said: Alias = ask.noun()?;
                let owner = whole(said.user_email.as_deref().unwrap_or_default())?;
                let alias = whole(said.alias_email.as_deref().unwrap_or_default())?;
                self.add_alias(&owner, &alias, Style::Multi).await
            }
            "nickname.get" => self.show_alias(&self.address(ask.value("nickname"))?, Style::User).await,
            "alias.get" => self.show_alias(&whole(ask.value("aliasEmail"))?, Style::Multi).await,
            "nickname.delete" => self.remove_alias(&self.address(ask.value("nickname"))?).await,
            "alias.delete" => self.remove_alias(&whole(ask.value("aliasEmail"))?).await,
            // CloudM can be asked for one user, not for all: only lists of one user's have a counterpart.
            "nickname.list" => match ask.query("username") {
                Some(name) => self.list_aliases(&self.address(name)?, Style::User).await,
                None => Err(Problem::unavailable(op)),
            },
            "alias.list" => match ask.query("userEmail") {
                Some(email) => self.list_aliases(&whole(email)?, Style::Multi).await,
                None => Err(Problem::unavailable(op)),
            },
            _ => Err(Problem::unavailable(op)),
        }
    }

    /// The address of a local part.
    fn address(&self, name: &str) -> Result<Email, Problem> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '\'');
        if name.is_empty() || !name.chars().all(good) {
            return Err(Problem::named("InvalidUsername", name));
        }
        Email::parse(&format!("{name}@{}", self.domain)).map_err(|_| Problem::named("InvalidUsername", name))
    }
}

fn whole(address: &str) -> Result<Email, Problem> {
    Email::parse(address).map_err(|_| Problem::named("InvalidEmailAddress", address))
}

/// The verb; a POST may stand for another, as clients behind old proxies do.
fn method(request: &Request<Bytes>) -> Option<Method> {
    let sent = request.method().as_str();
    let meant = request.headers().get("x-http-method-override").and_then(|value| value.to_str().ok());
    match meant.filter(|_| sent == "POST").unwrap_or(sent) {
        "GET" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "DELETE" => Some(Method::Delete),
        _ => None,
    }
}

impl From<User> for New {
    fn from(user: User) -> Self {
        Self {
            given: user.given_name,
            family: user.family_name,
            password: user.password,
            suspended: user.suspended,
            refused: unsupported(&[
                ("hashFunctionName", user.hash_function.is_some()),
                ("admin", user.admin == Some(true)),
                ("changePasswordAtNextLogin", user.change_password == Some(true)),
                ("ipWhitelisted", user.ip_whitelisted == Some(true)),
            ]),
        }
    }
}

impl From<MultiDomainUser> for New {
    fn from(user: MultiDomainUser) -> Self {
        Self {
            given: user.first_name,
            family: user.last_name,
            password: user.password,
            suspended: user.is_suspended,
            refused: unsupported(&[
                ("hashFunction", user.hash_function.is_some()),
                ("isAdmin", user.is_admin == Some(true)),
                ("isChangePasswordAtNextLogin", user.change_password == Some(true)),
                ("ipWhitelisted", user.ip_whitelisted == Some(true)),
            ]),
        }
    }
}

impl From<New> for Change {
    fn from(new: New) -> Self {
        let New { given, family, password, suspended, refused } = new;
        Self { to: None, given, family, password: password.is_some(), suspended, refused }
    }
}

fn unsupported(said: &[(&'static str, bool)]) -> Vec<&'static str> {
    said.iter().filter(|(_, said)| *said).map(|(name, _)| *name).collect()
}
