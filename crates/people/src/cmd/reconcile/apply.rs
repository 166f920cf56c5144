//! A roster into the journal, and its people driven until each is settled, held or waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use people_core::engine::{State, Stop};
use people_core::host::Host;
use people_core::journal::Journal;
use people_model::PersonKey;
use people_model::time::SignedDuration;

use super::roster::Roster;
use super::words::question;
use crate::cmd::bulk::{bar, pause};
use crate::exit::Fail;
use crate::load::NativeBridge;
use crate::store::StoreError;

/// How long the key of the roster's delivery is kept. It is never used again.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// How long a person's waits are sat through, all together.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// A pause after somebody else was faster: a server that runs beside.
const ASIDE: SignedDuration = SignedDuration::from_millis(200);

/// How often people are driven who are due again since somebody else's account is there: as many levels of managers.
const ROUNDS: usize = 12;

/// How it ended for a person.
pub(super) struct Done {
    pub(super) end: End,
    /// Without personal data.
    pub(super) text: String,
}

/// Where a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The directory agrees, for now.
    Settled,
    /// A human must decide.
    Held,
    /// It is gone on with later.
    Waiting,
}

impl End {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Held => "held",
            Self::Waiting => "waiting",
        }
    }
}

/// Accepts the roster and drives its people. Whatever breaks it off: what was accepted is durable, and a server goes on with it.
pub(super) async fn apply(bridge: &NativeBridge, roster: &Roster) -> Result<BTreeMap<PersonKey, Done>, Fail> {
    for (key, delivery) in &roster.deliveries {
        bridge.journal.accept(delivery, key, KEPT).await?;
    }
    // With all that was accepted before: what is known counts.
    while bridge.sort().await? > 0 {}
    let mut done = BTreeMap::new();
    let mut due: Vec<PersonKey> = roster.people.iter().map(|person| person.key.clone()).collect();
    for _ in 0..ROUNDS {
        let bar = bar(due.len() as u64).with_message("applying");
        let drives = stream::iter(&due).map(async |person| {
            let end = drive(bridge, person).await?;
            bar.inc(1);
            Ok::<_, StoreError>((person.clone(), end))
        });
        let ends: Vec<_> = drives.buffer_unordered(bridge.config.server.concurrency).collect().await;
        bar.finish_and_clear();
        done.extend(ends.into_iter().collect::<Result<Vec<_>, _>>()?);
        due = woken(bridge, &done).await?;
        if due.is_empty() {
            break;
        }
    }
    Ok(done)
}

/// Those who are settled and due all the same: the manager they waited for has an account now.
async fn woken(
    bridge: &NativeBridge,
    done: &BTreeMap<PersonKey, Done>,
) -> Result<Vec<PersonKey>, StoreError> {
    let mut woken = Vec::new();
    for (person, _) in done.iter().filter(|(_, done)| done.end == End::Settled) {
        if bridge.journal.due_of(person).await?.is_some_and(|due| due <= bridge.host.now()) {
            woken.push(person.clone());
        }
    }
    Ok(woken)
}

async fn drive(bridge: &NativeBridge, person: &PersonKey) -> Result<Done, StoreError> {
    let mut waited = SignedDuration::ZERO;
    loop {
        let (rest, until) = match bridge.drive(person).await? {
            Stop::Over(outcome) => return Ok(Done { end: End::Settled, text: outcome.to_string() }),
            Stop::Held => {
                let held = State::fold(bridge.journal.read(person).await?).held;
                let text = held.map_or_else(|| "held".into(), |why| format!("{}: {why}", question(&why)));
                return Ok(Done { end: End::Held, text });
            }
            Stop::Raced => (ASIDE, None),
            Stop::Wait(until) => (bridge.host.now().duration_until(until), Some(until)),
        };
        let rest = rest.max(SignedDuration::from_millis(1));
        waited = waited.saturating_add(rest);
        if waited > PATIENCE {
            let text = match until {
                Some(until) => {
                    format!("waits until {until}: what was tried last failed or its answer was lost")
                }
                None => "a server that runs beside is at it".to_owned(),
            };
            return Ok(Done { end: End::Waiting, text });
        }
        pause(Duration::try_from(rest).unwrap_or_default()).await;
    }
}
