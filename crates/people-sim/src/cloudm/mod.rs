//! The CloudM People API, behind Google Cloud Endpoints: routing, token check, delegation, role, then the operation.

mod envelope;
mod ops;
mod profile;

use http::Method;
use jiff::Timestamp;
use people_model::Members;
use serde_json::Value;

pub(crate) use self::envelope::fault;
use self::envelope::{Fail, not_found_page};
pub(crate) use self::profile::{seeded, shown_in_state};
use crate::http::{Handled, Reply, Request, text_of};
use crate::options::Action;
use crate::world::World;

const EMAIL_SCOPES: [&str; 2] = ["https://www.googleapis.com/auth/userinfo.email", "email"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Create,
    Schedule,
    Patch,
    Replace,
    Offboard,
    Get,
    GetByAlias,
    Abort,
    /// A known path with a method that it does not have.
    WrongMethod,
}

impl Op {
    fn action(self) -> Option<Action> {
        Some(match self {
            Self::Create => Action::Create,
            Self::Schedule => Action::Schedule,
            Self::Patch => Action::Patch,
            Self::Replace => Action::Replace,
            Self::Offboard => Action::Offboard,
            Self::Get | Self::GetByAlias => Action::Get,
            Self::Abort => Action::Abort,
            Self::WrongMethod => return None,
        })
    }
}

/// A request that found its operation. `who` is the user, alias or workflow of the path.
struct Route {
    op: Op,
    domain: String,
    who: String,
}

/// What an operation answers: a body (none is 204), and whether it changed something.
struct Done {
    body: Option<Value>,
    effect: bool,
}

fn route(request: &Request) -> Option<Route> {
    let segments = request.segments("/_ah/api/people")?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = match request.header("x-http-method-override") {
        Some(method) if request.method == Method::POST => method.to_ascii_uppercase(),
        _ => request.method.as_str().to_owned(),
    };
    let (op, domain, who) = match (segments.as_slice(), method.as_str()) {
        (&["v4", domain], "POST") => (Op::Create, domain, ""),
        (&["v4", domain, "onboard", "scheduled"], "POST") => (Op::Schedule, domain, ""),
        (&["v4", domain, "alias", alias], "GET") => (Op::GetByAlias, domain, alias),
        (&["v4", domain, user, "offboard"], "POST") => (Op::Offboard, domain, user),
        (&["v4", domain, user], "POST") => (Op::Patch, domain, user),
        (&["v4", domain, user], "PUT") => (Op::Replace, domain, user),
        (&["v4", domain, user], "GET") => (Op::Get, domain, user),
        (&["v1", "workflows", domain, workflow], "DELETE") => (Op::Abort, domain, workflow),
        (&["v4", _] | &["v4", _, _] | &["v4", _, "onboard", "scheduled"], _)
        | (&["v4", _, "alias", _] | &["v4", _, _, "offboard"] | &["v1", "workflows", _, _], _) => {
            (Op::WrongMethod, "", "")
        }
        _ => return None,
    };
    Some(Route { op, domain: domain.to_owned(), who: who.to_owned() })
}

pub(crate) fn op(request: &Request) -> &'static str {
    match route(request).map(|route| route.op) {
        Some(Op::Create) => "users.create",
        Some(Op::Schedule) => "users.schedule",
        Some(Op::Patch) => "users.patch",
        Some(Op::Replace) => "users.replace",
        Some(Op::Offboard) => "users.offboard",
        Some(Op::Get) => "users.get",
        Some(Op::GetByAlias) => "users.getByAlias",
        Some(Op::Abort) => "workflows.abort",
        Some(Op::WrongMethod) | None => "unknown",
    }
}

pub(crate) fn handle(world: &mut World, request: &Request, now: Timestamp) -> Handled {
    let Some(route) = route(request) else { return Handled::quietly(not_found_page()) };
    match perform(world, request, route, now) {
        Ok(Done { body: Some(body), effect }) => {
            let plain = request.param("prettyPrint").as_deref() == Some("false");
            let reply = if plain { Reply::json(200, &body) } else { Reply::pretty(200, &body) };
            Handled { reply, effect }
        }
        Ok(Done { body: None, effect }) => Handled { reply: Reply::empty(204), effect },
        Err(fail) => Handled::quietly(fail.into_reply()),
    }
}

/// In the framework's order: the body is read first, then the token checked; CloudM's own rules follow.
fn perform(world: &mut World, request: &Request, mut route: Route, now: Timestamp) -> Result<Done, Fail> {
    let Some(action) = route.op.action() else {
        return Err(Fail::new(405, "this path does not have this method"));
    };
    let body = read_body(request)?;
    // A body member named like a path parameter wins over the path.
    if let Some(domain) = text_of(&body, "domain") {
        route.domain = domain.to_owned();
    }
    let parameter = match route.op {
        Op::GetByAlias => "alias",
        Op::Abort => "workflowId",
        _ => "userId",
    };
    if let Some(who) =
        text_of(&body, parameter).filter(|_| action != Action::Create && action != Action::Schedule)
    {
        route.who = who.to_owned();
    }
    let identity = authenticate(world, request, now)?;
    let address = if route.who.is_empty() { text_of(&body, "id") } else { Some(route.who.as_str()) };
    let of_address = address.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    for domain in [Some(route.domain.as_str()), of_address].into_iter().flatten() {
        let known = |domains: &std::collections::BTreeSet<String>| domains.contains(&domain.to_lowercase());
        if !world.delegated.as_ref().is_none_or(known) {
            return Err(Fail::unauthorized());
        }
    }
    // The role is assigned to the service account; whoever it impersonates has none.
    if identity != world.options.client_email || world.denied.contains(&action) {
        let text = format!("securityException: the role does not allow `{}` for this user", action.word());
        return Err(Fail::new(403, &text));
    }
    match route.op {
        Op::Create => ops::create(world, &route.domain, &body, now),
        Op::Schedule => ops::schedule(world, &route.domain, &body, now),
        Op::Patch => ops::patch(world, &route.who, &body, now),
        Op::Replace => ops::replace(world, &route.who, &body, now),
        Op::Offboard => ops::offboard(world, &route.domain, &route.who, now),
        Op::Get => ops::get(world, &route.who),
        Op::GetByAlias => ops::get_by_alias(world, &route.who),
        Op::Abort => ops::abort(world, &route.domain, &route.who, now),
        Op::WrongMethod => Err(Fail::new(405, "this path does not have this method")),
    }
}

/// An empty body is an empty object.
fn read_body(request: &Request) -> Result<Members, Fail> {
    let takes_body = request.method == Method::POST || request.method == Method::PUT;
    if !takes_body || request.body.trim_ascii().is_empty() {
        return Ok(Members::new());
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fail::new(400, "expected a JSON object body")),
        Err(_) => Err(Fail::new(400, "Parse Error")),
    }
}

fn authenticate(world: &World, request: &Request, now: Timestamp) -> Result<String, Fail> {
    request
        .bearer()
        .filter(|token| token.starts_with("ya29.") || token.starts_with("1/"))
        .and_then(|token| world.tokens.look_up(token, now))
        .filter(|grant| grant.scopes.iter().any(|scope| EMAIL_SCOPES.contains(&scope.as_str())))
        .map(|grant| grant.identity.clone())
        // Callers are known by email; a federated principal has none.
        .filter(|identity| identity.contains('@'))
        .ok_or_else(Fail::unauthorized)
}
