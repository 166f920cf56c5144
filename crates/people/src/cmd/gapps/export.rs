//! `people gapps read`: an exported document of any length, entry by entry.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use people_model::Members;
use people_model::gapps::feed::BadDocument;
use people_model::gapps::noun::{SHAPES, kind};
use people_model::gapps::shape::Shape;
use people_model::gapps::xml::{Document, Limits};
use people_model::gapps::{ATOM, Element, Errors};
use serde_json::json;

use crate::exit::{Exit, Fail};
use crate::report::{Format, Report, cell, print};

/// How many entries a table is made of at most; JSON lines and CSV have no limit.
const TABLE: usize = 10_000;

/// Reads a document and prints its entries: as a table, as one JSON object a line, or as CSV.
pub(super) fn read(report: &Report, path: &Path, wanted: Option<&str>) -> Result<Exit, Fail> {
    let shape = match wanted {
        None => None,
        Some(name) => Some(SHAPES.into_iter().find(|shape| shape.name == name).ok_or_else(|| {
            let names: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
            Fail::usage(format!("there is no kind {name}; there are {}", names.join(", ")))
        })?),
    };
    let broken = |error: std::io::Error| {
        Fail::input(format!("{}: {error}; name another file, or - for stdin", path.display()))
    };
    if path == Path::new("-") {
        return entries(report, std::io::stdin().lock(), shape);
    }
    entries(report, BufReader::new(File::open(path).map_err(broken)?), shape)
}

fn entries(report: &Report, input: impl BufRead, wanted: Option<&'static Shape>) -> Result<Exit, Fail> {
    let bad = |error: BadDocument| Fail::input(error.to_string());
    let mut document = Document::new(input, Limits::default()).map_err(|error| bad(error.into()))?;
    let root = document.root().clone();
    let mut out = Out { report, shape: wanted, rows: Vec::new(), number: 0 };
    if root.name.is(ATOM, "feed") {
        while let Some(element) = document.next_element().map_err(|error| bad(error.into()))? {
            if element.name.is(ATOM, "entry") {
                out.entry(&element)?;
            }
        }
        return out.end();
    }
    let mut whole = root;
    while let Some(node) = document.next_node().map_err(|error| bad(error.into()))? {
        if whole.children.len() > Limits::default().nodes {
            return Err(Fail::input("the entry is too large; the document is refused"));
        }
        whole.children.push(node);
    }
    if let Some(errors) = Errors::read(&whole) {
        let row = |item: &people_model::gapps::Item| {
            vec![item.code.to_string(), item.name().to_owned(), item.input.clone()]
        };
        let rows: Vec<Vec<String>> = errors.0.iter().map(row).collect();
        let json: Vec<_> = rows
            .iter()
            .map(|row| json!({"code": row.first(), "name": row.get(1), "input": row.get(2)}))
            .collect();
        report.rows(&["code", "name", "input"], &rows, &json)?;
        return Ok(Exit::Ok);
    }
    out.entry(&whole)?;
    out.end()
}

struct Out<'a> {
    report: &'a Report,
    shape: Option<&'static Shape>,
    rows: Vec<Members>,
    number: u64,
}

impl Out<'_> {
    fn entry(&mut self, entry: &Element) -> Result<(), Fail> {
        self.number += 1;
        let number = self.number;
        let shape = match self.shape.or_else(|| kind(entry)) {
            Some(shape) => shape,
            None => {
                return Err(Fail::input(format!("entry {number}: of no known kind; name it with --kind")));
            }
        };
        let mut members =
            shape.read(entry).map_err(|problem| Fail::input(format!("entry {number}: {problem}")))?;
        members.remove("password");
        let first = self.shape.is_none() || number == 1;
        self.shape = Some(shape);
        match self.report.format {
            Format::Json => {
                let line =
                    serde_json::to_string(&members).map_err(|error| Fail::failed(error.to_string()))?;
                print(&(line + "\n"))
            }
            Format::Csv => {
                let names = || shape.fields.iter().map(|field| field.name).filter(|name| *name != "password");
                let row: Vec<String> =
                    names().map(|name| members.get(name).map(cell).unwrap_or_default()).collect();
                let mut writer = csv::Writer::from_writer(Vec::new());
                let failed = |error: csv::Error| Fail::failed(format!("csv: {error}"));
                if first {
                    writer.write_record(names()).map_err(failed)?;
                }
                writer.write_record(&row).map_err(failed)?;
                let bytes = writer.into_inner().map_err(|error| Fail::failed(format!("csv: {error}")))?;
                print(&String::from_utf8_lossy(&bytes))
            }
            Format::Table if self.rows.len() >= TABLE => {
                Err(Fail::input(format!("more than {TABLE} entries are no table; use --output json or csv")))
            }
            Format::Table => {
                self.rows.push(members);
                Ok(())
            }
        }
    }

    fn end(self) -> Result<Exit, Fail> {
        match (self.report.format, self.shape) {
            (Format::Table, Some(shape)) => super::rows(self.report, shape, &self.rows),
            _ => Ok(Exit::Ok),
        }
    }
}
