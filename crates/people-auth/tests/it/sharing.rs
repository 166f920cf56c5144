//! Many askers, one exchange.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::{join_all, poll_immediate};
use people_auth::shared::RETRY_STALE_AFTER;
use people_auth::tokens::AHEAD_WITHIN;
use people_auth::{Ask, Rejected, SharedTokens, Token, TokenError};
use people_model::time::{SignedDuration, Timestamp};

use crate::support::now;

type Shared = SharedTokens<TokenError>;

const BUSY: TokenError = TokenError::Retry { status: 503, after: None };

fn ask() -> Ask {
    Ask::new(["scope"]).unwrap()
}

fn at(second: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_secs(second)).unwrap()
}

fn token(value: &str, expiry: i64) -> Token {
    Token::new(value.into(), at(expiry))
}

/// A cache that holds a token with `left` seconds to live.
async fn holding(value: &str, left: i64) -> Shared {
    let shared = Shared::new();
    shared.get(&ask(), now(), async |_| Ok(token(value, left))).await.unwrap();
    shared
}

/// What `get` gives when an exchange must not happen.
async fn cached(shared: &Shared, now: Timestamp) -> String {
    shared.get(&ask(), now, async |_| panic!("no exchange was due")).await.unwrap().expose().clone()
}

#[tokio::test]
async fn ten_thousand_askers_cause_one_exchange() {
    let (shared, count, ask) = (Shared::new(), AtomicUsize::new(0), ask());
    let asking = (0..10_000).map(|_| {
        shared.get(&ask, now(), async |_| {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(token("one", 3600))
        })
    });
    let outcomes = join_all(asking).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().expose() == "one"));
    assert_eq!(count.into_inner(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[expect(clippy::disallowed_methods, reason = "real threads are what is tested")]
async fn and_so_they_do_on_several_threads() {
    let shared = std::sync::Arc::new((Shared::new(), AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            let shared = shared.clone();
            tokio::spawn(async move {
                let exchange = async |_: &Ask| {
                    shared.1.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok(token("one", 3600))
                };
                shared.0.get(&ask(), now(), exchange).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().expose(), "one");
    }
    assert_eq!(shared.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn ten_thousand_askers_share_one_failure_and_the_next_tries_again() {
    let (shared, count, ask) = (Shared::new(), AtomicUsize::new(0), ask());
    let asking = (0..10_000).map(|_| {
        shared.get(&ask, now(), async |_| {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(BUSY)
        })
    });
    let outcomes = join_all(asking).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap_err() == BUSY));
    assert_eq!(count.into_inner(), 1);

    let outcome = shared.get(&ask, now(), async |_| Ok(token("two", 3600))).await;
    assert_eq!(outcome.unwrap().expose(), "two");
}

#[tokio::test]
async fn different_asks_do_not_wait_for_each_other() {
    let (shared, ada, bob) =
        (Shared::new(), ask().on_behalf_of("ada@example.com"), ask().on_behalf_of("bob@example.com"));
    let mut never = Box::pin(shared.get(&ada, now(), async |_| std::future::pending().await));
    assert!(poll_immediate(&mut never).await.is_none());
    let outcome = shared.get(&bob, now(), async |_| Ok(token("bob's", 3600))).now_or_never();
    assert_eq!(outcome.unwrap().unwrap().expose(), "bob's");
}

#[tokio::test]
async fn when_the_one_who_exchanges_gives_up_another_takes_over() {
    let (shared, ask) = (Shared::new(), ask());
    let mut first = Box::pin(shared.get(&ask, now(), async |_| std::future::pending().await));
    assert!(poll_immediate(&mut first).await.is_none());
    let mut second = Box::pin(shared.get(&ask, now(), async |_| Ok(token("second's", 3600))));
    assert!(poll_immediate(&mut second).await.is_none());
    drop(first);
    assert_eq!(second.await.unwrap().expose(), "second's");
}

#[tokio::test]
async fn a_stale_token_is_replaced_by_one_asker_and_serves_the_others() {
    let (shared, ask) = (holding("old", 100).await, ask());
    let mut first = Box::pin(shared.get(&ask, now(), async |_| {
        tokio::task::yield_now().await;
        Ok(token("new", 3700))
    }));
    assert!(poll_immediate(&mut first).await.is_none());
    assert_eq!(cached(&shared, now()).await, "old");
    assert_eq!(first.await.unwrap().expose(), "new");
    assert_eq!(cached(&shared, now()).await, "new");
}

#[tokio::test]
async fn a_refresher_that_gave_up_does_not_stop_the_next() {
    let (shared, ask) = (holding("old", 100).await, ask());
    let mut first = Box::pin(shared.get(&ask, now(), async |_| std::future::pending().await));
    assert!(poll_immediate(&mut first).await.is_none());
    drop(first);
    assert_eq!(shared.get(&ask, now(), async |_| Ok(token("new", 3700))).await.unwrap().expose(), "new");
}

#[tokio::test]
async fn a_failed_refresh_shows_only_when_the_stale_token_is_dead() {
    let (shared, ask) = (holding("old", 100).await, ask());
    let fails = async |_: &Ask| Err(BUSY);
    assert_eq!(shared.get(&ask, now(), fails).await.unwrap().expose(), "old");
    assert_eq!(cached(&shared, at(RETRY_STALE_AFTER.as_secs() - 1)).await, "old");
    assert_eq!(shared.get(&ask, at(RETRY_STALE_AFTER.as_secs()), fails).await.unwrap().expose(), "old");
    assert_eq!(shared.get(&ask, at(100), fails).await.unwrap_err(), BUSY);
    assert_eq!(shared.get(&ask, at(100), async |_| Ok(token("new", 3700))).await.unwrap().expose(), "new");
}

/// Whoever exchanges gives up, ten times in a row, and half of those who wait as well: everybody who stays has the one token.
#[tokio::test]
async fn ten_thousand_askers_of_whom_half_give_up() {
    let (shared, count, current, ask) = (Shared::new(), AtomicUsize::new(0), AtomicUsize::new(0), ask());
    let mut asking: Vec<_> = (0..10_000)
        .map(|n| {
            let (shared, count, current, ask) = (&shared, &count, &current, &ask);
            Some(Box::pin(shared.get(ask, now(), async move |_| {
                current.store(n, Ordering::SeqCst);
                if count.fetch_add(1, Ordering::SeqCst) < 10 {
                    std::future::pending::<()>().await;
                }
                Ok(token("one", 3600))
            })))
        })
        .collect();
    while count.load(Ordering::SeqCst) < 10 {
        for asker in asking.iter_mut().flatten() {
            assert!(poll_immediate(asker).await.is_none());
        }
        asking[current.load(Ordering::SeqCst)] = None;
    }
    for asker in asking.iter_mut().step_by(2) {
        *asker = None;
    }
    let stayed = join_all(asking.into_iter().flatten()).await;
    assert!(stayed.len() > 4_900, "{}", stayed.len());
    assert!(stayed.into_iter().all(|outcome| outcome.unwrap().expose() == "one"));
    assert_eq!(count.into_inner(), 11);
}

#[tokio::test]
async fn who_looks_ahead_spares_the_askers_the_wait() {
    let (shared, ask) = (holding("old", 3600).await, ask());
    let never = async |_: &Ask| panic!("no exchange was due");
    assert!(!shared.look_ahead(&ask, at(3000), never).await.unwrap(), "there is time");
    let ahead = at(3600 - AHEAD_WITHIN.as_secs());
    {
        let mut looking = Box::pin(shared.look_ahead(&ask, ahead, async |_| {
            tokio::task::yield_now().await;
            Ok(token("new", 7200))
        }));
        assert!(poll_immediate(&mut looking).await.is_none());
        assert_eq!(cached(&shared, ahead).await, "old", "nobody waits");
        assert_eq!(cached(&shared, at(3599)).await, "old", "not even when it is stale");
        assert!(!shared.look_ahead(&ask, ahead, never).await.unwrap(), "one is enough");
        assert!(looking.await.unwrap());
    }
    assert_eq!(cached(&shared, ahead).await, "new");
}

#[tokio::test]
async fn what_nobody_uses_is_not_exchanged_ahead() {
    let (shared, ask) = (holding("old", 3600).await, ask());
    let renew = |value: &'static str, expiry| async move |_: &Ask| Ok(token(value, expiry));
    assert!(shared.look_ahead(&ask, at(3400), renew("two", 7000)).await.unwrap());
    assert!(!shared.look_ahead(&ask, at(6800), renew("three", 10_400)).await.unwrap());
    assert_eq!(cached(&shared, at(6700)).await, "two");
    assert!(shared.look_ahead(&ask, at(6800), renew("three", 10_400)).await.unwrap());
    let nobody = Shared::new();
    assert!(!nobody.look_ahead(&ask, now(), renew("x", 3600)).await.unwrap());
}

#[tokio::test]
async fn who_looks_ahead_in_vain_hurts_nobody_and_rests() {
    let (shared, ask) = (holding("old", 3600).await, ask());
    let never = async |_: &Ask| panic!("it rests");
    assert_eq!(shared.look_ahead(&ask, at(3320), async |_| Err(BUSY)).await.unwrap_err(), BUSY);
    assert_eq!(cached(&shared, at(3321)).await, "old");
    assert!(!shared.look_ahead(&ask, at(3321), never).await.unwrap());
    // A metadata server gives the same token again for a while.
    assert!(shared.look_ahead(&ask, at(3350), async |_| Ok(token("old", 3600))).await.unwrap());
    assert_eq!(cached(&shared, at(3376)).await, "old", "stale, and yet nobody asks again at once");
    assert!(!shared.look_ahead(&ask, at(3376), never).await.unwrap());
    assert!(shared.look_ahead(&ask, at(3381), async |_| Ok(token("new", 7200))).await.unwrap());
    assert_eq!(cached(&shared, at(3600)).await, "new");
}

#[tokio::test]
async fn a_refused_token_is_exchanged_once_and_then_given_up() {
    let (shared, ask) = (holding("one", 3600).await, ask());
    assert_eq!(shared.reject(&ask, &"one".into(), now()), Rejected::Again);
    assert_eq!(shared.reject(&ask, &"one".into(), now()), Rejected::Again);
    shared.get(&ask, now(), async |_| Ok(token("two", 3600))).await.unwrap();
    assert_eq!(shared.reject(&ask, &"one".into(), now()), Rejected::Again);
    assert_eq!(cached(&shared, now()).await, "two");
    assert_eq!(shared.reject(&ask, &"two".into(), at(1)), Rejected::Configuration);
}

#[test]
fn futures_are_send_when_the_exchange_is() {
    fn assert_send<T: Send>(_: T) {}
    let (shared, ask) = (Shared::new(), ask());
    assert_send(shared.get(&ask, now(), async |_| {
        tokio::task::yield_now().await;
        Ok(token("one", 3600))
    }));
    assert_send(&shared);
}

#[test]
fn and_they_may_be_used_when_it_is_not() {
    let (shared, ask, local) = (Shared::new(), ask(), std::rc::Rc::new("one"));
    let outcome = shared.get(&ask, now(), async |_| {
        let local = local.clone();
        std::future::ready(()).await;
        Ok(token(&local, 3600))
    });
    assert_eq!(outcome.now_or_never().unwrap().unwrap().expose(), "one");
}
