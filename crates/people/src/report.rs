//! What goes to stdout, in the form that was asked for; everything else goes to stderr.

use std::io::{ErrorKind, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use people_model::Members;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Fail;

/// The form of what goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// The way to stdout.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// The form.
    pub format: Format,
}

impl Report {
    /// Prints a list: as JSON `json`, else these rows.
    pub fn rows<T: Serialize + ?Sized>(
        &self,
        head: &[&str],
        rows: &[Vec<String>],
        json: &T,
    ) -> Result<(), Fail> {
        print(&match self.format {
            Format::Table => table(head, rows),
            Format::Json => pretty(json)?,
            Format::Csv => csv(head, rows)?,
        })
    }

    /// Prints one thing with its members.
    pub fn record(&self, members: &Members) -> Result<(), Fail> {
        let rows: Vec<Vec<String>> =
            members.iter().map(|(name, value)| vec![name.clone(), cell(value)]).collect();
        self.rows(&["member", "value"], &rows, members)
    }
}

/// Prints a text that is its own form, such as a script. A reader that has gone away ends the process quietly.
pub fn print(text: &str) -> Result<(), Fail> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Fail::gone()),
        Err(error) => Err(Fail::failed(format!("stdout: {error}"))),
    }
}

/// Says something to whoever looks, on stderr.
pub fn say(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "people: {}", plain(text));
}

/// Says what is going on, where somebody watches.
pub fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        say(text);
    }
}

/// A JSON document, indented, with a line end.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Fail> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Fail::failed(error.to_string()))?;
    Ok(text + "\n")
}

/// A value in one cell: text as it is, nothing for nothing, anything else as JSON.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "nothing\n".into();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        out.push('\n');
    }
    out
}

/// Without characters that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn csv(head: &[&str], rows: &[Vec<String>]) -> Result<String, Fail> {
    let broken = |error: String| Fail::failed(format!("csv: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(|error| broken(error.to_string()))?;
    for row in rows {
        writer.write_record(row).map_err(|error| broken(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        vec![vec!["d_1.0".into(), "a, \"b\"".into()], vec!["d_22.0".into(), "red \u{1b}[31m".into()]]
    }

    #[test]
    fn columns_line_up_and_nothing_reaches_the_terminal() {
        let table = table(&["event", "note"], &rows());
        assert_eq!(table, "EVENT   NOTE\nd_1.0   a, \"b\"\nd_22.0  red  [31m\n");
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let csv = csv(&["event", "note"], &rows()).unwrap();
        assert!(csv.starts_with("event,note\nd_1.0,\"a, \"\"b\"\"\"\n"), "{csv}");
    }

    #[test]
    fn cells() {
        assert_eq!(cell(&serde_json::json!(["a"])), "[\"a\"]");
        assert_eq!(cell(&Value::Null), "");
    }
}
