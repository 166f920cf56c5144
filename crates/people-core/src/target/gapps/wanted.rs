//! What an entry should say, and the steps that make it so.

use people_model::{Effect, Email, HeldWhy, Members, Step};
use serde_json::{Value, json};

use super::{READ_ONLY, operation};
use crate::engine::Situation;

/// The members of a user that HR speaks of.
const NAMES: [&str; 2] = ["givenName", "familyName"];

/// What HR says of a user's names, as far as it has spoken. A name that HR has taken back stays: the API wants one.
pub(super) fn names(s: &Situation<'_>) -> Members {
    let said = |name: &str| s.state.members.get(name)?.value.as_str().map(str::trim);
    let known = NAMES.iter().filter_map(|name| Some((*name, said(name)?)));
    known.filter(|(_, said)| !said.is_empty()).map(|(name, said)| (name.to_owned(), json!(said))).collect()
}

/// The unit in which HR wants the user: its path, decoded, without slashes around it.
pub(super) fn unit(s: &Situation<'_>) -> Option<String> {
    let said = s.state.members.get("parentPath")?.value.as_str()?;
    Some(said.trim().trim_matches('/').to_owned())
}

/// What of `wanted` the entry does not say.
pub(super) fn differing(entry: &Members, wanted: Members) -> Members {
    wanted.into_iter().filter(|(name, value)| entry.get(name) != Some(value)).collect()
}

/// The step that creates the user, or why it cannot be.
pub(super) fn create(s: &Situation<'_>, address: &Email) -> Result<Step, HeldWhy> {
    let mut body = names(s);
    if let Some(missing) = NAMES.iter().find(|name| !body.contains_key(**name)) {
        return Err(HeldWhy::Incomplete { member: (*missing).into() });
    }
    body.insert("userName".into(), json!(address.local()));
    let effect = Effect::Create { address: address.clone() };
    step(effect, "user.create", &[("domain", address.domain())], Some(body))
}

/// The step that changes the user: the whole entry as it was seen, with `changes`, since a PUT replaces.
pub(super) fn update(
    effect: Effect,
    address: &Email,
    entry: &Members,
    changes: Members,
) -> Result<Step, HeldWhy> {
    let shape = operation("user.update").and_then(|known| known.body).map(|body| body.shape);
    let kept =
        |name: &str| shape.is_some_and(|shape| shape.field(name).is_some()) && !READ_ONLY.contains(&name);
    let mut body: Members = entry.iter().filter(|(name, _)| kept(name)).map(own).collect();
    body.extend(changes);
    let values = [("domain", address.domain()), ("userName", address.local())];
    step(effect, "user.update", &values, Some(body))
}

fn own((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// One member and its value.
pub(super) fn one(name: &str, value: Value) -> Members {
    std::iter::once((name.to_owned(), value)).collect()
}

/// A step, or why it cannot be: a value that the API cannot hold. The journal keeps its members; the document is written when it is sent.
pub(super) fn step(
    effect: Effect,
    op: &str,
    values: &[(&str, &str)],
    body: Option<Members>,
) -> Result<Step, HeldWhy> {
    let unusable = |problem: String| HeldWhy::Unusable { problem };
    let known = operation(op).ok_or_else(|| unusable(format!("there is no operation {op}")))?;
    let call = known.plain(values, body.as_ref()).map_err(|error| unusable(error.to_string()))?;
    Ok(Step { effect, call })
}

/// The parts of a path, decoded: what two paths are compared by.
pub(super) fn decoded(path: &str) -> String {
    let path = path.trim().trim_matches('/').replace('+', " ");
    percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned()
}

/// A path with its parts encoded, as the API writes it.
pub(super) fn encoded(path: &str) -> String {
    let part = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
