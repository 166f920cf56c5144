//! The driver: one connection to an SQLite file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use people_core::journal::sql::{Book, Driver, Param, Row, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

use super::error::{SqliteError, StoreError};
use super::format::Kept;
use super::log::{Left, SEGMENT};

const OPEN: &str = "open its database";

/// How long to wait for another process (the CLI beside the server) before giving up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a connection is set up. `synchronous = FULL`: a commit in the write-ahead log is on the disk when it returns.
/// `secure_delete`: what is forgotten, such as a body that is understood, is overwritten.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -3000;
    PRAGMA journal_size_limit = 134217728;
";

/// How many pages of 4 KiB the write-ahead log may have before the writer itself copies them.
const LONGEST: i64 = 32_768;

/// One connection.
pub(super) struct Sqlite {
    connection: Connection,
    flushes: bool,
}

impl Sqlite {
    /// Opens a connection to a file that exists.
    pub(super) fn connect(path: &Path) -> Result<Self, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.execute_batch(SETTINGS)?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", LONGEST, |_| Ok(()))?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(Self { connection, flushes: true })
    }

    /// Opens a connection to a journal that is there, through which nothing can be written.
    pub(super) fn connect_to_read(path: &Path) -> Result<Self, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -3000")?;
        Ok(Self { connection, flushes: false })
    }

    /// Says whether the commits from now on wait for the disk. One that does makes all before it durable too. Between transactions only.
    pub(super) fn flush(&mut self, flushes: bool) -> Result<(), SqliteError> {
        if self.flushes != flushes {
            // Not through the cache of statements: SQLite does this while it prepares.
            let sql = if flushes { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
            self.connection.execute_batch(sql)?;
            self.flushes = flushes;
        }
        Ok(())
    }

    /// Runs SQL without parameters and without an answer.
    pub(super) fn execute(&mut self, sql: &'static str) -> Result<(), SqliteError> {
        self.query(sql, &[]).map(drop)
    }

    /// Whether a transaction is open. SQLite ends one by itself after some errors, such as a full disk.
    pub(super) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }
}

impl Driver for Sqlite {
    type Error = SqliteError;

    fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, SqliteError> {
        query(&self.connection, sql, params)
    }
}

/// Runs one statement to its end and returns its rows.
pub(super) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Param<'_>],
) -> Result<Vec<Row>, SqliteError> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut answer = statement.query(params_from_iter(params.iter().copied().map(Bound)))?;
    let mut rows = Vec::new();
    while let Some(row) = answer.next()? {
        rows.push((0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<Row, _>>()?);
    }
    Ok(rows)
}

/// A value on its way into a statement.
pub(super) struct Bound<'a>(pub(super) Param<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Param::Null => ValueRef::Null,
            Param::Int(value) => ValueRef::Integer(value),
            Param::Text(value) => ValueRef::Text(value.as_bytes()),
            Param::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn value(stored: ValueRef<'_>) -> Result<Value, SqliteError> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(text) => match str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(SqliteError::new("a stored text is not UTF-8")),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
        ValueRef::Real(_) => return Err(SqliteError::new("a stored number is not an integer")),
    })
}

/// A journal that is open: what to write with, to read with, to ask with whether a delivery is known, and to tidy up with. In the
/// write-ahead log reading and writing do not wait for one another.
pub(super) struct Opened {
    pub(super) writer: Book<Sqlite>,
    pub(super) reader: Book<Sqlite>,
    pub(super) asks: Book<Sqlite>,
    pub(super) tidy: Sqlite,
}

/// Opens the file, creating it where it is missing, brings its schema up to date, and puts what was left in the intake log into it.
pub(super) fn open(path: &Path, log: &Path) -> Result<Opened, StoreError> {
    let failed = |path: &Path, error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::NoDirectory { path: path.to_owned() },
        kind => StoreError::File { path: path.to_owned(), kind },
    };
    create(path).map_err(|error| failed(path, &error))?;
    let told = |error| opening(path, error);
    let mut writer = Book::new(Sqlite::connect(path).map_err(told)?);
    create(log).map_err(|error| failed(log, &error))?;
    let left = Left::open(log, SEGMENT)?;
    writer.driver().execute("BEGIN IMMEDIATE").map_err(told)?;
    writer.open()?;
    let mut take = |kept: Kept| -> Result<(), StoreError> {
        writer.accept(&kept.delivery, &kept.key, kept.dedupe_for)?;
        Ok(())
    };
    if left.as_ref().map_or(Ok(0), |left| left.each(&mut take))? > 0 {
        writer.touch()?;
    }
    writer.driver().execute("COMMIT").map_err(told)?;
    left.map_or(Ok(()), Left::done)?;

    // What the reader has read is of no use after the next commit.
    let (reader, asks) =
        (reads(path, "PRAGMA cache_size = -1000")?, reads(path, "PRAGMA cache_size = -800")?);
    let tidy = Sqlite::connect(path).map_err(told)?;
    Ok(Opened { writer, reader, asks, tidy })
}

/// Why the file cannot be opened.
pub(super) fn opening(path: &Path, error: SqliteError) -> StoreError {
    if error.is_not_a_database() {
        StoreError::NotADatabase { path: path.to_owned() }
    } else {
        error.during(OPEN)
    }
}

/// Another connection to a file that is set up, to read with. `pages` says how many it keeps in memory.
pub(super) fn reads(path: &Path, pages: &'static str) -> Result<Book<Sqlite>, StoreError> {
    let told = |error: SqliteError| error.during(OPEN);
    let mut reader = Book::new(Sqlite::connect(path).map_err(told)?);
    reader.driver().execute("PRAGMA query_only = ON").map_err(told)?;
    reader.driver().execute(pages).map_err(told)?;
    Ok(reader)
}

/// Creates the file where it is missing, for nobody else to read, and makes its name durable. SQLite gives the files beside it
/// the same permissions.
fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    File::open(directory(path))?.sync_all()?;
    Ok(())
}

#[cfg(unix)]
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
