//! Key files: what is accepted, what is said about those that are not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jwt_simple::prelude::ES256KeyPair;
use people_auth::{KeyError, Rs256, ServiceAccountKey};
use serde_json::{Value, json};

use crate::support::{key, key_file, pair};

fn parse(file: &Value) -> Result<ServiceAccountKey, KeyError> {
    ServiceAccountKey::parse(file.to_string().as_bytes())
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut file = key_file();
    file.as_object_mut().unwrap().insert(name.to_owned(), value.into());
    file
}

#[test]
fn a_key_as_google_issues_it() {
    let key = key();
    assert_eq!(key.client_email(), "service-account@example.com");
    assert_eq!(key.key_id(), "1");
    assert_eq!(key.project_id(), Some("example"));
    assert_eq!(key.token_uri(), "https://accounts.google.com/o/oauth2/token");
    assert_eq!(key.audience(), "https://oauth2.googleapis.com/token");
    assert_eq!((key.bits(), key.repaired()), (2048, false));
    assert_eq!(key.pkcs8().expose(), &pair().to_der().unwrap());
}

#[test]
fn every_form_of_the_same_key() {
    let pem = pair().to_pem().unwrap();
    // The PKCS#8 frame of an RSA-2048 key without attributes is its first 26 bytes.
    let pkcs1 = STANDARD.encode(&pair().to_der().unwrap()[26..]);
    let pkcs1 = format!("-----BEGIN RSA PRIVATE KEY-----\n{pkcs1}\n-----END RSA PRIVATE KEY-----");
    for (form, repaired) in [
        (pem.replace('\n', "\r\n"), false),
        (pem.replace('\n', "\\n"), true),
        (format!("\n {pem}"), false),
        (pkcs1, false),
    ] {
        let other = parse(&with("private_key", form)).unwrap();
        assert_eq!(other.pkcs8().expose(), key().pkcs8().expose());
        assert_eq!(other.repaired(), repaired);
        assert!(Rs256::new(&other).is_ok());
    }
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend(key_file().to_string().bytes());
    assert!(ServiceAccountKey::parse(&marked).is_ok());
}

#[test]
fn each_missing_member_is_named() {
    for name in ["type", "client_email", "private_key", "private_key_id", "token_uri"] {
        let mut without = key_file();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(parse(&without).unwrap_err(), KeyError::Missing(name));
        assert_eq!(parse(&with(name, Value::Null)).unwrap_err(), KeyError::Missing(name));
        assert_eq!(parse(&with(name, json!(["x"]))).unwrap_err(), KeyError::NotText(name));
    }
    assert_eq!(parse(&with("client_email", " ")).unwrap_err(), KeyError::Missing("client_email"));
    let mut without = key_file();
    without.as_object_mut().unwrap().remove("project_id");
    assert_eq!(parse(&without).unwrap().project_id(), None);
}

#[test]
fn private_keys_that_will_not_do() {
    let ec = ES256KeyPair::generate().to_pem().unwrap();
    assert_eq!(parse(&with("private_key", ec)).unwrap_err(), KeyError::NotRsa);
    let public = pair().public_key().to_pem().unwrap();
    assert_eq!(parse(&with("private_key", public)).unwrap_err(), KeyError::NotAPrivateKey);
    assert_eq!(parse(&with("private_key", "-----")).unwrap_err(), KeyError::NoPemHeader);
    assert_eq!(
        parse(&with("token_uri", "http://example.com/token")).unwrap_err(),
        KeyError::TokenUriNotHttps
    );
}

#[test]
fn a_key_whose_numbers_do_not_fit_is_found_at_import() {
    let mut der = pair().to_der().unwrap();
    let last = der.len() - 1;
    der[last] ^= 1;
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(der));
    let damaged = parse(&with("private_key", pem)).unwrap();
    let fault = Rs256::new(&damaged).unwrap_err();
    assert_eq!(fault, people_auth::SignError::UnusableKey(people_auth::UnusableKey::CrtCoefficient));
    assert!(fault.to_string().contains("the CRT coefficient is not the inverse of q"), "{fault}");
}

#[test]
fn no_secret_is_shown() {
    let shown = format!("{:?} {:?}", key(), Rs256::new(&key()).unwrap());
    let pem = pair().to_pem().unwrap();
    assert!(shown.contains("service-account@example.com"));
    assert!(pem.lines().filter(|line| !line.starts_with('-')).all(|line| !shown.contains(line)));
}
