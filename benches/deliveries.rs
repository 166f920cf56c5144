//! One delivery of each kind of source, with its signature, and the way from its bytes to a request's.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]

use std::borrow::Cow;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use jiff::tz::TimeZone;
use people_core::engine::{Next, Seen, Situation, State, goal, next};
use people_core::policy::Policy;
use people_core::source::{self, BoxedSource, Delivery, Incoming, Piece, Reception, SourceConfig};
use people_core::target::cloudm::Cloudm;
use people_model::time::Timestamp;
use people_model::{DeliveryId, Domain, Email, Entry, Members, PersonKey, Secret, SourceName, Trust};
use serde_json::json;
use sha2::Sha256;

const KEY: &[u8] = b"secret";
const MAPPED: &str = r#"{"eventType":"HIRE","businessProcess":"Hire Employee","transactionId":"9e2f","entryDateTime":"2026-02-10T21:04:11.532-08:00","effectiveDate":"2026-03-01","worker":{"WID":"3aa5550b7fe348b98d7b5741afc60000","workerId":"21555","legalName":{"first":"Mei","last":"Tanaka"},"workEmail":null,"businessTitle":"Engineer","supervisoryOrganization":"SUP-77","location":{"id":"TYO","timeZone":"Asia/Tokyo"},"lastDayOfWork":null}}"#;
const CANONICAL: &str = r#"{"type":"hire","occurredAt":"2026-02-10T21:04:11Z","effectiveDate":"2026-03-02","worker":{"id":"21555","timezone":"Asia/Tokyo","givenName":"Mei","familyName":"Tanaka","title":"Engineer","department":"Research","costCentre":"4711","phoneNumbers":[{"type":"WORK","value":"+81 3 1234"}]}}"#;
const BAMBOO: &str = r#"{"employees":[{"id":"41","action":"Updated","timestamp":"2026-03-02T08:59:15Z","changedFields":["Job Title","Department"],"fields":{"Employee #":{"value":"1041"},"First Name":{"value":"Noor"},"Last Name":{"value":"Haddad"},"Job Title":{"value":"Head Nurse"},"Department":{"value":"Intensive Care"},"Location":{"value":"Berlin"},"Status":{"value":"Active"},"Hire Date":{"value":"2026-03-01"},"Work Email":{"value":""},"Mobile Phone":{"value":"+49 30 1234"}}}]}"#;

const GENERIC: &str = "name = \"hr\"\nkind = \"generic\"\nsecrets = [{ env = \"X\" }]\nsignature = { algorithm = \"hmac-sha256\", header = \"X-Signature\" }\n";
const MAP: &str = r#"
[map]
type = "eventType"
types = { HIRE = "hire" }
id = "worker.workerId"
occurredAt = "entryDateTime"
effectiveDate = "effectiveDate"
timezone = "worker.location.timeZone"
[map.fields]
givenName = "worker.legalName.first"
familyName = "worker.legalName.last"
title = "worker.businessTitle | trim"
department = "worker.supervisoryOrganization | lookup('departments') | default(worker.supervisoryOrganization)"
[lookup.departments]
SUP-77 = "Research"
"#;

/// A source and one signed delivery of one person.
pub struct Sample {
    /// What it is.
    pub name: &'static str,
    source: BoxedSource,
    headers: HeaderMap,
    delivery: Delivery,
}

/// When everything happens.
pub fn now() -> Timestamp {
    // 2026-03-02T09:00:00Z
    Timestamp::constant(1_772_442_000, 0)
}

/// HMAC-SHA256 with the key of the samples.
pub fn mac(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any key fits");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn sample(name: &'static str, config: &str, body: &str, headers: &[(&'static str, String)]) -> Sample {
    let config: SourceConfig = people_core::toml::from_str(config).expect("the source is well-formed");
    let secrets = |_: &people_core::config::SecretRef| Ok(Secret::from("secret"));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    let sample = Sample {
        name,
        source: source::build(&config, &secrets).expect("the source can be built"),
        headers: map,
        delivery: Delivery {
            id: DeliveryId::of(&config.name, b"1"),
            source: config.name.clone(),
            received: now(),
            trust: Trust::Proven,
            stamped: None,
            content_type: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        },
    };
    assert!(sample.verify(), "{name} is proven");
    assert!(matches!(sample.pieces().as_slice(), [Piece::Event(_), ..]), "{name} is an event");
    sample
}

/// One of each.
pub fn samples() -> Vec<Sample> {
    let stamp = now().as_second().to_string();
    let hex = |parts: &[&[u8]]| -> String { mac(parts).iter().map(|byte| format!("{byte:02x}")).collect() };
    let plain = |body: &str| [("x-signature", hex(&[body.as_bytes()]))];
    let bamboo = [
        ("x-bamboohr-signature", hex(&[BAMBOO.as_bytes(), stamp.as_bytes()])),
        ("x-bamboohr-timestamp", stamp.clone()),
    ];
    let whsec = "name = \"hr\"\nkind = \"standard-webhooks\"\nsecrets = [{ env = \"X\" }]\nsignature = { algorithm = \"hmac-sha256\", header = \"webhook-signature\", prefix = \"v1,\", list = \"space\", signed = [\"id\", { text = \".\" }, \"timestamp\", { text = \".\" }, \"body\"], id = \"webhook-id\", timestamp = { header = \"webhook-timestamp\" } }";
    let standard = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", stamp.clone()),
        (
            "webhook-signature",
            format!("v1,{}", hex(&[b"msg_1.", stamp.as_bytes(), b".", CANONICAL.as_bytes()])),
        ),
    ];
    vec![
        sample("generic, canonical", GENERIC, CANONICAL, &plain(CANONICAL)),
        sample("standard-webhooks, canonical", whsec, CANONICAL, &standard),
        sample("generic, mapped", &format!("{GENERIC}{MAP}"), MAPPED, &plain(MAPPED)),
        sample(
            "bamboohr",
            "name = \"hr\"\nkind = \"bamboohr\"\nsecrets = [{ env = \"X\" }]",
            BAMBOO,
            &bamboo,
        ),
    ]
}

impl Sample {
    /// The bytes.
    pub fn body(&self) -> &Bytes {
        &self.delivery.body
    }

    /// Whether it is proven.
    pub fn verify(&self) -> bool {
        let incoming = Incoming { method: &Method::POST, headers: &self.headers, body: &self.delivery.body };
        matches!(self.source.receive(incoming, now()), Reception::Proven(_))
    }

    /// The same source with another body, which is not proven.
    #[must_use]
    pub fn with(mut self, body: Bytes) -> Self {
        self.delivery.body = body;
        self
    }

    /// From bytes to events, one at a time.
    pub fn each(&self, each: &mut dyn FnMut(Piece)) {
        self.source.pieces(&self.delivery, each);
    }

    /// From bytes to events.
    pub fn pieces(&self) -> Vec<Piece> {
        self.source.split(&self.delivery)
    }
}

/// A person who is there already, or not yet.
pub struct Person {
    key: PersonKey,
    state: State,
    seen: Seen,
    target: Cloudm,
    policy: Policy,
    zone: TimeZone,
}

impl Person {
    /// Somebody who was hired before, with another title.
    pub fn known() -> Self {
        let address = Email::parse("noor.haddad@example.com").expect("an address");
        let mut person = Self::unknown();
        let profile = json!({"id": address.as_str(), "givenName": "Noor", "familyName": "Haddad", "title": "Nurse",
            "department": "Emergency", "employeeId": "41", "locations": [{"area": "Berlin"}],
            "phoneNumbers": [{"type": "MOBILE", "value": "+49 30 1234"}]});
        let profile: Option<Members> = profile.as_object().cloned();
        person.state.apply(&Entry::Adopted { at: now(), address: address.clone() });
        person.seen.sights.insert(people_core::target::Sight::User(address), profile);
        person
    }

    /// Somebody new, whose address is free.
    pub fn unknown() -> Self {
        let domain = Domain::parse("example.com").expect("a domain");
        let key = PersonKey {
            tenant: domain.clone(),
            group: SourceName::parse("hr").expect("a name"),
            worker: people_model::WorkerId::parse("41").expect("an id"),
        };
        let (target, policy) = (Cloudm::new(domain), Policy::default());
        let zone = people_model::time::zone("Europe/Berlin").expect("a zone");
        Self { key, state: State::default(), seen: Seen::default(), target, policy, zone }
    }

    /// From an event to the bytes of the first request that changes something: what a look, a claim and a colleague would tell is told
    /// at once.
    pub fn request(&self, delivery: &DeliveryId, pieces: impl FnOnce(&mut dyn FnMut(Piece))) -> Vec<u8> {
        // What a look would show is not copied.
        let (mut state, mut seen) = (self.state.clone(), Cow::Borrowed(&self.seen));
        let mut n = 0;
        pieces(&mut |piece| {
            if let Piece::Event(mut event) = piece {
                event.occurred_at = event.occurred_at.or(Some(now()));
                state.take(Entry::Heard { id: delivery.event(n), at: now(), trust: Trust::Proven, event });
            }
            n += 1;
        });
        loop {
            let goal = goal(&state, &self.policy, &self.zone, now());
            let situation = Situation {
                ccai: None,
                domain: &self.key.tenant,
                person: &self.key,
                state: &state,
                goal: &goal,
                policy: &self.policy,
                now: now(),
            };
            match next(&situation, &seen, &self.target) {
                Next::Look(sight) => drop(seen.to_mut().sights.insert(sight, None)),
                Next::Claim(address) => drop(seen.to_mut().claims.insert(address, true)),
                Next::Colleague(worker) => drop(seen.to_mut().colleagues.insert(worker, None)),
                Next::Send(step) => {
                    return serde_json::to_vec(&step.call.body).expect("a body");
                }
                other => unreachable!("{other:?}"),
            }
        }
    }
}

impl Sample {
    /// The whole way: verify, decode, map, plan, encode.
    pub fn whole(&self, person: &Person) -> Vec<u8> {
        assert!(self.verify());
        person.request(&self.delivery.id, |each| self.each(each))
    }
}
