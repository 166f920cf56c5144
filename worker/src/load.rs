//! From the environment to a bridge: the document in `PEOPLE_CONFIG`, its secrets as Worker secrets. Parsed and built once in an isolate;
//! each object has a bridge beside that one.

use std::cell::RefCell;
use std::rc::Rc;

use people_core::bridge::Bridge;
use people_core::config::{Config, SecretRef};
use people_model::Secret;

use crate::host::EdgeHost;
use crate::journal::EdgeJournal;
use crate::runtime::Env;
use crate::shelf::Shelf;
use crate::signer::EdgeSigner;

/// The bridge as it runs at the edge.
pub(crate) type EdgeBridge = Bridge<EdgeHost, EdgeJournal, EdgeSigner>;

/// The secret that opens `/api` where the document is so wrong that it does not even say which.
const ADMIN_TOKEN: &str = "PEOPLE_ADMIN_TOKEN";

thread_local! {
    /// The bridge of this isolate, and the environment and the document that it was made of. A deploy begins a new isolate.
    static BRIDGE: RefCell<Option<(Env, String, Rc<EdgeBridge>)>> = const { RefCell::new(None) };
}

/// Where a bridge is to work.
pub(crate) enum Place {
    /// In an intake.
    Intake,
    /// In a person's object, over the log in it.
    Person(Rc<Shelf>),
    /// In the guard, which exchanges for all.
    Guard,
}

/// The document.
fn document(env: &Env) -> Result<String, String> {
    env.text("PEOPLE_CONFIG")
        .ok_or_else(|| "the variable PEOPLE_CONFIG is not set; put people.toml there".to_owned())
}

/// Resolves secrets at the edge.
fn secrets(env: &Env) -> impl Fn(&SecretRef) -> Result<Secret<String>, String> + '_ {
    move |reference| match reference {
        SecretRef::Env(name) => match env.text(name) {
            Some(text) if !text.trim_end_matches(['\r', '\n']).is_empty() => {
                Ok(Secret::from(text.trim_end_matches(['\r', '\n'])))
            }
            _ => Err(format!("there is no Worker secret {name}; `wrangler secret put {name}`")),
        },
        SecretRef::File(_) => Err("there are no files at the edge; use { env = \"NAME\" }".to_owned()),
    }
}

/// The token that may be told what is wrong.
pub(crate) fn admin_token(env: &Env) -> Option<Secret<String>> {
    let config = document(env).ok().and_then(|text| Config::parse(&text).ok());
    let reference = match config {
        Some(config) => config.server.admin_token?,
        None => SecretRef::Env(ADMIN_TOKEN.to_owned()),
    };
    secrets(env)(&reference).ok()
}

/// The bridge that answers requests from outside.
pub(crate) fn front(env: &Env) -> Result<Rc<EdgeBridge>, String> {
    let known = |same: &dyn Fn(&Env, &str) -> bool| {
        BRIDGE.with_borrow(|known| {
            known.as_ref().filter(|(env, text, _)| same(env, text)).map(|(_, _, bridge)| bridge.clone())
        })
    };
    if let Some(bridge) = known(&|of, _| of == env) {
        return Ok(bridge);
    }
    let document = document(env)?;
    if let Some(bridge) = known(&|_, text| text == document) {
        return Ok(bridge);
    }
    let bridge = Rc::new(build(env, &document)?);
    BRIDGE.replace(Some((env.clone(), document, bridge.clone())));
    Ok(bridge)
}

/// The bridge of an object.
pub(crate) fn beside(env: &Env, place: Place) -> Result<EdgeBridge, String> {
    let front = front(env)?;
    let tenant = front.journal.tenant.clone();
    let (exchanges, shelf) = match place {
        Place::Guard => (true, None),
        Place::Intake => (false, None),
        Place::Person(shelf) => (false, Some(shelf)),
    };
    let guard = (!exchanges).then(|| (env.clone(), tenant.clone()));
    Ok(front.beside(EdgeHost { guard }, EdgeJournal { env: env.clone(), tenant, shelf }))
}

fn build(env: &Env, document: &str) -> Result<EdgeBridge, String> {
    let mut config = Config::parse(document).map_err(|error| error.to_string())?;
    if config.ccai.take().is_some_and(|ccai| ccai.is_target()) {
        return Err(
            "[ccai] departments: bulk files are filed by `people serve`; leave it out at the edge".to_owned()
        );
    }
    let secrets = secrets(env);
    let in_key = |error: &dyn std::fmt::Display| format!("[google] credentials: {error}");
    let credentials = config.google.credentials(&secrets).map_err(|error| in_key(&error))?;
    if config.google.credentials.document().is_none() {
        return Err(in_key(&"there is no metadata server at the edge; use { env = \"NAME\" }"));
    }
    let tenant = config.domain().to_string();
    let signer = credentials.key().map(|key| EdgeSigner::new(config.google.signer, key.clone()));
    let host = EdgeHost { guard: Some((env.clone(), tenant.clone())) };
    let journal = EdgeJournal { env: env.clone(), tenant, shelf: None };
    Bridge::new(config, &secrets, host, journal, credentials, signer).map_err(|error| error.to_string())
}
