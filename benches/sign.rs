//! Signing an assertion, against what it costs to prepare one.
//! `cargo bench -p people-benches --bench sign`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use people_auth::{Ask, Assertion, Rs256, ServiceAccountKey, Signer};

/// Signing in pure Rust never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn sign(c: &mut Criterion) {
    let pem = people_sim::generate_key_pem().expect("a key can be made");
    let json = serde_json::json!({
        "type": "service_account", "client_email": "people@project.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token",
    });
    let key = ServiceAccountKey::parse(json.to_string().as_bytes()).expect("the key is well-formed");
    let ask = Ask::new([people_model::cloudm::SCOPE]).expect("a scope");
    let at = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let signer = Rs256::new(&key).expect("the key signs");
    let message = Assertion::unsigned(&key, &ask, at).message().to_vec();
    c.bench_function("assertion, unsigned", |b| b.iter(|| Assertion::unsigned(black_box(&key), &ask, at)));
    c.bench_function("signature (jwt-simple, pure Rust)", |b| {
        b.iter(|| now(signer.sign(black_box(&message), &[7; 32])).expect("a signature"));
    });
    c.bench_function("key import", |b| b.iter(|| Rs256::new(black_box(&key)).expect("the key signs")));
}

criterion_group!(benches, sign);
criterion_main!(benches);
