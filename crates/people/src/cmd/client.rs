//! The ways to the APIs for one command: the call, its retries, and what came of it. Needs no source and no journal.

use std::path::Path;
use std::time::{Duration, Instant};

use people_auth::credentials::Party;
use people_auth::{Credentials, Rs256};
use people_core::config::Config;
use people_core::target::judge;
use people_core::wire::{Account, ExchangeError, Google, NoAnswer, NotSent, Wire, Wires};
use people_model::verdict::WhyKind;
use people_model::{Api, Call, Members, Safety, Verdict, Why};
use serde_json::{Value, json};

use crate::exit::{Exit, Fail};
use crate::host::{Clock, Native};
use crate::load;
use crate::report::progress;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a command tries, all in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a command tries.
const TRIES: u32 = 5;

/// The way.
pub(super) struct Client {
    pub(super) config: Config,
    pub(super) host: Native,
    pub(super) wires: Wires<Rs256>,
    pub(super) credentials: Credentials,
}

/// What a call that is done returned, or that the target has nothing of that name.
pub(super) enum Reply {
    Done(Members),
    Absent,
}

impl Client {
    /// Reads the configuration and its credentials.
    pub(super) fn new(path: &Path) -> Result<Self, Fail> {
        let config = load::config(path)?;
        let folder = load::folder(path);
        let credentials = load::credentials(&config, &folder)?;
        let signer = load::signer(&credentials)?;
        let host = Native::new(Clock::default(), TIMEOUT, config.server.rate)
            .map_err(load::LoadError::from)?
            .in_folder(&folder)
            .limited_by(&config);
        let account = Account::new(credentials.clone(), signer);
        let wires = Wires::new(&config, &load::secrets(&folder), &account)
            .map_err(|error| load::LoadError::Config { path: path.to_owned(), error })?;
        Ok(Self { config, host, wires, credentials })
    }

    /// What gets tokens for CloudM.
    pub(super) fn google(&self) -> Result<&Google<Rs256>, Fail> {
        self.config.cloudm()?;
        let google = self.wires.of(Api::Cloudm).and_then(Wire::google);
        google.ok_or_else(|| Fail::failed("CloudM is not reached with an access token"))
    }

    /// Sends the call, again where it was not done and may be later.
    pub(super) async fn call(&self, call: &Call) -> Result<Reply, Fail> {
        Ok(match self.value(call).await? {
            Some(Value::Object(members)) => Reply::Done(members),
            Some(_) => Reply::Done(Members::new()),
            None => Reply::Absent,
        })
    }

    /// The same, with whatever JSON was answered; `None`: the target has nothing of that name.
    pub(super) async fn value(&self, call: &Call) -> Result<Option<Value>, Fail> {
        #[expect(clippy::disallowed_methods, reason = "a command has to stop trying some time")]
        let start = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(call).await {
                Verdict::Done { answer } => return Ok(Some(answer)),
                Verdict::Refused { why } if why.kind == WhyKind::Absent => return Ok(None),
                Verdict::Refused { why } if call.api == Api::Ccai => {
                    return Err(Fail::new(Exit::Refused, format!("{why}; CCAI Platform does not say why")));
                }
                Verdict::Refused { why } => return Err(refused(call, &why)),
                Verdict::Unknown { why } => return Err(unknown(call.api, &why)),
                Verdict::Again { why, .. } if why.kind == WhyKind::Unauthorized => {
                    return Err(refused(call, &why));
                }
                Verdict::Again { after_s, why } => {
                    let google = self.wires.of(call.api).is_some_and(|wire| wire.google().is_some());
                    if why.kind == WhyKind::Token && !google {
                        return Err(refused(call, &why));
                    }
                    if why.kind == WhyKind::Token {
                        self.token_trouble(call.api).await?;
                    }
                    let delay = self.config.policy.retry.delay(tries, &call.op, after_s);
                    let delay = Duration::try_from(delay).unwrap_or_default();
                    if tries >= TRIES || start.elapsed() + delay > PATIENCE {
                        let wait = delay.as_secs().max(1);
                        return Err(Fail::failed(format!(
                            "{why}; nothing was done after {tries} tries: try again in {wait} s or later"
                        )));
                    }
                    progress(&format!("{why}; trying again in {:.1} s", delay.as_secs_f64()));
                    #[expect(clippy::disallowed_methods, reason = "a command waits for itself")]
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }

    /// Sends the call once and says what came of it.
    pub(super) async fn once(&self, call: &Call) -> Verdict<Value> {
        match self.wires.send(&self.host, call).await {
            Ok(answer) => judge(call, &answer).map(|answer| answer.0),
            Err(NoAnswer::NotSent(NotSent { after_s, why })) => Verdict::Again { after_s, why },
            Err(NoAnswer::Unanswered(why)) => match call.safety {
                Safety::Once => Verdict::Unknown { why },
                Safety::Read | Safety::Idempotent => Verdict::Again { after_s: None, why },
            },
        }
    }

    /// Asks for a token once more, to hear in full what is wrong. An error that may pass is none.
    async fn token_trouble(&self, api: Api) -> Result<(), Fail> {
        let Some(google) = self.wires.of(api).and_then(Wire::google) else { return Ok(()) };
        match google.exchange(&self.host).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_retryable() => Ok(()),
            Err(error) => Err(exchange(&error)),
        }
    }
}

/// Why there is no token, in full.
pub(super) fn exchange(error: &ExchangeError) -> Fail {
    let exit = match error {
        error if error.is_retryable() => Exit::Failed,
        ExchangeError::Refused(_) => Exit::Refused,
        // What is wrong at the source of a subject token is this machine's affair.
        ExchangeError::Denied(denial) if !matches!(denial.at, Party::SubjectSource | Party::Imds) => {
            Exit::Refused
        }
        _ => Exit::BadInput,
    };
    Fail::new(exit, error.to_string())
}

/// What the API refused, and what to do about it there.
pub(super) fn refused(call: &Call, why: &Why) -> Fail {
    match (call.api, why.kind) {
        (Api::Invitations, WhyKind::Denied | WhyKind::Unauthorized | WhyKind::Token) => Fail::new(
            Exit::Refused,
            format!(
                "{}: {why}; delegate the scope {} to the service account in the Admin console, enable the Cloud Identity API in its project, and let [invitations] admin be an administrator of [invitations] customer who may manage users",
                call.op,
                people_model::invitations::SCOPE
            ),
        ),
        (Api::Invitations, _) => Fail::new(Exit::Refused, format!("{}: {why}", call.op)),
        (Api::Gapps, WhyKind::Absent) => Fail::new(Exit::NotFound, gapps(why)),
        (Api::Gapps, _) => Fail::new(Exit::Refused, gapps(why)),
        _ => Fail::refused(why),
    }
}

fn unknown(api: Api, why: &Why) -> Fail {
    let look = match api {
        Api::Gapps => "people gapps",
        Api::Ccai => "people bulk jobs",
        _ => "people user get",
    };
    Fail::new(
        Exit::Unknown,
        format!("{why}; it is not known whether it took effect: look with `{look}` before repeating it"),
    )
}

/// What the Provisioning API says, without the words that speak of CloudM.
fn gapps(why: &Why) -> String {
    let text = match why.kind {
        WhyKind::Absent => "there is no such entity",
        WhyKind::Unauthorized => "the token was not accepted; check [gapps] auth, admin and scopes",
        WhyKind::Denied => "the account may not do this; check [gapps] admin and scopes",
        WhyKind::WrongPath => "the server does not know this path; check [gapps] base_url and domain",
        _ => return why.to_string(),
    };
    match (&why.detail, why.status) {
        (Some(detail), _) => format!("{text}: {detail}"),
        (None, Some(status)) => format!("{text} (HTTP {status})"),
        (None, None) => text.to_owned(),
    }
}

/// The request that a call would make, as a document without a secret.
pub(super) fn request(base: &str, call: &Call) -> Members {
    let mut request = Members::new();
    request.insert("method".into(), json!(call.method.as_str()));
    request.insert("url".into(), json!(format!("{}{}", base.trim_end_matches('/'), call.path)));
    if let Some(body) = body(call) {
        request.insert("body".into(), body);
    }
    request
}

/// The body of a call with its password hidden.
pub(super) fn body(call: &Call) -> Option<Value> {
    let mut body = call.body.clone()?;
    if let Value::Object(members) = &mut body {
        if call.password {
            members.insert("password".into(), json!("(generated)"));
        } else if members.contains_key("password") {
            members.insert("password".into(), json!("(given)"));
        }
    }
    Some(body)
}
