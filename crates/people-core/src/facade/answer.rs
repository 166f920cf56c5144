//! Documents and errors as Google's servers wrote them.

use bytes::Bytes;
use http::header::{CONTENT_LOCATION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use people_model::gapps::shape::Shape;
use people_model::gapps::{Alias, Code, Errors, Head, Item, MultiDomainUser, Nickname, Noun, User, error};
use people_model::verdict::WhyKind;
use people_model::{Email, Members, Verdict};
use serde_json::{Value, json};

use super::Account;
use crate::endpoint::segment;

/// Neither side tells when an account changed; recorded servers wrote this for users.
const EPOCH: &str = "1970-01-01T00:00:00.000Z";
const ATOM: HeaderValue = HeaderValue::from_static("application/atom+xml; charset=UTF-8");

/// In which of the two styles a resource is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// By local parts, in elements: users and nicknames.
    User,
    /// By whole addresses, in properties: users of several domains and aliases.
    Multi,
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    item: Item,
    retry_after: Option<u32>,
}

impl Problem {
    /// An error by its reason word, with 400.
    pub(super) fn named(reason: &str, input: &str) -> Self {
        Self::of(400, reason, input)
    }

    /// CloudM has nothing for it.
    pub(super) fn unavailable(what: &str) -> Self {
        Self::of(403, "DomainFeatureUnavailable", what)
    }

    /// The document is not what the operation takes.
    pub(super) fn unreadable(why: &str) -> Self {
        Self::of(400, "InvalidValue", why)
    }

    /// It was not done, and may be later.
    pub(super) fn busy(after_s: Option<u32>) -> Self {
        Self { retry_after: after_s.or(Some(30)), ..Self::of(503, "ServerBusy", "") }
    }

    /// It may have been done.
    pub(super) fn unknown() -> Self {
        Self::of(503, "UnknownError", "")
    }

    /// What a call that is not done means for who asked about `input`.
    pub(super) fn from<T>(verdict: &Verdict<T>, input: &str) -> Self {
        match verdict {
            Verdict::Done { .. } | Verdict::Unknown { .. } => Self::unknown(),
            Verdict::Again { after_s, .. } => Self::busy(*after_s),
            Verdict::Refused { why } => match why.kind {
                WhyKind::Absent => Self::named("EntityDoesNotExist", input),
                WhyKind::Conflict => Self::named("EntityExists", input),
                WhyKind::Forbidden | WhyKind::Unauthorized => Self::of(403, "EntityCannotBeModified", input),
                WhyKind::BadRequest => Self::named("InvalidValue", input),
                _ => Self::of(500, "UnknownError", ""),
            },
        }
    }

    pub(super) fn response(&self) -> Response<Bytes> {
        let body = Errors(vec![self.item.clone()]).document();
        let mut response = plain(self.status, HeaderValue::from_static("text/xml"), body);
        if let Some(after) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after));
        }
        response
    }

    fn of(status: u16, reason: &str, input: &str) -> Self {
        let unknown = Code { code: 1000, name: "UnknownError", class: people_model::gapps::Class::AgainFew };
        let known = error::named(reason).copied().unwrap_or(unknown);
        Self { status, item: Item::new(&known, input), retry_after: None }
    }
}

/// What is shown, and where it is.
struct Thing<'a> {
    shape: &'static Shape,
    path: String,
    title: Option<&'a str>,
    members: Members,
}

fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

fn user(account: &Account, style: Style) -> Thing<'_> {
    let (local, domain) = account.parts();
    match style {
        Style::User => Thing {
            shape: User::SHAPE,
            path: format!("/a/feeds/{domain}/user/2.0/{}", segment(local)),
            title: Some(local),
            members: object(json!({
                "userName": local, "suspended": account.suspended, "ipWhitelisted": false, "admin": false,
                "changePasswordAtNextLogin": false, "agreedToTerms": true,
                "familyName": account.family, "givenName": account.given,
            })),
        },
        Style::Multi => Thing {
            shape: MultiDomainUser::SHAPE,
            path: format!("/a/feeds/user/2.0/{domain}/{}", account.address.as_str().replace('@', "%40")),
            title: None,
            members: object(json!({
                "userEmail": account.address, "firstName": account.given, "lastName": account.family,
                "isSuspended": account.suspended, "isAdmin": false, "isChangePasswordAtNextLogin": false,
                "ipWhitelisted": false,
            })),
        },
    }
}

fn alias<'a>(account: &'a Account, alias: &'a Email, style: Style) -> Thing<'a> {
    let (local, domain) = alias.as_str().split_once('@').unwrap_or((alias.as_str(), ""));
    match style {
        Style::User => Thing {
            shape: Nickname::SHAPE,
            path: format!("/a/feeds/{domain}/nickname/2.0/{}", segment(local)),
            title: Some(local),
            members: object(json!({"nickname": local, "userName": account.parts().0})),
        },
        Style::Multi => Thing {
            shape: Alias::SHAPE,
            path: format!("/a/feeds/alias/2.0/{domain}/{}", alias.as_str().replace('@', "%40")),
            title: None,
            members: object(json!({"aliasEmail": alias, "userEmail": account.address})),
        },
    }
}

/// Shows a user. `created`: 201 with where it is.
pub(super) fn show_user(
    origin: &str,
    account: &Account,
    style: Style,
    created: bool,
) -> Result<Response<Bytes>, Problem> {
    show(origin, &user(account, style), created)
}

/// Shows an alias of an account.
pub(super) fn show_alias(
    origin: &str,
    account: &Account,
    one: &Email,
    style: Style,
    created: bool,
) -> Result<Response<Bytes>, Problem> {
    show(origin, &alias(account, one, style), created)
}

/// Shows all of these aliases of an account: one page, since an account has few.
pub(super) fn list_aliases(
    origin: &str,
    account: &Account,
    all: &[Email],
    style: Style,
) -> Result<Response<Bytes>, Problem> {
    let entries: Result<Vec<_>, Problem> =
        all.iter().map(|one| entry(origin, &alias(account, one, style))).collect();
    let (_, domain) = account.parts();
    let (path, term) = match style {
        Style::User => (format!("/a/feeds/{domain}/nickname/2.0"), Nickname::SHAPE.term),
        Style::Multi => (format!("/a/feeds/alias/2.0/{domain}"), None),
    };
    let head = Head { id: format!("{origin}{path}"), updated: EPOCH.into(), term, title: None };
    atom(200, &head.feed(None, entries?))
}

/// What a deletion answers.
pub(super) fn deleted() -> Response<Bytes> {
    plain(200, HeaderValue::from_static("text/html; charset=UTF-8"), String::new())
}

/// Plain text.
pub(super) fn text(status: u16, body: &str) -> Response<Bytes> {
    plain(status, HeaderValue::from_static("text/plain"), body.to_owned())
}

/// No token, or one that is not good any more.
pub(super) fn unauthorized() -> Response<Bytes> {
    let body = "<HTML>\n<HEAD>\n<TITLE>Token expired</TITLE>\n</HEAD>\n</HTML>\n".to_owned();
    let mut response = plain(401, HeaderValue::from_static("text/html; charset=UTF-8"), body);
    let challenge = HeaderValue::from_static("GoogleLogin realm=\"people\", service=\"apps\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn entry(origin: &str, thing: &Thing<'_>) -> Result<people_model::gapps::Element, Problem> {
    let said = thing.shape.entry(&thing.members).map_err(|error| Problem::unreadable(&error.to_string()))?;
    let id = format!("{origin}{}", thing.path);
    Ok(Head { id, updated: EPOCH.into(), term: thing.shape.term, title: thing.title }.entry(said))
}

fn show(origin: &str, thing: &Thing<'_>, created: bool) -> Result<Response<Bytes>, Problem> {
    let mut response = atom(if created { 201 } else { 200 }, &entry(origin, thing)?)?;
    if created && let Ok(url) = HeaderValue::try_from(format!("{origin}{}", thing.path)) {
        response.headers_mut().insert(LOCATION, url.clone());
        response.headers_mut().insert(CONTENT_LOCATION, url);
    }
    Ok(response)
}

fn atom(status: u16, root: &people_model::gapps::Element) -> Result<Response<Bytes>, Problem> {
    // A name in CloudM with a character that XML cannot carry.
    let body = root.document().map_err(|_| Problem::of(500, "UnknownError", ""))?;
    Ok(plain(status, ATOM, body))
}

fn plain(status: u16, content_type: HeaderValue, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert("gdata-version", HeaderValue::from_static("1.0"));
    response
}
