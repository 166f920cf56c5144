//! From the environment to a bridge: the document in `PEOPLE_CONFIG`, its secrets as Worker secrets.

use std::rc::Rc;

use people_core::bridge::Bridge;
use people_core::config::{Config, SecretRef};
use people_model::Secret;
use worker::Env;

use crate::host::EdgeHost;
use crate::journal::EdgeJournal;
use crate::shelf::Shelf;
use crate::signer::EdgeSigner;

/// The bridge as it runs at the edge.
pub(crate) type EdgeBridge = Bridge<EdgeHost, EdgeJournal, EdgeSigner>;

/// The secret that opens `/api` where the document is so wrong that it does not even say which.
const ADMIN_TOKEN: &str = "PEOPLE_ADMIN_TOKEN";

/// Where a bridge is to work.
pub(crate) enum Place {
    /// In the handler of requests from outside.
    Front,
    /// In an intake.
    Intake,
    /// In a person's object, over the log in it.
    Person(Rc<Shelf>),
    /// In the guard, which exchanges for all.
    Guard,
}

/// The document.
pub(crate) fn document(env: &Env) -> Result<String, String> {
    let text = env.var("PEOPLE_CONFIG").map(|var| var.to_string());
    text.map_err(|_| "the variable PEOPLE_CONFIG is not set; put people.toml there".to_owned())
}

/// Resolves secrets at the edge.
fn secrets(env: &Env) -> impl Fn(&SecretRef) -> Result<Secret<String>, String> + '_ {
    move |reference| match reference {
        SecretRef::Env(name) => match env.secret(name).map(|secret| secret.to_string()) {
            Ok(text) if !text.trim_end_matches(['\r', '\n']).is_empty() => {
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

/// The whole bridge.
pub(crate) fn bridge(env: &Env, place: Place) -> Result<EdgeBridge, String> {
    let config = Config::parse(&document(env)?).map_err(|error| error.to_string())?;
    let secrets = secrets(env);
    let in_key = |error: &dyn std::fmt::Display| format!("[google] credentials: {error}");
    let credentials = config.google.credentials(&secrets).map_err(|error| in_key(&error))?;
    if config.google.credentials.document().is_none() {
        return Err(in_key(&"there is no metadata server at the edge; use { env = \"NAME\" }"));
    }
    let tenant = config.cloudm.domain.to_string();
    let guard = match &place {
        Place::Guard => None,
        _ => Some((env.clone(), tenant.clone())),
    };
    let shelf = match place {
        Place::Person(shelf) => Some(shelf),
        _ => None,
    };
    let signer = credentials.key().map(|key| EdgeSigner::new(config.google.signer, key.clone()));
    let journal = EdgeJournal { env: env.clone(), tenant, shelf };
    Bridge::new(config, &secrets, EdgeHost { guard }, journal, credentials, signer)
        .map_err(|error| error.to_string())
}
