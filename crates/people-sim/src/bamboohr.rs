//! BambooHR's API for one employee: only the fields asked for, JSON where the client accepts it and XML where it does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, header};
use people_model::Members;
use serde_json::Value;

use crate::http::{Handled, Reply, Request};
use crate::world::World;

const MOST_FIELDS: usize = 400;

pub(crate) fn op(request: &Request) -> &'static str {
    match employee_id(request) {
        Some(_) if request.method == Method::GET => "employees.get",
        _ => "unknown",
    }
}

/// An error as BambooHR sends it: no body, the reason in a header.
pub(crate) fn error(status: u16, message: &str) -> Reply {
    Reply::empty(status).with("x-bamboohr-error-message", message)
}

pub(crate) fn handle(world: &World, request: &Request) -> Handled {
    Handled::quietly(get(world, request).unwrap_or_else(|refusal| refusal))
}

/// Both hosts' paths: `/api/v1/employees/{id}` and `/api/gateway.php/{company}/v1/employees/{id}`.
fn employee_id(request: &Request) -> Option<String> {
    let segments = request.segments("/bamboohr")?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["api", "v1", "employees", id] | ["api", "gateway.php", _, "v1", "employees", id] => {
            Some((*id).to_owned())
        }
        _ => None,
    }
}

fn get(world: &World, request: &Request) -> Result<Reply, Reply> {
    let id = employee_id(request).ok_or_else(|| error(404, "No such route"))?;
    if request.method != Method::GET {
        return Err(error(405, "Method not allowed"));
    }
    if api_key(request).as_deref() != Some(world.options.bamboohr_key.as_str()) {
        return Err(error(401, "Invalid API key").with("www-authenticate", "Basic realm=\"BambooHR\""));
    }
    let employee = world.employees.get(&id).ok_or_else(|| error(404, "Employee not found"))?;
    let asked = request.param("fields").unwrap_or_default();
    let asked: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if asked.len() > MOST_FIELDS {
        return Err(error(400, "Too many fields"));
    }
    let mut shown = Members::new();
    shown.insert("id".to_owned(), Value::String(id));
    for name in asked {
        if let Some(value) = employee.get(name) {
            shown.insert(name.to_owned(), as_text(value));
        }
    }
    let json = request.header(header::ACCEPT).is_some_and(|accept| accept.contains("json"));
    Ok(if json {
        Reply::json(200, &shown)
    } else {
        Reply::text(200, "text/xml; charset=UTF-8", &xml(&shown))
    })
}

fn api_key(request: &Request) -> Option<String> {
    let (scheme, coded) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    let plain = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (key, _) = plain.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| key.to_owned())
}

/// Scalars are text; `null` is an empty field.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

fn xml(shown: &Members) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let fields: String = shown
        .iter()
        .filter(|(name, _)| *name != "id")
        .map(|(name, value)| format!("<field id=\"{}\">{}</field>", escape(name), text(value)))
        .collect();
    let id = shown.get("id").map(text).unwrap_or_default();
    format!("<?xml version=\"1.0\"?>\n<employee id=\"{id}\">{fields}</employee>\n")
}
