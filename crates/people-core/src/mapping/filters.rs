//! The filters and tests of the language: the few that HR records call for, and bounded.

use std::borrow::Cow;

use people_model::time::parse_date;

use super::dates;
use super::eval::{Found, MOST_BYTES, Stop};
use super::value::Val;
use crate::latin::{Umlauts, latin};
use crate::source::config::Tables;

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Lower,
    Upper,
    Trim,
    String,
    Ascii,
    Replace,
    Split,
    Join,
    First,
    Last,
    Default,
    Date,
    Lookup,
}

impl Filter {
    /// Their names, and how many values each takes at least and at most.
    pub(super) const ALL: [(&'static str, Self, (usize, usize)); 13] = [
        ("lower", Self::Lower, (0, 0)),
        ("upper", Self::Upper, (0, 0)),
        ("trim", Self::Trim, (0, 0)),
        ("string", Self::String, (0, 0)),
        ("ascii", Self::Ascii, (0, 0)),
        ("replace", Self::Replace, (2, 2)),
        ("split", Self::Split, (1, 1)),
        ("join", Self::Join, (0, 1)),
        ("first", Self::First, (0, 0)),
        ("last", Self::Last, (0, 0)),
        ("default", Self::Default, (0, 2)),
        ("date", Self::Date, (0, 1)),
        ("lookup", Self::Lookup, (1, 1)),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _, _)| *own == name).map(|(_, filter, _)| *filter)
    }

    pub(super) fn wants(self) -> (usize, usize) {
        Self::ALL.iter().find(|(_, filter, _)| *filter == self).map_or((0, 0), |(_, _, wants)| *wants)
    }
}

/// A test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Defined,
    Undefined,
    None,
    StartingWith,
    EndingWith,
}

impl Test {
    /// Their names.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("defined", Self::Defined),
        ("undefined", Self::Undefined),
        ("none", Self::None),
        ("startingwith", Self::StartingWith),
        ("endingwith", Self::EndingWith),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, test)| *test)
    }

    pub(super) fn wants(self) -> bool {
        matches!(self, Self::StartingWith | Self::EndingWith)
    }
}

pub(super) const TOO_LONG: Stop = Stop::Problem("the text grows too long");
const NO_TEXT: Stop = Stop::Problem("a text is wanted here");
const NO_LIST: Stop = Stop::Problem("a list is wanted here");
const NO_DATE: Stop =
    Stop::Problem("this is not a date of the given format; say date('%d.%m.%Y') or the like");

/// Whether a test holds.
pub(super) fn holds(test: Test, of: &Val<'_>, with: Option<&Val<'_>>) -> Result<bool, Stop> {
    let ends = |fits: fn(&str, &str) -> bool| match (of, with) {
        (of, Some(with)) if of.missing() || with.missing() => Err(Stop::Nothing),
        (of, Some(Val::Text(part))) => of.written().map(|text| fits(&text, part)).ok_or(NO_TEXT),
        _ => Err(NO_TEXT),
    };
    match test {
        Test::Defined => Ok(!of.missing()),
        Test::Undefined => Ok(of.missing()),
        Test::None => Ok(matches!(of, Val::Null)),
        Test::StartingWith => ends(|text, part| text.starts_with(part)),
        Test::EndingWith => ends(|text, part| text.ends_with(part)),
    }
}

/// What a filter makes of a value. What is missing stays missing.
pub(super) fn apply<'a>(filter: Filter, of: Val<'a>, with: &[Val<'a>], tables: &Tables) -> Found<'a> {
    if filter == Filter::Default {
        let empty = with.get(1).is_some_and(Val::truth) && !of.truth();
        return Ok(if of.missing() || empty {
            with.first().cloned().unwrap_or(Val::Text("".into()))
        } else {
            of
        });
    }
    if of.missing() {
        return Ok(of);
    }
    let part = |n: usize| match with.get(n) {
        None => Ok(Cow::Borrowed("")),
        Some(part) if part.missing() => Err(Stop::Nothing),
        Some(part) => part.written().ok_or(NO_TEXT),
    };
    match filter {
        Filter::Lower => changed(of, |text| Cow::Owned(text.to_lowercase())),
        Filter::Upper => changed(of, |text| Cow::Owned(text.to_uppercase())),
        Filter::Trim => changed(of, |text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }),
        Filter::String => changed(of, |text| text),
        Filter::Ascii => {
            // A text that cannot be written so says nothing, so that another rule of the list may speak.
            let plain = written(&of).map(|text| latin(&text, Umlauts::Plain))?;
            bounded(plain.map(Cow::Owned))
        }
        Filter::Replace => replace(&written(&of)?, &part(0)?, &part(1)?),
        Filter::Split => match (&of, part(0)?) {
            (_, by) if by.is_empty() => Err(Stop::Problem("split wants a text to split by")),
            (Val::Text(Cow::Borrowed(text)), by) => {
                Ok(Val::List(text.split(&*by).map(|part| Val::Text(part.trim().into())).collect()))
            }
            (Val::Text(text), by) => {
                Ok(Val::List(text.split(&*by).map(|part| Val::Text(part.trim().to_owned().into())).collect()))
            }
            _ => Ok(of),
        },
        Filter::Join => join(of, &part(0)?),
        Filter::First | Filter::Last => {
            let first = filter == Filter::First;
            if let Val::Text(text) = &of {
                let c = if first { text.chars().next() } else { text.chars().next_back() };
                return Ok(c.map_or(Val::Missing, |c| Val::Text(c.to_string().into())));
            }
            let items = of.items().ok_or(NO_LIST)?;
            let found = if first { items.first() } else { items.last() };
            Ok(found.cloned().unwrap_or(Val::Missing))
        }
        Filter::Date => date(&of, with),
        Filter::Lookup => {
            let word = of.written().ok_or(NO_TEXT)?;
            let found = tables.get(&*part(0)?).and_then(|table| table.get(word.trim()));
            Ok(found.map_or(Val::Missing, |found| Val::Text(found.clone().into())))
        }
        Filter::Default => Ok(of),
    }
}

/// A text, or a number as text.
fn written<'a>(value: &Val<'a>) -> Result<Cow<'a, str>, Stop> {
    if matches!(value, Val::Flag(_)) { Err(NO_TEXT) } else { value.written().ok_or(NO_TEXT) }
}

fn bounded<'a>(text: Option<Cow<'a, str>>) -> Found<'a> {
    match text {
        Some(text) if text.len() > MOST_BYTES => Err(TOO_LONG),
        Some(text) => Ok(Val::Text(text)),
        None => Ok(Val::Missing),
    }
}

fn changed<'a>(value: Val<'a>, change: impl FnOnce(Cow<'a, str>) -> Cow<'a, str>) -> Found<'a> {
    bounded(Some(change(written(&value)?)))
}

fn replace<'a>(text: &str, from: &str, to: &str) -> Found<'a> {
    let times = text.matches(from).count();
    if text.len() + times.saturating_mul(to.len()) > 2 * MOST_BYTES {
        return Err(TOO_LONG);
    }
    bounded(Some(Cow::Owned(text.replace(from, to))))
}

/// Joins what there is: missing and empty items are left out.
fn join<'a>(of: Val<'a>, by: &str) -> Found<'a> {
    if let Val::Text(_) = of {
        return Ok(of);
    }
    let mut joined = String::new();
    for item in of.items().ok_or(NO_LIST)?.iter().filter(|item| !item.missing()) {
        let item = item.written().ok_or(NO_TEXT)?;
        if !item.is_empty() && !joined.is_empty() {
            joined.push_str(by);
        }
        joined.push_str(&item);
        if joined.len() > MOST_BYTES {
            return Err(TOO_LONG);
        }
    }
    Ok(Val::Text(Cow::Owned(joined)))
}

/// Any date as `YYYY-MM-DD`; without a format, the spellings that [`parse_date`] reads.
fn date<'a>(of: &Val<'a>, with: &[Val<'a>]) -> Found<'a> {
    let Val::Text(text) = of else { return Err(NO_DATE) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Val::Missing);
    }
    let date = match with.first() {
        Some(Val::Text(format)) => dates::read(format, text),
        _ => parse_date(text),
    };
    date.map(|date| Val::Text(Cow::Owned(date.to_string()))).ok_or(NO_DATE)
}
