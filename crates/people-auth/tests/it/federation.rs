//! Every kind of credentials, driven by hand: the recorded exchanges of Google's Python library request for request, and what goes wrong.

use bytes::Bytes;
use http::{Request, Response};
use people_auth::credentials::{FlowError, Party, metadata};
use people_auth::{Allowed, Ask, Credentials, CredentialsError, Token};
use serde_json::{Value, json};

use crate::machine::{
    EMAIL, JSON_FILE, Machine, SUBJECT, ask, external, imp, impersonation, parse, reply, sts,
};
use crate::support::{key_file, now, pair, vectors};

/// The recorded answers of a case; `[status, body]` or `[status, body, headers]`, where only ours needs the flavour.
fn answers(case: &Value) -> Vec<Response<Bytes>> {
    let one = |answer: &Value| reply(answer[0].as_u64().unwrap().try_into().unwrap(), &answer[1]);
    case["answers"].as_array().unwrap().iter().map(one).collect()
}

fn same_requests(case: &Value, sent: &[Request<Bytes>]) {
    let name = &case["name"];
    let recorded = case["requests"].as_array().unwrap();
    assert_eq!(sent.len(), recorded.len(), "{name}");
    for (ours, theirs) in sent.iter().zip(recorded) {
        assert_eq!(ours.method().as_str(), theirs["method"], "{name}");
        assert_eq!(ours.uri().to_string(), theirs["url"].as_str().unwrap(), "{name}");
        let headers = theirs["headers"].as_object().unwrap();
        assert_eq!(ours.headers().len(), headers.len(), "{name}: {:?}", ours.headers());
        for (header, value) in headers {
            assert_eq!(ours.headers()[header].to_str().unwrap(), value.as_str().unwrap(), "{name}: {header}");
        }
        let body = std::str::from_utf8(ours.body()).unwrap();
        assert_eq!(body, theirs["body"].as_str().unwrap_or_default(), "{name}");
    }
}

fn same_result(case: &Value, outcome: &Result<Token, FlowError>) {
    let (name, result) = (&case["name"], &case["result"]);
    match outcome {
        Ok(token) => {
            assert_eq!(result["ok"], true, "{name}");
            assert_eq!(token.value().expose(), result["token"].as_str().unwrap(), "{name}");
            assert_eq!(token.expiry().to_string(), result["expiry"].as_str().unwrap(), "{name}");
        }
        Err(error) => assert_eq!(result["ok"], false, "{name}: {error}"),
    }
}

#[test]
fn federation_sends_what_the_python_library_sends() {
    let Some(vectors) = vectors("google-auth/external_account.json") else { return };
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 9, "{}", cases.len());
    for case in cases {
        let mut config = case["config"].clone();
        config["credential_source"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let credentials = parse(&config);
        let scopes: Vec<&str> =
            case["scopes"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        let mut machine = Machine::answering(answers(case));
        let outcome = machine.drive(&credentials, &Ask::new(scopes).unwrap());
        same_requests(case, &machine.sent);
        same_result(case, &outcome);
    }
}

#[test]
fn the_metadata_server_is_asked_as_the_python_library_asks() {
    let Some(vectors) = vectors("google-auth/metadata_server.json") else { return };
    let credentials = Credentials::metadata(&Allowed::default()).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        // Where nobody names scopes the library asks for those that the server tells; we always name them.
        let scopes = case["scopes"].as_array().or(case["answers"][0][1]["scopes"].as_array());
        let scopes: Vec<&str> = match scopes {
            Some(scopes) => scopes.iter().map(|s| s.as_str().unwrap()).collect(),
            None => vec![EMAIL],
        };
        let mut all = answers(case);
        if all[0].status() == 503 {
            all = (0..5).map(|_| reply(503, &json!("x"))).collect();
        }
        let mut machine = Machine::answering(all);
        let outcome = machine.drive(&credentials, &Ask::new(scopes).unwrap());
        same_requests(case, &machine.sent);
        same_result(case, &outcome);
        let slept: Vec<i64> =
            case["sleeps_nominal_s"].as_array().unwrap().iter().map(|s| s.as_f64().unwrap() as i64).collect();
        assert_eq!(machine.waited, slept, "{}", case["name"]);
    }
}

#[test]
fn self_signed_claims_are_those_of_the_python_library() {
    let Some(vectors) = vectors("google-auth/self_signed_jwt.json") else { return };
    for case in vectors["cases"].as_array().unwrap() {
        let claims = &case["decoded"]["claims"];
        let scope = claims["scope"].as_str().map(|scope| Ask::new(scope.split(' ')).unwrap());
        let reach = match &scope {
            Some(ask) => people_auth::Reach::Scope(ask),
            None => people_auth::Reach::Audience(claims["aud"].as_str().unwrap()),
        };
        let unsigned = people_auth::Assertion::self_signed(&crate::support::key(), reach, now());
        let text = std::str::from_utf8(unsigned.message()).unwrap();
        let part = |n: usize| -> Value {
            use base64::Engine;
            let part = text.split('.').nth(n).unwrap();
            serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap())
                .unwrap()
        };
        assert_eq!((part(0), part(1)), (case["decoded"]["header"].clone(), claims.clone()));
    }
}

#[test]
fn the_patience_with_the_metadata_server_is_a_function() {
    let delays: Vec<_> = (0..8).map(|tries| metadata::delay(tries).map(|delay| delay.as_secs())).collect();
    assert_eq!(delays, [None, Some(1), Some(2), Some(4), Some(8), None, None, None]);
    let credentials = Credentials::metadata(&Allowed::default()).unwrap();
    let mut machine = Machine::default();
    let error = machine.drive(&credentials, &ask()).unwrap_err();
    assert_eq!(error, FlowError::Lost { at: Party::Metadata, why: "nobody there".into() });
    assert_eq!((machine.sent.len(), machine.waited), (5, vec![1, 2, 4, 8]));
}

#[test]
fn somebody_else_in_the_place_of_the_metadata_server_is_noticed() {
    let credentials = Credentials::metadata(&Allowed::default()).unwrap();
    let fake = Response::new(Bytes::from_static(b"{\"email\":\"a@b\"}"));
    let error = Machine::answering(vec![fake]).drive(&credentials, &ask()).unwrap_err();
    assert_eq!(error, FlowError::Unreadable { at: Party::Metadata });
    let mut machine = Machine { env: vec![("GCE_METADATA_HOST", "evil.example")], ..Machine::default() };
    assert!(matches!(machine.drive(&credentials, &ask()), Err(FlowError::Unable { .. })));
    assert!(machine.sent.is_empty());
    let mut machine = Machine { env: vec![("GCE_METADATA_HOST", "127.0.0.1:9")], ..Machine::default() };
    let _ = machine.drive(&credentials, &ask());
    assert!(machine.urls()[0].starts_with("GET http://127.0.0.1:9/computeMetadata/"), "{:?}", machine.urls());
}

#[test]
fn amazons_proof_is_the_python_librarys_byte_for_byte() {
    const METADATA: &str = "http://169.254.169.254/latest";
    // What google-auth 2.62.2 makes of the same answers at the same time.
    const EXPECTED: &str = "%7B%22headers%22%3A%5B%7B%22key%22%3A%22Authorization%22%2C%22value%22%3A%22AWS4-HMAC-SHA256%20Credential%3DAKIAIOSFODNN7EXAMPLE/20260102/us-east-2/sts/aws4_request%2C%20SignedHeaders%3Dhost%3Bx-amz-date%3Bx-amz-security-token%2C%20Signature%3Dbd0477b5f42fe01b2e367f6b36637c2febad4e1a8e25287a1822742122a4314b%22%7D%2C%7B%22key%22%3A%22host%22%2C%22value%22%3A%22sts.us-east-2.amazonaws.com%22%7D%2C%7B%22key%22%3A%22x-amz-date%22%2C%22value%22%3A%2220260102T030405Z%22%7D%2C%7B%22key%22%3A%22x-amz-security-token%22%2C%22value%22%3A%22SESSION/%2B%3D%22%7D%2C%7B%22key%22%3A%22x-goog-cloud-target-resource%22%2C%22value%22%3A%22//iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/POOL_ID/providers/PROVIDER_ID%22%7D%5D%2C%22method%22%3A%22POST%22%2C%22url%22%3A%22https%3A//sts.us-east-2.amazonaws.com%3FAction%3DGetCallerIdentity%26Version%3D2011-06-15%22%7D";
    let keys = json!({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Token": "SESSION/+="});
    let answers = vec![
        reply(200, &json!("IMDS")),
        reply(200, &json!("us-east-2b")),
        reply(200, &json!("a-role")),
        reply(200, &keys),
        sts(),
    ];
    let mut machine = Machine::answering(answers);
    let credentials = parse(&external(aws(), false));
    assert_eq!(machine.drive(&credentials, &ask()).unwrap().value().expose(), "ya29.STS");
    let urls = [
        format!("PUT {METADATA}/api/token"),
        format!("GET {METADATA}/meta-data/placement/availability-zone"),
        format!("GET {METADATA}/meta-data/iam/security-credentials"),
        format!("GET {METADATA}/meta-data/iam/security-credentials/a-role"),
        "POST https://sts.googleapis.com/v1/token".to_owned(),
    ];
    assert_eq!(machine.urls(), urls);
    assert_eq!(machine.sent[0].headers()["x-aws-ec2-metadata-token-ttl-seconds"], "300");
    assert!(machine.sent[1..4].iter().all(|sent| sent.headers()["x-aws-ec2-metadata-token"] == "IMDS"));
    let form: Vec<(String, String)> = form_urlencoded::parse(machine.sent[4].body()).into_owned().collect();
    assert_eq!(form.iter().find(|(name, _)| name == "subject_token").unwrap().1, EXPECTED);

    // The environment goes first, and then nobody is asked.
    let env = vec![
        ("AWS_DEFAULT_REGION", "us-east-2"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "SESSION/+="),
    ];
    let mut machine = Machine { env, ..Machine::answering(vec![sts()]) };
    machine.drive(&credentials, &ask()).unwrap();
    let form: Vec<(String, String)> = form_urlencoded::parse(machine.sent[0].body()).into_owned().collect();
    assert_eq!(form.iter().find(|(name, _)| name == "subject_token").unwrap().1, EXPECTED);

    let none = Machine::answering(vec![reply(200, &json!("IMDS")), reply(401, &json!(""))])
        .drive(&credentials, &ask());
    assert!(
        none.unwrap_err().to_string().contains("Amazon's instance metadata service refused with HTTP 401")
    );
}

fn aws() -> Value {
    json!({
        "environment_id": "aws1",
        "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
        "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
        "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        "imdsv2_session_token_url": "http://169.254.169.254/latest/api/token",
    })
}

#[test]
fn amazons_documents_are_checked() {
    for (member, value) in [
        ("environment_id", "aws2"),
        ("environment_id", "azure1"),
        ("region_url", "http://169.254.169.254.evil.example/"),
        ("url", "http://evil.example/keys"),
        ("imdsv2_session_token_url", "https://evil.example/"),
        ("regional_cred_verification_url", "https://sts.{region}.evil.example?Action=GetCallerIdentity"),
        ("regional_cred_verification_url", "http://sts.{region}.amazonaws.com?Action=GetCallerIdentity"),
        ("regional_cred_verification_url", "https://x@sts.{region}.amazonaws.com"),
    ] {
        let mut source = aws();
        source[member] = json!(value);
        let document = external(source, false).to_string();
        assert!(Credentials::parse(document.as_bytes(), &Allowed::default()).is_err(), "{member} {value}");
    }
}

#[test]
fn a_chain_of_accounts_is_walked_one_by_one() {
    let document = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": impersonation("last"),
        "delegates": ["projects/-/serviceAccounts/between@p.iam.gserviceaccount.com"],
        "source_credentials": key_file(),
    });
    let credentials = parse(&document);
    assert_eq!(credentials.account(), Some("last@p.iam.gserviceaccount.com"));
    assert_eq!(credentials.kind(), "impersonated_service_account");
    let mut machine = Machine::answering(vec![sts(), imp()]);
    assert_eq!(machine.drive(&credentials, &ask()).unwrap().value().expose(), "ya29.IMP");
    assert_eq!(machine.urls()[1], format!("POST {}", impersonation("last")));
    let body: Value = serde_json::from_slice(machine.sent[1].body()).unwrap();
    let delegates = ["projects/-/serviceAccounts/between@p.iam.gserviceaccount.com"];
    assert_eq!(body, json!({"delegates": delegates, "scope": [EMAIL], "lifetime": "3600s"}));

    // A federated source that acts as one account to act as another.
    let mut document = document;
    document["source_credentials"] = external(
        json!({"file": JSON_FILE, "format": {"type": "json", "subject_token_field_name": "access_token"}}),
        true,
    );
    document["delegates"] = Value::Null;
    let mut machine = Machine::answering(vec![sts(), imp(), imp()]);
    machine.drive(&parse(&document), &ask()).unwrap();
    let to: Vec<String> = machine.urls().split_off(1);
    assert_eq!(to, [format!("POST {}", impersonation("sa")), format!("POST {}", impersonation("last"))]);
    let scope =
        |n: usize| serde_json::from_slice::<Value>(machine.sent[n].body()).unwrap()["scope"][0].clone();
    assert_eq!((scope(1), scope(2)), (json!("https://www.googleapis.com/auth/iam"), json!(EMAIL)));
    assert_eq!(machine.sent[2].headers()["authorization"], "Bearer ya29.IMP");

    for source in [
        json!({"type": "impersonated_service_account"}),
        json!({"type": "authorized_user"}),
        json!({}),
        json!(7),
    ] {
        document["source_credentials"] = source;
        assert!(Credentials::parse(document.to_string().as_bytes(), &Allowed::default()).is_err());
    }
}

#[test]
fn on_behalf_of_a_user_the_account_signs_and_the_token_endpoint_exchanges() {
    let signed = || {
        let claims = jwt_simple::prelude::Claims::create(jwt_simple::prelude::Duration::from_secs(60));
        let jwt = jwt_simple::prelude::RSAKeyPairLike::sign(pair(), claims).unwrap();
        reply(200, &json!({"keyId": "k", "signedJwt": jwt}))
    };
    let user = ask().on_behalf_of("admin@example.com");
    let federated = parse(&external(json!({"url": "https://issuer.example/token"}), true));
    let answers = vec![reply(200, &json!(SUBJECT)), sts(), signed(), sts()];
    let mut machine = Machine::answering(answers);
    machine.drive(&federated, &user).unwrap();
    let sign = impersonation("sa").replace(":generateAccessToken", ":signJwt");
    assert_eq!(
        machine.urls()[2..],
        [format!("POST {sign}"), "POST https://oauth2.googleapis.com/token".to_owned()]
    );
    let body: Value = serde_json::from_slice(machine.sent[2].body()).unwrap();
    let payload: Value = serde_json::from_str(body["payload"].as_str().unwrap()).unwrap();
    let expected = json!({
        "aud": "https://oauth2.googleapis.com/token", "iat": now().as_second(), "exp": now().as_second() + 3600,
        "iss": "sa@p.iam.gserviceaccount.com", "scope": EMAIL, "sub": "admin@example.com",
    });
    assert_eq!(payload, expected);

    let machines_own = Credentials::metadata(&Allowed::default()).unwrap();
    let identity = reply(200, &json!({"email": "vm@p.iam.gserviceaccount.com"}));
    let mut machine = Machine::answering(vec![identity, sts(), signed(), sts()]);
    machine.drive(&machines_own, &user).unwrap();
    assert_eq!(machine.urls()[2], format!("POST {}", sign.replace("sa@", "vm@")));
    assert!(machine.urls()[1].ends_with("cloud-platform"), "{:?}", machine.urls());

    let anonymous = parse(&external(json!({"url": "https://issuer.example/token"}), false));
    assert!(anonymous.is_anonymous());
    assert_eq!(anonymous.flow(&user).unwrap_err(), FlowError::NoDelegation);
}

#[test]
fn a_command_runs_only_where_it_is_allowed_and_never_in_a_shell() {
    let source = json!({"executable": {"command": "/bin/get --for 'a b'; rm", "output_file": "cache.json"}});
    let document = external(source, true).to_string();
    let refused = Credentials::parse(document.as_bytes(), &Allowed::default()).unwrap_err();
    assert_eq!(refused, CredentialsError::ExecutableRefused);
    assert!(refused.to_string().contains("allow_executable"));
    let allowed = Allowed::default().with_executable(true);
    let credentials = Credentials::parse(document.as_bytes(), &allowed).unwrap();
    const GOOD: &str = r#"{"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:id_token","id_token":"T","expiration_time":4000000000}"#;
    let mut machine = Machine { printed: Some(GOOD), ..Machine::answering(vec![sts(), imp()]) };
    machine.drive(&credentials, &ask()).unwrap();
    assert_eq!(machine.ran, [["/bin/get", "--for", "a b;", "rm"]]);
    let mut machine = Machine { files: vec![("cache.json", GOOD)], ..Machine::answering(vec![sts(), imp()]) };
    machine.drive(&credentials, &ask()).unwrap();
    assert!(machine.ran.is_empty());
    let mut machine = Machine { files: vec![("cache.json", "{}")], ..Machine::default() };
    assert!(matches!(machine.drive(&credentials, &ask()), Err(FlowError::Unable { .. })));
    assert_eq!((machine.ran.len(), machine.sent.len()), (1, 0));
}
