//! The bulk file: rows completed by the template.

use std::collections::BTreeSet;

use people_model::ccai::Row;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Untouched;

/// The lists that the template has in full.
const LISTS: [&str; 2] = ["roles", "teams"];

/// The file of these rows. A row that names roles or teams gets the template's whole list, with those that it does not name as
/// `untouched` says; a name that the template lacks stays, so that the server can say what it thinks of it.
pub fn file<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    template: Option<&Row>,
    untouched: Untouched,
) -> Value {
    let complete = |given: &Row| {
        let mut row = given.clone();
        for list in LISTS.into_iter().filter(|list| given.0.contains_key(*list)) {
            let named = given.flags(list);
            let names: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
            let all = template.map(|template| template.flags(list)).unwrap_or_default();
            let others = all.iter().filter(|(name, _)| !names.contains(name)).map(|(name, _)| (*name, None));
            match untouched {
                Untouched::Empty => row.set_flags(list, named.iter().copied().chain(others)),
                Untouched::Omit => row.set_flags(list, named.iter().copied()),
            }
        }
        Value::Object(row.0)
    };
    Value::Array(rows.into_iter().map(complete).collect())
}

/// The name of a batch's file: `people-{tag}-{digest}.json`. It tells the file apart from every other, so that a job is found again by it after
/// a lost answer, and never a job of another content.
pub fn filename(tag: &str, file: &Value) -> String {
    let digest = Sha256::digest(file.to_string());
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let tag: String = tag.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("people-{tag}-{digest}.json")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_the_templates_and_unknown_keys_stay() {
        let row = |value: Value| serde_json::from_value::<Row>(value).unwrap();
        let template = row(json!({"email": "sample@x.y", "alias": "sample",
            "roles": [{"name": "Agent", "value": 1}, {"name": "Admin", "value": 1}], "teams": [{"name": "Blue", "value": 0}]}));
        let rows = [
            row(
                json!({"email": "a@b.c", "extension_number": "7", "roles": [{"name": "Agent", "value": "1"}, {"name": "New", "value": 0}]}),
            ),
            row(json!({"email": "z@b.c"})),
        ];
        let made = file(&rows, Some(&template), Untouched::Empty);
        assert_eq!(
            made,
            json!([{"email": "a@b.c", "extension_number": "7", "roles": [{"name": "Agent", "value": 1},
                {"name": "New", "value": 0}, {"name": "Admin", "value": ""}]}, {"email": "z@b.c"}])
        );
        let omitted = file(&rows, Some(&template), Untouched::Omit);
        assert_eq!(omitted[0]["roles"].as_array().unwrap().len(), 2);
        let (one, other) = (filename("p_1", &made), filename("p_1", &omitted));
        assert!(one != other && one.starts_with("people-p1-") && one.ends_with(".json"), "{one}");
    }
}
