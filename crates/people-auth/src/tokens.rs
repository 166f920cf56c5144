//! The cache of tokens: ask for a token, get one or be told to exchange. Synchronous and without I/O.

use std::collections::BTreeMap;

use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};

use crate::ask::{Ask, AskKey};
use crate::exchange::Token;

/// A token with this much life left or less is stale: still usable, better replaced. 225 seconds is the margin of
/// Google's Python and Java libraries.
pub const STALE_WITHIN: SignedDuration = SignedDuration::from_secs(225);

/// A token that is in use and has this much life left or less is replaced by whoever looks ahead, so that no asker ever finds it stale. It
/// is a minute more than [`STALE_WITHIN`]: time for a few tries. A metadata server has a new token only 240 to 300 s before the end of the
/// old one and gives the old one again until then; so a new token that is no better only means to try again later.
pub const AHEAD_WITHIN: SignedDuration = SignedDuration::from_secs(285);

/// Two different tokens for the same ask refused within this time are not bad luck but a configuration that does not
/// work.
pub const REJECTION_MEMORY: SignedDuration = SignedDuration::from_mins(5);

/// What the cache has to say to an ask.
#[derive(Debug, Clone)]
#[must_use]
pub enum Bearer {
    /// A token with more than [`STALE_WITHIN`] left. Use it.
    Fresh(Secret<String>),
    /// A valid token near its end. Use it, and see that somebody exchanges.
    Stale(Secret<String>),
    /// No valid token. Exchange first.
    Exchange,
}

/// What to do after an API refused a token with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Rejected {
    /// Ask again and repeat the call: the refused token is gone from the cache.
    Again,
    /// A freshly exchanged token was refused too. Repeating will not help: the API does not accept this account,
    /// these scopes or this subject, or the account was disabled.
    Configuration,
}

/// Tokens by subject and set of scopes. Never by scopes alone: a token of one user must not serve another.
///
/// There are as many entries as different asks were stored, which is a matter of configuration; nothing is evicted.
#[derive(Debug, Default)]
pub struct Tokens {
    slots: BTreeMap<AskKey, Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    token: Option<Token>,
    rejected_at: Option<Timestamp>,
}

impl Tokens {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token for `ask`, if there is one valid at `now`, and whether it should be replaced.
    pub fn bearer(&self, ask: &Ask, now: Timestamp) -> Bearer {
        let Some(token) = self.slots.get(ask.key()).and_then(|slot| slot.token.as_ref()) else {
            return Bearer::Exchange;
        };
        let left = token.left(now);
        if left > STALE_WITHIN {
            Bearer::Fresh(token.value().clone())
        } else if left > SignedDuration::ZERO {
            Bearer::Stale(token.value().clone())
        } else {
            Bearer::Exchange
        }
    }

    /// How long the token for `ask` is still valid, if there is one.
    pub fn left(&self, ask: &Ask, now: Timestamp) -> Option<SignedDuration> {
        Some(self.slots.get(ask.key())?.token.as_ref()?.left(now))
    }

    /// Keeps `token` for `ask` in place of the one before.
    pub fn store(&mut self, ask: &Ask, token: Token) {
        self.slots.entry(ask.key().clone()).or_default().token = Some(token);
    }

    /// Takes note that an API answered 401 to the token `value` at `now`.
    ///
    /// Drops this very token. If the cache meanwhile holds another one (somebody else was refused earlier and
    /// exchanged), nothing is dropped and the answer is [`Rejected::Again`]. A second token refused within
    /// [`REJECTION_MEMORY`] of the first is [`Rejected::Configuration`]; it is dropped too, so that the next ask
    /// starts anew once the cause is mended.
    pub fn reject(&mut self, ask: &Ask, value: &Secret<String>, now: Timestamp) -> Rejected {
        let Some(slot) = self.slots.get_mut(ask.key()) else { return Rejected::Again };
        if slot.token.as_ref().is_none_or(|token| token.value().expose() != value.expose()) {
            return Rejected::Again;
        }
        slot.token = None;
        match slot.rejected_at.replace(now) {
            Some(before) if before.duration_until(now).abs() <= REJECTION_MEMORY => Rejected::Configuration,
            _ => Rejected::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_323_045 + second).unwrap()
    }

    fn ask() -> Ask {
        Ask::new(["scope"]).unwrap()
    }

    fn holding(value: &str, expiry: i64) -> Tokens {
        let mut tokens = Tokens::new();
        tokens.store(&ask(), Token::new(value.into(), at(expiry)));
        tokens
    }

    #[test]
    fn boundaries() {
        let tokens = holding("t", 0);
        for (left, expected) in
            [(3600, "fresh"), (226, "fresh"), (225, "stale"), (1, "stale"), (0, "none"), (-1, "none")]
        {
            let found = match tokens.bearer(&ask(), at(-left)) {
                Bearer::Fresh(_) => "fresh",
                Bearer::Stale(_) => "stale",
                Bearer::Exchange => "none",
            };
            assert_eq!(found, expected, "{left} s left");
        }
    }

    #[test]
    fn a_token_serves_its_own_subject_and_scopes_only() {
        let tokens = holding("t", 3600);
        let other_scope = Ask::new(["scope", "more"]).unwrap();
        assert!(matches!(tokens.bearer(&ask().on_behalf_of("a@example.com"), at(0)), Bearer::Exchange));
        assert!(matches!(tokens.bearer(&other_scope, at(0)), Bearer::Exchange));
        assert!(matches!(tokens.bearer(&ask(), at(0)), Bearer::Fresh(_)));
    }

    #[test]
    fn a_refused_token_is_replaced_once() {
        let mut tokens = holding("one", 3600);
        assert_eq!(tokens.reject(&ask(), &"one".into(), at(10)), Rejected::Again);
        assert!(matches!(tokens.bearer(&ask(), at(10)), Bearer::Exchange));
        tokens.store(&ask(), Token::new("two".into(), at(3611)));
        assert_eq!(tokens.reject(&ask(), &"two".into(), at(12)), Rejected::Configuration);
        assert!(matches!(tokens.bearer(&ask(), at(12)), Bearer::Exchange));
    }

    #[test]
    fn a_late_refusal_does_not_hurt_the_newer_token() {
        let mut tokens = holding("one", 3600);
        assert_eq!(tokens.reject(&ask(), &"one".into(), at(10)), Rejected::Again);
        assert_eq!(tokens.reject(&ask(), &"one".into(), at(10)), Rejected::Again);
        tokens.store(&ask(), Token::new("two".into(), at(3611)));
        assert_eq!(tokens.reject(&ask(), &"one".into(), at(12)), Rejected::Again);
        assert!(matches!(tokens.bearer(&ask(), at(12)), Bearer::Fresh(_)));
    }

    #[test]
    fn a_refusal_long_after_another_starts_anew() {
        let mut tokens = holding("one", 3600);
        assert_eq!(tokens.reject(&ask(), &"one".into(), at(0)), Rejected::Again);
        tokens.store(&ask(), Token::new("two".into(), at(3600)));
        assert_eq!(tokens.reject(&ask(), &"two".into(), at(301)), Rejected::Again);
        tokens.store(&ask(), Token::new("three".into(), at(3900)));
        assert_eq!(tokens.reject(&ask(), &"three".into(), at(601)), Rejected::Configuration);
    }

    #[test]
    fn nothing_known_nothing_dropped() {
        assert_eq!(Tokens::new().reject(&ask(), &"one".into(), at(0)), Rejected::Again);
    }
}
