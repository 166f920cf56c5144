//! What is tried in the runtime itself, in a build of its own (feature `trial`): the journal's conformance suite over the SQLite of an
//! object, and that both signers make the same bytes. What is deployed has none of it.

use bytes::Bytes;
use people_auth::{Ask, Assertion, ServiceAccountKey, Signer};
use people_core::config::SignerKind;
use people_core::journal::suite;

use crate::runtime::{self, Env, Storage};
use crate::shelf::Shelf;
use crate::signer::EdgeSigner;
use crate::talk::{self, Object};

/// Where it is asked for.
const PATH: &str = "/trial";

/// Has it run, where this asks for it.
pub(crate) async fn answer(request: &http::Request<Bytes>, env: &Env) -> Option<http::Response<Bytes>> {
    if request.uri().path() != PATH {
        return None;
    }
    let answer = talk::ask::<String>(env, "trial", Object::Trial, &talk::Ask::Trial).await;
    Some(http::Response::new(answer.unwrap_or_else(|error| error.to_string()).into()))
}

/// Runs it in an object of its own and says how it went.
pub(crate) async fn run(storage: &Storage, env: &Env) -> String {
    let fresh = async || {
        // An object that cannot be emptied shows as a failed check.
        let _ = storage.forget().await;
        Shelf::new(storage)
    };
    let journal = match suite::run(fresh).await {
        Ok(()) => "passed".to_owned(),
        Err(failure) => failure.to_string(),
    };
    let signers = match signers(env).await {
        Ok(true) => "same".to_owned(),
        Ok(false) => "different".to_owned(),
        Err(error) => error,
    };
    serde_json::json!({ "journal": journal, "signers": signers }).to_string()
}

async fn signers(env: &Env) -> Result<bool, String> {
    let key = env.text("GOOGLE_KEY").ok_or("no key")?;
    let key = ServiceAccountKey::parse(key.as_bytes()).map_err(|error| error.to_string())?;
    let ask = Ask::new(["scope"]).map_err(|error| error.to_string())?;
    let unsigned = Assertion::unsigned(&key, &ask, runtime::now());
    let mut signatures = Vec::new();
    for kind in [SignerKind::Rust, SignerKind::Webcrypto] {
        let signer = EdgeSigner::new(kind, key.clone());
        let signature = signer.sign(unsigned.message(), &[7; 32]).await;
        signatures.push(signature.map_err(|error| error.to_string())?);
    }
    Ok(signatures.windows(2).all(|pair| pair.first() == pair.last()))
}
