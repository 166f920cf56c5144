//! What only the intake log can do wrong: lose what was acknowledged, or make up what was not.

use std::io::{Seek, SeekFrom, Write};
use std::ops::RangeInclusive;

use super::super::log::{Left, Log, SEGMENT};
use super::*;

/// So small that a few deliveries fill it.
const SMALL: usize = 4096;

fn kept(n: u64) -> Kept {
    let body = vec![b'x'; usize::try_from(n * 7919 % 300).unwrap()].into();
    let stamped = n.is_multiple_of(3).then(|| at(i64::try_from(n).unwrap()));
    let content_type = n.is_multiple_of(2).then(|| "application/json".to_owned());
    let trust = if n.is_multiple_of(5) { Trust::Low } else { Trust::Proven };
    let sent = Delivery { body, stamped, content_type, trust, ..delivery(u32::try_from(n).unwrap()) };
    Kept::new(&sent, &delivery(7).id, HOUR)
}

/// What somebody finds who opens this file after a power cut; `None` where another version seems to have written it.
fn found(bytes: &[u8]) -> Option<Vec<Kept>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    fs::write(&path, bytes).unwrap();
    let (mut all, left) = (Vec::new(), Left::open(&path, SMALL).unwrap().unwrap());
    let count = left.each(|kept| {
        all.push(kept);
        Ok(())
    });
    if let Err(StoreError::Foreign { .. }) = count {
        return None;
    }
    assert_eq!(count.unwrap(), all.len());
    left.done().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    Some(all)
}

/// A log with these groups, and the file's bytes.
fn log(groups: &[RangeInclusive<u64>]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut log = Log::open(file.path(), SMALL).unwrap().unwrap();
    for group in groups {
        for n in group.clone() {
            assert!(log.add(&kept(n), n, 0).unwrap().is_some());
        }
        log.written().unwrap();
    }
    fs::read(file.path()).unwrap()
}

#[test]
fn what_was_flushed_is_found_whatever_follows_it() {
    let groups = [1..=2, 3..=3, 4..=5];
    let whole = log(&groups);
    let all: Vec<Kept> = (1..=5).map(kept).collect();
    assert_eq!(found(&whole), Some(all.clone()));
    assert_eq!(found(&[]), Some(vec![]));
    let ends = [0, 2, 3, 5];
    let mut foreign = 0;
    // Cut anywhere, or with any byte other than it was: whole groups, the first ones, and nothing else.
    for place in 0..SMALL {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        for bytes in [&whole[..place], &changed] {
            match found(bytes) {
                Some(found) => assert!(all.starts_with(&found) && ends.contains(&found.len()), "{place}"),
                None => foreign += 1,
            }
        }
    }
    assert_eq!(foreign, groups.len(), "the byte of the version, once in each");
}

/// Whatever happens, everything that was acknowledged is in the log or on the database's disk, and nothing that was not added is found.
#[test]
fn nothing_is_written_over_before_the_database_has_it() {
    let kept: Vec<Kept> = (0..300).map(kept).collect();
    for seed in 0..20 {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = Log::open(file.path(), SMALL).unwrap().unwrap();
        let (mut added, mut flushed, mut settled, mut full) = (0, 0, 0, 0);
        let ids: Vec<_> = kept.iter().map(|kept| &kept.delivery.id).collect();
        for n in numbers(seed).take(300) {
            match n % 8 {
                0..4 => match log.add(&kept[added + 1], added as u64 + 1, settled as u64).unwrap() {
                    Some(_) => added += 1,
                    None => full += 1,
                },
                4 | 5 => {
                    log.written().unwrap();
                    flushed = added;
                }
                6 => settled = flushed.min(settled + usize::try_from(n / 8 % 24).unwrap()),
                _ if settled == added && n % 64 == 7 => log.clear().unwrap(),
                _ => {}
            }
            let found = found(&fs::read(file.path()).unwrap()).expect("this version's");
            let place = |found: &Kept| ids.iter().position(|id| **id == found.delivery.id).unwrap();
            let numbers: Vec<usize> = found.iter().map(place).collect();
            assert!(
                numbers.iter().zip(&found).all(|(n, found)| *n <= added && kept[*n] == *found),
                "seed {seed}"
            );
            assert!(numbers.is_sorted_by(|one, next| one < next), "seed {seed}: {numbers:?}");
            let lost = (settled + 1..=flushed).find(|n| !numbers.contains(n));
            assert_eq!(lost, None, "seed {seed}: of {settled} to {flushed} there are {numbers:?}");
        }
        assert!(added > 60 && settled > 0, "seed {seed}: {added} {settled} {full}");
    }
}

#[test]
fn a_log_has_one_owner_and_is_not_begun_over_what_is_in_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut log = Log::open(file.path(), SMALL).unwrap().unwrap();
    assert!(Log::open(file.path(), SMALL).unwrap().is_none());
    assert!(Left::open(file.path(), SMALL).unwrap().is_none());
    log.add(&kept(1), 1, 0).unwrap().unwrap();
    log.written().unwrap();
    drop(log);
    assert!(Log::open(file.path(), SMALL).unwrap().is_none());
    assert!(Left::open(file.path(), SMALL).unwrap().is_some());
}

fn beside(path: &Path, end: &str) -> PathBuf {
    format!("{}{end}", path.display()).into()
}

#[tokio::test]
async fn what_the_database_has_lost_is_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let (path, cut) = (directory.path().join("people.sqlite"), directory.path().join("cut.sqlite"));
    let store = Store::open(&path).unwrap();
    for n in 0..10 {
        accept(&store, n).await.unwrap();
    }
    for end in ["", "-wal"] {
        fs::copy(beside(&path, end), beside(&cut, end)).unwrap();
    }
    // From here on nothing waits for the disk but the log. All of it is taken apart, and a power cut undoes that.
    for n in 10..20 {
        accept(&store, n).await.unwrap();
    }
    let entry = Entry::Answered { at: at(2) };
    for sent in store.backlog(99).await.unwrap() {
        let part =
            Sorted::Person { id: sent.id.event(0), person: person(), kind: "change", entry: entry.clone() };
        store.sort(&sent.id, &[part], at(30)).await.unwrap();
    }
    assert_eq!((store.stats().await.unwrap().backlog, store.read(&person()).await.unwrap().len()), (0, 20));
    fs::copy(beside(&path, "-intake"), beside(&cut, "-intake")).unwrap();

    let after = Store::open(&cut).unwrap();
    assert_eq!(after.backlog(99).await.unwrap(), (0..20).map(delivery).collect::<Vec<_>>());
    // And where the cut undid nothing, nothing is done twice.
    for end in ["", "-wal", "-intake"] {
        fs::copy(beside(&path, end), beside(&directory.path().join("kept.sqlite"), end)).unwrap();
    }
    let after = Store::open(&directory.path().join("kept.sqlite")).unwrap();
    assert_eq!((after.stats().await.unwrap().backlog, after.read(&person()).await.unwrap().len()), (0, 20));
}

#[tokio::test]
async fn a_long_backlog_is_read_from_the_log() {
    let store = Store::memory().unwrap();
    let all: Vec<Delivery> = (0..2000).map(delivery).collect();
    for n in 0..2000 {
        accept(&store, n).await.unwrap();
    }
    assert!(store.backlog(5000).await.unwrap() == all);
    assert_eq!(store.stats().await.unwrap().backlog, 2000);
    for sent in &all {
        store.sort(&sent.id, &[], at(0)).await.unwrap();
    }
    assert_eq!(store.backlog(5000).await.unwrap(), []);
    assert_eq!(store.stats().await.unwrap().backlog, 0);
}

#[tokio::test]
async fn a_segment_is_used_again_once_the_database_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    // 40 MB in all, of which never more than a few are not yet taken apart.
    for round in 0..20 {
        let all = (0..40).map(|n| Delivery { body: vec![b'x'; 50 << 10].into(), ..delivery(round * 40 + n) });
        for sent in all {
            assert_eq!(store.accept(&sent, &sent.id, HOUR).await.unwrap(), Accepted::New);
            store.backlog(9).await.unwrap();
            store.sort(&sent.id, &[], at(0)).await.unwrap();
        }
    }
    let length = fs::metadata(log_of(&path)).unwrap().len();
    assert!(length <= 6 * SEGMENT as u64, "{length}");
}

#[tokio::test]
async fn what_is_forgotten_is_not_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    let holds = || fs::read(log_of(&path)).unwrap().windows(99).any(|part| part == [b'x'; 99]);
    accept(&store, 1).await.unwrap();
    assert!(holds());
    store.prune(at(0)).await.unwrap();
    assert!(!holds());
    assert_eq!(store.backlog(9).await.unwrap(), [delivery(1)]);
    assert_eq!(accept(&store, 1).await.unwrap(), Accepted::Duplicate);
}

#[tokio::test]
async fn where_the_log_fails_the_database_takes_over() {
    let store = Store::memory().unwrap();
    accept(&store, 1).await.unwrap();
    store.lanes.intake.break_log();
    let failed = accept(&store, 2).await.unwrap_err();
    assert!(matches!(failed, StoreError::Log { .. }), "{failed}");
    // The sender tries again; what was acknowledged before is known all the same.
    for (n, expected) in [
        (2, Accepted::New),
        (1, Accepted::Duplicate),
        (2, Accepted::Duplicate),
        (3, Accepted::New),
        (3, Accepted::Duplicate),
    ] {
        assert_eq!(accept(&store, n).await.unwrap(), expected, "{n}");
    }
    assert_eq!(store.backlog(9).await.unwrap().len(), 3);
    for sent in store.backlog(9).await.unwrap() {
        store.sort(&sent.id, &[], at(0)).await.unwrap();
    }
    store.settle().await.unwrap();
    assert_eq!(store.stats().await.unwrap().backlog, 0);
    for n in 1..=3 {
        assert_eq!(accept(&store, n).await.unwrap(), Accepted::Duplicate, "{n}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_up_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let store = Store::open(&path).unwrap();
    for n in 0..5 {
        accept(&store, n).await.unwrap();
    }
    // The disk has lost the second one's beginning.
    let whole = fs::read(log_of(&path)).unwrap();
    let id = delivery(1).id;
    let place = whole.windows(id.as_str().len()).position(|part| part == id.as_str().as_bytes()).unwrap();
    let spoil = |bytes: &[u8]| {
        let mut file = fs::File::options().write(true).open(log_of(&path)).unwrap();
        file.seek(SeekFrom::Start(place as u64)).unwrap();
        file.write_all(bytes).unwrap();
    };
    spoil(&[0xff; 4]);
    let out = store.backlog(9).await.unwrap();
    assert_eq!(out, [0, 2, 3, 4].map(delivery));
    for sent in out {
        store.sort(&sent.id, &[], at(0)).await.unwrap();
    }
    let failed = store.backlog(9).await.unwrap_err();
    assert!(matches!(failed, StoreError::Log { .. }), "{failed}");
    // It is not written over meanwhile, and should the disk have it again, so has the backlog.
    assert_eq!(accept(&store, 1).await.unwrap(), Accepted::Duplicate);
    spoil(&id.as_str().as_bytes()[..4]);
    assert_eq!(store.backlog(9).await.unwrap(), [delivery(1)]);
}

#[tokio::test]
async fn a_long_body_goes_into_the_database() {
    let store = Store::memory().unwrap();
    let long = Delivery { body: vec![b'y'; 1 << 20].into(), ..delivery(1) };
    assert_eq!(store.accept(&long, &long.id, HOUR).await.unwrap(), Accepted::New);
    assert_eq!(store.lanes.queue.len(), 0);
    assert_eq!(store.accept(&long, &long.id, HOUR).await.unwrap(), Accepted::Duplicate);
    assert_eq!(store.backlog(9).await.unwrap(), [long]);
}

#[tokio::test]
async fn another_versions_log_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let bytes = [b"people\0\x02".as_slice(), &[9; 4000]].concat();
    fs::write(log_of(&path), &bytes).unwrap();
    let foreign = Store::open(&path).err().unwrap();
    assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign}");
    assert_eq!(fs::read(log_of(&path)).unwrap(), bytes);
}

const JOURNAL: &str = "PEOPLE_TEST_JOURNAL";

/// Not a test of its own: what is killed in the one below. Accepts, says what it has acknowledged, and takes apart at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of killed_at_any_moment"]
async fn killed() {
    let Some(path) = std::env::var_os(JOURNAL) else { return };
    let store = Store::open(Path::new(&path)).unwrap();
    // Behind all that the ones before it may have sent.
    let begin = u32::try_from(store.read(&person()).await.unwrap().len()).unwrap() + 100;
    let sorting = store.clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            for sent in sorting.backlog(9).await.unwrap() {
                let entry = Entry::Answered { at: sent.received };
                let part = Sorted::Person { id: sent.id.event(0), person: person(), kind: "change", entry };
                sorting.sort(&sent.id, &[part], at(0)).await.unwrap();
            }
        }
    });
    for n in (begin * 2..).step_by(4) {
        for (n, answer) in (n..).zip(join_all((n..n + 4).map(|n| accept(&store, n))).await) {
            answer.unwrap();
            println!("acknowledged {n}");
        }
    }
}

#[tokio::test]
async fn killed_at_any_moment() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("people.sqlite");
    let mut acknowledged: Vec<u32> = Vec::new();
    for most in [1, 3, 40, 200, 77] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::log::killed", "--ignored", "--nocapture"])
            .env(JOURNAL, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.filter_map(|line| line.unwrap().strip_prefix("acknowledged ")?.parse::<u32>().ok());
        let mut said: Vec<u32> = said.take(most).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(said.len(), most);
        acknowledged.append(&mut said);

        let store = Store::open(&path).unwrap();
        while let Some(sent) = store.backlog(1).await.unwrap().pop() {
            let entry = Entry::Answered { at: sent.received };
            let part = Sorted::Person { id: sent.id.event(0), person: person(), kind: "change", entry };
            store.sort(&sent.id, &[part], at(0)).await.unwrap();
        }
        let log = store.read(&person()).await.unwrap();
        let mut there: Vec<Timestamp> = log
            .into_iter()
            .map(|entry| match entry {
                Entry::Answered { at } => at,
                other => panic!("{other:?}"),
            })
            .collect();
        there.sort_unstable();
        assert!(there.is_sorted_by(|one, next| one < next), "something is there twice");
        let lost = acknowledged.iter().find(|n| there.binary_search(&at(i64::from(**n))).is_err());
        assert_eq!(lost, None);
    }
}
