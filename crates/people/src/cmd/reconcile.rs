//! `people reconcile`: what differs between a roster of HR and the directory, and making it agree.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use futures_util::stream::{self, StreamExt};
use people_core::config::Config;
use people_core::engine::{Stage, State};
use people_core::journal::Peek;
use people_core::source::SourceConfig;
use people_model::{PersonKey, SourceName};

use super::bulk::bar;
use super::plan::find;
use super::user::confirm;
use crate::cli::Reconcile;
use crate::exit::{Exit, Fail};
use crate::host::Clock;
use crate::load::{self, Rehearsal};
use crate::report::{Format, Report, say};
use crate::store::StoreError;
use roster::Roster;
use words::{Line, Outlook};

mod apply;
mod roster;
mod words;

/// People a page, where those who are missing are looked for.
const PAGE: usize = 256;

/// Shows what differs, and with `--apply` makes it agree.
pub(super) async fn reconcile(path: &Path, report: &Report, ask: &Reconcile) -> Result<Exit, Fail> {
    let bytes = super::read(&ask.roster)?;
    let clock = Clock::default();
    let bridge = load::rehearsal(path, clock.clone())?;
    let source = source(&bridge.config, ask.source.as_deref())?;
    let roster = Roster::read(&bridge, source, ask, bytes, path)?;
    if let Some(as_of) = roster.old {
        say(&format!("as of {as_of:.0} (--as-of): what was heard since outweighs the roster"));
    }
    let mut outlook = Outlook::new(source.name.clone(), &roster);
    outlook.waiting_deliveries = bridge.journal.backlog().await?;
    outlook.people = rehearse(&bridge, &roster).await?;
    outlook.missing = missing(&bridge, source.group(), &roster).await?;
    drop(bridge);
    if !ask.apply || roster.people.is_empty() {
        outlook.show(report)?;
        return outlook.end();
    }
    // One document at the end says both what would be done and what was.
    let early = report.format == Format::Table;
    if early {
        outlook.show(report)?;
    }
    if let Err(fail) = confirm(&format!("apply the roster: {}", outlook.summary()), ask.yes) {
        if !early {
            outlook.show(report)?;
        }
        return Err(fail);
    }
    let bridge = load::bridge(path, clock)?;
    let done = apply::apply(&bridge, &roster).await?;
    outlook.done(done);
    outlook.show(report)?;
    outlook.end()
}

/// The source that is named, or the only one.
fn source<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a SourceConfig, Fail> {
    match (name, config.sources.as_slice()) {
        (Some(name), _) => find(config, name),
        (None, [only]) => Ok(only),
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|source| source.name.as_str()).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Err(Fail::usage(format!("say whose roster it is with --source; the configuration has {known}")))
        }
    }
}

/// What would be done about each person, so many looked at at once, in the order of the roster.
async fn rehearse(bridge: &Rehearsal, roster: &Roster) -> Result<Vec<Line>, Fail> {
    let stage = Stage::default();
    let bar = bar(roster.people.len() as u64).with_message("looking");
    let looks = stream::iter(&roster.people).map(async |person| {
        let would = bridge.rehearse(&person.key, &person.heard, &stage).await?;
        bar.inc(1);
        Ok::<_, StoreError>(Line::of(person, &would))
    });
    let lines: Vec<Result<Line, StoreError>> =
        looks.buffered(bridge.config.server.concurrency).collect().await;
    bar.finish_and_clear();
    Ok(lines.into_iter().collect::<Result<_, _>>()?)
}

/// People of the group who have an account by the journal, and whom the roster does not name.
async fn missing(
    bridge: &Rehearsal,
    group: &SourceName,
    roster: &Roster,
) -> Result<BTreeSet<PersonKey>, Fail> {
    let named: HashSet<&PersonKey> = roster.people.iter().map(|person| &person.key).collect();
    let mut missing = BTreeSet::new();
    let mut after: Option<PersonKey> = None;
    loop {
        let page = bridge.journal.people(after.as_ref(), PAGE).await?;
        for person in &page {
            let theirs = person.group == *group && person.tenant == *bridge.config.domain();
            if theirs && !named.contains(person) && works(&State::fold(bridge.journal.read(person).await?)) {
                missing.insert(person.clone());
            }
        }
        match page.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok(missing),
        }
    }
}

/// Whether there is an account that is neither announced nor taken away from here.
fn works(state: &State) -> bool {
    state.account.is_some() && state.onboarding.is_none() && state.offboarding.is_none() && !state.suspended
}
