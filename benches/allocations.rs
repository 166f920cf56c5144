//! What a delivery asks of the allocator: how often, and for how many bytes, beside `serde_json::from_slice::<Value>` of the same bytes.
//! `cargo bench -p people-benches --bench allocations`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use allocation_counter::{AllocationInfo, measure};
use people_benches::deliveries::{Person, samples};
use serde_json::Value;

fn show(name: &str, info: AllocationInfo) {
    println!(
        "{name:<40} {:>5} allocations, {:>7} bytes in all, {:>7} at once",
        info.count_total, info.bytes_total, info.bytes_max
    );
}

fn main() {
    for sample in samples() {
        println!("{} ({} bytes)", sample.name, sample.body().len());
        let body = sample.body().clone();
        let warm = sample.pieces();
        show("  parse to Value", measure(|| drop(serde_json::from_slice::<Value>(&body).expect("JSON"))));
        show("  verify", measure(|| assert!(sample.verify())));
        show("  decode, map, event", measure(|| drop(sample.pieces())));
        show("  the event alone, copied", measure(|| drop(warm.clone())));
        let person = Person::known();
        show("  the whole way of a change", measure(|| drop(sample.whole(&person))));
    }
    // A long list takes what it says and its largest record, and no tree.
    let one = std::str::from_utf8(samples().first().expect("a sample").body()).expect("text").to_owned();
    let long = one.replacen('{', &format!("{{\"comment\":\"{}\",", "x".repeat(5_300)), 1);
    // 50 MB are the last: as many records as one delivery may hold, and long ones.
    for (one, count) in [(&one, 1_000), (&one, 9_000), (&long, 9_000)] {
        let list = format!("[{}]", vec![one.as_str(); count].join(","));
        let sample = samples().swap_remove(0).with(list.into());
        let mut pieces = 0;
        let info = measure(|| sample.each(&mut |_| pieces += 1));
        assert_eq!(pieces, count);
        println!(
            "a list of {count} ({} KB): {} KB at once",
            sample.body().len() / 1000,
            info.bytes_max / 1000
        );
    }
}
