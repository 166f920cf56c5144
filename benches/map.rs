//! From the bytes of a delivery to the event of a person, against the bare cost of parsing the same bytes.
//! `cargo bench -p people-benches --bench map`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use people_core::source::{self, Delivery, SourceConfig};
use people_model::{DeliveryId, Secret, SourceName, Trust};

const BODY: &str = r#"{"eventType":"HIRE","businessProcess":"Hire Employee","transactionId":"9e2f","entryDateTime":"2026-02-10T21:04:11.532-08:00","effectiveDate":"2026-04-01","worker":{"WID":"3aa5550b7fe348b98d7b5741afc60000","workerId":"21555","legalName":{"first":"Mei","last":"Tanaka"},"workEmail":null,"businessTitle":"Engineer","supervisoryOrganization":"SUP-77","location":{"id":"TYO","timeZone":"Asia/Tokyo"},"lastDayOfWork":null}}"#;

const SOURCE: &str = r#"
name = "workday"
kind = "generic"
secrets = [{ env = "X" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
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
title = "worker.businessTitle"
"#;

fn map(c: &mut Criterion) {
    let config: SourceConfig = people_core::toml::from_str(SOURCE).expect("the source is well-formed");
    let secrets = |_: &people_core::config::SecretRef| Ok(Secret::from("secret"));
    let source = source::build(&config, &secrets).expect("the source can be built");
    let delivery = Delivery {
        id: DeliveryId::of(&config.name, b"1"),
        source: SourceName::parse("workday").expect("a name"),
        received: "2026-03-02T09:00:00Z".parse().expect("a moment"),
        trust: Trust::Proven,
        stamped: None,
        content_type: None,
        body: BODY.into(),
    };
    assert_eq!(source.split(&delivery).len(), 1);
    let mut group = c.benchmark_group("map");
    group.throughput(Throughput::Bytes(BODY.len() as u64));
    group.bench_function("parse only (serde_json::Value)", |b| {
        b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(BODY.as_bytes())));
    });
    group.bench_function("parse, map, event", |b| b.iter(|| source.split(black_box(&delivery))));
    group.finish();
}

criterion_group!(benches, map);
criterion_main!(benches);
