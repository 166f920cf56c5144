//! `people invite`: each operation of the invitation API, with the looks and questions that make it safe.

use std::path::Path;

use people_core::endpoint::Endpoint;
use people_core::target::invitations::operations::{Cancel, Check, Get, Send};
use people_core::target::invitations::{Invitations, Pager};
use people_model::invitations::{InvitationName, InvitationState, Page, UserInvitation};
use people_model::{Api, Call, Email, Members};
use serde_json::{Value, json};

use super::client::{Client, Reply, request};
use super::user::confirm;
use crate::cli::{Invite, Sending};
use crate::exit::{Exit, Fail};
use crate::load;
use crate::report::{Report, progress, say};

/// Runs a command about invitations.
pub(super) async fn invite(config: &Path, report: &Report, command: Invite) -> Result<Exit, Fail> {
    let invitations = load::config(config)?.invitations.ok_or_else(|| {
        Fail::input("the configuration has no [invitations]; add it with `customer` and `admin`")
    })?;
    let run = Run { config, report, invitations };
    match command {
        Invite::List { state, filter, order, page_size, limit } => {
            let states: Vec<String> =
                state.iter().map(|state| format!("state=='{}'", state.word())).collect();
            let filter = filter.or_else(|| (!states.is_empty()).then(|| states.join("||")));
            let order = order.map(|order| order.words().to_owned());
            let pager = Pager::new(run.invitations.customer.clone(), filter, order, page_size);
            run.list(pager, limit.unwrap_or(usize::MAX)).await
        }
        Invite::Get { email } => {
            let shown = run.look(&run.client()?, &run.name(&email)).await?;
            run.show(&shown.ok_or_else(absent)?)
        }
        Invite::Check { email } => {
            let members = [
                ("email".to_owned(), json!(email)),
                (
                    "isInvitableUser".to_owned(),
                    json!(run.invitable(&run.client()?, &run.name(&email)).await?),
                ),
            ];
            report.record(&members.into_iter().collect())?;
            Ok(Exit::Ok)
        }
        Invite::Send { email, again, sending } => run.send(&email, again, sending).await,
        Invite::Cancel { email, sending } => run.cancel(&email, sending).await,
    }
}

struct Run<'a> {
    config: &'a Path,
    report: &'a Report,
    invitations: Invitations,
}

impl Run<'_> {
    fn client(&self) -> Result<Client, Fail> {
        Client::new(self.config)
    }

    fn name(&self, email: &Email) -> InvitationName {
        self.invitations.name(email)
    }

    /// All pages, as far as they are wanted.
    async fn list(&self, mut pager: Pager, limit: usize) -> Result<Exit, Fail> {
        let client = self.client()?;
        let mut all: Vec<UserInvitation> = Vec::new();
        while let Some(call) = pager.call().filter(|_| all.len() < limit) {
            let members = match client.call(&call).await? {
                Reply::Done(members) => members,
                Reply::Absent => {
                    return Err(Fail::new(
                        Exit::NotFound,
                        "Google knows no such customer; check [invitations] customer",
                    ));
                }
            };
            let page: Page = serde_json::from_value(Value::Object(members))
                .map_err(|_| Fail::failed("a page of the list could not be read; try again"))?;
            all.extend(pager.page(page).map_err(|error| Fail::failed(error.to_string()))?);
            progress(&format!("{} so far", all.len()));
        }
        all.truncate(limit);
        let row = |one: &UserInvitation| {
            let email = InvitationName::parse(&one.name)
                .map_or_else(|_| one.name.clone(), |name| name.address.to_string());
            vec![
                email,
                one.state.as_str().to_owned(),
                one.mails_sent_count.to_string(),
                one.update_time.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        self.report.rows(&["email", "state", "mailsSentCount", "updateTime"], &rows, &all)?;
        Ok(Exit::Ok)
    }

    async fn send(&self, email: &Email, again: bool, sending: Sending) -> Result<Exit, Fail> {
        let name = self.name(email);
        let call = Send(&name).call();
        if sending.dry_run {
            return self.dry(&call);
        }
        confirm(&format!("send an invitation by mail to {email}"), sending.yes)?;
        let client = self.client()?;
        let before = self.look(&client, &name).await?;
        let refuse = |text: &str| Err(Fail::new(Exit::Refused, format!("{text}, so nothing was sent")));
        match before.as_ref().map(|before| &before.state) {
            Some(InvitationState::Accepted) => {
                return refuse("the invitation was accepted and the account is managed");
            }
            Some(InvitationState::Invited) if !again => {
                return refuse("an invitation stands and is not answered yet; --again sends another mail");
            }
            Some(InvitationState::Declined) if !again => {
                return refuse("the owner declined; --again sends another mail");
            }
            Some(_) => {}
            // Younger than 48 hours, or there is nobody: this look knows.
            None if self.invitable(&client, &name).await? => {}
            None => {
                return Err(Fail::new(
                    Exit::NotFound,
                    "there is no unmanaged account with this primary address, so nothing was sent; check the spelling, and that the domain is verified",
                ));
            }
        }
        match client.call(&call).await {
            Ok(Reply::Done(operation)) => self.shown(&client, &name, &operation).await,
            Ok(Reply::Absent) => Err(absent()),
            Err(fail) if fail.exit == Exit::Unknown => self.lost(&client, &name, before.as_ref()).await,
            Err(fail) => Err(fail),
        }
    }

    /// The answer was lost: a look may show whether the mail went.
    async fn lost(
        &self,
        client: &Client,
        name: &InvitationName,
        before: Option<&UserInvitation>,
    ) -> Result<Exit, Fail> {
        let count = before.map_or(0, |before| before.mails_sent_count);
        let after = self.look(client, name).await.ok().flatten();
        if let Some(after) = after.filter(|after| after.mails_sent_count > count) {
            say("the answer was lost, and a look shows that the mail went");
            return self.show(&after);
        }
        Err(Fail::new(
            Exit::Unknown,
            format!(
                "the answer was lost and it is not known whether a mail went; it is not sent again: look at mailsSentCount with `people invite get`, which was {count} before, and for a new account after 48 hours"
            ),
        ))
    }

    async fn cancel(&self, email: &Email, sending: Sending) -> Result<Exit, Fail> {
        let name = self.name(email);
        let call = Cancel(&name).call();
        if sending.dry_run {
            return self.dry(&call);
        }
        confirm(&format!("take back the invitation of {email}"), sending.yes)?;
        let client = self.client()?;
        match client.call(&call).await? {
            Reply::Done(operation) => self.shown(&client, &name, &operation).await,
            Reply::Absent => Err(absent()),
        }
    }

    /// The invitation that an operation returns, or a look where it returns none.
    async fn shown(&self, client: &Client, name: &InvitationName, operation: &Members) -> Result<Exit, Fail> {
        let response = operation.get("response").and_then(Value::as_object);
        match response.and_then(UserInvitation::read).filter(|shown| !shown.name.is_empty()) {
            Some(shown) => self.show(&shown),
            None => match self.look(client, name).await? {
                Some(shown) => self.show(&shown),
                None => {
                    say("it is done, and not to be seen yet");
                    Ok(Exit::Ok)
                }
            },
        }
    }

    async fn look(&self, client: &Client, name: &InvitationName) -> Result<Option<UserInvitation>, Fail> {
        match client.call(&Get(name).call()).await? {
            Reply::Done(members) => {
                let shown = UserInvitation::read(&members);
                shown.map(Some).ok_or_else(|| Fail::failed("the invitation could not be read; try again"))
            }
            Reply::Absent => Ok(None),
        }
    }

    /// A refusal to say is no.
    async fn invitable(&self, client: &Client, name: &InvitationName) -> Result<bool, Fail> {
        match client.call(&Check(name).call()).await {
            Ok(Reply::Done(members)) => Ok(members.get("isInvitableUser") == Some(&Value::Bool(true))),
            Ok(Reply::Absent) => Ok(false),
            Err(fail) if fail.exit == Exit::Refused => {
                say(&format!("{}; taken for no", fail.text));
                Ok(false)
            }
            Err(fail) => Err(fail),
        }
    }

    fn show(&self, shown: &UserInvitation) -> Result<Exit, Fail> {
        match serde_json::to_value(shown) {
            Ok(Value::Object(members)) => self.report.record(&members)?,
            _ => return Err(Fail::failed("the invitation could not be shown")),
        }
        Ok(Exit::Ok)
    }

    /// Shows the request, and sends nothing.
    fn dry(&self, call: &Call) -> Result<Exit, Fail> {
        debug_assert_eq!(call.api, Api::Invitations);
        self.report.record(&request(&self.invitations.base_url, call))?;
        say("nothing was sent");
        Ok(Exit::Ok)
    }
}

fn absent() -> Fail {
    Fail::new(
        Exit::NotFound,
        "Google shows no invitation for this address; check the spelling and [invitations] customer, and that the account is older than 48 hours",
    )
}
