//! Which account is this person's: known, found by what proves it, or free to be made. Never by a name alone. The same for every directory.

use people_model::time::{SignedDuration, Timestamp};
use people_model::{Domain, Effect, Email, HeldWhy, Members, Outcome};
use serde_json::Value;

use super::{Plan, Sight};
use crate::engine::{Seen, Situation};
use crate::policy::Adopt;

/// What a directory shows of its accounts.
pub(super) trait Accounts {
    /// How long an account may not be seen under its new address after a rename.
    const SPREADS: SignedDuration;

    /// The tenant.
    fn domain(&self) -> &Domain;

    /// The primary address of whoever has this alias, by what the look at the alias showed.
    fn owner(&self, alias: &Email, shown: &Members) -> Option<Email>;

    /// Whether the account shows this person's worker id, or somebody else's; `None`: it shows none.
    fn identified(&self, s: &Situation<'_>, shown: &Members) -> Option<bool>;
}

/// What was found.
pub(super) enum Found<'s> {
    /// The person's account and its profile.
    Account(&'s Email, &'s Members),
    /// The account that was the person's is not there any more.
    Lost(&'s Email),
    /// None.
    Free {
        /// This address is free, and reserved where one was asked for.
        address: Email,
        /// An account without a worker id that could be the person's stands at a better one.
        unproven: bool,
    },
    /// None, and no free address: every candidate is somebody else's, or stands unproven.
    Taken {
        /// One of them has no worker id, and could be the person's.
        unproven: bool,
    },
    /// None is known, and there is nothing to search by.
    Nameless,
}

/// What the account at one address is to the person.
enum Standing {
    Ours { proven: bool },
    Other,
    Unproven,
}

/// The way to the account in one directory.
pub(super) struct Finder<'a, A>(pub(super) &'a A);

impl<A> Clone for Finder<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Finder<'_, A> {}

impl<'a, A: Accounts> Finder<'a, A> {
    /// Finds the account. `Err` is a look, a claim or an adoption that must come first. With `make` an address is reserved that can be used;
    /// without, the search ends at the first free one.
    pub(super) fn find<'s>(self, s: &Situation<'s>, seen: &'s Seen, make: bool) -> Result<Found<'s>, Plan> {
        let state = s.state;
        if let Some(chosen) = state.chosen.as_ref().filter(|chosen| state.account.as_ref() != Some(*chosen)) {
            return match see(seen, Sight::User(chosen.clone()))? {
                Some(_) => Err(Plan::Adopt { address: chosen.clone(), chosen: true }),
                None if reserve(seen, chosen)? => {
                    Ok(Found::Free { address: chosen.clone(), unproven: false })
                }
                None => Ok(Found::Taken { unproven: false }),
            };
        }
        if let Some(address) = &state.account {
            return self.known(s, address, seen);
        }
        // What was asked for stands where it was asked for, whatever the names are by now.
        for address in asked_for(s).filter(|address| seen.claims.get(*address) != Some(&false)) {
            if let Some(profile) = see(seen, Sight::User(address.clone()))?
                && matches!(self.standing(s, address, profile, false), Standing::Ours { .. })
            {
                return Err(Plan::Adopt { address: address.clone(), chosen: false });
            }
        }
        let mut unproven = false;
        let mut candidates = self.candidates(s).peekable();
        if candidates.peek().is_none() {
            return Ok(Found::Nameless);
        }
        for (named, address) in candidates {
            let (address, profile) = match see(seen, Sight::User(address.clone()))? {
                Some(profile) => (address, profile),
                None => match see(seen, Sight::Alias(address.clone()))? {
                    Some(profile) => {
                        let Some(id) = self.0.owner(&address, profile) else { continue };
                        if !matches!(self.standing(s, &id, profile, false), Standing::Ours { proven: true }) {
                            continue;
                        }
                        (id, profile)
                    }
                    // Our own create may be what is in the way, and nothing shows it yet: never a second account.
                    None if state.taken.contains(&address) && asked_for(s).any(|asked| *asked == address) => {
                        return Ok(Found::Taken { unproven });
                    }
                    None if state.taken.contains(&address) => continue,
                    None if make && seen.claims.get(&address) == Some(&false) => continue,
                    None if !make || reserve(seen, &address)? => {
                        return Ok(Found::Free { address, unproven });
                    }
                    None => continue,
                },
            };
            let theirs = seen.claims.get(&address) == Some(&false);
            match self.standing(s, &address, profile, named) {
                // The same worker id, and somebody else's already: two sources speak of one human, or of two by the same number.
                Standing::Ours { proven: true } if theirs => {
                    return Err(Plan::Hold(HeldWhy::OtherSource, Vec::new()));
                }
                Standing::Ours { .. } if theirs => {}
                Standing::Ours { .. } => return Err(Plan::Adopt { address, chosen: false }),
                // HR says this address is theirs, CloudM says it is somebody else's: only a human knows.
                Standing::Other if named => {
                    return Err(Plan::Hold(HeldWhy::OtherWorker, Vec::new()));
                }
                Standing::Other => {}
                Standing::Unproven => unproven = true,
            }
        }
        Ok(Found::Taken { unproven })
    }

    /// The account at the address we know, or at the one it has been renamed to.
    fn known<'s>(self, s: &Situation<'s>, address: &'s Email, seen: &'s Seen) -> Result<Found<'s>, Plan> {
        if let Some(profile) = see(seen, Sight::User(address.clone()))? {
            return Ok(Found::Account(address, profile));
        }
        let owner = see(seen, Sight::Alias(address.clone()))?.and_then(|shown| self.0.owner(address, shown));
        let free = |id: &Email| id != address && seen.claims.get(id) != Some(&false);
        if let Some(id) = owner.filter(|id| free(id)) {
            return Err(Plan::Adopt { address: id, chosen: false });
        }
        if let Some(renamed) = &s.state.renamed {
            let shown = match free(&renamed.to) {
                true => see(seen, Sight::User(renamed.to.clone()))?,
                false => None,
            };
            if shown.is_some_and(|shown| self.0.identified(s, shown) != Some(false)) {
                return Err(Plan::Adopt { address: renamed.to.clone(), chosen: false });
            }
            let shows = renamed.at.saturating_add(A::SPREADS).unwrap_or(Timestamp::MAX);
            if s.now < shows {
                return Err(Plan::Agrees(Outcome::Expected { until: shows }));
            }
        }
        Ok(Found::Lost(address))
    }

    /// The addresses under which the account may stand or be made, best first; `true`: HR names it.
    fn candidates(self, s: &Situation<'a>) -> impl Iterator<Item = (bool, Email)> + use<'a, A> {
        let worker = s.person.worker.as_str();
        let made = s.state.seed().map(|seed| s.policy.candidates(self.0.domain(), seed, worker));
        let named = named(self.0.domain(), s);
        let first = named.clone().map(|address| (true, address));
        let made = made.into_iter().flatten().filter(move |address| Some(address) != named.as_ref());
        first.into_iter().chain(made.map(|address| (false, address)))
    }

    fn standing(self, s: &Situation<'_>, address: &Email, profile: &Members, named: bool) -> Standing {
        match self.0.identified(s, profile) {
            Some(true) => Standing::Ours { proven: true },
            Some(false) => Standing::Other,
            // We had reserved the address and seen it free, and sent a create whose answer was lost, or an invitation.
            None if asked_for(s).any(|asked| asked == address) => Standing::Ours { proven: false },
            None if named && s.policy.adopt == Adopt::Email => Standing::Ours { proven: false },
            None => Standing::Unproven,
        }
    }
}

/// The addresses at which an account was asked for and the answer lost, or at which its owner was invited to hand it over.
fn asked_for<'a>(s: &Situation<'a>) -> impl Iterator<Item = &'a Email> {
    let open = s.state.open.as_ref().and_then(|open| match &open.step.effect {
        Effect::Create { address } | Effect::Schedule { address, .. } => Some(address),
        _ => None,
    });
    let invited = s.state.invitation.iter().map(|invitation| &invitation.address);
    open.into_iter().chain(&s.state.attempted).chain(invited)
}

/// What a look showed, or that it must be taken.
pub(super) fn see(seen: &Seen, sight: Sight) -> Result<Option<&Members>, Plan> {
    match seen.sights.get(&sight) {
        Some(profile) => Ok(profile.as_ref()),
        None => Err(Plan::Look(sight)),
    }
}

/// Whether the address is reserved for this person, or that it must be asked for.
pub(super) fn reserve(seen: &Seen, address: &Email) -> Result<bool, Plan> {
    seen.claims.get(address).copied().ok_or_else(|| Plan::Claim(address.clone()))
}

/// The work address that HR names, if it lies in the tenant. An address elsewhere is a private one.
pub(super) fn named(domain: &Domain, s: &Situation<'_>) -> Option<Email> {
    let address = Email::parse(&s.state.email.as_ref()?.value).ok()?;
    let ours = address.domain() == domain.as_str()
        || s.policy.email.domain.as_ref().is_some_and(|domain| address.domain() == domain.as_str());
    ours.then_some(address)
}

/// What HR has to send first, or else why the names it has sent do not do.
pub(super) fn missing(s: &Situation<'_>, otherwise: HeldWhy) -> HeldWhy {
    let seed = s.state.seed().unwrap_or_default();
    let unknown = |name: Option<&str>| name.is_none_or(|name| name.trim().is_empty());
    match [("givenName", seed.given), ("familyName", seed.family)]
        .into_iter()
        .find(|(_, name)| unknown(*name))
    {
        Some((member, _)) => HeldWhy::Incomplete { member: member.into() },
        None => otherwise,
    }
}

/// A member that is a string and not empty.
pub(super) fn text<'a>(profile: &'a Members, name: &str) -> Option<&'a str> {
    profile.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}
