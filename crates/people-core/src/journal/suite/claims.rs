//! Addresses, those who wait for them, and the breaker.

use people_model::time::SignedDuration;

use super::samples::{HOUR, address, at, mark, person};
use super::{Outcome, equal};
use crate::journal::{Appended, Breaker, Journal, Mark, Permit, Status};

pub(super) async fn an_address_is_of_one_person<J: Journal>(j: &J) -> Outcome {
    let (one, two) = (person(1)?, person(2)?);
    equal!(j.account(&one).await?, None);
    equal!(j.claim(&address(1)?, &one, false, at(0)).await?, one);
    equal!(j.claim(&address(1)?, &one, false, at(0)).await?, one);
    equal!(j.claim(&address(1)?, &two, false, at(0)).await?, one);
    equal!(j.account(&two).await?, None);
    equal!(j.stats().await?.accounts, 1);

    // Refused, one keeps what one had.
    equal!(j.claim(&address(2)?, &two, false, at(0)).await?, two);
    equal!(j.claim(&address(1)?, &two, false, at(0)).await?, one);
    equal!(j.account(&two).await?, Some(address(2)?));

    // Another address: the old one is free.
    equal!(j.claim(&address(3)?, &one, false, at(0)).await?, one);
    equal!(j.account(&one).await?, Some(address(3)?));
    equal!(j.claim(&address(1)?, &two, false, at(0)).await?, two);
    equal!(j.stats().await?.accounts, 2);

    // By force: the other has none, and one's own old one is free.
    equal!(j.claim(&address(3)?, &two, true, at(0)).await?, two);
    equal!(j.account(&one).await?, None);
    equal!(j.account(&two).await?, Some(address(3)?));
    equal!(j.claim(&address(1)?, &one, false, at(0)).await?, one);
    equal!(j.stats().await?.accounts, 2);
    equal!(j.stats().await?.people, 0);
    Ok(())
}

pub(super) async fn who_waits_for_an_account_is_woken<J: Journal>(j: &J) -> Outcome {
    let (boss, other) = (person(9)?, person(8)?);
    let waits = |due| Mark { waits_for: Some(boss.clone()), ..mark(Status::Waiting, due) };
    j.append(&person(1)?, 0, &[], &waits(None)).await?;
    j.append(&person(2)?, 0, &[], &waits(Some(at(1000)))).await?;
    j.append(&person(3)?, 0, &[], &waits(Some(at(5)))).await?;
    j.append(&person(4)?, 0, &[], &mark(Status::Waiting, None)).await?;
    j.claim(&address(8)?, &other, false, at(10)).await?;
    equal!(j.due(at(10), 9).await?, vec![person(3)?]);
    // The address is somebody else's: nothing has become known.
    j.claim(&address(8)?, &boss, false, at(10)).await?;
    equal!(j.due(at(10), 9).await?, vec![person(3)?]);

    j.claim(&address(9)?, &boss, false, at(10)).await?;
    equal!(j.due(at(10), 9).await?, vec![person(3)?, person(1)?, person(2)?]);
    equal!(j.read(&boss).await?, Vec::new());

    // Woken once.
    for who in 1..=3 {
        j.append(&person(who)?, 0, &[], &mark(Status::Settled, None)).await?;
    }
    j.claim(&address(7)?, &boss, false, at(20)).await?;
    equal!(j.next_due().await?, None);

    // The account became known between the look and the append: there is nothing to wait for.
    equal!(j.append(&person(1)?, 0, &[], &waits(None)).await?, Appended::Done);
    equal!(j.due(at(0), 9).await?, vec![person(1)?]);
    // Lost again: there is.
    j.claim(&address(7)?, &other, true, at(20)).await?;
    equal!(j.append(&person(1)?, 0, &[], &waits(None)).await?, Appended::Done);
    equal!(j.next_due().await?, None);
    j.claim(&address(6)?, &boss, false, at(30)).await?;
    equal!(j.next_due().await?, Some(at(30)));
    Ok(())
}

pub(super) async fn the_breaker_counts_people_in_a_window<J: Journal>(j: &J) -> Outcome {
    let breaker = Breaker { window: HOUR, count: 2, percent: 100, minimum: 2 };
    equal!(j.permit(&person(1)?, at(0), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(1)?, at(1), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(2)?, at(1000), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(3)?, at(1000), &breaker).await?, Permit::Tripped { count: 2, limit: 2 });
    equal!(j.permit(&person(2)?, at(2000), &breaker).await?, Permit::Granted);

    // The window slides from the first grant, however often one asked since.
    equal!(j.permit(&person(3)?, at(3_599_999), &breaker).await?, Permit::Tripped { count: 2, limit: 2 });
    equal!(j.permit(&person(3)?, at(3_600_000), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(1)?, at(3_600_000), &breaker).await?, Permit::Tripped { count: 2, limit: 2 });
    equal!(j.permit(&person(1)?, at(3_601_000), &breaker).await?, Permit::Granted);

    // A longer window sees what a shorter one does not.
    let long = Breaker { window: SignedDuration::from_hours(48), ..breaker };
    equal!(j.permit(&person(4)?, at(9_000_000), &long).await?, Permit::Tripped { count: 3, limit: 2 });
    equal!(j.permit(&person(4)?, at(9_000_000), &breaker).await?, Permit::Granted);
    // Forgetting does not let more people go.
    j.prune(at(i64::from(i32::MAX))).await?;
    equal!(j.permit(&person(5)?, at(9_000_000), &long).await?, Permit::Tripped { count: 4, limit: 2 });
    let none = Breaker { count: 0, ..breaker };
    equal!(j.permit(&person(6)?, at(99_000_000), &none).await?, Permit::Tripped { count: 0, limit: 0 });
    Ok(())
}

pub(super) async fn the_breaker_knows_how_many_there_are<J: Journal>(j: &J) -> Outcome {
    let breaker = Breaker { window: HOUR, count: 100, percent: 20, minimum: 1 };
    equal!(j.permit(&person(1)?, at(0), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(2)?, at(0), &breaker).await?, Permit::Tripped { count: 1, limit: 1 });
    for n in 10..20 {
        j.claim(&address(n)?, &person(n)?, false, at(0)).await?;
    }
    equal!(j.permit(&person(2)?, at(0), &breaker).await?, Permit::Granted);
    equal!(j.permit(&person(3)?, at(0), &breaker).await?, Permit::Tripped { count: 2, limit: 2 });
    Ok(())
}
