//! No bytes from outside make anything panic: not a delivery whose signature is right, not an answer, not a key, not a configuration.

use std::cell::{Cell, RefCell};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use people_auth::exchange::accept;
use people_auth::{Rs256, ServiceAccountKey};
use people_core::bridge::Bridge;
use people_core::config::{Config, SecretRef};
use people_core::endpoint::retry_after;
use people_core::host::{Host, Lost};
use people_core::journal::Journal;
use people_core::journal::memory::Memory;
use people_core::target::cloudm::judge;
use people_core::wire::Wires;
use people_model::call::Method;
use people_model::cloudm::ErrorBody;
use people_model::time::{Timestamp, parse_date, parse_timestamp, zone};
use people_model::{
    Api, Call, DeliveryId, Domain, Email, EventId, PersonKey, Safety, Secret, SourceName, WorkerId,
    WorkflowId,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::hold;
use super::rig::{run, signed};
use crate::world::{BAMBOO_SECRET, CONFIG, HR_SECRET, PLAIN_SECRET, START, hmac256, key_pem};

/// A source with a map, beside one of each kind.
const MAPPED: &str = r#"
[[source]]
name = "mapped"
kind = "generic"
secrets = [{ file = "plain" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
[source.map]
type = ["type", "worker.title"]
id = "worker.id"
occurredAt = "occurredAt"
effectiveDate = "effectiveDate"
timezone = "worker.timezone"
[source.map.types]
hire = "hire"
change = "change"
Clerk = "leave"
[source.map.fields]
givenName = "worker.givenName | trim | lower"
familyName = "worker.familyName | upper"
title = ["worker.title", "events[0].type"]
manager = "worker.manager"
"#;

/// A machine without a network, whose time stands still.
struct Mute(Cell<u8>);

fn now() -> Timestamp {
    START.parse().expect("a moment")
}

impl Host for Mute {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        Err(Lost::NeverLeft("there is no network here"))
    }

    fn entropy(&self, out: &mut [u8]) {
        out.fill_with(|| self.0.replace(self.0.get().wrapping_mul(31).wrapping_add(7)));
    }
}

fn bridge() -> Bridge<Mute, Memory, Rs256> {
    let config = format!("{CONFIG}{MAPPED}").replace("{cloudm}", "http://127.0.0.1:1");
    let config = Config::parse(&config.replace("{bamboohr}", "http://127.0.0.1:1")).expect("a configuration");
    let secrets = |reference: &SecretRef| {
        let text = match reference {
            SecretRef::File(name) if name == "hr" => format!("whsec_{}", STANDARD.encode(HR_SECRET)),
            SecretRef::File(name) if name == "plain" => String::from_utf8_lossy(PLAIN_SECRET).into_owned(),
            SecretRef::File(name) if name == "bamboohr" => {
                String::from_utf8_lossy(BAMBOO_SECRET).into_owned()
            }
            _ => "admin-token".to_owned(),
        };
        Ok(Secret::from(text))
    };
    Bridge::new(config, &secrets, Mute(Cell::new(1)), Memory::default(), Wires::none()).expect("it works")
}

fn key_file() -> Value {
    json!({"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": key_pem(), "token_uri": "http://127.0.0.1:1/token"})
}

/// A delivery to each source, with a signature that is right.
fn deliveries(id: &str, body: &[u8], media: &str) -> Vec<Request<Bytes>> {
    let stamp = now().as_second().to_string();
    let plain = hex::encode(hmac256(PLAIN_SECRET, &[body]));
    let bamboo = hex::encode(hmac256(BAMBOO_SECRET, &[body, stamp.as_bytes()]));
    let post =
        |path| Request::post(path).header("content-type", HeaderValue::from_bytes(media.as_bytes()).unwrap());
    let body = Bytes::copy_from_slice(body);
    vec![
        signed(id, &body, now()),
        post("/hooks/plain").header("x-signature", &plain).body(body.clone()).expect("a request"),
        post("/hooks/mapped").header("x-signature", &plain).body(body.clone()).expect("a request"),
        post("/hooks/bamboohr")
            .header("x-bamboohr-timestamp", &stamp)
            .header("x-bamboohr-signature", bamboo)
            .body(body)
            .expect("a request"),
    ]
}

/// Any JSON, of words that mean something here, and of those that do not.
fn document() -> impl Strategy<Value = Value> {
    let words = [
        "type",
        "hire",
        "change",
        "leave",
        "leave.cancelled",
        "worker",
        "id",
        "events",
        "employees",
        "data",
        "action",
        "deleted",
        "timestamp",
        "fields",
        "occurredAt",
        "effectiveDate",
        "lastWorkingDay",
        "reason",
        "timezone",
        "email",
        "givenName",
        "familyName",
        "title",
        "manager",
        "hireDate",
        "phoneNumbers",
        "suspended",
        "employee.updated",
        "2026-03-02",
        "2026-03-02T09:00:00Z",
        "0000-00-00",
        "-9999-01-01",
        "+999999-12-31T23:59:59Z",
        "Europe/Berlin",
        "7",
        "a@b.example",
        "\u{0}",
        "\u{202e}é\u{1F600}",
        "9223372036854775807",
        "",
    ];
    let word = prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => ".{0,12}"];
    let leaf = prop_oneof![
        4 => word.clone().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            3 => prop::collection::vec((word.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Canonical events in which one member is anything at all.
fn nearly_an_event() -> impl Strategy<Value = Value> {
    let inside =
        prop::sample::select(&["id", "timezone", "email", "givenName", "title", "manager", "hireDate"][..]);
    let outside =
        prop::sample::select(&["type", "occurredAt", "effectiveDate", "lastWorkingDay", "worker"][..]);
    (any::<bool>(), inside, outside, document()).prop_map(|(within, inside, outside, value)| {
        let mut event = json!({"type": "hire", "occurredAt": START, "effectiveDate": "2026-03-02", "action": "Updated",
            "id": "9", "worker": {"id": "9", "givenName": "Ana", "familyName": "Silva", "title": "Clerk"}});
        let member = if within { &mut event["worker"][inside] } else { &mut event[outside] };
        *member = value;
        event
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..300),
        3 => document().prop_map(|document| document.to_string().into_bytes()),
        4 => nearly_an_event().prop_map(|event| event.to_string().into_bytes()),
        // Cut and bent.
        2 => (nearly_an_event(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(event, at, byte)| {
            let mut bytes = event.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(at.max(bytes.len() / 2));
            bytes
        }),
    ]
}

const MEDIAS: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=\u{ff}"];

/// Takes a body in by every source and drives whoever it is about.
fn take(bridge: &Bridge<Mute, Memory, Rs256>, id: &str, body: &[u8], media: &str) {
    run(async {
        for request in deliveries(id, body, media) {
            let path = request.uri().clone();
            let answer = bridge.serve(request).await.response;
            assert_eq!(answer.status(), StatusCode::OK, "{path}: {answer:?}");
        }
        while bridge.sort().await.expect("infallible") > 0 {}
        for person in bridge.journal.due(now(), 1000).await.expect("infallible") {
            bridge.drive(&person).await.expect("infallible");
        }
    });
}

/// `PEOPLE_BYTES` names a file for the inputs, from where `tests/edge/bytes.test.mjs` posts the very same to the Worker.
#[test]
fn any_body_with_a_right_signature() {
    let (bridge, tried) = (bridge(), RefCell::new(Vec::new()));
    hold(400, &(body(), prop::sample::select(MEDIAS.to_vec())), |(body, media)| {
        take(&bridge, &format!("msg_{}", tried.borrow().len()), &body, media);
        tried.borrow_mut().push(json!({"media": media, "body": STANDARD.encode(&body)}));
    });
    if let Ok(path) = std::env::var("PEOPLE_BYTES") {
        std::fs::write(path, Value::from(tried.take()).to_string()).expect("the inputs can be written");
    }
}

#[test]
fn any_request_at_all() {
    let path = prop_oneof![
        prop::sample::select(
            &["/hooks/hr", "/hooks/plain", "/hooks/bamboohr", "/", "/metrics", "/api/held"][..]
        )
        .prop_map(str::to_owned),
        "/(hooks|api/events|api/held|api|livez)/[ -~&&[^#?<>\"`{}\\\\^|% ]]{0,20}(/(approve|reject|replay))?(\\?[a-z=&%0-9]{0,20})?",
    ];
    let headers = [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-signature",
        "authorization",
        "content-type",
        "x-bamboohr-timestamp",
        "x-bamboohr-signature",
        "svix-id",
    ];
    let header = (prop::sample::select(headers.to_vec()), prop::collection::vec(any::<u8>(), 0..40));
    let token = prop::sample::select(&["Bearer admin-token", "Basic OmFkbWluLXRva2Vu", "Basic =", ""][..]);
    let cases = (path, prop::collection::vec(header, 0..6), token, any::<bool>(), body());
    let bridge = bridge();
    let case = |path: &str, headers: &[(&str, Vec<u8>)], token: &str, post: bool, body: Vec<u8>| {
        let Ok(uri) = path.parse::<http::Uri>() else { return };
        let mut request = Request::new(Bytes::from(body));
        *request.uri_mut() = uri;
        *request.method_mut() = if post { http::Method::POST } else { http::Method::GET };
        request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer admin-token"));
        if let Ok(token) = HeaderValue::from_str(token) {
            request.headers_mut().insert("authorization", token);
        }
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(*name), HeaderValue::from_bytes(value))
            {
                request.headers_mut().append(name, value);
            }
        }
        let status = run(bridge.serve(request)).response.status();
        assert!(!status.is_server_error(), "{path}: {status}");
    };
    hold(400, &cases, |(path, headers, token, post, body)| case(&path, &headers, token, post, body));
}

#[test]
fn any_answer() {
    let safeties = [Safety::Read, Safety::Idempotent, Safety::Once];
    let answers = (
        100..999_u16,
        body(),
        prop::collection::vec(any::<u8>(), 0..30),
        prop::sample::select(safeties.to_vec()),
    );
    hold(600, &answers, |(status, body, header, safety)| {
        let call = Call {
            api: Api::Cloudm,
            op: "any".into(),
            safety,
            method: Method::Post,
            path: "/".into(),
            body: None,
            form: people_model::call::Form::Json,
            password: false,
        };
        let (Ok(status), Ok(header)) = (StatusCode::from_u16(status), HeaderValue::from_bytes(&header))
        else {
            return;
        };
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = status;
        answer.headers_mut().insert("retry-after", header.clone());
        let _ = (judge(&call, &answer), retry_after(&answer), ErrorBody::parse(answer.body()));
        let headers = HeaderMap::from_iter(
            [("retry-after", header.clone()), ("date", header)]
                .map(|(name, value)| (http::HeaderName::from_static(name), value)),
        );
        let _ = accept(status, &headers, answer.body(), now());
    });
}

#[test]
fn any_name_date_key_and_configuration() {
    let bent = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), ".{0,8}");
    let texts = prop_oneof![".{0,80}", "[a-z0-9@./_ -]{0,80}", "[0-9TZ:+.-]{0,40}"];
    hold(600, &(texts, bent), |(text, (from, to, piece))| {
        let _ =
            (PersonKey::from_str(&text), Email::parse(&text), Domain::parse(&text), WorkerId::parse(&text));
        let _ = (
            SourceName::parse(&text),
            DeliveryId::parse(&text),
            EventId::parse(&text),
            WorkflowId::parse(&text),
        );
        let _ = (parse_date(&text), parse_timestamp(&text), zone(&text));
        let _ = (Config::parse(&text), ServiceAccountKey::parse(text.as_bytes()));
        for whole in [format!("{CONFIG}{MAPPED}"), key_file().to_string()] {
            let (from, to) = (from.index(whole.len()), to.index(whole.len()));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
            let bent = format!("{}{piece}{}", &whole[..from], &whole[to..]);
            let _ =
                (Config::parse(&bent), ServiceAccountKey::parse(bent.as_bytes()).map(|key| Rs256::new(&key)));
        }
    });
}
