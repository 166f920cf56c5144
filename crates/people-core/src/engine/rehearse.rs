//! What would be done about a person, found out without doing it: the looks, the token and the retries are those of [`drive`](super::drive), and what
//! would be written or sent is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use people_auth::Signer;
use people_model::time::{SignedDuration, Timestamp};
use people_model::verdict::WhyKind;
use people_model::{Email, Entry, HeldWhy, Outcome, PersonKey, Safety, Step, Why};

use super::ask::ask;
use super::drive::{MOVES, Records, Run, shown, stalled};
use super::{Drive, Next, State};
use crate::host::Host;
use crate::journal::{Breaker, Peek, Permit};
use crate::target::Target;

/// How often a look that fails is taken.
const LOOKS: u32 = 4;

/// The longest pause between two looks that is waited for.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// After so many people in a row who could not be looked at nobody is waited for any more.
const HOPELESS: u32 = 8;

/// What would be done next about a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Would {
    /// This would be sent; what follows is decided once it is done.
    Send(Step),
    /// A row would be filed in bulk.
    File,
    /// A human would be asked before these steps.
    Hold(HeldWhy, Vec<Step>),
    /// Nothing: the target agrees.
    Nothing(Outcome),
    /// Nothing before that moment: what was tried last has failed, or its answer was lost.
    Wait(Timestamp),
    /// It is not known: a look failed.
    Unknown(Why),
}

/// What the people of one rehearsal take from one another: addresses, and the breaker's room. In memory, and gone with it.
#[derive(Debug, Default)]
pub struct Stage(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    addresses: BTreeMap<Email, PersonKey>,
    accounts: BTreeMap<PersonKey, Email>,
    leavers: BTreeSet<PersonKey>,
    /// How many accounts would be known that were not.
    found: u32,
    /// People in a row who could not be looked at.
    failures: u32,
}

impl Stage {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the person would get the address. `holder` is who has it by the journal.
    fn claim(&self, address: &Email, person: &PersonKey, force: bool, holder: Option<PersonKey>) -> bool {
        let mut taken = self.taken();
        let holder = taken.addresses.get(address).cloned().or(holder);
        match holder {
            Some(holder) if holder != *person && !force => return false,
            Some(_) => {}
            None => taken.found = taken.found.saturating_add(u32::from(!taken.accounts.contains_key(person))),
        }
        taken.addresses.insert(address.clone(), person.clone());
        taken.accounts.insert(person.clone(), address.clone());
        true
    }
}

impl<H, J, T, S, R> Drive<'_, H, J, T, S, R>
where
    H: Host,
    J: Peek,
    T: Target,
    S: Signer,
    R: Records,
{
    /// What would be done next about a person once `heard` is in their log. Writes nothing, and sends nothing but looks and fetches.
    pub async fn rehearse(
        &self,
        person: &PersonKey,
        heard: &[Entry],
        stage: &Stage,
    ) -> Result<Would, J::Error> {
        let log = self.journal.read(person).await?;
        let mut run = Run::new(person, State::fold(log.into_iter().chain(heard.iter().cloned())));
        let mut failed: Option<Why> = None;
        let mut pauses = 0;
        for _ in 0..MOVES {
            let now = self.host.now();
            match self.decide(&run, now) {
                Next::Look(sight) => {
                    let look = self.target.look(&sight);
                    if look.safety != Safety::Read {
                        return Ok(Would::Unknown(unsent("a look that is not only a look")));
                    }
                    match shown(&sight, ask(self.wires, self.host, &look).await) {
                        Ok(profile) => {
                            stage.taken().failures = 0;
                            failed = None;
                            run.seen.sights.insert(sight, profile);
                        }
                        Err(verdict) => {
                            failed = verdict.why().cloned().or(failed);
                            run.state.apply(&stalled(now, verdict));
                        }
                    }
                }
                Next::Fetch(notice) => {
                    let request = self.records.request(&notice.source, &notice.notice);
                    if request.is_ok_and(|request| request.method() != http::Method::GET) {
                        return Ok(Would::Unknown(unsent("a fetch that is not only a look")));
                    }
                    for entry in self.fetch(person, &notice.source, &notice.notice, now).await {
                        match entry {
                            Entry::Held { why, steps, .. } => return Ok(Would::Hold(why, steps)),
                            Entry::Unfetched { ref why, .. } => failed = Some(why.clone()),
                            _ => failed = None,
                        }
                        run.state.apply(&entry);
                    }
                }
                Next::Claim(address) => {
                    let holder = self.journal.holder(&address).await?;
                    let ours = stage.claim(&address, person, false, holder);
                    run.seen.claims.insert(address, ours);
                }
                Next::Adopt { address, chosen } => {
                    let holder = self.journal.holder(&address).await?;
                    let ours = stage.claim(&address, person, chosen, holder);
                    run.seen.claims.insert(address.clone(), ours);
                    if ours {
                        run.state.apply(&Entry::Adopted { at: now, address });
                    }
                }
                Next::Colleague(worker) => {
                    let colleague = person.colleague(worker.clone());
                    let staged = stage.taken().accounts.get(&colleague).cloned();
                    let account = match staged {
                        Some(account) => Some(account),
                        None => self.journal.account(&colleague).await?,
                    };
                    run.seen.colleagues.insert(worker, account);
                }
                Next::Permit => {
                    let breaker = self.policy.breaker.limits();
                    run.seen.permit = Some(self.permit(person, now, &breaker, stage).await?);
                }
                Next::Write(Entry::Held { why, steps, .. }) => return Ok(Would::Hold(why, steps)),
                Next::Write(entry) => run.state.apply(&entry),
                Next::Send(step) => return Ok(Would::Send(step)),
                Next::File { .. } | Next::Join { .. } => return Ok(Would::File),
                Next::Over { outcome, .. } => return Ok(Would::Nothing(outcome)),
                Next::Held { .. } => {
                    // A state that is held says why.
                    let why = run.state.held.take().unwrap_or(HeldWhy::Uncertain);
                    return Ok(Would::Hold(why, Vec::new()));
                }
                Next::Wait(until) => {
                    let pause = now.duration_until(until);
                    let hopeless = stage.taken().failures >= HOPELESS;
                    pauses += 1;
                    if !hopeless && pauses < LOOKS && pause <= PATIENCE && self.host.wait(pause).await {
                        continue;
                    }
                    return Ok(match failed {
                        Some(why) => {
                            stage.taken().failures += 1;
                            Would::Unknown(why)
                        }
                        None => Would::Wait(until),
                    });
                }
            }
        }
        Ok(Would::Unknown(unsent("more moves than any sound plan takes")))
    }

    async fn permit(
        &self,
        person: &PersonKey,
        now: Timestamp,
        breaker: &Breaker,
        stage: &Stage,
    ) -> Result<Permit, J::Error> {
        let permits = self.journal.permits(person, now, breaker).await?;
        let mut taken = stage.taken();
        if permits.counts || taken.leavers.contains(person) {
            return Ok(Permit::Granted);
        }
        let staged = u32::try_from(taken.leavers.len()).unwrap_or(u32::MAX);
        let count = permits.count.saturating_add(staged);
        let limit = breaker.limit(permits.known.saturating_add(taken.found));
        if count >= limit {
            return Ok(Permit::Tripped { count, limit });
        }
        taken.leavers.insert(person.clone());
        Ok(Permit::Granted)
    }
}

fn unsent(detail: &'static str) -> Why {
    Why::new(WhyKind::NotSent).detail(detail)
}
