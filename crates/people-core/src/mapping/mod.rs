//! The mapping language: what a record of an HR system means, said in the configuration and not in code.
//!
//! A value is a path (`worker.name.first`, `fields."First name".value`), walked plainly, or an expression
//! (`dept | lookup('departments')`, `first ~ ' ' ~ last`), or a list of these of which the first that yields something counts. A
//! single-quoted text is a constant; a double-quoted one is a name in a path.
//!
//! What is missing says nothing, and so does an expression that hangs on something missing. `null` says that the value was removed,
//! and so does an expression that yields nothing because of a `null` or an empty text. No text "null" or "None" ever comes out.
//!
//! An expression sees the members of the record, `this` (the record) and `document` (the whole body). It knows texts, numbers, `true`,
//! `false`, `none`, lists and objects; `.name`, `."a name"` and `[0]`; `+ - * / // %`, `~` (joins texts), `== != < <= > >=`, `in`, `and`,
//! `or`, `not`; `A if B else C`; the filters `lower`, `upper`, `trim`, `string`, `ascii`, `replace`, `split`, `join`, `first`, `last`,
//! `default`, `date`, `lookup`; the tests `is defined`, `undefined`, `none`, `startingwith`, `endingwith`. Anything else is found when the
//! configuration is read. Maps are compiled once and work on the text of the delivery where it lies.

mod config;
mod dates;
pub(crate) mod draft;
mod eval;
mod filters;
mod lexer;
mod parser;
mod path;
mod rule;
#[cfg(test)]
mod tests;
pub(crate) mod value;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use people_model::EventKind;
use people_model::cloudm::{Member, Profile, member};

pub use config::{MapConfig, Texts};

use self::draft::{Draft, MAP, holds, text};
use self::eval::Scene;
use self::path::Path;
use self::rule::Rules;
use self::value::Val;
use crate::config::closest;
use crate::json::{Elements, Fields, Item, Name, PLAIN, Tape, View};
use crate::source::canonical::not_json;
use crate::source::config::{ConfigProblem, Empty, Tables};
use crate::source::{Dead, Piece};

/// More records than this in one delivery are refused.
pub const MOST_RECORDS: usize = 10_000;

/// Members that a map may not set, and why.
const NOT_HERE: [(&str, &str); 4] = [
    ("id", "the address is made by the policy; the worker id goes to `map.id`"),
    ("email", "the work address goes to `map.email`"),
    ("password", "a password never comes from an HR system; remove it"),
    ("suspended", "access is the policy's business; remove it"),
];

/// What a map is compiled in.
struct Context<'c> {
    tables: &'c Tables,
    /// Where the fields under `plain` are found, in a map whose records are [`View::Wide`].
    fields: Option<&'c mut Fields>,
}

impl Context<'_> {
    /// The place of this field under `plain`, where it has one.
    fn field(&mut self, of: &Name<'_>, name: &Name<'static>) -> Option<u8> {
        if *of == PLAIN { self.fields.as_mut()?.place(name) } else { None }
    }

    fn rules(&mut self, key: &str, texts: &Texts) -> Result<Rules, ConfigProblem> {
        Rules::compile(&format!("map.{key}"), texts, self)
    }

    fn maybe(&mut self, key: &str, texts: &Option<Texts>) -> Result<Option<Rules>, ConfigProblem> {
        texts.as_ref().map(|texts| self.rules(key, texts)).transpose()
    }
}

/// A compiled map.
pub struct Mapping {
    each: Option<Path>,
    kind: Option<Rules>,
    types: BTreeMap<String, Option<EventKind>>,
    when: Option<Rules>,
    id: Rules,
    occurred_at: Option<Rules>,
    effective_date: Option<Rules>,
    last_working_day: Option<Rules>,
    reason: Option<Rules>,
    email: Option<Rules>,
    timezone: Option<Rules>,
    fields: Vec<(&'static Member, Rules)>,
    tables: Tables,
    /// Whether some rule reads the whole body.
    reads_document: bool,
    empty: Empty,
}

impl Mapping {
    /// Compiles a map with its tables of words and its rules for `null` and `""`.
    ///
    /// # Errors
    /// Where a value is neither a path nor an expression, a member, filter or table does not exist, or `id` is missing.
    pub fn compile(config: &MapConfig, lookup: &Tables, empty: &Empty) -> Result<Self, ConfigProblem> {
        Self::compile_in(&mut Context { tables: lookup, fields: None }, config, empty)
    }

    /// The same of a map whose records are [`View::Wide`], with places among these fields.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn compile_wide(
        config: &MapConfig,
        lookup: &Tables,
        empty: &Empty,
        fields: &mut Fields,
    ) -> Result<Self, ConfigProblem> {
        Self::compile_in(&mut Context { tables: lookup, fields: Some(fields) }, config, empty)
    }

    fn compile_in(
        context: &mut Context<'_>,
        config: &MapConfig,
        empty: &Empty,
    ) -> Result<Self, ConfigProblem> {
        let each = config.each.as_deref().map(|text| {
            Path::parse(text).ok_or_else(|| {
                ConfigProblem::new("map.each", "this is not a path such as \"data.employees\"")
            })
        });
        let id = config.id.as_ref().ok_or_else(|| {
            ConfigProblem::new("map.id", "say where the HR worker id stands, such as id = \"employee.id\"")
        })?;
        let mut types = BTreeMap::new();
        for (word, name) in &config.types {
            let kind = EventKind::parse(name);
            if kind.is_none() && name != "ignore" {
                let names = EventKind::ALL.map(EventKind::as_str).join(", ");
                return Err(ConfigProblem::new(
                    format!("map.types.{word}"),
                    format!("use one of {names}, ignore"),
                ));
            }
            types.insert(word.clone(), kind);
        }
        let mut fields = Vec::new();
        for (name, texts) in &config.fields {
            let key = format!("fields.{name}");
            let member =
                settable(name).map_err(|problem| ConfigProblem::new(format!("map.{key}"), problem))?;
            fields.push((member, context.rules(&key, texts)?));
        }
        let mut made = Self {
            each: each.transpose()?,
            kind: context.maybe("type", &config.kind)?,
            types,
            when: context.maybe("when", &config.when)?,
            id: context.rules("id", id)?,
            occurred_at: context.maybe("occurredAt", &config.occurred_at)?,
            effective_date: context.maybe("effectiveDate", &config.effective_date)?,
            last_working_day: context.maybe("lastWorkingDay", &config.last_working_day)?,
            reason: context.maybe("reason", &config.reason)?,
            email: context.maybe("email", &config.email)?,
            timezone: context.maybe("timezone", &config.timezone)?,
            fields,
            tables: context.tables.clone(),
            reads_document: false,
            empty: empty.clone(),
        };
        made.reads_document = made.roots().contains("document");
        Ok(made)
    }

    /// What a whole body says: one piece a record. A record that cannot be used is [`Piece::Dead`], and the others go on.
    pub(crate) fn read(&self, body: &[u8], each: &mut dyn FnMut(Piece)) {
        match self.try_read(body, each) {
            Ok(()) => {}
            Err(dead) => each(Piece::Dead(dead)),
        }
    }

    fn try_read(&self, body: &[u8], each: &mut dyn FnMut(Piece)) -> Result<(), Dead> {
        let dead = |problem: &str| Dead { rule: "map.each".to_owned(), problem: problem.to_owned() };
        let names = self.each.as_ref().map_or(Some(Vec::new()), Path::names);
        if let (false, Some(names)) = (self.reads_document, names)
            && let Some(records) = Elements::of_long(body, &names).map_err(not_json)?
        {
            // Nothing reads the document, so none is needed.
            let read = |record: Item<'_>| each(self.piece(View::Plain(record), View::Nothing));
            return records.each(MOST_RECORDS, read).map_err(|_| dead("too many records in one delivery"));
        }
        let tape = Tape::read(body).map_err(not_json)?;
        let Some(document) = tape.root().map(View::Plain) else { return Ok(()) };
        let found = match &self.each {
            Some(path) => path.walk(document, document),
            None => Some(document),
        };
        let found = found.ok_or_else(|| dead("there is nothing at this path"))?;
        match found.item().and_then(Item::length) {
            Some(length) if length > MOST_RECORDS => return Err(dead("too many records in one delivery")),
            Some(0) => each(Piece::Ignored("a list without records")),
            Some(_) => {
                let records = found.item().into_iter().flat_map(Item::items);
                records.for_each(|record| each(self.piece(View::Plain(record), document)));
            }
            None => each(self.piece(found, document)),
        }
        Ok(())
    }

    /// What one record says.
    pub(crate) fn piece(&self, record: View<'_>, document: View<'_>) -> Piece {
        if record.kind() != crate::json::Kind::Object {
            let problem = "a record must be a JSON object".to_owned();
            return Piece::Dead(Dead { rule: "map.each".to_owned(), problem });
        }
        let made = || -> Result<Piece, Dead> {
            let scene = Scene::new(record, document, &self.tables);
            let mut draft = self.draft();
            if !self.fill(&scene, &mut draft)? {
                return Ok(Piece::Ignored("the map's `when` does not hold"));
            }
            match self.kind(&scene)? {
                Some(kind) => draft.finish(kind).map(Piece::Event),
                None => Ok(Piece::Ignored("a type of event that is of no concern")),
            }
        };
        made().unwrap_or_else(Piece::Dead)
    }

    /// A draft that says nothing yet.
    pub(crate) fn draft(&self) -> Draft<'_> {
        Draft::new(&MAP, &self.empty, self.fields.len())
    }

    /// Puts the values of one record into a draft; `false` where `when` does not hold.
    pub(crate) fn read_into<'a>(&'a self, record: View<'a>, draft: &mut Draft<'a>) -> Result<bool, Dead> {
        self.fill(&Scene::new(record, record, &self.tables), draft)
    }

    /// Whether the map says what has happened.
    pub fn tells_type(&self) -> bool {
        self.kind.is_some()
    }

    /// The names at the top of a record that the map reads.
    pub fn roots(&self) -> BTreeSet<String> {
        let own = [&self.kind, &self.when, &self.occurred_at, &self.effective_date, &self.last_working_day];
        let more = [&self.reason, &self.email, &self.timezone];
        let all = own.into_iter().chain(more).flatten().chain([&self.id]);
        let mut roots = BTreeSet::new();
        for rules in all.chain(self.fields.iter().map(|(_, rules)| rules)) {
            rules.roots(&mut |name| {
                roots.insert(name.to_owned());
            });
        }
        roots
    }

    fn fill<'a>(&'a self, scene: &Scene<'a>, draft: &mut Draft<'a>) -> Result<bool, Dead> {
        let find = |rules: &'a Option<Rules>| rules.as_ref().map_or(Ok(None), |rules| rules.find(scene));
        if self.when.is_some() && !holds(find(&self.when)?.as_ref()) {
            return Ok(false);
        }
        for (member, rules) in &self.fields {
            if let Some(place) = rules.field() {
                if let Some(view) = scene.field(place) {
                    draft.member_at(member, view);
                }
            } else if let Some(value) = rules.find(scene)? {
                draft.member_of(member, value);
            }
        }
        draft.id = self.id.find(scene)?;
        draft.occurred_at = find(&self.occurred_at)?;
        draft.effective_date = find(&self.effective_date)?;
        draft.last_working_day = find(&self.last_working_day)?;
        draft.reason = find(&self.reason)?;
        draft.timezone = find(&self.timezone)?;
        draft.email = find(&self.email)?;
        Ok(true)
    }

    fn kind<'a>(&'a self, scene: &Scene<'a>) -> Result<Option<EventKind>, Dead> {
        let dead = |problem: &str| Dead { rule: "map.type".to_owned(), problem: problem.to_owned() };
        let Some(rules) = &self.kind else { return Ok(Some(EventKind::Change)) };
        let word = rules.find(scene)?;
        let word = match &word {
            Some(Val::Flag(flag)) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            word => text(word.as_ref()).map_err(dead)?,
        };
        let word = word.ok_or_else(|| dead("the type of event is missing"))?;
        Ok(if self.types.is_empty() {
            EventKind::parse(&word)
        } else {
            self.types.get(&*word).copied().flatten()
        })
    }
}

/// The member of this name, or why a map may not set it.
fn settable(name: &str) -> Result<&'static Member, String> {
    if let Some((_, why)) = NOT_HERE.iter().find(|(member, _)| *member == name) {
        return Err((*why).to_owned());
    }
    match member(name) {
        Some(member) if member.writable => Ok(member),
        Some(_) => Err("CloudM sets it and takes it from nobody; remove it".to_owned()),
        None => Err(unknown_member(name)),
    }
}

/// That a CloudM profile has no such member, and which one may be meant.
pub(crate) fn unknown_member(name: &str) -> String {
    let writable = Profile::MEMBERS.iter().filter(|member| member.writable);
    match closest(name, writable.map(|member| member.name)) {
        Some(like) => format!("a CloudM profile has no such member; did you mean `{like}`?"),
        None => "a CloudM profile has no such member".to_owned(),
    }
}
