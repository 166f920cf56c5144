//! What is wrong with a row of a file.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{maybe_int, maybe_text};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorType {
    /// The row was applied all the same.
    Warning,
    /// The row was not applied.
    Error,
}

/// A line of `errors/scheme` or `errors/update`. Whether rows and columns count from 0 or from 1 is not documented.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RowError {
    /// What is wrong, in the server's words. May name a person.
    #[serde(default, deserialize_with = "maybe_text")]
    pub message: Option<String>,
    /// The column.
    #[serde(default, deserialize_with = "maybe_int")]
    pub column: Option<i64>,
    /// The row; none: the whole column.
    #[serde(default, deserialize_with = "maybe_int")]
    pub row: Option<i64>,
    /// Absent in schema errors, where everything is an error. An unknown word is one too.
    #[serde(default = "error", deserialize_with = "error_type")]
    pub error_type: ErrorType,
}

fn error() -> ErrorType {
    ErrorType::Error
}

fn error_type<'de, D: Deserializer<'de>>(input: D) -> Result<ErrorType, D::Error> {
    let warning = maybe_text(input)?.is_some_and(|word| word.trim().eq_ignore_ascii_case("warning"));
    Ok(if warning { ErrorType::Warning } else { ErrorType::Error })
}

/// Words of messages that say what is wrong and name nobody.
const WORDS: [&str; 79] = [
    "a",
    "active",
    "agent_number",
    "already",
    "an",
    "and",
    "and/or",
    "are",
    "assigned",
    "be",
    "been",
    "blank",
    "cannot",
    "character",
    "characters",
    "chat",
    "column",
    "contains",
    "could",
    "create",
    "deactivated",
    "does",
    "duplicate",
    "duplicated",
    "email",
    "empty",
    "exist",
    "exists",
    "field",
    "file",
    "first_name",
    "for",
    "format",
    "found",
    "from",
    "greater",
    "has",
    "in",
    "inactive",
    "invalid",
    "is",
    "last_name",
    "least",
    "length",
    "license",
    "limit",
    "location",
    "long",
    "max_chat_limit",
    "max_chat_limit_enabled",
    "maximum",
    "minimum",
    "missing",
    "must",
    "name",
    "new_email",
    "no",
    "not",
    "of",
    "one",
    "or",
    "permission",
    "present",
    "required",
    "role",
    "roles",
    "seat",
    "short",
    "status",
    "taken",
    "team",
    "teams",
    "than",
    "the",
    "too",
    "unique",
    "unknown",
    "update",
    "user",
];

impl RowError {
    /// The message without whatever could name a person: only words of a fixed list stay.
    pub fn words(&self) -> String {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        let known = message
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '@' | '.' | '-')))
            .map(|word| word.trim_matches(['.', '-', '/']))
            .filter(|word| WORDS.contains(word));
        let words = known.take(16).collect::<Vec<_>>().join(" ");
        if words.is_empty() { "not accepted".to_owned() } else { words }
    }
}

/// Shows where, and the words that name nobody.
impl fmt::Debug for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowError")
            .field("words", &self.words())
            .field("column", &self.column)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_told_without_what_could_name_somebody() {
        let words = |message: &str| {
            let error: RowError = serde_json::from_value(json!({"message": message, "row": null})).unwrap();
            error.words()
        };
        assert_eq!(
            words("Email ana.silva@example.com has already been taken"),
            "email has already been taken"
        );
        assert_eq!(words("Location 'Ana' does not exist."), "location does not exist");
        assert_eq!(words("先生"), "not accepted");
    }

    #[test]
    fn what_is_not_called_a_warning_is_an_error() {
        let kind = |value| serde_json::from_value::<RowError>(value).unwrap().error_type;
        assert_eq!(kind(json!({"message": 1, "row": "2", "column": "x"})), ErrorType::Error);
        assert_eq!(kind(json!({"error_type": "Warning"})), ErrorType::Warning);
        assert_eq!(kind(json!({"error_type": null})), ErrorType::Error);
    }

    #[test]
    fn the_words_are_in_order() {
        assert!(WORDS.is_sorted());
    }
}
