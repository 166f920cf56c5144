//! Sources as they are configured, and what the tests of all kinds share.

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use people_model::time::Timestamp;
use people_model::{DeliveryId, Event, Members, Secret};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::SecretRef;

/// The secret of `{ env = "x" }` is "x".
pub(crate) fn secrets(reference: &SecretRef) -> Result<Secret<String>, String> {
    match reference {
        SecretRef::Env(name) => Ok(Secret::from(name.as_str())),
        SecretRef::File(_) => Err("there is no such file".to_owned()),
    }
}

pub(crate) fn config(text: &str) -> SourceConfig {
    toml::from_str(&format!("name = \"hr\"\n{text}")).unwrap()
}

pub(crate) fn source(text: &str) -> BoxedSource {
    build(&config(text), &secrets).unwrap()
}

pub(crate) fn problem(text: &str) -> String {
    build(&config(text), &secrets).err().expect("refused").to_string()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn delivery(content_type: &str, body: &[u8]) -> Delivery {
    let source = SourceName::parse("hr").unwrap();
    Delivery {
        id: DeliveryId::of(&source, body),
        source,
        received: at("2026-03-02T10:00:00Z"),
        trust: Trust::Proven,
        stamped: None,
        content_type: Some(content_type.to_owned()),
        body: Bytes::copy_from_slice(body),
    }
}

pub(crate) fn split(source: &BoxedSource, body: &Value) -> Vec<Piece> {
    source.split(&delivery("application/json", body.to_string().as_bytes()))
}

pub(crate) fn event(piece: &Piece) -> &Event {
    match piece {
        Piece::Event(event) => event,
        other => panic!("not an event: {other:?}"),
    }
}

/// The rule that is broken.
pub(crate) fn broken(piece: &Piece) -> &str {
    match piece {
        Piece::Dead(dead) => &dead.rule,
        other => panic!("not dead: {other:?}"),
    }
}

pub(crate) fn receive(
    source: &BoxedSource,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Proof, Refusal> {
    match source.receive(Incoming { method: &Method::POST, headers, body }, now) {
        Reception::Proven(proof) => Ok(proof),
        Reception::Refused(refusal) => Err(refusal),
        Reception::Answer(_) => panic!("no handshake here"),
    }
}

/// A file of vectors of others, which are not part of this repository.
pub(crate) fn vector_text(name: &str) -> Option<String> {
    let fallback = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let folder = std::env::var("PEOPLE_VECTORS").unwrap_or_else(|_| fallback.to_owned());
    let text = std::fs::read_to_string(format!("{folder}/{name}")).ok();
    if text.is_none() {
        println!("skipped: {name} is not there; PEOPLE_VECTORS names its folder");
    }
    text
}

pub(crate) fn vectors(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&vector_text(name)?).unwrap())
}

pub(crate) const OPEN: &str = "kind = \"generic\"\nsignature = { algorithm = \"none\" }\n";
const BAMBOO: &str = "kind = \"bamboohr\"\nsecrets = [{ env = \"k\" }]\n";

#[test]
fn a_wrong_configuration_names_the_key_and_the_fix() {
    let wrong = [
        ("kind = \"bamboo\"", "kind: there is no such kind; use one of bamboohr, generic, standard-webhooks"),
        ("kind = \"bamboohr\"", "secrets: give at least one"),
        ("kind = \"generic\"\nsecrets = [{ env = \"k\" }]", "signature: say how deliveries are signed"),
        ("kind = \"bamboohr\"\nsecrets = [{ env = \"\" }]", "secrets[0]: the secret is empty"),
        ("kind = \"bamboohr\"\nsecrets = [{ file = \"x\" }]", "secrets[0]: there is no such file"),
        ("kind = \"standard-webhooks\"\nsecrets = [{ env = \"whsec_\" }]", "secrets[0]: the secret is empty"),
        (
            "kind = \"standard-webhooks\"\nsecrets = [{ env = \"whsec_!\" }]",
            "secrets[0]: the secret is not Base64",
        ),
        (
            "kind = \"standard-webhooks\"\nsecrets = [{ env = \"whsk_AAAA\" }]",
            "secrets[0]: this is the sender's private key",
        ),
        (
            "kind = \"standard-webhooks\"\nsecrets = [{ env = \"whpk_AAAA\" }]",
            "secrets[0]: an Ed25519 public key has 32 bytes",
        ),
        (&format!("{BAMBOO}timezone = \"Europe/Berlln\""), "timezone: there is no such zone"),
        (
            &format!("{BAMBOO}empty = {{ titel = \"keep\" }}"),
            "empty.titel: a CloudM profile has no such member; did you mean `title`?",
        ),
        (
            &format!("{OPEN}api = {{ base_url = \"https://x.y\", key = {{ env = \"k\" }} }}"),
            "api: this kind fetches nothing",
        ),
        (
            &format!("{BAMBOO}api = {{ base_url = \"http://x.y\", key = {{ env = \"k\" }} }}"),
            "api.base_url: use https",
        ),
        (
            &format!("{BAMBOO}api = {{ base_url = \"https://a:b@x.y\", key = {{ env = \"k\" }} }}"),
            "api.base_url: write the address without user",
        ),
        (&format!("{OPEN}[map]\nid = \"id\""), "map.type: say where the type"),
        (&format!("{OPEN}[map]\ntype = \"t\""), "map.id: say where"),
        (&format!("{OPEN}secrets = [{{ env = \"k\" }}]"), "secrets: nothing uses them"),
        (
            "kind = \"generic\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"token\", header = \"a b\" }",
            "signature.header: this is not the name",
        ),
        (
            "kind = \"generic\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"hmac-sha256\", header = \"a\", signed = [\"body\", \"timestamp\"] }",
            "signature.timestamp: name its header",
        ),
        (
            "kind = \"generic\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"hmac-sha256\", header = \"a\", id = \"b\" }",
            "signature.id: name its header",
        ),
        (
            "kind = \"generic\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"hmac-sha256\", header = \"a\", signed = [{ text = \"x\" }] }",
            "signature.signed: it has to hold \"body\"",
        ),
        (
            "kind = \"generic\"\ntrust = \"proven\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"token\", header = \"a\" }",
            "trust: this signature does not cover the body",
        ),
        (&format!("{OPEN}tolerance = \"5m\""), "tolerance: deliveries of this source bear no signed moment"),
        (
            "kind = \"generic\"\nsecrets = [{ env = \"k\" }]\nsignature = { algorithm = \"basic\" }",
            "secrets[0]: the secret of algorithm \"basic\" is `user:password`",
        ),
    ];
    for (text, expected) in wrong {
        let found = problem(text);
        assert!(found.starts_with(expected), "{text}\n{found}");
    }
}

#[test]
fn a_key_that_does_not_exist_is_an_error() {
    for text in
        ["secret = []", "api = { base_url = \"x\", key = { env = \"k\" }, url = \"\" }", "[map]\ntyp = \"x\""]
    {
        let text = format!("name = \"hr\"\nkind = \"generic\"\n{text}");
        assert!(toml::from_str::<SourceConfig>(&text).is_err(), "{text}");
    }
}

#[test]
fn the_group_is_the_link_or_the_name() {
    assert_eq!(config(BAMBOO).group().as_str(), "hr");
    assert_eq!(config(&format!("{BAMBOO}link = \"people\"")).group().as_str(), "people");
}

fn kinds_of_all_sorts() -> Vec<BoxedSource> {
    let api = "api = { base_url = \"https://x.bamboohr.com\", key = { env = \"k\" } }";
    let map = "[map]\neach = \"a\"\ntype = \"'hire' if b else type\"\nid = ['a.b[0]', 'c | lower']\nwhen = \"c\"\n[map.fields]\ntitle = \"a ~ b\"\nphoneNumbers = \"[this, document]\"";
    vec![
        source(OPEN),
        source(&format!("{OPEN}{map}")),
        source(
            "kind = \"standard-webhooks\"\nsecrets = [{ env = \"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\" }]",
        ),
        source(BAMBOO),
        source(&format!("{BAMBOO}{api}")),
    ]
}

/// Documents that look a little like the real ones.
fn documents() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "type",
        "worker",
        "id",
        "employees",
        "fields",
        "data",
        "employeeId",
        "status",
        "terminationDate",
        "hireDate",
        "action",
        "value",
        "timestamp",
        "events",
    ]);
    let words = prop::sample::select(vec![
        "hire",
        "leave",
        "employee.deleted",
        "employee.updated",
        "Deleted",
        "Inactive",
        "Active",
        "2026-01-01",
        "0000-00-00",
        "",
        "7",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..7)
                .prop_map(|m| Value::Object(m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn arbitrary_bytes_break_nothing(body in prop::collection::vec(any::<u8>(), 0..300), header in "[ -~]{0,80}", form in any::<bool>()) {
        let now = at("2026-03-02T10:00:00Z");
        for source in kinds_of_all_sorts() {
            let mut headers = HeaderMap::new();
            for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "x-bamboohr-timestamp", "x-bamboohr-signature"] {
                headers.insert(name, header.parse().unwrap());
            }
            let _ = source.receive(Incoming { method: &Method::POST, headers: &headers, body: &body }, now);
            let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
            let _ = source.split(&delivery(kind, &body));
            let notice: Members = json!({"employeeId": header}).as_object().unwrap().clone();
            let _ = source.fetch(&notice);
            let _ = source.fetched(&notice, &Response::new(Bytes::from(body.clone())), now);
        }
    }

    #[test]
    fn arbitrary_documents_break_nothing(document in documents()) {
        let now = at("2026-03-02T10:00:00Z");
        for source in kinds_of_all_sorts() {
            let _ = split(&source, &document);
            let notice: Members = json!({"employeeId": "7"}).as_object().unwrap().clone();
            let _ = source.fetched(&notice, &Response::new(Bytes::from(document.to_string())), now);
        }
    }
}

#[test]
fn what_is_nested_ten_thousand_deep_is_a_clean_error() {
    let json = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let form = format!("employees[1]{}=x", "[a]".repeat(10_000));
    for source in kinds_of_all_sorts() {
        assert_eq!(broken(&source.split(&delivery("application/json", json.as_bytes()))[0]), "body");
        let _ = source.split(&delivery("application/x-www-form-urlencoded", form.as_bytes()));
    }
}
