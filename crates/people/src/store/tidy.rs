//! Copies what was committed from the write-ahead log into the database, on a thread and a connection of its own, so that no delivery waits
//! for it. What was committed meanwhile, a few pages, the writer copies itself (`Bell::finish`): the log is all copied at that moment, and
//! begins again at its start. A log that is written over costs a flush half of what one costs that grows.
//!
//! Should that never come about, because somebody reads an older state all the time, the writer does it where the log has become
//! long (`LONGEST` in `sqlite`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::error::StoreError;
use super::sqlite::Sqlite;

/// After how many jobs it is done again. A job writes some ten pages.
const OFTEN: usize = 2048;

/// What the writer rings after each commit.
pub(super) struct Bell {
    ring: SyncSender<()>,
    jobs: usize,
    nearly: Arc<AtomicBool>,
}

impl Bell {
    /// Counts the jobs of a commit, and wakes the other thread when it is time.
    pub(super) fn ring(&mut self, jobs: usize) {
        self.jobs += jobs;
        // Full: it is awake and will come round.
        if self.jobs >= OFTEN && self.ring.try_send(()).is_ok() {
            self.jobs = 0;
        }
    }

    /// Where all but the last pages are copied, copies those, between two transactions of the writer.
    pub(super) fn finish(&self, writer: &mut Sqlite) {
        if self.nearly.swap(false, Ordering::Relaxed) {
            let _ = writer.execute(COPY);
        }
    }
}

/// Waits for nobody, and leaves what others still read.
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The thread. It ends when its bell is gone; dropping this waits for that.
pub(super) struct Tidy(Option<JoinHandle<()>>);

impl Tidy {
    /// Starts it on a connection of its own.
    pub(super) fn start(connection: Sqlite) -> Result<(Self, Bell), StoreError> {
        let (ring, rung) = sync_channel(1);
        let nearly = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&nearly);
        let thread = Builder::new()
            .name("journal-tidy".to_owned())
            .spawn(move || serve(connection, &rung, &done))
            .map_err(|_| StoreError::Closed)?;
        Ok((Self(Some(thread)), Bell { ring, jobs: 0, nearly }))
    }
}

impl Drop for Tidy {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // One that has panicked has nothing left to finish.
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: Sqlite, rung: &Receiver<()>, done: &AtomicBool) {
    while rung.recv().is_ok() {
        // Whatever it could not copy, because somebody reads an older state, it copies the next time.
        if connection.execute(COPY).is_ok() {
            done.store(true, Ordering::Relaxed);
        }
    }
}
