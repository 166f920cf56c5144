//! A year of HR life at the edge in virtual time: what it costs, how full each part gets, what breaks first. Prints the tables of
//! `docs/scale.md`.
//!
//! Every minute of a year is played. Deliveries arrive as people join, change and leave, most on Monday mornings; each station (the intakes,
//! the guard) is a queue that serves as fast as its unit cost allows. Nothing waits for real.

mod units;

use units::*;

/// What happens to people, a year.
const JOIN: f64 = 0.20;
const LEAVE: f64 = 0.18;
const CHANGES: f64 = 2.0;
/// An HR system sends this many deliveries for each of these: it also sends drafts, corrections and retries.
const DELIVERIES: f64 = 1.5;

const MINUTES: usize = 365 * 24 * 60;

/// A queue in front of a part that does one thing at a time.
#[derive(Default)]
struct Station {
    waiting: f64,
    longest_s: f64,
    served: f64,
    late_minutes: u32,
}

impl Station {
    /// A minute: so many come, each takes so long.
    fn minute(&mut self, come: f64, each_s: f64) {
        self.waiting += come;
        let done = self.waiting.min(60.0 / each_s);
        self.waiting -= done;
        self.served += done;
        let wait = self.waiting * each_s;
        self.longest_s = self.longest_s.max(wait);
        self.late_minutes += u32::from(wait > 60.0);
    }
}

/// A year of so many people.
struct Year {
    people: f64,
    deliveries: f64,
    peak_second: f64,
    guard: Station,
    intake: Station,
    objects: f64,
}

/// The share of a week's deliveries that comes in this minute of it; Monday 00:00 is 0. A tenth comes on Monday from 9 to 10, when the
/// payroll's run of the weekend is announced; half in the other working hours; the rest by batches at any time.
fn share(minute_of_week: usize) -> f64 {
    let (day, hour) = (minute_of_week / 1440, minute_of_week % 1440 / 60);
    let flat = 0.4 / 10_080.0;
    flat + match (day, hour) {
        (0, 9) => 0.1 / 60.0,
        (0..=4, 8..=17) => 0.5 / (49.0 * 60.0),
        _ => 0.0,
    }
}

/// Numbers that only the seed determines (SplitMix64), from 0 to 1.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How many come where `mean` are expected: Poisson's law, by its normal shape where that fits.
    fn come(&mut self, mean: f64) -> f64 {
        if mean > 30.0 {
            let twelve: f64 = (0..12).map(|_| self.roll()).sum::<f64>() - 6.0;
            return (mean + twelve * mean.sqrt()).round().max(0.0);
        }
        let (mut count, mut product, least) = (0.0, self.roll(), (-mean).exp());
        while product > least {
            product *= self.roll();
            count += 1.0;
        }
        count
    }
}

fn play(people: f64) -> Year {
    let mut dice = Dice(1);
    let a_week = people * (JOIN + LEAVE + CHANGES) * DELIVERIES / (365.0 / 7.0);
    let (mut guard, mut intake) = (Station::default(), Station::default());
    let (mut deliveries, mut peak) = (0.0, 0.0_f64);
    for minute in 0..MINUTES {
        let come = dice.come(a_week * share(minute % 10_080));
        deliveries += come;
        peak = peak.max(come / 60.0);
        intake.minute(come / INTAKES, INTAKE_S);
        guard.minute(come * GUARD_REQUESTS, GUARD_S);
    }
    Year { people, deliveries, peak_second: peak, guard, intake, objects: people * (1.0 + JOIN) }
}

/// The same without the queues: as many deliveries as the rates say.
fn expected(people: f64) -> Year {
    Year {
        people,
        deliveries: people * (JOIN + LEAVE + CHANGES) * DELIVERIES,
        peak_second: 0.0,
        guard: Station::default(),
        intake: Station::default(),
        objects: people * (1.0 + JOIN),
    }
}

impl Year {
    fn guard_bytes(&self) -> f64 {
        self.objects * GUARD_PERSON_BYTES
            + self.deliveries * GUARD_EVENT_BYTES
            + self.deliveries / 12.0 * GUARD_LISTED_BYTES
    }

    /// At the end of the year, all objects together.
    fn bytes(&self) -> f64 {
        self.objects * OBJECT_BYTES
            + self.deliveries * LOG_BYTES
            + self.guard_bytes()
            + self.deliveries / 12.0 * INTAKE_BYTES
    }

    /// Dollars a month: each part by its name.
    fn bill(&self) -> Vec<(&'static str, f64)> {
        let month = self.deliveries / 12.0;
        let awake_gb = AWAKE_S * 0.128;
        vec![
            ("plan", PLAN),
            ("requests", REQUESTS.of(month)),
            ("CPU", CPU.of(month * CPU_MS)),
            ("requests to objects", TO_OBJECTS.of(month * OBJECT_REQUESTS)),
            ("objects awake", DURATION.of(month * awake_gb)),
            ("rows read", READ.of(month * ROWS_READ)),
            ("rows written", WRITTEN.of(month * ROWS_WRITTEN)),
            ("storage", STORED.of(self.bytes())),
        ]
    }
}

/// Prints the tables.
pub(crate) fn print() {
    let years = [1e3, 1e6, 1e8].map(play);
    let row = |name: &str, cell: &dyn Fn(&Year) -> String| {
        let cells: Vec<String> = years.iter().map(cell).collect();
        println!("| {name} | {} |", cells.join(" | "));
    };
    row("people", &|year| short(year.people));
    println!("|---|---|---|---|");
    row("deliveries a year", &|year| short(year.deliveries));
    row("busiest minute, deliveries a second", &|year| format!("{:.1}", year.peak_second));
    row("objects", &|year| short(year.objects + 1.0 + INTAKES));
    row("requests to objects a month", &|year| short(year.deliveries / 12.0 * OBJECT_REQUESTS));
    row("rows written a month", &|year| short(year.deliveries / 12.0 * ROWS_WRITTEN));
    row("CPU seconds a month", &|year| short(year.deliveries / 12.0 * CPU_MS / 1e3));
    row("bytes stored after a year", &|year| short(year.bytes()));
    row("guard: bytes, of 10 G", &|year| short(year.guard_bytes()));
    row("guard: busy, of the year", &|year| {
        format!("{:.2} %", year.guard.served * GUARD_S / (MINUTES as f64 * 0.6))
    });
    row("guard: longest queue", &|year| format!("{:.0} s", year.guard.longest_s));
    row("guard: minutes with a queue of over a minute", &|year| year.guard.late_minutes.to_string());
    row("intakes: longest queue", &|year| format!("{:.0} s", year.intake.longest_s));
    for n in 0..8 {
        let name = years.first().and_then(|year| Some(year.bill().get(n)?.0)).unwrap_or_default();
        row(&format!("$ a month: {name}"), &|year| {
            format!("{:.2}", year.bill().get(n).map_or(0.0, |(_, dollars)| *dollars))
        });
    }
    let total = |year: &Year| year.bill().iter().map(|(_, dollars)| dollars).sum::<f64>();
    row("**$ a month**", &|year| format!("**{:.2}**", total(year)));
    row("$ a person and year", &|year| format!("{:.5}", total(year) * 12.0 / year.people));
    println!();
    println!(
        "The guard is full at {} people.",
        short(fullest(|people| expected(people).guard_bytes() < MOST_BYTES))
    );
    println!(
        "The guard is never more than a minute behind up to {} people.",
        short(fullest(|people| play(people).guard.longest_s < 60.0))
    );
    println!(
        "The intakes are never more than a second behind up to {} people.",
        short(fullest(|people| play(people).intake.longest_s < 1.0))
    );
    println!("A first load of all people through one guard takes {}.", {
        let days = |people: f64| people * GUARD_REQUESTS * GUARD_S / 86_400.0;
        format!("{:.1} hours for a million, {:.1} days for 100 million", days(1e6) * 24.0, days(1e8))
    });
}

/// The most people for whom this holds, to a fiftieth: halved between a million and ten thousand million.
fn fullest(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (1e6_f64, 1e10_f64);
    while high / low > 1.02 {
        let middle = (low * high).sqrt();
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

fn short(amount: f64) -> String {
    match amount {
        a if a >= 1e12 => format!("{:.1} T", a / 1e12),
        a if a >= 1e9 => format!("{:.1} G", a / 1e9),
        a if a >= 1e6 => format!("{:.1} M", a / 1e6),
        a if a >= 1e4 => format!("{:.0} k", a / 1e3),
        a => format!("{a:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_whole() {
        let whole: f64 = (0..10_080).map(share).sum();
        assert!((whole - 1.0).abs() < 0.02, "{whole}");
    }

    #[test]
    fn a_queue_loses_nothing_and_grows_only_when_more_comes_than_is_served() {
        let mut station = Station::default();
        for _ in 0..10 {
            station.minute(60.0, 1.0);
        }
        assert_eq!((station.served, station.longest_s), (600.0, 0.0));
        station.minute(180.0, 1.0);
        assert_eq!((station.waiting, station.longest_s, station.late_minutes), (120.0, 120.0, 1));
    }

    #[test]
    fn the_year_has_as_many_deliveries_as_the_rates_say() {
        let year = play(1e5);
        let expected = 1e5 * (JOIN + LEAVE + CHANGES) * DELIVERIES;
        assert!((year.deliveries / expected - 1.0).abs() < 0.02, "{}", year.deliveries);
    }

    #[test]
    fn what_is_included_is_free() {
        assert_eq!(REQUESTS.of(10e6), 0.0);
        assert!((REQUESTS.of(15e6) - 1.5).abs() < 1e-9);
    }
}
