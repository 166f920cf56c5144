//! Histories: what HR says about a few people, and when. Made by hand, or by proptest.

use std::fmt;

use people_model::Members;
use people_model::time::{SignedDuration, Timestamp, civil::Date};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::which::Which;

/// The people of every history: given and family name. Addresses made of them are unique.
const NAMES: [(&str, &str); 3] = [("Ana", "Silva"), ("Ben", "Okoro"), ("Cleo", "Haddad")];

/// What is said about somebody. Days count from the day of the batch.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Said {
    Hire(i8),
    HireCancelled,
    Leave(i8),
    LeaveCancelled,
    Title(u8),
    Department(Option<u8>),
    Family(u8),
    Manager(usize),
    /// The work address of this number.
    Address(u8),
    /// Not said: they have made an account of their own with the address.
    OwnAccount,
    /// Not said: they accept the invitation, once they have one.
    Accepts,
}

impl Said {
    /// Whether HR says it.
    fn is_heard(&self) -> bool {
        !matches!(self, Self::OwnAccount | Self::Accepts)
    }
}

/// Something said about the person of this number.
pub(super) type Told = (usize, Said);

/// Deliveries that come on the same day, so many days after those before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) after: u8,
    pub(super) told: Vec<Told>,
}

/// A whole history.
#[derive(Clone, PartialEq)]
pub(super) struct History(pub(super) Vec<Batch>);

/// One delivery: its id and its body.
pub(super) type Post = (String, String);

impl History {
    /// From a short form.
    pub(super) fn of(batches: &[(u8, &[Told])]) -> Self {
        Self(batches.iter().map(|(after, told)| Batch { after: *after, told: told.to_vec() }).collect())
    }

    /// The deliveries, with the moment of each batch. What is said later has a later `occurredAt`, and none lies in the future.
    pub(super) fn posts(&self, start: Timestamp) -> Vec<(Timestamp, Vec<Post>)> {
        let mut now = start;
        let mut batches = Vec::new();
        for (n, batch) in self.0.iter().enumerate() {
            now += SignedDuration::from_hours(24) * i32::from(batch.after);
            let heard = batch.told.iter().enumerate().filter(|(_, (_, said))| said.is_heard());
            let posts = heard.map(|(m, (person, said))| {
                let occurred =
                    now - SignedDuration::from_hours(1) + SignedDuration::from_secs((n * 60 + m) as i64);
                (format!("msg_{n}_{m}"), body(*person, *said, occurred, day_of(now)).to_string())
            });
            batches.push((now, posts.collect()));
        }
        batches
    }

    /// Whose address, in the batch of this number, has an account of its own from then on, and who accepts an invitation.
    pub(super) fn own_accounts(&self, batch: usize) -> impl Iterator<Item = (String, Said)> {
        let told = self.0.get(batch).into_iter().flat_map(|batch| &batch.told);
        told.filter(|(_, said)| !said.is_heard()).map(|(person, said)| (address(*person), *said))
    }
}

fn address(person: usize) -> String {
    let (given, family) = NAMES[person];
    format!("{given}.{family}@example.com").to_lowercase()
}

/// The address of this number; 0: the one that is made of the names.
fn numbered(person: usize, n: u8) -> String {
    match n {
        0 => address(person),
        n => format!("{}{n}@example.com", NAMES[person].0).to_lowercase(),
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn body(person: usize, said: Said, occurred: Timestamp, today: Date) -> Value {
    let (given, family) = NAMES[person];
    let id = (person + 1).to_string();
    let day = |days: i8| (today + SignedDuration::from_hours(24) * i32::from(days)).to_string();
    let event = |kind: &str, day: Option<String>, mut worker: Value| {
        worker["id"] = json!(id);
        let mut event = json!({"type": kind, "occurredAt": occurred.to_string(), "worker": worker});
        if let Some(day) = day {
            event["effectiveDate"] = json!(day);
        }
        event
    };
    let change = |member: &str, value: Value| event("change", None, json!({member: value}));
    match said {
        Said::Hire(days) => event(
            "hire",
            Some(day(days)),
            json!({"givenName": given, "familyName": family, "title": "Clerk"}),
        ),
        Said::HireCancelled => event("hire.cancelled", None, json!({})),
        Said::Leave(days) => event("leave", Some(day(days)), json!({})),
        Said::LeaveCancelled => event("leave.cancelled", None, json!({})),
        Said::Title(n) => change("title", json!(format!("Title {n}"))),
        Said::Department(n) => change("department", json!(n.map(|n| format!("Department {n}")))),
        Said::Family(n) => change("familyName", json!(format!("{family}-{n}"))),
        Said::Manager(other) => change("manager", json!((other + 1).to_string())),
        Said::Address(n) => change("email", json!(numbered(person, n))),
        Said::OwnAccount | Said::Accepts => Value::Null,
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hire(days) => write!(f, "Hire({days})"),
            Self::HireCancelled => f.write_str("HireCancelled"),
            Self::Leave(days) => write!(f, "Leave({days})"),
            Self::LeaveCancelled => f.write_str("LeaveCancelled"),
            Self::Title(n) => write!(f, "Title({n})"),
            Self::Department(n) => write!(f, "Department({n:?})"),
            Self::Family(n) => write!(f, "Family({n})"),
            Self::Manager(n) => write!(f, "Manager({n})"),
            Self::Address(n) => write!(f, "Address({n})"),
            Self::OwnAccount => f.write_str("OwnAccount"),
            Self::Accepts => f.write_str("Accepts"),
        }
    }
}

/// What must have come of a history in the end, by nothing but the latest word on everything.
pub(super) struct End {
    pub(super) address: String,
    /// What the profile says, for somebody who works here.
    pub(super) works: Option<Members>,
    /// How often they can have begun to leave: a leave was said, or a hire without which an older one stands.
    pub(super) leaves: usize,
}

impl History {
    /// The end of everybody, long after the last day that was named.
    pub(super) fn ends(&self) -> Vec<End> {
        let mut ends: Vec<End> = (0..NAMES.len()).map(|person| self.end(person)).collect();
        let known: Vec<_> = ends.iter().map(|end| end.works.is_some().then(|| end.address.clone())).collect();
        for (person, end) in ends.iter_mut().enumerate() {
            let Some(members) = &mut end.works else { continue };
            let manager = members.remove("manager").and_then(|id| id.as_str()?.parse::<usize>().ok());
            match manager.map(|id| id - 1) {
                None => _ = members.insert("manager".into(), json!("")),
                // Who is their own manager is said to have none, or the one of before.
                Some(manager) if manager == person => {}
                // One who does not work here may have an address all the same.
                Some(manager) => known[manager].iter().for_each(|address| {
                    members.insert("manager".into(), json!(address));
                }),
            }
        }
        ends
    }

    fn end(&self, who: usize) -> End {
        let (mut members, mut hire, mut leave, mut leaves) = (Members::new(), None, None, 0);
        let (mut today, mut said_so_far, mut at) = (0, 0, 0);
        for batch in &self.0 {
            today += i32::from(batch.after);
            let told = batch.told.iter().filter(|(person, said)| *person == who && said.is_heard());
            for said in told.map(|(_, said)| *said) {
                let said_in = body(who, said, Timestamp::UNIX_EPOCH, Date::ZERO);
                let named =
                    said_in["worker"].as_object().into_iter().flatten().filter(|(name, _)| *name != "id");
                members.extend(named.map(|(name, value)| (name.clone(), value.clone())));
                said_so_far += 1;
                match said {
                    Said::Hire(day) => hire = Some((today + i32::from(day), said_so_far)),
                    Said::HireCancelled => hire = None,
                    Said::Leave(day) => leave = Some((today + i32::from(day), said_so_far)),
                    Said::LeaveCancelled => leave = None,
                    Said::Address(n) => {
                        at = n;
                        continue;
                    }
                    _ => continue,
                }
                leaves += 1;
            }
        }
        // A hire that was said after the leave, and begins after it, is another one.
        let stands =
            |hire: &(i32, u32)| leave.is_none_or(|leave: (i32, u32)| hire.1 > leave.1 && hire.0 > leave.0);
        let works = hire.filter(stands).map(|_| members);
        End { address: numbered(who, at), works, leaves }
    }
}

/// On one line and in the short form, so that what proptest finds can be pasted as a case by hand.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("History::of(&[")?;
        for batch in &self.0 {
            write!(f, "({}, &{:?}), ", batch.after, batch.told)?;
        }
        f.write_str("])")
    }
}

fn said() -> impl Strategy<Value = Said> + Clone {
    prop_oneof![
        2 => Just(Said::Hire(0)),
        2 => (-30..0_i8).prop_map(Said::Hire),
        2 => (1..40_i8).prop_map(Said::Hire),
        1 => Just(Said::HireCancelled),
        3 => (-20..0_i8).prop_map(Said::Leave),
        1 => Just(Said::Leave(0)),
        1 => (1..40_i8).prop_map(Said::Leave),
        1 => Just(Said::LeaveCancelled),
        2 => any::<u8>().prop_map(Said::Title),
        2 => any::<Option<u8>>().prop_map(Said::Department),
        1 => (0..9_u8).prop_map(Said::Family),
        1 => (0..NAMES.len()).prop_map(Said::Manager),
    ]
}

/// Any history of one to three people. Most begin with a hire, and some of what follows is out of all reason.
pub(super) fn histories() -> impl Strategy<Value = History> {
    (1..=NAMES.len()).prop_flat_map(|people| {
        let told = (0..people, said());
        let hires =
            prop::collection::vec(prop_oneof![4 => (-30..30_i8).prop_map(Some), 1 => Just(None)], people);
        let after = prop_oneof![1 => Just(0), 3 => 1..40_u8];
        let batch = (after, prop::collection::vec(told.clone(), 1..5));
        let first = (hires, prop::collection::vec(told, 0..3)).prop_map(|(hires, rest)| {
            let hires = hires.into_iter().enumerate();
            let hires = hires.filter_map(|(person, day)| Some((person, Said::Hire(day?))));
            Batch { after: 0, told: hires.chain(rest).collect() }
        });
        let own = prop_oneof![2 => Just(None), 1 => (0..people).prop_map(Some)];
        (first, prop::collection::vec(batch, 0..4), own).prop_map(|(first, rest, own)| {
            let rest = rest.into_iter().map(|(after, told)| Batch { after, told });
            let mut batches: Vec<Batch> = std::iter::once(first).chain(rest).collect();
            // Whoever has an account of their own accepts in the end, or it is a question for a human.
            for (batch, said) in [(0, Said::OwnAccount), (batches.len() - 1, Said::Accepts)] {
                batches[batch].told.extend(own.map(|person| (person, said)));
            }
            History(batches)
        })
    })
}

/// Any history, in which addresses change where the API knows no managers.
pub(super) fn histories_of(which: Which) -> impl Strategy<Value = History> {
    histories().prop_map(move |mut history| {
        for (_, said) in history.0.iter_mut().flat_map(|batch| &mut batch.told) {
            if let (Said::Manager(n), true) = (*said, which != Which::Cloudm) {
                *said = Said::Address(n as u8);
            }
        }
        history
    })
}

/// Careers in which the address changes: there, back again, before a leave, and of somebody who comes back.
fn renamed() -> Vec<History> {
    use Said::{Address, Family, Hire, Leave};
    vec![
        History::of(&[
            (0, &[(0, Hire(0))]),
            (3, &[(0, Address(1)), (0, Family(2))]),
            (3, &[(0, Address(0))]),
        ]),
        History::of(&[
            (0, &[(0, Hire(0))]),
            (3, &[(0, Address(1))]),
            (0, &[(0, Address(2)), (0, Leave(-1))]),
            (20, &[(0, Hire(0))]),
        ]),
    ]
}

/// Careers by hand: whatever the bridge can do there happens in one of them.
pub(super) fn careers(which: Which) -> Vec<History> {
    match which {
        Which::Cloudm => usual(),
        Which::Suspending | Which::Deleting => usual().into_iter().chain(renamed()).collect(),
    }
}

fn usual() -> Vec<History> {
    use Said::{
        Accepts, Department, Family, Hire, HireCancelled, Leave, LeaveCancelled, Manager, OwnAccount, Title,
    };
    vec![
        // Joins, is changed, leaves, comes back.
        History::of(&[
            (0, &[(0, Hire(0)), (0, Title(1))]),
            (10, &[(0, Family(2)), (0, Department(Some(1)))]),
            (10, &[(0, Leave(-1))]),
            (20, &[(0, Hire(0)), (0, Department(None))]),
        ]),
        // Is announced, put off, called off; announced again and there.
        History::of(&[
            (0, &[(0, Hire(20))]),
            (2, &[(0, Hire(30)), (0, Title(4))]),
            (2, &[(0, HireCancelled)]),
            (2, &[(0, Hire(5))]),
            (9, &[(0, Title(3))]),
        ]),
        // Leaves, and does not after all; before that, somebody who is made and taken back.
        History::of(&[
            (0, &[(0, Hire(-3)), (1, Hire(0))]),
            (3, &[(0, Leave(-1)), (1, HireCancelled)]),
            (0, &[(0, LeaveCancelled), (1, Hire(0))]),
            (9, &[(0, Leave(4)), (1, Leave(-2))]),
            (9, &[(0, Title(9))]),
        ]),
        // A manager who is known only later.
        History::of(&[(0, &[(0, Hire(0)), (0, Manager(1))]), (1, &[(1, Hire(-1)), (1, Manager(0))])]),
        // Has an account of their own, is invited and accepts; leaves.
        History::of(&[
            (0, &[(0, OwnAccount), (0, Hire(0))]),
            (3, &[(0, Accepts), (0, Title(1))]),
            (9, &[(0, Leave(-1))]),
        ]),
        // The same, announced, called off and announced again, while another leaves who was only invited.
        History::of(&[
            (0, &[(0, OwnAccount), (0, Hire(20)), (1, OwnAccount), (1, Hire(-1))]),
            (2, &[(0, HireCancelled), (1, Leave(-1))]),
            (2, &[(0, Hire(5))]),
            (2, &[(0, Accepts)]),
        ]),
    ]
}
