//! From the environment to a bridge: the document in `PEOPLE_CONFIG`, its secrets as Worker secrets. Parsed and built once in an isolate;
//! each object that drives people or exchanges tokens has a bridge beside that one.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use people_core::bridge::Bridge;
use people_core::config::{Config, SecretRef};
use people_core::wire::{Account, Wires};
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

/// What answers requests from outside and takes deliveries apart.
pub(crate) struct Front {
    env: Env,
    /// What it was made of.
    document: String,
    /// It leads nowhere.
    pub(crate) bridge: EdgeBridge,
    /// Read when they are first needed: the first sender does not wait for it.
    wires: OnceCell<Result<Wires<EdgeSigner>, String>>,
}

thread_local! {
    /// That of this isolate. A deploy begins a new isolate.
    static FRONT: RefCell<Option<Rc<Front>>> = const { RefCell::new(None) };
}

/// Where a bridge is to work.
pub(crate) enum Place {
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

/// What answers requests from outside.
pub(crate) fn front(env: &Env) -> Result<Rc<Front>, String> {
    let known = |same: &dyn Fn(&Front) -> bool| {
        FRONT.with_borrow(|front| front.as_ref().filter(|front| same(front)).cloned())
    };
    if let Some(front) = known(&|front| front.env == *env) {
        return Ok(front);
    }
    let document = document(env)?;
    if let Some(front) = known(&|front| front.document == document) {
        return Ok(front);
    }
    let front = Rc::new(Front::new(env, document)?);
    FRONT.replace(Some(front.clone()));
    Ok(front)
}

/// The bridge of an object.
pub(crate) fn beside(env: &Env, place: Place) -> Result<EdgeBridge, String> {
    let front = front(env)?;
    let tenant = front.bridge.journal.tenant.clone();
    let (guard, shelf) = match place {
        Place::Guard => (None, None),
        Place::Person(shelf) => (Some((env.clone(), tenant.clone())), Some(shelf)),
    };
    let journal = EdgeJournal { env: env.clone(), tenant, shelf };
    Ok(front.bridge.beside(EdgeHost { guard }, journal, front.wires(env)?.beside()))
}

impl Front {
    fn new(env: &Env, document: String) -> Result<Self, String> {
        let mut config = Config::parse(&document).map_err(|error| error.to_string())?;
        if config.ccai.take().is_some_and(|ccai| ccai.is_target()) {
            return Err(
                "[ccai] departments: bulk files are filed by `people serve`; leave it out at the edge"
                    .to_owned(),
            );
        }
        if config.google.credentials.document().is_none() {
            return Err(in_key(&"there is no metadata server at the edge; use { env = \"NAME\" }"));
        }
        let tenant = config.domain().to_string();
        let host = EdgeHost { guard: Some((env.clone(), tenant.clone())) };
        let journal = EdgeJournal { env: env.clone(), tenant, shelf: None };
        let bridge = Bridge::new(config, &secrets(env), host, journal, Wires::none())
            .map_err(|error| error.to_string())?;
        Ok(Self { env: env.clone(), document, bridge, wires: OnceCell::new() })
    }

    /// The ways to all APIs, or what is wrong with what is shown there.
    pub(crate) fn wires(&self, env: &Env) -> Result<&Wires<EdgeSigner>, String> {
        let read = || {
            let (config, secrets) = (&self.bridge.config, secrets(env));
            let credentials = config.google.credentials(&secrets).map_err(|error| in_key(&error))?;
            let signer = credentials.key().map(|key| EdgeSigner::new(config.google.signer, key.clone()));
            Wires::new(config, &secrets, &Account::new(credentials, signer))
                .map_err(|error| error.to_string())
        };
        self.wires.get_or_init(read).as_ref().map_err(String::clone)
    }
}

fn in_key(error: &dyn std::fmt::Display) -> String {
    format!("[google] credentials: {error}")
}
