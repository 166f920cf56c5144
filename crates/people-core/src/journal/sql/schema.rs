//! The schema, as a list of migrations. A released migration is never changed; a change is a new one at the end.
//!
//! Nothing here counts or scans a large table while people wait: figures are kept by triggers in `counters`, and every list
//! that is asked for on the way of an event has an index that holds only what is open.
//!
//! A delivery is accepted into `inbox`, which holds what waits and nothing else: three small trees, whatever the age of the journal. Only
//! when it is taken apart does it leave its traces in the large ones, `deliveries` and `dedupe`, and nobody waits for that.
//!
//! Moments are milliseconds since 1970, in UTC. Personal data is in `inbox.body` (gone once understood), `deliveries.body` (where a part
//! was not understood), in `log.entry`, `people.key`, `claims` and `permits`.

/// Where the version is kept. Not in `user_version`: a Durable Object does not let one write it.
pub(super) const VERSION: &[&str] = &["CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL) STRICT"];

/// Statements that lead from each version to the next. The first is what accepting needs, so that a fresh database can answer its first
/// sender before the rest is there.
pub(super) const MIGRATIONS: &[&[&str]] = &[ACCEPT, REST];

const ACCEPT: &[&str] = &[
    // Deliveries that are not yet taken apart, in the order of `seq`, a number that `deliveries` does not have. `key` is a duplicate
    // until then; null where `dedupe` has it already, after a replay.
    "CREATE TABLE inbox (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        key TEXT,
        until INTEGER,
        source TEXT NOT NULL,
        received INTEGER NOT NULL,
        trust TEXT NOT NULL,
        stamped INTEGER,
        content_type TEXT,
        body BLOB NOT NULL
    ) STRICT",
    "CREATE INDEX inbox_key ON inbox (key, until) WHERE key IS NOT NULL",
    // Those that were; `body` is null once forgotten.
    "CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        source TEXT NOT NULL,
        received INTEGER NOT NULL,
        trust TEXT NOT NULL,
        stamped INTEGER,
        content_type TEXT,
        body BLOB
    ) STRICT",
    "CREATE INDEX deliveries_received ON deliveries (received)",
    // A key is a duplicate until then.
    "CREATE TABLE dedupe (key TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX dedupe_until ON dedupe (until)",
];

const REST: &[&str] = &[
    // One row per thing that is counted; see the triggers below.
    "CREATE TABLE counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO counters (name, n) VALUES ('queued', 0), ('working', 0), ('waiting', 0), ('held', 0), ('settled', 0),
        ('dead', 0), ('people', 0), ('accounts', 0)",
    // `length` is the number of entries in the log. `waits_for` is a key, of a person who may never have been heard of.
    "CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        tag TEXT NOT NULL UNIQUE,
        length INTEGER NOT NULL DEFAULT 0,
        due INTEGER,
        waits_for TEXT
    ) STRICT",
    "CREATE INDEX people_due ON people (due) WHERE due IS NOT NULL",
    "CREATE INDEX people_waiting ON people (waits_for) WHERE waits_for IS NOT NULL",
    "CREATE TRIGGER people_insert AFTER INSERT ON people BEGIN
        UPDATE counters SET n = n + 1 WHERE name = 'people';
    END",
    // The logs, each person's entries side by side.
    "CREATE TABLE log (
        person INTEGER NOT NULL REFERENCES people (id),
        n INTEGER NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (person, n)
    ) STRICT, WITHOUT ROWID",
    // The list of events; `person` is null for a dead letter.
    "CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        delivery TEXT NOT NULL,
        source TEXT NOT NULL,
        person INTEGER REFERENCES people (id),
        kind TEXT NOT NULL,
        received INTEGER NOT NULL,
        status TEXT NOT NULL,
        note TEXT NOT NULL,
        UNIQUE (id, person)
    ) STRICT",
    "CREATE INDEX events_delivery ON events (delivery)",
    "CREATE INDEX events_received ON events (received)",
    "CREATE INDEX events_status ON events (status, received)",
    "CREATE INDEX events_person ON events (person, received)",
    "CREATE INDEX events_open ON events (person) WHERE status NOT IN ('settled', 'dead')",
    "CREATE TRIGGER events_insert AFTER INSERT ON events BEGIN
        UPDATE counters SET n = n + 1 WHERE name = new.status;
    END",
    "CREATE TRIGGER events_update AFTER UPDATE OF status ON events WHEN new.status <> old.status BEGIN
        UPDATE counters SET n = n - 1 WHERE name = old.status;
        UPDATE counters SET n = n + 1 WHERE name = new.status;
    END",
    "CREATE TRIGGER events_delete AFTER DELETE ON events BEGIN
        UPDATE counters SET n = n - 1 WHERE name = old.status;
    END",
    // Whose address is whose: one each way.
    "CREATE TABLE claims (address TEXT PRIMARY KEY, person TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID",
    "CREATE TRIGGER claims_insert AFTER INSERT ON claims BEGIN
        UPDATE counters SET n = n + 1 WHERE name = 'accounts';
    END",
    "CREATE TRIGGER claims_delete AFTER DELETE ON claims BEGIN
        UPDATE counters SET n = n - 1 WHERE name = 'accounts';
    END",
    // When the breaker last let somebody lose access; one row a person.
    "CREATE TABLE permits (person TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX permits_at ON permits (at)",
];
