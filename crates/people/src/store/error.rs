//! What can go wrong with the store, in words for an operator. Never holds a bound value.

use std::io::ErrorKind;
use std::path::PathBuf;

use people_core::journal::sql::{BookError, Stored};
use rusqlite::ErrorCode;

/// What can go wrong with the store.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory of the file is missing.
    #[error("the directory of the journal {} does not exist: create it, or change [journal] url", path.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("the journal {} cannot be opened: {kind}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        kind: ErrorKind,
    },
    /// The file is something else.
    #[error("{} is not a journal: name another file in [journal] url", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The intake log beside the file holds deliveries in another version's format.
    #[error(
        "{} holds deliveries that another version of people has accepted: start and stop that version once, or use it",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The intake log beside the file cannot be written or read. What was acknowledged before stays in it.
    #[error(
        "the journal could not {operation}: its intake log fails ({kind}); look at the disk, then start again"
    )]
    Log {
        /// What was being done.
        operation: &'static str,
        /// Why.
        kind: ErrorKind,
    },
    /// The file was written by a newer version.
    #[error("the journal has schema version {found}, and this version knows {known}: use the newer version")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The file has another version's schema, and whoever only reads it does not bring it up to date.
    #[error(
        "the journal {} has the schema of another version of people: start and stop `people serve` once, or use that version",
        path.display()
    )]
    OtherSchema {
        /// The file.
        path: PathBuf,
    },
    /// There is no room. Nothing of what was asked is stored.
    #[error("the journal could not {operation}: the disk is full")]
    Full {
        /// What was being done.
        operation: &'static str,
    },
    /// Another process writes for too long. Nothing of what was asked is stored.
    #[error("the journal could not {operation}: another process holds its write lock")]
    Busy {
        /// What was being done.
        operation: &'static str,
    },
    /// Another failure of SQLite.
    #[error("the journal could not {operation}")]
    Sqlite {
        /// What was being done.
        operation: &'static str,
        /// What SQLite says.
        source: SqliteError,
    },
    /// A stored row cannot be read.
    #[error(transparent)]
    Stored(#[from] Stored),
    /// The store's thread could not be started, or is gone.
    #[error("the journal is closed")]
    Closed,
}

impl StoreError {
    /// A failure of the intake log.
    pub(super) fn log(operation: &'static str, kind: ErrorKind) -> Self {
        if kind == ErrorKind::StorageFull { Self::Full { operation } } else { Self::Log { operation, kind } }
    }
}

/// What SQLite says: its extended result code and its message, which names tables and columns and no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SQLite {code}: {message}")]
pub struct SqliteError {
    /// The extended result code.
    pub code: i32,
    /// The message.
    pub message: String,
    kind: ErrorCode,
}

impl SqliteError {
    /// An error that SQLite itself does not know of.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { code: 0, message: message.into(), kind: ErrorCode::Unknown }
    }

    /// Whether the file is no database.
    pub(super) fn is_not_a_database(&self) -> bool {
        self.kind == ErrorCode::NotADatabase
    }

    /// With what was being done.
    pub(super) fn during(self, operation: &'static str) -> StoreError {
        match self.kind {
            ErrorCode::DiskFull => StoreError::Full { operation },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy { operation },
            _ => StoreError::Sqlite { operation, source: self },
        }
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => Self {
                code: failure.extended_code,
                message: message.unwrap_or_else(|| failure.to_string()),
                kind: failure.code,
            },
            // Of our own SQL and of column types, which hold no value.
            other => Self::new(other.to_string()),
        }
    }
}

impl From<BookError<SqliteError>> for StoreError {
    fn from(error: BookError<SqliteError>) -> Self {
        match error {
            BookError::Driver { operation, source } => source.during(operation),
            BookError::Stored(stored) => Self::Stored(stored),
            BookError::Newer { found, known } => Self::Newer { found, known },
        }
    }
}
