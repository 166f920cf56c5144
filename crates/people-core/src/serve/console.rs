//! `/`: one page for the person on call. Plain HTML, no script; it shows tags and ids, never a name.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use people_auth::Signer;

use super::{problem, response, unavailable};
use crate::bridge::Bridge;
use crate::host::Host;
use crate::journal::{EventRow, Filter, Journal, Status};

const STYLE: &str = "body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}\
code{font-size:.9em}.held,.dead{color:#b00}";

impl<H: Host, J: Journal, S: Signer> Bridge<H, J, S> {
    pub(super) async fn console(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if let Some(refused) = self.turn_away(request) {
            return refused;
        }
        if request.method() != Method::GET {
            return problem(StatusCode::METHOD_NOT_ALLOWED, "this page is read by GET");
        }
        let rows =
            async |status, limit| self.journal.events(&Filter { status, limit, ..Filter::default() }).await;
        let (Ok(stats), Ok(held), Ok(dead), Ok(latest)) = (
            self.journal.stats().await,
            rows(Some(Status::Held), 50).await,
            rows(Some(Status::Dead), 50).await,
            rows(None, 50).await,
        ) else {
            return unavailable("the journal does not answer");
        };
        let counts: Vec<String> = Status::ALL
            .iter()
            .zip(stats.events)
            .map(|(status, count)| format!("<b>{count}</b> {}", status.as_str()))
            .collect();
        let page = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>people</title><style>{STYLE}</style>\
             <h1>people</h1><p>{} &middot; <b>{}</b> people, <b>{}</b> accounts, <b>{}</b> deliveries in the backlog</p>\
             {}{}{}</html>",
            counts.join(", "),
            stats.people,
            stats.accounts,
            stats.backlog,
            table("Waiting for you", &held, "people held approve TAG, or people held reject TAG"),
            table("Dead letters", &dead, "mend the map, then people events replay EVENT"),
            table("Latest", &latest, "")
        );
        let mut page = response(StatusCode::OK, "text/html; charset=utf-8", page);
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        page
    }
}

fn table(title: &str, rows: &[EventRow], help: &str) -> String {
    if rows.is_empty() {
        return format!("<h2>{title}</h2><p>Nothing.</p>");
    }
    let lines: String = rows
        .iter()
        .map(|row| {
            let status = row.status.as_str();
            format!(
                "<tr><td>{}<td><code>{}</code><td><code>{}</code><td>{}<td>{}<td class={status}>{status}<td>{}",
                escape(&row.received.to_string()),
                escape(row.id.as_str()),
                escape(&row.person),
                escape(row.source.as_str()),
                escape(&row.kind),
                escape(&row.note)
            )
        })
        .collect();
    format!(
        "<h2>{title}</h2><p><code>{}</code></p><table><tr><th>received<th>event<th>person<th>source<th>kind<th>status<th>note{lines}</table>",
        escape(help)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
