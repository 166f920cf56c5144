//! Signing an assertion, against what it costs to prepare one.
//! `cargo bench -p people-benches --bench sign`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use people_auth::{Ask, Assertion, JwtSimple, Rs256, ServiceAccountKey, Signer};
use people_rs256::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

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
    c.bench_function("signature (people-rs256)", |b| {
        b.iter(|| now(signer.sign(black_box(&message), &[7; 32])).expect("a signature"));
    });
    c.bench_function("key import", |b| b.iter(|| Rs256::new(black_box(&key)).expect("the key signs")));
    peers(&key, &message);
}

/// Seconds that `run` takes.
#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// The lower quartile, the median and the upper quartile.
fn quartiles(sample: &[f64]) -> [f64; 3] {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    [1, 2, 3].map(|k| sorted.get(sorted.len() * k / 4).copied().unwrap_or_default())
}

fn least(sample: &[f64]) -> f64 {
    sample.iter().copied().fold(f64::INFINITY, f64::min)
}

/// One signature and another implementation's, by turns in one run: medians, and the quartiles of the ratios of neighbours.
fn peers(key: &ServiceAccountKey, message: &[u8]) {
    let der = key.pkcs8().expose();
    let own = SigningKey::from_pkcs8_der(der).expect("the key is taken");
    let scalar = SigningKey::scalar_from_pkcs8_der(der).expect("the key is taken");
    let jwt = JwtSimple::new(key).expect("the key is taken");
    let rsa = RsaPrivateKey::from_pkcs8_der(der).expect("the key is taken");
    let ring = ring::signature::RsaKeyPair::from_pkcs8(der).expect("the key is taken");
    let random = ring::rand::SystemRandom::new();
    let mut out = vec![0; ring.public().modulus_len()];
    let mut seed = [0_u8; 32];
    let mut runs: Vec<(String, Box<dyn FnMut() + '_>)> = vec![
        ("jwt-simple".into(), Box::new(|| drop(black_box(now(jwt.sign(message, &[0; 32])))))),
        (
            format!("people-rs256, {}", own.kernel()),
            Box::new(|| {
                seed[0] = seed[0].wrapping_add(1);
                let _ = black_box(own.sign(message, &seed).expect("a signature"));
            }),
        ),
        (
            "people-rs256, scalar".into(),
            Box::new(|| drop(black_box(scalar.sign(message, &[1; 32]).expect("a signature")))),
        ),
        (
            // Neither blinded nor verified, and of a hash of nothing: less work than the others have.
            "rsa 0.9".into(),
            Box::new(|| {
                let scheme = Pkcs1v15Sign::new_unprefixed();
                drop(black_box(rsa.sign(scheme, black_box(&[1; 51])).expect("a signature")));
            }),
        ),
        (
            "ring".into(),
            Box::new(|| {
                ring.sign(&ring::signature::RSA_PKCS1_SHA256, &random, message, &mut out)
                    .expect("a signature");
            }),
        ),
        (
            "jwt-simple, cold".into(),
            Box::new(|| {
                let jwt = JwtSimple::new(black_box(key)).expect("the key is taken");
                drop(black_box(now(jwt.sign(message, &[0; 32]))));
            }),
        ),
        (
            "people-rs256, cold".into(),
            Box::new(|| {
                let own = SigningKey::from_pkcs8_der(black_box(der)).expect("the key is taken");
                drop(black_box(own.sign(message, &[1; 32])));
            }),
        ),
    ];
    let rounds = 60;
    let mut taken = vec![Vec::with_capacity(rounds); runs.len()];
    for _ in 0..rounds {
        for ((_, run), taken) in runs.iter_mut().zip(&mut taken) {
            run();
            taken.push(seconds(|| (0..4).for_each(|_| run())) / 4.0);
        }
    }
    let Some(base) = taken.first() else { return };
    println!("RSA-{}, {rounds} rounds by turns; cold is import and first signature", key.bits());
    for ((name, _), taken) in runs.iter().zip(&taken) {
        let ratios: Vec<f64> = base.iter().zip(taken).map(|(base, taken)| base / taken).collect();
        let ([_, median, _], [low, middle, high]) = (quartiles(taken), quartiles(&ratios));
        // The quiet moments of a busy machine.
        let (least, peer) = (least(taken), least(base));
        println!(
            "{name:<24}{:>9.1} µs   jwt-simple's time / its: {middle:.2} [{low:.2}, {high:.2}]   least {:.1} µs, {:.2}",
            median * 1e6,
            least * 1e6,
            peer / least
        );
    }
    // The second is the kernel that this machine's processor gets.
    if let (2048, Some(own)) = (key.bits(), taken.get(1)) {
        people_benches::report_ratio("sign-native-against-jwt-simple", base, own);
    }
}

criterion_group!(benches, sign);
criterion_main!(benches);
