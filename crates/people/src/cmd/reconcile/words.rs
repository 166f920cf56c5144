//! What a reconciliation shows: a line for each person, whoever is missing, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};

use people_core::engine::Would;
use people_model::{Effect, HeldWhy, Outcome, PersonKey, SourceName, Step};
use serde_json::{Map, Value, json};

use super::apply::{Done, End};
use super::roster::{Person, Roster};
use crate::exit::{Exit, Fail};
use crate::report::{Report, say};

/// What is known of everybody.
pub(super) struct Outlook {
    source: SourceName,
    pub(super) people: Vec<Line>,
    pub(super) missing: BTreeSet<PersonKey>,
    /// Deliveries that are not taken apart yet, and do not count.
    pub(super) waiting_deliveries: u64,
    unusable: Vec<(String, String)>,
    ignored: usize,
    done: Option<BTreeMap<PersonKey, Done>>,
}

/// What would be done about a person.
pub(super) struct Line {
    person: PersonKey,
    events: String,
    class: Class,
    /// The names of members that would change.
    members: Vec<String>,
    /// What there is to say besides.
    detail: String,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Agrees,
    Changes(&'static str),
    Held(&'static str),
    Waits,
    Unknown,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::Agrees => "nothing",
            Self::Changes(word) | Self::Held(word) => word,
            Self::Waits => "waits",
            Self::Unknown => "unknown",
        }
    }
}

impl Line {
    /// The line of a person.
    pub(super) fn of(person: &Person, would: &Would) -> Self {
        let mut members = Vec::new();
        let (class, detail) = match would {
            Would::Send(step) => {
                members = changed(step);
                let word = if step.effect == Effect::Update { "patch" } else { step.effect.as_str() };
                (Class::Changes(word), String::new())
            }
            Would::File => (Class::Changes("file in bulk"), String::new()),
            Would::Hold(why, _) => (Class::Held(question(why)), why.to_string()),
            Would::Nothing(Outcome::Agreed) => (Class::Agrees, String::new()),
            Would::Nothing(outcome) => (Class::Agrees, outcome.to_string()),
            Would::Wait(until) => {
                (Class::Waits, format!("what was tried last failed or its answer was lost; next at {until}"))
            }
            Would::Unknown(why) => (Class::Unknown, format!("the look failed because {why}")),
        };
        let events = person.events.join(", ");
        Self { person: person.key.clone(), events, class, members, detail }
    }

    fn text(&self) -> String {
        let mut text = self.class.word().to_owned();
        if !self.members.is_empty() {
            text += &format!(" {}", self.members.join(", "));
        }
        match (self.class, self.detail.as_str()) {
            (_, "") => {}
            (Class::Agrees, detail) => text += &format!(" ({detail})"),
            (_, detail) => text += &format!(": {detail}"),
        }
        text
    }
}

/// The names of what an update would change.
fn changed(step: &Step) -> Vec<String> {
    match (&step.effect, &step.call.body) {
        (Effect::Update, Some(Value::Object(body))) => body.keys().cloned().collect(),
        (Effect::Update, _) => vec![step.call.op.to_string()],
        _ => Vec::new(),
    }
}

/// What a human is asked: to let something pass, whose an address is, or something that is not known.
pub(super) fn question(why: &HeldWhy) -> &'static str {
    match why {
        HeldWhy::Collision | HeldWhy::OtherSource => "claim refused",
        HeldWhy::Protected
        | HeldWhy::Breaker { .. }
        | HeldWhy::LowTrust
        | HeldWhy::RecordDeleted
        | HeldWhy::Policy { .. }
        | HeldWhy::Refused { .. }
        | HeldWhy::NotKept { .. }
        | HeldWhy::BulkRow { .. } => "held",
        _ => "question",
    }
}

impl Outlook {
    pub(super) fn new(source: SourceName, roster: &Roster) -> Self {
        Self {
            source,
            people: Vec::new(),
            missing: BTreeSet::new(),
            waiting_deliveries: 0,
            unusable: roster.unusable.clone(),
            ignored: roster.ignored,
            done: None,
        }
    }

    /// It was applied, with this outcome for each.
    pub(super) fn done(&mut self, done: BTreeMap<PersonKey, Done>) {
        self.done = Some(done);
    }

    fn count(&self, fits: impl Fn(Class) -> bool) -> usize {
        self.people.iter().filter(|line| fits(line.class)).count()
    }

    /// How many would change, by kind.
    fn changes(&self) -> BTreeMap<&'static str, usize> {
        let mut changes = BTreeMap::new();
        for line in &self.people {
            if let Class::Changes(word) = line.class {
                *changes.entry(word).or_default() += 1;
            }
        }
        changes
    }

    fn ended(&self, end: End) -> usize {
        self.done.iter().flat_map(BTreeMap::values).filter(|done| done.end == end).count()
    }

    /// What it comes to, in a line.
    pub(super) fn summary(&self) -> String {
        let mut parts = Vec::new();
        if self.done.is_some() {
            parts.push(format!(
                "{} settled, {} held, {} still waiting",
                self.ended(End::Settled),
                self.ended(End::Held),
                self.ended(End::Waiting)
            ));
        } else {
            let changes = self.changes();
            let kinds: Vec<String> = changes.iter().map(|(word, n)| format!("{n} {word}")).collect();
            let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
            parts.push(format!(
                "{} agree, {} would change{kinds}, {} held, {} failed",
                self.count(|class| class == Class::Agrees),
                changes.values().sum::<usize>(),
                self.count(|class| matches!(class, Class::Held(_))),
                self.count(|class| matches!(class, Class::Unknown | Class::Waits)),
            ));
        }
        for (n, what) in [
            (self.missing.len(), "missing from the roster and left alone"),
            (self.unusable.len(), "not usable"),
            (self.ignored, "of no concern"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        if self.waiting_deliveries > 0 && self.done.is_none() {
            let n = self.waiting_deliveries;
            parts.push(format!("without the deliveries that are not taken apart yet ({n})"));
        }
        parts.join(", ")
    }

    /// How the command ends.
    pub(super) fn end(&self) -> Result<Exit, Fail> {
        let (unknown, held, differs) = if self.done.is_some() {
            (self.ended(End::Waiting), self.ended(End::Held), 0)
        } else {
            (
                self.count(|class| matches!(class, Class::Unknown | Class::Waits)),
                self.count(|class| matches!(class, Class::Held(_))),
                self.count(|class| matches!(class, Class::Changes(_))),
            )
        };
        let ways = [
            (unknown, Exit::Failed, if self.done.is_some() { WAITING } else { FAILED }),
            (self.unusable.len(), Exit::BadInput, "; mend the roster, or [source.map]"),
            (held, Exit::Held, if self.done.is_some() { DECIDE } else { "" }),
            (differs, Exit::Unhealthy, "; add --apply to make it so"),
        ];
        match ways.into_iter().find(|(count, _, _)| *count > 0) {
            Some((_, exit, advice)) => Err(Fail::new(exit, format!("{}{advice}", self.summary()))),
            None => {
                say(&self.summary());
                Ok(Exit::Ok)
            }
        }
    }

    /// Prints all of it.
    pub(super) fn show(&self, report: &Report) -> Result<(), Fail> {
        let last = if self.done.is_some() { "outcome" } else { "would" };
        let mut rows = Vec::new();
        for line in &self.people {
            let text = match self.done_of(line) {
                Some(done) => done.text.clone(),
                None => line.text(),
            };
            let worker = line.person.worker.to_string();
            rows.push(vec![line.person.tag(), worker, line.events.clone(), text]);
        }
        for person in &self.missing {
            rows.push(vec![person.tag(), person.worker.to_string(), String::new(), "missing".into()]);
        }
        for (place, problem) in &self.unusable {
            rows.push(vec![
                place.clone(),
                String::new(),
                String::new(),
                format!("cannot be used: {problem}"),
            ]);
        }
        report.rows(&["person", "worker", "event", last], &rows, &self.json())
    }

    fn done_of(&self, line: &Line) -> Option<&Done> {
        self.done.as_ref()?.get(&line.person)
    }

    fn json(&self) -> Value {
        let people: Vec<Value> = self
            .people
            .iter()
            .map(|line| {
                let mut one = Map::new();
                one.insert("person".into(), json!(line.person.tag()));
                one.insert("worker".into(), json!(line.person.worker));
                one.insert("event".into(), json!(line.events));
                one.insert("would".into(), json!(line.class.word()));
                if !line.members.is_empty() {
                    one.insert("members".into(), json!(line.members));
                }
                if !line.detail.is_empty() {
                    one.insert("detail".into(), json!(line.detail));
                }
                if let Some(done) = self.done_of(line) {
                    one.insert("end".into(), json!(done.end.word()));
                    one.insert("outcome".into(), json!(done.text));
                }
                Value::Object(one)
            })
            .collect();
        let missing = self.missing.iter();
        let missing = missing.map(|person| json!({"person": person.tag(), "worker": person.worker}));
        let unusable = self.unusable.iter().map(|(part, problem)| json!({"part": part, "problem": problem}));
        json!({
            "source": self.source,
            "applied": self.done.is_some(),
            "people": people,
            "missing": missing.collect::<Vec<_>>(),
            "unusable": unusable.collect::<Vec<_>>(),
            "summary": {
                "agree": self.count(|class| class == Class::Agrees),
                "change": self.changes(),
                "held": self.count(|class| matches!(class, Class::Held(_))),
                "failed": self.count(|class| matches!(class, Class::Unknown | Class::Waits)),
                "ignored": self.ignored,
                "notTakenApart": self.waiting_deliveries,
            },
        })
    }
}

const FAILED: &str = "; see whether the directory answers (`people doctor`), then look again";
const WAITING: &str = "; `people serve` goes on with them, or run this again";
const DECIDE: &str = "; decide with `people held`";
