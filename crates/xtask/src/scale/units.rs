//! What one thing costs at the edge. The one place to bring up to date after a measurement; `docs/scale.md` explains each.

/// Requests to objects, alarms included, for one delivery about one person: intake, its alarm, the guard's outline, the person, its
/// alarm, and the guard's claims and marks. As `tests/edge/alarms.test.mjs` prints them of a hire.
pub(super) const OBJECT_REQUESTS: f64 = 11.0;

/// Those of them that go to the guard.
pub(super) const GUARD_REQUESTS: f64 = 7.0;

/// Rows written, rows of indexes and alarms included, for one delivery about one person: those of a hire, as `tests/edge/alarms.test.mjs` prints them (96 in
/// the person's object, its tables included, and 35 in the guard), and some ten in the intake. A change writes fewer.
pub(super) const ROWS_WRITTEN: f64 = 140.0;

/// Rows read for the same. Each lookup goes through an index and reads few.
pub(super) const ROWS_READ: f64 = 150.0;

/// CPU milliseconds of all invocations of one delivery: those of a hire, as `node benches/edge-peer/compare.mjs` prints them, the runtime's own
/// work included.
pub(super) const CPU_MS: f64 = 20.0;

/// Seconds that objects are awake for one delivery: calls to CloudM are waited for. Assumed: 4 calls of 0.5 s.
pub(super) const AWAKE_S: f64 = 2.0;

/// Seconds of the guard for one request to it. Assumed from Cloudflare's guidance of about 1,000 requests a second for one object.
pub(super) const GUARD_S: f64 = 0.001;

/// Seconds of an intake for one delivery: it waits for its write to be confirmed, but not alone. The same guidance.
pub(super) const INTAKE_S: f64 = 0.001;

/// How many intakes there are.
pub(super) const INTAKES: f64 = 8.0;

/// Bytes of a person's object, most of them the pages of empty tables: 32 pages of 4 KiB. As `tests/edge/alarms.test.mjs` prints them.
pub(super) const OBJECT_BYTES: f64 = 32.0 * 4096.0;

/// Bytes that a delivery adds to the person's log for ever: three entries. Measured.
pub(super) const LOG_BYTES: f64 = 3.0 * 515.0;

/// Bytes of the guard for each person: the row and the claim, with their indexes. Measured.
pub(super) const GUARD_PERSON_BYTES: f64 = 263.0;

/// Bytes of the guard for each event for ever, the outline in the log, and while it is listed. Measured.
pub(super) const GUARD_EVENT_BYTES: f64 = 66.0;
pub(super) const GUARD_LISTED_BYTES: f64 = 270.0;

/// Bytes of an intake for a delivery of the last 30 days: the row and its key. Measured.
pub(super) const INTAKE_BYTES: f64 = 225.0;

/// What an object may hold.
pub(super) const MOST_BYTES: f64 = 10e9;

/// Dollars, by Cloudflare's public price lists of the Workers Paid plan: what is included a month, and each million beyond.
pub(super) struct Price {
    pub(super) included: f64,
    pub(super) million: f64,
}

pub(super) const PLAN: f64 = 5.0;
pub(super) const REQUESTS: Price = Price { included: 10e6, million: 0.30 };
pub(super) const CPU: Price = Price { included: 30e6, million: 0.02 };
pub(super) const TO_OBJECTS: Price = Price { included: 1e6, million: 0.15 };
/// By GB-seconds; an object counts as 128 MB.
pub(super) const DURATION: Price = Price { included: 400e3, million: 12.50 };
pub(super) const READ: Price = Price { included: 25e9, million: 0.001 };
pub(super) const WRITTEN: Price = Price { included: 50e6, million: 1.00 };
/// By bytes.
pub(super) const STORED: Price = Price { included: 5e9, million: 0.20 / 1000.0 };

impl Price {
    pub(super) fn of(&self, amount: f64) -> f64 {
        (amount - self.included).max(0.0) / 1e6 * self.million
    }
}
