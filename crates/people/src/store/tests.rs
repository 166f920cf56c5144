//! The suite on a file, the same answers as memory gives, and what only a file can do.

use std::fs;
use std::pin::pin;
use std::sync::mpsc;

use futures_util::future::join_all;
use people_core::journal::memory::Memory;
use people_core::journal::sql::{Driver, Param, Row};
use people_core::journal::suite::{Op, run, same};
use people_core::journal::{Appended, Mark, Status};
use people_model::{Domain, SourceName, Trust, WorkerId};
use tokio::task::JoinSet;

use super::*;

mod keys;
mod log;
mod peek;

const HOUR: SignedDuration = SignedDuration::from_secs(3600);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + ms).unwrap()
}

fn delivery(n: u32) -> Delivery {
    let source = SourceName::parse("hr").unwrap();
    Delivery {
        id: DeliveryId::of(&source, &n.to_be_bytes()),
        source,
        received: at(i64::from(n)),
        trust: Trust::Proven,
        stamped: None,
        content_type: None,
        body: vec![b'x'; 700].into(),
    }
}

fn person() -> PersonKey {
    PersonKey {
        tenant: Domain::parse("example.com").unwrap(),
        group: SourceName::parse("hr").unwrap(),
        worker: WorkerId::parse("078-05-1120").unwrap(),
    }
}

fn mark() -> Mark {
    Mark { due: Some(at(1)), status: Status::Waiting, note: String::new(), waits_for: None }
}

async fn accept(store: &Store, n: u32) -> Result<Accepted, StoreError> {
    let delivery = delivery(n);
    store.accept(&delivery, &delivery.id, HOUR).await
}

/// The same, past the log.
async fn accept_directly(store: &Store, n: u32) -> Result<Accepted, StoreError> {
    let sent = delivery(n);
    store.write(move |book| book.accept(&sent, &sent.id, HOUR)).await
}

#[tokio::test]
async fn the_suite_passes() {
    run(async || Store::memory().unwrap()).await.unwrap();
}

#[test]
fn futures_are_send() {
    fn send<T: Send>(_: T) {}
    fn check(store: &Store, sent: &Delivery, who: &PersonKey, mark: &Mark) {
        send(store.accept(sent, &sent.id, HOUR));
        send(store.sort(&sent.id, &[], at(0)));
        send(store.append(who, 0, &[], mark));
        send(store.due(at(0), 1));
        send(store.stats());
    }
    let _ = check;
    send(run(async || Store::memory().unwrap()));
}

/// Steps of a generator of numbers (SplitMix64).
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    (1..).map(move |n: u64| {
        let z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// The failure of the shortest sequence that still fails, found by leaving out what can be left out.
async fn shrunk(mut ops: Vec<Op>) -> Option<String> {
    let fails = async |ops: &[Op]| same(ops, &Memory::default(), &Store::memory().unwrap()).await.err();
    let mut failure = fails(&ops).await?;
    let mut index = ops.len();
    while index > 0 {
        index -= 1;
        let mut fewer = ops.clone();
        fewer.remove(index);
        if let Some(still) = fails(&fewer).await {
            (ops, failure) = (fewer, still);
        }
    }
    Some(format!("{failure}\n{ops:?}"))
}

#[tokio::test]
async fn any_sequence_gives_the_same_as_in_memory() {
    for seed in 0..48 {
        let ops: Vec<Op> =
            numbers(seed).take(40).map(|n| Op(u32::try_from(n >> 32).unwrap().to_be_bytes())).collect();
        if let Some(failure) = shrunk(ops).await {
            panic!("seed {seed}: {failure}");
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    assert_eq!(accept(&store, 1).await.unwrap(), Accepted::New);
    let entry = Entry::Answered { at: at(2) };
    store.append(&person(), 0, std::slice::from_ref(&entry), &mark()).await.unwrap();
    // As after a power cut: the files as they are now, opened elsewhere.
    let copy = directory.path().join("copy.sqlite");
    for end in ["", "-wal", "-intake"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        fs::copy(name(&path), name(&copy)).unwrap();
    }
    drop(store);
    assert!(!directory.path().join("people.sqlite-wal").exists(), "the last handle tidies up");
    assert_eq!(fs::metadata(log_of(&path)).unwrap().len(), 0, "the last handle tidies up");

    for path in [path, copy] {
        let store = Store::open(&path).unwrap();
        assert_eq!(accept(&store, 1).await.unwrap(), Accepted::Duplicate);
        assert_eq!(store.backlog(9).await.unwrap(), vec![delivery(1)]);
        assert_eq!(store.read(&person()).await.unwrap(), vec![entry.clone()]);
        assert_eq!(store.next_due().await.unwrap(), Some(at(1)));
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_its_work_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    for n in 0..100 {
        let sent = delivery(n);
        let mut future = Box::pin(store.accept(&sent, &sent.id, HOUR));
        // Dropped in the middle, unless the disk was quicker.
        let _ = futures_util::poll!(&mut future);
    }
    drop(store);
    assert_eq!(Store::open(&path).unwrap().stats().await.unwrap().backlog, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_share_a_commit() {
    let store = Store::memory().unwrap();
    let answers = join_all((0..2000).map(|n| accept(&store, n))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap() == Accepted::New));
    println!("2000 deliveries in {} commits", store.commits());
    assert!(store.commits() < 500, "{} commits", store.commits());
    assert_eq!(store.stats().await.unwrap().backlog, 2000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_alone_does_it_themselves_and_many_still_share() {
    let store = Store::memory().unwrap();
    let mut tasks = JoinSet::new();
    let alone = store.clone();
    tasks.spawn(async move {
        for n in 5000..5100 {
            std::thread::park_timeout(std::time::Duration::from_millis(3));
            let sent = delivery(n);
            // Where nobody else flushes, it is done when it is asked for once.
            let mut asked = pin!(alone.accept(&sent, &sent.id, HOUR));
            if futures_util::poll!(&mut asked).is_ready() {
                return;
            }
            asked.await.unwrap();
        }
        panic!("another thread did all of it");
    });
    tasks.join_next().await.unwrap().unwrap();
    // Several who come together share, be they of one task or of many, although whoever came last was alone.
    let before = store.commits();
    let of_one = store.clone();
    tasks.spawn(async move {
        for answer in join_all((0..32).map(|n| accept(&of_one, n))).await {
            assert_eq!(answer.unwrap(), Accepted::New);
        }
    });
    tasks.join_next().await.unwrap().unwrap();
    assert!(store.commits() - before < 16, "{} commits", store.commits() - before);
    let before = store.commits();
    for n in 32..2032 {
        let store = store.clone();
        tasks.spawn(async move { assert_eq!(accept(&store, n).await.unwrap(), Accepted::New) });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert!(store.commits() - before < 500, "{} commits", store.commits() - before);
}

/// How far a commit goes, as SQLite itself says from inside the transaction: 2 waits for the disk, 1 leaves that to the next that does.
fn goes(book: &mut Book<Sqlite>) -> Result<i64, BookError<SqliteError>> {
    let rows = book.driver().query("SELECT synchronous FROM pragma_synchronous", &[]);
    let rows = rows.map_err(|source| BookError::Driver { operation: "test", source })?;
    let Some([people_core::journal::sql::Value::Int(how)]) = rows.first().map(Vec::as_slice) else {
        panic!()
    };
    Ok(*how)
}

#[tokio::test]
async fn what_is_acknowledged_was_flushed_and_what_can_be_done_again_was_not() {
    let store = Store::memory().unwrap();
    for _ in 0..3 {
        assert_eq!(store.write(goes).await.unwrap(), 2);
        assert_eq!(store.write_later(goes).await.unwrap(), 1);
    }
    // Even where all wait together, nobody who hurries waits for the pages of what does not.
    let (go, gone) = mpsc::channel();
    let blocked = store.write(move |book| {
        let _ = gone.recv();
        goes(book)
    });
    let (later, now) = (store.write_later(goes), store.write(goes));
    // On one thread: the last one is polled when all others wait.
    let (_, later, now, _) = tokio::join!(blocked, later, now, async move { go.send(()) });
    assert_eq!((later.unwrap(), now.unwrap()), (1, 2));
}

#[tokio::test]
async fn what_does_not_hurry_is_done_although_somebody_always_does() {
    let store = Store::memory().unwrap();
    let later = join_all((0..50).map(|_| store.write_later(goes)));
    let hurry = async {
        for n in 0..60 {
            accept(&store, n).await.unwrap();
        }
    };
    let (later, ()) = tokio::join!(later, hurry);
    assert!(later.into_iter().all(|how| how.unwrap() == 1));
}

#[tokio::test]
async fn a_journal_that_could_only_accept_is_completed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    fs::File::create(&path).unwrap();
    let mut book = Book::new(Sqlite::connect(&path).unwrap());
    for _ in 0..2 {
        book.open_to_accept().unwrap();
    }
    let sent = delivery(1);
    assert_eq!(book.accept(&sent, &sent.id, HOUR).unwrap(), Accepted::New);
    drop(book);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.stats().await.unwrap().backlog, 1);
    for (n, expected) in [(1, Accepted::Duplicate), (2, Accepted::New)] {
        assert_eq!(accept(&store, n).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_job_that_fails_is_rolled_back_alone() {
    let store = Store::memory().unwrap();
    let bad = store.write(|book| {
        let sent = delivery(2);
        book.accept(&sent, &sent.id, HOUR)?;
        let sql = "INSERT INTO counters (name, n) VALUES ('dead', ?1)";
        let failed = book.driver().query(sql, &[Param::Text("078-05-1120")]);
        failed.map(drop).map_err(|source| BookError::Driver { operation: "test", source })
    });
    let (good, bad, also) = tokio::join!(accept_directly(&store, 1), bad, accept_directly(&store, 3));
    assert_eq!((good.unwrap(), also.unwrap()), (Accepted::New, Accepted::New));
    let StoreError::Sqlite { operation: "test", source } = bad.unwrap_err() else { panic!() };
    assert!(!source.to_string().contains("078"), "{source}");
    let left: Vec<_> = store.backlog(9).await.unwrap().into_iter().map(|delivery| delivery.id).collect();
    assert_eq!(left, vec![delivery(1).id, delivery(3).id]);
}

#[tokio::test]
async fn a_transaction_that_is_lost_fails_everybody_in_it_and_nobody_after() {
    let store = Store::memory().unwrap();
    let ends = store.write(|book| {
        let ended = book.driver().execute("ROLLBACK");
        ended.map_err(|source| BookError::Driver { operation: "test", source })
    });
    let (go, gone) = mpsc::channel();
    let blocked = store.write(move |book| {
        let _ = gone.recv();
        book.next_due()
    });
    let (first, last) = (accept_directly(&store, 1), accept_directly(&store, 2));
    // On one thread: the last one is polled when all others wait.
    let (_, first, lost, last, _) = tokio::join!(blocked, first, ends, last, async move { go.send(()) });
    assert!(first.is_err() && lost.is_err() && last.is_err());
    assert_eq!(store.stats().await.unwrap().backlog, 0);
    assert_eq!(accept(&store, 1).await.unwrap(), Accepted::New);
}

#[tokio::test]
async fn another_process_sees_it_and_may_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let (server, cli) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
    for n in 0..20 {
        // The first of them has the log; the other sees what was taken apart.
        accept(if n % 2 == 0 { &server } else { &cli }, n).await.unwrap();
        server.sort(&delivery(n).id, &[], at(0)).await.unwrap();
        assert_eq!(server.stats().await.unwrap(), cli.stats().await.unwrap());
        assert_eq!(accept(&cli, n).await.unwrap(), Accepted::Duplicate);
        // Whoever has the log need not know what the other has accepted since.
        let again = accept(&server, n).await.unwrap();
        assert!(n % 2 == 1 || again == Accepted::Duplicate);
    }
    let both = join_all((20..220).map(|n| accept(if n % 2 == 0 { &server } else { &cli }, n / 2 + 100)));
    let new = both.await.into_iter().filter(|answer| *answer.as_ref().unwrap() == Accepted::New).count();
    assert!(new >= 100, "{new}");
    for sent in server.backlog(999).await.unwrap() {
        server.sort(&sent.id, &[], at(0)).await.unwrap();
    }
    server.settle().await.unwrap();
    let kept = rusqlite::Connection::open(&path).unwrap();
    let count = |sql| kept.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((count("SELECT count(*) FROM deliveries"), count("SELECT count(*) FROM inbox")), (120, 0));

    let raced =
        [server.append(&person(), 0, &[], &mark()).await, cli.append(&person(), 1, &[], &mark()).await];
    assert_eq!(raced.map(Result::unwrap), [Appended::Done, Appended::Raced]);
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let missing = Store::open(&directory.path().join("no/people.sqlite")).err().unwrap();
    assert!(matches!(missing, StoreError::NoDirectory { .. }), "{missing}");

    let other = directory.path().join("other");
    fs::write(&other, "this is a letter and no database, as anybody can see".repeat(99)).unwrap();
    let other = Store::open(&other).err().unwrap();
    assert!(matches!(other, StoreError::NotADatabase { .. }), "{other}");
    let folder = Store::open(directory.path()).err().unwrap();
    assert!(matches!(folder, StoreError::File { .. }), "{folder}");

    let path = directory.path().join("people.sqlite");
    drop(Store::open(&path).unwrap());
    let mut book = sqlite::open(&path, &log_of(&path)).unwrap().writer;
    book.driver().execute("UPDATE version SET version = 99").unwrap();
    let newer = Store::open(&path).err().unwrap();
    assert!(matches!(newer, StoreError::Newer { found: 99, .. }), "{newer}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let store = Store::memory().unwrap();
    accept(&store, 1).await.unwrap();
    store.write(|book| pragma(book, "PRAGMA max_page_count = 1")).await.unwrap();
    let big = Delivery { body: vec![0; 1 << 20].into(), ..delivery(2) };
    let full = store.accept(&big, &big.id, HOUR).await.unwrap_err();
    assert!(matches!(full, StoreError::Full { .. }), "{full}");
    store.write(|book| pragma(book, "PRAGMA max_page_count = 1000000")).await.unwrap();
    assert_eq!(store.accept(&big, &big.id, HOUR).await.unwrap(), Accepted::New);
}

fn pragma(book: &mut Book<Sqlite>, sql: &'static str) -> Result<(), BookError<SqliteError>> {
    book.driver().execute(sql).map_err(|source| BookError::Driver { operation: "test", source })
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_not_quoted() {
    let store = Store::memory().unwrap();
    store.append(&person(), 0, &[Entry::Answered { at: at(0) }], &mark()).await.unwrap();
    store.write(|book| pragma(book, r#"UPDATE log SET entry = '{"entry":"Ana Silva"}'"#)).await.unwrap();
    let error = store.read(&person()).await.unwrap_err().to_string();
    assert!(error.contains("table log, row 1/0") && !error.contains("Ana"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let store = Store::memory().unwrap();
    let directory = store.lanes._directory.as_ref().unwrap().path();
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

/// Runs each statement and keeps how SQLite would go about it.
struct Explained {
    inner: rusqlite::Connection,
    plans: Vec<(&'static str, String)>,
}

impl Driver for Explained {
    type Error = SqliteError;

    fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, SqliteError> {
        if !sql.starts_with("CREATE") {
            let mut explain = self.inner.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let bound = rusqlite::params_from_iter(params.iter().copied().map(sqlite::Bound));
            let mut rows = explain.query(bound)?;
            while let Some(row) = rows.next()? {
                self.plans.push((sql, row.get(3)?));
            }
        }
        sqlite::query(&self.inner, sql, params)
    }
}

/// No statement walks over a whole table, and none that is bounded sorts first.
#[test]
fn every_statement_has_its_index() {
    let inner = rusqlite::Connection::open_in_memory().unwrap();
    let mut book = Book::new(Explained { inner, plans: Vec::new() });
    book.open().unwrap();
    book.driver().plans.clear();
    let (sent, who, address) = (delivery(1), person(), Email::parse("a@example.com").unwrap());
    let breaker = Breaker { window: HOUR, count: 1, percent: 1, minimum: 1 };
    let waits = Mark { waits_for: Some(who.clone()), ..mark() };
    let part =
        |n: usize, entry| Sorted::Person { id: sent.id.event(n), person: who.clone(), kind: "change", entry };
    let dead = Sorted::Dead { id: sent.id.event(7), why: String::new() };
    book.accept(&sent, &sent.id, HOUR).unwrap();
    book.knows_key(&sent.id, sent.received).unwrap();
    book.knows_id(&sent.id).unwrap();
    book.newest().unwrap();
    book.count_keys().unwrap();
    book.keys("d_", 9).unwrap();
    book.backlog(9).unwrap();
    book.sort(&sent.id, &[part(0, Entry::Answered { at: at(0) }), dead], at(0)).unwrap();
    book.append(&who, 1, &[Entry::Answered { at: at(0) }], &waits).unwrap();
    book.append(&who, 0, &[], &waits).unwrap();
    book.read(&who).unwrap();
    book.due(at(9), 9).unwrap();
    book.next_due().unwrap();
    book.find("nobody").unwrap();
    book.claim(&address, &who, true, at(0)).unwrap();
    book.account(&who).unwrap();
    book.permit(&who, at(0), &breaker).unwrap();
    for filter in [
        Filter::default(),
        Filter { status: Some(Status::Held), ..Filter::default() },
        Filter { person: Some(who.tag()), ..Filter::default() },
        Filter { id: Some("d_1".into()), ..Filter::default() },
    ] {
        book.events(&filter).unwrap();
    }
    book.replay(&sent.id).unwrap();
    book.prune(at(0)).unwrap();

    let plans = &book.driver().plans;
    assert!(plans.len() > 30);
    for (sql, plan) in plans {
        // The backlog is a table of its own, and asked for from its start.
        let walks = plan.starts_with("SCAN")
            && !plan.contains("USING")
            && !["SCAN CONSTANT ROW", "SCAN inbox"].contains(&plan.as_str());
        // The events of one delivery are few, and so are the people of one event.
        let sorts = plan.contains("TEMP B-TREE") && !sql.contains("e.id = ?1");
        assert!(!walks && !sorts, "{plan}: {sql}");
    }
}
