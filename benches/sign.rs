//! Signing an assertion: what it costs to prepare one, to import a key, to sign, and how much others need for the same signature.
//! `cargo bench -p people-benches --bench sign`; what is not installed is said and left out. How to install: benches/peers/README.md.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use people_auth::{Ask, Assertion, JwtSimple, Rs256, ServiceAccountKey, Signer};
use people_benches::process::Peer;
use people_benches::{cpu_of_thread, report_ratio, stay_on_one_core};
use people_rs256::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest as _, Sha256};

const ROUNDS: usize = 60;

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

/// Makes so many signatures: microseconds of CPU for each, and the last one; nothing once it can no more.
type Turn<'a> = Box<dyn FnMut(u32) -> Option<(f64, Vec<u8>)> + 'a>;

/// One that signs.
struct Hand<'a> {
    name: String,
    /// The name of the ratio of its time to that of the own kernel that this machine gets.
    ratio: Option<&'static str>,
    turn: Turn<'a>,
}

impl<'a> Hand<'a> {
    /// One in this process.
    fn here(
        name: impl Into<String>,
        ratio: Option<&'static str>,
        mut sign: impl FnMut() -> Vec<u8> + 'a,
    ) -> Self {
        let turn = move |count: u32| {
            let began = cpu_of_thread();
            let mut last = Vec::new();
            for _ in 0..count {
                last = black_box(sign());
            }
            Some(((cpu_of_thread() - began) * 1e6 / f64::from(count), last))
        };
        Self { name: name.into(), ratio, turn: Box::new(turn) }
    }

    /// One in a process of its own.
    fn there(name: &str, ratio: &'static str, command: &mut Command) -> Option<Self> {
        let mut peer = Peer::start(command)?;
        let turn =
            move |count| peer.times(count).and_then(|(took, hex)| Some((took, hex::decode(hex).ok()?)));
        Some(Self { name: name.to_owned(), ratio: Some(ratio), turn: Box::new(turn) })
    }
}

/// Those in processes of their own, as far as they are installed (benches/peers/README.md). They find the key and the message in `folder`.
fn installed(folder: &Path) -> Vec<Hand<'static>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/python/bin/python");
    let python = if python.exists() { python } else { "python3".into() };
    let mut google = Command::new(python);
    google.arg(root.join("benches/peers/python/sign.py")).arg(folder).stderr(Stdio::null());
    let mut aws = Command::new(root.join("target/aws-lc/release/sign-aws-lc"));
    aws.arg(folder);
    [
        ("aws-lc-rs", "sign-native-against-aws-lc", aws),
        ("Python's google-auth", "sign-native-against-google-auth", google),
    ]
    .into_iter()
    .filter_map(|(name, ratio, mut command)| {
        let hand = Hand::there(name, ratio, &mut command)
            .and_then(|mut hand| (hand.turn)(1).is_some().then_some(hand));
        if hand.is_none() {
            println!("{name} is not installed: left out");
        }
        hand
    })
    .collect()
}

/// What is signed by `rsa`: the hash with its algorithm's name before it, as PKCS #1 has it.
fn digest_info(message: &[u8]) -> Vec<u8> {
    let mut info = hex::decode("3031300d060960864801650304020105000420").expect("hex");
    info.extend_from_slice(&Sha256::digest(message));
    info
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

/// One signature of each by turns in one run: medians, and the quartiles of the ratios of neighbours. All must come to the same bytes.
fn peers(key: &ServiceAccountKey, message: &[u8]) {
    stay_on_one_core();
    let der = key.pkcs8().expose();
    let own = SigningKey::from_pkcs8_der(der).expect("the key is taken");
    let jwt = JwtSimple::new(key).expect("the key is taken");
    let rsa = RsaPrivateKey::from_pkcs8_der(der).expect("the key is taken");
    let ring = ring::signature::RsaKeyPair::from_pkcs8(der).expect("the key is taken");
    let random = ring::rand::SystemRandom::new();
    let folder = tempfile::tempdir().expect("a folder");
    let pem = rsa.to_pkcs8_pem(LineEnding::LF).expect("the key is written");
    for (file, content) in [("key.der", der.as_slice()), ("key.pem", pem.as_bytes()), ("message", message)] {
        std::fs::write(folder.path().join(file), content).expect("a file");
    }
    let mut seed = [0_u8; 32];
    let mut hands = vec![
        Hand::here(format!("people-rs256, {}", own.kernel()), None, || {
            seed[0] = seed[0].wrapping_add(1);
            own.sign(message, &seed).expect("a signature")
        }),
        Hand::here("jwt-simple", Some("sign-native-against-jwt-simple"), || {
            now(jwt.sign(message, &[0; 32])).expect("a signature")
        }),
        Hand::here("rsa 0.9", Some("sign-native-against-rsa"), || {
            let scheme = Pkcs1v15Sign::new_unprefixed();
            rsa.sign_with_rng(&mut OsRng, scheme, &digest_info(message)).expect("a signature")
        }),
        Hand::here("ring", Some("sign-native-against-ring"), || {
            let mut out = vec![0; ring.public().modulus_len()];
            ring.sign(&ring::signature::RSA_PKCS1_SHA256, &random, message, &mut out).expect("a signature");
            out
        }),
        Hand::here("jwt-simple, cold", None, || {
            let jwt = JwtSimple::new(black_box(key)).expect("the key is taken");
            now(jwt.sign(message, &[0; 32])).expect("a signature")
        }),
        Hand::here("people-rs256, cold", None, || {
            let own = SigningKey::from_pkcs8_der(black_box(der)).expect("the key is taken");
            own.sign(message, &[1; 32]).expect("a signature")
        }),
    ];
    for kernel in ["avx2", "scalar"] {
        let other = SigningKey::from_pkcs8_der_on(der, kernel).expect("the key is taken");
        if other.kernel() == kernel && kernel != own.kernel() {
            hands.push(Hand::here(format!("people-rs256, {kernel}"), None, move || {
                other.sign(message, &[1; 32]).expect("a signature")
            }));
        }
    }
    hands.extend(installed(folder.path()));
    let expected = own.sign(message, &[1; 32]).expect("a signature");
    let mut taken = vec![Vec::with_capacity(ROUNDS); hands.len()];
    for _ in 0..ROUNDS {
        for (hand, taken) in hands.iter_mut().zip(&mut taken) {
            (hand.turn)(1);
            let (took, signature) = (hand.turn)(4).expect("it signs on");
            assert_eq!(signature, expected, "{} makes another signature", hand.name);
            taken.push(took);
        }
    }
    let Some(base) = taken.first() else { return };
    println!("RSA-{}, {ROUNDS} rounds by turns, CPU time; cold is import and first signature", key.bits());
    for (hand, taken) in hands.iter().zip(&taken) {
        let ratios: Vec<f64> = base.iter().zip(taken).map(|(base, taken)| taken / base).collect();
        let ([_, median, _], [low, middle, high]) = (quartiles(taken), quartiles(&ratios));
        // The quiet moments of a busy machine.
        let (least, ours) = (least(taken), least(base));
        println!(
            "{:<24}{median:>9.1} µs   its time / ours: {middle:.2} [{low:.2}, {high:.2}]   least {least:.1} µs, {:.2}",
            hand.name,
            least / ours
        );
        if let Some(ratio) = hand.ratio {
            // Of times less is better, so the other way round.
            report_ratio(ratio, taken, base);
        }
    }
}

criterion_group!(benches, sign);
criterion_main!(benches);
