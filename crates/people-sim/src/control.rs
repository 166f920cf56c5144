//! The tester's side: state, faults, clock, seeds and switches. Never logged, never met by a fault.
//!
//! | request below `/control` | does |
//! |---|---|
//! | `GET /` | the base URLs |
//! | `GET /state` (`?after=N`: only calls after number N) | [`State`](crate::State) |
//! | `GET`, `POST`, `DELETE /faults`, `DELETE /faults/{id}` | list, add ([`Fault`], one or an array), end |
//! | `GET`, `POST /clock` `{"now"}` or `{"advance_s"}` | the virtual clock |
//! | `POST /users` | seeds a CloudM user, or an array of them |
//! | `POST /employees`, `DELETE /employees/{id}` | BambooHR's employees |
//! | `POST /consumers`, `POST /consumers/{email}` `{"answer": "accept" or "decline"}`, `DELETE /consumers/{email}` | unmanaged accounts (`email`, `since`, `state`, `mailsSentCount`), their owners' answers, their end |
//! | `POST /roles` `{"deny": [actions]}` | what the role denies |
//! | `POST /domains` `{"delegated": [domains] or null}` | which domains are delegated |
//! | `POST /options` | `delegation`, `suspended_writable`, `employee_id_readable`, `pending_visible`, `invitation_lag_s`, `customer`, `invitation_admin` |

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use people_model::Members;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cloudidentity::Consumer;
use crate::faults::Fault;
use crate::http::{Reply, Request};
use crate::options::{Action, Switches};
use crate::world::World;

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(all) => all,
            Self::One(one) => vec![one],
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    now: Option<Timestamp>,
    advance_s: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    deny: BTreeSet<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Domains {
    delegated: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", tag = "answer")]
enum Answer {
    Accept,
    Decline,
}

/// The world; a handler that panicked does not lock the tester out.
pub(crate) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn handle(world: &Mutex<World>, request: &Request) -> Reply {
    perform(world, request).unwrap_or_else(|refusal| refusal)
}

fn refuse(status: u16, why: &str) -> Reply {
    Reply::json(status, &json!({ "error": why }))
}

fn bad(why: impl ToString) -> Reply {
    refuse(400, &why.to_string())
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Reply> {
    serde_json::from_slice(&request.body).map_err(bad)
}

/// One value or an array of them. Read in two steps, so that an error names what is wrong.
fn read_all<T: DeserializeOwned>(request: &Request) -> Result<Vec<T>, Reply> {
    let values: OneOrMany<Value> = read(request)?;
    values.into_vec().into_iter().map(|value| serde_json::from_value(value).map_err(bad)).collect()
}

fn perform(world: &Mutex<World>, request: &Request) -> Result<Reply, Reply> {
    let segments = request.segments("/control").unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let done = || Ok(Reply::json(200, &json!({})));
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", []) => Ok(Reply::json(200, &lock(world).urls)),
        ("GET", ["state"]) => {
            let after = request.param("after").and_then(|after| after.parse().ok()).unwrap_or(0);
            let state = lock(world).state(after);
            Ok(Reply::json(200, &state))
        }
        ("GET", ["faults"]) => Ok(Reply::json(200, &json!({ "faults": lock(world).faults.list() }))),
        ("POST", ["faults"]) => {
            let faults: Vec<Fault> = read_all(request)?;
            let mut world = lock(world);
            let ids: Result<Vec<u64>, _> = faults.into_iter().map(|fault| world.faults.add(fault)).collect();
            Ok(Reply::json(200, &json!({ "ids": ids.map_err(bad)? })))
        }
        ("DELETE", ["faults"]) => {
            lock(world).faults.clear();
            done()
        }
        ("DELETE", ["faults", id]) => match id.parse().is_ok_and(|id| lock(world).faults.remove(id)) {
            true => done(),
            false => Err(refuse(404, "no such fault")),
        },
        ("GET", ["clock"]) => Ok(Reply::json(200, &json!({ "now": lock(world).tick() }))),
        ("POST", ["clock"]) => {
            let change: ClockChange = read(request)?;
            let by = SignedDuration::try_from_secs_f64(change.advance_s.unwrap_or(0.0)).map_err(bad)?;
            let mut world = lock(world);
            if let Some(now) = change.now {
                world.clock.set(now);
            }
            world.clock.advance(by);
            Ok(Reply::json(200, &json!({ "now": world.tick() })))
        }
        ("POST", ["users"]) => {
            let users: Vec<Members> = read_all(request)?;
            let mut world = lock(world);
            users.into_iter().try_for_each(|user| world.seed_user(user)).map_err(bad)?;
            done()
        }
        ("POST", ["employees"]) => {
            let employees: Vec<Members> = read_all(request)?;
            let mut world = lock(world);
            employees.into_iter().try_for_each(|one| world.put_employee(one)).map_err(bad)?;
            done()
        }
        ("DELETE", ["employees", id]) => match lock(world).employees.remove(*id) {
            Some(_) => done(),
            None => Err(refuse(404, "no such employee")),
        },
        ("POST", ["consumers"]) => {
            let consumers: Vec<Consumer> = read_all(request)?;
            let mut world = lock(world);
            consumers.into_iter().try_for_each(|one| world.invitations.put(one)).map_err(bad)?;
            done()
        }
        ("POST", ["consumers", email]) => {
            let answer: Answer = read(request)?;
            match lock(world).answer_invitation(email, matches!(answer, Answer::Accept)) {
                true => done(),
                false => Err(refuse(409, "nobody of this address is invited")),
            }
        }
        ("DELETE", ["consumers", email]) => match lock(world).invitations.remove(email) {
            true => done(),
            false => Err(refuse(404, "no such unmanaged account")),
        },
        ("POST", ["roles"]) => {
            let roles: Roles = read(request)?;
            lock(world).denied = roles.deny;
            done()
        }
        ("POST", ["domains"]) => {
            let domains: Domains = read(request)?;
            lock(world).delegate(domains.delegated);
            done()
        }
        ("POST", ["options"]) => {
            let switches: Switches = read(request)?;
            switches.apply(&mut lock(world).options);
            done()
        }
        _ => Err(refuse(404, "no such control; see the documentation of people-sim")),
    }
}
