//! Two journals, the same operations: every answer and everything that can be observed in between must be the same.

use people_model::Entry;
use people_model::time::{SignedDuration, Timestamp};

use super::samples::{address, at, dead, delivery, heard, mark, name, person, source};
use super::{Failure, equal};
use crate::journal::{Breaker, Filter, Journal, Mark, Sorted, Status};

/// An operation, as four arbitrary bytes: which, and three small arguments. Any bytes are an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op(pub [u8; 4]);

/// Asks both and compares.
macro_rules! both {
    ($a:ident, $b:ident, $($call:tt)*) => {
        equal!($a.$($call)*.await?, $b.$($call)*.await?)
    };
}

/// Does the operations on both, which must be empty, and compares after each.
pub async fn same<A: Journal, B: Journal>(ops: &[Op], a: &A, b: &B) -> Result<(), Failure> {
    for (index, op) in ops.iter().enumerate() {
        let step = async {
            apply(*op, a, b).await?;
            observe(moment(op.0[3]), a, b).await
        };
        step.await.map_err(|failure: Failure| failure.within(format!("operation {index}, {op:?}")))?;
    }
    Ok(())
}

async fn apply<A: Journal, B: Journal>(Op([which, x, y, z]): Op, a: &A, b: &B) -> Result<(), Failure> {
    let now = moment(z);
    let who = person(x % 4)?;
    let some = u16::from(x % 5);
    match which % 9 {
        0 | 1 => {
            let sent = delivery(some + 5 * u16::from(y % 3), now)?;
            let span = SignedDuration::from_millis(i64::from(y / 3));
            both!(a, b, accept(&sent, &name(some)?, span));
        }
        2 | 3 => {
            let id = name(some + 5 * u16::from(z % 3))?;
            both!(a, b, sort(&id, &parts(some, y)?, now));
        }
        4 => both!(a, b, replay(&name(some + 5 * u16::from(y % 3))?)),
        5 => {
            let length = a.read(&who).await?.len() + usize::from(y % 7 == 0);
            let entries = vec![Entry::Answered { at: now }; usize::from(y % 3)];
            let status = Status::ALL.into_iter().nth(usize::from(y) % 6).unwrap_or(Status::Queued);
            let waits_for = z.is_multiple_of(3).then(|| person(z % 4)).transpose()?;
            let mark = Mark { waits_for, ..mark(status, y.is_multiple_of(2).then_some(now)) };
            both!(a, b, append(&who, length, &entries, &mark));
        }
        6 => both!(a, b, claim(&address(y % 4)?, &who, y >= 128, now)),
        7 => {
            let window = SignedDuration::from_millis(i64::from(y / 2));
            let breaker = Breaker { window, count: 3, percent: u32::from(y % 4) * 30, minimum: 1 };
            both!(a, b, permit(&who, now, &breaker));
        }
        _ => both!(a, b, prune(now)),
    }
    Ok(())
}

async fn observe<A: Journal, B: Journal>(now: Timestamp, a: &A, b: &B) -> Result<(), Failure> {
    both!(a, b, backlog(100));
    both!(a, b, due(now, 3));
    both!(a, b, next_due());
    both!(a, b, stats());
    for n in 0..4 {
        let who = person(n)?;
        both!(a, b, read(&who));
        both!(a, b, account(&who));
        both!(a, b, find(&who.tag()));
        both!(a, b, events(&Filter { person: Some(who.tag()), limit: 3, ..Filter::default() }));
    }
    let all = Filter { limit: usize::MAX, ..Filter::default() };
    both!(a, b, events(&all));
    for status in Status::ALL {
        both!(a, b, events(&Filter { status: Some(status), ..all.clone() }));
    }
    let id = people_model::DeliveryId::of(&source()?, &1_u16.to_be_bytes());
    both!(a, b, events(&Filter { id: Some(id.to_string()), ..all.clone() }));
    both!(a, b, find(id.event(0).as_str()));
    super::people::recounted(b).await
}

/// Up to three parts, some of them dead, some of the same event.
fn parts(delivery: u16, bits: u8) -> Result<Vec<Sorted>, Failure> {
    (0..usize::from(bits % 4))
        .map(|index| {
            let bits = bits >> (2 * index);
            if bits & 12 == 12 {
                dead(delivery, index, &format!("why {bits}"))
            } else {
                heard(delivery, index / 2, bits & 3)
            }
        })
        .collect()
}

/// A few moments close to one another, some finer than a millisecond.
fn moment(z: u8) -> Timestamp {
    let fine = SignedDuration::from_micros(i64::from(z % 4) * 250);
    at(i64::from(z)).saturating_add(fine).unwrap_or(Timestamp::UNIX_EPOCH)
}
