//! Google Apps Provisioning v2, as recorded between 2009 and 2012: ClientLogin or a token, 51 operations, Atom in and out.
//!
//! | file | holds |
//! |---|---|
//! | `login` | ClientLogin, and who may ask |
//! | `route` | which operation a request is |
//! | `reply` | entries, feeds and errors, with the quirks of the real servers |
//! | `accounts` | users, nicknames, users of several domains, aliases |
//! | `lists` | e-mail lists and recipients |
//! | `groups` | groups, members, owners |
//! | `org` | the customer, organizational units and who is in them |

mod accounts;
mod groups;
mod lists;
mod login;
mod org;
mod reply;
mod route;

use jiff::Timestamp;
use people_model::Members;
use people_model::gapps::xml::{Limits, parse};
use people_model::gapps::{Errors, Item, error};
use serde_json::Value;

use self::reply::Done;
use self::route::Route;
use crate::http::{Handled, Reply, Request};
use crate::options::SimOptions;
use crate::world::World;

/// What it knows.
#[derive(Default)]
pub(crate) struct Gapps {
    accounts: accounts::Accounts,
    lists: lists::Lists,
    groups: groups::Groups,
    org: org::Org,
    logins: login::Logins,
}

impl Gapps {
    /// Ends the token of this request before its time.
    pub(crate) fn expire(&mut self, request: &Request) {
        if let Some(token) = login::token(request) {
            self.logins.expire(token);
        }
    }

    /// What the state shows of it.
    pub(crate) fn state(&self) -> Value {
        serde_json::json!({
            "users": self.accounts.state(),
            "email_lists": self.lists.state(),
            "groups": self.groups.state(),
            "org_units": self.org.state(),
        })
    }
}

/// An operation with all it needs.
struct Ask<'a> {
    op: &'static str,
    args: Vec<String>,
    request: &'a Request,
    body: Members,
    now: Timestamp,
    options: &'a SimOptions,
}

impl Ask<'_> {
    /// A part of the path, decoded.
    fn arg(&self, n: usize) -> &str {
        self.args.get(n).map_or("", String::as_str)
    }

    /// A text of the body.
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.body.get(name).and_then(Value::as_bool)
    }
}

/// An error of the API by its reason word.
fn no(reason: &str, input: impl Into<String>) -> Item {
    let known = error::named(reason).or_else(|| error::code(1000));
    known.map_or_else(
        || Item { code: 1000, input: String::new(), reason: reason.to_owned() },
        |known| Item::new(known, input),
    )
}

pub(crate) fn op(request: &Request) -> &'static str {
    route::route(request).map_or("unknown", |route| route.op)
}

pub(crate) fn handle(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    let Some(Route { op, args, body: shape }) = route::route(request) else {
        return Handled::quietly(Reply::text(
            404,
            "text/html; charset=UTF-8",
            "<html><title>Not Found</title></html>",
        ));
    };
    if op == "login" {
        return login::login(world, request, now);
    }
    if let Err(refusal) = login::authorize(world, request, now) {
        return Handled::quietly(refusal);
    }
    let body = match shape {
        None => Ok(Members::new()),
        Some(shape) => {
            // The category and an id are not asked for: recorded servers accepted a wrong one and none.
            let root = parse(&request.body, Limits::default()).map_err(|error| error.to_string());
            root.and_then(|root| shape.read(&root).map_err(|error| error.to_string()))
        }
    };
    let body = match body {
        Ok(body) => body,
        Err(problem) => return Handled::quietly(Reply::text(400, "text/plain; charset=UTF-8", &problem)),
    };
    let World { gapps, options, .. } = world;
    let ask = Ask { op, args, request, body, now, options };
    let family = op.split('.').next().unwrap_or_default();
    let done = match family {
        "user" | "nickname" | "mduser" | "alias" => accounts::perform(gapps, &ask),
        "emailList" | "recipient" => lists::perform(gapps, &ask),
        "group" | "member" | "owner" => groups::perform(gapps, &ask),
        _ => org::perform(gapps, &ask),
    };
    match done {
        Ok(Done { reply, effect }) => Handled { reply, effect },
        Err(item) => Handled::quietly(reply::errors(400, vec![item])),
    }
}

/// An injected error as this API sends it. The message may name a reason: `EntityExists`.
pub(crate) fn fault(status: u16, message: Option<&str>) -> Reply {
    match message.and_then(error::named) {
        Some(known) => reply::errors(status, vec![Item::new(known, "")]),
        None if status == 400 => reply::errors(400, vec![no("UnknownError", message.unwrap_or_default())]),
        None => Reply::text(status, "text/html; charset=UTF-8", message.unwrap_or("Error")),
    }
}

/// The document of errors, for [`reply`].
fn document(items: Vec<Item>) -> String {
    Errors(items).document()
}
