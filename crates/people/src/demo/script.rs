//! What happens in the demonstration, in order, and what is expected of it. The people are invented; field names are the vendors'.

use super::sender::Sent;

/// When it begins.
pub(super) const START: &str = "2026-03-02T09:00:00Z";

/// One act.
pub(super) struct Act {
    pub title: &'static str,
    /// Moves the clock first.
    pub clock: Option<&'static str>,
    /// Records of BambooHR, put there first.
    pub employees: &'static [&'static str],
    /// Accounts of CloudM, put there first.
    pub users: &'static [&'static str],
    /// Faults of the pretend clouds, once each: a verb, part of a path, and a status or 0 for an answer that is lost.
    pub faults: &'static [(&'static str, &'static str, u16)],
    pub sends: Option<Sent>,
    pub human: Option<Human>,
    /// Whose outcome counts where nothing is sent: group and worker id.
    pub person: &'static str,
    /// The HTTP status of the delivery; 0 where none is sent.
    pub status: u16,
    /// The calls that changed something, in order.
    pub calls: &'static [&'static str],
    /// Part of the outcome.
    pub outcome: &'static str,
}

pub(super) enum Human {
    Approve,
    Reject,
}

pub(super) const NOTHING: Act = Act {
    title: "",
    clock: None,
    employees: &[],
    users: &[],
    faults: &[],
    sends: None,
    human: None,
    person: "",
    status: 0,
    calls: &[],
    outcome: "",
};

pub(super) const fn sent(source: &'static str, id: &'static str, body: &'static str) -> Option<Sent> {
    Some(Sent { source, id, body, tampered: false })
}

const HIRE: &str = r#"{"type":"hire","occurredAt":"2026-03-02T08:59:00Z","effectiveDate":"2026-03-02","worker":{"id":"1001","givenName":"Jürgen","familyName":"Groß","title":"Clerk","department":"Sales"}}"#;
const WORKDAY_HIRE: &str = r#"{"eventType":"HIRE","businessProcess":"Hire Employee","transactionId":"9e2f","entryDateTime":"2026-02-10T21:04:11.532-08:00","effectiveDate":"2026-04-01","worker":{"WID":"3aa5550b7fe348b98d7b5741afc60000","workerId":"21555","legalName":{"first":"Mei","last":"Tanaka"},"workEmail":null,"businessTitle":"Engineer","supervisoryOrganization":"SUP-77","location":{"id":"TYO","timeZone":"Asia/Tokyo"},"lastDayOfWork":null}}"#;
const WORKDAY_MOVED: &str = r#"{"eventType":"HIRE","businessProcess":"Hire Employee","transactionId":"9e30","entryDateTime":"2026-02-20T10:00:00-08:00","effectiveDate":"2026-04-15","worker":{"WID":"3aa5550b7fe348b98d7b5741afc60000","workerId":"21555","legalName":{"first":"Mei","last":"Tanaka"},"workEmail":null,"businessTitle":"Engineer","supervisoryOrganization":"SUP-77","location":{"id":"TYO","timeZone":"Asia/Tokyo"},"lastDayOfWork":null}}"#;
const NOOR: &str = r#"{"id":"41","employeeNumber":"1041","firstName":"Noor","lastName":"Haddad","workEmail":"","jobTitle":"Analyst","department":"Finance","status":"Active","hireDate":"2026-03-02","terminationDate":"0000-00-00"}"#;
const NOOR_LEAVES: &str = r#"{"id":"41","employeeNumber":"1041","firstName":"Noor","lastName":"Haddad","workEmail":"","jobTitle":"Lead Analyst","department":"Finance","status":"Inactive","hireDate":"2026-03-02","terminationDate":"2026-05-14"}"#;
const OWNER: &str = r#"{"id":"owner@example.com","givenName":"Ola","familyName":"Owner","employeeId":"1"}"#;

/// The acts.
pub(super) const SCRIPT: &[Act] = &[
    Act {
        title: "Somebody joins today (Standard Webhooks, canonical event); the answer to the create is lost on the way back",
        faults: &[("POST", "/people/v4/example.com", 0)],
        sends: sent("hr", "msg_1", HIRE),
        status: 200,
        calls: &["users.create"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "The same delivery once more: one person, not two",
        sends: sent("hr", "msg_1", HIRE),
        person: "hr/1001",
        status: 200,
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "A promotion, while CloudM answers 503",
        faults: &[("POST", "/people/v4/example.com", 503)],
        sends: sent(
            "hr",
            "msg_2",
            r#"{"type":"change","occurredAt":"2026-03-02T09:00:00Z","worker":{"id":"1001","title":"Head of Sales"}}"#,
        ),
        status: 200,
        calls: &["users.patch"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "An older change arrives late: nothing newer is overwritten",
        sends: sent(
            "hr",
            "msg_0",
            r#"{"type":"change","occurredAt":"2026-03-01T09:00:00Z","worker":{"id":"1001","title":"Trainee"}}"#,
        ),
        status: 200,
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "A hire in a month (Workday through middleware, mapped): scheduled for midnight in Tokyo",
        sends: sent("workday", "", WORKDAY_HIRE),
        status: 200,
        calls: &["users.schedule"],
        outcome: "waiting: onboarding scheduled for 2026-03-31T15:00:00Z",
        ..NOTHING
    },
    Act {
        title: "The first day is moved: the one onboarding moves with it",
        sends: sent("workday", "", WORKDAY_MOVED),
        status: 200,
        calls: &["workflows.abort", "users.schedule"],
        outcome: "waiting: onboarding scheduled for 2026-04-14T15:00:00Z",
        ..NOTHING
    },
    Act {
        title: "BambooHR names an employee and nothing else: the record is fetched",
        employees: &[NOOR],
        sends: sent(
            "bamboohr",
            "",
            r#"{"type":"employee.created","timestamp":"2026-03-02T09:00:00Z","data":{"companyId":"12345","employeeId":"41"}}"#,
        ),
        status: 200,
        calls: &["users.create"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "BambooHR sends changed fields, several people in one delivery",
        sends: sent(
            "bamboohr-fields",
            "",
            r#"{"employees":[{"id":"41","action":"Updated","timestamp":"2026-03-02T09:15:00Z","changedFields":["Job Title"],"fields":{"Employee #":{"value":"1041"},"First name":{"value":"Noor"},"Last name":{"value":"Haddad"},"Job Title":{"value":"Lead Analyst"}}}]}"#,
        ),
        status: 200,
        calls: &["users.patch"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "A delivery that was changed on its way: refused, and nothing is kept",
        sends: Some(Sent {
            source: "hr",
            id: "msg_3",
            body: r#"{"type":"leave","effectiveDate":"2026-03-01","worker":{"id":"1001"}}"#,
            tampered: true,
        }),
        status: 401,
        ..NOTHING
    },
    Act {
        title: "A delivery that nobody can use: accepted, so that the sender goes on, and kept as a dead letter",
        sends: sent("hr", "msg_4", r#"{"type":"leave","worker":{"id":"1001"}}"#),
        status: 200,
        outcome: "dead: ",
        ..NOTHING
    },
    Act {
        title: "Somebody gives notice: nothing happens before the last day has ended in Berlin",
        sends: sent(
            "hr",
            "msg_5",
            r#"{"type":"leave","occurredAt":"2026-03-02T09:20:00Z","effectiveDate":"2026-05-14","worker":{"id":"1001"}}"#,
        ),
        status: 200,
        outcome: "waiting: agrees; next at 2026-05-14T22:00:00Z",
        ..NOTHING
    },
    Act {
        title: "Time passes: the scheduled onboarding has taken place",
        clock: Some("2026-04-14T16:00:00Z"),
        person: "workday/21555",
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "The last day has ended: offboarded, once",
        clock: Some("2026-05-14T22:00:01Z"),
        person: "hr/1001",
        calls: &["users.offboard"],
        outcome: "settled: offboarded",
        ..NOTHING
    },
    Act {
        title: "The notice is taken back while the offboarding runs: aborted",
        sends: sent(
            "hr",
            "msg_6",
            r#"{"type":"leave.cancelled","occurredAt":"2026-05-14T22:00:00Z","worker":{"id":"1001"}}"#,
        ),
        status: 200,
        calls: &["workflows.abort"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "BambooHR's record says terminated",
        clock: Some("2026-05-15T05:00:00Z"),
        employees: &[NOOR_LEAVES],
        sends: sent(
            "bamboohr",
            "",
            r#"{"type":"employee.updated","timestamp":"2026-05-15T05:00:00Z","data":{"companyId":"12345","employeeId":"41","changedFields":["status"]}}"#,
        ),
        status: 200,
        calls: &["users.offboard"],
        outcome: "settled: offboarded",
        ..NOTHING
    },
    Act {
        title: "A bad file says that the owner left: held, for the account is protected",
        users: &[OWNER],
        sends: sent(
            "hr",
            "msg_7",
            r#"{"type":"leave","effectiveDate":"2026-05-01","worker":{"id":"1","email":"owner@example.com"}}"#,
        ),
        status: 200,
        outcome: "held: the account is protected",
        ..NOTHING
    },
    Act {
        title: "A human says no",
        human: Some(Human::Reject),
        person: "hr/1",
        outcome: "settled: rejected by a human",
        ..NOTHING
    },
    Act {
        title: "The owner does leave: held again, for a human to decide",
        sends: sent("hr", "msg_10", r#"{"type":"leave","effectiveDate":"2026-05-14","worker":{"id":"1"}}"#),
        status: 200,
        outcome: "held: the account is protected",
        ..NOTHING
    },
    Act {
        title: "A human says yes",
        human: Some(Human::Approve),
        person: "hr/1",
        calls: &["users.offboard"],
        outcome: "settled: offboarded",
        ..NOTHING
    },
    Act {
        title: "Another Mei Tanaka is hired: the next free address; her manager is named by his worker id",
        sends: sent(
            "hr",
            "msg_8",
            r#"{"type":"hire","effectiveDate":"2026-05-15","worker":{"id":"1002","givenName":"Mei","familyName":"Tanaka","manager":"1001"}}"#,
        ),
        status: 200,
        calls: &["users.create"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "She leaves at once; it is the next day already where she works, in Auckland",
        sends: sent(
            "hr",
            "msg_9",
            r#"{"type":"leave","effectiveDate":"2026-05-14","worker":{"id":"1002","timezone":"Pacific/Auckland"}}"#,
        ),
        status: 200,
        calls: &["users.offboard"],
        outcome: "settled: offboarded",
        ..NOTHING
    },
];
