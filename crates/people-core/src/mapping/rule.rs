//! One rule of a map: a path, or an expression compiled once.

use super::Context;
use super::config::Texts;
use super::eval::Scene;
use super::parser::{Expr, parse};
use super::path::Path;
use super::value::Val;
use crate::source::Dead;
use crate::source::config::ConfigProblem;

/// How one value is found. The first of several that yields something counts.
pub(super) struct Rules {
    key: String,
    rules: Vec<Rule>,
}

enum Rule {
    /// The field at this place.
    Field(u8),
    Path(Path),
    Expression(Expr),
}

impl Rules {
    /// Compiles the texts found under `key`.
    pub(super) fn compile(
        key: &str,
        texts: &Texts,
        context: &mut Context<'_>,
    ) -> Result<Self, ConfigProblem> {
        if texts.0.is_empty() {
            return Err(ConfigProblem::new(
                key,
                "the list is empty; give a path or an expression, or remove it",
            ));
        }
        let rules = texts.0.iter().map(|text| Rule::compile(key, text, context)).collect::<Result<_, _>>()?;
        Ok(Self { key: key.to_owned(), rules })
    }

    /// The place of the field, where that is all.
    pub(super) fn field(&self) -> Option<u8> {
        match self.rules.as_slice() {
            [Rule::Field(place)] => Some(*place),
            _ => None,
        }
    }

    /// The value; `None` where the record says nothing, `null` where it says that there is none.
    pub(super) fn find<'a>(&'a self, scene: &Scene<'a>) -> Result<Option<Val<'a>>, Dead> {
        match self.rules.as_slice() {
            [only] => self.one(only, scene),
            all => self.first(all, scene),
        }
    }

    fn first<'a>(&'a self, all: &'a [Rule], scene: &Scene<'a>) -> Result<Option<Val<'a>>, Dead> {
        let mut found = None;
        for rule in all {
            match self.one(rule, scene)? {
                Some(value) if !value.blank() => return Ok(Some(value)),
                value => found = found.or(value),
            }
        }
        Ok(found)
    }

    fn one<'a>(&'a self, rule: &'a Rule, scene: &Scene<'a>) -> Result<Option<Val<'a>>, Dead> {
        match rule {
            Rule::Field(place) => Ok(scene.field(*place).map(Val::of)),
            Rule::Path(path) => Ok(path.find(scene.record, scene.document)),
            Rule::Expression(expression) => scene
                .find(expression)
                .map_err(|problem| Dead { rule: self.key.clone(), problem: problem.to_owned() }),
        }
    }

    /// The names at the top of a record that the rules read.
    pub(super) fn roots(&self, each: &mut dyn FnMut(&str)) {
        for rule in &self.rules {
            match rule {
                Rule::Field(_) => {}
                Rule::Path(path) => path.root().into_iter().for_each(&mut *each),
                Rule::Expression(expression) => expression.names(each),
            }
        }
    }
}

impl Rule {
    fn compile(key: &str, text: &str, context: &mut Context<'_>) -> Result<Self, ConfigProblem> {
        if let Some(path) = Path::parse(text) {
            let place = path.two().and_then(|(of, name)| context.field(of, name));
            return Ok(place.map_or(Self::Path(path), Self::Field));
        }
        let problem = |problem: String| {
            let neither = if problem.starts_with("there is no table") {
                ""
            } else {
                "neither a path nor an expression: "
            };
            ConfigProblem::new(key, format!("{neither}{problem}"))
        };
        parse(text, context).map(Self::Expression).map_err(problem)
    }
}
