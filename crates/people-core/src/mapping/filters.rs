//! The expression engine: Jinja expressions without templates, with the few filters that HR records call for, and bounded.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::fmt::strtime;
use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, filters, tests};
use people_model::time::parse_date;

use crate::latin::{Umlauts, latin};

/// The name under which the tables of words stand in the context; no identifier of an expression is written like this.
pub(super) const TABLES: &str = "lookup tables";
/// Instructions that one expression may take.
const FUEL: u64 = 20_000;
/// Bytes that a text may grow to.
const MOST_BYTES: usize = 64 * 1024;

/// An error whose words are ours, so that they can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Own(pub(super) &'static str);

/// The table that an expression names does not exist.
pub(super) const NO_TABLE: Own = Own("there is no table of this name; add [source.lookup.NAME]");
const NO_DATE: Own = Own("this is not a date of the given format; say date('%d.%m.%Y') or the like");
const NO_FORMAT: Own = Own("this format of a date is not understood; use %d, %m, %Y and the like");
const TOO_LONG: Own = Own("the text grows too long");

fn own(error: Own) -> Error {
    Error::new(ErrorKind::InvalidOperation, "see the source").with_source(error)
}

/// The one environment; everything a map knows comes with the context, so that expressions are compiled once and are `'static`.
pub(super) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_fuel(Some(FUEL));
    engine.add_filter("lower", |v: Value| text(v, |t| t.to_lowercase()));
    engine.add_filter("upper", |v: Value| text(v, |t| t.to_uppercase()));
    engine.add_filter("trim", |v: Value| text(v, |t| t.trim().to_owned()));
    engine.add_filter("string", |v: Value| text(v, str::to_owned));
    engine.add_filter("ascii", ascii);
    engine.add_filter("replace", |v: Value, from: String, to: String| text(v, |t| t.replace(&from, &to)));
    engine.add_filter("split", split);
    engine.add_filter("join", join);
    engine.add_filter("first", |v: Value| if missing(&v) { Ok(v) } else { filters::first(&v) });
    engine.add_filter("last", |v: Value| if missing(&v) { Ok(v) } else { filters::last(v) });
    engine.add_filter("default", default);
    engine.add_filter("date", date);
    engine.add_filter("lookup", lookup);
    engine.add_test("defined", tests::is_defined);
    engine.add_test("undefined", tests::is_undefined);
    engine.add_test("none", tests::is_none);
    engine.add_test("startingwith", tests::is_startingwith);
    engine.add_test("endingwith", tests::is_endingwith);
    engine
});

fn missing(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// Changes a text; what is missing stays missing.
fn text(value: Value, change: impl FnOnce(&str) -> String) -> Result<Value, Error> {
    if missing(&value) {
        return Ok(value);
    }
    if !(value.as_str().is_some() || value.is_number()) {
        return Err(own(Own("a text is wanted here")));
    }
    let changed = change(&value.to_string());
    if changed.len() > MOST_BYTES { Err(own(TOO_LONG)) } else { Ok(changed.into()) }
}

/// In plain Latin letters. A text that cannot be written so says nothing, so that another rule of the list may speak.
fn ascii(value: Value) -> Result<Value, Error> {
    match value.as_str().map(|text| latin(text, Umlauts::Plain)) {
        Some(None) => Ok(Value::UNDEFINED),
        Some(Some(plain)) => Ok(plain.into()),
        None => text(value, str::to_owned),
    }
}

fn split(value: &Value, by: String) -> Result<Value, Error> {
    match value.as_str() {
        Some(_) if by.is_empty() => Err(own(Own("split wants a text to split by"))),
        Some(text) => Ok(text.split(&*by).map(|part| Value::from(part.trim())).collect::<Vec<_>>().into()),
        None => Ok(value.clone()),
    }
}

/// Joins what there is: missing and empty items are left out.
fn join(value: Value, by: Option<String>) -> Result<Value, Error> {
    if missing(&value) || value.as_str().is_some() {
        return Ok(value);
    }
    let mut joined = String::new();
    for item in value.try_iter()?.filter(|item| !missing(item)) {
        let item = item.to_string();
        if !item.is_empty() && !joined.is_empty() {
            joined.push_str(by.as_deref().unwrap_or_default());
        }
        joined.push_str(&item);
        if joined.len() > MOST_BYTES {
            return Err(own(TOO_LONG));
        }
    }
    Ok(joined.into())
}

/// Another value for one that is missing; with `true` as second argument, for an empty one too.
fn default(state: &State<'_, '_>, value: Value, args: Rest<Value>) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(args.first().cloned().unwrap_or_default());
    }
    filters::default(state, &value, args)
}

/// Any date as `YYYY-MM-DD`; without a format, the spellings that [`parse_date`] reads.
fn date(value: Value, format: Option<String>) -> Result<Value, Error> {
    let Some(text) = value.as_str().map(str::trim).filter(|text| !text.is_empty()) else {
        return if missing(&value) || value.as_str().is_some() {
            Ok(Value::UNDEFINED)
        } else {
            Err(own(NO_DATE))
        };
    };
    let date: Date = match format {
        None => parse_date(text).ok_or_else(|| own(NO_DATE))?,
        Some(format) => {
            let parsed = strtime::parse(&format, text).map_err(|_| own(NO_DATE))?;
            parsed.to_date().map_err(|_| own(NO_FORMAT))?
        }
    };
    Ok(date.to_string().into())
}

/// The word that a table has for this one; missing where it has none.
fn lookup(state: &State<'_, '_>, value: Value, table: String) -> Result<Value, Error> {
    let table = state.lookup(TABLES).and_then(|tables| tables.get_attr(&table).ok()).unwrap_or_default();
    if missing(&table) {
        return Err(own(NO_TABLE));
    }
    if missing(&value) { Ok(value) } else { table.get_attr(value.to_string().trim()) }
}
