//! One rule of a map: a path, or an expression compiled once.

use super::config::Texts;
use super::eval::Scene;
use super::parser::{Expr, parse};
use super::path::Path;
use super::value::Val;
use crate::json::Name;
use crate::source::Dead;
use crate::source::config::{ConfigProblem, Tables};

/// How one value is found. The first of several that yields something counts.
pub(super) struct Rules {
    key: String,
    rules: Vec<Rule>,
}

enum Rule {
    Path(Path),
    Expression(Expr),
}

impl Rules {
    /// Compiles the texts found under `key`.
    pub(super) fn compile(key: &str, texts: &Texts, tables: &Tables) -> Result<Self, ConfigProblem> {
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
    pub(super) fn find<'a>(&'a self, scene: &Scene<'a>) -> Result<Option<Val<'a>>, Dead> {
        let mut found = None;
        for rule in &self.rules {
            let value = match rule {
                Rule::Path(path) => path.find(scene.record, scene.document),
                Rule::Expression(expression) => scene
                    .find(expression)
                    .map_err(|problem| Dead { rule: self.key.clone(), problem: problem.to_owned() })?,
            };
            match value {
                Some(value) if !value.blank() => return Ok(Some(value)),
                value => found = found.or(value),
            }
        }
        Ok(found)
    }

    /// Calls `each` with every name that the rules read, and whether at the top of a record.
    pub(super) fn names<'r>(&'r self, each: &mut dyn FnMut(&'r Name<'static>, bool)) {
        for rule in &self.rules {
            match rule {
                Rule::Path(path) => path.each_name(each),
                Rule::Expression(expression) => expression.names(each),
            }
        }
    }
}

impl Rule {
    fn compile(key: &str, text: &str, tables: &Tables) -> Result<Self, ConfigProblem> {
        if let Some(path) = Path::parse(text) {
            return Ok(Self::Path(path));
        }
        let problem = |problem: String| {
            let neither = if problem.starts_with("there is no table") {
                ""
            } else {
                "neither a path nor an expression: "
            };
            ConfigProblem::new(key, format!("{neither}{problem}"))
        };
        parse(text, tables).map(Self::Expression).map_err(problem)
    }
}
