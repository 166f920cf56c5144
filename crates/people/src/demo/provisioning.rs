//! The last acts: the same bridge where a server that speaks the Google Apps Provisioning API is the directory.

use super::script::{Act, NOTHING, sent};

/// The acts.
pub(super) const SCRIPT: &[Act] = &[
    Act {
        title: "Another tenant, whose directory speaks the Provisioning API: somebody joins, and the answer is lost",
        faults: &[("POST", "/a/feeds/example.com/user/2.0", 0)],
        sends: sent(
            "hr",
            "msg_20",
            r#"{"type":"hire","effectiveDate":"2026-05-01","worker":{"id":"2001","givenName":"Ana","familyName":"Silva"}}"#,
        ),
        status: 200,
        calls: &["user.create"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "She marries: the address follows, and the old one still works",
        sends: sent(
            "hr",
            "msg_21",
            r#"{"type":"change","worker":{"id":"2001","familyName":"Costa","email":"ana.costa@example.com"}}"#,
        ),
        status: 200,
        calls: &["user.update", "user.update"],
        outcome: "settled: agrees",
        ..NOTHING
    },
    Act {
        title: "Her last day has ended: the account is suspended, and nothing in it is lost",
        sends: sent(
            "hr",
            "msg_22",
            r#"{"type":"leave","effectiveDate":"2026-05-13","worker":{"id":"2001"}}"#,
        ),
        status: 200,
        calls: &["user.update"],
        outcome: "settled: offboarded",
        ..NOTHING
    },
];
