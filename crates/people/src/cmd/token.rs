//! `people token`: an access token, and what it is worth.

use std::path::Path;

use people_core::host::Host;
use serde_json::json;

use super::client::{Client, exchange};
use crate::exit::{Exit, Fail};
use crate::report::Report;

/// Gets a token and shows its figures; the token itself only where that is asked for.
pub(super) async fn token(config: &Path, report: &Report, show: bool) -> Result<Exit, Fail> {
    let client = Client::new(config)?;
    let google = client.google()?;
    let token = google.exchange(&client.host).await.map_err(|error| exchange(&error))?;
    let mut members = [
        ("account", json!(client.account)),
        ("tokenUri", json!(client.token_uri)),
        ("scope", json!(google.ask().scope())),
        ("expires", json!(token.expiry())),
        ("validSeconds", json!(token.left(client.host.now()).as_secs())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect::<people_model::Members>();
    if show {
        members.insert("token".into(), json!(token.value().expose()));
    }
    report.record(&members)?;
    Ok(Exit::Ok)
}
