//! Copies what was committed from the write-ahead log into the database, on a thread and a connection of its own, so that no delivery waits
//! for it. The writer does it itself only where the log has become long all the same (`LONGEST` in `sqlite`).

use std::cell::Cell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::error::StoreError;
use super::sqlite::Sqlite;

/// After how many commits it is done again.
const OFTEN: u32 = 64;

/// What the writer rings after each commit.
pub(super) struct Bell {
    ring: SyncSender<()>,
    commits: Cell<u32>,
}

impl Bell {
    /// Counts a commit, and wakes the other thread when it is time.
    pub(super) fn ring(&self) {
        self.commits.set(self.commits.get() + 1);
        // Full: it is awake and will come round.
        if self.commits.get() >= OFTEN && self.ring.try_send(()).is_ok() {
            self.commits.set(0);
        }
    }
}

/// The thread. It ends when its bell is gone; dropping this waits for that.
pub(super) struct Tidy(Option<JoinHandle<()>>);

impl Tidy {
    /// Starts it on a connection of its own.
    pub(super) fn start(connection: Sqlite) -> Result<(Self, Bell), StoreError> {
        let (ring, rung) = sync_channel(1);
        let thread = Builder::new()
            .name("journal-tidy".to_owned())
            .spawn(move || serve(connection, &rung))
            .map_err(|_| StoreError::Closed)?;
        Ok((Self(Some(thread)), Bell { ring, commits: Cell::new(0) }))
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

fn serve(mut connection: Sqlite, rung: &Receiver<()>) {
    while rung.recv().is_ok() {
        // Whatever it could not copy, because somebody reads an older state, it copies the next time.
        let _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)");
    }
}
