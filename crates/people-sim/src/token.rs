//! Google's token endpoint, the JWT bearer grant of service accounts. Texts of errors as Google writes them.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::json;

use crate::cloudidentity;
use crate::http::{Handled, Reply, Request, text_of};
use crate::world::World;
use people_model::Members;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const GOOGLE_AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const LIFE: SignedDuration = SignedDuration::from_secs(3599);
const LONGEST: i64 = 3900;
const SKEW: i64 = 300;
const BAD_TIME: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                        Check your iat and exp values in the JWT claim.";
const BAD_SIGNATURE: &str = "Invalid JWT Signature.";
const NOT_DELEGATED: &str = "Client is unauthorized to retrieve access tokens using this method, or client not \
                             authorized for any of the scopes requested.";

/// What is known of an access token.
pub(crate) struct Grant {
    pub(crate) identity: String,
    pub(crate) scopes: Vec<String>,
    expires: Timestamp,
}

/// The access tokens handed out and still good.
#[derive(Default)]
pub(crate) struct Tokens {
    grants: HashMap<String, Grant>,
    last: Option<String>,
}

impl Grant {
    pub(crate) fn new(identity: String, scopes: Vec<String>, expires: Timestamp) -> Self {
        Self { identity, scopes, expires }
    }
}

impl Tokens {
    pub(crate) fn issue(&mut self, grant: Grant, now: Timestamp) -> Option<String> {
        let mut bytes = [0_u8; 48];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let token = format!("ya29.c.{}", URL_SAFE_NO_PAD.encode(bytes));
        self.grants.retain(|_, grant| grant.expires > now);
        self.grants.insert(token.clone(), grant);
        self.last = Some(token.clone());
        Some(token)
    }

    pub(crate) fn look_up(&self, token: &str, now: Timestamp) -> Option<&Grant> {
        self.grants.get(token).filter(|grant| grant.expires > now)
    }

    pub(crate) fn expire(&mut self, token: &str) {
        self.grants.remove(token);
    }

    pub(crate) fn expire_last(&mut self) {
        if let Some(token) = self.last.take() {
            self.grants.remove(&token);
        }
    }
}

struct Refusal(u16, &'static str, String);

fn invalid(description: &str) -> Refusal {
    Refusal(400, "invalid_grant", description.to_owned())
}

/// The reply for an error: `{"error", "error_description"}`.
pub(crate) fn error(status: u16, error: &str, description: &str) -> Reply {
    Reply::pretty(status, &json!({ "error": error, "error_description": description }))
}

/// The reply for an injected status.
pub(crate) fn fault(status: u16, reason: Option<&str>, message: Option<&str>) -> Reply {
    let (word, text) = match status {
        400 => ("invalid_grant", "Bad Request"),
        401 => ("unauthorized_client", NOT_DELEGATED),
        403 => ("access_denied", "Requested client not authorized"),
        _ => ("internal_failure", "Backend Error"),
    };
    error(status, reason.unwrap_or(word), message.unwrap_or(text))
}

pub(crate) fn handle(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    if request.method != http::Method::POST {
        return Handled::quietly(error(404, "invalid_request", "Not Found"));
    }
    match grant(world, request, now) {
        Ok(token) => Handled {
            reply: Reply::pretty(
                200,
                &json!({ "access_token": token, "expires_in": LIFE.as_secs(), "token_type": "Bearer" }),
            ),
            effect: true,
        },
        Err(Refusal(status, word, text)) => Handled::quietly(error(status, word, &text)),
    }
}

fn grant(world: &mut World, request: &Request, now: Timestamp) -> Result<String, Refusal> {
    let form: HashMap<_, _> = form_urlencoded::parse(&request.body).collect();
    let kind = form.get("grant_type").map_or("", AsRef::as_ref);
    if kind != GRANT {
        return Err(Refusal(400, "unsupported_grant_type", format!("Invalid grant_type: {kind}")));
    }
    let assertion = form
        .get("assertion")
        .ok_or_else(|| Refusal(400, "invalid_request", "Missing required parameter: assertion".to_owned()))?;
    let claims = verify(world, assertion)?;

    let whole = |name| claims.get(name).and_then(serde_json::Value::as_i64);
    let (Some(iat), Some(exp)) = (whole("iat"), whole("exp")) else { return Err(invalid(BAD_TIME)) };
    let life = exp.saturating_sub(iat);
    let clock = now.as_second();
    if life <= 0 || life > LONGEST || iat > clock.saturating_add(SKEW) || exp <= clock {
        return Err(invalid(BAD_TIME));
    }
    let audience = text_of(&claims, "aud").unwrap_or_default();
    if audience != world.urls.token_uri && audience != GOOGLE_AUDIENCE {
        return Err(invalid("Invalid JWT: Failed audience check."));
    }
    let scopes: Vec<String> =
        text_of(&claims, "scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err(Refusal(400, "invalid_scope", "Empty or missing scope not allowed.".to_owned()));
    }
    if !scopes.iter().all(|scope| is_scope(scope)) {
        let text = "Invalid OAuth scope or ID token audience provided.";
        return Err(Refusal(400, "invalid_scope", text.to_owned()));
    }
    let identity = match claims.get("sub") {
        None => world.options.client_email.clone(),
        Some(_) if !world.options.delegation && scopes.iter().any(|scope| scope != cloudidentity::SCOPE) => {
            return Err(Refusal(401, "unauthorized_client", NOT_DELEGATED.to_owned()));
        }
        Some(subject) => subject
            .as_str()
            .filter(|subject| subject.contains('@'))
            .ok_or_else(|| invalid("Invalid email or User ID"))?
            .to_owned(),
    };
    let issued =
        world.tokens.issue(Grant { identity, scopes, expires: now.saturating_add(LIFE).unwrap_or(now) }, now);
    issued.ok_or_else(|| Refusal(500, "internal_failure", "Backend Error".to_owned()))
}

/// The claims of an assertion that our key has signed.
fn verify(world: &World, assertion: &str) -> Result<Members, Refusal> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else { return Err(invalid(BAD_SIGNATURE)) };
    let object =
        |part: &str| -> Option<Members> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (Some(head), Some(claims)) = (object(header), object(payload)) else {
        return Err(invalid(BAD_SIGNATURE));
    };
    if text_of(&claims, "iss") != Some(world.options.client_email.as_str()) {
        return Err(invalid("Invalid grant: account not found"));
    }
    let signed = format!("{header}.{payload}");
    let good = text_of(&head, "alg") == Some("RS256")
        && head.get("kid").is_none_or(|kid| kid.as_str() == Some(world.key.id()))
        && URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| world.key.verifies(signed.as_bytes(), &signature));
    if good { Ok(claims) } else { Err(invalid(BAD_SIGNATURE)) }
}

pub(crate) fn is_scope(scope: &str) -> bool {
    !scope.contains(',')
        && (["openid", "email", "profile"].contains(&scope)
            || ["https://www.googleapis.com/auth/", "https://apps-apis.google.com/a/feeds/"]
                .into_iter()
                .any(|start| scope.strip_prefix(start).is_some_and(|name| !name.is_empty())))
}
