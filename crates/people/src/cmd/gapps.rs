//! `people gapps`: each operation of the Provisioning API, with the looks and questions that make it safe.

use std::path::Path;
use std::sync::Arc;

use people_core::target::Answer;
use people_core::target::gapps::{
    BadCall, OPERATIONS, Operation, Pages, READ_ONLY, Reply as Returns, operation,
};
use people_model::gapps::shape::{Shape, Value as Kind};
use people_model::gapps::{CustomerId, Noun};
use people_model::{Call, Email, Members};
use serde_json::{Value, json};

use super::client::{Client, Reply};
use super::serve::Stop;
use super::user::confirm;
use crate::cli::Gapps;
use crate::exit::{Exit, Fail};
use crate::facade::FacadeServer;
use crate::host::Clock;
use crate::load;
use crate::report::{Report, cell, print, say};

mod export;
mod request;

use request::{Content, Request};

/// Runs a command about Google Apps Provisioning.
pub(super) async fn gapps(config: &Path, report: &Report, command: Gapps) -> Result<Exit, Fail> {
    match command {
        Gapps::Operations => operations(report),
        Gapps::Read { file, kind } => export::read(report, &file, kind.as_deref()),
        Gapps::Serve { listen } => serve(config, listen).await,
        command => {
            let Some(request) = request::of(command)? else {
                return Err(Fail::usage("there is no such command"));
            };
            Run { config, report }.run(request).await
        }
    }
}

/// Answers the API until it is told to stop.
async fn serve(config: &Path, listen: Option<String>) -> Result<Exit, Fail> {
    let facade = load::facade(config, Clock::default())?;
    let listen = listen.unwrap_or_else(|| facade.listen().to_owned());
    let mut stop = Stop::new()?;
    let server = FacadeServer::start(Arc::new(facade), &listen).await.map_err(|error| {
        Fail::failed(format!("{listen} cannot be listened on: {error}; choose another address with --listen"))
    })?;
    print(&format!("listening on http://{}\n", server.addr()))?;
    stop.wait().await;
    server.stop().await;
    Ok(Exit::Ok)
}

fn operations(report: &Report) -> Result<Exit, Fail> {
    let row = |known: &Operation| {
        let safety = json!(known.safety);
        [known.name, known.method.as_str(), known.path, safety.as_str().unwrap_or_default()]
            .map(str::to_owned)
            .to_vec()
    };
    let rows: Vec<Vec<String>> = OPERATIONS.iter().map(row).collect();
    let head = ["operation", "method", "path", "safety"];
    let json: Vec<Members> = rows
        .iter()
        .map(|row| head.iter().zip(row).map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
        .collect();
    report.rows(&head, &rows, &json)?;
    Ok(Exit::Ok)
}

struct Run<'a> {
    config: &'a Path,
    report: &'a Report,
}

impl Run<'_> {
    async fn run(&self, mut request: Request) -> Result<Exit, Fail> {
        let config = load::config(self.config)?;
        let gapps = config.gapps.as_ref().filter(|gapps| gapps.base_url.is_some());
        let gapps =
            gapps.ok_or_else(|| Fail::input("[gapps] base_url is missing; add it: no API can be called"))?;
        let domain = gapps.domain.clone().unwrap_or_else(|| config.domain().clone());
        let known = operation(request.op).ok_or_else(|| Fail::usage("there is no such operation"))?;
        if known.path_names().any(|name| name == "domain") {
            request.values.insert(0, ("domain", domain.to_string()));
        }
        let mut body = match (&known.body, &request.content) {
            (Some(sent), Some(content)) => Some(members(sent.shape, content)?),
            _ => None,
        };
        if let Some(of) = &request.account
            && request.takes_access(body.as_ref())
        {
            let address = if of.contains('@') { of.clone() } else { format!("{of}@{domain}") };
            if Email::parse(&address).is_ok_and(|address| config.policy.protects(&address)) {
                return Err(Fail::new(
                    Exit::Held,
                    "the account is protected ([policy] protected), so nothing was sent; lift the protection first",
                ));
            }
        }
        if request.dry_run {
            if known.path_names().any(|name| name == "customerId") && request.value("customerId").is_none() {
                return Err(Fail::usage(
                    "the customer's id is asked for, which --dry-run does not do; name it with --customer",
                ));
            }
            if let (Some(sent), Some(body)) = (&known.body, &mut body) {
                hide(body, sent.required.contains(&"password"));
            }
            return self
                .dry(&call(known, &request, body.as_ref())?, gapps.base_url.as_deref().unwrap_or_default());
        }
        if let Some(what) = &request.confirm {
            confirm(what, request.yes)?;
        }
        let client = Client::new(self.config)?;
        if known.path_names().any(|name| name == "customerId") && request.value("customerId").is_none() {
            request.values.push(("customerId", customer(&client).await?));
        }
        if let (Some(look), Some(body)) = (request.look, &mut body) {
            self.whole(&client, look, &request, body).await?;
        }
        let call = call(known, &request, body.as_ref())?;
        match known.reply {
            Returns::Feed { shape, .. } => self.list(&client, shape, call, request.limit).await,
            Returns::Entry(_) | Returns::Nothing => match client.call(&call).await? {
                Reply::Done(members) if members.is_empty() => {
                    say("done");
                    Ok(Exit::Ok)
                }
                Reply::Done(members) => {
                    self.report.record(&members)?;
                    Ok(Exit::Ok)
                }
                Reply::Absent => Err(absent()),
            },
        }
    }

    /// Puts what the server has under what is to change: a PUT replaces.
    async fn whole(
        &self,
        client: &Client,
        look: &str,
        request: &Request,
        body: &mut Members,
    ) -> Result<(), Fail> {
        let known = operation(look).ok_or_else(|| Fail::usage("there is no such operation"))?;
        let Reply::Done(seen) = client.call(&call(known, request, None)?).await? else {
            return Err(absent());
        };
        let Returns::Entry(shape) = known.reply else { return Ok(()) };
        for (name, value) in seen {
            if shape.field(&name).is_some()
                && !READ_ONLY.contains(&name.as_str())
                && !body.contains_key(&name)
            {
                body.insert(name, value);
            }
        }
        Ok(())
    }

    async fn list(
        &self,
        client: &Client,
        shape: &Shape,
        first: Call,
        limit: Option<usize>,
    ) -> Result<Exit, Fail> {
        let mut pages = Pages::new(first);
        let mut all = Vec::new();
        while let Some(call) = pages.next() {
            let Reply::Done(feed) = client.call(call).await? else { return Err(absent()) };
            let page = pages.accept(Answer(Value::Object(feed)));
            all.extend(page.map_err(|error| Fail::new(Exit::Refused, error.to_string()))?);
            if limit.is_some_and(|limit| all.len() >= limit) {
                break;
            }
        }
        all.truncate(limit.unwrap_or(usize::MAX));
        rows(self.report, shape, &all)
    }

    /// Shows the request, and sends nothing.
    fn dry(&self, call: &Call, base: &str) -> Result<Exit, Fail> {
        self.report.record(&super::client::request(base, call))?;
        say("nothing was sent");
        Ok(Exit::Ok)
    }
}

/// Puts words in the place of a password.
fn hide(body: &mut Members, required: bool) {
    let given = body.get("password").is_some_and(|password| !password.is_null() && password != "");
    if given || required {
        body.insert("password".into(), json!(if given { "(given)" } else { "(generated)" }));
    }
}

/// Prints a list in the columns of its kind that have anything in them.
fn rows(report: &Report, shape: &Shape, all: &[Members]) -> Result<Exit, Fail> {
    let fields = shape.fields.iter().map(|field| field.name);
    let head: Vec<&str> = fields.filter(|name| all.iter().any(|one| one.contains_key(*name))).collect();
    let row = |one: &Members| head.iter().map(|name| one.get(*name).map(cell).unwrap_or_default()).collect();
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    report.rows(&head, &rows, all)?;
    Ok(Exit::Ok)
}

fn call(known: &Operation, request: &Request, body: Option<&Members>) -> Result<Call, Fail> {
    let values: Vec<(&str, &str)> = request
        .values
        .iter()
        .filter(|(name, _)| takes(known, name))
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    known.call(&values, body).map_err(|error| match error {
        BadCall::Missing(_) | BadCall::Path(_) | BadCall::Parameter(_) => Fail::usage(error.to_string()),
        BadCall::Body(_) | BadCall::Xml(_) => Fail::input(format!("{error}; correct it")),
    })
}

/// Whether a value is for this operation: a look before a change has fewer of them.
fn takes(known: &Operation, name: &str) -> bool {
    let start = matches!(known.reply, Returns::Feed { start: Some(start), .. } if start == name);
    start || known.path_names().any(|one| one == name) || known.query.iter().any(|one| one.name == name)
}

/// The members of the file, over them those of the command line, and over all what the command itself says.
fn members(shape: &Shape, content: &Content) -> Result<Members, Fail> {
    let mut members = match &content.file {
        None => Members::new(),
        Some(path) => match serde_json::from_slice(&super::read(path)?) {
            Ok(Value::Object(members)) => members,
            _ => return Err(Fail::input("expected a JSON object of members; correct the file")),
        },
    };
    for (name, text) in &content.set {
        let kind = shape.field(name).map(|field| field.value);
        let value = match kind {
            Some(Kind::Flag) => text.parse::<bool>().map(Value::Bool).ok(),
            Some(Kind::Number) => text.parse::<u64>().map(Value::from).ok(),
            _ => None,
        };
        members.insert(name.clone(), value.unwrap_or_else(|| Value::String(text.clone())));
    }
    members.extend(content.fixed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Ok(members)
}

/// The customer's id.
async fn customer(client: &Client) -> Result<String, Fail> {
    let known = operation("customer.getId").ok_or_else(absent)?;
    let call = known.call(&[], None).map_err(|error| Fail::usage(error.to_string()))?;
    let Reply::Done(members) = client.call(&call).await? else { return Err(absent()) };
    CustomerId::from_members(members)
        .customer_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Fail::new(Exit::Refused, "the server tells no customerId; name it with --customer"))
}

fn absent() -> Fail {
    Fail::new(Exit::NotFound, "there is no such entity; check the spelling and [gapps] domain")
}
