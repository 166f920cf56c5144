//! Whatever comes from outside, nothing panics.

use http::{HeaderMap, HeaderValue, StatusCode};
use people_auth::{ServiceAccountKey, exchange};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{key_file, now};

proptest! {
    #[test]
    fn key_files(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = ServiceAccountKey::parse(&bytes);
    }

    #[test]
    fn private_keys(
        label in "[A-Z ]{0,12}",
        body in "[A-Za-z0-9+/=\\\\nr ]{0,64}",
        der in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        use base64::Engine;
        let der = base64::engine::general_purpose::STANDARD.encode(der);
        for (label, body) in [(label.as_str(), &body), ("PRIVATE KEY", &der), ("RSA PRIVATE KEY", &der)] {
            let mut file = key_file();
            file["private_key"] = json!(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----"));
            prop_assert!(ServiceAccountKey::parse(file.to_string().as_bytes()).is_err());
        }
    }

    #[test]
    fn token_urls(url in "\\PC{0,40}") {
        let mut file = key_file();
        file["token_uri"] = json!(url);
        let _ = ServiceAccountKey::parse(file.to_string().as_bytes());
    }

    #[test]
    fn answers(
        status in 100_u16..1000,
        body in proptest::collection::vec(any::<u8>(), 0..512),
        header in "[ -~]{0,40}",
    ) {
        let status = StatusCode::from_u16(status).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_str(&header).unwrap());
        headers.insert("retry-after", HeaderValue::from_str(&header).unwrap());
        let _ = exchange::accept(status, &headers, &body, now());
    }

    #[test]
    fn answers_in_json(
        status in 100_u16..1000,
        error in prop_oneof![Just("invalid_grant".to_owned()), Just("server_error".to_owned()), "\\PC{0,50}"],
        description in "\\PC{0,60}",
        expires_in in any::<f64>(),
    ) {
        let body = json!({
            "access_token": error, "expires_in": expires_in, "error": error, "error_description": description,
        });
        let status = StatusCode::from_u16(status).unwrap();
        let _ = exchange::accept(status, &HeaderMap::new(), body.to_string().as_bytes(), now());
    }
}
