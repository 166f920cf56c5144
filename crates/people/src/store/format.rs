//! How deliveries lie in the intake log. What shares a flush is a group:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `people` and the version of this format |
//! | 8 | the generation |
//! | 8 | how many bytes follow this head |
//! | 32 | SHA-256 of the generation, that number and those bytes |
//! | … | deliveries, then zeros up to the next 512 |
//!
//! Numbers have eight bytes, the lowest first; a text or a body is a number of bytes and then these, all ones stand for none.

use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, SourceName, Trust};
use sha2::{Digest, Sha256};

const BLOCK: usize = 512;
const NAME: [u8; 7] = *b"people\0";
const VERSION: u8 = 1;
/// How long the head of a group is.
pub(super) const HEAD: usize = 56;
const NONE: u64 = u64::MAX;

/// A delivery as it was accepted.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Kept {
    /// The delivery.
    pub(super) delivery: Delivery,
    /// What tells it from others,
    pub(super) key: DeliveryId,
    /// and how long.
    pub(super) dedupe_for: SignedDuration,
}

impl Kept {
    /// With moments as the database keeps them.
    pub(super) fn new(delivery: &Delivery, key: &DeliveryId, dedupe_for: SignedDuration) -> Self {
        let cut = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let (received, stamped) = (cut(delivery.received), delivery.stamped.map(cut));
        let delivery = Delivery { received, stamped, ..delivery.clone() };
        Self { delivery, key: key.clone(), dedupe_for }
    }
}

/// How much room something of this length takes.
pub(super) fn padded(length: usize) -> usize {
    length.next_multiple_of(BLOCK)
}

fn digest(head: &[u8], deliveries: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(head.get(8..24).unwrap_or_default()).chain_update(deliveries).finalize().into()
}

/// A log that is whole, and yet not what this version writes.
pub(super) struct Foreign;

/// Completes a group that begins with room for its head.
pub(super) fn seal(group: &mut Vec<u8>, generation: u64) {
    let mut head = Vec::with_capacity(HEAD);
    head.extend(NAME);
    head.push(VERSION);
    head.extend(generation.to_le_bytes());
    head.extend((group.len().saturating_sub(HEAD) as u64).to_le_bytes());
    head.extend(digest(&head, group.get(HEAD..).unwrap_or_default()));
    if let Some(room) = group.get_mut(..HEAD) {
        room.copy_from_slice(&head);
    }
    group.resize(padded(group.len()), 0);
}

/// The generation of a group, its deliveries, and its length.
pub(super) type Group<'a> = (u64, &'a [u8], usize);

/// The group that begins here, where it is whole.
pub(super) fn group(bytes: &[u8]) -> Result<Option<Group<'_>>, Foreign> {
    let mut head = Fields(bytes);
    match (head.take(NAME.len()), head.take(1)) {
        (Some(name), Some([VERSION])) if name == NAME => {}
        (Some(name), Some(_)) if name == NAME => return Err(Foreign),
        _ => return Ok(None),
    }
    let (Some(generation), Some(length)) = (head.number(), head.number()) else { return Ok(None) };
    let (Some(sum), Ok(length)) = (head.take(32), usize::try_from(length)) else { return Ok(None) };
    let Some(deliveries) = head.take(length) else { return Ok(None) };
    Ok((digest(bytes, deliveries) == sum).then_some((generation, deliveries, HEAD + length)))
}

/// Adds a delivery to what is after a head.
pub(super) fn encode(kept: &Kept, out: &mut Vec<u8>) {
    let Kept { delivery, key, dedupe_for } = kept;
    let mut bytes = |bytes: Option<&[u8]>| {
        out.extend(bytes.map_or(NONE, |bytes| bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes.unwrap_or_default());
    };
    bytes(Some(delivery.id.as_str().as_bytes()));
    bytes(Some(key.as_str().as_bytes()));
    bytes(Some(delivery.source.as_str().as_bytes()));
    bytes(delivery.content_type.as_deref().map(str::as_bytes));
    bytes(delivery.stamped.map(|at| at.as_millisecond().to_le_bytes()).as_ref().map(<[u8; 8]>::as_slice));
    bytes(Some(&delivery.body));
    out.extend(delivery.received.as_millisecond().to_le_bytes());
    out.extend(i64::try_from(dedupe_for.as_millis()).unwrap_or(i64::MAX).to_le_bytes());
    out.push(match delivery.trust {
        Trust::Low => 0,
        Trust::Proven => 1,
    });
}

/// The deliveries of a group.
pub(super) fn deliveries(bytes: &[u8]) -> impl Iterator<Item = Result<Kept, Foreign>> {
    let mut fields = Fields(bytes);
    std::iter::from_fn(move || (!fields.0.is_empty()).then(|| fields.kept().ok_or(Foreign)))
}

/// One delivery.
pub(super) fn kept(bytes: &[u8]) -> Option<Kept> {
    Fields(bytes).kept()
}

/// What is left to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn whole(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn maybe(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()? {
            NONE => Some(None),
            length => self.take(usize::try_from(length).ok()?).map(Some),
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.maybe()??).ok()
    }

    fn kept(&mut self) -> Option<Kept> {
        let id = DeliveryId::parse(self.text()?).ok()?;
        let key = DeliveryId::parse(self.text()?).ok()?;
        let source = SourceName::parse(self.text()?).ok()?;
        let content_type = match self.maybe()? {
            Some(text) => Some(str::from_utf8(text).ok()?.to_owned()),
            None => None,
        };
        let stamped = match self.maybe()? {
            Some(bytes) => Some(Timestamp::from_millisecond(Fields(bytes).whole()?).ok()?),
            None => None,
        };
        let body = self.maybe()??.to_vec().into();
        let received = Timestamp::from_millisecond(self.whole()?).ok()?;
        let dedupe_for = SignedDuration::from_millis(self.whole()?);
        let trust = match self.take(1)? {
            [0] => Trust::Low,
            [1] => Trust::Proven,
            _ => return None,
        };
        Some(Kept {
            delivery: Delivery { id, source, received, trust, stamped, content_type, body },
            key,
            dedupe_for,
        })
    }
}
