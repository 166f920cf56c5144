//! BambooHR's deliveries and records, as they come.

use bytes::Bytes;
use http::{Response, header};
use people_model::verdict::WhyKind;
use people_model::{Event, EventKind, Members};
use serde_json::{Value, json};

use crate::source::tests::{at, broken, delivery, event, source, split};
use crate::source::{BoxedSource, Fetched, Piece};

const PLAIN: &str = "kind = \"bamboohr\"\nsecrets = [{ env = \"k\" }]\n";
const API: &str = "api = { base_url = \"https://acme.bamboohr.com/\", key = { env = \"api-key\" } }\n";
const NOW: &str = "2026-03-02T23:30:00Z";

fn with_api() -> BoxedSource {
    source(&format!("{PLAIN}{API}"))
}

fn notice(id: &str) -> Members {
    json!({ "employeeId": id }).as_object().unwrap().clone()
}

fn fetched(source: &BoxedSource, record: Value) -> Vec<Piece> {
    match source.fetched(&notice("41"), &Response::new(Bytes::from(record.to_string())), at(NOW)) {
        Fetched::Pieces(pieces) => pieces,
        again => panic!("{again:?}"),
    }
}

fn facts(pieces: &[Piece]) -> Vec<(EventKind, Option<String>)> {
    pieces
        .iter()
        .map(event)
        .map(|event| (event.kind, event.effective_date.map(|day| day.to_string())))
        .collect()
}

#[test]
fn scenario_14_and_45_an_event_without_values_is_a_notice() {
    let source = with_api();
    for kind in ["employee.created", "employee.updated"] {
        let pieces = split(
            &source,
            &json!({"type": kind, "timestamp": NOW, "data": {"companyId": "1", "employeeId": 41, "changedFields": ["jobTitle"]}}),
        );
        assert!(
            matches!(&pieces[..], [Piece::Notice { worker, notice: n }] if worker.as_str() == "41" && *n == notice("41"))
        );
    }
    let without =
        split(&self::source(PLAIN), &json!({"type": "employee.updated", "data": {"employeeId": "41"}}));
    assert_eq!(broken(&without[0]), "api");
    assert_eq!(broken(&split(&source, &json!({"type": "employee.updated", "data": {}}))[0]), "employeeId");
}

#[test]
fn scenario_46_other_subjects_are_ignored() {
    for kind in ["company.updated", "company-integrations.updated", "employee.cloned"] {
        assert!(matches!(split(&with_api(), &json!({"type": kind, "data": {}}))[0], Piece::Ignored(_)));
    }
    assert_eq!(broken(&split(&with_api(), &json!({"hello": 1}))[0]), "type");
}

#[test]
fn scenario_36_a_deleted_record_is_no_leaver_and_the_configuration_says_what_it_is() {
    let body = json!({"type": "employee.deleted", "timestamp": "2026-03-02T23:30:00Z", "data": {"employeeId": "41"}});
    let berlin = source(&format!("{PLAIN}timezone = \"Europe/Berlin\""));
    let pieces = split(&berlin, &body);
    assert_eq!(facts(&pieces), [(EventKind::Leave, Some("2026-03-03".to_owned()))]);
    assert_eq!(event(&pieces[0]).reason.as_deref(), Some(Event::DELETED));
    assert!(matches!(split(&source(&format!("{PLAIN}deleted = \"ignore\"")), &body)[0], Piece::Ignored(_)));
    let field_based = split(
        &with_api(),
        &json!({"employees": [{"id": "57", "action": "Deleted", "changedFields": [], "fields": {}}]}),
    );
    assert_eq!(event(&field_based[0]).reason.as_deref(), Some(Event::DELETED));
}

fn field_based() -> Value {
    json!({"employees": [
        {"id": "41", "action": "Updated", "timestamp": "2026-03-02T09:15:00Z", "changedFields": ["Status"], "fields": {
            "Employee #": {"value": "1041"}, "First name": {"value": "Noor"}, "Last Name": {"value": "Haddad"},
            "Status": {"value": "Active"}, "Hire Date": {"value": "2026-04-01"}, "Work Email": {"value": ""},
            "Mobile Phone": {"value": "+49 1"}, "Reporting to": {"value": "Ana Silva"}}},
        {"id": "58", "action": "Created", "changedFields": [], "fields": {}},
        {"id": "59", "changedFields": ["Status"], "fields": {}},
        {"id": "60", "fields": {"Status": {"value": "Inactive"}, "Termination Date": {"value": "2026-03-31"}}},
        {"fields": {"Status": {"value": "Active"}}}]})
}

#[test]
fn values_are_used_where_there_is_nothing_to_fetch_from() {
    let pieces = split(&source(PLAIN), &field_based());
    let first = event(&pieces[0]);
    assert_eq!(facts(&pieces[..1]), [(EventKind::Hire, Some("2026-04-01".to_owned()))]);
    assert_eq!((first.occurred_at, first.worker.email.as_deref()), (Some(at("2026-03-02T09:15:00Z")), None));
    assert_eq!(
        Value::from(first.worker.profile.clone()),
        json!({"givenName": "Noor", "familyName": "Haddad",
        "phoneNumbers": [{"type": "MOBILE", "value": "+49 1"}]})
    );
    assert_eq!(pieces[1], Piece::Ignored("created without fields"));
    assert_eq!(broken(&pieces[2]), "api");
    assert_eq!(facts(&pieces[3..4]), [(EventKind::Leave, Some("2026-03-31".to_owned()))]);
    assert_eq!(broken(&pieces[4]), "map.id");
}

#[test]
fn values_are_completed_where_there_is_an_api() {
    let pieces = split(&with_api(), &field_based());
    assert!(pieces[..4].iter().all(|piece| matches!(piece, Piece::Notice { .. })));
    assert_eq!(broken(&pieces[4]), "employeeId");
}

#[test]
fn a_form_says_the_same_as_json() {
    let form = "employees[41][changedFields][0]=First+Name&employees[41][First+Name]=Robert&employees%5B41%5D%5BStatus%5D=Active&employees[42][First Name]=Ana&x=1&employees[=2";
    let pieces =
        source(PLAIN).split(&delivery("application/x-www-form-urlencoded; charset=utf-8", form.as_bytes()));
    assert_eq!(facts(&pieces), [(EventKind::Change, None), (EventKind::Change, None)]);
    assert_eq!(event(&pieces[0]).worker.profile.get("givenName"), Some(&"Robert".into()));
    assert_eq!(
        broken(&source(PLAIN).split(&delivery("application/x-www-form-urlencoded", b"a=b"))[0]),
        "body"
    );
}

#[test]
fn scenario_49_a_customers_own_names_are_mapped() {
    let map = "[map.fields]\ngivenName = \"values.Vorname\"\nfamilyName = 'fields.\"Nach-Name\".value'\n";
    let body = json!({"employees": [{"id": "41", "fields": {"Vorname": {"value": "Jörg"}, "Nach-Name": {"value": "Groß"}, "Status": {"value": "Active"}}}]});
    let pieces = split(&source(&format!("{PLAIN}{map}")), &body);
    assert_eq!(
        Value::from(event(&pieces[0]).worker.profile.clone()),
        json!({"givenName": "Jörg", "familyName": "Groß"})
    );
    let own = "[map]\ntype = \"'leave' if values.Austritt else 'change'\"\neffectiveDate = \"values.Austritt | date('%d.%m.%Y')\"";
    let body = json!({"employees": [{"id": "41", "fields": {"Austritt": {"value": "31.03.2026"}}}]});
    assert_eq!(
        facts(&split(&source(&format!("{PLAIN}{own}")), &body)),
        [(EventKind::Leave, Some("2026-03-31".to_owned()))]
    );
}

#[test]
fn the_record_is_asked_for_where_the_configuration_says() {
    let request = with_api().fetch(&notice("41/../../x?y")).unwrap();
    let uri = request.uri().to_string();
    assert!(
        uri.starts_with(
            "https://acme.bamboohr.com/api/v1/employees/41%2F..%2F..%2Fx%3Fy?fields=firstName,lastName,"
        ),
        "{uri}"
    );
    assert_eq!(request.headers()[header::AUTHORIZATION], "Basic YXBpLWtleTp4");
    assert_eq!(request.headers()[header::ACCEPT], "application/json");
    assert!(!format!("{request:?}").contains("YXBp"));
    for id in ["", "..", "a\nb"] {
        assert!(with_api().fetch(&notice(id)).is_err());
    }
    let mapped =
        source(&format!("{PLAIN}{API}[map.fields]\ntitle = \"customTitle | upper\"\ndepartment = 'this.x'"));
    let uri = mapped.fetch(&notice("41")).unwrap().uri().to_string();
    assert!(uri.contains(",customTitle") && !uri.contains("this"), "{uri}");
}

#[test]
fn an_active_record_is_a_hire_and_says_that_nobody_leaves() {
    let pieces = fetched(
        &with_api(),
        json!({"id": "41", "firstName": "Noor", "lastName": "Haddad", "workEmail": "noor@example.com",
        "jobTitle": "Nurse", "department": null, "supervisorEId": "7", "location": "Berlin", "mobilePhone": null, "workPhone": "030",
        "hireDate": "2026-04-01", "terminationDate": "0000-00-00", "status": "Active", "division": "x"}),
    );
    assert_eq!(
        facts(&pieces),
        [(EventKind::Hire, Some("2026-04-01".to_owned())), (EventKind::LeaveCancelled, None)]
    );
    let first = event(&pieces[0]);
    assert_eq!((first.occurred_at, first.worker.email.as_deref()), (Some(at(NOW)), Some("noor@example.com")));
    assert_eq!(
        Value::from(first.worker.profile.clone()),
        json!({"givenName": "Noor", "familyName": "Haddad", "title": "Nurse",
        "department": null, "manager": "7", "locations": [{"area": "Berlin"}], "phoneNumbers": [{"type": "WORK", "value": "030"}]})
    );
}

#[test]
fn a_record_tells_who_leaves_and_when() {
    use EventKind::{Change, Hire, Leave, LeaveCancelled};
    let day = |day: &str| Some(day.to_owned());
    let cases = [
        (
            json!({"status": "Active", "hireDate": "2020-01-01", "terminationDate": "2026-05-14"}),
            vec![(Hire, day("2020-01-01")), (Leave, day("2026-05-14"))],
        ),
        (
            json!({"status": "Inactive", "hireDate": "2020-01-01", "terminationDate": "2026-02-28"}),
            vec![(Leave, day("2026-02-28"))],
        ),
        (
            json!({"status": "Inactive", "hireDate": "2020-01-01", "terminationDate": null}),
            vec![(Leave, day("2026-03-02"))],
        ),
        (json!({"status": "Inactive", "hireDate": "2026-09-01"}), vec![(Hire, day("2026-09-01"))]),
        (
            json!({"employmentHistoryStatus": "Terminated", "terminationDate": "2026-02-28"}),
            vec![(Leave, day("2026-02-28"))],
        ),
        // Hired again: the old end counts no more.
        (
            json!({"status": "Active", "hireDate": "2026-04-01", "terminationDate": "2024-01-31"}),
            vec![(Hire, day("2026-04-01")), (LeaveCancelled, None)],
        ),
        (json!({"status": "Active", "hireDate": ""}), vec![(Change, None)]),
        (json!({"firstName": "Noor"}), vec![(Change, None)]),
    ];
    for (mut record, expected) in cases {
        record["id"] = json!("41");
        assert_eq!(facts(&fetched(&with_api(), record.clone())), expected, "{record}");
    }
    let unreadable =
        fetched(&with_api(), json!({"id": "41", "status": "Inactive", "terminationDate": "soon"}));
    assert_eq!(broken(&unreadable[0]), "terminationDate");
}

#[test]
fn scenario_45_what_cannot_be_fetched_now_is_fetched_later_and_is_no_leave() {
    let source = with_api();
    let ask = |status: u16, after: Option<&str>, body: &str| {
        let mut answer = Response::builder().status(status);
        if let Some(after) = after {
            answer = answer.header("retry-after", after);
        }
        match source.fetched(&notice("41"), &answer.body(Bytes::from(body.to_owned())).unwrap(), at(NOW)) {
            Fetched::Again { after_s, why } => (after_s, why.kind),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(404, None, ""), (None, WhyKind::Absent));
    assert_eq!(ask(403, None, ""), (None, WhyKind::Forbidden));
    assert_eq!(ask(401, None, ""), (None, WhyKind::Unauthorized));
    assert_eq!(ask(429, Some("17"), ""), (Some(17), WhyKind::RateLimited));
    assert_eq!(ask(503, Some("Mon, 02 Mar 2026 23:31:00 GMT"), ""), (Some(60), WhyKind::ServerError));
    assert_eq!(ask(503, Some("soon"), ""), (None, WhyKind::ServerError));
    assert_eq!(ask(302, None, ""), (None, WhyKind::BadRequest));
    assert_eq!(ask(200, None, r#"{"error":{"code":429}}"#), (None, WhyKind::RateLimited));
    assert_eq!(ask(200, None, "<html>"), (None, WhyKind::BadAnswer));
    assert_eq!(ask(200, None, r#"{"id":"42","status":"Inactive"}"#), (None, WhyKind::BadAnswer));
}

#[test]
fn telephones_are_those_that_are_there_and_none_where_one_was_removed() {
    let values = [None, Some(Value::Null), Some(json!("")), Some(json!("+49 1"))];
    for mobile in &values {
        for work in &values {
            let mut fields = json!({"Status": {"value": "Active"}});
            for (name, value) in [("Mobile Phone", mobile), ("Work Phone", work)] {
                if let Some(value) = value {
                    fields[name] = json!({"value": value});
                }
            }
            let numbers: Vec<Value> = [("MOBILE", mobile), ("WORK", work)]
                .into_iter()
                .filter(|(_, value)| {
                    value.as_ref().and_then(Value::as_str).is_some_and(|text| !text.is_empty())
                })
                .map(|(kind, value)| json!({"type": kind, "value": value}))
                .collect();
            let said = mobile.is_some() || work.is_some();
            let expected = if numbers.is_empty() { Value::Null } else { Value::Array(numbers) };
            let pieces = split(&source(PLAIN), &json!({"employees": [{"id": "41", "fields": fields}]}));
            let found = event(&pieces[0]).worker.profile.get("phoneNumbers");
            assert_eq!(found.map(Value::from), said.then_some(expected), "{fields}");
        }
    }
}
