//! The neighbouring APIs that the configuration names: known there, and allowed to read?

use people_core::endpoint::Endpoint;
use people_core::target::ccai::ops::Template;
use people_core::target::gapps::operation;
use people_model::verdict::WhyKind;
use people_model::{Api, Call, Verdict};

use super::{Findings, Level};
use crate::cmd::client::{Client, refused};
use crate::exit::Fail;

/// Reads a user that nobody has: a "does not exist" shows that the login works and the domain is right.
pub(super) async fn gapps(findings: &mut Findings<'_>, client: &Client, tokens: bool) -> Result<(), Fail> {
    let Some(way) = client.wires.of(Api::Gapps) else { return Ok(()) };
    if way.google().is_some() && !tokens {
        return Ok(());
    }
    let named = client.config.gapps.as_ref().and_then(|gapps| gapps.domain.as_ref());
    let domain = named.unwrap_or_else(|| client.config.domain()).as_str();
    let values = [("domain", domain), ("userName", "people-doctor-probe")];
    let call = operation("user.get").and_then(|known| known.call(&values, None).ok());
    let Some(call) = call else { return Ok(()) };
    probe(findings, client, "gapps", domain, &call).await
}

/// Reads the template of CCAI Platform.
pub(super) async fn ccai(findings: &mut Findings<'_>, client: &Client) -> Result<(), Fail> {
    let Some(ccai) = &client.config.ccai else { return Ok(()) };
    probe(findings, client, "ccai", &ccai.subdomain, &Template {}.call()).await
}

async fn probe(
    findings: &mut Findings<'_>,
    client: &Client,
    what: &str,
    whose: &str,
    call: &Call,
) -> Result<(), Fail> {
    let allowed = Ok(format!("{whose}: identified and allowed"));
    let base = client.wires.of(call.api).map_or("", |way| way.base());
    let found = match client.once(call).await {
        Verdict::Done { .. } => allowed,
        // To CCAI Platform everybody has a template.
        Verdict::Refused { why } if why.kind == WhyKind::Absent && call.api == Api::Gapps => allowed,
        Verdict::Again { why, .. } | Verdict::Unknown { why } | Verdict::Refused { why } => {
            let text = match why.kind {
                WhyKind::NotSent | WhyKind::Unanswered | WhyKind::WrongPath => {
                    format!("{base}: {why}; check the network and [{what}] base_url")
                }
                WhyKind::ServerError | WhyKind::RateLimited => format!("{why}; try again in a few minutes"),
                WhyKind::Unauthorized if call.api == Api::Ccai => {
                    format!("{base}: not identified (HTTP 401); check [ccai] subdomain and token")
                }
                WhyKind::Absent => {
                    format!("{base}: there is no such API (HTTP 404); check [{what}] base_url")
                }
                WhyKind::Token => format!("{why}; check [{what}] admin and password"),
                _ => refused(call, &why).text,
            };
            Err((Level::Fail, text))
        }
    };
    findings.add(what, found).map(|_| ())
}
