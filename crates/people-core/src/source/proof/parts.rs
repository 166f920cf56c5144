//! What is signed, fed to the algorithm part by part; and the other direction, for demonstrations and tests.

use base64::Engine as _;
use hmac::digest::CtOutput;
use hmac::{Hmac, Mac};
use http::header::GetAll;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use people_model::time::Timestamp;
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::{Algorithm, Part, Scheme, Unit};
use crate::source::{Incoming, Refusal};

/// All values of the first of these headers that is there.
pub(super) fn first<'h>(
    headers: &'h HeaderMap,
    names: &[HeaderName],
) -> Result<GetAll<'h, HeaderValue>, Refusal> {
    let mut all = names.iter().map(|name| headers.get_all(name));
    all.find(|all| all.iter().next().is_some()).ok_or(Refusal::Missing)
}

/// The one value of the first of these headers that is there.
pub(super) fn single<'h>(headers: &'h HeaderMap, names: &[HeaderName]) -> Result<Option<&'h str>, Refusal> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut values = first(headers, names)?.iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Refusal::Malformed),
        _ => Err(Refusal::Malformed),
    }
}

/// Of a body.
pub(super) type Hash = [u8; 32];

/// So many bytes of a body are taken in at a turn: two blocks of SHA-256.
const TURN: usize = 128;

/// What is signed.
pub(super) struct Parts<'a> {
    pub(super) signed: &'a [Part],
    pub(super) incoming: Incoming<'a>,
    pub(super) id: Option<&'a str>,
    pub(super) stamp: Option<&'a str>,
}

impl Parts<'_> {
    fn bytes<'p>(&'p self, part: &'p Part) -> &'p [u8] {
        match part {
            Part::Body => self.incoming.body,
            Part::Timestamp => self.stamp.unwrap_or_default().as_bytes(),
            Part::Id => self.id.unwrap_or_default().as_bytes(),
            Part::Method => self.incoming.method.as_str().as_bytes(),
            Part::Text(text) => text.as_bytes(),
        }
    }

    pub(super) fn each(&self, take: impl FnMut(&[u8])) {
        self.signed.iter().map(|part| self.bytes(part)).for_each(take);
    }

    /// The code that `keyed`, which has taken in nothing but its key, makes of them.
    pub(super) fn mac<M: Mac + Clone>(&self, keyed: &M) -> CtOutput<M> {
        let mut mac = keyed.clone();
        self.each(|part| mac.update(part));
        mac.finalize()
    }

    /// The same, and the hash of the body besides. Each of the two waits for its own last block only, so they take turns, and the
    /// processor works at both.
    pub(super) fn mac_and_hash(&self, keyed: &Hmac<Sha256>) -> (CtOutput<Hmac<Sha256>>, Hash) {
        let (mut mac, mut hash) = (keyed.clone(), Sha256::new());
        for part in self.signed {
            match part {
                Part::Body => self.incoming.body.chunks(TURN).for_each(|blocks| {
                    mac.update(blocks);
                    hash.update(blocks);
                }),
                other => mac.update(self.bytes(other)),
            }
        }
        (mac.finalize(), hash.finalize().into())
    }
}

/// The headers that a sender with this shared secret would send with a POST of `body`: for demonstrations, tests and
/// measurements. `None` where the row cannot be signed with a shared secret, or the secret cannot be read.
pub fn sign(scheme: &Scheme, secret: &str, id: &str, body: &[u8], now: Timestamp) -> Option<HeaderMap> {
    let key = Key::read(scheme, secret).ok()?;
    let stamp = match scheme.timestamp.as_ref().map(|stamp| stamp.unit) {
        Some(Unit::Ms) => now.as_millisecond().to_string(),
        Some(Unit::Rfc3339) => now.to_string(),
        _ => now.as_second().to_string(),
    };
    let incoming = Incoming { method: &Method::POST, headers: &HeaderMap::new(), body };
    let parts = Parts { signed: &scheme.signed, incoming, id: Some(id), stamp: Some(&stamp) };
    let proof = match (scheme.algorithm, &key) {
        (_, Key::Sha256(keyed)) => key::encode(scheme.encoding, &parts.mac(&**keyed).into_bytes()),
        (_, Key::Sha512(keyed)) => key::encode(scheme.encoding, &parts.mac(&**keyed).into_bytes()),
        (Algorithm::Token, _) => secret.to_owned(),
        (Algorithm::Basic, Key::Shared(text)) => format!("Basic {}", key::STANDARD.encode(text.expose())),
        _ => return None,
    };
    let mut headers = HeaderMap::new();
    let mut put = |names: &[String], value: &str| -> Option<()> {
        let Some(name) = names.first() else { return Some(()) };
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        Some(())
    };
    put(&scheme.header, &format!("{}{proof}", scheme.prefix))?;
    put(scheme.timestamp.as_ref().map_or(&[], |stamp| &stamp.header), &stamp)?;
    put(&scheme.id, id)?;
    Some(headers)
}
