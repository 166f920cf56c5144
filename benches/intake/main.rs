//! Durable intake over HTTP: a real server in a process of its own, a journal on a disk, one answer awaited per connection.
//! `cargo bench -p people-benches --bench intake [-- PART] [--rounds N] [--seconds S]`; `PART` is `rate`, `drive`, `memory`, `large` or
//! `webhook`. `TMPDIR` says on which disk.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may say so and stop"
)]
#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

mod large;
mod load;
mod webhook;
mod world;

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use load::Shown;
use people_benches::{clock, median, report_figure, report_ratio, resident};
use world::{Mode, Running, SECRET};

/// What svix-server 1.100 on PostgreSQL 15 was measured to do, at 1 and at 32 connections: messages a second.
const SVIX: [(usize, f64); 2] = [(1, 1_349.0), (32, 2_613.0)];

struct Options {
    rounds: usize,
    seconds: f64,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", folder, mode] => return world::serve(Path::new(folder), mode),
        ["pretend", folder] => return world::pretend(Path::new(folder)),
        _ => {}
    }
    let number = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1)?.parse::<f64>().ok()
    };
    let options = Options {
        rounds: number("--rounds").unwrap_or(5.0) as usize,
        seconds: number("--seconds").unwrap_or(4.0),
    };
    let parts = ["rate", "drive", "memory", "large", "webhook"];
    let asked = words.iter().find(|word| parts.contains(word));
    fsync();
    for part in parts.iter().filter(|part| asked.is_none_or(|asked| asked == *part)) {
        match *part {
            "rate" => rate(&options),
            "drive" => drive(&options),
            "memory" => memory(),
            "large" => large::large(&options),
            _ => webhook::webhook(&options),
        }
    }
}

/// How long the disk takes to keep 4 KiB more, as a write-ahead log does.
fn fsync() {
    let mut file = tempfile::tempfile().expect("a file");
    let mut times = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("a file");
    for _ in 0..1000 {
        let began = clock();
        file.write_all(&[7; 4096]).expect("room");
        file.sync_data().expect("a disk");
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    report_figure("fsync", &times, "ms");
}

/// About how many people the deliveries are, where nothing else is said.
const PEOPLE: usize = 100_000;

/// One round on an empty journal.
fn round(mode: Mode, connections: usize, seconds: f64, label: &str, people: usize) -> Shown {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path(), mode);
    on(&running, connections, seconds, label, people)
}

fn on(running: &Running, connections: usize, seconds: f64, label: &str, people: usize) -> Shown {
    let warm = load::requests(&format!("{label}w"), 1000, people, SECRET);
    load::run(running.addr, &running.process(), warm, connections, Duration::from_secs(60));
    let most = if connections == 1 { 12_000.0 } else { 40_000.0 };
    let requests = load::requests(label, (most * seconds) as usize, people, SECRET);
    load::run(running.addr, &running.process(), requests, connections, Duration::from_secs_f64(seconds))
}

fn show(name: &str, connections: usize, shown: &Shown) {
    println!(
        "{name:<10} {connections:>3} connections: {:>8.0} a second, p50 {:>7.3} ms, p99 {:>7.3} ms; CPUs: server {:.2}, client {:.2}",
        shown.rate, shown.p50, shown.p99, shown.server, shown.client
    );
}

/// As shipped against one flush per delivery, in turns.
fn rate(options: &Options) {
    for (connections, svix) in SVIX {
        let mut all: [Vec<Shown>; 2] = Default::default();
        for n in 0..options.rounds {
            for (mode, all) in [Mode::Sort, Mode::Alone].into_iter().zip(&mut all) {
                let shown = round(mode, connections, options.seconds, &format!("{n}"), PEOPLE);
                show(mode.word(), connections, &shown);
                all.push(shown);
            }
        }
        let of = |n: usize, what: fn(&Shown) -> f64| all[n].iter().map(what).collect::<Vec<f64>>();
        let rates = of(0, |shown| shown.rate);
        report_ratio(&format!("intake-{connections}-against-flush-each"), &rates, &of(1, |shown| shown.rate));
        report_ratio(&format!("intake-{connections}-against-svix"), &rates, &vec![svix; rates.len()]);
        report_figure(&format!("intake-{connections}-rate"), &rates, "1/s");
        report_figure(&format!("intake-{connections}-p50"), &of(0, |shown| shown.p50), "ms");
        report_figure(&format!("intake-{connections}-p99"), &of(0, |shown| shown.p99), "ms");
        report_figure(&format!("intake-{connections}-client"), &of(0, |shown| shown.client), "CPUs");
        report_figure(&format!("intake-{connections}-server"), &of(0, |shown| shown.server), "CPUs");
    }
}

/// The same while people are driven against the pretend clouds, which take their share of the CPUs.
fn drive(options: &Options) {
    for (connections, svix) in SVIX {
        let shown: Vec<Shown> = (0..options.rounds)
            .map(|n| {
                let shown = round(Mode::Drive, connections, options.seconds, &format!("{n}"), PEOPLE);
                show("drive", connections, &shown);
                shown
            })
            .collect();
        let rates: Vec<f64> = shown.iter().map(|shown| shown.rate).collect();
        report_ratio(&format!("intake-{connections}-driving-against-svix"), &rates, &vec![svix; rates.len()]);
        report_figure(
            &format!("intake-{connections}-driving-p99"),
            &shown.iter().map(|s| s.p99).collect::<Vec<_>>(),
            "ms",
        );
    }
}

/// Servers, one after the other, whose memory is looked at.
const MEMORY_ROUNDS: usize = 3;

/// The resident set before and after 100,000 deliveries, each time once all are taken apart.
fn memory() {
    let rounds: Vec<[f64; 3]> = (0..MEMORY_ROUNDS).map(|_| memory_of_one()).collect();
    let column = |k: usize| rounds.iter().filter_map(|round| round.get(k).copied()).collect::<Vec<f64>>();
    report_ratio("memory-before-over-after", &column(0), &column(2));
    let most: Vec<f64> = rounds.iter().map(|round| round.iter().copied().fold(0.0, f64::max)).collect();
    report_figure("memory-after", &most, "MiB");
}

/// MiB of one server: warm, under load, and after it.
fn memory_of_one() -> [f64; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path(), Mode::Sort);
    let process = running.process();
    let fresh = resident(&process);
    let send = |label: &str, count| {
        let requests = load::requests(label, count, 1_000_000, SECRET);
        load::run(running.addr, &process, requests, 32, Duration::from_secs(300));
    };
    send("warm", 5_000);
    quiet(running.addr);
    let before = resident(&process);
    send("all", 100_000);
    let loaded = resident(&process);
    quiet(running.addr);
    let after = resident(&process);
    for (name, (all, files)) in [("fresh", fresh), ("warm", before), ("loaded", loaded), ("after", after)] {
        println!("memory {name:<7} {all:>7.1} MiB, {files:.1} of it mapped files");
    }
    [before.0, loaded.0, after.0]
}

/// Waits until the backlog is empty.
fn quiet(addr: std::net::SocketAddr) {
    use std::io::Read;
    for _ in 0..600 {
        let mut stream = std::net::TcpStream::connect(addr).expect("the server takes connections");
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        if answer.contains("\"backlog\":0}") || answer.contains("\"backlog\":0,") {
            return;
        }
        pause(Duration::from_millis(200));
    }
    println!("the backlog is not empty after two minutes");
}

#[expect(clippy::disallowed_methods, reason = "a bench waits for the server it measures")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
