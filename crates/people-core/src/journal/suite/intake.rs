//! Deliveries: accepted once, taken apart once, replayed, forgotten.

use futures_util::future::join_all;
use people_model::time::SignedDuration;

use super::samples::{HOUR, at, dead, delivery, heard, mark, name, person};
use super::{Failure, Outcome, equal};
use crate::journal::{Accepted, Appended, Filter, Journal, Sorted, Status};
use crate::source::Delivery;

pub(super) async fn a_key_is_new_once_until_its_time_runs_out<J: Journal>(j: &J) -> Outcome {
    let key = name(100)?;
    equal!(j.accept(&delivery(1, at(0))?, &key, HOUR).await?, Accepted::New);
    equal!(j.accept(&delivery(1, at(0))?, &key, HOUR).await?, Accepted::Duplicate);
    equal!(j.accept(&delivery(2, at(3_599_999))?, &key, HOUR).await?, Accepted::Duplicate);
    equal!(j.accept(&delivery(3, at(3_600_000))?, &key, HOUR).await?, Accepted::New);
    equal!(j.accept(&delivery(4, at(3_600_001))?, &key, HOUR).await?, Accepted::Duplicate);
    equal!(j.accept(&delivery(5, at(0))?, &name(101)?, SignedDuration::MAX).await?, Accepted::New);
    equal!(j.accept(&delivery(6, at(i64::from(i32::MAX)))?, &name(101)?, HOUR).await?, Accepted::Duplicate);
    // An id stands for one delivery, whatever its key.
    equal!(j.accept(&delivery(1, at(9))?, &name(102)?, HOUR).await?, Accepted::Duplicate);
    equal!(j.stats().await?.backlog, 3);
    Ok(())
}

pub(super) async fn of_many_at_once_one_is_new<J: Journal>(j: &J) -> Outcome {
    let deliveries: Vec<Delivery> = (0..64).map(|n| delivery(n, at(0))).collect::<Result<_, Failure>>()?;
    let key = name(100)?;
    let answers = join_all(deliveries.iter().map(|delivery| j.accept(delivery, &key, HOUR))).await;
    let answers: Vec<Accepted> = answers.into_iter().collect::<Result<_, _>>()?;
    equal!(answers.iter().filter(|answer| **answer == Accepted::New).count(), 1);
    equal!(j.backlog(100).await?.len(), 1);
    Ok(())
}

pub(super) async fn the_backlog_is_in_order_and_whole<J: Journal>(j: &J) -> Outcome {
    let mut all = Vec::new();
    for n in [7, 3, 5, 0, 6, 1] {
        let delivery = delivery(n, at(i64::from(n)))?;
        equal!(j.accept(&delivery, &name(n)?, HOUR).await?, Accepted::New);
        all.push(delivery);
    }
    equal!(j.backlog(100).await?, all);
    equal!(j.backlog(2).await?, all.iter().take(2).cloned().collect::<Vec<_>>());
    equal!(j.backlog(0).await?, Vec::new());

    j.sort(&name(3)?, &[], at(0)).await?;
    all.remove(1);
    equal!(j.backlog(100).await?, all);
    equal!(j.stats().await?.backlog, 5);
    Ok(())
}

pub(super) async fn sorting_again_adds_nothing<J: Journal>(j: &J) -> Outcome {
    j.accept(&delivery(1, at(0))?, &name(1)?, HOUR).await?;
    let parts = [heard(1, 0, 1)?, heard(1, 1, 2)?, heard(1, 2, 1)?, heard(1, 2, 1)?];
    j.sort(&name(1)?, &parts, at(5)).await?;
    let (logs, list) = (logs(j).await?, j.events(&Filter::default()).await?);
    equal!(logs.first(), Some(&vec![entry(&parts, 0), entry(&parts, 2)]));
    equal!(logs.get(1), Some(&vec![entry(&parts, 1)]));
    equal!(list.len(), 3);
    equal!(j.due(at(5), 9).await?, vec![person(1)?, person(2)?]);

    // Settled in between: what was heard is not heard again.
    equal!(j.append(&person(1)?, 2, &[], &mark(Status::Settled, None)).await?, Appended::Done);
    j.sort(&name(1)?, &parts, at(9)).await?;
    equal!(self::logs(j).await?, logs);
    equal!(j.due(at(9), 9).await?, vec![person(2)?]);
    equal!(j.stats().await?.events, [1, 0, 0, 0, 2, 0]);

    // The same event, understood as another person's: that log has it not.
    j.sort(&name(1)?, &[heard(1, 1, 3)?], at(9)).await?;
    equal!(j.read(&person(3)?).await?.len(), 1);
    equal!(j.find(name(1)?.event(1).as_str()).await?, Some(person(3)?));
    Ok(())
}

pub(super) async fn a_dead_letter_can_be_replayed<J: Journal>(j: &J) -> Outcome {
    let sent = delivery(1, at(0))?;
    j.accept(&sent, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?, dead(1, 1, "map.title: empty")?, dead(1, 2, "id: none")?], at(1))
        .await?;
    let dead_only = Filter { status: Some(Status::Dead), ..Filter::default() };
    let list = j.events(&dead_only).await?;
    equal!(list.len(), 2);
    for line in &list {
        equal!((line.person.as_str(), line.kind.as_str()), ("", "unknown"));
        equal!(line.received, at(0));
    }
    equal!(list.last().map(|line| line.note.as_str()), Some("map.title: empty"));
    equal!(j.find(name(1)?.event(1).as_str()).await?, None);
    equal!(j.stats().await?.backlog, 0);

    equal!(j.replay(&name(1)?).await?, true);
    equal!(j.replay(&name(1)?).await?, true);
    equal!(j.backlog(9).await?, vec![sent]);
    // Understood by now, but for one part, whose reason is another.
    j.sort(&name(1)?, &[heard(1, 0, 1)?, heard(1, 1, 1)?, dead(1, 2, "id: too long")?], at(2)).await?;
    let list = j.events(&dead_only).await?;
    equal!(list.iter().map(|line| line.note.as_str()).collect::<Vec<_>>(), vec!["id: too long"]);
    equal!(j.read(&person(1)?).await?.len(), 2);

    equal!(j.replay(&name(1)?).await?, true);
    j.sort(&name(1)?, &[heard(1, 0, 1)?, heard(1, 1, 1)?, heard(1, 2, 1)?], at(3)).await?;
    equal!(j.stats().await?.events, [3, 0, 0, 0, 0, 0]);
    equal!(j.replay(&name(1)?).await?, false);
    equal!(j.backlog(9).await?, Vec::new());
    Ok(())
}

pub(super) async fn an_unknown_delivery_is_no_matter<J: Journal>(j: &J) -> Outcome {
    equal!(j.replay(&name(1)?).await?, false);
    j.sort(&name(1)?, &[heard(1, 0, 1)?, dead(1, 1, "why")?], at(0)).await?;
    equal!(j.events(&Filter::default()).await?, Vec::new());
    equal!(j.read(&person(1)?).await?, Vec::new());
    equal!(j.next_due().await?, None);
    Ok(())
}

pub(super) async fn pruning_forgets_what_is_over<J: Journal>(j: &J) -> Outcome {
    // 1 is settled, 2 is open, 3 is dead, 4 is dead and to be replayed, 5 is not taken apart, 6 is settled and young.
    for n in 1..=6 {
        let received = if n == 6 { at(50_000_000) } else { at(0) };
        j.accept(&delivery(n, received)?, &name(n)?, HOUR).await?;
    }
    for (n, who) in [(1, 1), (2, 2), (6, 6)] {
        j.sort(&name(n)?, &[heard(n, 0, who)?], at(1)).await?;
    }
    for who in [1, 6] {
        j.append(&person(who)?, 1, &[], &mark(Status::Settled, None)).await?;
    }
    j.sort(&name(3)?, &[dead(3, 0, "why")?], at(1)).await?;
    j.sort(&name(4)?, &[dead(4, 0, "why")?], at(1)).await?;
    equal!(j.replay(&name(4)?).await?, true);

    j.prune(at(40_000_000)).await?;
    let list = j.events(&Filter::default()).await?;
    let left: Vec<_> = list.iter().map(|line| line.id.delivery().to_owned()).collect();
    equal!(left, [6, 4, 2].map(|n| name(n).map(|id| id.as_str().to_owned()).unwrap_or_default()));
    equal!(j.backlog(9).await?.iter().map(|d| d.id.clone()).collect::<Vec<_>>(), vec![name(4)?, name(5)?]);
    equal!(j.replay(&name(3)?).await?, false);
    equal!(j.read(&person(1)?).await?.len(), 1);
    equal!(j.stats().await?.events, [1, 0, 0, 0, 1, 1]);

    // A key whose time has run out is forgotten; one whose time has not is still a duplicate.
    equal!(j.accept(&delivery(7, at(0))?, &name(1)?, HOUR).await?, Accepted::New);
    equal!(j.accept(&delivery(8, at(50_000_001))?, &name(6)?, HOUR).await?, Accepted::Duplicate);
    Ok(())
}

async fn logs<J: Journal>(j: &J) -> Result<Vec<Vec<people_model::Entry>>, Failure> {
    let mut logs = Vec::new();
    for n in 1..=3 {
        logs.push(j.read(&person(n)?).await?);
    }
    Ok(logs)
}

fn entry(parts: &[Sorted], index: usize) -> people_model::Entry {
    match parts.get(index) {
        Some(Sorted::Person { entry, .. }) => entry.clone(),
        _ => people_model::Entry::Answered { at: at(0) },
    }
}
