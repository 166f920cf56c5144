//! The way from credentials to a token: what to do next, and what came of it. Without I/O; whoever drives it carries the messages.

use core::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};

#[cfg(feature = "federation")]
use super::aws;
#[cfg(feature = "federation")]
use super::executable;
use super::fault::{Denial, FlowError, Party, is_busy};
use super::iam::{self, Impersonation};
use super::source::{self, Source};
use super::{Base, Credentials, metadata, sts};
use crate::ask::Ask;
use crate::assertion::{Assertion, Unsigned};
use crate::exchange::{self, Token};

const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What to do.
#[derive(Debug)]
pub enum Step {
    /// Send this and bring the answer: [`Answer::Response`] or [`Answer::Lost`]. Follow no redirect.
    Send(Request<Bytes>),
    /// Sign this with [`Credentials::key`]: [`Answer::Signature`].
    Sign(Vec<u8>),
    /// Read this file: [`Answer::Bytes`] or [`Answer::Unable`].
    Read(String),
    /// Look this variable up in the environment: [`Answer::Value`].
    Env(&'static str),
    /// Run this, without a shell, and take what it prints to stdout: [`Answer::Bytes`] or [`Answer::Unable`].
    Run(Command),
    /// Wait so long before going on: [`Answer::Waited`]; or [`Answer::Unable`], and come back later.
    Wait(SignedDuration),
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; never empty, never given to a shell.
    pub words: Vec<String>,
    /// What is added to the environment.
    pub env: Vec<(&'static str, String)>,
    /// How long it may take.
    pub timeout: SignedDuration,
}

/// What came of a step.
#[derive(Debug)]
pub enum Answer {
    /// The response.
    Response(Response<Bytes>),
    /// There is none, and why, in words that name no secret.
    Lost(String),
    /// The signature.
    Signature(Vec<u8>),
    /// What a file holds or a command printed.
    Bytes(Secret<Vec<u8>>),
    /// A variable, if it is set.
    Value(Option<Secret<String>>),
    /// It could not be read or run, and why, in words that name no secret.
    Unable(String),
    /// The time is over.
    Waited,
}

/// Where the way goes on.
#[derive(Debug)]
#[cfg_attr(not(target_arch = "wasm32"), expect(clippy::large_enum_variant, reason = "it lives for a moment"))]
pub enum Next {
    /// Do this and give the outcome to [`Flow::accept`].
    Step(Step),
    /// The end of the way.
    Token(Token),
}

/// The way of one token. `Debug` shows nothing of it.
pub struct Flow<'a> {
    of: &'a Credentials,
    ask: &'a Ask,
    asked: Option<Asked>,
    now: Timestamp,
    facts: Facts,
}

/// What has been found out.
#[derive(Default)]
struct Facts {
    assertion: Option<Assertion>,
    subject: Option<Secret<String>>,
    #[cfg(feature = "federation")]
    aws: aws::Known,
    /// Whether the output file of a command was looked at.
    #[cfg(feature = "federation")]
    looked: bool,
    host: Option<String>,
    known: bool,
    own: Option<Impersonation>,
    tries: u32,
    wait: bool,
    trouble: Option<FlowError>,
    token: Option<Token>,
    /// How many accounts of the chain the token has gone through.
    hops: usize,
    signed: Option<Secret<String>>,
}

/// What the last step was about.
#[derive(Clone)]
enum Asked {
    Signature(Unsigned),
    Grant,
    Subject,
    #[cfg(feature = "federation")]
    Env(&'static str),
    #[cfg(feature = "federation")]
    Imds(aws::About),
    Sts,
    MetadataHost,
    Identity,
    Metadata,
    Wait,
    Hop,
    SignJwt,
    SignedGrant,
}

impl<'a> Flow<'a> {
    pub(super) fn new(of: &'a Credentials, ask: &'a Ask) -> Result<Self, FlowError> {
        if ask.subject().is_some() && of.is_anonymous() {
            return Err(FlowError::NoDelegation);
        }
        Ok(Self { of, ask, asked: None, now: Timestamp::UNIX_EPOCH, facts: Facts::default() })
    }

    /// What to do at `now`. Asked twice without an [`accept`](Self::accept) in between, it says the same again.
    ///
    /// # Errors
    /// [`FlowError`] when there is no way on.
    pub fn next(&mut self, now: Timestamp) -> Result<Next, FlowError> {
        self.now = now;
        let (asked, step) = match &self.facts.token {
            None => self.base()?,
            Some(token) => match self.hop(self.facts.hops) {
                None => return Ok(Next::Token(token.clone())),
                Some(hop) => self.act(&token.value().clone(), &hop.clone())?,
            },
        };
        self.asked = Some(asked);
        Ok(Next::Step(step))
    }

    /// Takes in what came of the step.
    ///
    /// # Errors
    /// [`FlowError`] when it went wrong for good.
    pub fn accept(&mut self, answer: Answer) -> Result<(), FlowError> {
        let Some(asked) = self.asked.take() else { return Err(FlowError::Confused) };
        match (asked, answer) {
            (Asked::Signature(unsigned), Answer::Signature(signature)) => {
                self.facts.assertion = Some(unsigned.signed(&signature));
            }
            (Asked::Wait, Answer::Waited) => self.facts.wait = false,
            (Asked::Wait, Answer::Unable(_)) => {
                return Err(self.facts.trouble.take().ok_or(FlowError::Confused)?);
            }
            (Asked::MetadataHost, Answer::Value(host)) => self.metadata_host(host)?,
            #[cfg(feature = "federation")]
            (Asked::Env(name), Answer::Value(value)) => self.facts.aws.learn_env(name, value),
            (Asked::Subject, answer) => self.subject(answer)?,
            (asked, Answer::Response(response)) => self.response(asked, &response)?,
            (Asked::Identity | Asked::Metadata, Answer::Lost(why)) => {
                self.patience(FlowError::Lost { at: Party::Metadata, why })?
            }
            (asked, Answer::Lost(why)) => {
                return Err(FlowError::Lost { at: asked.party().ok_or(FlowError::Confused)?, why });
            }
            _ => return Err(FlowError::Confused),
        }
        Ok(())
    }

    /// The account to act as after so many others.
    fn hop(&self, n: usize) -> Option<&Impersonation> {
        self.of.chain.get(n).or_else(|| self.facts.own.as_ref().filter(|_| n == self.of.chain.len()))
    }

    /// The scopes of the first token: the wanted ones where nobody acts with it.
    fn scope(&self) -> &str {
        match (&self.of.base, self.of.chain.is_empty() && self.facts.own.is_none()) {
            (_, true) => self.ask.scope(),
            (Base::Metadata, false) => CLOUD_PLATFORM,
            (Base::Key(_) | Base::External(_), false) => iam::SCOPE,
        }
    }

    /// Towards the first token.
    fn base(&self) -> Result<(Asked, Step), FlowError> {
        let facts = &self.facts;
        match &self.of.base {
            Base::Key(key) => match &facts.assertion {
                Some(assertion) => Ok((Asked::Grant, Step::Send(exchange::request(key, assertion)))),
                None => {
                    let hop = Ask::new([iam::SCOPE]).map_err(|_| FlowError::Confused)?;
                    let ask = if self.of.chain.is_empty() { self.ask } else { &hop };
                    let unsigned = Assertion::unsigned(key, ask, self.now);
                    let message = unsigned.message().to_vec();
                    Ok((Asked::Signature(unsigned), Step::Sign(message)))
                }
            },
            Base::External(external) => match &facts.subject {
                Some(subject) => Ok((
                    Asked::Sts,
                    Step::Send(sts::request(external, subject, self.scope()).ok_or(FlowError::Confused)?),
                )),
                None => self.source(&external.source, &external.audience, &external.subject_token_type),
            },
            Base::Metadata => self.ask_metadata(),
        }
    }

    fn source(&self, source: &Source, audience: &str, token_type: &str) -> Result<(Asked, Step), FlowError> {
        let _ = (audience, token_type);
        match source {
            Source::Url { uri, headers, .. } => Ok((Asked::Subject, Step::Send(source::fetch(uri, headers)))),
            #[cfg(feature = "federation")]
            Source::File { path, .. } => Ok((Asked::Subject, Step::Read(path.clone()))),
            #[cfg(feature = "federation")]
            Source::Aws(aws) => match aws.want(&self.facts.aws, audience, self.now)? {
                aws::Want::Env(name) => Ok((Asked::Env(name), Step::Env(name))),
                aws::Want::Send(about, request) => Ok((Asked::Imds(about), Step::Send(request))),
                aws::Want::Subject(subject) => {
                    let Base::External(external) = &self.of.base else { return Err(FlowError::Confused) };
                    let request =
                        sts::request(external, &subject, self.scope()).ok_or(FlowError::Confused)?;
                    Ok((Asked::Sts, Step::Send(request)))
                }
            },
            #[cfg(feature = "federation")]
            Source::Executable(executable) => match &executable.output {
                Some(path) if !self.facts.looked => Ok((Asked::Subject, Step::Read(path.clone()))),
                _ => {
                    let email = self.of.chain.first().map(|hop| hop.email.as_str());
                    Ok((Asked::Subject, Step::Run(executable.command(audience, token_type, email))))
                }
            },
        }
    }

    fn ask_metadata(&self) -> Result<(Asked, Step), FlowError> {
        let facts = &self.facts;
        let Some(host) = &facts.host else {
            return Ok((Asked::MetadataHost, Step::Env("GCE_METADATA_HOST")));
        };
        if facts.wait {
            let delay = metadata::delay(facts.tries).ok_or(FlowError::Confused)?;
            return Ok((Asked::Wait, Step::Wait(delay)));
        }
        let (asked, request) = if facts.known {
            (Asked::Metadata, metadata::token(host, self.scope()))
        } else {
            (Asked::Identity, metadata::identity(host))
        };
        Ok((asked, Step::Send(request.ok_or(FlowError::Confused)?)))
    }

    /// With a token, as the next account.
    fn act(&self, bearer: &Secret<String>, hop: &Impersonation) -> Result<(Asked, Step), FlowError> {
        let last = self.hop(self.facts.hops.saturating_add(1)).is_none();
        if let (Some(jwt), true) = (&self.facts.signed, last) {
            let mut request = Request::new(exchange::form(jwt));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = self.of.token_endpoint.clone();
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
            return Ok((Asked::SignedGrant, Step::Send(request)));
        }
        let (asked, request) = match (last, self.ask.subject()) {
            (true, Some(_)) => (Asked::SignJwt, hop.sign(bearer, self.ask, &self.of.audience, self.now)),
            (true, None) => (Asked::Hop, hop.generate(bearer, self.ask.scope())),
            (false, _) => (Asked::Hop, hop.generate(bearer, iam::SCOPE)),
        };
        Ok((asked, Step::Send(request.ok_or(FlowError::Confused)?)))
    }

    fn metadata_host(&mut self, host: Option<Secret<String>>) -> Result<(), FlowError> {
        let named = host.as_ref().map(|host| host.expose().trim()).filter(|host| !host.is_empty());
        let host = match named {
            None => metadata::HOST.to_owned(),
            Some(named) => self.of.allowed.metadata_host(named).ok_or_else(|| FlowError::Unable {
                what: "GCE_METADATA_HOST".to_owned(),
                why: "names a host that is no metadata server; unset it".to_owned(),
            })?,
        };
        self.facts.host = Some(host);
        Ok(())
    }

    /// Once more, after a while, or not at all.
    fn patience(&mut self, error: FlowError) -> Result<(), FlowError> {
        self.facts.tries = self.facts.tries.saturating_add(1);
        self.facts.wait = metadata::delay(self.facts.tries).is_some();
        if !self.facts.wait {
            return Err(error);
        }
        self.facts.trouble = Some(error);
        Ok(())
    }

    fn subject(&mut self, answer: Answer) -> Result<(), FlowError> {
        let Base::External(external) = &self.of.base else { return Err(FlowError::Confused) };
        let subject = match (&external.source, answer) {
            (Source::Url { format, .. }, Answer::Response(response)) => {
                if !response.status().is_success() {
                    return Err(self.denied(Party::SubjectSource, &response));
                }
                format.read(response.body())?
            }
            (_, Answer::Lost(why)) => return Err(FlowError::Lost { at: Party::SubjectSource, why }),
            #[cfg(feature = "federation")]
            (Source::File { format, .. }, Answer::Bytes(bytes)) => format.read(bytes.expose())?,
            #[cfg(feature = "federation")]
            (Source::File { path, .. }, Answer::Unable(why)) => {
                return Err(FlowError::Unable { what: path.clone(), why });
            }
            #[cfg(feature = "federation")]
            (Source::Executable(executable), answer) => {
                // The output file is a cache: what is wrong with it, the command mends.
                let first = executable.output.is_some() && !std::mem::replace(&mut self.facts.looked, true);
                match answer {
                    Answer::Bytes(bytes) => match executable::read(bytes.expose(), first, self.now) {
                        Err(_) if first => return Ok(()),
                        outcome => outcome?,
                    },
                    Answer::Unable(_) if first => return Ok(()),
                    Answer::Unable(why) => {
                        return Err(FlowError::Unable {
                            what: "credential_source.executable".to_owned(),
                            why,
                        });
                    }
                    _ => return Err(FlowError::Confused),
                }
            }
            _ => return Err(FlowError::Confused),
        };
        self.facts.subject = Some(subject);
        Ok(())
    }

    fn response(&mut self, asked: Asked, response: &Response<Bytes>) -> Result<(), FlowError> {
        let (status, headers, body) = (response.status(), response.headers(), response.body());
        let at = asked.party().ok_or(FlowError::Confused)?;
        if let Asked::Grant | Asked::SignedGrant = asked {
            self.facts.token = Some(exchange::accept(status, headers, body, self.now)?);
            self.facts.hops =
                self.facts.hops.saturating_add(usize::from(matches!(asked, Asked::SignedGrant)));
            return Ok(());
        }
        if at == Party::Metadata && is_busy(status) {
            return self.patience(self.denied(at, response));
        }
        if !status.is_success() {
            return Err(self.denied(at, response));
        }
        if at == Party::Metadata && !metadata::is_real(headers) {
            return Err(FlowError::Unreadable { at });
        }
        let unreadable = FlowError::Unreadable { at };
        match asked {
            #[cfg(feature = "federation")]
            Asked::Imds(about) => self.facts.aws.learn(about, body)?,
            Asked::Sts | Asked::Metadata => {
                self.facts.token = Some(exchange::read_token(body, self.now).ok_or(unreadable)?);
            }
            Asked::Identity => {
                (self.facts.known, self.facts.tries) = (true, 0);
                if self.ask.subject().is_some() {
                    let email = metadata::read_email(body).ok_or(FlowError::NoDelegation)?;
                    self.facts.own = Impersonation::own(&email, self.of.allowed.universe());
                }
            }
            Asked::Hop => {
                self.facts.token = Some(iam::read_token(body).ok_or(unreadable)?);
                self.facts.hops = self.facts.hops.saturating_add(1);
            }
            Asked::SignJwt => self.facts.signed = Some(iam::read_signed(body).ok_or(unreadable)?),
            _ => return Err(FlowError::Confused),
        }
        Ok(())
    }

    fn denied(&self, at: Party, response: &Response<Bytes>) -> FlowError {
        let headers: &HeaderMap = response.headers();
        FlowError::Denied(Denial::read(at, response.status(), headers, response.body(), self.now))
    }
}

impl Asked {
    /// Who is asked by it.
    fn party(&self) -> Option<Party> {
        Some(match self {
            Self::Grant | Self::SignedGrant => Party::TokenEndpoint,
            Self::Sts => Party::Sts,
            Self::Hop | Self::SignJwt => Party::Iam,
            Self::Identity | Self::Metadata => Party::Metadata,
            Self::Subject => Party::SubjectSource,
            #[cfg(feature = "federation")]
            Self::Imds(_) => Party::Imds,
            #[cfg(feature = "federation")]
            Self::Env(_) => return None,
            Self::Signature(_) | Self::MetadataHost | Self::Wait => return None,
        })
    }
}

impl fmt::Debug for Flow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flow(…)")
    }
}
