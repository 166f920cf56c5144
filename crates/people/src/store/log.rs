//! The intake log: deliveries that are durable and not yet in the database, in a file of their own beside it.
//!
//! The file is a row of segments. Deliveries are written into one, group after group; once the database has all of a segment on the disk, it may
//! be written over. A group is what shares a flush:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `people` and the version of this format |
//! | 8 | the generation, which grows with each change of segments: what is left of an older one does not count |
//! | 8 | how many bytes follow this head |
//! | 32 | SHA-256 of the generation, that number and those bytes |
//! | … | deliveries, then zeros up to the next 512 |
//!
//! Numbers have eight bytes, the lowest first; a text or a body is a number of bytes and then these, all ones stand for none. What was
//! acknowledged is never written again before the database has it, not even the rest of its sector.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use people_core::source::Delivery;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{DeliveryId, SourceName, Trust};
use sha2::{Digest, Sha256};

use super::error::StoreError;

/// How many bytes a segment has, and the longest group. Part of the format.
pub(super) const SEGMENT: usize = 4 << 20;

/// How many segments are made ready before the first delivery: a flush of what is written over costs half of one that lengthens the file.
const READY: usize = 4;

/// How many segments there may be.
const SEGMENTS: usize = 64;

const BLOCK: usize = 512;
const NAME: [u8; 7] = *b"people\0";
const VERSION: u8 = 1;
const HEAD: usize = 56;
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

/// The file, open and locked: no other process writes to it.
pub(super) struct Log {
    file: Arc<File>,
    segment: usize,
    /// How many deliveries had been added when the last one went into each segment.
    last: Vec<u64>,
    active: usize,
    at: usize,
    generation: u64,
    group: Vec<u8>,
    /// Something was written since the last flush.
    dirty: bool,
}

/// Where a delivery is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    start: u64,
    length: u32,
}

impl Log {
    /// Opens a file that exists. `None` where another process has it, or has left something in it: whoever opens the journal next reads that.
    pub(super) fn open(path: &Path, segment: usize) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.try_lock().is_err() || file.metadata()?.len() > 0 {
            return Ok(None);
        }
        let (file, group) = (Arc::new(file), vec![0; HEAD]);
        let mut log =
            Self { file, segment, last: vec![], active: 0, at: 0, generation: 0, group, dirty: false };
        log.clear()?;
        Ok(Some(log))
    }

    /// To read with what was added.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Adds a delivery, the `number`th, to the group; `settled` says how many the database has on the disk. `None` where there is no room.
    pub(super) fn add(&mut self, kept: &Kept, number: u64, settled: u64) -> io::Result<Option<Place>> {
        let mut start = self.group.len();
        encode(kept, &mut self.group);
        if self.at + padded(self.group.len()) > self.segment {
            let own = self.group.split_off(start);
            self.write()?;
            let free = self.last.iter().position(|last| *last <= settled).unwrap_or(self.last.len());
            if free >= SEGMENTS || padded(HEAD + own.len()) > self.segment {
                return Ok(None);
            }
            if free == self.last.len() {
                self.last.push(0);
            }
            (self.active, self.at, self.generation) = (free, 0, self.generation + 1);
            start = HEAD;
            self.group.extend(own);
        }
        if let Some(last) = self.last.get_mut(self.active) {
            *last = number;
        }
        let length = u32::try_from(self.group.len() - start).unwrap_or(u32::MAX);
        Ok(Some(Place { start: (self.active * self.segment + self.at + start) as u64, length }))
    }

    /// Where it is half through a segment while no other can be written over: how many would have to be settled for that.
    pub(super) fn longs(&self, settled: u64) -> Option<u64> {
        let oldest = self.last.iter().copied().min().filter(|oldest| *oldest > settled);
        oldest.filter(|_| self.at * 2 > self.segment)
    }

    /// Writes what was added. Says whether there is something to be flushed; that is for the caller, who need not hold this meanwhile.
    pub(super) fn written(&mut self) -> io::Result<bool> {
        self.write()?;
        Ok(std::mem::take(&mut self.dirty))
    }

    /// Writes the group where it belongs, and begins the next.
    fn write(&mut self) -> io::Result<()> {
        if self.group.len() == HEAD {
            return Ok(());
        }
        let mut head = Vec::with_capacity(HEAD);
        head.extend(NAME);
        head.push(VERSION);
        head.extend(self.generation.to_le_bytes());
        head.extend(((self.group.len() - HEAD) as u64).to_le_bytes());
        head.extend(digest(&head, self.group.get(HEAD..).unwrap_or_default()));
        if let Some(room) = self.group.get_mut(..HEAD) {
            room.copy_from_slice(&head);
        }
        self.group.resize(padded(self.group.len()), 0);
        self.dirty = true;
        write_at(&self.file, &self.group, self.active * self.segment + self.at)?;
        self.at += self.group.len();
        self.group.truncate(HEAD);
        Ok(())
    }

    /// Begins anew. Only where the database has everything on the disk.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if self.generation > 0 && self.at == 0 && self.active == 0 {
            return Ok(());
        }
        (self.last, self.active, self.at, self.dirty) = (vec![0; READY], 0, 0, false);
        self.generation += 1;
        self.group.truncate(HEAD);
        self.file.set_len((self.segment * READY) as u64)?;
        let zeros = vec![0; self.segment.min(1 << 16)];
        for start in (0..self.segment * READY).step_by(zeros.len()) {
            write_at(&self.file, &zeros, start)?;
        }
        self.file.sync_all()
    }

    /// From now on writing fails.
    #[cfg(test)]
    pub(super) fn fail(&mut self, path: &Path) -> io::Result<()> {
        self.file = Arc::new(File::open(path)?);
        Ok(())
    }

    /// Leaves the file empty. Only where the database has everything on the disk.
    pub(super) fn end(self) -> io::Result<()> {
        empty(&self.file)
    }
}

/// Reads one delivery back.
pub(super) fn read_back(file: &File, place: Place) -> io::Result<Kept> {
    let mut bytes = vec![0; place.length as usize];
    read_at(file, &mut bytes, place.start)?;
    Fields(&bytes).kept().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn empty(file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.sync_all()
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], start: usize) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, start as u64)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut start: usize) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, start as u64)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
        start += written;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, start)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(read..).unwrap_or_default();
        start += read as u64;
    }
    Ok(())
}

fn padded(length: usize) -> usize {
    length.next_multiple_of(BLOCK)
}

fn digest(head: &[u8], deliveries: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(head.get(8..24).unwrap_or_default()).chain_update(deliveries).finalize().into()
}

/// A log as it was left, locked.
pub(super) struct Left {
    file: File,
    path: PathBuf,
    segment: usize,
}

/// A log that is whole, and yet not what this version writes.
struct Foreign;

impl Left {
    /// Opens a file that exists. `None` where another process has it.
    pub(super) fn open(path: &Path, segment: usize) -> Result<Option<Self>, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| StoreError::File { path: path.to_owned(), kind: error.kind() })?;
        let locked = file.try_lock().is_ok();
        Ok(locked.then(|| Self { file, path: path.to_owned(), segment }))
    }

    /// Hands over what is whole and of no older generation, in the order in which it was accepted. How many there were.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(Kept) -> Result<(), StoreError>,
    ) -> Result<usize, StoreError> {
        let foreign = |Foreign| StoreError::Foreign { path: self.path.clone() };
        let mut segments = Vec::new();
        for start in (0..self.length()?).step_by(self.segment) {
            if let Some((generation, ..)) = group(&self.read(start)?).map_err(foreign)? {
                segments.push((generation, start));
            }
        }
        segments.sort_unstable();
        let mut count = 0;
        for (generation, start) in segments {
            let bytes = self.read(start)?;
            let mut rest = bytes.as_slice();
            while let Some((own, deliveries, length)) = group(rest).map_err(foreign)?
                && own == generation
            {
                let mut fields = Fields(deliveries);
                while !fields.0.is_empty() {
                    take(fields.kept().ok_or(Foreign).map_err(foreign)?)?;
                    count += 1;
                }
                rest = rest.get(padded(length)..).unwrap_or_default();
            }
        }
        Ok(count)
    }

    /// Empties the file, once the database has what was in it on the disk.
    pub(super) fn done(self) -> Result<(), StoreError> {
        if self.length()? == 0 { Ok(()) } else { empty(&self.file).map_err(|error| self.failed(&error)) }
    }

    fn length(&self) -> Result<usize, StoreError> {
        let length = self.file.metadata().map_err(|error| self.failed(&error))?.len();
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The segment that begins there, as far as there is one.
    fn read(&self, start: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; self.segment.min(self.length()?.saturating_sub(start))];
        read_at(&self.file, &mut bytes, start as u64).map_err(|error| self.failed(&error))?;
        Ok(bytes)
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::File { path: self.path.clone(), kind: error.kind() }
    }
}

/// The generation of a group, its deliveries, and its length.
type Group<'a> = (u64, &'a [u8], usize);

/// The group that begins here, where it is whole.
fn group(bytes: &[u8]) -> Result<Option<Group<'_>>, Foreign> {
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

fn encode(kept: &Kept, out: &mut Vec<u8>) {
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
