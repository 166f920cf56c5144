//! Profiles and changes as they are given on the command line: read, checked, and put into the shape of the wire.

use std::borrow::Cow;
use std::path::Path;

use people_core::config::closest;
use people_model::cloudm::patch::{NotAMember, shape};
use people_model::cloudm::{MemberKind, Patch, Profile, member};
use people_model::time::parse_date;
use people_model::{Email, Members};
use serde_json::Value;

use crate::exit::Fail;

/// Reads a profile from a file, with the address of the command line where it has none.
pub(super) fn profile(path: &Path, email: Option<&Email>, force: bool) -> Result<(Email, Members), Fail> {
    let mut profile = shaped(members(path)?, force)?;
    let id = match (profile.get("id").and_then(Value::as_str), email) {
        (None, None) => return Err(Fail::input("the profile has no `id`; add it, or name the address")),
        (None, Some(email)) => email.clone(),
        (Some(id), email) => {
            let id = Email::parse(id).map_err(|wrong| Fail::input(format!("`id`: {wrong}; correct it")))?;
            if email.is_some_and(|email| *email != id) {
                return Err(Fail::usage(
                    "the profile's `id` is another address than the one named; remove one of the two",
                ));
            }
            id
        }
    };
    profile.insert("id".into(), Value::String(id.to_string()));
    Ok((id, profile))
}

/// The members that an account cannot be made without.
pub(super) fn require(profile: &Members, names: &[&str]) -> Result<(), Fail> {
    match names
        .iter()
        .find(|name| profile.get(**name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()))
    {
        Some(name) => Err(Fail::input(format!("the profile has no `{name}`, which CloudM requires; add it"))),
        None => Ok(()),
    }
}

/// A change: the members of the file, and over them those of the command line.
pub(super) fn patch(file: Option<&Path>, set: &[(String, String)], force: bool) -> Result<Patch, Fail> {
    let mut patch = match file {
        Some(path) => shaped(members(path)?, force)?,
        None => Members::new(),
    };
    for (name, text) in set {
        let value = value(name, text)?;
        patch.extend(shaped([(name.clone(), value)].into_iter().collect(), force)?);
    }
    if patch.is_empty() {
        return Err(Fail::input("nothing is to be changed; name a member"));
    }
    Ok(Patch(patch))
}

/// The members of `wanted` that `seen` does not show, less those that a read never returns.
pub(super) fn not_kept(seen: &Members, wanted: &Members, unread: &[String]) -> Vec<String> {
    let day = |value: Option<&Value>| value.and_then(Value::as_str).and_then(parse_date);
    let mut rest =
        Patch::between(seen, wanted.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value)))).0;
    rest.retain(|name, value| {
        name != "password"
            && !unread.contains(name)
            // Dates come back in whatever format CloudM keeps them.
            && (day(Some(value)).is_none() || day(Some(value)) != day(seen.get(name)))
            && !(name == "id" && seen.get(name).and_then(Value::as_str).is_some_and(|id| value.as_str().is_some_and(|to| id.eq_ignore_ascii_case(to))))
    });
    rest.keys().cloned().collect()
}

fn members(path: &Path) -> Result<Members, Fail> {
    let bytes = super::read(path)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fail::input("expected a JSON object of profile members")),
        Err(error) => Err(Fail::input(format!(
            "not JSON (line {}, column {}); expected an object of profile members",
            error.line(),
            error.column()
        ))),
    }
}

/// Text is taken as it is; JSON where the member is a list.
fn value(name: &str, text: &str) -> Result<Value, Fail> {
    let known = member(name).map(|member| member.kind);
    let json = || serde_json::from_str(text);
    match known {
        Some(MemberKind::Texts | MemberKind::Objects) if text.is_empty() => Ok(Value::Array(Vec::new())),
        Some(MemberKind::Objects) => {
            json().map_err(|_| Fail::usage(format!("`{name}` is a list of objects; give it as JSON")))
        }
        Some(MemberKind::Texts) if text.starts_with('[') => json()
            .map_err(|_| Fail::usage(format!("`{name}` is a list of texts; give it as JSON, or one text"))),
        None => Ok(json().unwrap_or_else(|_| Value::String(text.to_owned()))),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn shaped(members: Members, force: bool) -> Result<Members, Fail> {
    let mut out = Members::new();
    for (name, value) in members {
        let shaped = match shape(&name, value.clone()) {
            Ok(value) => value,
            Err(NotAMember::Unknown(_) | NotAMember::ReadOnly(_)) if force => value,
            Err(wrong @ NotAMember::Unknown(_)) => {
                let meant = match closest(&name, Profile::MEMBERS.iter().map(|member| member.name)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`people schema cloudm-profile` lists them".to_owned(),
                };
                return Err(Fail::input(format!(
                    "{wrong}; {meant} (--force sends it, and CloudM ignores it silently)"
                )));
            }
            Err(wrong @ NotAMember::ReadOnly(_)) => {
                return Err(Fail::input(format!("{wrong}; remove it (--force sends it all the same)")));
            }
            Err(wrong) => return Err(Fail::input(format!("{wrong}; correct it"))),
        };
        out.insert(name, shaped);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exit::Exit;

    fn set(pairs: &[(&str, &str)], force: bool) -> Result<Value, Fail> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        patch(None, &pairs, force).map(|patch| Value::Object(patch.0))
    }

    #[test]
    fn values_take_the_shape_of_their_member() {
        let set = set(
            &[
                ("title", "7"),
                ("onHold", "yes"),
                ("aliases", "a@b.c"),
                ("tags", r#"[{"name":"x"}]"#),
                ("assistants", ""),
            ],
            false,
        );
        let expected = json!({"title": "7", "onHold": true, "aliases": ["a@b.c"], "tags": [{"name": "x"}], "assistants": []});
        assert_eq!(set.unwrap(), expected);
    }

    #[test]
    fn a_typo_is_not_sent() {
        let fail = set(&[("depatrment", "Sales")], false).unwrap_err();
        assert!(fail.text.contains("did you mean `department`?"), "{}", fail.text);
        assert_eq!(fail.exit, Exit::BadInput);
        assert!(set(&[("workflowId", "1")], false).unwrap_err().text.contains("set by CloudM"));
        assert_eq!(set(&[("depatrment", "Sales")], true).unwrap(), json!({"depatrment": "Sales"}));
    }

    #[test]
    fn what_a_read_shows_otherwise_is_not_lost() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let seen = object(json!({"id": "a@b.c", "hireDate": "2026-05-01T00:00:00Z", "title": "x"}));
        let wanted = object(
            json!({"id": "A@b.c", "hireDate": "2026-05-01", "title": "y", "password": "p", "nick": "n", "notes": ""}),
        );
        assert_eq!(not_kept(&seen, &wanted, &["nick".to_owned()]), ["title"]);
    }
}
