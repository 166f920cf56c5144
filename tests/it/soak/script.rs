//! What is sent in a soak, and what must have come of it: nothing here knows how the bridge works.

use std::collections::BTreeMap;

use people_model::Members;
use people_model::time::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::START;

/// Numbers that only the seed determines (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 16) as usize % sides
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.roll(n + 1));
        }
    }
}

/// What becomes of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Stays,
    Leaves,
    ComesBack,
    JoinsLater,
    NeverJoins,
    ChangesTheirMind,
    LeavesLater,
    LeavesNot,
}

const FATES: [Fate; 10] = [
    Fate::Stays,
    Fate::Stays,
    Fate::Stays,
    Fate::Leaves,
    Fate::ComesBack,
    Fate::JoinsLater,
    Fate::NeverJoins,
    Fate::ChangesTheirMind,
    Fate::LeavesLater,
    Fate::LeavesNot,
];

impl Fate {
    /// The fate of the person of this number.
    pub(super) fn of(person: usize) -> Self {
        FATES[person % FATES.len()]
    }

    /// Whether they work here in the end.
    pub(super) fn works(self) -> bool {
        !matches!(self, Self::Leaves | Self::NeverJoins | Self::LeavesLater)
    }

    /// How many accounts are made at once, and how many scheduled.
    pub(super) fn made(self) -> (usize, usize) {
        match self {
            Self::JoinsLater => (0, 2),
            Self::NeverJoins => (0, 1),
            _ => (1, 0),
        }
    }

    /// The least and the most offboardings there may be.
    pub(super) fn offboardings(self) -> (usize, usize) {
        match self {
            Self::Leaves | Self::ComesBack | Self::LeavesLater => (1, 1),
            Self::ChangesTheirMind => (0, 1),
            _ => (0, 0),
        }
    }

    /// What HR says, by phase: type and days from the start.
    fn says(self, phase: usize) -> &'static [(&'static str, i32)] {
        match (self, phase) {
            (Self::JoinsLater | Self::NeverJoins, 0) => &[("hire", 10)],
            (_, 0) => &[("hire", -3)],
            (Self::JoinsLater, 1) => &[("hire", 20)],
            (Self::NeverJoins, 1) => &[("hire.cancelled", 0)],
            (Self::Leaves | Self::ComesBack, 1) => &[("leave", -1)],
            (Self::ChangesTheirMind, 1) => &[("leave", -1), ("leave.cancelled", 0)],
            (Self::LeavesLater | Self::LeavesNot, 1) => &[("leave", 10)],
            (Self::ComesBack, 2) => &[("hire", 0)],
            (Self::LeavesNot, 2) => &[("leave.cancelled", 0)],
            _ => &[],
        }
    }
}

/// One delivery.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) body: String,
}

/// The deliveries of each phase, and the profiles they lead to.
pub(super) struct Script {
    pub(super) phases: Vec<Vec<Post>>,
    pub(super) events: usize,
    pub(super) duplicates: usize,
    /// By person: the latest word on each member.
    pub(super) profiles: Vec<Members>,
}

/// The account of the person of this number.
pub(super) fn address(person: usize) -> String {
    format!("given{person}.family{person}@example.com")
}

/// Writes a script: every person's events in three phases, out of order, some in lists, one in ten twice.
pub(super) fn write(people: usize, dice: &mut Dice) -> Script {
    let start: Timestamp = START.parse().expect("a moment");
    let today = start.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut said = 0;
    let mut latest: Vec<BTreeMap<String, (i64, Value)>> = vec![BTreeMap::new(); people];
    let mut script = Script { phases: Vec::new(), events: 0, duplicates: 0, profiles: Vec::new() };
    for phase in 0..3 {
        let mut events = Vec::new();
        for (person, latest) in latest.iter_mut().enumerate() {
            let mut event = |kind: &str, day: Option<i32>, members: Value| {
                said += 1;
                let occurred = start - SignedDuration::from_hours(20) + SignedDuration::from_secs(said);
                let mut worker = members;
                for (name, value) in worker.as_object().into_iter().flatten() {
                    latest.insert(name.clone(), (said, value.clone()));
                }
                worker["id"] = json!(person.to_string());
                let mut event = json!({"type": kind, "occurredAt": occurred.to_string(), "worker": worker});
                if let Some(days) = day {
                    let day = today + SignedDuration::from_hours(24) * days;
                    event["effectiveDate"] = json!(day.to_string());
                }
                events.push(event);
            };
            for (kind, days) in Fate::of(person).says(phase) {
                let members = match *kind {
                    "hire" => {
                        json!({"givenName": format!("Given{person}"), "familyName": format!("Family{person}")})
                    }
                    _ => json!({}),
                };
                event(kind, (!kind.ends_with("cancelled")).then_some(*days), members);
            }
            for _ in 0..1 + dice.roll(2) {
                let value = format!("Number {}", dice.roll(1000));
                event(
                    "change",
                    None,
                    match dice.roll(4) {
                        0 => json!({"title": value}),
                        1 => json!({"department": value}),
                        2 => json!({"title": value, "costCentre": null}),
                        _ => json!({"costCentre": value, "phoneNumbers": [{"type": "WORK", "value": value}]}),
                    },
                );
            }
        }
        script.events += events.len();
        dice.shuffle(&mut events);
        let mut posts = Vec::new();
        while !events.is_empty() {
            let size = if dice.roll(12) == 0 { 2 + dice.roll(6) } else { 1 };
            let mut part = events.split_off(events.len().saturating_sub(size));
            let body = if part.len() == 1 { part.remove(0) } else { Value::Array(part) };
            posts.push(Post { id: format!("msg_{phase}_{}", posts.len()), body: body.to_string() });
        }
        for n in 0..posts.len() {
            if dice.roll(10) == 0 {
                script.duplicates += 1;
                posts.push(posts[n].clone());
            }
        }
        dice.shuffle(&mut posts);
        script.phases.push(posts);
    }
    let profile = |latest: BTreeMap<String, (i64, Value)>| {
        latest.into_iter().map(|(name, (_, value))| (name, value)).collect()
    };
    script.profiles = latest.into_iter().map(profile).collect();
    script
}
