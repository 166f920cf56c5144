//! Checks deliveries against the rows of a source. Raw bytes only, every key tried, compared in constant time.

use base64::Engine as _;
use http::{HeaderMap, HeaderName};
use people_model::Trust;
use people_model::time::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::key::{self, Key};
use super::parts::{Hash, Parts, first, single};
use super::{Algorithm, List, Part, Scheme, Unit, preset};
use crate::config::{Secrets, Span};
use crate::source::config::{ConfigProblem, SourceConfig};
use crate::source::{Incoming, Proof, Reception, Refusal};

/// A longer body is hashed once it is proven, so that a forged one costs no more than it must.
const SHORT: usize = 16 * 1024;
/// More signatures than this in one delivery are not looked at.
const MOST_SIGNATURES: usize = 32;
/// A stamp further ahead than this is not a clock that is off.
const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(15);
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The rows of one source with their keys.
pub struct Prover {
    rows: Vec<Row>,
    past: SignedDuration,
    ahead: SignedDuration,
    dedupe_for: SignedDuration,
    trust: Trust,
}

struct Row {
    scheme: Scheme,
    signature: Vec<HeaderName>,
    stamp: Vec<HeaderName>,
    id: Vec<HeaderName>,
    label: Vec<HeaderName>,
    keys: Vec<Key>,
}

/// The signatures of a delivery: nearly always one, which takes no memory of its own.
#[derive(Default)]
struct Proofs {
    one: Option<key::Proof>,
    more: Vec<key::Proof>,
}

impl Proofs {
    fn extend(&mut self, proofs: impl IntoIterator<Item = key::Proof>) {
        for proof in proofs {
            match &self.one {
                None => self.one = Some(proof),
                Some(_) => self.more.push(proof),
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.one.iter().chain(&self.more).map(key::Proof::bytes)
    }
}

/// What a proof shows besides that it is one.
struct Shown {
    stamped: Option<Timestamp>,
    /// The signed id, or the hash of the body where it came with the proof.
    dedupe_key: Option<Vec<u8>>,
}

impl Prover {
    /// The prover of a source: its own `signature`, or the preset of its kind.
    ///
    /// How long a key is a duplicate, unless `dedupe` says otherwise:
    /// - a signed id: 30 days. Replays are stopped by the tolerance; this is for retries, which run for about three days;
    /// - a signed timestamp and no id: for as long as one stamp is good, so that nothing can be replayed within it;
    /// - neither: 30 days, as it is the only protection against replay.
    ///
    /// # Errors
    /// Where there is no key, a key cannot be read, or the rows contradict themselves.
    pub fn new(config: &SourceConfig, secrets: &dyn Secrets) -> Result<Self, ConfigProblem> {
        let schemes = match &config.signature {
            Some(scheme) => vec![scheme.clone()],
            None => preset(&config.kind).ok_or_else(|| {
                ConfigProblem::new(
                    "signature",
                    "say how deliveries are signed, such as { algorithm = \"hmac-sha256\", header = \"X-Signature\" }",
                )
            })?,
        };
        let mut rows = schemes.into_iter().map(Row::new).collect::<Result<Vec<_>, _>>()?;
        let unsigned = rows.iter().all(|row| row.scheme.algorithm == Algorithm::None);
        if unsigned != config.secrets.is_empty() {
            return Err(if unsigned {
                ConfigProblem::new(
                    "secrets",
                    "nothing uses them: algorithm is \"none\"; remove one of the two",
                )
            } else {
                ConfigProblem::new(
                    "secrets",
                    "give at least one, such as [{ env = \"NAME\" }]; a sender that cannot sign needs signature = { algorithm = \"none\" }",
                )
            });
        }
        if config.tolerance.is_some() && rows.iter().all(|row| row.stamp.is_empty()) {
            return Err(ConfigProblem::new(
                "tolerance",
                "deliveries of this source bear no signed moment; remove it, `dedupe` is what stops replays here",
            ));
        }
        for (index, reference) in config.secrets.iter().enumerate() {
            let at = |problem: &str| ConfigProblem::new(format!("secrets[{index}]"), problem);
            let secret = secrets.resolve(reference).map_err(|problem| at(&problem))?;
            let text = secret.expose();
            // A key goes to the row whose prefix it bears, and without any to the first.
            let own =
                |row: &Row| !row.scheme.key_prefix.is_empty() && text.starts_with(&row.scheme.key_prefix);
            let place = rows.iter().position(own).unwrap_or(0);
            if let Some(row) = rows.get_mut(place) {
                row.keys.push(Key::read(&row.scheme, text).map_err(at)?);
            }
        }
        let past =
            config.tolerance.or_else(|| rows.first().map(|row| row.scheme.past)).map_or(MONTH, Span::get);
        let ahead = past.min(MOST_AHEAD);
        let dedupe_for = config.dedupe.map(Span::get).unwrap_or_else(|| match rows.first() {
            Some(row) if row.id.is_empty() && !row.stamp.is_empty() => past.saturating_add(ahead),
            _ => MONTH,
        });
        let proven = rows.iter().all(|row| row.scheme.covers_body());
        let trust = if proven { Trust::Proven } else { Trust::Low };
        if config.trust.is_some_and(|asked| asked > trust) {
            return Err(ConfigProblem::new(
                "trust",
                "this signature does not cover the body, so its trust is \"low\"; remove the key",
            ));
        }
        Ok(Self { rows, past, ahead, dedupe_for, trust: config.trust.unwrap_or(trust) })
    }

    /// Checks the proof of one delivery.
    pub fn receive(&self, incoming: Incoming<'_>, now: Timestamp) -> Reception {
        let mut refusal = Refusal::Missing;
        for row in self.rows.iter().filter(|row| row.usable()) {
            match row.check(incoming, now, self.past, self.ahead) {
                Ok(shown) => {
                    return Reception::Proven(Proof {
                        dedupe_key: shown
                            .dedupe_key
                            .unwrap_or_else(|| Sha256::digest(incoming.body).to_vec()),
                        dedupe_for: self.dedupe_for,
                        trust: self.trust,
                        stamped: shown.stamped,
                    });
                }
                Err(why) => refusal = why,
            }
        }
        Reception::Refused(refusal)
    }
}

fn headers(key: &str, names: &[String]) -> Result<Vec<HeaderName>, ConfigProblem> {
    names
        .iter()
        .map(|name| {
            name.parse().map_err(|_| {
                ConfigProblem::new(format!("signature.{key}"), "this is not the name of a header")
            })
        })
        .collect()
}

impl Row {
    fn new(scheme: Scheme) -> Result<Self, ConfigProblem> {
        let wrong = |key: &str, problem: &str| Err(ConfigProblem::new(format!("signature.{key}"), problem));
        let mut signature = headers("header", &scheme.header)?;
        if signature.is_empty() && scheme.algorithm == Algorithm::Basic {
            signature.push(http::header::AUTHORIZATION);
        }
        if signature.is_empty() && scheme.algorithm != Algorithm::None {
            return wrong("header", "name the header that holds the signature");
        }
        let stamp =
            headers("timestamp.header", scheme.timestamp.as_ref().map_or(&[], |stamp| &stamp.header))?;
        let id = headers("id", &scheme.id)?;
        let bodies = scheme.signed.iter().filter(|part| **part == Part::Body).count();
        if scheme.covers_body() && bodies == 0 {
            return wrong(
                "signed",
                "it has to hold \"body\": a signature that does not cover the body proves nothing",
            );
        }
        if bodies > 1 {
            return wrong(
                "signed",
                "it holds \"body\" more than once; no sender signs so, remove all but one",
            );
        }
        let signs = |part| scheme.covers_body() && scheme.signed.contains(&part);
        if stamp.is_empty() == signs(Part::Timestamp) || (scheme.timestamp.is_some() && stamp.is_empty()) {
            return wrong("timestamp", "name its header and put \"timestamp\" into `signed`, or do neither");
        }
        if id.is_empty() == signs(Part::Id) {
            return wrong("id", "name its header and put \"id\" into `signed`, or do neither");
        }
        let label = headers("label", &scheme.label)?;
        Ok(Self { signature, stamp, id, label, keys: Vec::new(), scheme })
    }

    fn usable(&self) -> bool {
        !self.keys.is_empty() || self.scheme.algorithm == Algorithm::None
    }

    fn check(
        &self,
        incoming: Incoming<'_>,
        now: Timestamp,
        past: SignedDuration,
        ahead: SignedDuration,
    ) -> Result<Shown, Refusal> {
        if self.scheme.algorithm == Algorithm::None {
            return Ok(Shown { stamped: None, dedupe_key: None });
        }
        let proofs = self.proofs(incoming.headers)?;
        let id = single(incoming.headers, &self.id)?;
        if id.is_some_and(|id| !self.fit(id)) {
            return Err(Refusal::Malformed);
        }
        let stamp = single(incoming.headers, &self.stamp)?;
        let stamped = stamp.map(|text| self.moment(text).ok_or(Refusal::Malformed)).transpose()?;
        if let Some(stamped) = stamped {
            let age = now.duration_since(stamped);
            if age > past {
                return Err(Refusal::Stale);
            }
            if age < -ahead {
                return Err(Refusal::Future);
            }
        }
        let parts = Parts { signed: &self.scheme.signed, incoming, id, stamp };
        let mut hash = None;
        if self.keys_for(incoming.headers).any(|key| matches(key, &parts, &proofs, &mut hash)) {
            let dedupe_key = id.map(|id| id.as_bytes().to_vec()).or_else(|| hash.map(Vec::from));
            Ok(Shown { stamped, dedupe_key })
        } else {
            Err(Refusal::Mismatch)
        }
    }

    /// The signatures of the delivery, decoded; those of another version are passed over.
    fn proofs(&self, headers: &HeaderMap) -> Result<Proofs, Refusal> {
        let mut proofs = Proofs::default();
        for value in first(headers, &self.signature)? {
            let text = value.to_str().map_err(|_| Refusal::Malformed)?;
            match self.scheme.list {
                List::One => proofs.extend(self.proof(text)),
                List::Space => {
                    let all = text.split(' ').take(MOST_SIGNATURES);
                    proofs.extend(all.filter_map(|text| self.proof(text)));
                }
                List::Comma => {
                    let all = text.split(',').take(MOST_SIGNATURES).map(str::trim);
                    proofs.extend(all.filter_map(|text| self.proof(text)));
                }
            }
            if proofs.more.len() >= MOST_SIGNATURES {
                break;
            }
        }
        Ok(proofs)
    }

    fn proof(&self, text: &str) -> Option<key::Proof> {
        match self.scheme.algorithm {
            Algorithm::Basic => {
                let (scheme, coded) = text.split_once(' ')?;
                let plain = key::STANDARD.decode(coded.trim()).ok()?;
                scheme.eq_ignore_ascii_case("basic").then_some(key::Proof::Shared(plain))
            }
            Algorithm::Token => {
                Some(key::Proof::Shared(text.strip_prefix(&*self.scheme.prefix)?.as_bytes().to_vec()))
            }
            _ => key::decode(self.scheme.encoding, text.strip_prefix(&*self.scheme.prefix)?),
        }
    }

    /// An id is visible ASCII and holds none of the literal texts that separate the parts.
    fn fit(&self, id: &str) -> bool {
        let apart = |part: &Part| match part {
            Part::Text(text) => text.is_empty() || !id.contains(text.as_str()),
            _ => true,
        };
        !id.is_empty()
            && id.len() <= 256
            && id.bytes().all(|b| b.is_ascii_graphic())
            && self.scheme.signed.iter().all(apart)
    }

    fn moment(&self, text: &str) -> Option<Timestamp> {
        let unit = self.scheme.timestamp.as_ref()?.unit;
        if unit == Unit::Rfc3339 {
            return people_model::time::parse_rfc3339(text);
        }
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = digits.then(|| text.parse().ok())??;
        match unit {
            Unit::S => Timestamp::from_second(number).ok(),
            _ => Timestamp::from_millisecond(number).ok(),
        }
    }

    /// The key that the delivery names, or all of them.
    fn keys_for(&self, headers: &HeaderMap) -> impl Iterator<Item = &Key> {
        let named = self.label.iter().find_map(|name| headers.get(name)).and_then(|value| {
            self.scheme.labels.iter().position(|label| label.as_bytes() == value.as_bytes())
        });
        let named = named.filter(|index| *index < self.keys.len());
        self.keys
            .iter()
            .enumerate()
            .filter(move |(index, _)| named.is_none_or(|n| n == *index))
            .map(|(_, key)| key)
    }
}

/// Whether one of the proofs is what this key makes of the parts. Where they have no id, the hash of the body may come with it.
fn matches(key: &Key, parts: &Parts<'_>, proofs: &Proofs, hash: &mut Option<Hash>) -> bool {
    let equal = |expected: &[u8]| {
        bool::from(proofs.iter().fold(Choice::from(0), |any, proof| any | same(proof, expected)))
    };
    match key {
        Key::Sha256(keyed) if parts.id.is_none() && hash.is_none() && parts.incoming.body.len() <= SHORT => {
            let (mac, made) = parts.mac_and_hash(keyed);
            *hash = Some(made);
            equal(&mac.into_bytes())
        }
        Key::Sha256(keyed) => equal(&parts.mac(&**keyed).into_bytes()),
        Key::Sha512(keyed) => equal(&parts.mac(&**keyed).into_bytes()),
        Key::Shared(key) => {
            // Hashed first, so that not even the length shows.
            let expected = Sha256::digest(key.expose());
            let same = |proof: &[u8]| Sha256::digest(proof).ct_eq(&expected);
            bool::from(proofs.iter().fold(Choice::from(0), |any, proof| any | same(proof)))
        }
        Key::Public(key) => {
            let mut message = Vec::new();
            parts.each(|part| message.extend_from_slice(part));
            proofs.iter().any(|proof| {
                ed25519_dalek::Signature::from_slice(proof)
                    .is_ok_and(|signature| key.verify_strict(&message, &signature).is_ok())
            })
        }
    }
}

/// Whether both are the same, in a time that does not depend on what they hold. Eight bytes at a time.
fn same(a: &[u8], b: &[u8]) -> Choice {
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = a_words.iter().zip(b_words).fold(a_rest.ct_eq(b_rest), |all, (a, b)| {
        all & u64::from_le_bytes(*a).ct_eq(&u64::from_le_bytes(*b))
    });
    words & a.len().ct_eq(&b.len())
}
