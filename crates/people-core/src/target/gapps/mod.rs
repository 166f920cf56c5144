//! Google Apps Provisioning v2: operations as data, calls, pages of feeds, what answers mean; and the API as the directory that follows HR.
//!
//! | file | holds |
//! |---|---|
//! | `table` | the 51 operations |
//! | `pages` | the pages of a feed, one call after the other |
//! | `judge` | what an answer means |
//! | `follow` | the directory that follows HR: its looks, and what proves whose an account is |
//! | `plan` | what to do next about one person; `renaming` and `organization` are parts of it |
//! | `wanted` | what an entry should say, and the steps that make it so |

use people_model::call::{Form, Method};
use people_model::gapps::shape::{Shape, Unusable};
use people_model::gapps::{Element, Noun, XmlError};
use people_model::{Api, Call, Members, Safety};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::endpoint::segment;

mod follow;
mod judge;
mod organization;
mod pages;
mod plan;
mod renaming;
mod table;
mod wanted;

pub use follow::{Look, Provisioning};
pub use judge::judge;
pub use pages::{BadPage, Pages};
pub use table::OPERATIONS;

/// Members that replies have and requests must not.
pub const READ_ONLY: [&str; 4] = ["agreedToTerms", "permissionPreset", "usersMoved", "directMember"];

/// An operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name, such as `gapps.user.create`.
    pub name: &'static str,
    /// Its verb.
    pub method: Method,
    /// Its path; names in braces are filled in.
    pub path: &'static str,
    /// What always stands in its query, such as `get=all`.
    pub fixed: &'static str,
    /// What else may stand in its query, but for the start of a page.
    pub query: &'static [Query],
    /// What is sent.
    pub body: Option<Body>,
    /// Whether it may be repeated.
    pub safety: Safety,
    /// What a success returns.
    pub reply: Reply,
}

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Whether the operation is another one without it.
    pub required: bool,
}

/// What an operation sends.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its kind.
    pub shape: &'static Shape,
    /// The members that it cannot do without.
    pub required: &'static [&'static str],
}

/// What an operation returns.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// An entry.
    Entry(&'static Shape),
    /// A feed, in pages.
    Feed {
        /// The kind of its entries.
        shape: &'static Shape,
        /// The parameter of the first entry of a page, which is included.
        start: Option<&'static str>,
    },
    /// An empty body.
    Nothing,
}

/// Why there is no call. Names what is missing, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCall {
    /// A part of the path or the query is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A part of the path that would lead elsewhere.
    #[error("`{0}` cannot be part of a path")]
    Path(&'static str),
    /// The operation has no such parameter.
    #[error("there is no parameter `{0}`")]
    Parameter(String),
    /// What is to be sent is not what the operation takes.
    #[error(transparent)]
    Body(#[from] Unusable),
    /// What is to be sent cannot be written.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

/// The operation of this name, with or without `gapps.`.
pub fn operation(name: &str) -> Option<&'static Operation> {
    let name = name.strip_prefix("gapps.").unwrap_or(name);
    OPERATIONS.iter().find(|known| known.name.strip_prefix("gapps.") == Some(name))
}

impl Operation {
    /// The call. `values` fill the path and the query by name. An initial password is made and filled in where the operation needs one and
    /// the body has none.
    ///
    /// # Errors
    /// Where something is missing, or what is to be sent is not what the operation takes.
    pub fn call(&self, values: &[(&str, &str)], body: Option<&Members>) -> Result<Call, BadCall> {
        let mut call = self.plain(values, body)?;
        if let Some(Value::Object(members)) = &call.body {
            call.body = Some(Value::String(self.document(members)?));
        }
        Ok(call)
    }

    /// The same with members in place of the document, which is written when the call is sent: what a journal keeps can be read.
    ///
    /// # Errors
    /// As [`Operation::call`].
    pub fn plain(&self, values: &[(&str, &str)], body: Option<&Members>) -> Result<Call, BadCall> {
        let mut call = Call {
            api: Api::Gapps,
            op: self.name.into(),
            safety: self.safety,
            method: self.method,
            path: self.path_of(values)?,
            body: None,
            form: Form::Atom,
            password: false,
        };
        let Some(known) = &self.body else { return Ok(call) };
        let none = Members::new();
        let members = body.unwrap_or(&none);
        let given = members.get("password").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        call.password = known.required.contains(&"password") && !given;
        let required: Vec<&'static str> =
            known.required.iter().copied().filter(|name| *name != "password").collect();
        known.shape.check(members, &required)?;
        self.document(members)?;
        call.body = Some(Value::Object(members.clone()));
        Ok(call)
    }

    fn document(&self, members: &Members) -> Result<String, BadCall> {
        Ok(self.entry(members)?.document()?)
    }

    /// The entry that says these members, as this operation sends it.
    pub(crate) fn entry(&self, members: &Members) -> Result<Element, Unusable> {
        match &self.body {
            Some(known) => known.shape.entry(members),
            None => Err(Unusable::Entry("call")),
        }
    }

    /// The call that sends this resource.
    ///
    /// # Errors
    /// As [`Operation::call`].
    pub fn send<N: Noun>(&self, values: &[(&str, &str)], body: &N) -> Result<Call, BadCall> {
        self.call(values, Some(&body.members()))
    }

    /// The parts of a path by name, decoded, where it is one of this operation. Its query is not looked at.
    pub fn matches(&self, method: Method, path: &str) -> Option<Vec<(&'static str, String)>> {
        let given: Vec<&str> = path.trim_matches('/').split('/').collect();
        let known: Vec<&'static str> = self.path.trim_matches('/').split('/').collect();
        if method != self.method || given.len() != known.len() {
            return None;
        }
        let mut values = Vec::new();
        for (known, given) in known.into_iter().zip(given) {
            match known.strip_prefix('{').and_then(|known| known.strip_suffix('}')) {
                Some(_) if given.is_empty() => return None,
                Some(name) => {
                    values.push((name, percent_decode_str(given).decode_utf8().ok()?.into_owned()));
                }
                None if known == given => {}
                None => return None,
            }
        }
        Some(values)
    }

    /// The names in its path.
    pub fn path_names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
    }

    /// The last word of its name, such as `create`.
    pub fn verb(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    fn path_of(&self, values: &[(&str, &str)]) -> Result<String, BadCall> {
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let mut path = self.path.to_owned();
        for name in self.path_names() {
            let value = value(name).filter(|value| !value.is_empty()).ok_or(BadCall::Missing(name))?;
            if value.split('/').any(|part| matches!(part, "." | "..")) {
                return Err(BadCall::Path(name));
            }
            let encoded = match name {
                "orgUnitPath" => unit_path(value).ok_or(BadCall::Path(name))?,
                _ => segment(value).to_string(),
            };
            path = path.replace(&format!("{{{name}}}"), &encoded);
        }
        let start = match self.reply {
            Reply::Feed { start, .. } => start,
            _ => None,
        };
        let known = |name: &str| {
            self.query.iter().any(|query| query.name == name)
                || start == Some(name)
                || self.path_names().any(|known| known == name)
        };
        if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
            return Err(BadCall::Parameter((*name).to_owned()));
        }
        let mut query = form_urlencoded::Serializer::new(self.fixed.to_owned());
        for Query { name, required } in self.query {
            match value(name).filter(|value| !value.is_empty()) {
                Some(value) => query.append_pair(name, value),
                None if *required => return Err(BadCall::Missing(name)),
                None => continue,
            };
        }
        if let Some((name, value)) = start.and_then(|name| Some((name, value(name)?))) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        Ok(if query.is_empty() { path } else { format!("{path}?{query}") })
    }
}

/// What a path of an organizational unit may not hold as it is: its parts are URL-encoded already, as replies show them.
const UNIT: &AsciiSet = &CONTROLS
    .add(b'?')
    .add(b'#')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|');

fn unit_path(path: &str) -> Option<String> {
    let path = path.trim_matches('/').replace(' ', "+");
    (!path.is_empty()).then(|| utf8_percent_encode(&path, UNIT).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(name: &str, values: &[(&str, &str)]) -> Result<String, BadCall> {
        operation(name).unwrap().path_of(values)
    }

    #[test]
    fn paths_are_filled_and_encoded() {
        let domain = ("domain", "example.com");
        assert_eq!(
            path("user.get", &[domain, ("userName", "a/b c")]).unwrap(),
            "/a/feeds/example.com/user/2.0/a%2Fb%20c"
        );
        let unit = [("customerId", "C1"), ("orgUnitPath", "Test/Test Organization+x%2F")];
        assert_eq!(
            path("orgunit.get", &unit).unwrap(),
            "/a/feeds/orgunit/2.0/C1/Test/Test+Organization+x%2F"
        );
        let children = [("customerId", "C1"), ("orgUnitPath", "corp/a+b")];
        assert_eq!(
            path("orguser.listInOrgUnit", &children).unwrap(),
            "/a/feeds/orguser/2.0/C1?get=children&orgUnitPath=corp%2Fa%2Bb"
        );
        assert_eq!(
            path("user.list", &[domain, ("startUsername", "john")]).unwrap(),
            "/a/feeds/example.com/user/2.0?startUsername=john"
        );
    }

    #[test]
    fn what_would_lead_elsewhere_is_refused() {
        let domain = ("domain", "example.com");
        assert_eq!(path("user.get", &[domain]), Err(BadCall::Missing("userName")));
        assert_eq!(path("user.get", &[domain, ("userName", "..")]), Err(BadCall::Path("userName")));
        assert_eq!(
            path("orgunit.get", &[("customerId", "C1"), ("orgUnitPath", "a/../b")]),
            Err(BadCall::Path("orgUnitPath"))
        );
        assert_eq!(path("group.listForMember", &[domain]), Err(BadCall::Missing("member")));
        assert_eq!(path("user.list", &[domain, ("member", "x")]), Err(BadCall::Parameter("member".into())));
    }

    #[test]
    fn a_create_without_a_password_gets_one_when_it_is_sent() {
        let body = json!({"userName": "ana", "familyName": "Silva", "givenName": "Ana"});
        let domain = [("domain", "example.com")];
        let create = operation("gapps.user.create").unwrap();
        let call = create.call(&domain, body.as_object()).unwrap();
        assert!(call.password && call.form == Form::Atom && call.safety == Safety::Once);
        let given = json!({"userName": "ana", "familyName": "Silva", "givenName": "Ana", "password": "x"});
        assert!(!create.call(&domain, given.as_object()).unwrap().password);
        let short = json!({"userName": "ana"});
        let missing = create.call(&domain, short.as_object()).unwrap_err();
        assert_eq!(missing.to_string(), "`familyName` is missing");
    }

    #[test]
    fn names_are_unique_and_reads_read() {
        let mut names: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 51);
        for operation in &OPERATIONS {
            assert_eq!(
                operation.safety == Safety::Read,
                operation.method == Method::Get,
                "{}",
                operation.name
            );
            assert_eq!(
                operation.body.is_some(),
                matches!(operation.method, Method::Post | Method::Put),
                "{}",
                operation.name
            );
        }
    }
}
