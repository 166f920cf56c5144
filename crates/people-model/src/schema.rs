//! JSON Schema (2020-12) of every public document.

use schemars::{Schema, schema_for};

use crate::cloudm::{Patch, Profile};
use crate::{Entry, Event, Step};

/// Each public document with its name: what we accept, what we send and what we store.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("event", schema_for!(Event)),
        ("cloudm-profile", schema_for!(Profile)),
        ("cloudm-patch", schema_for!(Patch)),
        ("step", schema_for!(Step)),
        ("journal-entry", schema_for!(Entry)),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_document_has_a_schema_that_names_its_members() {
        let all = super::all();
        let event = serde_json::to_value(&all[0].1).unwrap();
        assert!(event["properties"]["effectiveDate"].is_object(), "{event}");
        let profile = serde_json::to_value(&all[1].1).unwrap();
        assert!(profile["properties"].as_object().unwrap().len() >= crate::cloudm::Profile::MEMBERS.len());
    }
}
