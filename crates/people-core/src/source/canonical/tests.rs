//! Canonical events, as anybody may send them.

use people_model::EventKind;
use serde_json::{Value, json};

use crate::source::Piece;
use crate::source::tests::{OPEN, at, broken, event, source, split};

#[test]
fn canonical_events_come_alone_in_a_list_or_under_events() {
    let source = source(OPEN);
    let one = json!({"type": "hire", "effectiveDate": "2026-04-01", "occurredAt": "2026-03-01T00:00:00Z",
        "worker": {"id": 7, "givenName": "Ana", "timezone": "Europe/Lisbon", "email": ""}});
    for body in [one.clone(), json!([one]), json!({"events": [one]})] {
        let pieces = split(&source, &body);
        let event = event(&pieces[0]);
        assert_eq!((pieces.len(), event.kind, event.worker.id.as_str()), (1, EventKind::Hire, "7"));
        assert_eq!(
            (event.worker.email.as_deref(), event.worker.timezone.as_deref()),
            (None, Some("Europe/Lisbon"))
        );
    }
}

#[test]
fn scenario_46_what_is_unknown_is_ignored_and_what_is_wrong_names_the_field() {
    let source = source(OPEN);
    let pieces = split(
        &source,
        &json!([
            {"type": "promotion", "worker": {"id": "1"}},
            {"type": "change", "version": 9, "worker": {"id": "1", "shoeSize": 44, "workflowId": "x", "password": "p"}},
            {"type": "change", "worker": {"id": "1", "title": {"a": "Secret Person"}}},
            {"type": "leave", "worker": {"id": "1"}},
            {"type": "leave", "effectiveDate": "14.05.2026", "worker": {"id": "1"}},
            {"type": "change", "worker": {"id": " "}},
            {"type": "change", "worker": {"id": "1", "timezone": "Mars/Base"}},
            {"type": "change", "occurredAt": "yesterday", "worker": {"id": "1"}},
            {"type": 3, "worker": {"id": "1"}},
            {"type": "change"},
            "text",
            {"type": "hire", "worker": {"id": "1", "hireDate": "2026-04-01"}},
        ]),
    );
    assert!(matches!(pieces[0], Piece::Ignored(_)));
    assert!(event(&pieces[1]).worker.profile.is_empty());
    let rules = [
        "worker.title",
        "effectiveDate",
        "effectiveDate",
        "worker.id",
        "worker.timezone",
        "occurredAt",
        "type",
        "worker",
        "body",
    ];
    for (piece, rule) in pieces[2..11].iter().zip(rules) {
        assert_eq!(broken(piece), rule);
        assert!(!format!("{piece:?}").contains("Secret Person"));
    }
    assert_eq!(event(&pieces[11]).effective_date.unwrap().to_string(), "2026-04-01");
}

#[test]
fn scenario_43_null_and_empty_follow_the_rule_of_the_member() {
    let body = json!({"type": "change", "worker": {"id": "1", "title": null, "department": "", "givenName": null, "familyName": ""}});
    let open = source(OPEN);
    let by_default = split(&open, &body);
    assert_eq!(
        Value::from(event(&by_default[0]).worker.profile.clone()),
        json!({"title": null, "department": ""})
    );
    let kept = source(&format!("{OPEN}empty = {{ default = \"keep\", department = \"clear\" }}"));
    let kept = split(&kept, &body);
    assert_eq!(Value::from(event(&kept[0]).worker.profile.clone()), json!({"department": ""}));
}

#[test]
fn scenario_42_an_empty_address_is_no_address() {
    let pieces = split(
        &source(OPEN),
        &json!({"events": [
        {"type": "change", "worker": {"id": "1", "email": ""}},
        {"type": "change", "worker": {"id": "2", "email": null}}]}),
    );
    assert!(pieces.iter().all(|piece| event(piece).worker.email.is_none()));
}

#[test]
fn the_envelope_of_the_standard_may_hold_a_canonical_event() {
    let source = source(
        "kind = \"standard-webhooks\"\nsecrets = [{ env = \"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\" }]",
    );
    let wrapped = json!({"type": "leave", "timestamp": "2026-03-01T00:00:00Z", "data": {"effectiveDate": "2026-03-31", "worker": {"id": "1"}}});
    let pieces = split(&source, &wrapped);
    assert_eq!(event(&pieces[0]).occurred_at, Some(at("2026-03-01T00:00:00Z")));
    let other = split(
        &source,
        &json!({"type": "invoice.paid", "timestamp": "2026-03-01T00:00:00Z", "data": {"id": 1}}),
    );
    assert!(matches!(other[0], Piece::Ignored(_)));
}
