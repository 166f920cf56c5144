//! The intake log: deliveries that are durable and not yet in the database, in a file of their own beside it.
//!
//! The file is a row of segments. Deliveries are written into one, group after group (`format`); once the database has all of a segment on the
//! disk, it may be written over. What was acknowledged is never written again before, not even the rest of its sector. With each change of
//! segments the generation grows: what is left of an older one does not count.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::format::{Foreign, HEAD, Kept, deliveries, encode, group, kept, padded, seal};

/// How many bytes a segment has, and the longest group. Part of the format.
pub(super) const SEGMENT: usize = 4 << 20;

/// How many segments are made ready before the first delivery: a flush of what is written over costs half of one that lengthens the file.
const READY: usize = 4;

/// How many segments there may be.
const SEGMENTS: usize = 64;

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
        seal(&mut self.group, self.generation);
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
    kept(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
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

/// A log as it was left, locked.
pub(super) struct Left {
    file: File,
    path: PathBuf,
    segment: usize,
}

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
            let segment = self.read(start)?;
            let mut rest = segment.as_slice();
            while let Some((own, bytes, length)) = group(rest).map_err(foreign)?
                && own == generation
            {
                for kept in deliveries(bytes) {
                    take(kept.map_err(foreign)?)?;
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
