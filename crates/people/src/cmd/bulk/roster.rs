//! A roster as rows: from JSON or CSV, checked before anything is sent.

use std::collections::BTreeSet;

use people_model::ccai::Row;
use people_model::{Email, Members};
use serde_json::Value;

use crate::exit::Fail;

/// Columns whose cells are names, separated by `;`.
const LISTS: [&str; 2] = ["roles", "teams"];

/// The rows of a roster. An error names the place of the row, from 1, and no value.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Row>, Fail> {
    let json = bytes.trim_ascii_start().starts_with(b"[");
    let rows = if json { from_json(bytes)? } else { from_csv(bytes)? };
    check(&rows)?;
    Ok(rows)
}

fn from_json(bytes: &[u8]) -> Result<Vec<Row>, Fail> {
    serde_json::from_slice(bytes).map_err(|error| {
        Fail::input(format!(
            "the roster is not a JSON array of users: line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

fn from_csv(bytes: &[u8]) -> Result<Vec<Row>, Fail> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let broken = |error: csv::Error| match error.position() {
        Some(at) => {
            Fail::input(format!("the roster is not CSV: line {}; quote cells that hold commas", at.line()))
        }
        None => Fail::input("the roster is not CSV"),
    };
    let head = reader.headers().map_err(broken)?.clone();
    if !head.iter().any(|name| name == "email") {
        return Err(Fail::input("the roster has no column `email`; the first line names the columns"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let mut row = Row(Members::new());
        for (name, value) in head.iter().zip(&record).filter(|(_, value)| !value.is_empty()) {
            if LISTS.contains(&name) {
                let names = value.split(';').map(str::trim).filter(|name| !name.is_empty());
                row.set_flags(name, names.map(|name| (name, Some(true))));
            } else {
                row.0.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

fn check(rows: &[Row]) -> Result<(), Fail> {
    if rows.is_empty() {
        return Err(Fail::input("the roster is empty"));
    }
    let mut seen = BTreeSet::new();
    for (n, row) in (1..).zip(rows) {
        let wrong = |what: &str| Err(Fail::input(format!("row {n}: {what}; nothing was sent")));
        for column in ["email", "new_email"] {
            match row.text(column) {
                None if column == "email" => return wrong("email is missing"),
                None => {}
                Some(text) if Email::parse(text).is_err() => {
                    return wrong(&format!("{column} is not an address"));
                }
                Some(text) if !seen.insert((column, text.to_lowercase())) => {
                    return wrong(&format!("{column} stands in another row already"));
                }
                Some(_) => {}
            }
        }
        for column in ["first_name", "last_name"] {
            if row.text(column).is_none() {
                return wrong(&format!("{column} is missing"));
            }
        }
        match row.0.get("status") {
            None | Some(Value::Null) => {}
            Some(Value::String(status)) if ["", "Active", "Inactive"].contains(&status.as_str()) => {}
            Some(_) => return wrong("status must be Active, Inactive or empty"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_are_the_same_rows() {
        let csv = "email, first_name,last_name,status,roles,extension_number\na@b.cd,Ana,\"Silva, X\",,Agent; Admin,7\nz@b.cd,Z,Y,Inactive,,\n";
        let json = r#"[{"email":"a@b.cd","first_name":"Ana","last_name":"Silva, X","extension_number":"7",
            "roles":[{"name":"Agent","value":1},{"name":"Admin","value":1}]},
            {"email":"z@b.cd","first_name":"Z","last_name":"Y","status":"Inactive"}]"#;
        assert_eq!(read(csv.as_bytes()).unwrap(), read(json.as_bytes()).unwrap());
    }

    #[test]
    fn what_is_wrong_is_named_by_place_and_not_by_value() {
        for (roster, says) in [
            ("", "no column"),
            ("name\nx\n", "no column"),
            ("email,first_name,last_name\n", "empty"),
            ("email,first_name,last_name\nana,A,B\n", "row 1: email is not an address"),
            ("email,first_name,last_name\na@b.cd,A,B\nA@b.cd,A,B\n", "row 2: email stands in another row"),
            ("email,first_name,last_name\na@b.cd,,B\n", "row 1: first_name is missing"),
            ("email,first_name,last_name,status\na@b.cd,A,B,inactive\n", "row 1: status"),
            ("email,first_name\na@b.cd,A,B\n", "not CSV: line 2"),
            ("[{]", "not a JSON array"),
            (r#"[{"email":"a@b.cd","first_name":"A","last_name":"B","status":1}]"#, "row 1: status"),
        ] {
            let fail = read(roster.as_bytes()).unwrap_err();
            assert!(fail.text.contains(says) && !fail.text.contains("b.cd"), "{roster}: {}", fail.text);
        }
    }
}
