//! A rehearsal changes nothing, and what it says would be done is what is done.

use people_core::engine::{Stage, Would};
use people_core::journal::memory::Memory;
use people_core::journal::{Breaker, Journal, Peek, Permits};
use people_model::time::Timestamp;
use people_model::{Email, Entry, PersonKey};
use people_sim::{CallRecord, Fault, FaultKind, Sim};

use super::fuse::Book;
use super::history::{History, careers, histories};
use super::hold;
use super::rig::{Rig, RigBridge, run};
use super::which::Which;

impl Peek for Book {
    type Error = <Memory as Peek>::Error;

    async fn read(&self, person: &PersonKey) -> Result<Vec<Entry>, Self::Error> {
        Peek::read(&*self.memory, person).await
    }

    async fn account(&self, person: &PersonKey) -> Result<Option<Email>, Self::Error> {
        Peek::account(&*self.memory, person).await
    }

    async fn holder(&self, address: &Email) -> Result<Option<PersonKey>, Self::Error> {
        self.memory.holder(address).await
    }

    async fn permits(
        &self,
        p: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
    ) -> Result<Permits, Self::Error> {
        self.memory.permits(p, now, breaker).await
    }

    async fn people(&self, after: Option<&PersonKey>, limit: usize) -> Result<Vec<PersonKey>, Self::Error> {
        self.memory.people(after, limit).await
    }
}

/// Rehearses a person, then drives them.
pub(super) async fn compare(bridge: &RigBridge, sim: &Sim, person: &PersonKey) {
    let (memory, calls) = (&*bridge.journal.memory, sim.calls(0).len() as u64);
    let log = Journal::read(memory, person).await.expect("infallible");
    let (claims, stats) = (Journal::account(memory, person).await, memory.stats().await);
    let would = bridge.rehearse(person, &[], &Stage::default()).await.expect("infallible");

    let effects = |call: &CallRecord| call.effect && call.api != "token" && call.op != "login";
    let changed: Vec<CallRecord> = sim.calls(calls).into_iter().filter(effects).collect();
    assert!(changed.is_empty(), "a rehearsal sends {changed:?}");
    assert_eq!(Journal::read(memory, person).await.expect("infallible"), log);
    assert_eq!((Journal::account(memory, person).await, memory.stats().await), (claims, stats));

    bridge.drive(person).await.expect("infallible");
    let mut now = Journal::read(memory, person).await.expect("infallible");
    let new = now.split_off(log.len());
    let first = new.iter().find(|entry| matches!(entry, Entry::Intended { .. } | Entry::Held { .. }));
    match (&would, first) {
        (Would::Send(step), Some(Entry::Intended { step: sent, .. })) => assert_eq!(step, sent),
        (Would::Hold(why, steps), Some(Entry::Held { why: held, steps: would, .. })) => {
            assert_eq!((why, steps), (held, would));
        }
        (Would::Hold(why, _), None) => assert!(
            log.iter().any(|entry| matches!(entry, Entry::Held { why: held, .. } if held == why)),
            "{why} was not held before"
        ),
        (Would::Nothing(_) | Would::Wait(_) | Would::Unknown(_), None) => {}
        other => panic!("it would be, and is: {other:#?}"),
    }
}

fn all_is_as_it_was_said(which: Which, count: u32) {
    let check = |history: &History| {
        run(async {
            let mut rig = Rig::of(which, 0).await;
            rig.rehearse_first();
            rig.play(history, |posts| posts).await;
            rig.assert_end(history);
        });
    };
    careers(which).iter().for_each(check);
    hold(count, &histories(), |history| check(&history));
}

#[test]
fn a_rehearsal_says_what_is_done() {
    all_is_as_it_was_said(Which::Cloudm, 32);
}

#[test]
fn a_rehearsal_says_what_is_done_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| all_is_as_it_was_said(which, 12));
}

#[test]
fn a_rehearsal_after_lost_answers_says_what_is_done() {
    hold(32, &histories(), |history| {
        run(async {
            let mut rig = Rig::of(Which::Cloudm, 7).await;
            let fault = Fault::on("/people/v4", FaultKind::LostAnswer);
            rig.sim
                .add_fault(Fault { method: Some("POST".into()), rate: Some(0.2), ..fault })
                .expect("a fault");
            rig.rehearse_first();
            rig.play(&history, |posts| posts).await;
            rig.assert_end(&history);
        });
    });
}
