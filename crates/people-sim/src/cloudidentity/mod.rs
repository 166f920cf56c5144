//! Cloud Identity's user invitations v1: routing, token, scope and delegation, then the operation. There is no resource for operations.

mod accounts;
mod error;
mod list;

use http::Method;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

pub(crate) use self::accounts::{Consumer, Invitations};
pub(crate) use self::error::fault;
use self::error::{Fail, not_found_page};
use crate::http::{Handled, Reply, Request};
use crate::world::World;

/// The scope of the API, for which every administrator is delegated.
pub(crate) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-identity.userinvitations";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    List,
    Get,
    Invitable,
    Send,
    Cancel,
}

/// A request that found its operation.
struct Route {
    op: Op,
    customer: String,
    /// The address; empty for a list.
    email: String,
}

/// The method's name stands behind the last colon of the path as sent; what is encoded is no colon.
fn route(request: &Request) -> Option<Route> {
    let rest = request.path.strip_prefix("/cloudidentity/v1/customers/")?;
    let segments: Vec<&str> = rest.split('/').collect();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (customer, op, email) = match (segments.as_slice(), &request.method) {
        ([customer, "userinvitations"], &Method::GET) => (customer, Op::List, ""),
        ([customer, "userinvitations", last], method) => match (last.rsplit_once(':'), method) {
            (None, &Method::GET) => (customer, Op::Get, *last),
            (Some((email, "isInvitableUser")), &Method::GET) => (customer, Op::Invitable, email),
            (Some((email, "send")), &Method::POST) => (customer, Op::Send, email),
            (Some((email, "cancel")), &Method::POST) => (customer, Op::Cancel, email),
            _ => return None,
        },
        _ => return None,
    };
    (!customer.is_empty() && (op == Op::List || !email.is_empty())).then(|| Route {
        op,
        customer: decoded(customer),
        email: decoded(email),
    })
}

pub(crate) fn op(request: &Request) -> &'static str {
    match route(request).map(|route| route.op) {
        Some(Op::List) => "userinvitations.list",
        Some(Op::Get) => "userinvitations.get",
        Some(Op::Invitable) => "userinvitations.isInvitableUser",
        Some(Op::Send) => "userinvitations.send",
        Some(Op::Cancel) => "userinvitations.cancel",
        None => "unknown",
    }
}

pub(crate) fn handle(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    let Some(route) = route(request) else { return Handled::quietly(not_found_page()) };
    let effect = matches!(route.op, Op::Send | Op::Cancel);
    match perform(world, request, &route, now) {
        Ok(body) => Handled { reply: Reply::pretty(200, &body), effect },
        Err(fail) => Handled::quietly(fail.into_reply()),
    }
}

fn perform(world: &mut World, request: &Request, route: &Route, now: Timestamp) -> Result<Value, Fail> {
    allow(world, request, &route.customer, now)?;
    if matches!(route.op, Op::Send | Op::Cancel) {
        empty(request)?;
    }
    if route.op != Op::List && !route.email.contains('@') {
        return Err(Fail::argument("Request contains an invalid argument: the name holds no email address."));
    }
    let lag = world.options.invitation_lag;
    let accounts = &mut world.invitations;
    let name = |email: &str| format!("customers/{}/userinvitations/{email}", route.customer);
    match route.op {
        Op::List => list::list(accounts, request, lag, now, &name),
        Op::Get => match accounts.shown(&route.email, lag, now) {
            Some(consumer) => Ok(consumer.resource(&name(&consumer.email))),
            None => Err(Fail::new(404, "NOT_FOUND", "Requested entity was not found.")),
        },
        Op::Invitable => Ok(match accounts.invitable(&route.email) {
            true => json!({ "isInvitableUser": true }),
            false => json!({}),
        }),
        Op::Send => accounts.send(&route.email, now).map(|consumer| operation(consumer, &name)),
        Op::Cancel => accounts.cancel(&route.email, now).map(|consumer| operation(consumer, &name)),
    }
}

/// The reply of send and cancel: over already, with the invitation in it.
fn operation(consumer: &Consumer, name: &impl Fn(&str) -> String) -> Value {
    let mut response = consumer.resource(&name(&consumer.email));
    if let Value::Object(members) = &mut response {
        let kind = "type.googleapis.com/google.apps.cloudidentity.userinvitations.v1.UserInvitation";
        members.insert("@type".to_owned(), json!(kind));
    }
    json!({ "done": true, "response": response })
}

/// In Google's order: who asks, with what scope, for whom, about which customer.
fn allow(world: &World, request: &Request, customer: &str, now: Timestamp) -> Result<(), Fail> {
    let grant = request
        .bearer()
        .and_then(|token| world.tokens.look_up(token, now))
        .ok_or_else(Fail::unauthenticated)?;
    if !grant.scopes.iter().any(|scope| scope == SCOPE) {
        return Err(Fail::scope());
    }
    let options = &world.options;
    let admin = match &options.invitation_admin {
        Some(admin) => grant.identity.eq_ignore_ascii_case(admin),
        // Whoever is impersonated will do; the service account itself is nobody's administrator.
        None => grant.identity != options.client_email,
    };
    let ours = options.customer.as_ref().is_none_or(|ours| ours == customer);
    if admin && ours { Ok(()) } else { Err(Fail::denied("The caller does not have permission")) }
}

/// The body of send and cancel has no member.
fn empty(request: &Request) -> Result<(), Fail> {
    let body = request.body.trim_ascii();
    if body.is_empty() {
        return Ok(());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) if members.is_empty() => Ok(()),
        Ok(Value::Object(_)) => {
            Err(Fail::argument("Invalid JSON payload received. Unknown name: Cannot find field."))
        }
        _ => Err(Fail::argument("Invalid JSON payload received.")),
    }
}
