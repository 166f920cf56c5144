//! From a call to its answer: the request is built, a token is put on it, and a 401 is answered once with a fresh one.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use people_auth::exchange::{accept, prepare};
use people_auth::{Ask, Rejected, ServiceAccountKey, SharedTokens, Signer, Token, TokenError};
use people_model::time::Timestamp;
use people_model::verdict::WhyKind;
use people_model::{Call, Secret, Why};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroize;

use crate::host::{Host, Lost};

/// A way to one API: its base URL, and the account that speaks to it.
pub struct Wire<S> {
    base: String,
    key: ServiceAccountKey,
    signer: S,
    ask: Ask,
    tokens: SharedTokens<NotSent>,
    refused: Mutex<Option<Secret<String>>>,
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

impl<S: Signer> Wire<S> {
    /// A way to the API at `base`, an origin with an optional path, as `key`, asking for tokens as `ask`.
    pub fn new(base: &str, key: ServiceAccountKey, signer: S, ask: Ask) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { base, key, signer, ask, tokens: SharedTokens::new(), refused: Mutex::default() }
    }

    /// The same way with another signer, and without a token yet.
    pub(crate) fn beside(&self, signer: S) -> Self {
        Self::new(&self.base, self.key.clone(), signer, self.ask.clone())
    }

    /// The base URL, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends the call. A 401 is answered once with a fresh token; the second is returned.
    pub async fn send<H: Host>(&self, host: &H, call: &Call) -> Result<Response<Bytes>, NoAnswer> {
        let answer = self.send_once(host, call).await?;
        match answer {
            (answer, token) if answer.status() == StatusCode::UNAUTHORIZED => {
                match self.refuse(&token, host.now()) {
                    Rejected::Again => Ok(self.send_once(host, call).await?.0),
                    Rejected::Configuration => Ok(answer),
                }
            }
            (answer, _) => Ok(answer),
        }
    }

    async fn send_once<H: Host>(
        &self,
        host: &H,
        call: &Call,
    ) -> Result<(Response<Bytes>, Secret<String>), NoAnswer> {
        let token = self.token(host).await.map_err(NoAnswer::NotSent)?;
        let request = self.request(host, call, &token).map_err(NoAnswer::NotSent)?;
        match host.send(request).await {
            Ok(answer) => Ok((answer, token)),
            Err(Lost::NeverLeft(detail)) => Err(NoAnswer::NotSent(NotSent {
                after_s: None,
                why: Why::new(WhyKind::NotSent).detail(detail),
            })),
            Err(Lost::Unanswered(detail)) => {
                Err(NoAnswer::Unanswered(Why::new(WhyKind::Unanswered).detail(detail)))
            }
        }
    }

    /// A valid access token: from the cache, or by an exchange that all who ask share.
    pub async fn token<H: Host>(&self, host: &H) -> Result<Secret<String>, NotSent> {
        self.tokens
            .get(&self.ask, host.now(), async |ask: &Ask| {
                let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match host.token(ask, refused.as_ref()).await {
                    Some(outcome) => outcome,
                    None => self.exchange(host, ask).await.map_err(not_sent),
                }
            })
            .await
    }

    /// Takes note that an API answered 401 to this token.
    pub fn refuse(&self, token: &Secret<String>, now: Timestamp) -> Rejected {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        self.tokens.reject(&self.ask, token, now)
    }

    /// Exchanges an assertion for a token, past the cache.
    pub async fn exchange<H: Host>(&self, host: &H, ask: &Ask) -> Result<Token, ExchangeError> {
        let now = host.now();
        let mut seed = [0; 32];
        host.entropy(&mut seed);
        let request = prepare(&self.key, &self.signer, ask, now, &seed).await;
        seed.zeroize();
        let answer = host.send(request?).await?;
        Ok(accept(answer.status(), answer.headers(), answer.body(), now)?)
    }

    /// How tokens are asked for.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    fn request<H: Host>(
        &self,
        host: &H,
        call: &Call,
        token: &Secret<String>,
    ) -> Result<Request<Bytes>, NotSent> {
        let unbuildable = || NotSent {
            after_s: None,
            why: Why::new(WhyKind::NotSent).detail("the request could not be built; check base_url"),
        };
        let uri: Uri = format!("{}{}", self.base, call.path).parse().map_err(|_| unbuildable())?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| unbuildable())?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(call.method.as_str())
            .uri(uri)
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, "application/json");
        let body = match &call.body {
            None => Bytes::new(),
            Some(body) => {
                let mut body = body.clone();
                if call.password
                    && let Value::Object(members) = &mut body
                {
                    members.insert("password".into(), Value::String(password(host)));
                }
                Bytes::from(serde_json::to_vec(&body).map_err(|_| unbuildable())?)
            }
        };
        if !matches!(call.method, people_model::call::Method::Get) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(body).map_err(|_| unbuildable())
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

/// An initial password of 24 characters with every class in it: 22 random ones of 64 (132 bits) and one each of the classes that could
/// be missing. It goes into the request and nowhere else; the person sets their own by CloudM's welcome.
fn password<H: Host>(host: &H) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0; 22];
    host.entropy(&mut random);
    let text =
        random.iter().map(|byte| char::from(ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or(b'x')));
    let text: String = ['a', 'Z', '7', '!'].into_iter().chain(text).collect();
    random.zeroize();
    text
}
