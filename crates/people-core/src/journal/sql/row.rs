//! Stored values back into nouns. A row that is not what this version writes is an error that names it, and never a panic.

use people_model::time::Timestamp;
use people_model::{Entry, InvalidId, PersonKey};

use super::{Row, Stored, Value};

/// The values of a row, in order. The first one names the row.
pub(super) struct Fields {
    table: &'static str,
    row: String,
    values: std::vec::IntoIter<Value>,
}

impl Fields {
    pub(super) fn new(table: &'static str, row: Row) -> Self {
        let mut values = row.into_iter();
        let row = match values.next() {
            Some(Value::Int(n)) => n.to_string(),
            Some(Value::Text(text)) => text,
            _ => "?".to_owned(),
        };
        Self { table, row, values }
    }

    pub(super) fn bad(&self, problem: impl Into<String>) -> Stored {
        Stored { table: self.table, row: self.row.clone(), problem: problem.into() }
    }

    pub(super) fn int(&mut self) -> Result<i64, Stored> {
        match self.values.next() {
            Some(Value::Int(n)) => Ok(n),
            _ => Err(self.bad("an integer is missing")),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, Stored> {
        self.maybe_text()?.ok_or_else(|| self.bad("a text is missing"))
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, Stored> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.bad("a text is missing")),
        }
    }

    pub(super) fn blob(&mut self) -> Result<Vec<u8>, Stored> {
        match self.values.next() {
            Some(Value::Blob(bytes)) => Ok(bytes),
            _ => Err(self.bad("bytes are missing")),
        }
    }

    pub(super) fn moment(&mut self) -> Result<Timestamp, Stored> {
        self.maybe_moment()?.ok_or_else(|| self.bad("a moment is missing"))
    }

    pub(super) fn maybe_moment(&mut self) -> Result<Option<Timestamp>, Stored> {
        match self.values.next() {
            Some(Value::Int(n)) => {
                Timestamp::from_millisecond(n).map(Some).map_err(|_| self.bad("a moment is out of range"))
            }
            Some(Value::Null) => Ok(None),
            _ => Err(self.bad("a moment is missing")),
        }
    }

    /// An identifier.
    pub(super) fn id<T: std::str::FromStr<Err = InvalidId>>(&mut self) -> Result<T, Stored> {
        // The error of an id names its rule and not its text.
        self.text()?.parse().map_err(|invalid: InvalidId| self.bad(invalid.to_string()))
    }

    /// An entry of a log. What serde says could quote the entry, so only the place is named.
    pub(super) fn entry(&mut self) -> Result<Entry, Stored> {
        serde_json::from_str(&self.text()?).map_err(|error| {
            self.bad(format!("column {}: not an entry that this version knows", error.column()))
        })
    }
}

/// The keys of people, from rows of number and key.
pub(super) fn keys(rows: Vec<Row>) -> Result<Vec<PersonKey>, Stored> {
    rows.into_iter().map(|row| Fields::new("people", row).id()).collect()
}
