//! From the bytes of a delivery to the event of a person, and on to the request, against what nobody gets around: the HMAC of the bytes, and
//! `serde_json::from_slice::<Value>` of them. In turns, in one run; medians and quartiles.
//! `cargo bench -p people-benches --bench map`

#![expect(clippy::expect_used, reason = "a bench that cannot be set up may say so and stop")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use std::hint::black_box;

use people_benches::deliveries::{Person, mac, samples};
use people_benches::versus::versus;
use serde_json::Value;

fn main() {
    let parse = |body: &[u8]| serde_json::from_slice::<Value>(black_box(body)).expect("JSON");
    for sample in samples() {
        let body = sample.body().clone();
        println!("{} ({} bytes)", sample.name, body.len());
        versus("  decode, map, event / parse to Value", || parse(&body), || sample.pieces());
        versus("  verify / HMAC", || mac(&[black_box(&body)]), || sample.verify());
        let floor = || (mac(&[black_box(&body)]), parse(&body));
        versus("  verify, decode, map, event / HMAC, parse to Value", floor, || {
            (sample.verify(), sample.pieces())
        });
        for (name, person) in [("a change", Person::known()), ("a hire", Person::unknown())] {
            let name = format!("  the whole way of {name} / HMAC, parse to Value");
            let ratio = versus(&name, floor, || sample.whole(&person));
            if sample.name == "bamboohr" && name.contains("a change") {
                people_benches::report_times(
                    "way-bamboohr-against-floor",
                    ratio.median,
                    ratio.low,
                    ratio.high,
                );
            }
        }
    }
}
