//! The formulas of vendors without a preset, each said in the configuration alone and checked against a signature that is put together
//! here, by plain concatenation.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha2::{Sha256, Sha512};

use super::key::{STANDARD, URL_SAFE};
use crate::source::tests::{at, receive, source};
use crate::source::{Refusal, Trust};
use base64::Engine as _;

const BODY: &[u8] = "{\"name\":\"\\u003cÅsa\"}\n".as_bytes();
const NOW: &str = "2026-03-02T10:00:00Z";

fn sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn sha512(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn body_and(after: &str) -> Vec<u8> {
    [BODY, after.as_bytes()].concat()
}

/// Vendor, key, `signature`, headers.
type Formula = (&'static str, String, &'static str, Vec<(&'static str, String)>);

fn rows() -> Vec<Formula> {
    let (s, ms) = (at(NOW).as_second().to_string(), at(NOW).as_millisecond().to_string());
    let finch = [b"ev_1.".as_slice(), s.as_bytes(), b".", BODY].concat();
    vec![
        (
            "hibob",
            "k".into(),
            r#"{ algorithm = "hmac-sha512", header = "Bob-Signature", encoding = "base64" }"#,
            vec![("bob-signature", STANDARD.encode(sha512(b"k", BODY)))],
        ),
        // Not confirmed by Personio's own text.
        (
            "personio",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "X-Personio-Signature" }"#,
            vec![("x-personio-signature", hex::encode(sha256(b"k", BODY)))],
        ),
        (
            "greenhouse",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "Signature", prefix = "sha256 " }"#,
            vec![("signature", format!("sha256 {}", hex::encode(sha256(b"k", BODY))))],
        ),
        (
            "ashby",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "Ashby-Signature", prefix = "sha256=" }"#,
            vec![("ashby-signature", format!("sha256={}", hex::encode(sha256(b"k", BODY))))],
        ),
        (
            "merge",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "X-Merge-Webhook-Signature", encoding = "base64url" }"#,
            vec![("x-merge-webhook-signature", URL_SAFE.encode(sha256(b"k", BODY)))],
        ),
        (
            "kombo",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "X-Kombo-Signature", encoding = "base64url" }"#,
            vec![("x-kombo-signature", URL_SAFE.encode(sha256(b"k", BODY)).trim_end_matches('=').to_owned())],
        ),
        (
            "finch",
            STANDARD.encode(b"key"),
            r#"{ algorithm = "hmac-sha256", header = "Finch-Signature", prefix = "v1,", encoding = "base64", list = "space", key = "base64", id = "Finch-Event-Id", timestamp = { header = "Finch-Timestamp" }, signed = ["id", { text = "." }, "timestamp", { text = "." }, "body"] }"#,
            vec![
                ("finch-event-id", "ev_1".into()),
                ("finch-timestamp", s.clone()),
                ("finch-signature", format!("v0,x v1,{}", STANDARD.encode(sha256(b"key", &finch)))),
            ],
        ),
        (
            "deel",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "x-deel-signature", signed = ["method", "body"], label = "x-deel-hmac-label", labels = ["main"] }"#,
            vec![
                ("x-deel-signature", hex::encode(sha256(b"k", &[b"POST", BODY].concat()))),
                ("x-deel-hmac-label", "main".into()),
            ],
        ),
        (
            "remote",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "X-Remote-Signature", timestamp = { header = "X-Remote-Timestamp", unit = "ms" }, signed = ["body", { text = ":" }, "timestamp"] }"#,
            vec![
                ("x-remote-timestamp", ms.clone()),
                ("x-remote-signature", hex::encode(sha256(b"k", &body_and(&format!(":{ms}"))))),
            ],
        ),
        (
            "gusto",
            "k".into(),
            r#"{ algorithm = "hmac-sha256", header = "X-Gusto-Signature" }"#,
            vec![("x-gusto-signature", hex::encode(sha256(b"k", BODY)))],
        ),
        (
            "a key in hex, commas, a stamp as text",
            hex::encode(b"key"),
            r#"{ algorithm = "hmac-sha256", header = "sig", key = "hex", list = "comma", timestamp = { header = "at", unit = "rfc3339" }, signed = ["timestamp", "body"] }"#,
            vec![
                ("at", NOW.into()),
                ("sig", format!("00, {}", hex::encode(sha256(b"key", &[NOW.as_bytes(), BODY].concat())))),
            ],
        ),
    ]
}

fn built(key: &str, signature: &str) -> crate::source::BoxedSource {
    source(&format!("kind = \"generic\"\nsecrets = [{{ env = \"{key}\" }}]\nsignature = {signature}"))
}

fn map(pairs: &[(&'static str, String)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

#[test]
fn every_documented_formula_is_a_row_of_the_table() {
    for (vendor, key, signature, headers) in rows() {
        let headers = map(&headers);
        let proof = receive(&built(&key, signature), &headers, BODY, at(NOW))
            .unwrap_or_else(|e| panic!("{vendor}: {e}"));
        assert_eq!(proof.trust, Trust::Proven, "{vendor}");
        assert_eq!(proof.stamped.is_some(), signature.contains("timestamp"), "{vendor}");
        let other = receive(&built(&key, signature), &headers, &BODY[1..], at(NOW));
        assert_eq!(other, Err(Refusal::Mismatch), "{vendor}");
    }
}

#[test]
fn scenario_05_a_label_selects_the_key_and_an_unknown_one_tries_all() {
    let signature = r#"{ algorithm = "hmac-sha256", header = "x-deel-signature", signed = ["method", "body"], label = "x-deel-hmac-label", labels = ["old", "new"] }"#;
    let both = source(&format!(
        "kind = \"generic\"\nsecrets = [{{ env = \"a\" }}, {{ env = \"b\" }}]\nsignature = {signature}"
    ));
    let proof = hex::encode(sha256(b"b", &[b"POST", BODY].concat()));
    let labelled =
        |label: &str| map(&[("x-deel-signature", proof.clone()), ("x-deel-hmac-label", label.to_owned())]);
    assert!(receive(&both, &labelled("new"), BODY, at(NOW)).is_ok());
    assert!(receive(&both, &labelled("other"), BODY, at(NOW)).is_ok());
    assert_eq!(receive(&both, &labelled("old"), BODY, at(NOW)), Err(Refusal::Mismatch));
    assert_eq!(receive(&built("c", signature), &labelled("other"), BODY, at(NOW)), Err(Refusal::Mismatch));
}

#[test]
fn a_shared_word_proves_the_sender_and_not_the_body() {
    let token = built("s3cret", r#"{ algorithm = "token", header = "Authorization", prefix = "Bearer " }"#);
    let proof = receive(&token, &map(&[("authorization", "Bearer s3cret".into())]), BODY, at(NOW)).unwrap();
    assert_eq!(proof.trust, Trust::Low);
    for wrong in ["Bearer s3cre", "Bearer s3cretx", "s3cret", "Bearer "] {
        assert!(receive(&token, &map(&[("authorization", wrong.into())]), BODY, at(NOW)).is_err());
    }
    let basic = built("user:pass", r#"{ algorithm = "basic" }"#);
    let with = |text: &str| map(&[("authorization", format!("basic {}", STANDARD.encode(text)))]);
    assert_eq!(receive(&basic, &with("user:pass"), BODY, at(NOW)).unwrap().trust, Trust::Low);
    assert_eq!(receive(&basic, &with("user:word"), BODY, at(NOW)), Err(Refusal::Mismatch));
    assert_eq!(receive(&basic, &HeaderMap::new(), BODY, at(NOW)), Err(Refusal::Missing));
}
