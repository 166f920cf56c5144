//! A pretend machine that drives credentials by hand, and documents to drive.

use bytes::Bytes;
use http::{Request, Response};
use people_auth::credentials::{Answer, FlowError, Next, Step};
use people_auth::{Allowed, Ask, Credentials, Rs256, Signer, Token};
use people_model::Secret;
use serde_json::{Value, json};

use crate::support::now;

pub(crate) const SUBJECT: &str = "HEADER.SIMULATED_JWT_PAYLOAD.SIGNATURE";
pub(crate) const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
pub(crate) const JSON_FILE: &str = "{FIXTURES}/external_subject_token.json";

/// A pretend machine: answers in order, and what was sent and waited for.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) answers: Vec<Response<Bytes>>,
    pub(crate) env: Vec<(&'static str, &'static str)>,
    pub(crate) files: Vec<(&'static str, &'static str)>,
    pub(crate) printed: Option<&'static str>,
    pub(crate) sent: Vec<Request<Bytes>>,
    pub(crate) waited: Vec<i64>,
    pub(crate) ran: Vec<Vec<String>>,
}

impl Machine {
    pub(crate) fn answering(answers: Vec<Response<Bytes>>) -> Self {
        let files = vec![
            // The library's own file has no line break at its end; ours is trimmed.
            ("{FIXTURES}/external_subject_token.txt", "HEADER.SIMULATED_JWT_PAYLOAD.SIGNATURE\r\n"),
            (JSON_FILE, r#"{"access_token": "HEADER.SIMULATED_JWT_PAYLOAD.SIGNATURE"}"#),
        ];
        Self { answers, files, ..Self::default() }
    }

    pub(crate) fn drive(&mut self, credentials: &Credentials, ask: &Ask) -> Result<Token, FlowError> {
        let mut flow = credentials.flow(ask)?;
        self.answers.reverse();
        for _ in 0..30 {
            let step = match flow.next(now())? {
                Next::Token(token) => return Ok(token),
                Next::Step(step) => step,
            };
            let answer = match step {
                Step::Send(request) => {
                    self.sent.push(request);
                    self.answers.pop().map_or(Answer::Lost("nobody there".into()), Answer::Response)
                }
                Step::Sign(message) => Answer::Signature(sign(credentials, &message)),
                Step::Read(path) => match self.files.iter().find(|(name, _)| *name == path) {
                    Some((_, text)) => Answer::Bytes(Secret::new(text.as_bytes().to_vec())),
                    None => Answer::Unable("no such file".into()),
                },
                Step::Env(name) => Answer::Value(
                    self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()),
                ),
                Step::Run(command) => {
                    self.ran.push(command.words);
                    match self.printed {
                        Some(text) => Answer::Bytes(Secret::new(text.as_bytes().to_vec())),
                        None => Answer::Unable("it ended with 1".into()),
                    }
                }
                Step::Wait(length) => {
                    self.waited.push(length.as_secs());
                    Answer::Waited
                }
            };
            flow.accept(answer)?;
        }
        panic!("there is no end of it");
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.sent.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }
}

pub(crate) fn sign(credentials: &Credentials, message: &[u8]) -> Vec<u8> {
    let signer = Rs256::new(credentials.key().unwrap()).unwrap();
    futures_util::FutureExt::now_or_never(signer.sign(message, &[0; 32])).unwrap().unwrap()
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    Response::builder().status(status).header("metadata-flavor", "Google").body(body.into()).unwrap()
}

pub(crate) fn sts() -> Response<Bytes> {
    reply(200, &json!({"access_token": "ya29.STS", "token_type": "Bearer", "expires_in": 3600}))
}

pub(crate) fn imp() -> Response<Bytes> {
    reply(200, &json!({"accessToken": "ya29.IMP", "expireTime": "2026-01-02T04:04:05Z"}))
}

pub(crate) fn ask() -> Ask {
    Ask::new([EMAIL]).unwrap()
}

pub(crate) fn parse(document: &Value) -> Credentials {
    Credentials::parse(document.to_string().as_bytes(), &Allowed::default()).unwrap()
}

pub(crate) fn external(source: Value, impersonated: bool) -> Value {
    let mut document = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/POOL_ID/providers/PROVIDER_ID",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "client_secret": "hush-client-secret",
        "credential_source": source,
    });
    if impersonated && let Some(members) = document.as_object_mut() {
        members.insert("service_account_impersonation_url".into(), json!(impersonation("sa")));
    }
    document
}

pub(crate) fn impersonation(name: &str) -> String {
    let host = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts";
    format!("{host}/{name}@p.iam.gserviceaccount.com:generateAccessToken")
}
