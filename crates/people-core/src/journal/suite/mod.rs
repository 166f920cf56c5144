//! What every journal must do: one suite for memory, SQLite and the Durable Object.
//!
//! A check that fails is an error with its place, and not a panic: where the edge runs the suite, a panic would take other
//! requests with it. [`same`] compares two journals step by step over any sequence of operations.

use std::fmt;

use super::Journal;

mod bulk;
mod claims;
mod intake;
mod people;
mod same;
mod samples;

pub use same::{Op, same};

/// A check that failed: where, and what differs.
#[derive(Debug)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self(format!("{error}{cause}"))
    }
}

impl Failure {
    fn within(self, check: impl fmt::Display) -> Self {
        Self(format!("{check}: {}", self.0))
    }
}

type Outcome = Result<(), Failure>;

/// Both must be equal.
macro_rules! equal {
    ($left:expr, $right:expr) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            let place = format!("{}:{}", file!(), line!());
            return Err($crate::journal::suite::Failure(format!("{place}: {left:?} is not {right:?}")));
        }
    }};
}
use equal;

macro_rules! checks {
    ($fresh:ident: $($module:ident::$check:ident,)*) => {
        $($module::$check(&$fresh().await).await.map_err(|failure| failure.within(stringify!($check)))?;)*
    };
}

/// Runs every check, each on a fresh and empty journal.
pub async fn run<J: Journal, F: AsyncFn() -> J>(fresh: F) -> Result<(), Failure> {
    checks! { fresh:
        intake::a_key_is_new_once_until_its_time_runs_out,
        intake::of_many_at_once_one_is_new,
        intake::the_backlog_is_in_order_and_whole,
        intake::sorting_again_adds_nothing,
        intake::a_dead_letter_can_be_replayed,
        intake::an_unknown_delivery_is_no_matter,
        intake::pruning_forgets_what_is_over,
        people::every_entry_comes_back_as_it_was,
        people::a_log_grows_at_its_end_only,
        people::the_longest_due_comes_first,
        people::due_times_do_not_come_early,
        people::after_a_start_whoever_was_in_work_is_due,
        people::the_list_follows_the_person,
        people::the_list_can_be_narrowed,
        people::a_person_can_be_found,
        claims::an_address_is_of_one_person,
        claims::who_waits_for_an_account_is_woken,
        claims::the_breaker_counts_people_in_a_window,
        claims::the_breaker_knows_how_many_there_are,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::journal::memory::Memory;

    /// Memory never waits for anything.
    fn now<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
        }
    }

    #[test]
    fn memory_passes() {
        now(run(async || Memory::default())).unwrap();
    }

    #[test]
    fn futures_of_memory_are_send() {
        fn send<T: Send>(value: T) -> T {
            value
        }
        let memory = Memory::default();
        assert_eq!(now(send(memory.next_due())).unwrap(), None);
    }

    proptest::proptest! {
        #[test]
        fn memory_is_the_same_as_itself(bytes: Vec<[u8; 4]>) {
            let ops: Vec<Op> = bytes.into_iter().map(Op).collect();
            now(same(&ops, &Memory::default(), &Memory::default())).unwrap();
        }
    }
}
