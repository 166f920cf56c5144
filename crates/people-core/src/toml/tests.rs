//! Against the crate `toml`.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

/// What the document says, or that it is none.
fn ours(text: &str) -> Option<Json> {
    parse::document(text).ok().map(json)
}

fn json(node: Node) -> Json {
    match node.value {
        Value::Text(text) => text.into(),
        Value::Whole(whole) => whole.into(),
        // As text, so that inf and nan show.
        Value::Real(real) => about(real).into(),
        Value::Flag(flag) => flag.into(),
        Value::List { items, .. } => items.into_iter().map(json).collect(),
        Value::Table { members, .. } => members.into_iter().map(|m| (m.name, json(m.value))).collect(),
    }
}

fn theirs(text: &str) -> Option<Json> {
    fn json(value: ::toml::Value) -> Json {
        match value {
            ::toml::Value::String(text) => text.into(),
            ::toml::Value::Integer(whole) => whole.into(),
            ::toml::Value::Float(real) => about(real).into(),
            ::toml::Value::Boolean(flag) => flag.into(),
            ::toml::Value::Datetime(_) => "a date".into(),
            ::toml::Value::Array(items) => items.into_iter().map(json).collect(),
            ::toml::Value::Table(members) => members.into_iter().map(|(n, v)| (n, json(v))).collect(),
        }
    }
    ::toml::from_str::<::toml::Table>(text).ok().map(|table| json(::toml::Value::Table(table)))
}

/// Ours reads a real to within one unit of its last place.
fn about(real: f64) -> String {
    format!("{real:.12e}")
}

fn has_date(value: &Json) -> bool {
    match value {
        Json::String(text) => text == "a date",
        Json::Array(items) => items.iter().any(has_date),
        Json::Object(members) => members.values().any(has_date),
        _ => false,
    }
}

const DOCUMENT: &str = r#"# people.toml
title = "a \u00e9 \t \"b\""   # comment
'quoted key' = 'C:\path'
a.b."c d" = 1_000
numbers = [0, -1, +2, 0x1F, 0o17, 0b11, 1.5, -2e3, 6.02E+2_3, inf, -nan, 0.0,]
long = """
first \
   second
"third" """"
raw = '''
a\nb'''
flags = [ true,
  false, # why not
]
inline = { x = 1, y.z = "w", list = [{}, { k = 'v' }] }

[table]
key = "v"
[table.inner.deep]
k = 1
[[source]]
name = "one"
[source.map]
id = "x"
[source.map.fields]
"First name" = ["a", "b"]
[[source]]
name = "two"
signed = ["timestamp", { text = "." }, "body"]
[source.map]
"#;

#[test]
fn a_document_reads_as_the_crate_reads_it() {
    assert_eq!(ours(DOCUMENT), theirs(DOCUMENT));
    assert!(ours(DOCUMENT).is_some());
    assert_eq!(ours(&DOCUMENT.replace('\n', "\r\n")), theirs(&DOCUMENT.replace('\n', "\r\n")));
}

#[test]
fn what_may_be_defined_once_is_defined_once() {
    for text in [
        "a = 1\na = 2",
        "[a]\n[a]",
        "[a.b]\n[a]\n[a]",
        "[a.b]\n[a]",
        "a.b = 1\n[a]",
        "a.b = 1\na.c = 2",
        "a.b = 1\na.b.c = 2",
        "[a]\nb.c = 1\n[a.b]",
        "[a]\nb.c = 1\n[a.b.d]",
        "[a.b]\nx = 1\n[a]\nb.c = 2",
        "a = {}\n[a.b]",
        "a = {}\na.b = 1",
        "a = { b.c = 1, b.d = 2 }",
        "a = { b.c = 1 }\n[a.b.d]",
        "a = [1]\n[[a]]",
        "a = [{}]\n[[a]]",
        "a = [{}]\n[a.b]",
        "[[a]]\n[a]",
        "[a]\n[[a]]",
        "[[a.b]]\n[a.b.c]\n[[a.b]]\n[a.b.c]",
        "[[a]]\n[a.b]\n[a.b]",
        "[a]\n[a.b]\n[[a.b]]",
        "[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[a.c]",
        "a = { x = 1, }\nb = [1,]",
        "a = {\n x = 1 # c\n, y = 2\n}",
        "a = \"\\e\\x41\"",
        "\"\" = 1",
        "a = 1 b = 2",
        "= 1",
        "a =",
        "[a",
        "[a]]",
        "[[a]",
        "a = 01",
        "a = 1__0",
        "a = _1",
        "a = 1.",
        "a = .5",
        "a = 1e5",
        "a = 0e0",
        "a = 00.5",
        "a = -0",
        "a = +0x1",
        "a = 9223372036854775808",
        "a = \"x",
        "a = \"\"\"x\"\"\"\"\"\"",
        "a = \"\"\"\"\"x\"\"\"\"\"",
        "a = ''''x'''''",
        "a = 'x\ny'",
        "\u{feff}a = 1",
        "a = 1\rb = 2",
        "# \u{1}",
        "a = \"\u{7f}\"",
        "a = tru",
        "a.  b  .c = 1",
        "é = 1",
    ] {
        assert_eq!(ours(text), theirs(text), "{text}");
    }
    assert!(from_str::<Json>("a = 2026-01-01").unwrap_err().message.contains("in quotes"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_of_a_document_with_mistakes_the_crate_reads_too(
        at in any::<prop::sample::Index>(), cut in 0..4_usize,
        put in prop_oneof!["[\\[\\]{}\"'=.,#\\n\\r\\t a-c0-9_+\\\\-]{0,4}", Just("\n[source]\n".to_owned()), Just("\n[table.inner]\nx = 1\n".to_owned()), Just("\"\"\"".to_owned())],
    ) {
        let mut chars: Vec<char> = DOCUMENT.chars().collect();
        let from = at.index(chars.len());
        let to = (from + cut).min(chars.len());
        chars.splice(from..to, put.chars());
        let text: String = chars.into_iter().collect();
        // The crate is more lenient with line breaks in an inline table; to refuse one is no harm.
        if let Some(ours) = ours(&text) {
            prop_assert_eq!(Some(ours), theirs(&text), "{}", text);
        }
    }

    #[test]
    fn small_documents_read_as_the_crate_reads_them(text in "([ab]|[ab]\\.[ab]|\\[[ab]\\]|\\[[ab]\\.[ab]\\]|\\[\\[[ab]\\]\\]|\\[\\[[ab]\\.[ab]\\]\\]|=|1|\\{\\}|\\[\\]|\"x\"|\\n|\\n|,| = 1\\n){0,14}") {
        let theirs = theirs(&text);
        if !theirs.as_ref().is_some_and(has_date) {
            prop_assert_eq!(ours(&text), theirs, "{}", text);
        }
    }
}
