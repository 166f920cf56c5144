//! Access tokens of Google for one API: cached, exchanged once for all who ask, thrown away when the API refuses them.

use std::sync::{Arc, Mutex, PoisonError};

use people_auth::credentials::{Answer, Next, Step};
use people_auth::{Ask, Credentials, FlowError, Rejected, SharedTokens, SignError, Signer, Token};
use people_model::time::Timestamp;
use people_model::verdict::WhyKind;
use people_model::{Secret, Why};
use zeroize::Zeroize;

use super::NotSent;
use crate::host::Host;

/// The account that speaks to Google's APIs: one for all of them, with one cache of tokens.
pub struct Account<S> {
    whose: Arc<Whose<S>>,
    tokens: SharedTokens<NotSent>,
}

struct Whose<S> {
    credentials: Credentials,
    signer: Option<S>,
}

impl<S> Account<S> {
    /// An account by its credentials. Those with a key need a signer for it; the others need none.
    pub fn new(credentials: impl Into<Credentials>, signer: impl Into<Option<S>>) -> Arc<Self> {
        let whose = Whose { credentials: credentials.into(), signer: signer.into() };
        Arc::new(Self { whose: Arc::new(whose), tokens: SharedTokens::new() })
    }

    /// The same account with a cache of its own: who asks here never waits for an exchange that is under way there. At the edge that one may
    /// be waiting for this one.
    fn beside(&self) -> Arc<Self> {
        Arc::new(Self { whose: self.whose.clone(), tokens: SharedTokens::new() })
    }
}

/// Why an exchange gave no token.
pub type ExchangeError = FlowError;

/// Access tokens for one subject and set of scopes.
pub struct Google<S> {
    account: Arc<Account<S>>,
    ask: Ask,
    refused: Mutex<Option<Secret<String>>>,
}

impl<S> Google<S> {
    /// Tokens of this account, asked for as `ask`.
    pub fn new(account: Arc<Account<S>>, ask: Ask) -> Self {
        Self { account, ask, refused: Mutex::default() }
    }

    /// The same with no token yet.
    pub(super) fn beside(&self) -> Self {
        Self::new(self.account.beside(), self.ask.clone())
    }

    /// How tokens are asked for.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Takes note that an API answered 401 to this token.
    pub fn refuse(&self, token: &Secret<String>, now: Timestamp) -> Rejected {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        self.account.tokens.reject(&self.ask, token, now)
    }
}

impl<S: Signer> Google<S> {
    /// A valid access token: from the cache, or by an exchange that all who ask share.
    pub async fn token<H: Host>(&self, host: &H) -> Result<Secret<String>, NotSent> {
        let fetch = async |ask: &Ask| {
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match host.token(ask, refused.as_ref()).await {
                Some(outcome) => outcome,
                None => self.exchange(host).await.map_err(not_sent),
            }
        };
        self.account.tokens.get(&self.ask, host.now(), fetch).await
    }

    /// Exchanges ahead of time where the token is in use and near its end, so that nobody has to wait for it; says whether it did. To be
    /// called every few seconds by whoever runs for long.
    pub async fn look_ahead<H: Host>(&self, host: &H) -> Result<bool, NotSent> {
        let fetch = async |_: &Ask| self.exchange(host).await.map_err(not_sent);
        self.account.tokens.look_ahead(&self.ask, host.now(), fetch).await
    }

    /// Walks the way from the credentials to a token, past the cache.
    pub async fn exchange<H: Host>(&self, host: &H) -> Result<Token, ExchangeError> {
        let mut flow = self.account.whose.credentials.flow(&self.ask)?;
        loop {
            let answer = match flow.next(host.now())? {
                Next::Token(token) => return Ok(token),
                Next::Step(step) => self.perform(host, step).await?,
            };
            flow.accept(answer)?;
        }
    }

    async fn perform<H: Host>(&self, host: &H, step: Step) -> Result<Answer, ExchangeError> {
        let read = |outcome: Result<_, String>| outcome.map_or_else(Answer::Unable, Answer::Bytes);
        Ok(match step {
            Step::Send(request) => match host.send(request).await {
                Ok(response) => Answer::Response(response),
                Err(lost) => Answer::Lost(lost.to_string()),
            },
            Step::Sign(message) => {
                let signer = self.account.whose.signer.as_ref();
                let signer = signer.ok_or(SignError::Host("no signer was set up for the key"))?;
                let mut seed = [0; 32];
                host.entropy(&mut seed);
                let signature = signer.sign(&message, &seed).await;
                seed.zeroize();
                Answer::Signature(signature?)
            }
            Step::Read(path) => read(host.read_file(&path).await),
            Step::Env(name) => Answer::Value(host.env(name)),
            Step::Run(command) => read(host.run(&command).await),
            Step::Wait(length) => match host.wait(length).await {
                true => Answer::Waited,
                false => Answer::Unable(String::new()),
            },
        })
    }
}

fn not_sent(error: ExchangeError) -> NotSent {
    let after_s = error.after().and_then(|after| u32::try_from(after.as_secs()).ok());
    NotSent { after_s, why: Why::new(WhyKind::Token).detail(error.to_string()) }
}
