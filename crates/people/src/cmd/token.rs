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
    let mut members = people_model::Members::new();
    if let Some(account) = client.credentials.account() {
        members.insert("account".into(), json!(account));
    }
    members.insert("credentials".into(), json!(client.credentials.kind()));
    if let Some(endpoint) = client.credentials.endpoint() {
        members.insert("tokenUri".into(), json!(endpoint.to_string()));
    }
    members.insert("scope".into(), json!(google.ask().scope()));
    members.insert("expires".into(), json!(token.expiry()));
    members.insert("validSeconds".into(), json!(token.left(client.host.now()).as_secs()));
    if show {
        members.insert("token".into(), json!(token.value().expose()));
    }
    report.record(&members)?;
    Ok(Exit::Ok)
}
