//! Documents and answers that will not do: each is refused with what to do, and none of it is quoted.

use people_auth::credentials::{FlowError, Next, Step, SubjectFault};
use people_auth::{Allowed, Credentials};
use people_model::time::SignedDuration;
use serde_json::json;

use crate::machine::{Machine, SUBJECT, ask, external, imp, parse, reply, sts};
use crate::support::now;

#[test]
fn subject_tokens_that_are_none() {
    let text = parse(&external(json!({"url": "https://issuer.example/t"}), false));
    for (body, fault) in
        [("", SubjectFault::Empty), (" \n", SubjectFault::Empty), ("a\nb", SubjectFault::Empty)]
    {
        let mut machine = Machine::answering(vec![reply(200, &json!(body))]);
        assert_eq!(machine.drive(&text, &ask()).unwrap_err(), FlowError::Subject(fault), "{body:?}");
    }
    let source = json!({"url": "https://issuer.example/t", "format": {"type": "json", "subject_token_field_name": "t"}});
    let in_json = parse(&external(source, false));
    for (body, fault) in [
        (json!("no json"), SubjectFault::NotJson),
        (json!({"u": 1}), SubjectFault::NoField("t".into())),
        (json!({"t": 1}), SubjectFault::NoField("t".into())),
        (json!({"t": " "}), SubjectFault::Empty),
    ] {
        let mut machine = Machine::answering(vec![reply(200, &body)]);
        assert_eq!(machine.drive(&in_json, &ask()).unwrap_err(), FlowError::Subject(fault), "{body:?}");
        assert_eq!(machine.sent.len(), 1);
    }
    let away = Machine::answering(vec![reply(302, &json!(""))]).drive(&text, &ask()).unwrap_err();
    assert!(away.to_string().contains("HTTP 302"), "{away}");
}

#[test]
fn refusals_say_what_to_do_and_quote_nothing() {
    let credentials = parse(&external(json!({"url": "https://issuer.example/t"}), true));
    let subject = || reply(200, &json!(SUBJECT));
    let oauth = |error: &str, text: &str| json!({"error": error, "error_description": format!("{text} ada@example.com")});
    let rpc = |status: &str, text: &str| json!({"error": {"code": 1, "status": status, "message": format!("{text} ada@example.com")}});
    for (answers, retry, says) in [
        (vec![subject(), reply(400, &oauth("invalid_target", "x"))], false, "Check `audience`"),
        (
            vec![subject(), reply(400, &oauth("invalid_grant", "ID Token issued at 1 is stale"))],
            false,
            "has expired",
        ),
        (vec![subject(), reply(403, &oauth("unauthorized_client", "x"))], false, "attribute condition"),
        (vec![subject(), reply(503, &json!(""))], true, "Try again"),
        (
            vec![subject(), sts(), reply(403, &rpc("PERMISSION_DENIED", "x"))],
            false,
            "roles/iam.workloadIdentityUser",
        ),
        (
            vec![subject(), sts(), reply(403, &rpc("PERMISSION_DENIED", "API has not been used in"))],
            false,
            "Enable the IAM",
        ),
        (vec![subject(), sts(), reply(404, &rpc("NOT_FOUND", "x"))], false, "deleted"),
        (vec![subject(), sts(), reply(400, &rpc("INVALID_ARGUMENT", "x"))], false, "token_lifetime_seconds"),
        (vec![subject(), sts(), reply(500, &rpc("UNAVAILABLE", "x"))], true, "Try again"),
        (vec![subject(), sts(), reply(200, &json!({"accessToken": "x"}))], false, "holds nothing usable"),
        (vec![reply(403, &json!("no"))], false, "credential_source.url"),
    ] {
        let error = Machine::answering(answers).drive(&credentials, &ask()).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(says), "{says}: {shown}");
        assert!(
            !shown.contains("ada@") && !shown.contains("SIMULATED") && !shown.contains("ya29"),
            "{shown}"
        );
        assert_eq!(error.is_retryable(), retry, "{shown}");
    }
}

#[test]
fn documents_that_are_none_of_these() {
    let parse =
        |text: &str| Credentials::parse(text.as_bytes(), &Allowed::default()).unwrap_err().to_string();
    for (text, says) in [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("{}", "no `type`"),
        (r#"{"type":"authorized_user"}"#, "a person's own credential"),
        (r#"{"type":"gdch_service_account"}"#, "gdch_service_account; use service_account, external_account"),
        (r#"{"type":"s3cret!"}"#, "unknown"),
        (r#"{"type":"external_account"}"#, "`audience`"),
        (r#"{"type":"impersonated_service_account"}"#, "`service_account_impersonation_url`"),
    ] {
        assert!(parse(text).contains(says), "{text}: {}", parse(text));
    }
    for (source, says) in [
        (json!({}), "exactly one"),
        (json!({"file": "a", "url": "https://b.example/"}), "exactly one"),
        (json!({"certificate": {}}), "certificate"),
        (json!({"file": "a", "format": {"type": "xml"}}), "format.type"),
        (json!({"file": "a", "format": {"type": "json"}}), "subject_token_field_name"),
        (json!({"url": "https://b.example/", "headers": {"Host": "c.example"}}), "headers"),
        (json!({"url": "https://b.example/", "headers": {"a": "b\r\nc"}}), "headers"),
    ] {
        let shown = parse(&external(source.clone(), false).to_string());
        assert!(shown.contains(says), "{source}: {shown}");
    }
    let mut document = external(json!({"file": "a"}), false);
    document["workforce_pool_user_project"] = json!("p");
    assert!(parse(&document.to_string()).contains("workforce pools only"));
}

#[test]
fn nothing_secret_is_shown() {
    let mut document =
        external(json!({"url": "https://b.example/t", "headers": {"Authorization": "hush-header"}}), true);
    document["client_id"] = json!("id");
    let credentials = parse(&document);
    let ask = ask();
    let mut flow = credentials.flow(&ask).unwrap();
    let Next::Step(Step::Send(request)) = flow.next(now()).unwrap() else { panic!("a request") };
    let shown = format!("{credentials:?} {flow:?} {:?}", request.headers());
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("sts.googleapis.com"), "{shown}");
    assert_eq!(SignedDuration::from_secs(3600), imp_life());
}

fn imp_life() -> SignedDuration {
    let credentials = parse(&external(json!({"url": "https://b.example/t"}), true));
    let answers = vec![reply(200, &json!(SUBJECT)), sts(), imp()];
    Machine::answering(answers).drive(&credentials, &ask()).unwrap().left(now())
}
