//! Assertions against the recorded requests of Google's Python library, and signatures against two other verifiers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use jwt_simple::prelude::{NoCustomClaims, RSAPublicKeyLike, VerificationOptions};
use people_auth::exchange::{self, GRANT_TYPE};
use people_auth::{Ask, Assertion, Rs256, SignError, Signer};
use people_model::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{key, now, pair, vectors};

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn ask() -> Ask {
    Ask::new(["https://www.googleapis.com/auth/userinfo.email"]).unwrap()
}

#[tokio::test]
async fn requests_are_those_of_googles_library() {
    let Some(vectors) = vectors("google-auth/jwt_bearer_requests.json") else { return };
    let key = key();
    let signer = Rs256::new(&key).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let name = &case["name"];
        let mut ask =
            Ask::new(case["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap())).unwrap();
        if let Some(subject) = case["subject"].as_str() {
            ask = ask.on_behalf_of(subject);
        }
        let now: Timestamp = case["now"].as_str().unwrap().parse().unwrap();
        let request = exchange::prepare(&key, &signer, &ask, now, &[7; 32]).await.unwrap();

        let expected = &case["request"];
        assert_eq!(request.method(), expected["method"].as_str().unwrap(), "{name}");
        assert_eq!(request.uri(), expected["url"].as_str().unwrap(), "{name}");
        let headers = expected["headers"].as_object().unwrap();
        assert_eq!(request.headers().len(), headers.len(), "{name}");
        for (header, value) in headers {
            assert_eq!(request.headers()[header.as_str()], value.as_str().unwrap(), "{name}");
        }

        let (before, after) = expected["body"].as_str().unwrap().split_once("{ASSERTION}").unwrap();
        let body = std::str::from_utf8(request.body()).unwrap();
        let assertion = body.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap();
        let parts: Vec<&str> = assertion.split('.').collect();
        assert_eq!(decode(parts[0]), case["decoded"]["header"], "{name}");
        assert_eq!(decode(parts[1]), case["decoded"]["claims"], "{name}");

        let reply = br#"{"access_token":"ya29.FAKE","expires_in":3599,"token_type":"Bearer"}"#;
        let token = exchange::accept(StatusCode::OK, &http::HeaderMap::new(), reply, now).unwrap();
        assert_eq!(token.value().expose(), case["result"]["token"].as_str().unwrap(), "{name}");
        assert_eq!(token.expiry().to_string(), case["result"]["expiry"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn header_and_claims() {
    let now: Timestamp = "2026-01-02T03:04:05.999Z".parse().unwrap();
    let key = key().with_audience("http://127.0.0.1:1/token");
    let ask = Ask::new(["b", "a"]).unwrap().on_behalf_of("admin@example.com");
    let unsigned = Assertion::unsigned(&key, &ask, now);
    let (header, claims) = std::str::from_utf8(unsigned.message()).unwrap().split_once('.').unwrap();
    assert_eq!(decode(header), json!({ "typ": "JWT", "alg": "RS256", "kid": "1" }));
    assert_eq!(
        decode(claims),
        json!({
            "iat": 1_767_323_045, "exp": 1_767_326_645, "iss": "service-account@example.com",
            "aud": "http://127.0.0.1:1/token", "scope": "b a", "sub": "admin@example.com",
        })
    );
    assert_eq!(format!("{unsigned:?}"), "Unsigned(…)");
    assert!(!format!("{:?}", unsigned.signed(b"x")).contains("eyJ"));
}

#[tokio::test]
async fn two_other_verifiers_agree() {
    let key = key();
    let unsigned = Assertion::unsigned(&key, &ask(), now());
    let signature = Rs256::new(&key).unwrap().sign(unsigned.message(), &[0; 32]).await.unwrap();
    assert_eq!(signature.len(), 256);

    let parts = pair().public_key().to_components();
    ring::signature::RsaPublicKeyComponents { n: parts.n, e: parts.e }
        .verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, unsigned.message(), &signature)
        .unwrap();

    let options = VerificationOptions {
        artificial_time: Some(jwt_simple::prelude::UnixTimeStamp::from_secs(1_767_323_046)),
        required_key_id: Some("1".to_owned()),
        ..VerificationOptions::default()
    };
    let assertion = unsigned.signed(&signature);
    let claims = pair()
        .public_key()
        .verify_token::<NoCustomClaims>(assertion.compact().expose(), Some(options))
        .unwrap();
    assert_eq!(claims.invalid_before, None);
    assert_eq!(claims.issuer.as_deref(), Some("service-account@example.com"));
}

#[tokio::test]
async fn signatures_do_not_depend_on_the_seed() {
    let key = key();
    let signer = Rs256::new(&key).unwrap();
    let unsigned = Assertion::unsigned(&key, &ask(), now());
    let one = signer.sign(unsigned.message(), &[0; 32]).await.unwrap();
    let two = Signer::sign(&&signer, unsigned.message(), &[1; 32]).await.unwrap();
    assert_eq!(one, two);
}

#[tokio::test]
async fn nothing_but_assertions_of_the_key_is_signed() {
    let key = key();
    let signer = Rs256::new(&key).unwrap();
    let text = |header: &str, claims: &str| {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    };
    for message in [
        String::new(),
        "a.b".to_owned(),
        text(r#"{"alg":"RS256","kid":"2","typ":"JWT"}"#, r#"{"iat":1}"#),
        text(r#"{"alg":"none","kid":"1","typ":"JWT"}"#, r#"{"iat":1}"#),
        text(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#, r#"{ "iat":1}"#),
        text(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#, "[]"),
        format!("{}.x", text(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#, r#"{"iat":1}"#)),
    ] {
        assert_eq!(
            signer.sign(message.as_bytes(), &[0; 32]).await,
            Err(SignError::NotAnAssertion),
            "{message}"
        );
    }
}

#[test]
fn the_request_goes_where_the_key_says() {
    let key = key().with_token_uri("http://127.0.0.1:8080/token").unwrap();
    let request = exchange::request(&key, &Assertion::unsigned(&key, &ask(), now()).signed(b"signature"));
    assert_eq!(
        (request.method(), request.uri().to_string()),
        (&Method::POST, "http://127.0.0.1:8080/token".into())
    );
    let form: Vec<_> = form_urlencoded::parse(request.body()).collect();
    assert_eq!(form[0].0, "assertion");
    assert!(form[0].1.ends_with(".c2lnbmF0dXJl"));
    assert_eq!(form[1], ("grant_type".into(), GRANT_TYPE.into()));
}
