//! Sources without their secrets: what takes a payload apart needs none, so one that merely fits stands in.

use people_core::config::{ConfigError, SecretRef};
use people_core::source::proof::{Algorithm, KeyForm, Scheme, preset};
use people_core::source::{self, BoxedSource, SourceConfig};
use people_model::{Secret, Trust};

/// The public key of RFC 8032, section 7.1, test 1: a sound Ed25519 key, and nobody's.
const PUBLIC_HEX: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const PUBLIC_BASE64: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Builds the source with secrets that fit. It can take deliveries apart; it must not be asked to prove one.
pub(super) fn build(config: &SourceConfig) -> Result<BoxedSource, ConfigError> {
    let fits = fits(config);
    let secrets = |_: &SecretRef| Ok(Secret::from(fits.as_str()));
    source::build(config, &secrets).map_err(|problem| ConfigError {
        line: 0,
        key: format!("source \"{}\": {}", config.name, problem.key),
        problem: problem.problem,
    })
}

/// How much a proven delivery of the source proves.
pub(super) fn trust(config: &SourceConfig) -> Trust {
    let covers = schemes(config).iter().all(Scheme::covers_body);
    config.trust.unwrap_or(if covers { Trust::Proven } else { Trust::Low })
}

fn schemes(config: &SourceConfig) -> Vec<Scheme> {
    match &config.signature {
        Some(scheme) => vec![scheme.clone()],
        None => preset(&config.kind).unwrap_or_default(),
    }
}

fn fits(config: &SourceConfig) -> String {
    let schemes = schemes(config);
    let Some(scheme) = schemes.first() else { return "secret".into() };
    let secret = match (scheme.algorithm, scheme.key) {
        (Algorithm::Basic, _) => "user:word",
        (Algorithm::Ed25519, KeyForm::Base64) => PUBLIC_BASE64,
        (Algorithm::Ed25519, _) => PUBLIC_HEX,
        // Hexadecimal, and Base64 too.
        _ => "00112233445566778899aabbccddeeff",
    };
    format!("{}{secret}", scheme.key_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_signing_can_do_without_its_secret() {
        for (text, trust_of) in [
            (
                "kind = \"bamboohr\"\napi = { base_url = \"https://x.bamboohr.com\", key = { env = \"K\" } }",
                Trust::Proven,
            ),
            ("kind = \"standard-webhooks\"", Trust::Proven),
            ("kind = \"standard-webhooks\"\ntrust = \"low\"", Trust::Low),
            ("kind = \"generic\"\nsignature = { algorithm = \"basic\" }", Trust::Low),
            ("kind = \"generic\"\nsignature = { algorithm = \"token\", header = \"x\" }", Trust::Low),
            (
                "kind = \"generic\"\nsignature = { algorithm = \"hmac-sha512\", header = \"x\", key = \"hex\" }",
                Trust::Proven,
            ),
            (
                "kind = \"generic\"\nsignature = { algorithm = \"hmac-sha256\", header = \"x\", key = \"base64\" }",
                Trust::Proven,
            ),
            (
                "kind = \"generic\"\nsignature = { algorithm = \"ed25519\", header = \"x\", key = \"hex\" }",
                Trust::Proven,
            ),
            (
                "kind = \"generic\"\nsignature = { algorithm = \"ed25519\", header = \"x\", key = \"base64\" }",
                Trust::Proven,
            ),
        ] {
            let text = format!("name = \"hr\"\nsecrets = [{{ env = \"UNSET\" }}]\n{text}");
            let config: SourceConfig = people_core::toml::from_str(&text).unwrap();
            assert!(build(&config).is_ok(), "{text}: {:?}", build(&config).err());
            assert_eq!(trust(&config), trust_of, "{text}");
        }
    }
}
