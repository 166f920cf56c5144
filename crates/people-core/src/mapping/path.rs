//! Paths: `a.b[0]."c d"`. A plain walk over the record, without an expression.

use super::value::{Val, is_blank};
use crate::json::{Name, View};

/// Words that mean something else in an expression.
const WORDS: [&str; 12] =
    ["true", "false", "none", "True", "False", "None", "null", "not", "and", "or", "if", "in"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(Name<'static>),
    Index(usize),
}

/// Where a value stands in a record. Names with other characters than letters, digits and `_` are put in double quotes.
/// `this` is the record and `document` the whole body, unless the record has members of these names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Reads a path; `None` where the text is something else, such as an expression.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        let bare = !rest.starts_with('"');
        loop {
            let name;
            (name, rest) = name_of(rest)?;
            steps.push(Step::Name(name.to_owned().into()));
            while let Some(inner) = rest.strip_prefix('[') {
                let (step, after) = inner.split_once(']')?;
                steps.push(match step.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
                    Some(name) if !name.contains('"') => Step::Name(name.to_owned().into()),
                    Some(_) => return None,
                    None if !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) => {
                        Step::Index(step.parse().ok()?)
                    }
                    None => return None,
                });
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None if rest.is_empty() => break,
                None => return None,
            }
        }
        match steps.as_slice() {
            [Step::Name(only)] if bare && WORDS.contains(&only.as_str()) => None,
            _ => Some(Self(steps)),
        }
    }

    /// The value; what lies below a `null` or an empty text is `null` too.
    pub(crate) fn walk<'v>(&self, record: View<'v>, document: View<'v>) -> Option<View<'v>> {
        let mut at = record;
        let mut steps = self.0.as_slice();
        if let [Step::Name(first), rest @ ..] = steps {
            steps = rest;
            at = match (record.named(first), first.as_str()) {
                (Some(found), _) => found,
                (None, "this") => record,
                (None, "document") => document,
                (None, _) => return None,
            };
        }
        for step in steps {
            if is_blank(at) {
                return Some(View::Nothing);
            }
            at = match step {
                Step::Name(name) => at.named(name)?,
                Step::Index(index) => at.index(*index)?,
            };
        }
        Some(at)
    }

    /// The value as a value.
    pub(super) fn find<'v>(&self, record: View<'v>, document: View<'v>) -> Option<Val<'v>> {
        self.walk(record, document).map(Val::of)
    }

    /// The names that lead there, where there is nothing but names.
    pub(crate) fn names(&self) -> Option<Vec<&str>> {
        self.0
            .iter()
            .map(|step| if let Step::Name(name) = step { Some(name.as_str()) } else { None })
            .collect()
    }

    /// The two names that it is made of, if there is nothing else.
    pub(super) fn two(&self) -> Option<(&Name<'static>, &Name<'static>)> {
        match self.0.as_slice() {
            [Step::Name(first), Step::Name(second)] => Some((first, second)),
            _ => None,
        }
    }

    /// The first name.
    pub(crate) fn root(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Name(name)) => Some(name.as_str()),
            _ => None,
        }
    }
}

/// The name at the beginning, and what follows it.
fn name_of(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"');
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (name.starts_with(|c: char| c.is_alphabetic() || c == '_')).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::Tape;

    fn at(path: &str, record: &Value) -> Option<Value> {
        let (record, document) = (record.to_string(), "{\"stamp\": 1}");
        let tapes = [record.as_bytes(), document.as_bytes()].map(|text| Tape::read(text).unwrap());
        let [record, document] = tapes.each_ref().map(|tape| View::Plain(tape.root().unwrap()));
        Path::parse(path).unwrap().walk(record, document).map(|found| found.datum().into())
    }

    #[test]
    fn paths_lead_through_names_lists_and_quotes() {
        let record =
            json!({"a": {"b": [{"c d": 1}, null]}, "First name": {"value": "x"}, "Straße": 2, "gone": null});
        assert_eq!(at("a.b[0].\"c d\"", &record), Some(json!(1)));
        assert_eq!(at("a.b[0][\"c d\"]", &record), Some(json!(1)));
        assert_eq!(at("\"First name\".value", &record), Some(json!("x")));
        assert_eq!(at(" Straße ", &record), Some(json!(2)));
        assert_eq!(at("a.b[2]", &record), None);
        assert_eq!(at("a.b.c", &record), None);
        assert_eq!(at("gone.deeper[3]", &record), Some(Value::Null));
        assert_eq!(at("document.stamp", &record), Some(json!(1)));
        assert_eq!(at("this.Straße", &record), Some(json!(2)));
    }

    #[test]
    fn what_is_no_path_is_left_to_the_expressions() {
        for text in [
            "", "a ~ b", "a|lower", "'x'", "true", "a.", ".a", "a..b", "a[", "a[-1]", "a[x]", "4a", "a b",
            "f(x)", "\"a",
        ] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
        assert!(Path::parse("\"true\"").is_some());
        assert_eq!(Path::parse("a[99999999999999999999999]"), None);
    }
}
