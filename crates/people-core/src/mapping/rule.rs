//! One rule of a map: a path, or an expression compiled once.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Value};
use minijinja::{Error, ErrorKind, Expression};
use serde_json::Value as Json;

use super::config::Texts;
use super::filters::{ENGINE, NO_TABLE, Own, TABLES};
use super::path::Path;
use crate::source::Dead;
use crate::source::config::{ConfigProblem, is_empty};

/// A record, the body it came with, and what expressions see of both.
pub(super) struct Scene<'a> {
    record: &'a Json,
    document: &'a Json,
    tables: &'a Value,
    context: OnceCell<(Value, Arc<AtomicBool>)>,
}

/// How one value is found. The first of several that yields something counts.
pub(super) struct Rules {
    key: String,
    rules: Vec<Rule>,
}

enum Rule {
    Path(Path),
    Expression(Box<Expression<'static, 'static>>),
}

impl<'a> Scene<'a> {
    pub(super) fn new(record: &'a Json, document: &'a Json, tables: &'a Value) -> Self {
        Self { record, document, tables, context: OnceCell::new() }
    }

    fn context(&self) -> &(Value, Arc<AtomicBool>) {
        self.context.get_or_init(|| {
            let touched = Arc::new(AtomicBool::new(false));
            let mut top = BTreeMap::new();
            for (name, value) in [("this", self.record), ("document", self.document)] {
                top.insert(name.to_owned(), value_of(value, &touched));
            }
            for (name, value) in self.record.as_object().into_iter().flatten() {
                top.insert(name.clone(), value_of(value, &touched));
            }
            top.insert(TABLES.to_owned(), Some(self.tables.clone()));
            (Value::from_object(Bag { inner: top, touched: touched.clone() }), touched)
        })
    }
}

/// A JSON object or list in an expression. What is `null` in it is undefined there, so that nothing turns it into the text "none".
/// Whether a `null` or an empty text was met is noted, since a value that hangs on it was removed and not merely left out.
#[derive(Debug)]
struct Noted<T> {
    inner: T,
    touched: Arc<AtomicBool>,
}

type Bag = Noted<BTreeMap<String, Option<Value>>>;
type List = Noted<Vec<Option<Value>>>;

impl<T> Noted<T> {
    fn note(&self, found: &Option<Value>) -> Value {
        let empty = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        if found.as_ref().is_none_or(empty) {
            self.touched.store(true, Ordering::Relaxed);
        }
        found.clone().unwrap_or(Value::UNDEFINED)
    }
}

impl Object for Bag {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.inner.get(key.as_str()?).map(|found| self.note(found))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.inner.keys().map(Value::from).collect())
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.inner.get(key.as_usize()?).map(|found| self.note(found))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.inner.len())
    }
}

/// Undefined where it is `null`. As deep as the JSON parser goes, which is bounded.
fn value_of(json: &Json, touched: &Arc<AtomicBool>) -> Option<Value> {
    let touched = touched.clone();
    Some(match json {
        Json::Null => return None,
        Json::Array(items) => Value::from_object(List {
            inner: items.iter().map(|item| value_of(item, &touched)).collect(),
            touched,
        }),
        Json::Object(members) => {
            let inner =
                members.iter().map(|(name, value)| (name.clone(), value_of(value, &touched))).collect();
            Value::from_object(Bag { inner, touched })
        }
        scalar => Value::from(Serde(scalar)),
    })
}

/// Any member of this is this again: what an expression is tried on when it is compiled.
#[derive(Debug)]
struct Anything(Value);

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let inner = || Value::from_object(Anything(self.0.clone()));
        Some(if key.as_str() == Some(TABLES) { self.0.clone() } else { inner() })
    }
}

impl Rules {
    /// Compiles the texts found under `key`.
    pub(super) fn compile(key: &str, texts: &Texts, tables: &Value) -> Result<Self, ConfigProblem> {
        if texts.0.is_empty() {
            return Err(ConfigProblem::new(
                key,
                "the list is empty; give a path or an expression, or remove it",
            ));
        }
        let rules = texts.0.iter().map(|text| Rule::compile(key, text, tables)).collect::<Result<_, _>>()?;
        Ok(Self { key: key.to_owned(), rules })
    }

    /// The value; `None` where the record says nothing, `null` where it says that there is none.
    pub(super) fn find(&self, scene: &Scene<'_>) -> Result<Option<Json>, Dead> {
        let mut found = None;
        for rule in &self.rules {
            let value = rule.find(scene).map_err(|problem| Dead { rule: self.key.clone(), problem })?;
            match value {
                Some(value) if !is_empty(&value) => return Ok(Some(value)),
                value => found = found.or(value),
            }
        }
        Ok(found)
    }

    /// The names at the top of a record that the rules read.
    pub(super) fn roots(&self) -> impl Iterator<Item = String> {
        self.rules.iter().flat_map(|rule| match rule {
            Rule::Path(path) => path.root().map(str::to_owned).into_iter().collect::<Vec<_>>(),
            Rule::Expression(expression) => expression.undeclared_variables(false).into_iter().collect(),
        })
    }
}

impl Rule {
    fn compile(key: &str, text: &str, tables: &Value) -> Result<Self, ConfigProblem> {
        if let Some(path) = Path::parse(text) {
            return Ok(Self::Path(path));
        }
        let problem = |error: &Error| {
            let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            ConfigProblem::new(key, format!("neither a path nor an expression: {}{detail}", error.kind()))
        };
        let expression = ENGINE.compile_expression_owned(text.to_owned()).map_err(|error| problem(&error))?;
        // A trial run finds filters, tests, functions and tables that do not exist. What else fails may work on a record.
        if let Err(error) = expression.eval(Value::from_object(Anything(tables.clone()))) {
            use ErrorKind::{UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
            if matches!(error.kind(), UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest) {
                return Err(problem(&error));
            }
            if own(&error) == Some(NO_TABLE) {
                return Err(ConfigProblem::new(key, NO_TABLE.to_string()));
            }
        }
        Ok(Self::Expression(Box::new(expression)))
    }

    fn find(&self, scene: &Scene<'_>) -> Result<Option<Json>, String> {
        let expression = match self {
            Self::Path(path) => return Ok(path.walk(scene.record, scene.document).cloned()),
            Self::Expression(expression) => expression,
        };
        let (context, touched) = scene.context();
        touched.store(false, Ordering::Relaxed);
        let nothing = || touched.load(Ordering::Relaxed).then_some(Json::Null);
        match expression.eval(context.clone()) {
            Ok(value) if value.is_undefined() => Ok(nothing()),
            Ok(value) if value.is_none() => Ok(Some(Json::Null)),
            Ok(value) => match serde_json::to_value(&value) {
                Ok(Json::Null) | Err(_) => Err("the expression yields no value that can be used".to_owned()),
                Ok(json) => Ok(Some(json)),
            },
            // Whatever hangs on something missing says nothing, rather than half of something.
            Err(error) if error.kind() == ErrorKind::UndefinedError => Ok(nothing()),
            Err(error) => Err(match own(&error) {
                Some(own) => own.to_string(),
                None => format!("the expression failed: {}", error.kind()),
            }),
        }
    }
}

/// Our own words about an error, if it is one of ours. An error's other words may quote the record.
fn own(error: &Error) -> Option<Own> {
    std::error::Error::source(error)?.downcast_ref::<Own>().copied()
}
