//! Access tokens of Google for one API: cached, exchanged once for all who ask, thrown away when the API refuses them.

use std::sync::{Arc, Mutex, PoisonError};

use people_auth::exchange::{accept, prepare};
use people_auth::{Ask, Rejected, ServiceAccountKey, SharedTokens, Signer, Token, TokenError};
use people_model::time::Timestamp;
use people_model::verdict::WhyKind;
use people_model::{Secret, Why};
use zeroize::Zeroize;

use super::NotSent;
use crate::host::{Host, Lost};

/// The account that speaks to Google's APIs: one for all of them.
pub struct Account<S> {
    key: ServiceAccountKey,
    signer: S,
}

impl<S> Account<S> {
    /// A service account with its key.
    pub fn new(key: ServiceAccountKey, signer: S) -> Arc<Self> {
        Arc::new(Self { key, signer })
    }
}

/// Access tokens for one subject and set of scopes.
pub struct Google<S> {
    account: Arc<Account<S>>,
    ask: Ask,
    tokens: SharedTokens<NotSent>,
    refused: Mutex<Option<Secret<String>>>,
}

impl<S> Google<S> {
    /// Tokens of this account, asked for as `ask`.
    pub fn new(account: Arc<Account<S>>, ask: Ask) -> Self {
        Self { account, ask, tokens: SharedTokens::new(), refused: Mutex::default() }
    }

    /// The same with no token yet.
    pub(super) fn beside(&self) -> Self {
        Self::new(self.account.clone(), self.ask.clone())
    }

    /// How tokens are asked for.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Takes note that an API answered 401 to this token.
    pub fn refuse(&self, token: &Secret<String>, now: Timestamp) -> Rejected {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        self.tokens.reject(&self.ask, token, now)
    }
}

impl<S: Signer> Google<S> {
    /// A valid access token: from the cache, or by an exchange that all who ask share.
    pub async fn token<H: Host>(&self, host: &H) -> Result<Secret<String>, NotSent> {
        self.tokens
            .get(&self.ask, host.now(), async |ask: &Ask| {
                let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match host.token(ask, refused.as_ref()).await {
                    Some(outcome) => outcome,
                    None => self.exchange(host).await.map_err(not_sent),
                }
            })
            .await
    }

    /// Exchanges an assertion for a token, past the cache.
    pub async fn exchange<H: Host>(&self, host: &H) -> Result<Token, ExchangeError> {
        let now = host.now();
        let mut seed = [0; 32];
        host.entropy(&mut seed);
        let request = prepare(&self.account.key, &self.account.signer, &self.ask, now, &seed).await;
        seed.zeroize();
        let answer = host.send(request?).await?;
        Ok(accept(answer.status(), answer.headers(), answer.body(), now)?)
    }
}

/// Why an exchange gave no token.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No signature could be made.
    #[error(transparent)]
    Sign(#[from] people_auth::SignError),
    /// The token endpoint did not answer.
    #[error("the token endpoint: {0}")]
    Lost(#[from] Lost),
    /// The token endpoint refused.
    #[error(transparent)]
    Refused(#[from] TokenError),
}

fn not_sent(error: ExchangeError) -> NotSent {
    let after_s = match &error {
        ExchangeError::Refused(TokenError::Retry { after: Some(after), .. }) => {
            u32::try_from(after.as_secs()).ok()
        }
        _ => None,
    };
    NotSent { after_s, why: Why::new(WhyKind::Token).detail(error.to_string()) }
}
