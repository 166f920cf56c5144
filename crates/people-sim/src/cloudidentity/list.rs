//! The list: filter by state, one order, pages whose tokens hold for the same parameters only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use people_model::Members;
use serde_json::{Value, json};

use super::accounts::{Consumer, InvitationState, Invitations};
use super::error::Fail;
use crate::http::Request;

const USUAL: usize = 100;
const MOST: usize = 200;

pub(super) fn list(
    accounts: &Invitations,
    request: &Request,
    lag: SignedDuration,
    now: Timestamp,
    name: &impl Fn(&str) -> String,
) -> Result<Value, Fail> {
    let param = |name| request.param(name).unwrap_or_default();
    let (filter, order, size) = (param("filter"), param("orderBy"), param("pageSize"));
    let states = states(&filter)?;
    let mut found: Vec<&Consumer> =
        accounts.visible(lag, now).filter(|one| states.contains(&one.state)).collect();
    sort(&mut found, &order)?;
    let length = match size.parse::<i32>() {
        _ if size.is_empty() => USUAL,
        Ok(0) => USUAL,
        Ok(n) if n > 0 => usize::try_from(n).unwrap_or(MOST).min(MOST),
        _ => return Err(Fail::argument("Invalid value at 'page_size'.")),
    };
    let parameters = json!([name(""), filter, order, size]).to_string();
    let start = match param("pageToken") {
        token if token.is_empty() => 0,
        token => start(&token, &parameters).ok_or_else(|| {
            Fail::argument("Request contains an invalid argument: page_token does not match the request.")
        })?,
    };
    let mut reply = Members::new();
    let page: Vec<Value> =
        found.iter().skip(start).take(length).map(|one| one.resource(&name(&one.email))).collect();
    if !page.is_empty() {
        reply.insert("userInvitations".to_owned(), Value::Array(page));
    }
    if found.len() > start + length {
        reply.insert("nextPageToken".to_owned(), json!(token(start + length, &parameters)));
    }
    Ok(Value::Object(reply))
}

fn token(start: usize, parameters: &str) -> String {
    // As Google's: base64 with padding, whose `=` has to be encoded in a query.
    format!("{}==", URL_SAFE_NO_PAD.encode(format!("{start}\n{parameters}")))
}

fn start(token: &str, parameters: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_suffix("==")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (start, bound) = text.split_once('\n')?;
    (bound == parameters).then(|| start.parse().ok()).flatten()
}

/// `state=='invited'`, `state!='accepted'`, joined by `||`; words in either case.
fn states(filter: &str) -> Result<Vec<InvitationState>, Fail> {
    if filter.is_empty() {
        return Ok(InvitationState::ALL.to_vec());
    }
    let invalid = || Fail::argument("Invalid filter: only `state` can be compared.");
    let mut states = Vec::new();
    for part in filter.split("||") {
        let rest = part.trim().strip_prefix("state").ok_or_else(invalid)?.trim_start();
        let (equal, rest) = match (rest.strip_prefix("=="), rest.strip_prefix("!=")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(invalid()),
        };
        let word =
            rest.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(invalid)?;
        let state = InvitationState::ALL
            .into_iter()
            .find(|state| state.word().eq_ignore_ascii_case(word))
            .ok_or_else(invalid)?;
        states.extend(InvitationState::ALL.into_iter().filter(|one| (*one == state) == equal));
    }
    Ok(states)
}

fn sort(found: &mut [&Consumer], order: &str) -> Result<(), Fail> {
    match order {
        "" | "email asc" => {}
        "email desc" => found.reverse(),
        "update_time asc" => found.sort_by_key(|one| one.update_time),
        "update_time desc" => found.sort_by_key(|one| std::cmp::Reverse(one.update_time)),
        _ => return Err(Fail::argument("Invalid order_by.")),
    }
    Ok(())
}
