//! Made-up deliveries, people and entries.

use bytes::Bytes;
use people_model::call::Method;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::{Receipt, WhyKind};
use people_model::{
    Api, Call, DeliveryId, Effect, Email, Entry, Event, EventKind, HeldWhy, Outcome, PersonKey, Safety,
    SourceName, Step, Trust, Verdict, Why, Worker, WorkerId, WorkflowId,
};
use serde_json::json;

use super::{Failure, bulk};
use crate::journal::{Mark, Sorted, Status};
use crate::source::Delivery;

pub(super) const HOUR: SignedDuration = SignedDuration::from_secs(3600);

/// A moment, so many milliseconds after the first of 2026.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn source() -> Result<SourceName, Failure> {
    Ok(SourceName::parse("hr")?)
}

pub(super) fn person(n: u8) -> Result<PersonKey, Failure> {
    Ok(PersonKey {
        tenant: people_model::Domain::parse("example.com")?,
        group: source()?,
        worker: WorkerId::parse(&format!("w/{n}"))?,
    })
}

pub(super) fn address(n: u8) -> Result<Email, Failure> {
    Ok(Email::parse(&format!("person{n}@example.com"))?)
}

/// The id of a delivery, or its key.
pub(super) fn name(n: u16) -> Result<DeliveryId, Failure> {
    Ok(DeliveryId::of(&source()?, &n.to_be_bytes()))
}

pub(super) fn delivery(n: u16, received: Timestamp) -> Result<Delivery, Failure> {
    Ok(Delivery {
        id: name(n)?,
        source: source()?,
        received,
        trust: if n.is_multiple_of(2) { Trust::Proven } else { Trust::Low },
        stamped: n.is_multiple_of(3).then_some(received),
        content_type: n.is_multiple_of(2).then(|| "application/json".to_owned()),
        body: if n.is_multiple_of(5) { Bytes::new() } else { Bytes::from(vec![0, 255, b'{', n as u8]) },
    })
}

/// A part of a delivery that a person's log takes.
pub(super) fn heard(delivery: u16, index: usize, person_n: u8) -> Result<Sorted, Failure> {
    let id = name(delivery)?.event(index);
    let entry = Entry::Heard {
        id: id.clone(),
        at: at(i64::from(delivery)),
        trust: Trust::Proven,
        event: event(EventKind::Change, &format!("{delivery}.{index}"))?,
    };
    Ok(Sorted::Person { id, person: person(person_n)?, kind: "change", entry })
}

/// A part of a delivery that cannot be used.
pub(super) fn dead(delivery: u16, index: usize, why: &str) -> Result<Sorted, Failure> {
    Ok(Sorted::Dead { id: name(delivery)?.event(index), why: why.to_owned() })
}

/// A mark of this status, due then.
pub(super) fn mark(status: Status, due: Option<Timestamp>) -> Mark {
    Mark { due, status, note: format!("is {}", status.as_str()), waits_for: None }
}

fn event(kind: EventKind, title: &str) -> Result<Event, Failure> {
    let mut profile = people_model::Members::new();
    profile.insert("title".into(), title.into());
    profile.insert("department".into(), json!(null));
    profile.insert("aliases".into(), json!(["Zoë 🙂", "", {"a": [1.5, -7, true]}]));
    Ok(Event {
        kind,
        occurred_at: Some(at(0)),
        effective_date: Some(people_model::time::civil::date(2026, 4, 1)),
        last_working_day: None,
        reason: Some("moved".into()),
        worker: Worker {
            id: WorkerId::parse("w/1")?,
            timezone: Some("Europe/Lisbon".into()),
            email: None,
            profile: profile.into(),
        },
    })
}

/// At least one entry of every kind, and of every kind of what is inside.
pub(super) fn entries() -> Result<Vec<Entry>, Failure> {
    // Finer than a millisecond: what is inside an entry is kept as it is.
    let at = at(1).saturating_add(SignedDuration::from_nanos(7))?;
    let why = || Why::new(WhyKind::RateLimited).status(429).detail("quota \"per minute\"\n");
    let (address, workflow) = (address(1)?, WorkflowId::parse("wf-1")?);
    let mut entries = Vec::new();
    for (index, kind) in EventKind::ALL.into_iter().enumerate() {
        for trust in [Trust::Low, Trust::Proven] {
            entries.push(Entry::Heard { id: name(1)?.event(index), at, trust, event: event(kind, "")? });
        }
    }
    let notice = [("employeeId".to_owned(), json!({"deep": [null, 9_007_199_254_740_993_u64]}))];
    entries.push(Entry::Noticed {
        id: name(2)?.event(0),
        at,
        source: source()?,
        notice: notice.into_iter().collect(),
    });
    entries.push(Entry::Answered { at });
    entries.push(Entry::Adopted { at, address: address.clone() });

    let effects = [
        Effect::Create { address: address.clone() },
        Effect::Schedule { address: address.clone(), at },
        Effect::Update,
        Effect::Restore,
        Effect::Suspend,
        Effect::Offboard,
        Effect::AbortOnboarding { workflow: workflow.clone() },
        Effect::AbortOffboarding { workflow: workflow.clone() },
        Effect::Invite { address: address.clone(), mails: None },
        Effect::Invite { address: address.clone(), mails: Some(u64::MAX) },
        Effect::CancelInvitation { address: address.clone() },
    ];
    let steps = effects.map(|effect| Step {
        effect,
        call: Call {
            api: Api::Cloudm,
            op: "cloudm.users.patch".into(),
            safety: Safety::Once,
            method: Method::Post,
            path: "/a%20b?c=d".into(),
            body: Some(json!({"familyName": "O'Neill", "phones": []})),
            form: people_model::call::Form::Json,
            password: true,
        },
    });
    entries.extend(steps.clone().map(|step| Entry::Intended { at, step }));

    let receipt = Receipt { address: Some(address.clone()), workflow: Some(workflow) };
    let verdicts = [
        Verdict::Done { answer: receipt },
        Verdict::Done { answer: Receipt::default() },
        Verdict::Again { after_s: Some(u32::MAX), why: why() },
        Verdict::Unknown { why: why() },
        Verdict::Refused { why: why() },
    ];
    entries.extend(verdicts.map(|verdict| Entry::Judged { at, verdict }));
    entries.push(Entry::Stalled { at, after_s: None, why: why() });
    entries.push(Entry::Unfetched { at, after_s: Some(7), why: why() });

    let held = [
        HeldWhy::Protected,
        HeldWhy::Breaker { count: 3, limit: 3 },
        HeldWhy::LowTrust,
        HeldWhy::RecordDeleted,
        HeldWhy::Unusable { problem: "map.fields.title: must be a string".into() },
        HeldWhy::Vanished,
        HeldWhy::NoWorkflow,
        HeldWhy::OtherWorkflow,
        HeldWhy::Uncertain,
        HeldWhy::Collision,
        HeldWhy::NoAddress,
        HeldWhy::UnprovenAccount,
        HeldWhy::OtherWorker,
        HeldWhy::OtherSource,
        HeldWhy::Refused { why: why() },
        HeldWhy::NotKept { members: vec!["title".into()] },
        HeldWhy::Overdue,
        HeldWhy::Policy { key: "hire".into() },
        HeldWhy::Incomplete { member: "givenName".into() },
        HeldWhy::BulkRow { problem: "location does not exist (column 7)".into() },
        HeldWhy::Unmanaged,
        HeldWhy::InvitationDeclined,
        HeldWhy::InvitationUnanswered,
        HeldWhy::InvitationUncertain,
        HeldWhy::InvitationAccepted,
    ];
    entries.extend(held.map(|why| Entry::Held { at, why, steps: steps.to_vec() }));
    entries.push(Entry::Approved { at, address: Some(address) });
    entries.push(Entry::Approved { at, address: None });
    entries.push(Entry::Rejected { at });

    let outcomes = [
        Outcome::Agreed,
        Outcome::Waiting { until: at },
        Outcome::Scheduled { at },
        Outcome::Expected { until: at },
        Outcome::Invited { until: at },
        Outcome::Offboarded,
        Outcome::Withdrawn,
        Outcome::NoAccount,
        Outcome::Rejected,
    ];
    entries.extend(outcomes.map(|outcome| Entry::Settled { at, outcome }));
    entries.extend(bulk::facts()?.into_iter().map(|fact| Entry::Bulk { at, fact }));
    Ok(entries)
}

/// The kind of an entry, by number. Fails to compile where a kind is new: add it to [`entries`] too.
pub(super) fn kind(entry: &Entry) -> usize {
    match entry {
        Entry::Heard { .. } => 0,
        Entry::Noticed { .. } => 1,
        Entry::Answered { .. } => 2,
        Entry::Adopted { .. } => 3,
        Entry::Intended { .. } => 4,
        Entry::Judged { .. } => 5,
        Entry::Stalled { .. } => 6,
        Entry::Held { .. } => 7,
        Entry::Approved { .. } => 8,
        Entry::Rejected { .. } => 9,
        Entry::Settled { .. } => 10,
        Entry::Unfetched { .. } => 11,
        Entry::Bulk { .. } => 12,
    }
}
