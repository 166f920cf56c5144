//! One exchange at a time for each kind of token, however many ask. No timer, no task, no runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_lock::OnceCell;
use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};

use crate::ask::{Ask, AskKey};
use crate::exchange::Token;
use crate::tokens::{AHEAD_WITHIN, Bearer, Rejected, Tokens};

/// After an exchange that failed or gave no better token, how long the one at hand is given out without trying again.
pub const RETRY_STALE_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// [`Tokens`] for many askers at once. `E` is what an exchange may fail with.
///
/// For each subject and set of scopes at most one exchange runs; it runs inside the future of one of the askers,
/// and the others wait for its outcome. A failure is told to all who waited for that exchange and is not remembered
/// beyond it: the next asker exchanges anew. If the asker that exchanges gives up (its future is dropped), one of
/// those waiting takes over. An exchange that never ends holds them all up, so give it a time limit.
///
/// While a token is stale, one asker exchanges and the others get the stale token at once. If that exchange fails,
/// the stale token serves on until its end, with a new attempt every [`RETRY_STALE_AFTER`]; only then does the
/// failure show. Where a host calls [`look_ahead`](Self::look_ahead) now and then, tokens in use are replaced before they are stale, and no
/// asker ever waits for a refresh.
#[derive(Debug)]
pub struct SharedTokens<E> {
    state: Mutex<State<E>>,
}

#[derive(Debug)]
struct State<E> {
    tokens: Tokens,
    /// Exchanges that may be under way. Weak: one that nobody waits for any more is over.
    flights: BTreeMap<AskKey, Weak<Flight<E>>>,
    /// When the last exchange failed or gave no better token, if it did; it counts while there is a token to go on with.
    rest: BTreeMap<AskKey, Timestamp>,
    /// What was asked for since it was last looked ahead for.
    used: BTreeSet<AskKey>,
}

/// One exchange: empty while it runs, then its outcome.
type Flight<E> = OnceCell<Result<Secret<String>, E>>;

/// How an asker comes to a token.
enum Boarding<E> {
    Ready(Secret<String>),
    /// Take part in an exchange. `spare` is a stale token in case it fails.
    Fly {
        flight: Arc<Flight<E>>,
        spare: Option<Secret<String>>,
    },
}

impl<E> Default for SharedTokens<E> {
    fn default() -> Self {
        let state = State {
            tokens: Tokens::new(),
            flights: BTreeMap::new(),
            rest: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        Self { state: Mutex::new(state) }
    }
}

impl<E: Clone> SharedTokens<E> {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token for `ask` that is valid at `now`: from the cache, or by `exchange`, or by the exchange of another
    /// asker.
    ///
    /// `exchange` is called at most once, and not at all when somebody else's outcome serves. The future is `Send`
    /// when that of `exchange` and `E` are.
    ///
    /// # Errors
    /// What `exchange` failed with, be it this asker's or the one waited for.
    pub async fn get<F>(&self, ask: &Ask, now: Timestamp, exchange: F) -> Result<Secret<String>, E>
    where
        F: AsyncFnOnce(&Ask) -> Result<Token, E>,
    {
        let (flight, spare) = match self.board(ask, now) {
            Boarding::Ready(token) => return Ok(token),
            Boarding::Fly { flight, spare } => (flight, spare),
        };
        match (self.fly(&flight, ask, now, exchange).await, spare) {
            (Ok(token), _) => Ok(token),
            (Err(_), Some(stale)) => Ok(stale),
            (Err(error), None) => Err(error),
        }
    }

    /// Exchanges ahead of time, if the token for `ask` is in use, has [`AHEAD_WITHIN`] or less left, and nobody exchanges already. For a host to
    /// call every few seconds beside its work; `true` says that it exchanged.
    ///
    /// # Errors
    /// What `exchange` failed with. Nobody else hears of it: the token at hand serves on.
    pub async fn look_ahead<F>(&self, ask: &Ask, now: Timestamp, exchange: F) -> Result<bool, E>
    where
        F: AsyncFnOnce(&Ask) -> Result<Token, E>,
    {
        let flight = {
            let mut state = self.state();
            let due = state
                .tokens
                .left(ask, now)
                .is_some_and(|left| left <= AHEAD_WITHIN && left > SignedDuration::ZERO);
            if !due || state.running(ask).is_some() || state.rests(ask, now) || !state.used.remove(ask.key())
            {
                return Ok(false);
            }
            state.launch(ask)
        };
        self.fly(&flight, ask, now, exchange).await.map(|_| true)
    }

    /// Takes part in an exchange.
    async fn fly<F>(
        &self,
        flight: &Flight<E>,
        ask: &Ask,
        now: Timestamp,
        exchange: F,
    ) -> Result<Secret<String>, E>
    where
        F: AsyncFnOnce(&Ask) -> Result<Token, E>,
    {
        let landed = flight
            .get_or_init(async || {
                let outcome = exchange(ask).await;
                self.land(ask, now, outcome)
            })
            .await;
        landed.clone()
    }

    /// Takes note that an API answered 401 to the token `value` at `now`; see [`Tokens::reject`].
    pub fn reject(&self, ask: &Ask, value: &Secret<String>, now: Timestamp) -> Rejected {
        self.state().tokens.reject(ask, value, now)
    }

    /// Decides, under the lock and without waiting, how this asker comes to a token.
    fn board(&self, ask: &Ask, now: Timestamp) -> Boarding<E> {
        let mut state = self.state();
        if !state.used.contains(ask.key()) {
            state.used.insert(ask.key().clone());
        }
        let spare = match state.tokens.bearer(ask, now) {
            Bearer::Fresh(token) => return Boarding::Ready(token),
            Bearer::Stale(token) => Some(token),
            Bearer::Exchange => None,
        };
        let running = state.running(ask);
        match (spare, running) {
            (Some(stale), Some(_)) => Boarding::Ready(stale),
            (Some(stale), None) if state.rests(ask, now) => Boarding::Ready(stale),
            (None, Some(flight)) => Boarding::Fly { flight, spare: None },
            (spare, None) => {
                let flight = state.launch(ask);
                Boarding::Fly { flight, spare }
            }
        }
    }

    /// Keeps the outcome of an exchange, before anybody waiting for it wakes up.
    fn land(&self, ask: &Ask, now: Timestamp, outcome: Result<Token, E>) -> Result<Secret<String>, E> {
        let mut state = self.state();
        match outcome {
            Ok(token) => {
                let value = token.value().clone();
                let better = state.tokens.left(ask, now).is_none_or(|before| token.left(now) > before);
                state.tokens.store(ask, token);
                if better {
                    state.rest.remove(ask.key());
                } else {
                    state.rest.insert(ask.key().clone(), now);
                }
                Ok(value)
            }
            Err(error) => {
                state.rest.insert(ask.key().clone(), now);
                Err(error)
            }
        }
    }

    /// The lock is never held across an await, and a panic elsewhere leaves nothing half-done behind it.
    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> State<E> {
    /// The exchange that is under way.
    fn running(&self, ask: &Ask) -> Option<Arc<Flight<E>>> {
        self.flights.get(ask.key()).and_then(Weak::upgrade).filter(|flight| !flight.is_initialized())
    }

    /// Whether the last exchange in vain is so recent that a token at hand is given out without another one.
    fn rests(&self, ask: &Ask, now: Timestamp) -> bool {
        self.rest.get(ask.key()).is_some_and(|at| at.duration_until(now).abs() < RETRY_STALE_AFTER)
    }

    fn launch(&mut self, ask: &Ask) -> Arc<Flight<E>> {
        let flight = Arc::new(Flight::new());
        self.flights.insert(ask.key().clone(), Arc::downgrade(&flight));
        flight
    }
}
