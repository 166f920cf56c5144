//! A journal of 10 million entries about a million people, made through the store's own schema: empty tables are made by the store, one
//! delivery is taken as the pattern, and its rows are written again and again in the order of their keys; the indexes are taken off before and
//! put back after.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use people_benches::{clock, report_figure, report_ratio};
use rusqlite::Connection;

use crate::load;
use crate::world::{Mode, Running, SECRET};
use crate::{Options, on, quiet, show};

/// What the journal holds.
const PEOPLE: u32 = 1_000_000;
const ENTRIES_EACH: u32 = 10;
/// Deliveries, events and keys of the last 30 days, which is how long they are kept.
const KEPT: u32 = 3_000_000;

/// Where it is kept between runs: `PEOPLE_BENCH_LARGE`, or a folder of the machine's temporary one.
fn place() -> PathBuf {
    std::env::var_os("PEOPLE_BENCH_LARGE")
        .map_or_else(|| std::env::temp_dir().join("people-bench-large"), PathBuf::from)
}

/// Against an empty one, in turns, under the same load: deliveries about a million people. Right after a start, and once the server has run
/// for so long. The file is in the page cache, as on a machine with room for it; then once more right after the page cache has lost it.
#[expect(clippy::print_stdout, reason = "a bench prints what it measures")]
pub(crate) fn large(options: &Options) {
    let folder = place();
    let file = folder.join("people.sqlite");
    if !folder.join("complete").exists() {
        let began = clock();
        make(&folder);
        println!("large: made in {:.0} s", began.elapsed().as_secs_f64());
    }
    let size = std::fs::metadata(&file).map_or(0, |data| data.len());
    println!(
        "large: {} bytes, {} entries, {PEOPLE} people, {KEPT} deliveries kept",
        size,
        PEOPLE * ENTRIES_EACH
    );
    println!("large: {} bytes read into the page cache before", read(&file));
    let run = clock().elapsed().as_nanos() as u64 + std::process::id() as u64;
    let twice = |name: &str, running: &Running, label: &str| {
        [("first", "a"), ("then", "b")].map(|(when, half)| {
            let shown = on(running, 32, options.seconds, &format!("{label}{half}"), PEOPLE as usize);
            show(&format!("{name}, {when}"), 32, &shown);
            shown
        })
    };
    let (mut full, mut empty) = (Vec::new(), Vec::new());
    for n in 0..options.rounds {
        full.push(twice("large", &start(&folder), &format!("{run}_{n}")));
        let fresh = tempfile::tempdir().expect("a folder");
        empty.push(twice("empty", &Running::start(fresh.path(), Mode::Sort), &format!("{n}")));
    }
    let of = |all: &[[load::Shown; 2]], half: usize, what: fn(&load::Shown) -> f64| {
        all.iter().map(|shown| what(&shown[half])).collect::<Vec<f64>>()
    };
    let rates = |all: &[[load::Shown; 2]], half| of(all, half, |shown| shown.rate);
    report_ratio("intake-large-first-against-empty", &rates(&full, 0), &rates(&empty, 0));
    report_ratio("intake-large-against-empty", &rates(&full, 1), &rates(&empty, 1));
    report_figure("intake-large-rate", &rates(&full, 1), "1/s");
    report_figure("intake-large-p99", &of(&full, 1, |shown| shown.p99), "ms");
    drop(start(&folder));
    // `dd` with this flag gives up the file's cached pages.
    let forget = Command::new("dd")
        .arg(format!("of={}", file.display()))
        .args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
        .output();
    if forget.is_ok_and(|output| output.status.success()) {
        let running = Running::start(&folder, Mode::Sort);
        let shown = twice("cold", &running, &format!("{run}_cold"));
        let ratio = |half: usize| {
            report_ratio(
                &format!("intake-large-uncached-{}against-empty", ["first-", ""][half]),
                &[shown[half].rate],
                &[crate::median(&rates(&empty, half))],
            );
        };
        (0..2).for_each(ratio);
    }
}

/// A server on it whose backlog is empty, like that of an empty journal: what the round before has left is taken off.
fn start(folder: &Path) -> Running {
    let connection = Connection::open(folder.join("people.sqlite")).expect("the journal opens");
    let inbox = "SELECT count(*) FROM sqlite_schema WHERE name = 'inbox'";
    // The first time, a journal of an older version may have none.
    if connection.query_row(inbox, [], |row| row.get::<_, i64>(0)).expect("a schema") > 0 {
        connection
            .execute_batch("DELETE FROM inbox; PRAGMA wal_checkpoint(TRUNCATE);")
            .expect("the backlog can be emptied");
    }
    drop(connection);
    Running::start(folder, Mode::Sort)
}

/// Reads it all; how much that was.
fn read(file: &Path) -> u64 {
    let read = std::fs::File::open(file).and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
    read.expect("the journal can be read")
}

fn make(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder");
    // The pattern: one delivery, all the way into a log.
    let running = Running::start(folder, Mode::Sort);
    let one = load::requests("pattern", 1, 1, SECRET);
    load::run(running.addr, &running.process(), one, 1, Duration::from_secs(10));
    quiet(running.addr);
    drop(running);
    let connection = Connection::open(folder.join("people.sqlite")).expect("the journal opens");
    let laid: Vec<(String, String, String)> = {
        let sql = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL";
        let mut statement = connection.prepare(sql).expect("a schema");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    };
    let off: String = laid.iter().map(|(kind, name, _)| format!("DROP {kind} {name};")).collect();
    let on: String = laid.iter().map(|(_, _, sql)| format!("{sql};")).collect();
    let entries = PEOPLE * ENTRIES_EACH;
    let numbers =
        |to: u32| format!("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {to})");
    // Keys of the past 30 days, spread evenly; hashes spread over all their range, ascending.
    let moment =
        format!("(SELECT received FROM deliveries WHERE seq = 1) - 2592000000 + (x * 2592000000 / {KEPT})");
    let id = format!("'d_' || printf('%012x', {moment}) || printf('%016x', x)");
    let step = i64::MAX / i64::from(KEPT) / 128;
    let batch = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000;
         BEGIN; {off}
         CREATE TEMP TABLE pattern AS SELECT entry FROM log LIMIT 1;
         DELETE FROM log; DELETE FROM people; DELETE FROM events; DELETE FROM dedupe;
         {people} INSERT INTO people (id, key, tag, length, due) SELECT x, 'example.com/hr/' || (x - 1), 'p_' || printf('%016x', x), {ENTRIES_EACH}, NULL FROM n;
         {log} INSERT INTO log (person, n, entry) SELECT (x - 1) / {ENTRIES_EACH} + 1, (x - 1) % {ENTRIES_EACH}, (SELECT entry FROM pattern) FROM n;
         {kept} INSERT INTO deliveries (id, source, received, trust, stamped, content_type, body)
            SELECT {id}, 'hr', {moment}, 'proven', NULL, 'application/json', NULL FROM n;
         {kept} INSERT INTO events (id, delivery, source, person, kind, received, status, note)
            SELECT {id} || '.0', {id}, 'hr', x * 7368787 % {PEOPLE} + 1, 'change', {moment}, 'settled', 'updated' FROM n;
         {kept} INSERT INTO dedupe (key, until) SELECT 'd_' || printf('%014x%010x', x * {step}, x), {moment} + 2592000000 FROM n;
         UPDATE counters SET n = CASE name WHEN 'people' THEN {PEOPLE} WHEN 'settled' THEN {KEPT} ELSE 0 END;
         {on} COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
        people = numbers(PEOPLE),
        log = numbers(entries),
        kept = numbers(KEPT),
    );
    connection.execute_batch(&batch).expect("room on the disk");
    std::fs::write(folder.join("complete"), "").expect("a file");
}
