//! The journal only read: the same answers as the one in memory gives, page by page, and nothing is left behind.

use people_core::journal::Peek;

use super::*;

const BREAKER: Breaker = Breaker { window: HOUR, count: 3, percent: 50, minimum: 1 };

fn worker(n: u64) -> PersonKey {
    PersonKey { worker: WorkerId::parse(&n.to_string()).unwrap(), ..person() }
}

fn address(n: u64) -> Email {
    Email::parse(&format!("user{n}@example.com")).unwrap()
}

/// Some people, some with an account, some of whom lost access.
async fn fill<J: Journal>(journal: &J) {
    for n in 0..40 {
        let who = worker(n * 7919 % 1000);
        let _ = journal.append(&who, 0, &[Entry::Answered { at: at(1) }], &mark()).await;
        if n % 3 == 0 {
            let _ = journal.claim(&address(n), &who, false, at(1)).await;
        }
        if n % 9 == 0 {
            let _ = journal.permit(&who, at(i64::try_from(n).unwrap() * 120_000), &BREAKER).await;
        }
    }
}

async fn pages<P: Peek>(journal: &P, size: usize) -> Vec<PersonKey> {
    let mut all: Vec<PersonKey> = Vec::new();
    loop {
        let page = journal.people(all.last(), size).await.unwrap();
        assert!(page.len() <= size);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test]
async fn it_answers_as_memory_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let (store, memory) = (Store::open(&path).unwrap(), Memory::default());
    fill(&store).await;
    fill(&memory).await;
    // Beside a journal that is in use.
    let peek = ReadOnly::open(&path).unwrap();
    let all = pages(&memory, 1000).await;
    assert_eq!(all.len(), 40);
    for size in [1, 7, 40, 41] {
        assert_eq!(pages(&peek, size).await, all);
        assert_eq!(pages(&memory, size).await, all);
    }
    for n in 0..40 {
        assert_eq!(peek.holder(&address(n)).await.unwrap(), memory.holder(&address(n)).await.unwrap());
    }
    for who in &all {
        assert_eq!(Peek::read(&peek, who).await.unwrap(), Peek::read(&memory, who).await.unwrap());
        assert_eq!(Peek::account(&peek, who).await.unwrap(), Peek::account(&memory, who).await.unwrap());
        for now in [0, 2_000_000, 5_000_000] {
            let of =
                (peek.permits(who, at(now), &BREAKER).await, memory.permits(who, at(now), &BREAKER).await);
            assert_eq!(of.0.unwrap(), of.1.unwrap());
        }
    }
    assert_eq!(store.due_of(&all[0]).await.unwrap(), Some(at(1)));
    assert_eq!(store.due_of(&worker(123_456)).await.unwrap(), None);
    let later = worker(123_456);
    store.append(&later, 0, &[], &mark()).await.unwrap();
    assert_eq!(pages(&peek, 100).await.len(), 41, "what is written meanwhile shows");
}

#[tokio::test]
async fn a_journal_that_is_not_there_is_empty_and_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let peek = ReadOnly::open(&path).unwrap();
    assert_eq!(pages(&peek, 10).await, []);
    assert_eq!(peek.backlog().await.unwrap(), 0);
    assert_eq!(peek.holder(&address(1)).await.unwrap(), None);
    assert_eq!(peek.permits(&person(), at(0), &BREAKER).await.unwrap().known, 0);
    assert!(!path.exists());
}

#[tokio::test]
async fn its_files_stay_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    fill(&store).await;
    drop(store);
    let before = fs::read(&path).unwrap();
    let peek = ReadOnly::open(&path).unwrap();
    assert_eq!(pages(&peek, 3).await.len(), 40);
    drop(peek);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(Store::open(&path).unwrap().stats().await.unwrap().people, 40, "and it can be opened again");
}

#[tokio::test]
async fn what_is_no_journal_of_this_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    fs::write(&path, "no journal, and long enough to be looked at as one".repeat(100)).unwrap();
    assert!(matches!(ReadOnly::open(&path), Err(StoreError::NotADatabase { .. })));
    fs::remove_file(&path).unwrap();
    drop(Store::open(&path).unwrap());
    let mut book = Sqlite::connect(&path).unwrap();
    book.execute("UPDATE version SET version = version + 1").unwrap();
    assert!(matches!(ReadOnly::open(&path), Err(StoreError::OtherSchema { .. })));
}
