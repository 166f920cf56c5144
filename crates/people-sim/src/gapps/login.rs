//! ClientLogin with its errors, and who may ask: its tokens, or access tokens with the scope of the feed.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::http::{Handled, Reply, Request};
use crate::world::World;

/// Not a whole day: whoever calls at the same time each day finds it over, and never by a millisecond.
const LIFE: SignedDuration = SignedDuration::from_hours(23);

/// The tokens handed out and still good.
#[derive(Default)]
pub(super) struct Logins(HashMap<String, Timestamp>);

impl Logins {
    pub(super) fn expire(&mut self, token: &str) {
        self.0.remove(token);
    }
}

/// The token of ClientLogin that a request shows.
pub(super) fn token(request: &Request) -> Option<&str> {
    request.header(http::header::AUTHORIZATION)?.strip_prefix("GoogleLogin auth=").map(str::trim)
}

pub(super) fn login(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    let refuse = |text: &str| Handled::quietly(Reply::text(403, "text/plain", text));
    let form: HashMap<_, _> = form_urlencoded::parse(&request.body).collect();
    let field = |name| form.get(name).map_or("", AsRef::as_ref);
    if field("service") != "apps" {
        return refuse("Error=ServiceDisabled\n");
    }
    if !["HOSTED", "HOSTED_OR_GOOGLE"].contains(&field("accountType")) {
        return refuse("Error=BadAuthentication\n");
    }
    let (email, password) = (&world.options.gapps_admin, &world.options.gapps_password);
    if !field("Email").eq_ignore_ascii_case(email) || field("Passwd") != password {
        // The captcha that real servers asked for after many tries cannot be answered by a program.
        return match field("Email").starts_with("captcha") {
            true => refuse(
                "Url=http://www.google.com/login/captcha\nError=CaptchaRequired\nCaptchaToken=DQAAAGgA\nCaptchaUrl=Captcha?ctoken=HiteT\n",
            ),
            false => refuse("Error=BadAuthentication\n"),
        };
    }
    let mut bytes = [0_u8; 48];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        return Handled::quietly(Reply::text(503, "text/plain", "Error=ServiceUnavailable\n"));
    }
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let logins = &mut world.gapps.logins.0;
    logins.retain(|_, ends| *ends > now);
    logins.insert(token.clone(), now.saturating_add(LIFE).unwrap_or(Timestamp::MAX));
    let text = format!("SID=DQAAAGgA\nLSID=DQAAAGsA\nAuth={token}\n");
    Handled { reply: Reply::text(200, "text/plain", &text), effect: true }
}

/// Whether the request may be made.
pub(super) fn authorize(world: &World, request: &Request, now: Timestamp) -> Result<(), Reply> {
    let page = |title: &str| {
        Reply::text(401, "text/html; charset=UTF-8", &format!("<HTML><TITLE>{title}</TITLE></HTML>"))
    };
    if let Some(token) = token(request) {
        return match world.gapps.logins.0.get(token) {
            Some(ends) if *ends > now => Ok(()),
            _ => Err(page("Token expired")),
        };
    }
    let grant = request
        .bearer()
        .and_then(|token| world.tokens.look_up(token, now))
        .ok_or_else(|| page("Authorization required"))?;
    let path = request.path.strip_prefix("/gapps/a/feeds/").unwrap_or_default();
    let scope = match path.split('/').next().unwrap_or_default() {
        "group" => "groups",
        "alias" => "alias",
        "orgunit" | "orguser" | "customer" => "policies",
        _ => "user",
    };
    let wanted = format!("https://apps-apis.google.com/a/feeds/{scope}/");
    let given = |scope: &String| scope.trim_end_matches('/') == wanted.trim_end_matches('/');
    match grant.scopes.iter().any(given) {
        true => Ok(()),
        false => Err(Reply::text(403, "text/html; charset=UTF-8", "<HTML><TITLE>Token scope</TITLE></HTML>")),
    }
}
