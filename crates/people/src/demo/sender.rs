//! Sends deliveries as the vendors do: their headers, their signatures, computed here by the vendors' formulas and not by the code that
//! checks them.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use people_model::DeliveryId;
use people_model::time::Timestamp;
use serde_json::Value;
use sha2::Sha256;

/// The secrets of the sources, by the file that holds them.
pub(super) const SECRETS: [(&str, &str); 3] = [
    ("hr-secret", "whsec_cGVvcGxlLWRlbW8tc2VjcmV0LW9mLTMyLWJ5dGVzISE="),
    ("workday-secret", "workday-demo-secret"),
    ("bamboohr-secret", "bamboohr-demo-key"),
];

/// One delivery.
pub(super) struct Sent {
    /// The source it goes to.
    pub source: &'static str,
    /// Its message id, where the vendor has one.
    pub id: &'static str,
    /// Its body.
    pub body: &'static str,
    /// Whether it is changed after it was signed.
    pub tampered: bool,
}

pub(super) struct Sender {
    client: reqwest::Client,
    addr: SocketAddr,
}

impl Sender {
    pub(super) fn new(addr: SocketAddr) -> Result<Self, reqwest::Error> {
        Ok(Self { client: reqwest::Client::builder().build()?, addr })
    }

    /// Sends it; the status, and the id under which it was accepted.
    pub(super) async fn send(
        &self,
        sent: &Sent,
        now: Timestamp,
    ) -> Result<(u16, Option<DeliveryId>), Box<dyn std::error::Error + Send + Sync>> {
        let url = format!("http://{}/hooks/{}", self.addr, sent.source);
        let body = if sent.tampered {
            sent.body.replacen("\"leave\"", "\"hire\" ", 1)
        } else {
            sent.body.to_owned()
        };
        let mut request = self.client.post(url).header("content-type", "application/json").body(body);
        let stamp = now.as_second().to_string();
        let secret = |file| SECRETS.iter().find(|(name, _)| *name == file).map_or("", |(_, secret)| *secret);
        match sent.source {
            "hr" => {
                let key = STANDARD.decode(secret("hr-secret").trim_start_matches("whsec_"))?;
                let mac = hmac(&key, &[sent.id, ".", &stamp, ".", sent.body])?;
                request = request
                    .header("webhook-id", sent.id)
                    .header("webhook-timestamp", &stamp)
                    .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac)));
            }
            "workday" => {
                let mac = hmac(secret("workday-secret").as_bytes(), &[&stamp, ".", sent.body])?;
                request = request
                    .header("x-timestamp", &stamp)
                    .header("x-signature", format!("sha256={}", hex::encode(mac)));
            }
            _ => {
                let mac = hmac(secret("bamboohr-secret").as_bytes(), &[sent.body, &stamp])?;
                request = request
                    .header("x-bamboohr-timestamp", &stamp)
                    .header("x-bamboohr-signature", hex::encode(mac));
            }
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let answer: Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        let id = answer.get("accepted").and_then(Value::as_str).and_then(|id| DeliveryId::parse(id).ok());
        Ok((status, id))
    }
}

fn hmac(key: &[u8], parts: &[&str]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    Ok(mac.finalize().into_bytes().to_vec())
}
