//! Logs, due times, and the list of events.

use people_model::time::SignedDuration;
use people_model::{Entry, Outcome as Ending};

use super::samples::{HOUR, address, at, dead, delivery, entries, heard, kind, mark, name, person};
use super::{Outcome, equal};
use crate::journal::{Appended, Filter, Journal, Status};

pub(super) async fn every_entry_comes_back_as_it_was<J: Journal>(j: &J) -> Outcome {
    let entries = entries()?;
    let mut kinds: Vec<usize> = entries.iter().map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    equal!(kinds, (0..=12).collect::<Vec<_>>());
    equal!(j.append(&person(1)?, 0, &entries, &mark(Status::Working, None)).await?, Appended::Done);
    equal!(j.read(&person(1)?).await?, entries);
    Ok(())
}

pub(super) async fn a_log_grows_at_its_end_only<J: Journal>(j: &J) -> Outcome {
    let one = [Entry::Answered { at: at(1) }];
    let two = [Entry::Rejected { at: at(2) }, Entry::Settled { at: at(3), outcome: Ending::Agreed }];
    let (who, waiting) = (person(1)?, mark(Status::Waiting, Some(at(9))));
    equal!(j.append(&who, 1, &one, &waiting).await?, Appended::Raced);
    equal!(j.append(&who, usize::MAX, &one, &waiting).await?, Appended::Raced);
    equal!(j.next_due().await?, None);
    equal!(j.stats().await?.people, 0);
    equal!(j.append(&who, 0, &one, &waiting).await?, Appended::Done);
    equal!(j.append(&who, 0, &two, &mark(Status::Held, None)).await?, Appended::Raced);
    equal!(j.next_due().await?, Some(at(9)));
    equal!(j.append(&who, 1, &two, &waiting).await?, Appended::Done);
    equal!(j.append(&who, 3, &[], &waiting).await?, Appended::Done);
    equal!(j.read(&who).await?, one.iter().chain(&two).cloned().collect::<Vec<_>>());
    equal!(j.read(&person(2)?).await?, Vec::new());

    // Something is heard while an append is under way: the append must read again, and the person stays due.
    j.accept(&delivery(1, at(20))?, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?], at(5)).await?;
    equal!(j.append(&who, 3, &one, &mark(Status::Settled, None)).await?, Appended::Raced);
    equal!(j.next_due().await?, Some(at(5)));
    equal!(j.read(&who).await?.len(), 4);
    equal!(j.stats().await?.people, 1);
    Ok(())
}

pub(super) async fn the_longest_due_comes_first<J: Journal>(j: &J) -> Outcome {
    let marks = [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20)), (5, Some(10))];
    for (who, due) in marks {
        j.append(&person(who)?, 0, &[], &mark(Status::Waiting, due.map(at))).await?;
    }
    equal!(j.next_due().await?, Some(at(10)));
    equal!(j.due(at(9), 9).await?, Vec::new());
    equal!(j.due(at(20), 9).await?, vec![person(2)?, person(5)?, person(4)?]);
    equal!(j.due(at(99), 2).await?, vec![person(2)?, person(5)?]);
    equal!(j.due(at(99), usize::MAX).await?.len(), 4);
    j.append(&person(2)?, 0, &[], &mark(Status::Waiting, None)).await?;
    j.append(&person(5)?, 0, &[], &mark(Status::Waiting, Some(at(31)))).await?;
    equal!(j.due(at(99), 9).await?, vec![person(4)?, person(1)?, person(5)?]);
    Ok(())
}

pub(super) async fn due_times_do_not_come_early<J: Journal>(j: &J) -> Outcome {
    let between = at(10).saturating_add(SignedDuration::from_micros(1))?;
    j.append(&person(1)?, 0, &[], &mark(Status::Waiting, Some(between))).await?;
    equal!(j.due(at(10), 9).await?, Vec::new());
    equal!(j.next_due().await?, Some(at(11)));
    equal!(j.due(at(11), 9).await?, vec![person(1)?]);

    // Who has heard something is due at that very moment, and never later than before.
    j.accept(&delivery(1, at(0))?, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?, heard(1, 1, 2)?], between).await?;
    equal!(j.due(between, 9).await?, vec![person(1)?, person(2)?]);
    j.accept(&delivery(2, at(0))?, &name(2)?, HOUR).await?;
    j.sort(&name(2)?, &[heard(2, 0, 2)?], at(99)).await?;
    equal!(j.next_due().await?, Some(at(10)));
    equal!(j.due(at(10), 9).await?.len(), 2);
    Ok(())
}

pub(super) async fn after_a_start_whoever_was_in_work_is_due<J: Journal>(j: &J) -> Outcome {
    j.accept(&delivery(1, at(0))?, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?, heard(1, 1, 2)?, heard(1, 2, 3)?], at(1)).await?;
    j.append(&person(1)?, 1, &[], &mark(Status::Working, Some(at(50)))).await?;
    j.append(&person(2)?, 1, &[], &mark(Status::Waiting, Some(at(60)))).await?;
    j.append(&person(3)?, 1, &[], &mark(Status::Working, Some(at(5)))).await?;
    j.recover(at(9)).await?;
    equal!(j.due(at(9), 9).await?, vec![person(3)?, person(1)?]);
    equal!(j.next_due().await?, Some(at(5)));
    Ok(())
}

pub(super) async fn the_list_follows_the_person<J: Journal>(j: &J) -> Outcome {
    j.accept(&delivery(1, at(0))?, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?, heard(1, 1, 1)?, heard(1, 2, 2)?, dead(1, 3, "why")?], at(1))
        .await?;
    let of_one = Filter { person: Some(person(1)?.tag()), ..Filter::default() };
    let steps = [Status::Working, Status::Waiting, Status::Held, Status::Queued, Status::Settled];
    for status in steps {
        equal!(j.append(&person(1)?, 2, &[], &mark(status, None)).await?, Appended::Done);
        for line in j.events(&of_one).await? {
            equal!((line.status, line.note), (status, format!("is {}", status.as_str())));
        }
        recounted(j).await?;
    }
    // What is settled or dead stays so; what is new goes on.
    j.accept(&delivery(2, at(5))?, &name(2)?, HOUR).await?;
    j.sort(&name(2)?, &[heard(2, 0, 1)?], at(6)).await?;
    j.append(&person(1)?, 3, &[], &mark(Status::Held, None)).await?;
    let list = j.events(&of_one).await?;
    let found: Vec<Status> = list.iter().map(|line| line.status).collect();
    equal!(found, vec![Status::Held, Status::Settled, Status::Settled]);
    equal!(j.stats().await?.events, [1, 0, 0, 1, 2, 1]);
    recounted(j).await
}

pub(super) async fn the_list_can_be_narrowed<J: Journal>(j: &J) -> Outcome {
    for n in 1..=40_u16 {
        j.accept(&delivery(n, at(i64::from(n % 7)))?, &name(n)?, HOUR).await?;
        let parts = [heard(n, 0, (n % 3) as u8)?, heard(n, 1, 9)?, heard(n, 2, 9)?, dead(n, 3, "why")?];
        j.sort(&name(n)?, &parts, at(1)).await?;
    }
    let all = j.events(&Filter { limit: usize::MAX, ..Filter::default() }).await?;
    equal!(all.len(), 160);
    equal!(all.is_sorted_by_key(|line| std::cmp::Reverse(line.received)), true);
    equal!(j.events(&Filter::default()).await?, all.iter().take(100).cloned().collect::<Vec<_>>());
    equal!(
        j.events(&Filter { limit: 1, ..Filter::default() }).await?,
        all.iter().take(1).cloned().collect::<Vec<_>>()
    );

    let (tag, whole, one) = (person(9)?.tag(), name(5)?.to_string(), name(5)?.event(2).to_string());
    for status in [None, Some(Status::Queued), Some(Status::Dead), Some(Status::Held)] {
        for person in [None, Some(tag.clone()), Some(String::new())] {
            for id in [None, Some(whole.clone()), Some(one.clone()), Some("d_".to_owned())] {
                let filter = Filter { status, person: person.clone(), id: id.clone(), limit: 1000 };
                let wanted = all.iter().filter(|line| {
                    status.is_none_or(|status| line.status == status)
                        && person.as_ref().is_none_or(|tag| !tag.is_empty() && line.person == *tag)
                        && id.as_ref().is_none_or(|id| line.id.as_str() == id || line.id.delivery() == id)
                });
                equal!(j.events(&filter).await?, wanted.cloned().collect::<Vec<_>>());
            }
        }
    }
    recounted(j).await
}

pub(super) async fn a_person_can_be_found<J: Journal>(j: &J) -> Outcome {
    j.accept(&delivery(1, at(0))?, &name(1)?, HOUR).await?;
    j.sort(&name(1)?, &[heard(1, 0, 1)?, dead(1, 1, "why")?], at(1)).await?;
    let who = person(1)?;
    for wanted in [who.tag(), who.to_string(), name(1)?.event(0).to_string()] {
        equal!(j.find(&wanted).await?, Some(who.clone()));
    }
    j.append(&who, 1, &[], &mark(Status::Settled, None)).await?;
    equal!(j.find(name(1)?.event(0).as_str()).await?, Some(who));
    let none =
        [person(2)?.tag(), name(1)?.event(1).to_string(), name(1)?.to_string(), String::new(), "p_%".into()];
    for wanted in none {
        equal!(j.find(&wanted).await?, None);
    }
    // An account alone is no log.
    j.claim(&address(2)?, &person(2)?, false, at(0)).await?;
    equal!(j.find(&person(2)?.tag()).await?, None);
    Ok(())
}

/// The figures are what one counts in the list.
pub(super) async fn recounted<J: Journal>(j: &J) -> Outcome {
    let all = j.events(&Filter { limit: usize::MAX, ..Filter::default() }).await?;
    let count = |status| all.iter().filter(|line| line.status == status).count() as u64;
    let stats = j.stats().await?;
    equal!(stats.events, Status::ALL.map(count));
    equal!(stats.backlog, j.backlog(usize::MAX).await?.len() as u64);
    Ok(())
}
