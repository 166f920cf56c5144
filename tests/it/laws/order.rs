//! Once it is quiet nothing is left to do; neither order nor repetition of deliveries counts; and faults only cost time.

use people_sim::{Fault, FaultKind, RetryAfter};
use proptest::prelude::*;

use super::history::{History, Post, careers, histories};
use super::hold;
use super::rig::{Rig, run};
use super::which::Which;

/// The rig after an undisturbed run.
async fn undisturbed(which: Which, history: &History) -> Rig {
    let mut rig = Rig::of(which, 0).await;
    rig.play(history, |posts| posts).await;
    rig
}

#[test]
fn an_applied_plan_is_empty() {
    nothing_is_left_to_do(Which::Cloudm, 48);
}

#[test]
fn an_applied_plan_is_empty_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| nothing_is_left_to_do(which, 24));
}

fn nothing_is_left_to_do(which: Which, count: u32) {
    let check = |history: &History| {
        run(async {
            let rig = undisturbed(which, history).await;
            rig.assert_end(history);
            let changed = rig.drive_all().await;
            assert!(changed.is_empty(), "{changed:#?}\n{:#?}", rig.picture().await);
        });
    };
    careers(which).iter().for_each(check);
    hold(count, &histories(), |history| check(&history));
}

/// Shuffles by a number, and sends some twice or thrice.
fn disordered(mut posts: Vec<Post>, mut dice: u64) -> Vec<Post> {
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    for n in 0..posts.len() {
        if roll(3) == 0 {
            let again = posts[n].clone();
            posts.extend(vec![again; 1 + roll(2)]);
        }
    }
    for n in (1..posts.len()).rev() {
        posts.swap(n, roll(n + 1));
    }
    posts
}

#[test]
fn order_and_repetition_do_not_count() {
    order_does_not_count(Which::Cloudm, 48);
}

#[test]
fn order_and_repetition_do_not_count_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| order_does_not_count(which, 24));
}

fn order_does_not_count(which: Which, count: u32) {
    let cases = (histories(), any::<u64>(), any::<bool>());
    let check = |history: &History, dice: u64, at_once: bool| {
        run(async {
            let expected = undisturbed(which, history).await;
            let mut rig = Rig::of(which, 0).await;
            if at_once {
                rig.drive_at_once();
            }
            rig.play(history, |posts| disordered(posts, dice)).await;
            assert_eq!(rig.picture().await, expected.picture().await, "picture");
            assert_eq!(rig.once(), expected.once(), "once");
            rig.assert_end(history);
        });
    };
    careers(which).iter().enumerate().for_each(|(n, career)| check(career, n as u64, false));
    hold(count, &cases, |(history, dice, at_once)| check(&history, dice, at_once));
}

/// One request in five meets one of these.
pub(super) fn faults() -> [Fault; 6] {
    let rate = |fault: Fault| Fault { rate: Some(0.036), ..fault };
    [
        rate(Fault::status("", 503)),
        rate(Fault { retry_after: Some(RetryAfter::Seconds(2)), ..Fault::status("", 429) }),
        rate(Fault::status("", 429)),
        rate(Fault::on("", FaultKind::Drop)),
        rate(Fault::on("", FaultKind::LostAnswer)),
        rate(Fault::on("", FaultKind::ExpireToken)),
    ]
}

#[test]
fn faults_cost_time_and_nothing_else() {
    faults_cost_time(Which::Cloudm, 48);
}

#[test]
fn faults_cost_time_and_nothing_else_over_the_provisioning_api() {
    Which::PROVISIONING.into_iter().for_each(|which| faults_cost_time(which, 24));
}

fn faults_cost_time(which: Which, count: u32) {
    let cases = (histories(), any::<u64>(), any::<bool>());
    let check = |history: &History, seed: u64, at_once: bool| {
        run(async {
            let expected = undisturbed(which, history).await;
            let mut rig = Rig::of(which, seed).await;
            if at_once {
                rig.drive_at_once();
            }
            for fault in faults() {
                rig.sim.add_fault(fault).expect("a fault");
            }
            rig.play(history, |posts| posts).await;
            assert_eq!(rig.picture().await, expected.picture().await, "picture");
            assert_eq!(rig.once(), expected.once(), "once");
            rig.assert_end(history);
        });
    };
    for seed in 0..6 {
        careers(which).iter().for_each(|career| check(career, seed, false));
    }
    hold(count, &cases, |(history, seed, at_once)| check(&history, seed, at_once));
}
