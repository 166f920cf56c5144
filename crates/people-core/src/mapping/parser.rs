//! From the text of an expression to its tree, once, when the configuration is read. Whatever the language does not know is found here.

use smol_str::SmolStr;

use super::Context;
use super::dates;
use super::filters::{Filter, Test};
use super::lexer::{Token, words};
use crate::json::Name;

/// Deeper than this no expression is nested.
const DEEPEST: u32 = 50;
/// Longer than this no expression is, in words.
const LONGEST: usize = 1000;

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Null,
    Flag(bool),
    Whole(i64),
    Real(f64),
    Text(SmolStr),
    /// A member of the record, or `this`, or `document`.
    Name(Name<'static>),
    Member(Box<Expr>, Name<'static>),
    /// The field at this place.
    Field(u8),
    Index(Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Object(Vec<(SmolStr, Expr)>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Two(Op, Box<Expr>, Box<Expr>),
    /// `this if that else other`.
    If {
        then: Box<Expr>,
        when: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    Filter(Filter, Box<Expr>, Vec<Expr>),
    Test {
        test: Test,
        of: Box<Expr>,
        with: Option<Box<Expr>>,
        not: bool,
    },
}

/// What stands between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    In,
    NotIn,
    Plus,
    Minus,
    Join,
    Times,
    Over,
    OverWhole,
    Rest,
}

/// From the loosest to the tightest.
const LEVELS: [&[(&str, Op)]; 6] = [
    &[("or", Op::Or)],
    &[("and", Op::And)],
    &[
        ("==", Op::Equal),
        ("!=", Op::Unequal),
        ("<=", Op::LessOrEqual),
        (">=", Op::MoreOrEqual),
        ("<", Op::Less),
        (">", Op::More),
        ("in", Op::In),
    ],
    &[("+", Op::Plus), ("-", Op::Minus)],
    &[("~", Op::Join)],
    &[("*", Op::Times), ("//", Op::OverWhole), ("/", Op::Over), ("%", Op::Rest)],
];
/// The level above which `not` stands.
const COMPARED: usize = 2;

type Parsed = Result<Expr, String>;

struct Parser<'c, 't> {
    words: Vec<Token>,
    at: usize,
    deep: u32,
    context: &'c mut Context<'t>,
}

/// Reads an expression; the problem where it is none.
pub(super) fn parse(text: &str, context: &mut Context<'_>) -> Parsed {
    let words = words(text).map_err(|problem| format!("syntax error: {problem}"))?;
    if words.len() > LONGEST {
        return Err("syntax error: it is too long".to_owned());
    }
    let mut parser = Parser { words, at: 0, deep: 0, context };
    let expression = parser.choice()?;
    match parser.words.get(parser.at) {
        None => Ok(expression),
        Some(word) => Err(unexpected(Some(word))),
    }
}

fn unexpected(word: Option<&Token>) -> String {
    match word {
        None => "syntax error: it ends too early".to_owned(),
        Some(Token::Sign("**")) => "syntax error: there are no powers".to_owned(),
        Some(Token::Sign(sign)) => format!("syntax error: `{sign}` is not expected there"),
        Some(Token::Name(name)) => format!("syntax error: `{name}` is not expected there"),
        Some(Token::Text(_)) => "syntax error: a text is not expected there".to_owned(),
        Some(_) => "syntax error: a number is not expected there".to_owned(),
    }
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<&Token> {
        self.words.get(self.at)
    }

    fn is(&self, what: &str) -> bool {
        match self.peek() {
            Some(Token::Sign(sign)) => *sign == what,
            Some(Token::Name(name)) => name == what,
            _ => false,
        }
    }

    /// Passes over this sign or word if it comes next.
    fn take(&mut self, what: &str) -> bool {
        let found = self.is(what);
        self.at += usize::from(found);
        found
    }

    fn want(&mut self, what: &str) -> Result<(), String> {
        if self.take(what) { Ok(()) } else { Err(unexpected(self.peek())) }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.words.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            other => Err(unexpected(other)),
        }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.deep += 1;
        if self.deep > DEEPEST { Err("syntax error: it is nested too deeply".to_owned()) } else { Ok(()) }
    }

    fn choice(&mut self) -> Parsed {
        self.deeper()?;
        let mut expression = self.level(0)?;
        while self.take("if") {
            let when = Box::new(self.level(0)?);
            let otherwise = if self.take("else") { Some(Box::new(self.choice()?)) } else { None };
            expression = Expr::If { then: Box::new(expression), when, otherwise };
        }
        self.deep -= 1;
        Ok(expression)
    }

    fn level(&mut self, level: usize) -> Parsed {
        if level == COMPARED && self.take("not") {
            self.deeper()?;
            let inner = self.level(level)?;
            self.deep -= 1;
            return Ok(Expr::Not(Box::new(inner)));
        }
        let Some(ops) = LEVELS.get(level) else { return self.signed() };
        let mut left = self.level(level + 1)?;
        while let Some(op) = self.op(level, ops) {
            let right = self.level(level + 1)?;
            left = Expr::Two(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn op(&mut self, level: usize, ops: &[(&str, Op)]) -> Option<Op> {
        if level == COMPARED
            && self.is("not")
            && self.words.get(self.at + 1) == Some(&Token::Name("in".to_owned()))
        {
            self.at += 2;
            return Some(Op::NotIn);
        }
        let (_, op) = ops.iter().find(|(sign, _)| self.is(sign))?;
        self.at += 1;
        Some(*op)
    }

    fn signed(&mut self) -> Parsed {
        if self.take("-") {
            self.deeper()?;
            let inner = self.signed()?;
            self.deep -= 1;
            return Ok(Expr::Minus(Box::new(inner)));
        }
        let mut expression = self.one()?;
        loop {
            if self.take(".") {
                let name = match self.words.get(self.at) {
                    Some(Token::Text(name)) => {
                        self.at += 1;
                        let name: &String = name;
                        name.clone()
                    }
                    _ => self.name()?,
                };
                let name = Name::from(name);
                let place = match &expression {
                    Expr::Name(of) => self.context.field(of, &name),
                    _ => None,
                };
                expression = place.map_or_else(|| Expr::Member(Box::new(expression), name), Expr::Field);
            } else if self.take("[") {
                let index = self.choice()?;
                self.want("]")?;
                expression = Expr::Index(Box::new(expression), Box::new(index));
            } else if self.take("|") {
                expression = self.filter(expression)?;
            } else if self.take("is") {
                expression = self.test(expression)?;
            } else if self.is("(") {
                return Err("syntax error: there are no functions; a filter is written after `|`".to_owned());
            } else {
                return Ok(expression);
            }
        }
    }

    fn one(&mut self) -> Parsed {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        Ok(match word {
            Some(Token::Text(text)) => Expr::Text(text.into()),
            Some(Token::Whole(whole)) => Expr::Whole(whole),
            Some(Token::Real(real)) => Expr::Real(real),
            Some(Token::Name(name)) => match name.as_str() {
                "true" | "True" => Expr::Flag(true),
                "false" | "False" => Expr::Flag(false),
                "none" | "None" | "null" => Expr::Null,
                "not" | "and" | "or" | "if" | "else" | "in" | "is" => {
                    return Err(unexpected(Some(&Token::Name(name))));
                }
                _ => Expr::Name(name.into()),
            },
            Some(Token::Sign("(")) => {
                let inner = self.choice()?;
                self.want(")")?;
                inner
            }
            Some(Token::Sign("[")) => Expr::List(self.several("]")?),
            Some(Token::Sign("{")) => {
                let mut members = Vec::new();
                while !self.take("}") {
                    let name = match self.words.get(self.at) {
                        Some(Token::Text(name)) => SmolStr::new(name),
                        other => return Err(unexpected(other)),
                    };
                    self.at += 1;
                    self.want(":")?;
                    members.push((name, self.choice()?));
                    if !self.take(",") {
                        self.want("}")?;
                        break;
                    }
                }
                Expr::Object(members)
            }
            other => return Err(unexpected(other.as_ref())),
        })
    }

    /// Expressions between commas, and what ends them.
    fn several(&mut self, end: &str) -> Result<Vec<Expr>, String> {
        let mut all = Vec::new();
        while !self.take(end) {
            all.push(self.choice()?);
            if !self.take(",") {
                self.want(end)?;
                break;
            }
        }
        Ok(all)
    }

    fn filter(&mut self, of: Expr) -> Parsed {
        let name = self.name()?;
        let filter = Filter::named(&name).ok_or_else(|| {
            let known = Filter::ALL.map(|(name, _, _)| name).join(", ");
            format!("unknown filter `{name}`; there are {known}")
        })?;
        let with = if self.take("(") { self.several(")")? } else { Vec::new() };
        let (least, most) = filter.wants();
        if !(least..=most).contains(&with.len()) {
            return Err(format!("the filter `{name}` does not take so many values"));
        }
        match (filter, with.first()) {
            (Filter::Lookup, Some(Expr::Text(table))) if self.context.tables.contains_key(table.as_str()) => {
            }
            (Filter::Lookup, Some(Expr::Text(_))) => {
                return Err("there is no table of this name; add [source.lookup.NAME]".to_owned());
            }
            (Filter::Lookup, _) => return Err("the name of a table is written in quotes".to_owned()),
            (Filter::Date, Some(Expr::Text(format))) if !dates::is_format(format) => {
                return Err("this format of a date is not understood; use %d, %m, %Y and the like".to_owned());
            }
            (Filter::Date, Some(Expr::Text(_)) | None) => {}
            (Filter::Date, Some(_)) => return Err("the format of a date is written in quotes".to_owned()),
            _ => {}
        }
        Ok(Expr::Filter(filter, Box::new(of), with))
    }

    fn test(&mut self, of: Expr) -> Parsed {
        let not = self.take("not");
        let name = self.name()?;
        let test = Test::named(&name).ok_or_else(|| {
            let known = Test::ALL.map(|(name, _)| name).join(", ");
            format!("unknown test `{name}`; there are {known}")
        })?;
        let with = if test.wants() {
            self.want("(")?;
            let with = self.choice()?;
            self.want(")")?;
            Some(Box::new(with))
        } else {
            None
        };
        Ok(Expr::Test { test, of: Box::new(of), with, not })
    }
}

impl Expr {
    /// Calls `each` with every name that is read at the top of a record.
    pub(super) fn names<'e>(&'e self, each: &mut dyn FnMut(&'e str)) {
        match self {
            Self::Name(name) => each(name.as_str()),
            Self::Null | Self::Flag(_) | Self::Whole(_) | Self::Real(_) | Self::Text(_) | Self::Field(_) => {}
            Self::Member(of, _) | Self::Not(of) | Self::Minus(of) => of.names(each),
            Self::Index(one, two) | Self::Two(_, one, two) => {
                one.names(each);
                two.names(each);
            }
            Self::List(all) => all.iter().for_each(|one| one.names(each)),
            Self::Object(all) => all.iter().for_each(|(_, one)| one.names(each)),
            Self::If { then, when, otherwise } => {
                then.names(each);
                when.names(each);
                if let Some(otherwise) = otherwise {
                    otherwise.names(each);
                }
            }
            Self::Filter(_, of, with) => {
                of.names(each);
                with.iter().for_each(|one| one.names(each));
            }
            Self::Test { of, with, .. } => {
                of.names(each);
                if let Some(with) = with {
                    with.names(each);
                }
            }
        }
    }
}
