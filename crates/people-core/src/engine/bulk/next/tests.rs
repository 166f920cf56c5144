//! Moves of a batch, case by case.

use people_model::ccai::{Bulk, RowFault, RowResult};
use people_model::verdict::WhyKind;
use people_model::{Entry, PersonKey, Why};
use serde_json::{Value, json};

use super::*;

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn ccai() -> Ccai {
    toml::from_str("base_url = \"https://a.example.com\"\nsubdomain = \"a\"\ntoken = { env = \"A\" }\nrow_base = 1\nrows = 3").unwrap()
}

fn joined(n: u8) -> Bulk {
    let person: PersonKey = format!("example.com/hr/{n}").parse().unwrap();
    let row = json!({"email": format!("u{n}@example.com"), "first_name": "A", "last_name": "B"});
    Bulk::Joined { person, row: serde_json::from_value(row).unwrap() }
}

/// A batch of two after these facts, each a second after the one before; the last at 0.
fn batch(facts: Vec<Bulk>) -> Batch {
    let facts: Vec<Bulk> = [joined(1), joined(2)].into_iter().chain(facts).collect();
    let last = facts.len() as i64 - 1;
    let entries: Vec<Entry> =
        (0..).zip(facts).map(|(n, fact)| Entry::Bulk { at: at(n - last), fact }).collect();
    Batch::fold(&entries)
}

fn uploaded(more: Vec<Bulk>) -> Batch {
    let before = [Bulk::Closed, Bulk::Uploading { filename: "f".into() }, Bulk::Uploaded { job: JobId(7) }];
    batch(before.into_iter().chain(more).collect())
}

fn seen(job: Value) -> Glimpse {
    let mut job = job;
    job["id"] = json!(7);
    Glimpse { job: Some(serde_json::from_value(job).unwrap()), ..Glimpse::default() }
}

fn decide(batch: &Batch, seen: &Glimpse, now: Timestamp) -> Move {
    next(batch, Some(at(600)), seen, &ccai(), &Policy::default(), now)
}

fn gives_up(decided: Move) -> bool {
    matches!(decided, Move::Write(Bulk::GivenUp { .. }))
}

#[test]
fn a_file_leaves_when_the_window_ends_or_it_is_full() {
    let two = batch(Vec::new());
    assert_eq!(decide(&two, &Glimpse::default(), at(0)), Move::Wait(at(600)));
    assert_eq!(decide(&two, &Glimpse::default(), at(600)), Move::Write(Bulk::Closed));
    assert_eq!(decide(&batch(vec![joined(3)]), &Glimpse::default(), at(0)), Move::Write(Bulk::Closed));
    let closed = batch(vec![Bulk::Closed, joined(3)]);
    assert_eq!((closed.rows.len(), decide(&closed, &Glimpse::default(), at(0))), (2, Move::Upload));
}

#[test]
fn a_lost_upload_is_looked_for_before_it_is_repeated() {
    let lost = batch(vec![Bulk::Closed, Bulk::Uploading { filename: "f".into() }]);
    assert_eq!(decide(&lost, &Glimpse::default(), at(9)), Move::Wait(at(10)));
    assert!(matches!(decide(&lost, &Glimpse::default(), at(10)), Move::Find { .. }));
    let found = |found| Glimpse { found: Some(found), ..Glimpse::default() };
    assert_eq!(decide(&lost, &found(Some(JobId(3))), at(10)), Move::Write(Bulk::Uploaded { job: JobId(3) }));
    assert_eq!(decide(&lost, &found(None), at(10)), Move::Upload);
}

#[test]
fn only_a_valid_job_that_nobody_has_told_is_told() {
    let checking = uploaded(Vec::new());
    let null = |status: &str| seen(json!({"status": status, "process_requested_at": null}));
    assert_eq!(decide(&checking, &Glimpse::default(), at(0)), Move::Job(JobId(7)));
    assert_eq!(decide(&checking, &null("created"), at(0)), Move::Wait(at(5)));
    assert_eq!(decide(&checking, &null("validating"), at(0)), Move::Wait(at(5)));
    assert_eq!(decide(&checking, &null("valid_scheme"), at(0)), Move::Write(Bulk::Valid));
    // Somebody has told it in the web page.
    assert_eq!(decide(&checking, &null("in_progress"), at(0)), Move::Write(Bulk::Proceeded));
    let valid = uploaded(vec![Bulk::Valid]);
    assert_eq!(decide(&valid, &null("valid_scheme"), at(0)), Move::Proceed(JobId(7)));
    let told = seen(json!({"status": "valid_scheme", "process_requested_at": "2026-03-02T09:00:00.000Z"}));
    assert_eq!(decide(&valid, &told, at(0)), Move::Write(Bulk::Proceeded));
}

#[test]
fn after_a_lost_answer_a_job_is_told_again_only_where_it_says_that_it_was_not() {
    let lost = uploaded(vec![Bulk::Valid, Bulk::Proceeding]);
    let null = seen(json!({"status": "valid_scheme", "process_requested_at": null}));
    let unsaid = seen(json!({"status": "valid_scheme"}));
    assert_eq!(decide(&lost, &null, at(9)), Move::Wait(at(10)));
    assert_eq!(decide(&lost, &Glimpse::default(), at(10)), Move::Job(JobId(7)));
    assert_eq!(decide(&lost, &null, at(10)), Move::Proceed(JobId(7)));
    assert!(matches!(decide(&lost, &unsaid, at(10)), Move::Wait(_)));
    assert!(gives_up(decide(&lost, &unsaid, at(3 * 3600))));
    for status in ["in_progress", "done"] {
        assert_eq!(
            decide(&lost, &seen(json!({"status": status})), at(10)),
            Move::Write(Bulk::Proceeded),
            "{status}"
        );
    }
    let why = Why::new(WhyKind::BadRequest).status(422);
    let refused = uploaded(vec![Bulk::Valid, Bulk::Proceeding, Bulk::Refused { why }]);
    assert!(gives_up(decide(&refused, &null, at(60))));
}

#[test]
fn the_end_is_any_other_word_if_the_figures_add_up() {
    let running = uploaded(vec![Bulk::Valid, Bulk::Proceeding, Bulk::Proceeded]);
    let job = |status: &str, affected: Value| {
        let mut seen =
            seen(json!({"status": status, "total_rows": 2, "affected_rows": affected, "failed_rows": 0}));
        seen.errors = Some(Vec::new());
        seen
    };
    assert!(matches!(decide(&running, &job("fertig", json!("2")), at(1)), Move::Write(Bulk::Ended { .. })));
    assert!(matches!(decide(&running, &job("fertig", Value::Null), at(1)), Move::Write(Bulk::Ended { .. })));
    assert!(matches!(decide(&running, &job("queued", json!(0)), at(1)), Move::Wait(_)));
    assert!(matches!(decide(&running, &job("failed", json!(0)), at(700)), Move::Write(Bulk::Ended { .. })));
    // The sample of the answer to `proceed` still says so.
    assert!(matches!(decide(&running, &job("valid_scheme", json!(0)), at(1)), Move::Wait(_)));
}

fn results(facts: Vec<Bulk>) -> Vec<String> {
    let word = |result| match result {
        RowResult::Applied { .. } => "applied".to_owned(),
        RowResult::Refused { problem } => format!("refused: {problem}"),
        RowResult::Unsure { .. } => "unsure".to_owned(),
    };
    uploaded(facts).results().into_iter().map(|(_, _, result)| word(result)).collect()
}

fn fault(row: usize) -> RowFault {
    RowFault { row: Some(row), column: None, words: "wrong".into(), warning: false, unsure: false }
}

#[test]
fn everybody_hears_what_became_of_their_own_row() {
    let ended = |affected, failed, faults| Bulk::Ended { status: "done".into(), affected, failed, faults };
    let invalid = Bulk::Invalid { faults: vec![fault(0)] };
    assert_eq!(results(vec![ended(Some(1), Some(1), vec![fault(1)])]), ["applied", "refused: wrong"]);
    // The place is that in the file, which the first row is not in any more.
    let again = [invalid.clone(), Bulk::Uploading { filename: "g".into() }, Bulk::Uploaded { job: JobId(8) }];
    let again = again.into_iter().chain([ended(Some(0), Some(1), vec![fault(0)])]).collect();
    assert_eq!(results(again), ["refused: wrong", "refused: wrong"]);
    assert!(gives_up(decide(
        &uploaded(vec![Bulk::Invalid { faults: vec![fault(0), fault(1)] }]),
        &Glimpse::default(),
        at(0)
    )));
    // A row failed, and no error says whose.
    assert_eq!(results(vec![ended(Some(1), Some(1), Vec::new())]), ["unsure", "unsure"]);
    assert_eq!(results(vec![ended(Some(0), Some(0), Vec::new())]), ["unsure", "unsure"]);
    assert_eq!(results(vec![ended(None, None, Vec::new())]), ["applied", "applied"]);
    let given_up = || Bulk::GivenUp { problem: "late".into() };
    assert_eq!(results(vec![given_up()]), ["refused: late", "refused: late"]);
    assert_eq!(results(vec![Bulk::Valid, Bulk::Proceeding, given_up()]), ["unsure", "unsure"]);
}
