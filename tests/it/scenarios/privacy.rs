//! Nothing personal where operators, dashboards and log files look.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use people_core::bridge::Decision;
use people_core::journal::Status;
use people_sim::{Fault, FaultBody, FaultKind};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span;

use super::{change, hire, leave, noor, thin};
use crate::world::World;

/// Values that stand nowhere else; whoever shows one shows something personal.
const PERSONAL: [&str; 12] = [
    "Xaverine",
    "Quillfeather",
    "xaverine",
    "quillfeather",
    "Chief Zymurgist",
    "078-05-1120",
    "987654.32",
    "private.quokka@home.example",
    "Zebrawood Lane",
    "+49 30 5550199",
    "WORKER-8675309",
    "1979-10-12",
];

/// Secrets, which are worse.
const SECRET: [&str; 6] =
    ["ya29.", "admin-token", "plain-secret", "bamboo-secret", "sim-bamboohr-key", "BEGIN PRIVATE KEY"];

/// All that is traced on this thread, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0.lock().expect("a log"), " {field}={value:?}");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let _ = write!(self.0.lock().expect("a log"), "\n{}", event.metadata().name());
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn worker(id: &str) -> Value {
    json!({"id": id, "givenName": "Xaverine", "familyName": "Quillfeather", "title": "Chief Zymurgist", "birthday": "1979-10-12",
        "secondaryEmail": "private.quokka@home.example", "ssn": "078-05-1120", "salary": "987654.32",
        "phoneNumbers": [{"type": "MOBILE", "value": "+49 30 5550199"}],
        "locations": [{"area": "Zebrawood Lane 7"}]})
}

#[tokio::test]
async fn scenario_51_nothing_personal_shows_anywhere() {
    let log = Log::default();
    // With two of them, whether a place is of interest does not hang on which test's thread comes by first.
    let _second = tracing::Dispatch::new(Log::default());
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut world = World::new().await;
    let mut seen = String::new();
    let mut show = |what: &dyn std::fmt::Debug| {
        let _ = writeln!(seen, "{what:?}");
    };

    // What works.
    let id = "WORKER-8675309";
    let mut hired = hire(id, "2026-03-01");
    hired["worker"] = worker(id);
    show(&world.say(hired.clone()).await);
    show(&world.say(change(id, json!({"title": "Chief Zymurgist II"}))).await);
    // What nobody can use: values of the wrong kind in every place.
    for (n, broken) in [
        json!({"type": "hire", "effectiveDate": "Xaverine", "worker": worker(id)}),
        json!({"type": "Quillfeather", "worker": worker(id)}),
        json!({"type": "change", "occurredAt": "1979-10-12 or so", "worker": worker(id)}),
        json!({"type": "change", "worker": {"id": ["WORKER-8675309"], "givenName": "Xaverine"}}),
        json!({"type": "change", "worker": {"id": id, "timezone": "Zebrawood Lane"}}),
        json!({"type": "change", "worker": {"id": id, "title": {"Chief Zymurgist": "078-05-1120"}}}),
        json!({"type": "leave", "worker": worker("WORKER-8675309\n")}),
        json!(["Xaverine"]),
    ]
    .iter()
    .enumerate()
    {
        show(&world.hr(&format!("msg_{n}"), &broken.to_string()).await);
    }
    show(&world.hr("msg_text", "Xaverine Quillfeather 078-05-1120").await);
    // What is not proven.
    show(
        &world
            .post("/hooks/hr?access_token=078-05-1120", &[("webhook-id", "Xaverine")], hired.to_string())
            .await,
    );
    show(&world.post("/hooks/Quillfeather", &[], hired.to_string()).await);
    show(&world.post("/hooks/plain", &[("x-signature", "Xaverine")], hired.to_string()).await);
    world.quiet().await;
    // What the target refuses, in words that name the person.
    let message = Some("Xaverine Quillfeather <xaverine.quillfeather@example.com> must not".to_owned());
    for (status, body) in [
        (400, FaultBody::Envelope),
        (403, FaultBody::Envelope),
        (422, FaultBody::Text),
        (404, FaultBody::Html),
    ] {
        let fault = Fault {
            raw: true,
            body,
            message: message.clone(),
            method: Some("POST".to_owned()),
            ..Fault::status("/people/", status)
        };
        world.sim.add_fault(fault.times(1)).expect("a fault");
        show(&world.say(change(id, json!({"title": format!("Chief Zymurgist {status}")}))).await);
        world.sim.clear_faults();
    }
    world.sim.add_fault(Fault { message, ..Fault::status("/people/", 503) }.times(3)).expect("a fault");
    world.sim.add_fault(Fault::on("/people/", FaultKind::Drop).times(2)).expect("a fault");
    show(&world.say(change(id, json!({"department": "Zebrawood Lane"}))).await);
    // A record that is fetched and cannot be used, one that cannot be had, and one that is deleted.
    world.sim.put_employee(noor(json!({"id": "8675309", "firstName": "Xaverine", "lastName": "Quillfeather", "hireDate": "1979-10-12?"}))).expect("an employee");
    for kind in ["employee.created", "employee.deleted"] {
        show(&world.bamboo("bamboohr", &thin(kind, "8675309", "2026-03-02T09:00:00Z")).await);
        world.quiet().await;
    }
    let fault =
        Fault { message: Some("no Quillfeather here".to_owned()), ..Fault::status("/employees/", 403) };
    world.sim.add_fault(fault.times(2)).expect("a fault");
    show(&world.bamboo("bamboohr", &thin("employee.updated", "8675309", "2026-03-02T09:01:00Z")).await);
    world.quiet().await;
    // What a human decides about, and what is then done.
    world
        .reconfigure(|text| {
            text.replace(
                "[policy.retry]",
                "[policy]\nprotected = [\"xaverine.*@example.com\"]\n[policy.retry]",
            )
        })
        .await;
    show(&world.say(leave(id, "2026-03-01")).await);
    assert_eq!(world.person(&format!("hr/{id}")).await.0, Status::Held);
    for path in ["/api/held", "/"] {
        show(&world.get(path).await);
    }
    world.decide(&format!("hr/{id}"), Decision::Approve(None)).await;
    assert_eq!(world.times("users.offboard"), 1);
    assert!(world.user("xaverine.quillfeather@example.com")["birthday"] == "1979-10-12", "it was all there");

    for path in [
        "/metrics",
        "/readyz",
        "/livez",
        "/",
        "/api/events?limit=1000",
        "/api/held",
        "/api/stats",
        "/api/events?status=Xaverine",
        "/api/Quillfeather",
        "/Xaverine",
    ] {
        show(&world.get(path).await);
    }
    for path in ["/api/events/Xaverine/replay", "/api/held/Quillfeather/approve", "/api/held/Xaverine/reject"]
    {
        let answer = world
            .client
            .post(world.url(path))
            .bearer_auth("admin-token")
            .body("{\"address\": \"Xaverine\"}")
            .send()
            .await;
        show(&answer.expect("an answer").text().await.expect("a body"));
    }
    let logged = log.0.lock().expect("a log").clone();
    assert!(logged.contains("driven"), "the log is captured: {logged}");
    assert!(
        seen.contains("effectiveDate") && seen.contains("refused") && seen.contains("protected"),
        "there is something to see: {seen}"
    );
    for (place, text) in [("what is shown", &seen), ("the log", &logged)] {
        for word in PERSONAL.iter().chain(&SECRET) {
            let line = text.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{word} in {place}");
        }
    }
    // The journal knows people; secrets it never knew.
    for file in
        std::fs::read_dir(world.folder.path()).expect("a folder").map(|file| file.expect("a file").path())
    {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("people.sqlite")) {
            let bytes = std::fs::read(&file).expect("a journal");
            let held = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert_eq!(SECRET.iter().find(held), None, "{}", file.display());
        }
    }
}
