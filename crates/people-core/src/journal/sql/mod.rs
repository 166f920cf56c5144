//! Every SQL text of the journal, once, for every driver: SQLite natively, the SQLite of a Durable Object at the edge.
//!
//! A [`Book`] mirrors [`Journal`](super::Journal) method by method, synchronously. It never begins or commits a transaction.
//! **Whoever owns a book runs each method atomically**: natively inside a transaction or a savepoint that is rolled back when the
//! method fails; in a Durable Object without an `await` in between, where the runtime joins the writes, inside
//! `transactionSync` where a failing method must leave no trace.
//!
//! | file | holds |
//! |---|---|
//! | `schema` | tables, indexes and counters, as a list of migrations |
//! | `row` | stored values back into nouns |
//! | `intake` | accept, backlog, sort, replay, prune |
//! | `people` | logs, due times, finding |
//! | `claims` | addresses and the breaker |
//! | `lists` | the list of events and the figures |
//! | `peek` | what a rehearsal asks |

use people_model::time::Timestamp;

mod claims;
mod intake;
mod lists;
mod peek;
mod people;
mod row;
mod schema;

pub use intake::expires;

/// A stored value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// An integer. Those of the journal fit into 53 bits.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// One row of an answer.
pub type Row = Vec<Value>;

/// A value to bind.
#[derive(Clone, Copy)]
pub enum Param<'a> {
    /// Nothing.
    Null,
    /// An integer. Those of the journal fit into 53 bits.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What runs SQL.
pub trait Driver {
    /// What can go wrong. Its text holds no bound value.
    type Error: std::error::Error + 'static;

    /// Runs one statement to its end and returns its rows. `params` are bound to `?1`, `?2`, … in order. The text is one of a
    /// small fixed set, so that a prepared statement can be kept for each. Each row has as many values as it has columns.
    fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Self::Error>;
}

/// What can go wrong in a [`Book`].
#[derive(Debug, thiserror::Error)]
pub enum BookError<E: std::error::Error + 'static> {
    /// The database did not do it.
    #[error("the journal could not {operation}")]
    Driver {
        /// What was being done.
        operation: &'static str,
        /// What the driver says.
        source: E,
    },
    /// A stored row is not what this version writes.
    #[error(transparent)]
    Stored(#[from] Stored),
    /// The database was written by a newer version.
    #[error("the journal has schema version {found}, and this version knows {known}: use the newer version")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
}

/// A stored row that is not what this version writes. Names the row, never its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal's table {table}, row {row}, cannot be read: {problem}")]
pub struct Stored {
    /// The table.
    pub table: &'static str,
    /// The row's number.
    pub row: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The journal in SQL, over a driver. See the [module](self) for who cares for transactions.
pub struct Book<D> {
    driver: D,
}

/// The result of a method of a book over the driver `D`.
pub type Booked<T, D> = Result<T, BookError<<D as Driver>::Error>>;

impl<D: Driver> Book<D> {
    /// A book over a database whose schema is known to be there; call [`Book::open`] once otherwise.
    pub fn new(driver: D) -> Self {
        Self { driver }
    }

    /// The driver, for whoever cares for transactions.
    pub fn driver(&mut self) -> &mut D {
        &mut self.driver
    }

    /// Creates the schema, or brings it up to date. To be run atomically, like every other method.
    pub fn open(&mut self) -> Booked<(), D> {
        self.migrate(schema::MIGRATIONS)
    }

    /// Creates what [`Book::accept`] needs, where it is missing; every other method needs [`Book::open`].
    pub fn open_to_accept(&mut self) -> Booked<(), D> {
        self.migrate(schema::MIGRATIONS.get(..1).unwrap_or_default())
    }

    fn migrate(&mut self, steps: &'static [&'static [&'static str]]) -> Booked<(), D> {
        const OPEN: &str = "open its database";
        for sql in schema::VERSION {
            self.run(OPEN, sql, &[])?;
        }
        let found = match self.one(OPEN, "SELECT 0, version FROM version", &[])? {
            Some(row) => row::Fields::new("version", row).int()?,
            None => 0,
        };
        let known = i64::try_from(schema::MIGRATIONS.len()).unwrap_or(i64::MAX);
        if found > known {
            return Err(BookError::Newer { found, known });
        }
        let done = usize::try_from(found).unwrap_or(0);
        for sql in steps.iter().skip(done).copied().flatten() {
            self.run(OPEN, sql, &[])?;
        }
        let reached = i64::try_from(steps.len()).unwrap_or(i64::MAX);
        if found < reached {
            self.run(OPEN, "DELETE FROM version", &[])?;
            self.run(OPEN, "INSERT INTO version (version) VALUES (?1)", &[reached.into()])?;
        }
        Ok(())
    }

    fn all(
        &mut self,
        operation: &'static str,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Booked<Vec<Row>, D> {
        self.driver.query(sql, params).map_err(|source| BookError::Driver { operation, source })
    }

    fn one(
        &mut self,
        operation: &'static str,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Booked<Option<Row>, D> {
        Ok(self.all(operation, sql, params)?.into_iter().next())
    }

    fn run(&mut self, operation: &'static str, sql: &'static str, params: &[Param<'_>]) -> Booked<(), D> {
        self.all(operation, sql, params).map(drop)
    }
}

/// A moment as stored: whole milliseconds since 1970, cut.
fn cut(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A moment as stored, where it must not come too early: rounded up.
fn up(at: Timestamp) -> i64 {
    let cut = at.as_millisecond();
    if at.subsec_nanosecond() % 1_000_000 > 0 { cut.saturating_add(1) } else { cut }
}

fn limit(limit: usize) -> Param<'static> {
    Param::Int(i64::try_from(limit).unwrap_or(i64::MAX).min(1 << 53))
}
