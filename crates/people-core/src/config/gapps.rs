//! `[gapps]`: a Google Apps Provisioning API to call, or to be the directory that follows HR; and the facade that answers it over CloudM.

use people_model::{Domain, Email};
use serde::Deserialize;

use super::{SecretRef, Span, trusted_url};
use crate::source::ConfigProblem;

/// `[gapps]`. Parsed everywhere, so that one document serves all; used where the program is built with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gapps {
    /// Whether this API is the directory that follows HR, in place of CloudM. Default no.
    #[serde(default)]
    pub directory: bool,
    /// What becomes of the account of somebody who leaves, where this is the directory. Default `suspend`.
    #[serde(default)]
    pub leave: Option<Leave>,
    /// The API's base URL; `/a/feeds` lies below it. Absent: no API is called.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The domain whose users are meant. Default: CloudM's; where there is no CloudM it must be named.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// What proves who asks. Default `client-login`.
    #[serde(default)]
    pub auth: Auth,
    /// The administrator: who logs in, or on whose behalf the service account asks.
    #[serde(default)]
    pub admin: Option<Email>,
    /// The administrator's password, for `client-login`.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// Where to log in. Default: `/accounts/ClientLogin` below the base URL.
    #[serde(default)]
    pub login_url: Option<String>,
    /// The scopes of access tokens, for `bearer`. Default: users, aliases, groups, organization.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// The facade.
    #[serde(default)]
    pub facade: Option<Facade>,
}

/// What becomes of the account of somebody who leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leave {
    /// It is suspended: nothing is lost, and a rehire has it back.
    #[default]
    Suspend,
    /// It is deleted with all that is in it. Nobody can take that back, and its name cannot be used again for five days.
    Delete,
}

/// What proves who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// ClientLogin: address and password for a token.
    #[default]
    ClientLogin,
    /// An access token of the service account in `[google]`.
    Bearer,
}

/// `[gapps.facade]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facade {
    /// Where to listen. Default `127.0.0.1:8081`; a reverse proxy with TLS belongs in front.
    #[serde(default = "listen")]
    pub listen: String,
    /// Who may log in.
    pub accounts: Vec<Login>,
    /// The origin in ids and links of replies. Default: Google's, for scripts that were led here by name.
    #[serde(default = "public_url")]
    pub public_url: String,
    /// How long a token of ours lives. Default 24 h.
    #[serde(default = "token_life")]
    pub token_life: Span,
    /// Members of requests that CloudM has nothing for, and that are passed over rather than refused where a script asks for them.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// Somebody who may log in to the facade.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: SecretRef,
}

fn listen() -> String {
    "127.0.0.1:8081".into()
}

fn public_url() -> String {
    "https://apps-apis.google.com".into()
}

fn token_life() -> Span {
    Span::hours(24)
}

impl Gapps {
    /// Where to log in, where the API's base is `base`.
    pub fn login_url(&self, base: &str) -> String {
        let default = || format!("{}/accounts/ClientLogin", base.trim_end_matches('/'));
        self.login_url.clone().unwrap_or_else(default)
    }

    pub(super) fn check(&self) -> Result<(), ConfigProblem> {
        let problem = |key: &str, problem: &str| Err(ConfigProblem::new(key, problem));
        for (key, url) in [("gapps.base_url", &self.base_url), ("gapps.login_url", &self.login_url)] {
            if url.as_deref().is_some_and(|url| !trusted_url(url)) {
                return problem(key, "must be an https:// URL; http:// is for this machine only");
            }
        }
        if self.base_url.is_some() && self.auth == Auth::ClientLogin {
            if self.admin.is_none() {
                return problem("gapps.admin", "client-login needs the address of an administrator; add it");
            }
            if self.password.is_none() {
                return problem("gapps.password", "client-login needs the administrator's password; add it");
            }
        }
        match &self.facade {
            Some(facade) if facade.accounts.is_empty() => {
                problem("gapps.facade.accounts", "nobody could log in; name at least one account")
            }
            Some(facade) if facade.token_life.get().as_secs() < 60 => {
                problem("gapps.facade.token_life", "must be at least 60 s")
            }
            _ => Ok(()),
        }
    }
}
