//! The whole bridge over one host and one journal: deliveries in, people driven, questions of humans answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Request, Response};
use jiff::tz::TimeZone;
use people_auth::Signer;
use people_model::time::{SignedDuration, Timestamp};
use people_model::{
    DeliveryId, Email, Entry, Event, EventId, HeldWhy, Members, PersonKey, Secret, SourceName, Trust, Why,
};

use crate::config::{Config, ConfigError, Secrets};
use crate::engine::bulk::{self, Filing, Progress};
use crate::engine::drive::Records;
use crate::engine::{Drive, Stage, State, Stop, Would};
use crate::host::Host;
use crate::journal::{Appended, Journal, Mark, Peek, Sorted, Status};
use crate::source::{self, BoxedSource, Dead, Delivery, Fetched, Piece};
use crate::target::Directory;
use crate::wire::Wires;

/// How many deliveries are taken apart in one go.
pub const BATCH: usize = 64;

/// The bridge.
pub struct Bridge<H, J, S> {
    /// The machine.
    pub host: H,
    /// The journal.
    pub journal: J,
    /// The ways to all APIs.
    pub wires: Wires<S>,
    /// The configuration.
    pub config: Arc<Config>,
    pub(crate) sources: Arc<BTreeMap<SourceName, BoxedSource>>,
    pub(crate) admin_token: Option<Secret<String>>,
    pub(crate) counters: Counters,
    pub(crate) filing: Filing,
}

/// What a human decides about a held plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on; with this address, where the question was which.
    Approve(Option<Email>),
    /// Do not.
    Reject,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is written down.
    Done,
    /// There is nobody of that name.
    Unknown,
    /// Nothing of this person is held.
    NotHeld,
    /// An address was given, and the question is another one.
    NotWhich,
    /// Something happened in between; look again.
    Raced,
}

impl<H, J, S> Bridge<H, J, S> {
    /// Puts the bridge together. The secrets of sources and of the admin are resolved now, as those of the APIs were for `wires`, so that a
    /// missing one shows at the start and not at night. Taking deliveries, sorting them and answering questions needs no way to any API;
    /// driving people does.
    pub fn new(
        config: Config,
        secrets: &dyn Secrets,
        host: H,
        journal: J,
        wires: Wires<S>,
    ) -> Result<Self, ConfigError> {
        let sources = sources(&config, secrets)?;
        let admin_token = match &config.server.admin_token {
            None => None,
            Some(reference) => Some(secrets.resolve(reference).map_err(|problem| ConfigError {
                line: config.line_of("server.admin_token"),
                key: "server.admin_token".into(),
                problem,
            })?),
        };
        Ok(Self {
            host,
            journal,
            wires,
            config: Arc::new(config),
            sources: Arc::new(sources),
            admin_token,
            counters: Counters::default(),
            filing: Filing::default(),
        })
    }

    /// A bridge of the same configuration over another machine, another journal and other ways: nothing is parsed or built again. Its
    /// counters are its own.
    pub fn beside(&self, host: H, journal: J, wires: Wires<S>) -> Self {
        Self {
            host,
            journal,
            wires,
            config: self.config.clone(),
            sources: self.sources.clone(),
            admin_token: self.admin_token.clone(),
            counters: Counters::default(),
            filing: Filing::default(),
        }
    }

    /// Where the parts of a delivery belong. Pure.
    pub fn parts(&self, delivery: &Delivery) -> Vec<Sorted> {
        let dead = |id, why: String| Sorted::Dead { id, why };
        let Some((config, source)) = self.source(&delivery.source) else {
            let why = "the source is not configured any more; add it again, then replay".to_owned();
            return vec![dead(delivery.id.event(0), why)];
        };
        let mut sorted = Vec::new();
        let mut n = 0;
        source.pieces(delivery, &mut |piece| {
            let id = delivery.id.event(n);
            n += 1;
            let key = |worker| PersonKey {
                tenant: self.config.domain().clone(),
                group: config.group().clone(),
                worker,
            };
            match piece {
                Piece::Event(event) => {
                    let person = key(event.worker.id.clone());
                    let kind = event.kind.as_str();
                    let said = said(delivery);
                    let entry = heard(id.clone(), delivery.received, said, delivery.trust, event);
                    sorted.push(Sorted::Person { id, person, kind, entry });
                }
                Piece::Notice { worker, notice } => {
                    let entry = Entry::Noticed {
                        id: id.clone(),
                        at: delivery.received,
                        source: delivery.source.clone(),
                        notice,
                    };
                    sorted.push(Sorted::Person { id, person: key(worker), kind: "notice", entry });
                }
                Piece::Ignored(why) => {
                    self.counters
                        .add("people_ignored_total", &[("source", delivery.source.as_str()), ("why", why)]);
                }
                Piece::Dead(why) => sorted.push(dead(id, why.to_string())),
            }
        });
        sorted
    }

    /// All that driving takes.
    fn engine(&self) -> Drive<'_, H, J, Directory, S, Self> {
        Drive {
            host: &self.host,
            journal: &self.journal,
            target: &self.config.directory,
            wires: &self.wires,
            records: self,
            domain: self.config.domain(),
            policy: &self.config.policy,
            ccai: self.config.ccai.as_ref().map(|ccai| (ccai, &self.filing)),
        }
    }

    pub(crate) fn source(
        &self,
        name: &SourceName,
    ) -> Option<(&source::SourceConfig, &(dyn source::Source + Send + Sync))> {
        let config = self.config.sources.iter().find(|config| config.name == *name)?;
        Some((config, self.sources.get(name)?.as_ref()))
    }
}

impl<H: Host, J: Journal, S: Signer> Bridge<H, J, S> {
    /// Takes waiting deliveries apart and puts their parts into the logs of people. Says how many it took.
    pub async fn sort(&self) -> Result<usize, J::Error> {
        let deliveries = self.journal.backlog(BATCH).await?;
        let now = self.host.now();
        // Together, so that the journal can make them durable in one go.
        try_join_all(deliveries.iter().map(async |delivery| {
            let parts = self.parts(delivery);
            self.journal.sort(&delivery.id, &parts, now).await
        }))
        .await?;
        Ok(deliveries.len())
    }

    /// Drives one person until there is nothing to do now.
    pub async fn drive(&self, person: &PersonKey) -> Result<Stop, J::Error> {
        if bulk::is_reserved(&person.group) {
            return Ok(self.drive_batch(person).await?.0);
        }
        self.engine().run(person).await
    }

    /// Drives a batch of bulk rows until there is nothing to do now; says how far it is.
    pub async fn drive_batch(&self, batch: &PersonKey) -> Result<(Stop, Progress), J::Error> {
        const LATER: SignedDuration = SignedDuration::from_hours(1);
        #[cfg(feature = "ccai")]
        if let Some(ccai) = &self.config.ccai {
            let (host, journal, wires) = (&self.host, &self.journal, &self.wires);
            let drive = bulk::BulkDrive { host, journal, wires, ccai, policy: &self.config.policy };
            return drive.run(batch).await;
        }
        // The table is gone from the configuration, or this program is built without it; it may come back.
        let due = self.host.now().saturating_add(LATER).unwrap_or(Timestamp::MAX);
        let log = self.journal.read(batch).await?;
        let mark = Mark { due: Some(due), status: Status::Waiting, note: String::new(), waits_for: None };
        self.journal.append(batch, log.len(), &[], &mark).await?;
        Ok((Stop::Wait(due), Progress::default()))
    }

    /// Writes a human's decision about what is held of a person (a tag or an event id).
    pub async fn decide(&self, who: &str, decision: Decision) -> Result<Decided, J::Error> {
        decide(&self.journal, who, decision, self.host.now()).await
    }
}

impl<H: Host, J: Peek, S: Signer> Bridge<H, J, S> {
    /// What would be done next about a person once this is in their log. Only looks; see [`Stage`].
    pub async fn rehearse(
        &self,
        person: &PersonKey,
        heard: &[Entry],
        stage: &Stage,
    ) -> Result<Would, J::Error> {
        self.engine().rehearse(person, heard, stage).await
    }
}

/// Writes a human's decision about what is held of a person.
pub async fn decide<J: Journal>(
    journal: &J,
    who: &str,
    decision: Decision,
    now: Timestamp,
) -> Result<Decided, J::Error> {
    let Some(person) = journal.find(who).await? else { return Ok(Decided::Unknown) };
    let log = journal.read(&person).await?;
    let Some(held) = State::fold(log.iter().cloned()).held else { return Ok(Decided::NotHeld) };
    if matches!(&decision, Decision::Approve(Some(_))) && !held.asks_which_account() {
        return Ok(Decided::NotWhich);
    }
    let (entry, note) = match decision {
        Decision::Approve(address) => (Entry::Approved { at: now, address }, "approved"),
        Decision::Reject => (Entry::Rejected { at: now }, "rejected"),
    };
    let mark = Mark { due: Some(now), status: Status::Working, note: note.into(), waits_for: None };
    Ok(match journal.append(&person, log.len(), &[entry], &mark).await? {
        Appended::Done => Decided::Done,
        Appended::Raced => Decided::Raced,
    })
}

/// Builds every configured source, or says what is wrong with the first that cannot be.
pub fn sources(
    config: &Config,
    secrets: &dyn Secrets,
) -> Result<BTreeMap<SourceName, BoxedSource>, ConfigError> {
    config
        .sources
        .iter()
        .enumerate()
        .map(|(n, source)| match source::build(source, secrets) {
            Ok(built) => Ok((source.name.clone(), built)),
            Err(problem) => Err(ConfigError {
                line: config.line_of(&format!("source[{n}].{}", problem.key)),
                key: format!("source \"{}\": {}", source.name, problem.key),
                problem: problem.problem,
            }),
        })
        .collect()
}

/// When the sender said what a delivery says, where the event itself does not tell. A stamp that is fresh is coarser than our own clock;
/// an old one is that of the first attempt.
fn said(delivery: &Delivery) -> Timestamp {
    const FRESH: SignedDuration = SignedDuration::from_mins(1);
    match delivery.stamped {
        Some(stamped) if stamped.duration_until(delivery.received) > FRESH => stamped,
        _ => delivery.received,
    }
}

/// An event as it goes into a log. Nobody can have said anything later than `said`: a stamp in the future would otherwise silence all
/// that comes until then.
fn heard(id: EventId, at: Timestamp, said: Timestamp, trust: Trust, mut event: Event) -> Entry {
    event.occurred_at = Some(event.occurred_at.map_or(said, |occurred| occurred.min(at)));
    Entry::Heard { id, at, trust, event }
}

impl<H, J, S> Records for Bridge<H, J, S> {
    fn request(&self, source: &SourceName, notice: &Members) -> Result<Request<Bytes>, Dead> {
        match self.sources.get(source) {
            Some(source) => source.fetch(notice),
            None => Err(Dead {
                rule: format!("source {source}"),
                problem: "it is not configured any more; add it again".into(),
            }),
        }
    }

    fn read(
        &self,
        person: &PersonKey,
        source: &SourceName,
        notice: &Members,
        answer: &Response<Bytes>,
        now: Timestamp,
    ) -> Vec<Entry> {
        let fetched = match self.sources.get(source) {
            Some(source) => source.fetched(notice, answer, now),
            None => Fetched::Again { after_s: None, why: Why::new(people_model::verdict::WhyKind::NotSent) },
        };
        let pieces = match fetched {
            Fetched::Again { after_s, why } => return vec![Entry::Unfetched { at: now, after_s, why }],
            Fetched::Pieces(pieces) => pieces,
        };
        // The facts of one fetch share a moment; their ids tell them apart.
        let id = DeliveryId::of(source, format!("{} {now}", person.tag()).as_bytes());
        let mut entries = Vec::new();
        for (n, piece) in pieces.into_iter().enumerate() {
            match piece {
                Piece::Event(event) => entries.push(heard(id.event(n), now, now, Trust::Proven, event)),
                Piece::Dead(dead) => {
                    let why = HeldWhy::Unusable { problem: dead.to_string() };
                    return vec![Entry::Held { at: now, why, steps: Vec::new() }];
                }
                Piece::Notice { .. } | Piece::Ignored(_) => {}
            }
        }
        entries.push(Entry::Answered { at: now });
        entries
    }

    fn zone(&self, person: &PersonKey) -> TimeZone {
        self.config.zone(&person.group)
    }
}

/// Counters for `/metrics`: name and labels, never anything personal.
#[derive(Debug, Default)]
pub struct Counters(Mutex<BTreeMap<String, u64>>);

impl Counters {
    /// Counts one more. Labels are names from the configuration or words of ours.
    pub fn add(&self, name: &str, labels: &[(&str, &str)]) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{}\"", value.replace(['"', '\\', '\n'], "_")))
            .collect();
        let key = format!("{name}{{{}}}", labels.join(","));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    /// All of them, as lines of Prometheus' text format.
    pub fn render(&self) -> String {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        let mut family = "";
        for (key, value) in counters.iter() {
            let name = key.split('{').next().unwrap_or("");
            if name != family {
                out.push_str(&format!("# TYPE {name} counter\n"));
                family = name;
            }
            out.push_str(&format!("{key} {value}\n"));
        }
        out
    }
}
