//! Which dedupe keys the database may know: where it cannot know one, it need not be asked. Among millions that would take longer than all
//! else that accepting does, and it would be worse right after a start, when the pages are not in memory.
//!
//! What is known here is made from the database once the first delivery comes, on a thread of its own; until then each key is looked up, and so is
//! whatever seems to be known. What another process accepts meanwhile is not known here: its keys are seen when a delivery is taken
//! apart, like every repetition that slips past the first look.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::format::Kept;
use super::sqlite;

/// What tells one id from all others, and is shorter.
pub(super) type Short = [u8; 16];

pub(super) fn short(id: &str) -> Short {
    let digest: [u8; 32] = Sha256::digest(id).into();
    let mut short = [0; 16];
    short.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
    short
}

/// What a delivery is known by.
pub(super) struct Marks {
    pub(super) id: Short,
    pub(super) key: Short,
}

impl Marks {
    pub(super) fn of(kept: &Kept) -> Self {
        Self { id: short(kept.delivery.id.as_str()), key: short(kept.key.as_str()) }
    }
}

/// How many keys there is room for at least.
const LEAST: usize = if cfg!(test) { 256 } else { 1 << 18 };

/// And at most: 22 MB. Beyond it more and more keys are looked up although they are new.
const MOST: usize = 1 << 24;

/// How many keys are read at once.
const TOGETHER: usize = 1024;

/// How many keys one block is for: fewer than one of a hundred that were not added then seems to be there.
const EACH: usize = 24;

/// A split-block Bloom filter, as in the Parquet format: a key sets one bit in each word of one block, which is half a line of the
/// processor's cache. It takes a byte and a third for a key, and never denies one that was added.
pub(super) struct Filter {
    blocks: Vec<[u32; 8]>,
    added: usize,
}

impl Filter {
    fn with_room(keys: usize) -> Self {
        Self { blocks: vec![[0; 8]; keys.div_ceil(EACH)], added: 0 }
    }

    /// All that the database knows, and room for these and as much again; `None` when it is to stop.
    pub(super) fn of(database: &Path, waiting: usize, stop: &AtomicBool) -> Result<Option<Self>, StoreError> {
        let mut book = sqlite::reads(database, "PRAGMA cache_size = -500")?;
        let count = usize::try_from(book.count_keys()?).unwrap_or(0);
        let mut filter = Self::with_room((count + waiting).saturating_mul(2).clamp(LEAST, MOST));
        let mut last = String::new();
        while !stop.load(Ordering::Relaxed) {
            let keys = book.keys(&last, TOGETHER)?;
            keys.iter().for_each(|key| filter.add(&short(key)));
            match keys.into_iter().next_back() {
                Some(key) => last = key,
                None => return Ok(Some(filter)),
            }
        }
        Ok(None)
    }

    fn add(&mut self, key: &Short) {
        let (place, bits) = self.place(key);
        if let Some(block) = self.blocks.get_mut(place) {
            block.iter_mut().zip(bits).for_each(|(word, bit)| *word |= bit);
        }
        self.added += 1;
    }

    fn may_have(&self, key: &Short) -> bool {
        let (place, bits) = self.place(key);
        self.blocks.get(place).is_none_or(|block| block.iter().zip(bits).all(|(word, bit)| word & bit != 0))
    }

    /// A key's block, by one half of it, and its bit in each word, by the other.
    fn place(&self, key: &Short) -> (usize, [u32; 8]) {
        let key = u128::from_le_bytes(*key);
        let place = ((key >> 64) * self.blocks.len() as u128) >> 64;
        (place as usize, std::array::from_fn(|n| 1 << (key >> (5 * n) & 31)))
    }

    /// Whether a larger one would be better.
    fn is_full(&self) -> bool {
        let room = self.blocks.len() * EACH;
        room < MOST && self.added > room
    }
}

/// What is known of the keys at this moment.
#[derive(Default)]
pub(super) struct Keys {
    filter: Option<Filter>,
    /// What came since the next filter was begun.
    since: Option<Vec<Short>>,
    /// It could not be made, and is not tried again.
    given_up: bool,
}

impl Keys {
    /// Whether the database may know this key.
    pub(super) fn may_have(&self, key: &Short) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_have(key))
    }

    /// Adds one that is accepted.
    pub(super) fn add(&mut self, key: Short) {
        if let Some(filter) = &mut self.filter {
            filter.add(&key);
        }
        if let Some(since) = &mut self.since {
            since.push(key);
        }
    }

    /// Whether most keys need not be looked up.
    #[cfg(test)]
    pub(super) fn is_known(&self) -> bool {
        self.filter.is_some() && !self.given_up
    }

    /// Whether it is time to make a filter: there is none, or it is full.
    pub(super) fn is_due(&self) -> bool {
        self.since.is_none() && !self.given_up && self.filter.as_ref().is_none_or(Filter::is_full)
    }

    /// One is being made. `waiting`: what the database may not have yet.
    pub(super) fn begin(&mut self, waiting: Vec<Short>) {
        self.since = Some(waiting);
    }

    /// It is made, if it could be.
    pub(super) fn end(&mut self, made: Option<Filter>) {
        let since = self.since.take().unwrap_or_default();
        self.given_up = made.is_none();
        if let Some(mut filter) = made {
            since.iter().for_each(|key| filter.add(key));
            self.filter = Some(filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_and_little_else_seems_to_be() {
        for room in [1, 256, 100_000] {
            let mut filter = Filter::with_room(room);
            let key = |n: usize| short(&n.to_string());
            assert!((0..1000).all(|n| !filter.may_have(&key(n))));
            (0..room).for_each(|n| filter.add(&key(n)));
            assert!((0..room).all(|n| filter.may_have(&key(n))));
            assert!(!filter.is_full());
            let seem = (room..room + 100_000).filter(|n| filter.may_have(&key(*n))).count();
            assert!(seem < 1_500, "{seem} of 100,000 in a filter for {room}");
        }
    }
}
