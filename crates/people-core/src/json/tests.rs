//! Documents are read as serde_json reads them.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn read(text: &str) -> Option<Value> {
    Tape::read(text.as_bytes()).ok().map(|tape| tape.root().unwrap().datum().into())
}

/// Values as an HR system could send them.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1_000_000..1_000_000_i32).prop_map(|n| Value::from(f64::from(n) / 64.0)),
        ".{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in values(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        prop_assert_eq!(read(&text.unwrap()), Some(value));
    }

    #[test]
    fn a_text_is_json_if_serde_says_so(value in values(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}\",:0-9eE.+\\\\ u\\-truefalsn\\x00-\\x1f]{0,3}", cut in 0..3_usize) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let from = at.index(text.len());
        let to = (from + cut).min(text.len());
        text.splice(from..to, put.chars());
        let text: String = text.into_iter().collect();
        let theirs = serde_json::from_str::<Value>(&text).ok();
        let ours = read(&text);
        prop_assert_eq!(ours.is_some(), theirs.is_some(), "{}", text);
        // Their floating point may differ in the last digit; so may a whole number beyond 64 bits, which becomes one.
        let real = text.contains(['.', 'e', 'E'])
            || text.as_bytes().windows(20).any(|run| run.iter().all(u8::is_ascii_digit));
        if let (false, Some(ours), Some(theirs)) = (real, ours, theirs) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn a_list_is_the_same_one_item_at_a_time(
        items in prop::collection::vec(values(), 0..6),
        names in prop::collection::vec("a|b:|c\"|\\\\|é| ", 0..3),
        pretty in any::<bool>(),
    ) {
        let document = names.iter().rev().fold(Value::Array(items.clone()), |inner, name| {
            let mut members = serde_json::Map::new();
            members.insert("0".to_owned(), Value::from(1));
            members.insert(name.clone(), inner);
            members.insert("~".to_owned(), Value::Null);
            Value::Object(members)
        });
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        let path: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut found = Vec::new();
        let each = |item: Item<'_>| found.push(Value::from(item.datum()));
        prop_assert!(Elements::new(&text, &path).unwrap().unwrap().each(items.len(), each).is_ok());
        prop_assert_eq!(&found, &items);
        let none = Elements::new(&text, &[&path[..], &["absent"]].concat());
        prop_assert!(matches!(none, Ok(None)));
        if let Some(most) = items.len().checked_sub(1) {
            let refused = Elements::new(&text, &path).unwrap().unwrap().each(most, |_| ());
            prop_assert!(refused.is_err());
        }
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let ours = Tape::read(&bytes).is_ok();
        let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        prop_assert_eq!(ours, serde_json::from_slice::<Value>(bare).is_ok());
    }
}

#[test]
fn awkward_documents_are_read_as_serde_reads_them() {
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let mut texts: Vec<String> = [
        "",
        " ",
        "1 2",
        "01",
        "-",
        "-0",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1E5",
        "-1.5e-3",
        "1e999",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "tru",
        "true ",
        "nullx",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\u0041\"",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"\u{7f}\"",
        "{",
        "{}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "[,]",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "{\"a\":1,\"a\":2}",
        "\t\r\n[ ]\n",
        "\u{a0}1",
        "[1]x",
        "\"\\/\\b\\f\\n\\r\\t\"",
        "\"0123456789abcdefghij\\n\"",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([deep(126), deep(127), deep(128), deep(10_000), format!("{}1", "9".repeat(400))]);
    for text in texts {
        let theirs = serde_json::from_str::<Value>(&text).ok();
        assert_eq!(read(&text), theirs, "{text:.60}");
    }
    assert_eq!(Tape::read(b"\xEF\xBB\xBF[1]").unwrap().root().unwrap().length(), Some(1));
}

#[test]
fn members_are_found_by_name_however_it_is_written() {
    let tape = Tape::read(br#"{"a":1,"\u0062":{"c":[2,3]},"a":4}"#).unwrap();
    let root = tape.root().unwrap();
    assert_eq!(root.get("a").unwrap().number(), Some("4"));
    let list = root.get("b").unwrap().get("c").unwrap();
    assert_eq!((list.index(1).unwrap().number(), list.index(2).is_none()), (Some("3"), true));
    assert!(root.get("c").is_none() && list.get("a").is_none() && root.index(0).is_none());
}
