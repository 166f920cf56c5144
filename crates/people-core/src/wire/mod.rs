//! From a call to its answer: the request is built, what proves who asks is put on it, and a 401 is answered once with a fresh token.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use people_auth::{Ask, Rejected, Signer};
use people_model::call::Method;
use people_model::verdict::WhyKind;
use people_model::{Api, Call, Secret, Why};
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError, Secrets};
use crate::host::{Host, Lost};

mod body;
mod google;
#[cfg(feature = "gapps")]
mod login;

pub use google::{Account, ExchangeError, Google};
#[cfg(feature = "gapps")]
pub use login::ClientLogin;

/// The ways to all APIs that are configured.
pub struct Wires<S> {
    /// Each with the API that it leads to.
    pub ways: Vec<(Api, Wire<S>)>,
}

impl<S> Wires<S> {
    /// The ways that the configuration names, all as this account. Secrets are resolved now.
    pub fn new(
        config: &Config,
        secrets: &dyn Secrets,
        account: &Arc<Account<S>>,
    ) -> Result<Self, ConfigError> {
        let ask = |scope| {
            Ask::new([scope]).map_err(|error| ConfigError {
                line: 0,
                key: "google".into(),
                problem: error.to_string(),
            })
        };
        let google = |ask| Access::Google(Google::new(Arc::clone(account), ask));
        let mut ways = Vec::new();
        if let Ok(cloudm) = config.cloudm() {
            ways.push((Api::Cloudm, Wire::new(&cloudm.base_url, google(ask(people_model::cloudm::SCOPE)?))));
        }
        if let Some(ccai) = &config.ccai {
            let token = secrets.resolve(&ccai.token).map_err(|problem| ConfigError {
                line: config.line_of("ccai.token"),
                key: "ccai.token".into(),
                problem,
            })?;
            ways.push((Api::Ccai, Wire::new(&ccai.base_url, Access::Basic(ccai.basic(&token)))));
        }
        if let Some(invitations) = &config.invitations {
            let ask = ask(people_model::invitations::SCOPE)?.on_behalf_of(invitations.admin.as_str());
            ways.push((Api::Invitations, Wire::new(&invitations.base_url, google(ask))));
        }
        #[cfg(feature = "gapps")]
        ways.extend(login::wire(config, secrets, account)?.map(|wire| (Api::Gapps, wire)));
        #[cfg(not(feature = "gapps"))]
        let _ = secrets;
        Ok(Self { ways })
    }

    /// No way to anything, for a bridge that drives nobody.
    pub fn none() -> Self {
        Self { ways: Vec::new() }
    }

    /// The same ways without a token yet.
    pub fn beside(&self) -> Self {
        Self { ways: self.ways.iter().map(|(api, wire)| (*api, wire.beside())).collect() }
    }

    /// The way to this API, if it is configured.
    pub fn of(&self, api: Api) -> Option<&Wire<S>> {
        self.ways.iter().find(|(other, _)| *other == api).map(|(_, wire)| wire)
    }

    /// What gets the tokens that are asked for so, if one of the ways needs them.
    pub fn google(&self, ask: &Ask) -> Option<&Google<S>> {
        self.ways.iter().filter_map(|(_, wire)| wire.google()).find(|google| google.ask() == ask)
    }
}

impl<S: Signer> Wires<S> {
    /// Sends the call to its API.
    pub async fn send<H: Host>(&self, host: &H, call: &Call) -> Result<Response<Bytes>, NoAnswer> {
        match self.of(call.api) {
            Some(wire) => wire.send(host, call).await,
            None => {
                let why = Why::new(WhyKind::NotSent).detail("this API is not configured (any more)");
                Err(NoAnswer::NotSent(NotSent { after_s: None, why }))
            }
        }
    }
}

impl<S: Signer> Wires<S> {
    /// Gets new tokens for those in use that are near their end, so that no call has to wait for one. What goes wrong shows in the calls.
    pub async fn look_ahead<H: Host>(&self, host: &H) {
        for google in self.ways.iter().filter_map(|(_, wire)| wire.google()) {
            let _ = google.look_ahead(host).await;
        }
    }
}

/// A way to one API: its base URL, and what is shown there.
pub struct Wire<S> {
    base: String,
    access: Access<S>,
}

/// What is shown to an API to prove who asks.
pub enum Access<S> {
    /// An access token of Google.
    Google(Google<S>),
    /// HTTP Basic: the value of the header after `Basic `, base64 already.
    Basic(Secret<String>),
    /// ClientLogin.
    #[cfg(feature = "gapps")]
    ClientLogin(ClientLogin),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The call provably did not leave.
    NotSent(NotSent),
    /// The call left, and whatever it asks for may have happened.
    Unanswered(Why),
}

/// The call did not leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// Seconds that the token endpoint asked us to wait.
    pub after_s: Option<u32>,
    /// Why.
    pub why: Why,
}

impl<S> Wire<S> {
    /// A way to the API at `base`, an origin with an optional path.
    pub fn new(base: &str, access: Access<S>) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), access }
    }

    /// The same way with the same account, without a token yet.
    fn beside(&self) -> Self {
        let access = match &self.access {
            Access::Google(google) => Access::Google(google.beside()),
            Access::Basic(secret) => Access::Basic(secret.clone()),
            #[cfg(feature = "gapps")]
            Access::ClientLogin(login) => Access::ClientLogin(login.beside()),
        };
        Self { base: self.base.clone(), access }
    }

    /// The base URL, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What gets access tokens for it, where that is how it is reached.
    pub fn google(&self) -> Option<&Google<S>> {
        match &self.access {
            Access::Google(google) => Some(google),
            Access::Basic(_) => None,
            #[cfg(feature = "gapps")]
            Access::ClientLogin(_) => None,
        }
    }
}

impl<S: Signer> Wire<S> {
    /// Sends the call. A 401 to an access token is answered once with a fresh one; the second is returned.
    pub async fn send<H: Host>(&self, host: &H, call: &Call) -> Result<Response<Bytes>, NoAnswer> {
        let google = match &self.access {
            Access::Basic(basic) => return self.carry(host, call, "Basic", basic).await,
            #[cfg(feature = "gapps")]
            Access::ClientLogin(login) => {
                let token = login.token(host, None).await.map_err(NoAnswer::NotSent)?;
                let answer = self.carry(host, call, "GoogleLogin", &token).await?;
                if !login::expired(&answer) {
                    return Ok(answer);
                }
                let token = login.token(host, Some(&token)).await.map_err(NoAnswer::NotSent)?;
                return self.carry(host, call, "GoogleLogin", &token).await;
            }
            Access::Google(google) => google,
        };
        let token = google.token(host).await.map_err(NoAnswer::NotSent)?;
        let answer = self.carry(host, call, "Bearer", &token).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match google.refuse(&token, host.now()) {
            Rejected::Again => {
                let token = google.token(host).await.map_err(NoAnswer::NotSent)?;
                self.carry(host, call, "Bearer", &token).await
            }
            Rejected::Configuration => Ok(answer),
        }
    }

    async fn carry<H: Host>(
        &self,
        host: &H,
        call: &Call,
        scheme: &str,
        proof: &Secret<String>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let request = self.request(host, call, scheme, proof).ok_or_else(|| {
            let why = Why::new(WhyKind::NotSent).detail("the request could not be built; check base_url");
            NoAnswer::NotSent(NotSent { after_s: None, why })
        })?;
        host.send(request).await.map_err(|lost| match lost {
            Lost::NeverLeft(detail) => {
                NoAnswer::NotSent(NotSent { after_s: None, why: Why::new(WhyKind::NotSent).detail(detail) })
            }
            Lost::Unanswered(detail) => NoAnswer::Unanswered(Why::new(WhyKind::Unanswered).detail(detail)),
        })
    }

    fn request<H: Host>(
        &self,
        host: &H,
        call: &Call,
        scheme: &str,
        proof: &Secret<String>,
    ) -> Option<Request<Bytes>> {
        let uri: Uri = format!("{}{}", self.base, call.path).parse().ok()?;
        let mut authorization = HeaderValue::try_from(format!("{scheme} {}", proof.expose())).ok()?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(call.method.as_str())
            .uri(uri)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, call.form.accept());
        let (content_type, body) = body::encode(host, call)?;
        if !matches!(call.method, Method::Get) {
            request = request.header(CONTENT_TYPE, content_type);
        }
        request.body(body).ok()
    }
}
