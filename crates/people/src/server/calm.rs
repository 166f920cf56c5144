//! A future that wakes itself while it is polled is polled again at once. The scheduler would put it into line and wake a second thread for it, by a system
//! call and a switch; and a connection of hyper's wakes itself with most requests (`benches/peers/README.md`).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often it is polled again before others have their turn.
const AGAIN: u8 = 4;

/// What it is doing.
const WAITING: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

#[derive(Default)]
struct Bell {
    state: AtomicU8,
    outer: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let noted = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| (state != WAITING).then_some(WOKEN));
        if noted.is_err() {
            self.outer.wake();
        }
    }
}

/// The same future, calmer.
pub(super) async fn calm<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    poll_fn(|outer| {
        bell.outer.register(outer.waker());
        for _ in 0..AGAIN {
            bell.state.store(POLLED, Ordering::Release);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
            let waits = bell.state.compare_exchange(POLLED, WAITING, Ordering::AcqRel, Ordering::Acquire);
            if waits.is_ok() {
                return Poll::Pending;
            }
        }
        bell.state.store(WAITING, Ordering::Release);
        outer.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once what wakes itself so often; whether it is ready, how often it was polled, and how often the scheduler was told.
    fn polled(wakes: u32) -> (bool, u32, u32) {
        let (told, polls) = (Arc::new(Count::default()), AtomicU32::new(0));
        let waker = Waker::from(Arc::clone(&told));
        let mut future = pin!(calm(poll_fn(|inner| {
            if polls.fetch_add(1, Ordering::Relaxed) == wakes {
                return Poll::Ready(());
            }
            inner.waker().wake_by_ref();
            Poll::Pending
        })));
        let ready = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        (ready, polls.load(Ordering::Relaxed), told.0.load(Ordering::Relaxed))
    }

    #[test]
    fn what_wakes_itself_is_polled_again_and_nobody_is_told() {
        assert_eq!(polled(0), (true, 1, 0));
        assert_eq!(polled(2), (true, 3, 0));
    }

    #[test]
    fn what_never_rests_lets_others_have_their_turn() {
        assert_eq!(polled(1000), (false, u32::from(AGAIN), 1));
    }

    #[test]
    fn whoever_wakes_it_later_is_heard_each_time() {
        let (told, place) = (Arc::new(Count::default()), Mutex::new(None));
        let waker = Waker::from(Arc::clone(&told));
        let mut future = pin!(calm(poll_fn(|inner| {
            *place.lock().unwrap() = Some(inner.waker().clone());
            Poll::<()>::Pending
        })));
        for times in 1..4 {
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let wake = place.lock().unwrap().take().unwrap();
            std::thread::scope(|scope| scope.spawn(|| wake.wake()).join().unwrap());
            assert_eq!(told.0.load(Ordering::Relaxed), times);
        }
    }

    /// Wakes at every moment of a poll, also between two of them.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_is_lost() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let mut both = tokio::task::JoinSet::new();
        both.spawn(calm(async move {
            for number in 0..20_000_u32 {
                sender.send(number).await.unwrap();
            }
        }));
        both.spawn(calm(async move {
            for number in 0..20_000 {
                assert_eq!(receiver.recv().await, Some(number));
            }
        }));
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), both.join_all());
        assert_eq!(ended.await.unwrap().len(), 2);
    }
}
