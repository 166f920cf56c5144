//! Unmanaged accounts: somebody made a Google account of their own with an address of the company. An account made at that address
//! would collide with it; so before one is made it is looked for, and by policy its owner is invited and the answer followed.

use people_model::invitations::{InvitationState, UserInvitation};
use people_model::time::{SignedDuration, Timestamp, parse_timestamp};
use people_model::{Effect, Email, HeldWhy, Outcome, Step};
use serde_json::Value;

use super::super::find::see;
use super::{Cloudm, Plan, Sight};
use crate::endpoint::Endpoint;
use crate::engine::facts::{Ending, Invitation};
use crate::engine::{Seen, Situation};
use crate::target::invitations::operations::{Cancel, Send};
use crate::target::invitations::{Invitations, Unmanaged};

/// How long get and list may not show a new account ("Manage user invitations"): what they do not show says nothing until then.
const LAG: SignedDuration = SignedDuration::from_hours(48);

/// What becomes of an invitation that is wanted no more.
pub(super) enum Uninvited {
    /// It may stand: this takes it back.
    By(Step),
    /// It was accepted; nobody can take that back.
    Accepted(UserInvitation),
    /// Nothing of it stands.
    Over,
}

impl Cloudm {
    /// What has to happen before an account is made at this address. `None`: nothing stands in the way.
    pub(super) fn unmanaged(
        &self,
        s: &Situation<'_>,
        seen: &Seen,
        address: &Email,
    ) -> Result<Option<Plan>, Plan> {
        let Some(config) = self.invitations.as_ref().filter(|config| config.unmanaged != Unmanaged::Ignore)
        else {
            return Ok(None);
        };
        let sent = s.state.invitation.as_ref();
        if let Some(old) = sent.filter(|old| old.address != *address || old.ending != Ending::No) {
            match self.uninvite(config, old, seen)? {
                Uninvited::By(step) => return Ok(Some(Plan::Steps(vec![step]))),
                Uninvited::Accepted(shown) if old.address == *address => {
                    return Ok(self.accepted(s, config, old, &shown));
                }
                Uninvited::Accepted(_) | Uninvited::Over => {}
            }
        }
        use HeldWhy::{InvitationDeclined, InvitationUnanswered};
        if [HeldWhy::Unmanaged, InvitationDeclined, InvitationUnanswered]
            .iter()
            .any(|why| s.state.allows(why))
        {
            return Ok(None);
        }
        let shown = self.invitation(config, address, seen)?;
        let ours = sent.filter(|ours| ours.address == *address && ours.ending == Ending::No);
        match ours {
            Some(ours) => match self.follow_up(s, config, ours, shown.as_ref()) {
                Followed::Rests(plan) => Ok(plan),
                // It did not go.
                Followed::Again => Ok(Some(self.invite(config, address, shown.as_ref()))),
            },
            None => self.found(s, config, address, shown.as_ref(), seen),
        }
    }

    /// No invitation was sent from here.
    fn found(
        &self,
        s: &Situation<'_>,
        config: &Invitations,
        address: &Email,
        shown: Option<&UserInvitation>,
        seen: &Seen,
    ) -> Result<Option<Plan>, Plan> {
        use InvitationState::{Accepted, Declined, Invited, NotYetSent, Other, Unspecified};
        let stands = match shown.map(|shown| &shown.state) {
            Some(Accepted) => return Ok(None),
            Some(Declined | Invited | Other(_)) => true,
            // The list may lag behind: whether there is such an account now, only the other look tells.
            Some(NotYetSent) => self.invitable(config, address, seen)? != Some(false),
            Some(Unspecified) | None => self.invitable(config, address, seen)? == Some(true),
        };
        if !stands {
            return Ok(None);
        }
        if config.unmanaged == Unmanaged::Hold {
            return Ok(Some(Plan::Hold(HeldWhy::Unmanaged, Vec::new())));
        }
        Ok(Some(match shown.map(|shown| (&shown.state, shown)) {
            Some((Declined, _)) => Plan::Hold(HeldWhy::InvitationDeclined, Vec::new()),
            // Somebody else invited them.
            Some((Invited | Other(_), shown)) => {
                let heard = s.state.hire.as_ref().map_or(s.now, |hire| hire.version.0);
                waits(
                    s,
                    config,
                    updated(shown).unwrap_or(heard),
                    config.wait.get(),
                    HeldWhy::InvitationUnanswered,
                )
            }
            _ => self.invite(config, address, shown),
        }))
    }

    /// What came of an invitation that was sent from here, or may have been.
    fn follow_up(
        &self,
        s: &Situation<'_>,
        config: &Invitations,
        ours: &Invitation,
        shown: Option<&UserInvitation>,
    ) -> Followed {
        let rests = |plan| Followed::Rests(Some(plan));
        match shown {
            Some(shown) if shown.state == InvitationState::Accepted => {
                return Followed::Rests(self.accepted(s, config, ours, shown));
            }
            Some(shown) if shown.state == InvitationState::Declined => {
                return rests(Plan::Hold(HeldWhy::InvitationDeclined, Vec::new()));
            }
            _ => {}
        }
        if ours.sent || went(ours, shown) {
            let why = HeldWhy::InvitationUnanswered;
            return rests(waits(s, config, ours.at, config.wait.get(), why));
        }
        let young = s.now < ours.at.saturating_add(LAG).unwrap_or(ours.at);
        match shown.map(|shown| &shown.state) {
            // It was to be seen before, and nothing has changed; or it is to be seen only now, and it can be believed.
            Some(InvitationState::NotYetSent) if ours.mails.is_some() || !young => Followed::Again,
            _ if s.state.allows(&HeldWhy::InvitationUncertain) => Followed::Again,
            _ => rests(waits(s, config, ours.at, LAG, HeldWhy::InvitationUncertain)),
        }
    }

    /// The account is managed now, and CloudM does not show it yet.
    fn accepted(
        &self,
        s: &Situation<'_>,
        config: &Invitations,
        ours: &Invitation,
        shown: &UserInvitation,
    ) -> Option<Plan> {
        let why = HeldWhy::InvitationAccepted;
        let since = updated(shown).unwrap_or(ours.at);
        (!s.state.allows(&why)).then(|| waits(s, config, since, config.wait.get(), why))
    }

    fn invite(&self, config: &Invitations, address: &Email, shown: Option<&UserInvitation>) -> Plan {
        let mails = shown.map(|shown| shown.mails_sent_count);
        let effect = Effect::Invite { address: address.clone(), mails };
        Plan::Steps(vec![Step { effect, call: Send(&config.name(address)).call() }])
    }

    /// Nobody is wanted any more: what was sent is taken back, and what was accepted is waited for. `None`: nothing is left of it.
    pub(super) fn uninvited(&self, s: &Situation<'_>, seen: &Seen) -> Result<Option<Plan>, Plan> {
        let (Some(config), Some(ours)) = (&self.invitations, &s.state.invitation) else { return Ok(None) };
        Ok(match self.uninvite(config, ours, seen)? {
            Uninvited::By(step) => Some(Plan::Steps(vec![step])),
            Uninvited::Accepted(shown) => {
                // It will show, and be dealt with then.
                let plan = self.accepted(s, config, ours, &shown);
                plan.filter(|plan| matches!(plan, Plan::Agrees(_)))
            }
            Uninvited::Over => None,
        })
    }

    fn uninvite(&self, config: &Invitations, old: &Invitation, seen: &Seen) -> Result<Uninvited, Plan> {
        use InvitationState::{Accepted, Declined, NotYetSent};
        let shown = self.invitation(config, &old.address, seen)?;
        Ok(match shown {
            Some(shown) if shown.state == Accepted => Uninvited::Accepted(shown),
            Some(shown) if shown.state == Declined => Uninvited::Over,
            // Taken back already, or it did not go.
            Some(shown) if shown.state == NotYetSent && (!old.sent || went(old, Some(&shown))) => {
                Uninvited::Over
            }
            _ if old.ending == Ending::Refused => Uninvited::Over,
            _ => Uninvited::By(Step {
                effect: Effect::CancelInvitation { address: old.address.clone() },
                call: Cancel(&config.name(&old.address)).call(),
            }),
        })
    }

    /// What the look at an open intent to invite shows: whether the mail went.
    pub(super) fn invited(&self, s: &Situation<'_>, seen: &Seen) -> Result<bool, Plan> {
        let (Some(config), Some(ours)) = (&self.invitations, &s.state.invitation) else { return Ok(false) };
        Ok(went(ours, self.invitation(config, &ours.address, seen)?.as_ref()))
    }

    fn invitation(
        &self,
        config: &Invitations,
        address: &Email,
        seen: &Seen,
    ) -> Result<Option<UserInvitation>, Plan> {
        Ok(see(seen, Sight::Invitation(config.name(address)))?.map(|shown| {
            // What cannot be read is an invitation all the same.
            let unread =
                || UserInvitation { state: InvitationState::Other(String::new()), ..Default::default() };
            UserInvitation::read(shown).unwrap_or_else(unread)
        }))
    }

    /// Whether there is an unmanaged account; `None`: the API does not say.
    fn invitable(&self, config: &Invitations, address: &Email, seen: &Seen) -> Result<Option<bool>, Plan> {
        let shown = see(seen, Sight::Invitable(config.name(address)))?;
        Ok(shown.map(|shown| shown.get("isInvitableUser") == Some(&Value::Bool(true))))
    }
}

/// What to do about an invitation that was sent from here.
enum Followed {
    /// This; `None`: nothing stands in the way any more.
    Rests(Option<Plan>),
    /// Send it: it did not go.
    Again,
}

/// Whether what is shown proves that the mail went.
fn went(ours: &Invitation, shown: Option<&UserInvitation>) -> bool {
    use InvitationState::{Accepted, Declined, Invited};
    shown.is_some_and(|shown| {
        matches!(shown.state, Invited | Accepted | Declined)
            || shown.mails_sent_count > ours.mails.unwrap_or(0)
    })
}

fn updated(shown: &UserInvitation) -> Option<Timestamp> {
    parse_timestamp(&shown.update_time)
}

/// Waits from look to look, at moments that depend on nothing but the beginning; and asks a human when the time is up.
fn waits(
    s: &Situation<'_>,
    config: &Invitations,
    since: Timestamp,
    patience: SignedDuration,
    why: HeldWhy,
) -> Plan {
    let end = since.saturating_add(patience).unwrap_or(since);
    if s.now >= end {
        return Plan::Hold(why, Vec::new());
    }
    let poll = config.poll.get().as_secs().max(60);
    let passed = s.now.duration_since(since).as_secs().max(0);
    let next = SignedDuration::from_secs((passed / poll + 1).saturating_mul(poll));
    let until = since.saturating_add(next).unwrap_or(end).min(end);
    Plan::Agrees(Outcome::Invited { until })
}
