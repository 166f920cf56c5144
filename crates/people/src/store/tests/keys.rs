//! Which keys are known is found out while deliveries come and are taken apart, again and again: in tests there is room for a few only.

use super::*;

/// Takes apart all that waits.
async fn sort_all(store: &Store) {
    for waiting in store.backlog(10_000).await.unwrap() {
        store.sort(&waiting.id, &[], at(0)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_is_told_however_many_keys_there_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let mut made = 0;
    for start in 0..3 {
        let store = Store::open(&path).unwrap();
        for n in start * 1_000..(start + 1) * 1_000 {
            assert_eq!(accept(&store, n).await.unwrap(), Accepted::New, "{n}");
            let again = u32::try_from(numbers(n.into()).next().unwrap() % u64::from(n + 1)).unwrap();
            assert_eq!(accept(&store, again).await.unwrap(), Accepted::Duplicate, "{again} at {n}");
            if n % 97 == 0 {
                sort_all(&store).await;
            }
            if n % 301 == 300 {
                assert!(store.lanes.intake.found(), "they can be found out");
                made += 1;
            }
        }
    }
    assert_eq!(made, 9);
    let store = Store::open(&path).unwrap();
    for n in 0..3_000 {
        assert_eq!(accept(&store, n).await.unwrap(), Accepted::Duplicate, "{n}");
    }
}

/// One that is too long for the log goes into the database at once, and is told all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_repetition_is_told_too() {
    let store = Store::memory().unwrap();
    for n in 0..300 {
        let body = vec![b'x'; if n % 3 == 0 { 70_000 } else { 7 }].into();
        let sent = Delivery { body, ..delivery(n) };
        for told in [Accepted::New, Accepted::Duplicate] {
            assert_eq!(store.accept(&sent, &sent.id, HOUR).await.unwrap(), told, "{n}");
        }
    }
    assert!(store.lanes.intake.found(), "they can be found out");
    for n in 0..300 {
        assert_eq!(accept(&store, n).await.unwrap(), Accepted::Duplicate, "{n}");
    }
}
