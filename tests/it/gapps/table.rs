//! The table of operations is the contract's, and the documentation's.

use people_core::target::gapps::{OPERATIONS, Reply};
use people_model::gapps::error::CODES;
use serde_json::Value;

use super::vectors;

/// The names of variables are ours: only where they stand counts.
fn plain(path: &str) -> String {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| if part.starts_with('{') { "{}" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn it_says_what_the_contract_says() {
    let Some(folder) = vectors() else { return };
    let read = |name: &str| -> Option<Value> {
        let text = std::fs::read_to_string(folder.join("../../contracts").join(name)).ok()?;
        serde_json::from_str(&text).ok()
    };
    let (Some(operations), Some(codes)) = (read("gapps-operations.json"), read("gapps-error-codes.json"))
    else {
        return println!("skipped: no contracts");
    };
    let operations = operations["operations"].as_array().expect("operations");
    assert_eq!(operations.len(), OPERATIONS.len());
    for said in operations {
        let name = format!("gapps.{}", said["id"].as_str().expect("an id"));
        let known = OPERATIONS.iter().find(|known| known.name == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(said["method"], known.method.as_str(), "{name}");
        assert_eq!(plain(said["path"].as_str().expect("a path")), plain(known.path), "{name}");
        for query in said["query"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let word = query.split(' ').next().unwrap_or_default();
            let start = matches!(known.reply, Reply::Feed { start: Some(start), .. } if start == word);
            let there = start || known.fixed == word || known.query.iter().any(|one| one.name == word);
            assert!(there, "{name}: {query}");
        }
    }
    let codes = codes["codes"].as_array().expect("codes");
    let said: Vec<_> = codes.iter().map(|code| (code["code"].as_u64(), code["name"].as_str())).collect();
    let known: Vec<_> = CODES.iter().map(|known| (Some(u64::from(known.code)), Some(known.name))).collect();
    assert_eq!(known, said);
}
