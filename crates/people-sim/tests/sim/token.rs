//! The JWT bearer grant: what it takes, and how it refuses the rest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use people_sim::Sim;
use serde_json::{Value, json};

use crate::support::{Assertion, ask_token, client, json_of, options};

async fn refused(sim: &Sim, assertion: &str) -> (u16, String, String) {
    let reply = ask_token(&client(), sim.urls(), assertion).await;
    let status = reply.status().as_u16();
    let body = json_of(reply).await;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (status, text("error"), text("error_description"))
}

#[tokio::test]
async fn a_good_assertion_earns_a_token_dated_by_the_virtual_clock() {
    let sim = Sim::start(options()).await.unwrap();
    let pem = sim.key_pem();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    for aud in [sim.urls().token_uri.as_str(), "https://oauth2.googleapis.com/token"] {
        let assertion = Assertion { aud: aud.to_owned(), ..Assertion::of(&sim) }.sign();
        let reply = ask_token(&client(), sim.urls(), &assertion).await;
        assert_eq!(reply.status(), 200);
        assert!(reply.headers()["date"].to_str().unwrap().starts_with("Wed, 01 Apr 2026 08:00:"));
        let body = json_of(reply).await;
        assert!(body["access_token"].as_str().unwrap().starts_with("ya29."));
        assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(3599), &json!("Bearer")));
    }
    let calls = sim.calls(0);
    assert!(calls.iter().all(|call| call.api == "token" && call.op == "token" && call.effect));
}

#[tokio::test]
async fn bent_claims_are_refused_as_google_does() {
    let sim = Sim::start(options()).await.unwrap();
    let good = || Assertion::of(&sim);
    let iat = good().iat;
    let other = people_sim::generate_key_pem().unwrap();
    let cases = [
        (
            Assertion { iss: "x@y.z".into(), ..good() },
            400,
            "invalid_grant",
            "Invalid grant: account not found",
        ),
        (Assertion { pem: other, ..good() }, 400, "invalid_grant", "Invalid JWT Signature."),
        (Assertion { kid: Some("f00".into()), ..good() }, 400, "invalid_grant", "Invalid JWT Signature."),
        (Assertion { life: 3901, ..good() }, 400, "invalid_grant", "short-lived token (60 minutes)"),
        (Assertion { life: 0, ..good() }, 400, "invalid_grant", "short-lived token (60 minutes)"),
        (Assertion { iat: iat + 400, ..good() }, 400, "invalid_grant", "short-lived token (60 minutes)"),
        (Assertion { iat: iat - 3700, ..good() }, 400, "invalid_grant", "short-lived token (60 minutes)"),
        (Assertion { aud: "https://a.b/".into(), ..good() }, 400, "invalid_grant", "Failed audience check."),
        (Assertion { scope: None, ..good() }, 400, "invalid_scope", "Empty or missing scope not allowed."),
        (Assertion { scope: Some(" ".into()), ..good() }, 400, "invalid_scope", "Empty or missing scope"),
        (Assertion { scope: Some("a,b".into()), ..good() }, 400, "invalid_scope", "Invalid OAuth scope"),
        (
            Assertion { sub: Some("a@b.c".into()), ..good() },
            401,
            "unauthorized_client",
            "Client is unauthorized",
        ),
    ];
    for (assertion, status, error, text) in cases {
        let got = refused(&sim, &assertion.sign()).await;
        assert_eq!((got.0, got.1.as_str()), (status, error), "{text}");
        assert!(got.2.contains(text), "{} / {text}", got.2);
    }
    for skewed in [
        Assertion { iat: iat + 200, ..good() },
        Assertion { life: 3900, ..good() },
        Assertion { kid: None, ..good() },
    ] {
        assert_eq!(refused(&sim, &skewed.sign()).await.0, 200);
    }
    assert_eq!(refused(&sim, "not.a").await.2, "Invalid JWT Signature.");
    assert_eq!(refused(&sim, "").await.2, "Invalid JWT Signature.");
}

#[tokio::test]
async fn a_changed_payload_or_algorithm_breaks_the_signature() {
    let sim = Sim::start(options()).await.unwrap();
    let signed = Assertion::of(&sim).sign();
    let parts: Vec<&str> = signed.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["scope"] = json!("openid");
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for bad in [
        format!("{}.{claims}.{}", parts[0], parts[2]),
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
    ] {
        assert_eq!(refused(&sim, &bad).await.2, "Invalid JWT Signature.");
    }
}

#[tokio::test]
async fn delegation_admits_a_subject_and_other_grants_are_not_known() {
    let sim = Sim::start(people_sim::SimOptions { delegation: true, ..options() }).await.unwrap();
    let assertion = Assertion { sub: Some("admin@example.com".into()), ..Assertion::of(&sim) };
    assert_eq!(refused(&sim, &assertion.sign()).await.0, 200);
    let post =
        client().post(&sim.urls().token_uri).body("grant_type=authorization_code").send().await.unwrap();
    assert_eq!(json_of(post).await["error"], "unsupported_grant_type");
    let get = client().get(&sim.urls().token_uri).send().await.unwrap();
    assert_eq!(get.status(), 404);
}
