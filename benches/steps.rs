//! Each step by itself: verify, plan, journal; and the whole bridge from a delivery over HTTP to the call that the pretend CloudM takes.
//! `cargo bench -p people-benches --bench steps [-- verify|plan|journal|whole]`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use people::host::Clock;
use people::load::{self, NativeBridge};
use people::server::Server;
use people::store::Store;
use people_benches::deliveries::{Person, mac, now, samples};
use people_core::journal::{Journal, Mark, Sorted, Status};
use people_core::source::Delivery;
use people_model::time::SignedDuration;
use people_model::{DeliveryId, Domain, Entry, PersonKey, SourceName, Trust, WorkerId};
use people_sim::{Sim, SimOptions};
use tokio::runtime::Runtime;

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    for sample in samples() {
        group.throughput(Throughput::Bytes(sample.body().len() as u64));
        group.bench_function(format!("{}: HMAC alone", sample.name), |b| {
            b.iter(|| mac(&[black_box(sample.body())]))
        });
        group.bench_function(sample.name, |b| b.iter(|| sample.verify()));
    }
    group.finish();
}

fn plan(c: &mut Criterion) {
    let id = DeliveryId::of(&source(), b"1");
    let mut group = c.benchmark_group("plan");
    for sample in samples() {
        let pieces = sample.pieces();
        for (name, person) in [("change", Person::known()), ("hire", Person::unknown())] {
            group.bench_function(format!("{}, {name}", sample.name), |b| {
                b.iter_batched(
                    || pieces.clone(),
                    |pieces| person.request(&id, |each| pieces.into_iter().for_each(each)),
                    criterion::BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

fn source() -> SourceName {
    SourceName::parse("hr").expect("a name")
}

fn person(n: u32) -> PersonKey {
    PersonKey {
        tenant: Domain::parse("example.com").expect("a domain"),
        group: source(),
        worker: WorkerId::parse(&n.to_string()).expect("an id"),
    }
}

/// The journal on a disk, one caller: each write that hurries waits for a flush of its own.
fn journal(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let store = Store::memory().expect("a journal");
    let count = AtomicU32::new(0);
    let next = || count.fetch_add(1, Ordering::Relaxed);
    let delivery = |n: u32| Delivery {
        id: DeliveryId::received(&source(), &n.to_be_bytes(), now()),
        source: source(),
        received: now(),
        trust: Trust::Proven,
        stamped: None,
        content_type: None,
        body: vec![b'x'; 500].into(),
    };
    let accept = async |n: u32| {
        let delivery = delivery(n);
        let key = DeliveryId::of(&source(), &n.to_be_bytes());
        store.accept(&delivery, &key, SignedDuration::from_hours(1)).await.expect("a disk")
    };
    let mut group = c.benchmark_group("journal");
    group.sample_size(20);
    group.bench_function("accept", |b| b.iter(|| runtime.block_on(accept(next()))));
    group.bench_function("accept, 32 at once", |b| {
        b.iter(|| runtime.block_on(futures_util::future::join_all((0..32).map(|_| accept(next())))));
    });
    group.bench_function("sort, without a flush", |b| {
        b.iter(|| {
            let n = next();
            let id = delivery(n).id;
            let part = Sorted::Person {
                id: id.event(0),
                person: person(n % 1000),
                kind: "change",
                entry: Entry::Answered { at: now() },
            };
            runtime.block_on(store.sort(&id, &[part], now())).expect("a disk");
        });
    });
    group.bench_function("append", |b| {
        let mark = Mark { due: None, status: Status::Settled, note: String::new(), waits_for: None };
        b.iter(|| {
            let who = person(1_000_000 + next());
            runtime.block_on(store.append(&who, 0, &[Entry::Answered { at: now() }], &mark)).expect("a disk")
        });
    });
    group.bench_function("read a log", |b| {
        b.iter(|| runtime.block_on(store.read(&person(1_000_100))).expect("a disk"))
    });
    group.finish();
}

const CONFIG: &str = r#"
[cloudm]
domain = "example.com"
base_url = "{cloudm}"
[google]
credentials = "key.json"
[journal]
url = "sqlite:people.sqlite"
[server]
listen = "127.0.0.1:0"
rate = 100000
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ file = "hr" }]
"#;

/// A hire over HTTP until the account is there and read back.
fn whole(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let (sim, bridge, server) = runtime.block_on(async {
        let sim = Sim::start(SimOptions::default()).await.expect("the pretend clouds start");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        write("people.toml", &CONFIG.replace("{cloudm}", &sim.urls().cloudm));
        write("key.json", &sim.key_json());
        write("hr", &format!("whsec_{}", STANDARD.encode("secret")));
        let bridge = load::bridge(&folder.path().join("people.toml"), Clock::default());
        let bridge: Arc<NativeBridge> = Arc::new(bridge.expect("the configuration works"));
        let server = Server::start(bridge.clone(), "127.0.0.1:0").await.expect("a port");
        (sim, bridge, server)
    });
    let count = AtomicU32::new(0);
    let mut group = c.benchmark_group("whole");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    group.bench_function("a hire, from the delivery to the account", |b| {
        b.iter(|| {
            let n = count.fetch_add(1, Ordering::Relaxed);
            runtime.block_on(async {
                post(server.addr(), n).await;
                // Settled: the account was made and a look has shown it.
                while bridge.journal.stats().await.expect("a disk").events[4] <= u64::from(n) {
                    let _ =
                        tokio::time::timeout(Duration::from_micros(500), std::future::pending::<()>()).await;
                }
            });
        });
    });
    group.finish();
    runtime.block_on(async {
        server.stop().await;
        sim.shutdown().await;
    });
}

async fn post(addr: std::net::SocketAddr, n: u32) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let body = format!(
        r#"{{"type":"hire","effectiveDate":"2026-01-05","worker":{{"id":"{n}","givenName":"Mei","familyName":"Tanaka{n}"}}}}"#
    );
    let stamp = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let signature = STANDARD.encode(mac(&[format!("msg_{n}.{stamp}.{body}").as_bytes()]));
    let request = format!(
        "POST /hooks/hr HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\nwebhook-id: msg_{n}\r\n\
         webhook-timestamp: {stamp}\r\nwebhook-signature: v1,{signature}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("the server takes connections");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the server answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

criterion_group!(benches, verify, plan, journal, whole);
criterion_main!(benches);
