//! Wherever the process dies, the next one ends where an undisturbed one would have, and does nothing twice that may be done once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::fuse::Blow;
use super::history::{History, careers, histories, histories_of};
use super::hold;
use super::order::faults;
use super::rig::{Rig, run};
use super::which::Which;

/// What an undisturbed run leads to, and in how many operations.
struct Expected {
    picture: BTreeMap<String, Value>,
    once: BTreeMap<String, usize>,
    operations: u64,
}

async fn undisturbed(which: Which, history: &History) -> Expected {
    let mut rig = Rig::of(which, 0).await;
    rig.play(history, |posts| posts).await;
    Expected { picture: rig.picture().await, once: rig.once(), operations: rig.operations() }
}

async fn dies(which: Which, history: &History, blow: Blow, expected: &Expected) {
    let mut rig = Rig::doomed(which, blow).await;
    rig.play(history, |posts| posts).await;
    assert!(rig.died(), "there is no operation {blow:?}");
    assert_eq!(rig.picture().await, expected.picture, "picture after {blow:?} of {history:?}");
    assert_eq!(rig.once(), expected.once, "once after {blow:?} of {history:?}");
    let changed = rig.drive_all().await;
    assert!(changed.is_empty(), "after {blow:?} of {history:?}: {changed:#?}");
}

#[test]
fn every_crash_in_every_career() {
    run(async {
        for history in careers(Which::Cloudm) {
            dies_everywhere(Which::Cloudm, &history).await;
        }
    });
}

#[test]
fn every_crash_in_every_career_over_the_provisioning_api() {
    run(async {
        for which in Which::PROVISIONING {
            for history in careers(which) {
                dies_everywhere(which, &history).await;
            }
        }
    });
}

async fn dies_everywhere(which: Which, history: &History) {
    let expected = undisturbed(which, history).await;
    for at in 1..=expected.operations {
        for after in [false, true] {
            dies(which, history, Blow { at, after }, &expected).await;
        }
    }
}

#[test]
fn any_crash_in_any_history() {
    crashes(Which::Cloudm, 64);
}

#[test]
fn any_crash_in_any_history_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| crashes(which, 32));
}

fn crashes(which: Which, count: u32) {
    let cases = (histories_of(which), any::<Index>(), any::<bool>());
    hold(count, &cases, |(history, at, after)| {
        run(async {
            let expected = undisturbed(which, &history).await;
            if expected.operations > 0 {
                let at = 1 + at.index(expected.operations as usize) as u64;
                dies(which, &history, Blow { at, after }, &expected).await;
            }
        });
    });
}

/// Whatever is heard of somebody while the outcome of the last step is not known.
#[test]
fn crashes_with_no_time_to_recover() {
    no_time_to_recover(Which::Cloudm, 96);
}

#[test]
fn crashes_with_no_time_to_recover_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| no_time_to_recover(which, 48));
}

fn no_time_to_recover(which: Which, count: u32) {
    let check = |history: &History, blows: &[Blow], faulty: Option<u64>| {
        run(async {
            let mut rig = Rig::of(which, faulty.unwrap_or(0)).await;
            for fault in faulty.map(|_| faults()).into_iter().flatten() {
                rig.sim.add_fault(fault).expect("a fault");
            }
            rig.hurry(history, blows).await;
            rig.sim.clear_faults();
            rig.assert_end(history);
            let changed = rig.drive_all().await;
            assert!(changed.is_empty(), "after {blows:?} of {history:?}: {changed:#?}");
        });
    };
    for history in careers(which) {
        for at in 1..25 {
            check(&history, &[Blow { at, after: true }], None);
        }
    }
    // The account that is asked for last under the old name is found, and taken back.
    use super::history::Said::{Family, Hire, HireCancelled, Leave};
    for last in [HireCancelled, Leave(-1)] {
        let renamed = [(0, &[(1, Hire(0))][..]), (0, &[(1, Family(0))]), (0, &[(1, last)])];
        for at in 1..12 {
            check(&History::of(&renamed), &[Blow { at: 1, after: false }, Blow { at, after: false }], None);
        }
    }
    // A first day that is moved to today while the onboarding's end is not known, and the bridge is away until it has passed.
    let moved = History::of(&[(0, &[(0, Hire(1))]), (0, &[(0, Hire(0))])]);
    for at in 1..16 {
        check(&moved, &[Blow { at: 7, after: true }, Blow { at, after: true }], None);
    }
    // An onboarding takes place while the bridge is away; then its day is moved, and the hire taken back.
    let unseen = History::of(&[(0, &[(0, Hire(1))]), (1, &[(0, Hire(1))]), (0, &[(0, HireCancelled)])]);
    for at in 1..16 {
        check(&unseen, &[Blow { at, after: false }], None);
    }
    let blow = (1..40_u64, any::<bool>()).prop_map(|(at, after)| Blow { at, after });
    let cases = (histories(), prop::collection::vec(blow, 1..5), any::<Option<u64>>());
    hold(count, &cases, |(history, blows, faulty)| check(&history, &blows, faulty));
}
