//! ClientLogin: an address and a password for a token of ours. Passwords and tokens are compared by their digests, every one, without stopping early; tokens
//! are random, live for a while and in memory only.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use people_model::time::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::answer::text;
use crate::config::Secrets;
use crate::config::gapps::Facade as Settings;
use crate::host::Host;

/// How many tokens live at once; the oldest goes first.
const MOST: usize = 1024;
/// How many wrong passwords an account may see in [`WINDOW`] before it is left alone for the rest of it.
const TRIES: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

type Hash = [u8; 32];

/// Who may log in, and who has.
pub(super) struct Logins {
    accounts: Vec<Known>,
    life: SignedDuration,
    state: Mutex<State>,
}

struct Known {
    email: String,
    password: Hash,
}

#[derive(Default)]
struct State {
    tokens: Vec<(Hash, Timestamp)>,
    /// Wrong passwords: which account, when.
    wrong: Vec<(usize, Timestamp)>,
}

fn hash(text: &[u8]) -> Hash {
    Sha256::digest(text).into()
}

impl Logins {
    pub(super) fn new(settings: &Settings, secrets: &dyn Secrets) -> Result<Self, String> {
        let mut accounts = Vec::new();
        for login in &settings.accounts {
            let password = secrets.resolve(&login.password)?;
            accounts
                .push(Known { email: login.email.to_string(), password: hash(password.expose().as_bytes()) });
        }
        Ok(Self { accounts, life: settings.token_life.get(), state: Mutex::default() })
    }

    /// Answers a login.
    pub(super) fn login<H: Host>(&self, host: &H, body: &Bytes, now: Timestamp) -> Response<Bytes> {
        let (mut email, mut password, mut service) =
            (String::new(), Zeroizing::new(String::new()), String::new());
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "Email" => email = value.trim().to_lowercase(),
                "Passwd" => *password = value.into_owned(),
                "service" => service = value.into_owned(),
                _ => {}
            }
        }
        if service != "apps" {
            return text(403, "Error=ServiceDisabled\n");
        }
        let given = hash(password.as_bytes());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.wrong.retain(|(_, at)| now.duration_since(*at) < WINDOW);
        let named = self.accounts.iter().position(|known| known.email.eq_ignore_ascii_case(&email));
        if let Some(named) = named
            && state.wrong.iter().filter(|(who, _)| *who == named).count() >= TRIES
        {
            return text(403, "Error=ServiceUnavailable\n");
        }
        // All of them, so that the time does not tell whether the address is known.
        let right = self.accounts.iter().enumerate().fold(0_u8, |right, (n, known)| {
            right | (u8::from(named == Some(n)) & known.password.ct_eq(&given).unwrap_u8())
        });
        if right == 0 {
            state.wrong.extend(named.map(|named| (named, now)));
            return text(403, "Error=BadAuthentication\n");
        }
        let mut random = [0; 32];
        host.entropy(&mut random);
        let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
        random.zeroize();
        state.tokens.retain(|(_, ends)| *ends > now);
        if state.tokens.len() >= MOST {
            state.tokens.remove(0);
        }
        state.tokens.push((hash(token.as_bytes()), now.saturating_add(self.life).unwrap_or(Timestamp::MAX)));
        // Clients of the time look for all three lines.
        text(200, &format!("SID=none\nLSID=none\nAuth={}\n", *token))
    }

    /// Whether the request bears a token of ours that is still good.
    pub(super) fn knows(&self, request: &Request<Bytes>, now: Timestamp) -> bool {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|header| header.trim().strip_prefix("GoogleLogin"))
            .and_then(|rest| rest.trim().strip_prefix("auth=").map(|token| token.trim().trim_matches('"')));
        let Some(token) = token else { return false };
        let given = hash(token.as_bytes());
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tokens.iter().fold(0_u8, |good, (known, ends)| {
            good | (u8::from(*ends > now) & known.ct_eq(&given).unwrap_u8())
        }) == 1
    }
}
