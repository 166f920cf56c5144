//! Does one step so many times, to be counted by callgrind: `people-counts STEP TIMES`. `cargo xtask counts` runs it.

#![expect(clippy::expect_used, reason = "a program that cannot be set up may say so and stop")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use people_auth::{Ask, Assertion, Rs256, ServiceAccountKey, Signer};
use people_benches::deliveries::{Person, Sample, now, samples};
use people_model::DeliveryId;

fn main() {
    let mut words = std::env::args().skip(1);
    let step = words.next().unwrap_or_default();
    let times: u32 = words.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let sample = samples().into_iter().find(|sample| sample.name == "bamboohr").expect("the sample is there");
    match step.as_str() {
        "verify" => repeat(times, || sample.verify()),
        "map" => repeat(times, || sample.pieces()),
        "plan" => plan(times, &sample),
        "way" => whole(times, &sample, &Person::known()),
        "hire" => whole(times, &sample, &Person::unknown()),
        "sign" => sign(times),
        _ => assert!(step.is_empty(), "the steps are verify, map, plan, way, hire and sign"),
    }
}

fn repeat<T>(times: u32, mut work: impl FnMut() -> T) {
    for _ in 0..times {
        black_box(work());
    }
}

fn whole(times: u32, sample: &Sample, person: &Person) {
    repeat(times, || sample.whole(person));
}

fn plan(times: u32, sample: &Sample) {
    let (person, pieces) = (Person::known(), sample.pieces());
    let source = people_model::SourceName::parse("hr").expect("a name");
    let id = DeliveryId::of(&source, b"1");
    repeat(times, || person.request(&id, |each| pieces.iter().cloned().for_each(each)));
}

fn sign(times: u32) {
    let json = serde_json::json!({
        "type": "service_account", "client_email": "people@project.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": include_str!("counts-key.pem"), "token_uri": "https://oauth2.googleapis.com/token",
    });
    let key = ServiceAccountKey::parse(json.to_string().as_bytes()).expect("the key is well-formed");
    let ask = Ask::new([people_model::cloudm::SCOPE]).expect("a scope");
    let signer = Rs256::new(&key).expect("the key signs");
    let message = Assertion::unsigned(&key, &ask, now()).message().to_vec();
    repeat(times, || {
        match pin!(signer.sign(black_box(&message), &[7; 32])).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(signature) => signature.expect("a signature"),
            Poll::Pending => unreachable!("nothing here waits"),
        }
    });
}
