//! ClientLogin: an administrator's address and password for a token, which is kept until the API refuses it.
//!
//! Recorded: a form of `Email`, `Passwd`, `accountType`, `service`, `source`; 200 with lines `SID=`, `LSID=`, `Auth=`; errors with 403 and
//! a line `Error=`. A captcha is never asked of anybody here: it needs a browser.

use std::sync::Arc;

use async_lock::Mutex;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use people_auth::Ask;
use people_model::verdict::WhyKind;
use people_model::{Secret, Why};
use zeroize::Zeroizing;

use super::{Access, Account, Google, NotSent, Wire};
use crate::config::gapps::Auth;
use crate::config::{Config, ConfigError, Secrets};
use crate::endpoint::retry_after;
use crate::host::{Host, Lost};

/// A way to tokens.
pub struct ClientLogin {
    url: String,
    email: String,
    password: Secret<String>,
    state: Mutex<State>,
}

/// What is known of the token. The lock is held over a login, so that one login serves all who wait.
#[derive(Default)]
struct State {
    /// As it stands in the header, after `GoogleLogin `.
    token: Option<Secret<String>>,
    /// Why there will be none: the password is wrong, say. Asking again would lock the account.
    never: Option<Why>,
}

impl ClientLogin {
    /// Logs in at `url` as `email`.
    pub fn new(url: String, email: String, password: Secret<String>) -> Self {
        Self { url, email, password, state: Mutex::default() }
    }

    /// The same login, without a token yet.
    pub(super) fn beside(&self) -> Self {
        Self::new(self.url.clone(), self.email.clone(), self.password.clone())
    }

    /// A token, other than `refused`: the one that is kept, or by logging in.
    pub(super) async fn token<H: Host>(
        &self,
        host: &H,
        refused: Option<&Secret<String>>,
    ) -> Result<Secret<String>, NotSent> {
        let mut state = self.state.lock().await;
        if let Some(why) = &state.never {
            return Err(NotSent { after_s: None, why: why.clone() });
        }
        if let Some(token) = &state.token
            && refused.is_none_or(|refused| refused.expose() != token.expose())
        {
            return Ok(token.clone());
        }
        state.token = None;
        let answer = self.ask(host).await?;
        match read(&answer) {
            Ok(token) => {
                state.token = Some(token.clone());
                Ok(token)
            }
            Err(Refusal { why, passing }) => {
                if !passing {
                    state.never = Some(why.clone());
                }
                Err(NotSent { after_s: retry_after(&answer), why })
            }
        }
    }

    async fn ask<H: Host>(&self, host: &H) -> Result<Response<Bytes>, NotSent> {
        let not_sent = |detail: &str| NotSent { after_s: None, why: Why::new(WhyKind::Token).detail(detail) };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Email", &self.email)
            .append_pair("Passwd", self.password.expose())
            .append_pair("accountType", "HOSTED")
            .append_pair("service", "apps")
            .append_pair("source", "people")
            .finish();
        let form = Zeroizing::new(form);
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::copy_from_slice(form.as_bytes()))
            .map_err(|_| not_sent("ClientLogin: the URL cannot be used; check [gapps] login_url"))?;
        host.send(request).await.map_err(|lost| match lost {
            Lost::NeverLeft(detail) | Lost::Unanswered(detail) => not_sent(&format!("ClientLogin: {detail}")),
        })
    }
}

/// The way that `[gapps]` names, if it names one.
pub(super) fn wire<S>(
    config: &Config,
    secrets: &dyn Secrets,
    account: &Arc<Account<S>>,
) -> Result<Option<Wire<S>>, ConfigError> {
    let Some((gapps, base)) =
        config.gapps.as_ref().and_then(|gapps| Some((gapps, gapps.base_url.as_deref()?)))
    else {
        return Ok(None);
    };
    let problem =
        |key: &str, problem: String| ConfigError { line: config.line_of(key), key: key.into(), problem };
    let access = match gapps.auth {
        Auth::Bearer => {
            let scopes = gapps.scopes.clone();
            let scopes = scopes.unwrap_or_else(|| people_model::gapps::SCOPES.map(str::to_owned).to_vec());
            let ask = Ask::new(scopes).map_err(|error| problem("gapps.scopes", error.to_string()))?;
            let ask = match &gapps.admin {
                Some(admin) => ask.on_behalf_of(admin.as_str()),
                None => ask,
            };
            Access::Google(Google::new(Arc::clone(account), ask))
        }
        Auth::ClientLogin => {
            let (Some(admin), Some(password)) = (&gapps.admin, &gapps.password) else {
                return Err(problem(
                    "gapps.password",
                    "client-login needs admin and password; add them".into(),
                ));
            };
            let password = secrets.resolve(password).map_err(|why| problem("gapps.password", why))?;
            Access::ClientLogin(ClientLogin::new(gapps.login_url(base), admin.to_string(), password))
        }
    };
    Ok(Some(Wire::new(base, access)))
}

struct Refusal {
    why: Why,
    /// Whether the same may work later.
    passing: bool,
}

fn read(answer: &Response<Bytes>) -> Result<Secret<String>, Refusal> {
    let refusal = |passing, detail: String| Refusal {
        why: Why::new(WhyKind::Token).status(answer.status().as_u16()).detail(detail),
        passing,
    };
    let text = Zeroizing::new(String::from_utf8_lossy(answer.body()).into_owned());
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match answer.status() {
        StatusCode::OK => {
            let auth = line("Auth=").filter(|auth| {
                !auth.is_empty() && auth.len() <= 8192 && auth.bytes().all(|byte| byte.is_ascii_graphic())
            });
            auth.map(|auth| Secret::from(format!("auth={auth}").as_str()))
                .ok_or_else(|| refusal(true, "ClientLogin: the answer has no usable `Auth=`".into()))
        }
        StatusCode::FORBIDDEN => {
            let (passing, detail) = match line("Error=").unwrap_or_default() {
                "BadAuthentication" => (
                    false,
                    "ClientLogin: BadAuthentication; check [gapps] admin and password (with two-step verification: an access code)",
                ),
                "CaptchaRequired" => {
                    (false, "ClientLogin: CaptchaRequired; log in once with a browser, then start again")
                }
                "NotVerified" => (false, "ClientLogin: NotVerified; verify the account's address"),
                "TermsNotAgreed" => {
                    (false, "ClientLogin: TermsNotAgreed; the administrator has to accept the terms")
                }
                "AccountDeleted" => (false, "ClientLogin: AccountDeleted"),
                "AccountDisabled" => (false, "ClientLogin: AccountDisabled"),
                "ServiceDisabled" => (false, "ClientLogin: ServiceDisabled; enable the Provisioning API"),
                "ServiceUnavailable" => (true, "ClientLogin: ServiceUnavailable"),
                _ => (false, "ClientLogin: refused for another reason"),
            };
            Err(refusal(passing, detail.into()))
        }
        status if status.is_redirection() => Err(refusal(
            false,
            "ClientLogin: a redirect, which is not followed; check [gapps] login_url".into(),
        )),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(refusal(true, "ClientLogin: the server failed".into()))
        }
        _ => Err(refusal(false, "ClientLogin: refused; check [gapps] login_url".into())),
    }
}

/// Whether an answer says that the token is no longer good. 401 does; how else servers said it is not documented, so that a 403 that speaks
/// of an expired token counts, unless it is an error of the API itself.
pub(super) fn expired(answer: &Response<Bytes>) -> bool {
    match answer.status() {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::FORBIDDEN => {
            let start = answer.body().get(..answer.body().len().min(4096)).unwrap_or_default();
            let text = String::from_utf8_lossy(start).to_ascii_lowercase();
            text.contains("expired") && !text.contains("appsforyourdomainerrors")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    #[test]
    fn what_a_login_answers() {
        let token = read(&answer(200, "SID=a\nLSID=b\nAuth=c-d_e\n")).map_err(|refusal| refusal.why).unwrap();
        assert_eq!(token.expose(), "auth=c-d_e");
        for (status, body, passing, says) in [
            (403, "Error=BadAuthentication\n", false, "BadAuthentication"),
            (403, "CaptchaToken=x\nCaptchaUrl=y\nError=CaptchaRequired\n", false, "CaptchaRequired"),
            (403, "Error=ServiceUnavailable", true, "ServiceUnavailable"),
            (403, "Error=secret-word", false, "another reason"),
            (302, "", false, "redirect"),
            (503, "", true, "server failed"),
            (200, "SID=a\n", true, "no usable"),
            (200, "Auth=a b\n", true, "no usable"),
        ] {
            let refusal = read(&answer(status, body)).err().unwrap();
            let said = refusal.why.to_string();
            assert!(refusal.passing == passing && said.contains(says), "{status} {body}: {said}");
            assert!(!said.contains("secret-word"));
        }
    }

    #[test]
    fn a_token_that_ran_out_is_told_apart_from_a_refusal() {
        assert!(expired(&answer(401, "")) && expired(&answer(403, "<TITLE>Token Expired</TITLE>")));
        assert!(!expired(&answer(403, "Forbidden")) && !expired(&answer(400, "expired")));
        assert!(!expired(&answer(403, "<AppsForYourDomainErrors>expired")));
    }
}
