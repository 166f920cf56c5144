//! A key made once per run, and the recorded requests of Google's Python library if they are at hand.

use std::path::PathBuf;
use std::sync::OnceLock;

use jwt_simple::prelude::RS256KeyPair;
use people_auth::ServiceAccountKey;
use people_model::time::Timestamp;
use serde_json::{Value, json};

/// The key pair of the test account, 2,048 bits.
pub(crate) fn pair() -> &'static RS256KeyPair {
    static PAIR: OnceLock<RS256KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| RS256KeyPair::generate(2048).unwrap())
}

/// The test account's key file, named as in the recorded requests.
pub(crate) fn key_file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "example",
        "private_key_id": "1",
        "private_key": pair().to_pem().unwrap(),
        "client_email": "service-account@example.com",
        "token_uri": "https://accounts.google.com/o/oauth2/token",
        "universe_domain": "googleapis.com",
    })
}

pub(crate) fn key() -> ServiceAccountKey {
    ServiceAccountKey::parse(key_file().to_string().as_bytes()).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// A file of vectors, from `PEOPLE_VECTORS` or beside the checkout. Says so when there is none.
pub(crate) fn vectors(name: &str) -> Option<Value> {
    let folder = std::env::var_os("PEOPLE_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(fault) => {
            println!("skipped: {name} is not at hand ({fault}); set PEOPLE_VECTORS");
            None
        }
    }
}
