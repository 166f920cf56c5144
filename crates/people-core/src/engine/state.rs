//! A person's state: the fold of the log.
//!
//! What HR says is merged so that order and repetition do not matter: each fact is a register in which the later statement (by the
//! HR system's own time) stands, ties broken by event id. What the target did is taken in the order in which it happened.

use std::collections::BTreeSet;

use jiff::civil::Date;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{
    Api, Call, Datum, Effect, Email, Entry, Event, EventId, EventKind, HeldWhy, Members, Outcome, Stated,
    Step, Trust, Verdict, Why, WorkflowId,
};
use serde_json::Value;

use super::bulk::Rows;
use super::facts::{
    Ending, Hire, Invitation, Leave, LeaveDays, Names, Notice, Offboarding, Onboarding, Open, Register,
    Registers, Renamed, Seed, Tries, Version, newer,
};

/// The members that an address is made of.
const GIVEN: &str = "givenName";
const FAMILY: &str = "familyName";

/// How long something is held before it is looked at again, where it may pass by itself.
const RECONSIDERED: SignedDuration = SignedDuration::from_hours(24);

/// The fold of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// How many entries were folded.
    pub len: usize,
    /// The hire.
    pub hire: Option<Register<Hire>>,
    /// The leave.
    pub leave: Option<Register<Leave>>,
    /// A leave whose only sign is that the HR record is gone: it counts where no other leave does.
    pub deleted: Option<Register<Leave>>,
    /// The work address that HR names.
    pub email: Option<Register<String>>,
    /// The zone in which the person works.
    pub timezone: Option<Register<String>>,
    /// Profile members that HR has stated; `null`: removed.
    pub members: Registers,
    /// The account's address.
    pub account: Option<Email>,
    /// The account, or its scheduled onboarding, was made from here and not just found.
    pub created: bool,
    /// The onboarding that is scheduled.
    pub onboarding: Option<Onboarding>,
    /// Workflows that were onboardings: their ids in a profile do not mean an offboarding.
    pub onboardings: BTreeSet<WorkflowId>,
    /// The offboarding that was started from here and not taken back.
    pub offboarding: Option<Offboarding>,
    /// The invitation that was sent from here, or may have been, until the account is there or the invitation taken back.
    pub invitation: Option<Invitation>,
    /// The change of address that was asked for last, until the target agrees.
    pub renamed: Option<Renamed>,
    /// When the account was made usable again, last.
    pub restored: Option<Timestamp>,
    /// The account was suspended from here, and not restored.
    pub suspended: bool,
    /// The account is being made usable again; until the target agrees.
    pub restoring: bool,
    /// Addresses at which the target refused to make an account although none was to be seen.
    pub taken: BTreeSet<Email>,
    /// Addresses at which an account was asked for and the answer lost: one that appears there is this person's.
    pub attempted: BTreeSet<Email>,
    /// A refusal that only a human can do something about.
    pub refused: Option<(Why, Step)>,
    /// The intent whose outcome is not known.
    pub open: Option<Open>,
    /// Members that were sent and acknowledged since the target last agreed: sent again they would not be kept either.
    pub sent: Members,
    /// Failed tries in a row.
    pub tries: Option<Tries>,
    /// Failed tries in a row to fetch a record. They do not keep anything else from happening.
    pub fetch_tries: Option<Tries>,
    /// When a human was asked, or said no: nothing happens until something new is heard or HR wants something else.
    pub paused: Option<Timestamp>,
    /// Why the plan is held.
    pub held: Option<HeldWhy>,
    /// What a human has allowed since the target last agreed.
    pub approved: Vec<HeldWhy>,
    /// The address that a human chose.
    pub chosen: Option<Email>,
    /// The leaves that a human decided against.
    pub declined: BTreeSet<Version>,
    /// Notices whose record was not fetched yet.
    pub notices: Vec<Notice>,
    /// How it ended, if nothing was heard since.
    pub settled: Option<Outcome>,
    /// Rows of bulk files.
    pub bulk: Rows,
}

impl State {
    /// The fold of a whole log, of which what HR said is kept and not copied.
    pub fn fold(log: impl IntoIterator<Item = Entry>) -> Self {
        let mut state = Self::default();
        for entry in log {
            state.take(entry);
        }
        state
    }

    /// The fold of one more entry, which is not needed any more.
    pub fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Heard { id, at, trust, event } => {
                self.len += 1;
                self.hear(id, at, trust, event);
            }
            other => self.apply(&other),
        }
    }

    /// The fold of one more entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.len += 1;
        match entry {
            Entry::Heard { id, at, trust, event } => self.hear(id.clone(), *at, *trust, event.clone()),
            Entry::Noticed { source, notice, .. } => {
                self.stir();
                let notice = Notice { source: source.clone(), notice: notice.clone() };
                if !self.notices.contains(&notice) {
                    self.notices.push(notice);
                }
            }
            Entry::Unfetched { at, after_s, .. } => again(&mut self.fetch_tries, *at, *after_s),
            Entry::Answered { .. } => {
                self.notices.clear();
                self.fetch_tries = None;
            }
            Entry::Adopted { address, .. } => {
                // It was taken away, and is there again.
                self.offboarding.take_if(|_| self.account.as_ref() == Some(address));
                self.account = Some(address.clone());
                self.created |= self.attempted.contains(address);
                self.created |=
                    self.invitation.take().is_some_and(|invitation| invitation.address == *address);
                self.attempted.clear();
                if let Some(Open { step: Step { effect: Effect::Create { .. }, .. }, .. }) = self.open.take()
                {
                    self.created = true;
                }
            }
            Entry::Intended { at, step } => {
                self.unanswered();
                self.intend(*at, &step.effect);
                self.open = Some(Open { at: *at, step: step.clone() });
            }
            Entry::Judged { at, verdict } => self.judged(*at, verdict),
            Entry::Bulk { fact, .. } => self.bulk.apply(fact),
            Entry::Stalled { at, after_s, .. } => self.tried(*at, *after_s),
            Entry::Held { at, why, .. } => {
                self.held = Some(why.clone());
                self.paused = Some(*at);
                self.settled = None;
            }
            Entry::Approved { address, .. } => {
                self.approved.extend(self.held.take());
                self.refused = None;
                self.paused = None;
                self.chosen = address.clone().or(self.chosen.take());
                self.tries = None;
            }
            Entry::Rejected { at } => {
                self.held = None;
                self.paused = Some(*at);
                let leaves = [&self.leave, &self.deleted].into_iter().flatten();
                self.declined.extend(leaves.map(|leave| leave.version.clone()));
                self.settled = Some(Outcome::Rejected);
            }
            Entry::Settled { at, outcome } => {
                self.settled = Some(*outcome);
                self.held = None;
                self.paused = None;
                // Whatever became of an intent, nothing hangs on it any more.
                self.unanswered();
                self.open = None;
                self.tries = None;
                self.approved.clear();
                self.sent.clear();
                let present = matches!(outcome, Outcome::Agreed | Outcome::Waiting { .. });
                if std::mem::take(&mut self.restoring) && present {
                    self.offboarding = None;
                    self.suspended = false;
                }
                if present {
                    self.renamed = None;
                    self.onboarding.take_if(|onboarding| onboarding.at <= *at);
                }
            }
        }
    }

    /// Something new is known: what was settled or held is thought over again.
    fn stir(&mut self) {
        self.resume();
        self.sent.clear();
    }

    /// Thinks what is held or was rejected over again.
    fn resume(&mut self) {
        self.settled = None;
        self.held = None;
        self.refused = None;
        self.paused = None;
    }

    /// The state in which a pause is over because HR wants something else now. What cannot be fetched or used does not stand in
    /// the way of what is known.
    pub fn resumed(&self) -> Self {
        let mut state = self.clone();
        state.resume();
        state.notices.clear();
        state
    }

    /// When what is held is looked at again by itself: whoever was invited may answer late, and nobody is asked in vain.
    pub fn reconsidered(&self) -> Option<Timestamp> {
        let passes = matches!(self.held, Some(HeldWhy::InvitationUnanswered | HeldWhy::InvitationAccepted));
        self.paused.filter(|_| passes).and_then(|since| since.saturating_add(RECONSIDERED).ok())
    }

    fn hear(&mut self, id: EventId, received: Timestamp, trust: Trust, event: Event) {
        self.stir();
        let version = (event.occurred_at.unwrap_or(received), id);
        match event.kind {
            EventKind::Change => {}
            EventKind::Hire => newer(&mut self.hire, &version, || Hire {
                day: Some(event.effective_date.unwrap_or_else(|| day_of(version.0))),
                seed: seed(&event.worker.profile),
            }),
            EventKind::HireCancelled => {
                newer(&mut self.hire, &version, || Hire { day: None, seed: None });
            }
            EventKind::Leave => newer(self.leave_register(&event), &version, || Leave {
                days: Some(LeaveDays {
                    effective: event.effective_date.unwrap_or_else(|| day_of(version.0)),
                    last_working: event.last_working_day,
                }),
                trust,
                reason: event.reason.clone(),
            }),
            EventKind::LeaveCancelled => {
                newer(&mut self.leave, &version, || Leave { days: None, trust, reason: None });
            }
        }
        let worker = event.worker;
        if let Some(email) = worker.email {
            newer(&mut self.email, &version, || email);
        }
        if let Some(zone) = worker.timezone {
            newer(&mut self.timezone, &version, || zone);
        }
        self.members.hear(&version, worker.profile);
    }

    fn leave_register(&mut self, event: &Event) -> &mut Option<Register<Leave>> {
        match event.reason.as_deref() {
            Some(Event::DELETED) => &mut self.deleted,
            _ => &mut self.leave,
        }
    }

    fn judged(&mut self, at: Timestamp, verdict: &Verdict<people_model::verdict::Receipt>) {
        match verdict {
            Verdict::Done { answer } => {
                let Some(Open { step, .. }) = self.open.take() else { return };
                self.tries = None;
                if !matches!(step.effect, Effect::Invite { .. } | Effect::CancelInvitation { .. }) {
                    self.attempted.clear();
                }
                if let Effect::Update | Effect::Restore | Effect::Suspend = step.effect {
                    self.acknowledged(&step.call);
                }
                match step.effect {
                    Effect::Create { address } => {
                        self.account = Some(answer.address.clone().unwrap_or(address));
                        self.created = true;
                        self.invitation = None;
                        self.offboarding = None;
                        self.suspended = false;
                    }
                    Effect::Schedule { address, at } => {
                        let address = answer.address.clone().unwrap_or(address);
                        self.account = Some(address.clone());
                        self.created = true;
                        self.invitation = None;
                        self.onboardings.extend(answer.workflow.clone());
                        let workflow = answer.workflow.clone();
                        self.onboarding = Some(Onboarding { address, at, workflow, ending: false });
                    }
                    Effect::Update => {}
                    Effect::Rename { address } => {
                        if let Some(renamed) = &mut self.renamed {
                            (renamed.at, renamed.done) = (at, true);
                        }
                        self.account = Some(answer.address.clone().unwrap_or(address));
                    }
                    Effect::Restore => self.restore(at),
                    Effect::Suspend => self.suspended = true,
                    Effect::Offboard => {
                        self.offboarding = Some(Offboarding { at, workflow: answer.workflow.clone() });
                    }
                    Effect::AbortOnboarding { .. } => self.aborted_onboarding(),
                    Effect::AbortOffboarding { .. } => self.restore(at),
                    Effect::Invite { .. } => {
                        if let Some(invitation) = &mut self.invitation {
                            invitation.sent = true;
                        }
                    }
                    Effect::CancelInvitation { .. } => self.invitation = None,
                }
            }
            Verdict::Again { after_s, .. } => {
                self.not_invited();
                self.open = None;
                self.tried(at, *after_s);
            }
            // The intent stays open: its outcome must be looked for.
            Verdict::Unknown { .. } => {
                self.unanswered();
                self.tried(at, None);
            }
            Verdict::Refused { why } => {
                self.not_invited();
                let Some(Open { step, .. }) = self.open.take() else { return };
                // Where it is absent an earlier try may have renamed it; else nothing was.
                if matches!(step.effect, Effect::Rename { .. }) && why.kind != WhyKind::Absent {
                    self.renamed = None;
                }
                match (&step.effect, why.kind) {
                    // Taken back already, or it has taken place: then the account is where it was asked for.
                    (Effect::AbortOnboarding { .. }, WhyKind::Absent) => {
                        self.attempted.extend(self.onboarding.as_ref().map(|o| o.address.clone()));
                        self.aborted_onboarding();
                    }
                    // It is over already: nothing to abort, and the look tells whether there is something to restore.
                    (Effect::AbortOffboarding { .. }, WhyKind::Absent) => {
                        self.offboarding = None;
                    }
                    // It does not stand any more, or was accepted meanwhile: the look tells.
                    (
                        Effect::CancelInvitation { .. },
                        WhyKind::Absent | WhyKind::BadRequest | WhyKind::Conflict,
                    ) => {
                        if let Some(invitation) = &mut self.invitation {
                            invitation.ending = Ending::Refused;
                        }
                    }
                    (
                        Effect::Create { address }
                        | Effect::Schedule { address, .. }
                        | Effect::Rename { address },
                        WhyKind::Conflict,
                    ) => {
                        self.taken.insert(address.clone());
                        self.tried(at, None);
                    }
                    // A nickname: it is there, as good as acknowledged, or something that no look shows is in its place.
                    (Effect::Update, WhyKind::Conflict) if step.call.api == Api::Gapps => {
                        self.acknowledged(&step.call);
                        self.tried(at, None);
                    }
                    // The user is gone since the look, or somebody else was faster: look again.
                    (_, WhyKind::Absent | WhyKind::Conflict) => self.tried(at, None),
                    _ => {
                        self.suspended &= step.effect != Effect::Suspend;
                        self.refused = Some((why.clone(), step));
                    }
                }
            }
        }
    }

    /// What a change has sent; one without a body is known by its name.
    fn acknowledged(&mut self, call: &Call) {
        match &call.body {
            Some(Value::Object(body)) => self.sent.extend(body.clone()),
            Some(_) => {}
            None => _ = self.sent.insert(call.op.clone().into_owned(), Value::Bool(true)),
        }
    }

    /// From here on these may have happened, whatever the answer says or whether there is one.
    fn intend(&mut self, at: Timestamp, effect: &Effect) {
        match effect {
            Effect::Invite { address, mails } => {
                let (address, mails) = (address.clone(), *mails);
                self.invitation = Some(Invitation { address, at, mails, sent: false, ending: Ending::No });
            }
            Effect::CancelInvitation { .. } => {
                if let Some(invitation) = &mut self.invitation {
                    invitation.ending = Ending::Asked;
                }
            }
            Effect::Restore | Effect::AbortOffboarding { .. } => self.restoring = true,
            Effect::Suspend => self.suspended = true,
            Effect::Rename { address: to } => {
                let from = self.account.clone().filter(|from| from != to);
                self.renamed = from.map(|from| Renamed { from, to: to.clone(), at, done: false });
            }
            Effect::AbortOnboarding { .. } => {
                if let Some(onboarding) = &mut self.onboarding {
                    onboarding.ending = true;
                }
            }
            _ => {}
        }
    }

    /// The answer to the open intent will not come any more.
    fn unanswered(&mut self) {
        if let Some(Open { step, .. }) = &self.open
            && let Effect::Create { address } | Effect::Schedule { address, .. } = &step.effect
        {
            self.attempted.insert(address.clone());
        }
    }

    /// What was to be done was not: if that is an invitation, there is none.
    fn not_invited(&mut self) {
        if let Some(Open { step: Step { effect: Effect::Invite { .. }, .. }, .. }) = &self.open {
            self.invitation = None;
        }
    }

    fn aborted_onboarding(&mut self) {
        if self.onboarding.take().is_some() {
            self.account = None;
            self.created = false;
        }
    }

    fn restore(&mut self, at: Timestamp) {
        self.offboarding = None;
        self.suspended = false;
        self.restoring = true;
        self.restored = Some(at);
    }

    fn tried(&mut self, at: Timestamp, after_s: Option<u32>) {
        again(&mut self.tries, at, after_s);
    }

    /// Whether there may be an account that is usable because of what was done here.
    pub fn may_have_made(&self) -> bool {
        self.created
            || self.restored.is_some()
            || self.open.is_some()
            || self.invitation.is_some()
            || !self.attempted.is_empty()
    }

    /// Whether a human has allowed what is held for this reason.
    pub fn allows(&self, why: &HeldWhy) -> bool {
        self.approved.iter().any(|approved| approved.same_question(why))
    }

    /// The names that an address is made of: those of the hire, else the latest known. `None`: nothing is known of the person.
    pub fn seed(&self) -> Option<Seed<'_>> {
        let hire = self.hire.as_ref().and_then(|hire| hire.value.seed.as_ref());
        let known = |name| self.members.get(name).map(|register| &register.value);
        let given = hire.and_then(|names| names.given.as_ref()).or_else(|| known(GIVEN));
        let family = hire.and_then(|names| names.family.as_ref()).or_else(|| known(FAMILY));
        let some = hire.is_some() || given.is_some() || family.is_some();
        some.then(|| Seed { given: given.and_then(Datum::as_str), family: family.and_then(Datum::as_str) })
    }
}

/// The names of a profile, if it says anything.
fn seed(profile: &Stated) -> Option<Names> {
    let name = |name| profile.get(name).cloned();
    (!profile.is_empty()).then(|| Names { given: name(GIVEN), family: name(FAMILY) })
}

/// The calendar day of a moment in UTC: what a hire or leave without a date means.
fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn again(tries: &mut Option<Tries>, at: Timestamp, after_s: Option<u32>) {
    let count = tries.map_or(0, |tries| tries.count).saturating_add(1);
    *tries = Some(Tries { count, last: at, after_s });
}
