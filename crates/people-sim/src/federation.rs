//! How a workload without a key comes to a token: Google's Security Token Service, its IAM Credentials API, its metadata server, Amazon's
//! instance metadata service, and an issuer of subject tokens. Checked as strictly as the documents say the real ones do.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use people_model::Members;
use percent_encoding::percent_decode_str;
use ring::{digest, hmac, rand, signature};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::http::{Handled, Reply, Request, text_of};
use crate::token::{self, Grant, is_scope};
use crate::world::World;

/// The audience of the one provider.
pub(crate) const AUDIENCE: &str =
    "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/sim/providers/sim";
/// The token of the one workload.
pub(crate) const SUBJECT_TOKEN: &str = "sim-subject-token";
/// Access key id, secret key and session token of the one role of Amazon's.
pub(crate) const AWS_KEYS: [&str; 3] = ["AKIASIMULATED0000000", "sim-aws-secret", "sim/aws+session="];
const AWS_REGION: &str = "us-east-2";
const AWS_SESSION: &str = "sim-imds-session";
const PRINCIPAL: &str =
    "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/sim/subject/sim";
const IAM_SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/iam", "https://www.googleapis.com/auth/cloud-platform"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Sts,
    Iam,
    Metadata,
    Imds,
    Subject,
}

impl Service {
    /// By the first part of the path.
    pub(crate) fn of(first: &str) -> Option<Self> {
        Some(match first {
            "sts" => Self::Sts,
            "iamcredentials" => Self::Iam,
            "computeMetadata" => Self::Metadata,
            "latest" => Self::Imds,
            "subject" => Self::Subject,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Iam => "iamcredentials",
            Self::Metadata => "metadata",
            Self::Imds => "imds",
            Self::Subject => "subject",
        }
    }

    pub(crate) fn op(self, request: &Request) -> &'static str {
        let path = request.path.as_str();
        match self {
            Self::Sts => "token",
            Self::Iam if path.ends_with(":generateAccessToken") => "generateAccessToken",
            Self::Iam if path.ends_with(":signJwt") => "signJwt",
            Self::Metadata if path.ends_with("/token") => "token",
            Self::Metadata => "identity",
            Self::Imds if path.ends_with("/api/token") => "session",
            Self::Imds if path.ends_with("/availability-zone") => "region",
            Self::Imds if path.ends_with("/security-credentials") => "role",
            Self::Imds => "keys",
            Self::Subject => "subject",
            Self::Iam => "unknown",
        }
    }

    /// The reply for an injected status.
    pub(crate) fn fault(self, status: u16, reason: Option<&str>, message: Option<&str>) -> Reply {
        match self {
            Self::Sts => {
                token::error(status, reason.unwrap_or("invalid_grant"), message.unwrap_or("Injected fault"))
            }
            Self::Iam => {
                rpc(status, reason.unwrap_or("PERMISSION_DENIED"), message.unwrap_or("Injected fault"))
            }
            _ => Reply::text(status, "text/plain", message.unwrap_or("Injected fault")),
        }
    }

    pub(crate) fn handle(self, world: &mut World, request: &Request, now: Timestamp) -> Handled {
        let outcome = match self {
            Self::Sts => sts(world, request, now),
            Self::Iam => iam(world, request, now),
            Self::Metadata => metadata(world, request, now),
            Self::Imds => imds(request),
            Self::Subject => subject(request),
        };
        match outcome {
            Ok(reply) => Handled { reply, effect: matches!(self, Self::Sts | Self::Iam) },
            Err(reply) => Handled::quietly(reply),
        }
    }
}

fn rpc(status: u16, word: &str, text: &str) -> Reply {
    Reply::pretty(status, &json!({"error": {"code": status, "message": text, "status": word}}))
}

fn text(status: u16, text: &str) -> Reply {
    Reply::text(status, "text/plain", text)
}

fn issue(
    world: &mut World,
    identity: &str,
    scopes: Vec<String>,
    life: SignedDuration,
    now: Timestamp,
) -> Result<String, Reply> {
    let expires = now.saturating_add(life).unwrap_or(now);
    let grant = Grant::new(identity.to_owned(), scopes, expires);
    world.tokens.issue(grant, now).ok_or_else(|| text(500, "no randomness"))
}

fn sts(world: &mut World, request: &Request, now: Timestamp) -> Result<Reply, Reply> {
    let no = |word: &str, text: &str| token::error(400, word, text);
    if request.method != Method::POST || request.path != "/sts/v1/token" {
        return Err(text(404, "Not Found"));
    }
    if request.header("authorization").is_some_and(|value| value != "Basic c2ltLWNsaWVudDpzaW0tc2VjcmV0") {
        return Err(token::error(401, "invalid_client", "The OAuth client was not found."));
    }
    let form: HashMap<_, _> = form_urlencoded::parse(&request.body).collect();
    let field = |name: &str| form.get(name).map_or("", AsRef::as_ref);
    if field("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" {
        return Err(no("unsupported_grant_type", "Invalid grant_type"));
    }
    if field("requested_token_type") != "urn:ietf:params:oauth:token-type:access_token" {
        return Err(no("invalid_request", "Invalid requested_token_type"));
    }
    if field("audience") != AUDIENCE {
        return Err(no(
            "invalid_target",
            "The target service indicated by the \"audience\" parameters is invalid.",
        ));
    }
    let scopes: Vec<String> = field("scope").split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| is_scope(scope)) {
        return Err(no("invalid_scope", "Invalid OAuth scope"));
    }
    match (field("subject_token_type"), field("subject_token")) {
        ("urn:ietf:params:oauth:token-type:jwt", SUBJECT_TOKEN) => {}
        ("urn:ietf:params:oauth:token-type:jwt", "sim-stale-token") => {
            return Err(no("invalid_grant", "ID Token issued at 1 is stale to sign-in."));
        }
        ("urn:ietf:params:aws:token-type:aws4_request", signed) => {
            caller(signed, now).map_err(|why| no("invalid_grant", why))?;
        }
        _ => return Err(no("invalid_grant", "The given credential is rejected by the attribute condition.")),
    }
    let token = issue(world, PRINCIPAL, scopes, SignedDuration::from_secs(3600), now)?;
    Ok(Reply::pretty(
        200,
        &json!({
            "access_token": token,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": 3600,
        }),
    ))
}

fn iam(world: &mut World, request: &Request, now: Timestamp) -> Result<Reply, Reply> {
    let denied = || {
        rpc(403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource")
    };
    let granted = request.bearer().and_then(|token| world.tokens.look_up(token, now));
    let grant = granted
        .ok_or_else(|| rpc(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))?;
    if !grant.scopes.iter().any(|scope| IAM_SCOPES.contains(&scope.as_str())) {
        return Err(rpc(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."));
    }
    let email = world.options.client_email.clone();
    let rest = request.path.strip_prefix("/iamcredentials/v1/projects/-/serviceAccounts/");
    let (account, verb) =
        rest.and_then(|rest| rest.rsplit_once(':')).ok_or_else(|| text(404, "Not Found"))?;
    if percent_decode_str(account).decode_utf8_lossy() != email {
        return Err(denied());
    }
    let invalid = |text: &str| rpc(400, "INVALID_ARGUMENT", text);
    let body: Members =
        serde_json::from_slice(&request.body).map_err(|_| invalid("Invalid JSON payload received."))?;
    match verb {
        "generateAccessToken" => {
            let scopes: Vec<String> = match body.get("scope") {
                Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            };
            if scopes.is_empty() || !scopes.iter().all(|scope| is_scope(scope)) {
                return Err(invalid("Request contains an invalid argument."));
            }
            let lifetime =
                text_of(&body, "lifetime").unwrap_or("3600s").strip_suffix('s').and_then(|n| n.parse().ok());
            let lifetime = lifetime.filter(|seconds| (1..=3600).contains(seconds));
            let lifetime =
                lifetime.ok_or_else(|| invalid("The access token lifetime cannot exceed 3600 seconds."))?;
            let life = SignedDuration::from_secs(lifetime);
            let token = issue(world, &email, scopes, life, now)?;
            let expires = now.saturating_add(life).unwrap_or(now);
            Ok(Reply::pretty(200, &json!({"accessToken": token, "expireTime": rfc3339(expires)})))
        }
        "signJwt" => {
            let payload = text_of(&body, "payload").ok_or_else(|| invalid("payload"))?;
            let claims: Members = serde_json::from_str(payload).map_err(|_| invalid("payload"))?;
            if claims.get("exp").and_then(Value::as_i64).is_none_or(|exp| exp > now.as_second() + 12 * 3600) {
                return Err(invalid("exp"));
            }
            let jwt = sign(world, payload).ok_or_else(|| text(500, "no signature"))?;
            Ok(Reply::pretty(200, &json!({"keyId": world.key.id(), "signedJwt": jwt})))
        }
        _ => Err(text(404, "Not Found")),
    }
}

/// A JWT with this payload, signed with the account's key.
fn sign(world: &World, payload: &str) -> Option<String> {
    let inner: String =
        world.key.pem().lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let pair = signature::RsaKeyPair::from_pkcs8(&STANDARD.decode(inner).ok()?).ok()?;
    let header = json!({"alg": "RS256", "kid": world.key.id(), "typ": "JWT"}).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mut out = vec![0; pair.public().modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &rand::SystemRandom::new(), message.as_bytes(), &mut out).ok()?;
    Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(out)))
}

fn metadata(world: &mut World, request: &Request, now: Timestamp) -> Result<Reply, Reply> {
    if request.header("metadata-flavor") != Some("Google") {
        return Err(text(403, "Missing Metadata-Flavor:Google header."));
    }
    let email = world.options.client_email.clone();
    let flavoured = |reply: Reply| reply.with("metadata-flavor", "Google");
    match request.path.strip_prefix("/computeMetadata/v1/instance/service-accounts/default/") {
        Some("") => Ok(flavoured(Reply::json(
            200,
            &json!({"aliases": ["default"], "email": email, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}),
        ))),
        Some("token") => {
            let scopes = request
                .param("scopes")
                .unwrap_or_else(|| "https://www.googleapis.com/auth/cloud-platform".into());
            let scopes: Vec<String> = scopes.split(',').map(str::to_owned).collect();
            if !scopes.iter().all(|scope| is_scope(scope)) {
                return Err(flavoured(text(400, "invalid scope")));
            }
            let token = issue(world, &email, scopes, SignedDuration::from_secs(3599), now)?;
            let reply = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"});
            Ok(flavoured(Reply::json(200, &reply)))
        }
        _ => Err(flavoured(text(404, "Not Found"))),
    }
}

fn imds(request: &Request) -> Result<Reply, Reply> {
    if request.path == "/latest/api/token" {
        let ttl = request.header("x-aws-ec2-metadata-token-ttl-seconds").and_then(|ttl| ttl.parse().ok());
        let good = request.method == Method::PUT && ttl.is_some_and(|ttl: u32| (1..=21_600).contains(&ttl));
        return if good { Ok(text(200, AWS_SESSION)) } else { Err(text(400, "Bad Request")) };
    }
    if request.header("x-aws-ec2-metadata-token") != Some(AWS_SESSION) {
        return Err(text(401, "Unauthorized"));
    }
    let [id, secret, session] = AWS_KEYS;
    match request.path.strip_prefix("/latest/meta-data/") {
        Some("placement/availability-zone") => Ok(text(200, "us-east-2b")),
        Some("iam/security-credentials") => Ok(text(200, "sim-role")),
        Some("iam/security-credentials/sim-role") => Ok(Reply::json(
            200,
            &json!({"Code": "Success", "AccessKeyId": id, "SecretAccessKey": secret, "Token": session}),
        )),
        _ => Err(text(404, "Not Found")),
    }
}

fn subject(request: &Request) -> Result<Reply, Reply> {
    match request.path.as_str() {
        "/subject/token" => Ok(text(200, &format!("{SUBJECT_TOKEN}\n"))),
        "/subject/token.json" => Ok(Reply::json(200, &json!({"id_token": SUBJECT_TOKEN}))),
        _ => Err(text(404, "Not Found")),
    }
}

/// Checks a signed GetCallerIdentity request as Amazon does, and that it is meant for this provider, as Google does.
fn caller(token: &str, now: Timestamp) -> Result<(), &'static str> {
    let decoded = percent_decode_str(token).decode_utf8().map_err(|_| "not UTF-8")?;
    let signed: Members = serde_json::from_str(&decoded).map_err(|_| "not JSON")?;
    let Some(Value::Array(fields)) = signed.get("headers") else { return Err("no headers") };
    let header = |name: &str| {
        let named = |field: &&Value| field["key"].as_str().is_some_and(|key| key.eq_ignore_ascii_case(name));
        fields.iter().find(named).and_then(|field| field["value"].as_str()).unwrap_or_default()
    };
    let url = "https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
    if text_of(&signed, "method") != Some("POST") || text_of(&signed, "url") != Some(url) {
        return Err("not GetCallerIdentity");
    }
    if header("x-goog-cloud-target-resource") != AUDIENCE {
        return Err("meant for another provider");
    }
    let [id, secret, session] = AWS_KEYS;
    let date = header("x-amz-date");
    let at = Timestamp::strptime("%Y%m%dT%H%M%S%z", date.replace('Z', "+0000")).map_err(|_| "no date")?;
    if at.duration_until(now).abs() > SignedDuration::from_mins(15) {
        return Err("Signature expired");
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let names = "host;x-amz-date;x-amz-security-token";
    let canonical = format!(
        "POST\n/\nAction=GetCallerIdentity&Version=2011-06-15\nhost:sts.us-east-2.amazonaws.com\nx-amz-date:{date}\n\
         x-amz-security-token:{session}\n\n{names}\n{}",
        hash("")
    );
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{AWS_REGION}/sts/aws4_request");
    let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&canonical));
    let key = mac(format!("AWS4{secret}").as_bytes(), day);
    let key = mac(mac(mac(key.as_ref(), AWS_REGION).as_ref(), "sts").as_ref(), "aws4_request");
    let signature = hex(mac(key.as_ref(), &message).as_ref());
    let expected =
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
    if header("authorization") == expected { Ok(()) } else { Err("SignatureDoesNotMatch") }
}
