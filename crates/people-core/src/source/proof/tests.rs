//! Proofs: what is accepted, and everything that is not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use people_model::Trust;
use people_model::time::{SignedDuration, Timestamp};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::source::tests::{at, receive, source, vector_text, vectors};
use crate::source::{BoxedSource, Proof, Refusal};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn standard(secret: &str) -> BoxedSource {
    source(&format!("kind = \"standard-webhooks\"\nsecrets = [{{ env = \"{secret}\" }}]"))
}

const NOW: &str = "2026-03-02T10:00:00Z";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn signed(secret: &str, body: &[u8], now: Timestamp) -> HeaderMap {
    sign(&preset("standard-webhooks").unwrap()[0], secret, "msg_1", body, now).unwrap()
}

fn bamboo(key: &str, signed: &[&[u8]], stamp: &str) -> HeaderMap {
    // A row that signs the parts as literal texts, so that wrong orders can be made.
    let row = Scheme {
        signed: signed.iter().map(|part| Part::Text(String::from_utf8(part.to_vec()).unwrap())).collect(),
        ..Scheme::new(Algorithm::HmacSha256, "x-bamboohr-signature")
    };
    let mut headers = sign(&row, key, "", b"", at(NOW)).unwrap();
    headers.insert("x-bamboohr-timestamp", stamp.parse().unwrap());
    headers
}

#[test]
fn scenario_01_bamboohr_body_then_timestamp() {
    let source = source("kind = \"bamboohr\"\nsecrets = [{ env = \"k\" }]");
    let (body, stamp) = (b"{\"employees\":[]}".as_slice(), at(NOW).as_second().to_string());
    let stamp_bytes = stamp.as_bytes();
    let proof = receive(&source, &bamboo("k", &[body, stamp_bytes], &stamp), body, at(NOW)).unwrap();
    assert_eq!((proof.trust, proof.stamped), (Trust::Proven, Some(at(NOW))));
    for wrong in [&[stamp_bytes, b".", body][..], &[stamp_bytes, body], &[body, b".", stamp_bytes], &[body]] {
        assert_eq!(receive(&source, &bamboo("k", wrong, &stamp), body, at(NOW)), Err(Refusal::Mismatch));
    }
    // A retry with another stamp is the same delivery.
    let later = (at(NOW).as_second() + 300).to_string();
    let retry = receive(&source, &bamboo("k", &[body, later.as_bytes()], &later), body, at(NOW)).unwrap();
    assert_eq!(retry.dedupe_key, proof.dedupe_key);
    assert!(retry.dedupe_for >= SignedDuration::from_hours(3));
}

#[test]
fn without_an_id_the_hash_of_the_body_tells_repetitions() {
    let source = source("kind = \"bamboohr\"\nsecrets = [{ env = \"k\" }, { env = \"other\" }]");
    let stamp = at(NOW).as_second().to_string();
    for length in [0, 1, 63, 64, 127, 128, 129, 1_000, 16 * 1024, 16 * 1024 + 1, 100_000] {
        let body = vec![b' '; length];
        for key in ["k", "other"] {
            let headers = bamboo(key, &[&body, stamp.as_bytes()], &stamp);
            let proof = receive(&source, &headers, &body, at(NOW)).unwrap();
            assert_eq!(proof.dedupe_key, Sha256::digest(&body).as_slice(), "{length}");
        }
    }
}

#[test]
fn bamboohr_retries_arrive_hours_late_and_clocks_run_ahead() {
    let source = source("kind = \"bamboohr\"\nsecrets = [{ env = \"k\" }]");
    let try_at = |seconds: i64| {
        let stamp = (at(NOW).as_second() - seconds).to_string();
        receive(&source, &bamboo("k", &[b"{}", stamp.as_bytes()], &stamp), b"{}", at(NOW)).err()
    };
    assert_eq!([try_at(155 * 60), try_at(-600)], [None, None]);
    assert_eq!([try_at(10_801), try_at(-901)], [Some(Refusal::Stale), Some(Refusal::Future)]);
}

#[test]
fn a_recorded_bamboohr_delivery_verifies_and_no_tampered_one_does() {
    let facts = vectors("bamboohr/fusebit-headers-and-key.json");
    let (Some(facts), Some(pretty)) = (facts, vector_text("bamboohr/fusebit-webhook-event.json")) else {
        return;
    };
    // Minified by hand, so that the members keep their order.
    let (mut body, mut inside, mut before) = (String::new(), false, ' ');
    for c in pretty.chars() {
        inside ^= c == '"' && before != '\\';
        if inside || !c.is_whitespace() {
            body.push(c);
        }
        before = c;
    }
    let fact = |name: &str| facts[name].as_str().unwrap();
    let source = source(&format!("kind = \"bamboohr\"\nsecrets = [{{ env = \"{}\" }}]", fact("private_key")));
    let (stamp, proof) = (fact("x-bamboohr-timestamp"), fact("x-bamboohr-signature"));
    let now = Timestamp::from_second(stamp.parse().unwrap()).unwrap();
    let check = |stamp: &str, proof: &str, body: &str| {
        receive(
            &source,
            &headers(&[("x-bamboohr-timestamp", stamp), ("x-bamboohr-signature", proof)]),
            body.as_bytes(),
            now,
        )
    };
    check(stamp, proof, &body).unwrap();
    assert_eq!(check(stamp, proof, &pretty), Err(Refusal::Mismatch));
    for i in 0..body.len() {
        let mut other = body.clone().into_bytes();
        other[i] ^= 1;
        assert!(check(stamp, proof, &String::from_utf8(other).unwrap()).is_err());
    }
    for i in 0..proof.len() {
        let digit = if &proof[i..=i] == "0" { "1" } else { "0" };
        assert!(check(stamp, &format!("{}{digit}{}", &proof[..i], &proof[i + 1..]), &body).is_err());
        assert!(check(stamp, &proof[..i], &body).is_err());
    }
}

#[test]
fn scenario_02_the_raw_bytes_are_signed_and_nothing_else() {
    let source = standard(SECRET);
    for body in [
        &b"{\"a\":\"\\u003c\"}"[..],
        "{\"a\":\"é  ü\"}\n".as_bytes(),
        b"{ \"a\" :  1 }\r\n",
        b"",
        b"\xff\xfe\x00",
    ] {
        let headers = signed(SECRET, body, at(NOW));
        receive(&source, &headers, body, at(NOW)).unwrap();
        let again = serde_json::from_slice::<serde_json::Value>(body)
            .map(|v| v.to_string())
            .unwrap_or("x".to_owned());
        if again.as_bytes() != body {
            assert_eq!(receive(&source, &headers, again.as_bytes(), at(NOW)), Err(Refusal::Mismatch));
        }
    }
}

fn check(pairs: &[(&str, &str)], now: Timestamp) -> Result<Proof, Refusal> {
    receive(&standard(SECRET), &headers(pairs), b"{}", now)
}

#[test]
fn scenario_04_standard_webhooks_in_every_way_that_is_not_one() {
    let good = signed(SECRET, b"{}", at(NOW));
    let value = |name: &str| good[name].to_str().unwrap().to_owned();
    let (id, stamp, proof) = (value("webhook-id"), value("webhook-timestamp"), value("webhook-signature"));
    let with = |id: &str, stamp: &str, proof: &str, seconds: i64| {
        let now = at(NOW) + SignedDuration::from_secs(seconds);
        check(&[("webhook-id", id), ("webhook-timestamp", stamp), ("webhook-signature", proof)], now)
            .map(|_| ())
    };
    assert_eq!([with(&id, &stamp, &proof, 300), with(&id, &stamp, &proof, -300)], [Ok(()), Ok(())]);
    assert_eq!(with(&id, &stamp, &proof, 301), Err(Refusal::Stale));
    assert_eq!(with(&id, &stamp, &proof, -301), Err(Refusal::Future));
    for wrong in ["hello", "", "-1", "+1", "1.5", "0x1", "99999999999999999999", "999999999999999999"] {
        assert_eq!(with(&id, wrong, &proof, 0), Err(Refusal::Malformed), "{wrong}");
    }
    for wrong in ["", "a.b", "a b"] {
        assert_eq!(with(wrong, &stamp, &proof, 0), Err(Refusal::Malformed), "{wrong}");
    }
    assert_eq!(with(&id, &stamp, &format!("v1,AAAA v2,x {proof} v1,BBBB"), 0), Ok(()));
    let bare = proof.strip_prefix("v1,").unwrap();
    for wrong in [
        "v1,",
        "v1",
        "",
        "v2,x",
        bare,
        &format!("v1,{}", &bare[..8]),
        &format!("v2,{bare}"),
        &format!("V1,{bare}"),
        &format!("v1a,{bare}"),
    ] {
        assert_eq!(with(&id, &stamp, wrong, 0), Err(Refusal::Mismatch), "{wrong}");
    }
    let all = [
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", stamp.as_str()),
        ("webhook-signature", proof.as_str()),
    ];
    for missing in 0..3 {
        let some: Vec<_> =
            all.iter().enumerate().filter(|(i, _)| *i != missing).map(|(_, pair)| *pair).collect();
        assert_eq!(check(&some, at(NOW)), Err(Refusal::Missing));
    }
    let svix = all.map(|(name, value)| (name.replace("webhook", "svix"), value));
    let svix: Vec<_> = svix.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let proof = check(&svix, at(NOW)).unwrap();
    assert_eq!((proof.dedupe_key.as_slice(), proof.trust), (b"msg_1".as_slice(), Trust::Proven));
    assert_eq!(proof.dedupe_for, SignedDuration::from_hours(720));
}

#[test]
fn scenario_05_any_of_two_keys_proves_and_a_retired_one_no_more() {
    let (old, new) = ("b2xkb2xkb2xkb2xkb2xkb2xk", "bmV3bmV3bmV3bmV3bmV3bmV3");
    let both = source(&format!(
        "kind = \"standard-webhooks\"\nsecrets = [{{ env = \"{old}\" }}, {{ env = \"whsec_{new}\" }}]"
    ));
    for key in [old, new] {
        assert!(receive(&both, &signed(key, b"{}", at(NOW)), b"{}", at(NOW)).is_ok());
    }
    let two =
        [old, new].map(|key| signed(key, b"{}", at(NOW))["webhook-signature"].to_str().unwrap().to_owned());
    let mut list = signed(old, b"{}", at(NOW));
    list.insert("webhook-signature", two.join(" ").parse().unwrap());
    assert!(
        receive(&both, &list, b"{}", at(NOW)).is_ok()
            && receive(&standard(new), &list, b"{}", at(NOW)).is_ok()
    );
    assert_eq!(receive(&standard(new), &signed(old, b"{}", at(NOW)), b"{}", at(NOW)), Err(Refusal::Mismatch));
}

#[test]
fn the_vectors_of_the_standard_verify_and_no_tampered_one_does() {
    let Some(file) = vectors("standard-webhooks/vectors.json") else { return };
    for vector in file["vectors"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
        let secret = match text("public_key") {
            public if !public.is_empty() => public,
            _ => format!("whsec_{}", STANDARD.encode(hex::decode(text("secret_hex")).unwrap())),
        };
        let stamp = vector["timestamp"].as_i64().unwrap();
        let now = Timestamp::from_second(stamp).unwrap();
        let parts = [text("id"), stamp.to_string(), text("signature"), text("body")];
        for secret in [secret.clone(), secret.trim_start_matches("whsec_").to_owned()] {
            let source = standard(&secret);
            let check = |parts: &[Vec<u8>; 4]| {
                let mut headers = HeaderMap::new();
                for (name, value) in
                    ["webhook-id", "webhook-timestamp", "webhook-signature"].iter().zip(parts)
                {
                    headers.insert(*name, HeaderValue::from_bytes(value).ok()?);
                }
                receive(&source, &headers, &parts[3], now).ok()
            };
            let good = parts.clone().map(String::into_bytes);
            assert!(check(&good).is_some());
            for part in 0..4 {
                for byte in 0..good[part].len() {
                    for bit in 0..8 {
                        let mut bad = good.clone();
                        bad[part][byte] ^= 1 << bit;
                        assert!(check(&bad).is_none(), "part {part}, byte {byte}, bit {bit}");
                    }
                    let mut short = good.clone();
                    short[part].remove(byte);
                    // Base64 without its padding is the same signature.
                    assert!(
                        check(&short).is_none() || good[part][byte] == b'=',
                        "part {part}, without byte {byte}"
                    );
                }
            }
        }
    }
}

#[test]
fn tolerance_and_dedupe_follow_the_configuration() {
    let text = format!(
        "kind = \"standard-webhooks\"\nsecrets = [{{ env = \"{SECRET}\" }}]\ntolerance = \"1h\"\ndedupe = \"2h\"\ntrust = \"low\""
    );
    let source = source(&text);
    let at_age = |seconds: i64| {
        receive(&source, &signed(SECRET, b"{}", at(NOW) - SignedDuration::from_secs(seconds)), b"{}", at(NOW))
    };
    let proof = at_age(3600).unwrap();
    assert_eq!((proof.dedupe_for, proof.trust), (SignedDuration::from_hours(2), Trust::Low));
    assert_eq!(
        [at_age(3601).err(), at_age(-900).err(), at_age(-901).err()],
        [Some(Refusal::Stale), None, Some(Refusal::Future)]
    );
}

#[test]
fn scenario_11_an_unsigned_delivery_is_refused_where_a_secret_is_configured() {
    assert_eq!(receive(&standard(SECRET), &HeaderMap::new(), b"{}", at(NOW)), Err(Refusal::Missing));
    let open = source("kind = \"generic\"\nsignature = { algorithm = \"none\" }");
    assert_eq!(receive(&open, &HeaderMap::new(), b"{}", at(NOW)).unwrap().trust, Trust::Low);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(body in prop::collection::vec(any::<u8>(), 1..200), flip in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let source = standard(SECRET);
        let headers = signed(SECRET, &body, at(NOW));
        prop_assert!(receive(&source, &headers, &body, at(NOW)).is_ok());
        let mut other = body.clone();
        other[flip.index(body.len())] ^= 1 << bit;
        prop_assert_eq!(receive(&source, &headers, &other, at(NOW)), Err(Refusal::Mismatch));
    }
}
