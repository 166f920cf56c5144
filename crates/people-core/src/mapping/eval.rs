//! An expression at work on a record.

use std::borrow::Cow;
use std::cell::Cell;

use people_model::Datum;
use smol_str::SmolStr;

use super::filters::{TOO_LONG, apply, holds};
use super::parser::{Expr, Op};
use super::value::Val;
use crate::json::View;
use crate::source::config::Tables;

/// Bytes that a text may grow to.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// Why an expression yields no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It hangs on something missing, and so says nothing, rather than half of something.
    Nothing,
    /// It cannot be done. Our own words, which quote nothing of the record.
    Problem(&'static str),
}

pub(super) type Found<'a> = Result<Val<'a>, Stop>;

/// A record, the body it came with, and the tables of words.
pub(crate) struct Scene<'a> {
    pub(super) record: View<'a>,
    pub(super) document: View<'a>,
    pub(super) tables: &'a Tables,
    /// Whether a `null` or an empty text was met, since a value that hangs on it was removed and not merely left out.
    touched: Cell<bool>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(record: View<'a>, document: View<'a>, tables: &'a Tables) -> Self {
        Self { record, document, tables, touched: Cell::new(false) }
    }

    /// What the expression yields; `None` where it says nothing, `null` where it says that there is nothing.
    pub(super) fn find(&self, expression: &'a Expr) -> Result<Option<Val<'a>>, &'static str> {
        self.touched.set(false);
        match self.made(expression) {
            Ok(Val::Missing | Val::Null) | Err(Stop::Nothing) => Ok(self.touched.get().then_some(Val::Null)),
            Ok(value) => Ok(Some(value)),
            Err(Stop::Problem(problem)) => Err(problem),
        }
    }

    /// The field at this place.
    #[inline]
    pub(super) fn field(&self, place: u8) -> Option<View<'a>> {
        match self.record {
            View::Wide(record) => record.field(place),
            _ => None,
        }
    }

    fn note(&self, found: Val<'a>) -> Val<'a> {
        if !matches!(found, Val::Missing) && found.blank() {
            self.touched.set(true);
        }
        found
    }

    /// A value that has to be there.
    fn there(&self, expression: &'a Expr) -> Found<'a> {
        let found = self.eval(expression)?;
        if found.missing() { Err(Stop::Nothing) } else { Ok(found) }
    }

    /// The same as [`Self::eval`], to be handed out: lists and objects are made as JSON at once.
    fn made(&self, expression: &'a Expr) -> Found<'a> {
        match expression {
            Expr::If { then, when, otherwise } => match self.branch(then, when, otherwise)? {
                Some(branch) => self.made(branch),
                None => Ok(Val::Missing),
            },
            Expr::List(all) => self.list(all).map(Val::Made),
            Expr::Object(all) => self.object(all).map(Val::Made),
            other => self.eval(other),
        }
    }

    fn datum(&self, expression: &'a Expr) -> Result<Datum, Stop> {
        match expression {
            Expr::Text(text) => Ok(Datum::Text(text.clone())),
            Expr::List(all) => self.list(all),
            Expr::Object(all) => self.object(all),
            other => self.made(other).map(Val::datum),
        }
    }

    fn list(&self, all: &'a [Expr]) -> Result<Datum, Stop> {
        let mut items = Vec::with_capacity(all.len());
        for one in all {
            items.push(self.datum(one)?);
        }
        Ok(Datum::List(items.into()))
    }

    fn object(&self, all: &'a [(SmolStr, Expr)]) -> Result<Datum, Stop> {
        let mut members = Vec::with_capacity(all.len());
        for (name, one) in all {
            members.push((name.clone(), self.datum(one)?));
        }
        Ok(Datum::object(members))
    }

    fn branch(
        &self,
        then: &'a Expr,
        when: &'a Expr,
        otherwise: &'a Option<Box<Expr>>,
    ) -> Result<Option<&'a Expr>, Stop> {
        Ok(if self.eval(when)?.truth() { Some(then) } else { otherwise.as_deref() })
    }

    fn eval(&self, expression: &'a Expr) -> Found<'a> {
        Ok(match expression {
            Expr::Null => self.note(Val::Null),
            Expr::Flag(flag) => Val::Flag(*flag),
            Expr::Whole(whole) => Val::Whole(*whole),
            Expr::Real(real) => Val::Real(*real),
            Expr::Text(text) => Val::Text(Cow::Borrowed(text)),
            Expr::Name(name) => self.note(match (self.record.named(name), name.as_str()) {
                (Some(found), _) => Val::of(found),
                (None, "this") => Val::View(self.record),
                (None, "document") => Val::of(self.document),
                (None, _) => Val::Missing,
            }),
            Expr::Field(place) => self.note(self.field(*place).map_or(Val::Missing, Val::of)),
            Expr::Member(of, name) => self.note(self.there(of)?.named(name)),
            Expr::Index(of, index) => {
                let of = self.there(of)?;
                self.note(match self.there(index)? {
                    Val::Text(name) => of.get(&name),
                    Val::Whole(index) => usize::try_from(index).map_or(Val::Missing, |index| of.index(index)),
                    _ => return Err(Stop::Problem("in brackets a text or a whole number is wanted")),
                })
            }
            Expr::List(all) => Val::List(all.iter().map(|one| self.eval(one)).collect::<Result<_, _>>()?),
            Expr::Object(all) => Val::Object(
                all.iter()
                    .map(|(name, one)| Ok((Cow::Borrowed(name.as_str()), self.eval(one)?)))
                    .collect::<Result<_, _>>()?,
            ),
            Expr::Not(of) => Val::Flag(!self.eval(of)?.truth()),
            Expr::Minus(of) => match self.there(of)? {
                Val::Whole(whole) => Val::Whole(whole.checked_neg().ok_or(TOO_LARGE)?),
                Val::Real(real) => Val::Real(-real),
                _ => return Err(NO_NUMBER),
            },
            Expr::If { then, when, otherwise } => match self.branch(then, when, otherwise)? {
                Some(branch) => self.eval(branch)?,
                None => Val::Missing,
            },
            Expr::Filter(filter, of, with) => {
                let of = self.eval(of)?;
                // Most filters take nothing or one literal text.
                let with = with.iter().map(|one| self.eval(one)).collect::<Result<Vec<_>, _>>()?;
                apply(*filter, of, &with, self.tables)?
            }
            Expr::Test { test, of, with, not } => {
                let of = self.eval(of)?;
                let with = with.as_ref().map(|with| self.eval(with)).transpose()?;
                Val::Flag(holds(*test, &of, with.as_ref())? != *not)
            }
            Expr::Two(Op::Or, left, right) => {
                let left = self.eval(left)?;
                if left.truth() { left } else { self.eval(right)? }
            }
            Expr::Two(Op::And, left, right) => {
                let left = self.eval(left)?;
                if left.truth() { self.eval(right)? } else { left }
            }
            Expr::Two(Op::Equal, left, right) => Val::Flag(self.eval(left)?.same(&self.eval(right)?)),
            Expr::Two(Op::Unequal, left, right) => Val::Flag(!self.eval(left)?.same(&self.eval(right)?)),
            // Nobody reckons with what is not there: that is a mistake of the map or of HR, not a value that was left out.
            Expr::Two(
                op @ (Op::Plus | Op::Minus | Op::Times | Op::Over | Op::OverWhole | Op::Rest),
                left,
                right,
            ) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                if left.missing() || right.missing() {
                    return Err(NO_NUMBER);
                }
                two(*op, left, right)?
            }
            Expr::Two(op, left, right) => two(*op, self.there(left)?, self.there(right)?)?,
        })
    }
}

const NO_NUMBER: Stop = Stop::Problem("a number is wanted here");
const TOO_LARGE: Stop = Stop::Problem("the number grows too large");

fn two<'a>(op: Op, left: Val<'a>, right: Val<'a>) -> Found<'a> {
    let order =
        |left: &Val<'_>, right: &Val<'_>| left.order(right).ok_or(Stop::Problem("these cannot be compared"));
    Ok(match op {
        Op::Less => Val::Flag(order(&left, &right)?.is_lt()),
        Op::LessOrEqual => Val::Flag(order(&left, &right)?.is_le()),
        Op::More => Val::Flag(order(&left, &right)?.is_gt()),
        Op::MoreOrEqual => Val::Flag(order(&left, &right)?.is_ge()),
        Op::In => Val::Flag(within(&left, &right)?),
        Op::NotIn => Val::Flag(!within(&left, &right)?),
        Op::Join => joined(&left, &right)?,
        Op::Plus => match (left, right) {
            (left @ Val::Text(_), right @ Val::Text(_)) => joined(&left, &right)?,
            (Val::List(mut items), Val::List(more)) => {
                items.extend(more);
                Val::List(items)
            }
            (left, right) => match (left.items(), right.items()) {
                (Some(mut items), Some(more)) => {
                    items.extend(more);
                    Val::List(items)
                }
                _ => number(op, &left, &right)?,
            },
        },
        _ => number(op, &left, &right)?,
    })
}

fn joined<'a>(left: &Val<'a>, right: &Val<'a>) -> Found<'a> {
    match (left.written(), right.written()) {
        (Some(left), Some(right)) if left.len() + right.len() <= MOST_BYTES => {
            Ok(Val::Text(Cow::Owned(left.into_owned() + &right)))
        }
        (Some(_), Some(_)) => Err(TOO_LONG),
        _ => Err(Stop::Problem("a text is wanted here")),
    }
}

fn within(one: &Val<'_>, all: &Val<'_>) -> Result<bool, Stop> {
    if let Some(items) = all.items() {
        return Ok(items.iter().any(|item| item.same(one)));
    }
    match (one, all) {
        (Val::Text(part), Val::Text(text)) => Ok(text.contains(&**part)),
        (Val::Text(name), all) if all.holds_others() => Ok(!matches!(all.get(name), Val::Missing)),
        _ => Err(Stop::Problem("`in` wants a text, a list or an object to look in")),
    }
}

fn number<'a>(op: Op, left: &Val<'a>, right: &Val<'a>) -> Found<'a> {
    if let (Val::Whole(a), Val::Whole(b)) = (left, right) {
        let whole = |whole: Option<i64>| whole.map(Val::Whole).ok_or(TOO_LARGE);
        match op {
            Op::Plus => return whole(a.checked_add(*b)),
            Op::Minus => return whole(a.checked_sub(*b)),
            Op::Times => return whole(a.checked_mul(*b)),
            Op::OverWhole | Op::Rest | Op::Over if *b == 0 => return Err(NO_DIVISION),
            Op::OverWhole => return whole(a.checked_div_euclid(*b)),
            Op::Rest => return whole(a.checked_rem_euclid(*b)),
            Op::Over if a.checked_rem(*b) == Some(0) => return whole(a.checked_div(*b)),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (left.real(), right.real()) else { return Err(NO_NUMBER) };
    let real = match op {
        Op::Plus => a + b,
        Op::Minus => a - b,
        Op::Times => a * b,
        Op::Over => a / b,
        Op::OverWhole => (a / b).floor(),
        _ => a - b * (a / b).floor(),
    };
    match real.is_finite() {
        true => Ok(Val::Real(real)),
        false if b == 0.0 => Err(NO_DIVISION),
        false => Err(TOO_LARGE),
    }
}

const NO_DIVISION: Stop = Stop::Problem("it divides by zero");
