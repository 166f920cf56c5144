//! The configuration's TOML, small: what the crate `toml` reads is read here with the same meaning (the tests hold them against each
//! other), except for dates, of which no key has any. Every value knows where it stands.

mod de;
mod parse;
#[cfg(test)]
mod tests;
mod text;

use serde::de::DeserializeOwned;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TomlError {
    /// The byte, where it is known.
    pub at: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for TomlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TomlError {}

/// Reads a document.
///
/// # Errors
/// Where it is no TOML, or not what is wanted.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    T::deserialize(parse::document(text)?)
}

/// A value and where it stands.
#[derive(Debug)]
struct Node {
    at: usize,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Whole(i64),
    Real(f64),
    Flag(bool),
    List { items: Vec<Node>, of_tables: bool },
    Table { members: Vec<Member>, made: Made },
}

/// A name, where it stands, and its value.
#[derive(Debug)]
struct Member {
    name: String,
    at: usize,
    value: Node,
}

/// How a table came to be, on which it depends who may add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// By a header below it; a header of its own may follow.
    ByTheWay,
    /// By its header.
    Header,
    /// By dots in a name.
    Dots,
    /// Between braces; nothing may be added.
    Braces,
}
