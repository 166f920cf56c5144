//! Every refusal of the token endpoint that is documented or was met in the field, told apart.

use std::collections::HashSet;

use http::{HeaderMap, StatusCode};
use people_auth::Misconfigured as M;
use people_auth::{TokenError, exchange};
use serde_json::json;

use crate::support::now;

fn answer(status: u16, body: &str) -> TokenError {
    let status = StatusCode::from_u16(status).unwrap();
    exchange::accept(status, &HeaderMap::new(), body.as_bytes(), now()).unwrap_err()
}

fn refusal(status: u16, error: &str, description: &str) -> TokenError {
    answer(status, &json!({ "error": error, "error_description": description }).to_string())
}

const CONFIGURATION: [(&str, &str, M); 28] = [
    ("invalid_grant", "Invalid JWT Signature.", M::Signature),
    ("invalid_grant", "Not a valid email", M::Subject),
    ("invalid_grant", "Not a valid email or user ID.", M::Subject),
    ("invalid_grant", "Invalid email or User ID", M::Subject),
    ("invalid_request", "Invalid impersonation prn email address.", M::Subject),
    ("invalid_grant", "Invalid grant: account not found", M::AccountUnknown),
    ("invalid_grant", "The account has been deleted", M::AccountDeleted),
    ("invalid_grant", "Invalid JWT: Failed audience check.", M::Audience),
    ("invalid_grant", "Invalid JWT: No valid verifier found for issuer.", M::Issuer),
    ("invalid_grant", "reauth related error (invalid_rapt)", M::Reauthentication),
    ("invalid_grant", "Bad Request", M::Grant),
    ("invalid_grant", "", M::Grant),
    ("invalid_scope", "Empty or missing scope not allowed.", M::ScopeMissing),
    ("invalid_scope", "Invalid OAuth scope or ID token audience provided.", M::Scope),
    (
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the \
         scopes requested.",
        M::Delegation,
    ),
    ("unauthorized_client", "Unauthorized client or scope in request.", M::Delegation),
    ("access_denied", "Requested client not authorized.", M::AccessDenied),
    ("access_denied", "anything", M::AccessDenied),
    ("access_denied", "Account restricted", M::AccountRestricted),
    ("admin_policy_enforced", "", M::AdminPolicy),
    ("org_internal", "", M::OrganisationOnly),
    ("disabled_client", "The OAuth client was disabled.", M::ClientDisabled),
    ("deleted_client", "The OAuth client was deleted.", M::ClientDeleted),
    ("invalid_client", "The OAuth client was not found.", M::ClientInvalid),
    ("invalid_account", "Forbidden", M::AccountForbidden),
    ("invalid_request", "", M::Request),
    ("unsupported_grant_type", "Invalid grant_type", M::GrantType),
    ("INVALID_GRANT_IS_CASE_SENSITIVE", "", M::Grant),
];

#[test]
fn configuration_is_told_by_error_and_description_whatever_the_status() {
    let (last, known) = CONFIGURATION.split_last().unwrap();
    for (error, description, expected) in known {
        for status in [400, 401, 403, 500] {
            let found = refusal(status, error, description);
            assert_eq!(found, TokenError::Configuration(*expected), "{status} {error}: {description}");
            assert!(!found.is_retryable());
        }
    }
    assert_eq!(
        refusal(400, last.0, last.1),
        TokenError::Other { status: 400, error: Some(last.0.to_owned()) }
    );
}

#[test]
fn every_hint_is_its_own() {
    let kinds: HashSet<M> = CONFIGURATION.iter().map(|(_, _, kind)| *kind).collect();
    assert_eq!(kinds.len(), 21, "a kind is missing from the table");
    let hints: HashSet<&str> = kinds.iter().map(|kind| kind.hint()).collect();
    let texts: HashSet<String> = kinds.iter().map(ToString::to_string).collect();
    assert_eq!((hints.len(), texts.len()), (21, 21));
    assert!(hints.iter().all(|hint| hint.ends_with('.')));
}

#[test]
fn the_clock() {
    for description in [
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and \
         exp values in the JWT claim.",
        "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe. Check your iat and exp values and \
         use a clock with skew to account for clock differences between systems.",
    ] {
        assert_eq!(refusal(400, "invalid_grant", description), TokenError::ClockSkew { ahead: None });
    }
}

#[test]
fn what_passes_by_itself() {
    for (error, description) in [
        ("internal_failure", "Backend Error"),
        ("server_error", ""),
        ("temporarily_unavailable", ""),
        ("error", "internal_failure"),
    ] {
        let found = refusal(400, error, description);
        assert_eq!(found, TokenError::Retry { status: 400, after: None }, "{error}");
        assert!(found.is_retryable());
    }
    for status in [408, 429, 500, 502, 503, 504] {
        for body in
            ["", "<html>", r#"{"error":"unheard_of"}"#, r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#]
        {
            assert_eq!(answer(status, body), TokenError::Retry { status, after: None }, "{body}");
        }
    }
}

#[test]
fn the_unknown_is_told_without_repeating_it() {
    let other = |error: Option<&str>| TokenError::Other { status: 403, error: error.map(str::to_owned) };
    assert_eq!(refusal(403, "brand_new", "for ada@example.com"), other(Some("brand_new")));
    assert_eq!(refusal(403, "ada@example.com", ""), other(None));
    assert_eq!(refusal(403, &"x".repeat(41), ""), other(None));
    assert_eq!(
        answer(403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#),
        other(Some("PERMISSION_DENIED"))
    );
    assert_eq!(answer(403, "no JSON"), other(None));
    assert_eq!(answer(403, r#"{"error":5}"#), other(None));
}

#[test]
fn no_description_is_carried() {
    for error in ["invalid_grant", "unauthorized_client", "access_denied", "unheard_of", "server_error"] {
        let found = refusal(400, error, "no ada@example.com here");
        assert!(!format!("{found} {found:?} {}", found.hint()).contains("ada@"), "{error}");
    }
}
