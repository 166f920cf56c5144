//! The one loop that does what the pure part says: read the log, decide, act, write, until nothing is left to do now.

use bytes::Bytes;
use http::{Request, Response};
use jiff::tz::TimeZone;
use people_auth::Signer;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{
    Domain, Entry, HeldWhy, Members, Outcome, PersonKey, SourceName, Step, Verdict, Why, WorkerId,
};

use super::ask::ask;
use super::bulk::Filing;
use super::{Next, Seen, Situation, State, goal, next};
use crate::host::{Host, Lost};
use crate::journal::{Appended, Journal, Mark, Status};
use crate::policy::Policy;
use crate::source::Dead;
use crate::target::ccai::Ccai;
use crate::target::{Answer, Sight, Target};
use crate::wire::Wires;

/// How long a person who is being driven is left alone by others. After a crash they are picked up again then.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// More moves than any sound plan takes; beyond it the rest is put off, so that a fault of ours cannot spin.
pub(super) const MOVES: usize = 200;

/// What can fetch a record: the configured sources.
pub trait Records {
    /// The request that answers a notice.
    fn request(&self, source: &SourceName, notice: &Members) -> Result<Request<Bytes>, Dead>;

    /// What the answer to that request says, as entries for the person's log.
    fn read(
        &self,
        person: &PersonKey,
        source: &SourceName,
        notice: &Members,
        answer: &Response<Bytes>,
        now: Timestamp,
    ) -> Vec<Entry>;

    /// The zone of people of this source whose zone nobody names.
    fn zone(&self, person: &PersonKey) -> TimeZone;
}

/// Everything that driving takes.
pub struct Drive<'a, H, J, T, S, R> {
    /// The machine.
    pub host: &'a H,
    /// The journal.
    pub journal: &'a J,
    /// The target.
    pub target: &'a T,
    /// The ways to all APIs.
    pub wires: &'a Wires<S>,
    /// The sources.
    pub records: &'a R,
    /// The tenant.
    pub domain: &'a Domain,
    /// What the operator decided.
    pub policy: &'a Policy,
    /// `[ccai]`, and the batch that rows join, where people are filed in bulk.
    pub ccai: Option<(&'a Ccai, &'a Filing)>,
}

/// Where driving a person stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Nothing before that moment.
    Wait(Timestamp),
    /// A human must decide.
    Held,
    /// The target agrees.
    Over(Outcome),
    /// Somebody else is driving this person.
    Raced,
}

/// The log as it was read, and what has been written since.
pub(super) struct Run<'p> {
    person: &'p PersonKey,
    pub(super) state: State,
    pub(super) seen: Seen,
    /// The mark that stands in the journal, if this run has written one.
    marked: Option<Mark>,
    /// How it ended, where what was written last says that it has: what was seen is not asked again at a later time.
    over: Option<Stop>,
}

impl<'p> Run<'p> {
    /// A run that has seen nothing yet.
    pub(super) fn new(person: &'p PersonKey, state: State) -> Self {
        Self { person, state, seen: Seen::default(), marked: None, over: None }
    }
}

impl<H, J, T, S, R> Drive<'_, H, J, T, S, R>
where
    H: Host,
    J: Journal,
    T: Target,
    S: Signer,
    R: Records,
{
    /// Drives one person until there is nothing to do now.
    pub async fn run(&self, person: &PersonKey) -> Result<Stop, J::Error> {
        let log = self.journal.read(person).await?;
        let mut run = Run::new(person, State::fold(log));
        for _ in 0..MOVES {
            let now = self.host.now();
            match self.decide(&run, now) {
                Next::Wait(until) => return self.rest(&mut run, until).await,
                Next::Held { due } => {
                    let note = run.state.held.as_ref().map(ToString::to_string).unwrap_or_default();
                    return self.stop(&mut run, Stop::Held, mark(due, Status::Held, note)).await;
                }
                Next::Over { outcome, due } => {
                    let mut mark = standing(due, outcome, &run.state);
                    mark.waits_for = self.missing_colleague(&run);
                    return self.stop(&mut run, Stop::Over(outcome), mark).await;
                }
                Next::Colleague(worker) => self.colleague(&mut run, worker).await?,
                Next::Permit => {
                    let limits = self.policy.breaker.limits();
                    run.seen.permit = Some(self.journal.permit(person, now, &limits).await?);
                }
                // Never asked for where the program is built without it.
                #[cfg(not(feature = "ccai"))]
                Next::File { .. } | Next::Join { .. } => return self.rest(&mut run, now).await,
                #[cfg(feature = "ccai")]
                Next::File { batch, row } => {
                    let Some((ccai, filing)) = self.ccai else { return self.rest(&mut run, now).await };
                    let (window, most) = (ccai.window.get(), ccai.rows);
                    let batch = match batch {
                        Some(batch) => batch,
                        None => filing.pick(self.journal, self.domain, now, window, most).await?,
                    };
                    run.seen.joining = None;
                    if !self.write(&mut run, super::bulk::filed(now, batch, row)).await? {
                        return Ok(Stop::Raced);
                    }
                }
                #[cfg(feature = "ccai")]
                Next::Join { batch, row } => {
                    let Some((ccai, filing)) = self.ccai else { return self.rest(&mut run, now).await };
                    let joined = filing.join(self.journal, &batch, person, &row, ccai.rows, now).await?;
                    run.seen.joining = Some(joined);
                }
                Next::Claim(address) => {
                    let holder = self.journal.claim(&address, person, false, now).await?;
                    run.seen.claims.insert(address, holder == *person);
                }
                Next::Adopt { address, chosen } => {
                    let holder = self.journal.claim(&address, person, chosen, now).await?;
                    run.seen.claims.insert(address.clone(), holder == *person);
                    if holder == *person && !self.write(&mut run, Entry::Adopted { at: now, address }).await?
                    {
                        return Ok(Stop::Raced);
                    }
                }
                Next::Write(entry) => {
                    if !self.write(&mut run, entry).await? {
                        return Ok(Stop::Raced);
                    }
                    if let Some(stop) = run.over {
                        return Ok(stop);
                    }
                }
                Next::Look(sight) => {
                    match shown(&sight, ask(self.wires, self.host, &self.target.look(&sight)).await) {
                        Ok(profile) => {
                            run.seen.sights.insert(sight, profile);
                        }
                        Err(verdict) => {
                            if !self.write(&mut run, stalled(now, verdict)).await? {
                                return Ok(Stop::Raced);
                            }
                        }
                    }
                }
                Next::Fetch(notice) => {
                    let entries = self.fetch(person, &notice.source, &notice.notice, now).await;
                    if !self.write_all(&mut run, &entries).await? {
                        return Ok(Stop::Raced);
                    }
                }
                Next::Send(step) => {
                    if !self.send(&mut run, step, now).await? {
                        return Ok(Stop::Raced);
                    }
                }
            }
        }
        let until = self.host.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        self.rest(&mut run, until).await
    }

    /// Writes the intent, sends, writes what came of it. What was seen is stale from then on.
    async fn send(&self, run: &mut Run<'_>, step: Step, now: Timestamp) -> Result<bool, J::Error> {
        let call = step.call.clone();
        if !self.write(run, Entry::Intended { at: now, step }).await? {
            return Ok(false);
        }
        let verdict = ask(self.wires, self.host, &call).await;
        let verdict = verdict.map(|answer| self.target.receipt(&call, &answer));
        run.seen = Seen { claims: std::mem::take(&mut run.seen.claims), ..Seen::default() };
        let judged = Entry::Judged { at: self.host.now(), verdict };
        // What has happened stands, whatever was heard meanwhile.
        while !self.write(run, judged.clone()).await? {
            let log = self.journal.read(run.person).await?;
            let ours = |entry: &Entry| matches!(entry, Entry::Intended { at, .. } if *at == now);
            let open =
                log.iter().rposition(|entry| matches!(entry, Entry::Intended { .. } | Entry::Judged { .. }));
            if !open.and_then(|n| log.get(n)).is_some_and(ours) {
                return Ok(false);
            }
            run.state = State::fold(log);
        }
        Ok(true)
    }

    async fn colleague(&self, run: &mut Run<'_>, worker: WorkerId) -> Result<(), J::Error> {
        let account = self.journal.account(&run.person.colleague(worker.clone())).await?;
        run.seen.colleagues.insert(worker, account);
        Ok(())
    }

    fn missing_colleague(&self, run: &Run<'_>) -> Option<PersonKey> {
        let missing = run.seen.colleagues.iter().find(|(_, address)| address.is_none());
        missing.map(|(worker, _)| run.person.colleague(worker.clone()))
    }

    async fn write(&self, run: &mut Run<'_>, entry: Entry) -> Result<bool, J::Error> {
        self.write_all(run, std::slice::from_ref(&entry)).await
    }

    /// Appends and folds. `false`: the log has grown meanwhile, and nothing was written.
    async fn write_all(&self, run: &mut Run<'_>, entries: &[Entry]) -> Result<bool, J::Error> {
        let at = run.state.len;
        let mut state = run.state.clone();
        for entry in entries {
            state.apply(entry);
        }
        let due = self.host.now().saturating_add(LEASE).ok();
        let mut mark = match entries.last() {
            Some(Entry::Held { why, .. }) => mark(None, Status::Held, why.to_string()),
            Some(Entry::Settled { outcome, .. }) => standing(due, *outcome, &state),
            Some(Entry::Stalled { why, .. } | Entry::Unfetched { why, .. }) => {
                mark(due, Status::Working, why.to_string())
            }
            Some(Entry::Judged { verdict, .. }) => {
                mark(due, Status::Working, verdict.why().map(ToString::to_string).unwrap_or_default())
            }
            Some(Entry::Intended { step, .. }) => mark(due, Status::Working, step.effect.as_str().to_owned()),
            _ => mark(due, Status::Working, String::new()),
        };
        let mut over = None;
        if let Some(Entry::Settled { .. } | Entry::Held { .. }) = entries.last() {
            if mark.status != Status::Held {
                mark.waits_for = self.missing_colleague(run);
            }
            let probe = Run {
                person: run.person,
                state: state.clone(),
                seen: run.seen.clone(),
                marked: None,
                over: None,
            };
            match self.decide(&probe, self.host.now()) {
                Next::Over { due, outcome } => {
                    mark.due = due;
                    over = Some(Stop::Over(outcome));
                }
                Next::Held { due } => {
                    mark.due = due;
                    over = Some(Stop::Held);
                }
                _ => {}
            }
        }
        match self.journal.append(run.person, at, entries, &mark).await? {
            Appended::Done => {
                run.state = state;
                run.marked = Some(mark);
                run.over = over;
                Ok(true)
            }
            Appended::Raced => Ok(false),
        }
    }

    async fn rest(&self, run: &mut Run<'_>, until: Timestamp) -> Result<Stop, J::Error> {
        let note = run.marked.as_ref().map(|mark| mark.note.clone());
        let note = note.unwrap_or_else(|| "waits to try again".to_owned());
        self.stop(run, Stop::Wait(until), mark(Some(until), Status::Working, note)).await
    }

    /// Leaves the person marked as they are, writing only where the journal says something else.
    async fn stop(&self, run: &mut Run<'_>, stop: Stop, mark: Mark) -> Result<Stop, J::Error> {
        if run.marked.as_ref() == Some(&mark) {
            return Ok(stop);
        }
        match self.journal.append(run.person, run.state.len, &[], &mark).await? {
            Appended::Done => Ok(stop),
            Appended::Raced => Ok(Stop::Raced),
        }
    }
}

impl<H, J, T, S, R> Drive<'_, H, J, T, S, R>
where
    H: Host,
    T: Target,
    S: Signer,
    R: Records,
{
    /// The next move.
    pub(super) fn decide(&self, run: &Run<'_>, now: Timestamp) -> Next {
        let zone = self.records.zone(run.person);
        let goal_at = |at| goal(&run.state, self.policy, &zone, at);
        let goal = goal_at(now);
        // A pause ends when HR wants something else than at its beginning: a question must not keep a leaver in.
        let over = run.state.paused.is_some_and(|since| goal_at(since).wanted != goal.wanted)
            || run.state.reconsidered().is_some_and(|at| at <= now);
        let resumed = over.then(|| run.state.resumed());
        let situation = Situation {
            domain: self.domain,
            person: run.person,
            state: resumed.as_ref().unwrap_or(&run.state),
            goal: &goal,
            policy: self.policy,
            ccai: self.ccai.map(|(ccai, _)| ccai),
            now,
        };
        next(&situation, &run.seen, self.target)
    }

    /// Fetches the record of a notice; the entries that follow from it.
    pub(super) async fn fetch(
        &self,
        person: &PersonKey,
        source: &SourceName,
        notice: &Members,
        now: Timestamp,
    ) -> Vec<Entry> {
        let unfetched = |why| vec![Entry::Unfetched { at: now, after_s: None, why }];
        let request = match self.records.request(source, notice) {
            Ok(request) => request,
            Err(dead) => {
                let why = HeldWhy::Unusable { problem: dead.to_string() };
                return vec![Entry::Held { at: now, why, steps: Vec::new() }];
            }
        };
        match self.host.send(request).await {
            Ok(answer) => self.records.read(person, source, notice, &answer, now),
            Err(Lost::NeverLeft(detail)) => unfetched(Why::new(WhyKind::NotSent).detail(detail)),
            Err(Lost::Unanswered(detail)) => unfetched(Why::new(WhyKind::Unanswered).detail(detail)),
        }
    }
}

/// What a look shows, or why it shows nothing.
pub(super) fn shown(sight: &Sight, verdict: Verdict<Answer>) -> Result<Option<Members>, Verdict<Answer>> {
    match verdict {
        Verdict::Done { answer: Answer(serde_json::Value::Object(profile)) } => Ok(Some(profile)),
        Verdict::Refused { why } if why.kind == WhyKind::Absent => Ok(None),
        Verdict::Refused { .. } if sight.may_be_refused() => Ok(None),
        verdict => Err(verdict),
    }
}

fn mark(due: Option<Timestamp>, status: Status, note: String) -> Mark {
    Mark { due, status, note, waits_for: None }
}

/// The mark of an outcome. While a row's result is not known, the person's events stay open, so that it can still be asked about.
fn standing(due: Option<Timestamp>, outcome: Outcome, state: &State) -> Mark {
    match &state.bulk.pending {
        Some(_) => mark(due, Status::Waiting, format!("{outcome}; in a bulk file")),
        None => mark(due, status(outcome), outcome.to_string()),
    }
}

/// How far an outcome is: over, or over until a date.
fn status(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Waiting { .. }
        | Outcome::Scheduled { .. }
        | Outcome::Expected { .. }
        | Outcome::Invited { .. } => Status::Waiting,
        _ => Status::Settled,
    }
}

pub(super) fn stalled(at: Timestamp, verdict: Verdict<Answer>) -> Entry {
    let (after_s, why) = match verdict {
        Verdict::Again { after_s, why } => (after_s, why),
        Verdict::Unknown { why } | Verdict::Refused { why } => (None, why),
        Verdict::Done { .. } => (None, Why::new(WhyKind::BadAnswer).detail("a look that shows no profile")),
    };
    Entry::Stalled { at, after_s, why }
}
