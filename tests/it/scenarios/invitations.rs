//! Unmanaged accounts: found before an account is made, invited by policy, and never mailed twice.

use people_core::bridge::Decision;
use people_core::journal::Status;
use people_sim::{Fault, FaultKind, SimOptions};
use serde_json::{Value, json};

use super::{bare, hire, leave};
use crate::world::{CONFIG, World};

const ANA: &str = "ana.silva@example.com";

/// A world with `[invitations]`, in which Ana Silva has an account of her own.
async fn world(unmanaged: &str) -> World {
    let world = empty(unmanaged, SimOptions::default()).await;
    world.sim.seed_consumer(json!({"email": ANA})).expect("an account");
    world
}

async fn empty(unmanaged: &str, options: SimOptions) -> World {
    let table = format!(
        "[invitations]\ncustomer = \"C01\"\nadmin = \"admin@example.com\"\nbase_url = \"{{cloudidentity}}\"\nunmanaged = \"{unmanaged}\"\n"
    );
    World::with(&format!("{CONFIG}{table}"), options).await
}

impl World {
    /// How often the invitation API was asked this.
    fn asked(&self, op: &str) -> usize {
        let op = format!("userinvitations.{op}");
        self.sim.calls(0).iter().filter(|call| call.op == op).count()
    }

    /// The state of Ana's invitation, and how many mails she was sent.
    fn invitation(&self) -> (Value, Value) {
        let all = self.sim.state().invitations;
        (all[0]["state"].clone(), all[0]["mailsSentCount"].clone())
    }
}

#[tokio::test]
async fn an_unmanaged_account_is_invited_and_taken_over_once_accepted() {
    let world = world("invite").await;
    let (status, note) = world.say(hire("7", "2026-03-01")).await;
    assert_eq!(status, Status::Waiting);
    assert!(note.starts_with("invited; answer awaited"), "{note}");
    assert_eq!(world.ops(), Vec::<String>::new(), "no account is made");
    world.pass("2026-03-05T09:00:00Z").await;
    assert_eq!(world.invitation(), (json!("INVITED"), json!(1)));
    assert!(world.sim.answer_invitation(ANA, true));
    world.pass("2026-03-05T13:30:00Z").await;
    assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.effects(), ["users.patch v4/example.com/ana.silva@example.com"]);
    assert_eq!(world.user(ANA)["employeeId"], "7");
    assert_eq!(world.users(), [ANA]);
    assert_eq!(world.asked("send"), 1);
}

#[tokio::test]
async fn nobody_is_invited_where_there_is_no_unmanaged_account() {
    let world = empty("invite", SimOptions::default()).await;
    assert_eq!(world.say(hire("7", "2026-03-01")).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.ops(), ["users.create"]);
    assert_eq!((world.asked("get"), world.asked("isInvitableUser"), world.asked("send")), (1, 1, 0));
}

#[tokio::test]
async fn a_human_is_asked_or_nobody_looks_where_the_policy_says_so() {
    let held = world("hold").await;
    let (status, note) = held.say(hire("7", "2026-03-01")).await;
    assert_eq!(status, Status::Held);
    assert!(note.contains("does not manage has the address"), "{note}");
    assert_eq!((held.ops(), held.asked("send")), (Vec::new(), 0));
    held.decide("hr/7", Decision::Approve(None)).await;
    assert_eq!(held.ops(), ["users.create"]);

    let ignored = world("ignore").await;
    assert_eq!(ignored.say(hire("7", "2026-03-01")).await, (Status::Settled, "agrees".to_owned()));
    assert_eq!((ignored.ops(), ignored.asked("get")), (vec!["users.create".to_owned()], 0));
}

#[tokio::test]
async fn another_address_can_be_chosen_and_the_invitation_is_taken_back() {
    let world = world("invite").await;
    world.say(hire("7", "2026-03-01")).await;
    world.pass("2026-03-20T09:00:00Z").await;
    let (status, note) = world.person("hr/7").await;
    assert_eq!(status, Status::Held);
    assert!(note.contains("not answered in time"), "{note}");
    let address = "a.silva@example.com".parse().expect("an address");
    world.decide("hr/7", Decision::Approve(Some(address))).await;
    assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.users(), ["a.silva@example.com"]);
    assert_eq!((world.invitation(), world.asked("cancel")), ((json!("NOT_YET_SENT"), json!(1)), 1));
}

#[tokio::test]
async fn who_declines_is_not_asked_again() {
    let world = world("invite").await;
    world.say(hire("7", "2026-03-01")).await;
    assert!(world.sim.answer_invitation(ANA, false));
    world.pass("2026-03-02T11:00:00Z").await;
    let (status, note) = world.person("hr/7").await;
    assert_eq!(status, Status::Held);
    assert!(note.contains("declined the invitation"), "{note}");
    world.pass("2026-04-02T11:00:00Z").await;
    assert_eq!((world.ops(), world.asked("send")), (Vec::new(), 1));
}

#[tokio::test]
async fn a_future_hire_is_invited_before_anything_is_scheduled() {
    let world = world("invite").await;
    let (status, _) = world.say(hire("7", "2026-03-10")).await;
    assert_eq!((status, world.ops(), world.asked("send")), (Status::Waiting, Vec::new(), 1));
    assert!(world.sim.answer_invitation(ANA, true));
    world.pass("2026-03-03T09:00:00Z").await;
    assert_eq!(world.person("hr/7").await.0, Status::Waiting);
    world.pass("2026-03-10T09:00:00Z").await;
    assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()));
    assert_eq!(world.onboardings(), []);
}

#[tokio::test]
async fn a_hire_that_is_taken_back_takes_the_invitation_back() {
    for over in [bare("hire.cancelled", "7"), leave("7", "2026-03-01")] {
        let world = world("invite").await;
        world.say(hire("7", "2026-03-01")).await;
        assert_eq!(world.invitation().0, "INVITED");
        let (status, _) = world.say(over).await;
        assert_eq!(status, Status::Settled);
        assert_eq!((world.invitation(), world.asked("cancel")), ((json!("NOT_YET_SENT"), json!(1)), 1));
        assert_eq!(world.users(), Vec::<String>::new());
        // Hired again, she is invited again.
        world.set_now("2026-03-03T09:00:00Z");
        world.say(hire("7", "2026-03-03")).await;
        assert_eq!(world.invitation(), (json!("INVITED"), json!(2)));
    }
}

#[tokio::test]
async fn one_who_accepts_and_is_not_wanted_any_more_has_no_access() {
    let world = world("invite").await;
    world.say(hire("7", "2026-03-01")).await;
    assert!(world.sim.answer_invitation(ANA, true));
    assert_eq!(world.say(bare("hire.cancelled", "7")).await.0, Status::Settled);
    assert_eq!(world.user(ANA)["suspended"], true);
    assert_eq!(world.asked("cancel"), 0);
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_not_sent_again() {
    for (kind, mails) in [(FaultKind::LostAnswer, 1), (FaultKind::Drop, 1), (FaultKind::Status, 1)] {
        let world = world("invite").await;
        world.sim.add_fault(Fault::on(":send", kind).times(2)).expect("a fault");
        let (status, note) = world.say(hire("7", "2026-03-01")).await;
        // Time has to pass for the look after the fault.
        world.pass("2026-03-02T09:10:00Z").await;
        assert_eq!(
            (status, world.invitation()),
            (Status::Waiting, (json!("INVITED"), json!(mails))),
            "{kind:?} {note}"
        );
    }
}

/// For 48 hours get shows nothing of a new account; a lost answer is not looked up in vain and not guessed about.
#[tokio::test]
async fn a_lost_answer_about_a_new_account_is_waited_out() {
    let lag = people_model::time::SignedDuration::from_hours(48);
    for (kind, during) in [(FaultKind::LostAnswer, 1), (FaultKind::Drop, 0)] {
        let world = empty("invite", SimOptions { invitation_lag: lag, ..SimOptions::default() }).await;
        world.sim.seed_consumer(json!({"email": ANA, "since": "2026-03-02T08:00:00Z"})).expect("an account");
        world.sim.add_fault(Fault::on(":send", kind).times(1)).expect("a fault");
        world.say(hire("7", "2026-03-01")).await;
        world.pass("2026-03-03T12:00:00Z").await;
        assert_eq!(world.person("hr/7").await.0, Status::Waiting, "{kind:?}");
        assert_eq!(world.invitation().1, during, "{kind:?}");
        world.pass("2026-03-04T12:00:00Z").await;
        assert_eq!(world.invitation(), (json!("INVITED"), json!(1)), "{kind:?}");
        assert_eq!(world.ops(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_never_shows_is_a_question_for_a_human() {
    let lag = people_model::time::SignedDuration::from_hours(24 * 365);
    let world = empty("invite", SimOptions { invitation_lag: lag, ..SimOptions::default() }).await;
    world.sim.seed_consumer(json!({"email": ANA, "since": "2026-03-02T08:00:00Z"})).expect("an account");
    world.sim.add_fault(Fault::on(":send", FaultKind::Drop).times(1)).expect("a fault");
    world.say(hire("7", "2026-03-01")).await;
    world.pass("2026-03-05T12:00:00Z").await;
    let (status, note) = world.person("hr/7").await;
    assert_eq!(status, Status::Held);
    assert!(note.contains("nothing shows whether the mail went"), "{note}");
    assert_eq!(world.invitation().1, 0);
    world.decide("hr/7", Decision::Approve(None)).await;
    assert_eq!((world.person("hr/7").await.0, world.invitation().1), (Status::Waiting, json!(1)));
}

#[tokio::test]
async fn who_answers_when_a_human_was_asked_already_is_not_forgotten() {
    let world = world("invite").await;
    world.say(hire("7", "2026-03-01")).await;
    world.pass("2026-03-17T09:00:00Z").await;
    let (status, note) = world.person("hr/7").await;
    assert!(status == Status::Held && note.contains("not answered in time"), "{note}");
    // Looked at once a day, and still a question.
    world.pass("2026-03-18T10:00:00Z").await;
    assert_eq!(world.person("hr/7").await, (status, note));
    assert!(world.sim.answer_invitation(ANA, true));
    world.pass("2026-03-19T11:00:00Z").await;
    assert_eq!(world.person("hr/7").await, (Status::Settled, "agrees".to_owned()));
    assert_eq!((world.users(), world.asked("send")), (vec![ANA.to_owned()], 1));
}

#[tokio::test]
async fn an_invitation_by_an_administrator_is_followed_too() {
    let world = empty("invite", SimOptions::default()).await;
    let invited =
        json!({"email": ANA, "state": "INVITED", "mailsSentCount": 1, "updateTime": "2026-03-01T00:00:00Z"});
    world.sim.seed_consumer(invited).expect("an account");
    assert_eq!(world.say(hire("7", "2026-03-01")).await.0, Status::Waiting);
    world.pass("2026-03-14T23:00:00Z").await;
    assert_eq!(world.person("hr/7").await.0, Status::Waiting);
    world.pass("2026-03-15T01:00:00Z").await;
    assert_eq!(world.person("hr/7").await.0, Status::Held);
    assert_eq!((world.asked("send"), world.ops()), (0, Vec::new()));
}

#[tokio::test]
async fn a_refused_look_is_no_and_a_missing_permission_is_not_passed_over() {
    let world = world("invite").await;
    let odd = Fault { status: Some(400), ..Fault::on(":isInvitableUser", FaultKind::Status) };
    world.sim.add_fault(odd).expect("a fault");
    world.sim.add_fault(Fault::status(format!("userinvitations/{ANA}"), 404).times(1)).expect("a fault");
    assert_eq!(world.say(hire("7", "2026-03-01")).await.0, Status::Settled);
    assert_eq!(world.ops(), ["users.create"]);

    let options = SimOptions { invitation_admin: Some("boss@example.com".into()), ..SimOptions::default() };
    let world = empty("hold", options).await;
    world.event(hire("7", "2026-03-01")).await;
    world.until("the look fails", |world| world.asked("get") > 2).await;
    let (status, note) = world.person("hr/7").await;
    assert_eq!((status, world.ops()), (Status::Working, Vec::new()));
    assert!(note.contains("PERMISSION_DENIED"), "{note}");
}

#[tokio::test]
async fn what_cannot_be_taken_back_any_more_is_not_tried_for_ever() {
    let world = world("invite").await;
    world.say(hire("7", "2026-03-01")).await;
    let gone = Fault { reason: Some("FAILED_PRECONDITION".into()), ..Fault::status(":cancel", 400) };
    world.sim.add_fault(gone).expect("a fault");
    assert_eq!(world.say(bare("hire.cancelled", "7")).await, (Status::Settled, "withdrawn".to_owned()));
    world.pass("2026-03-20T09:00:00Z").await;
    assert_eq!((world.asked("cancel"), world.ops()), (1, Vec::new()));
}
