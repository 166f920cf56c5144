//! Maps at work.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::source::config::SourceConfig;
use crate::source::tests::{OPEN, broken, config, event};

fn compile(text: &str) -> Result<Mapping, ConfigProblem> {
    let config: SourceConfig = config(&format!("{OPEN}{text}"));
    Mapping::compile(config.map.as_ref().unwrap(), &config.lookup, &config.empty)
}

impl Mapping {
    /// What a document says.
    fn pieces(&self, document: &Value) -> Vec<Piece> {
        let mut all = Vec::new();
        self.read(document.to_string().as_bytes(), &mut |piece| all.push(piece));
        all
    }
}

fn mapping(text: &str) -> Mapping {
    compile(text).unwrap()
}

fn title(rule: &str, record: &Value) -> Result<Option<Value>, String> {
    let lookup = "[lookup.departments]\nENG = \"Engineering\"\n";
    let rule = toml::Value::from(rule);
    let mapping = mapping(&format!("{lookup}[map]\nid = \"'1'\"\nfields = {{ title = {rule} }}"));
    match mapping.pieces(record).remove(0) {
        Piece::Event(event) => Ok(event.worker.profile.get("title").map(Value::from)),
        Piece::Dead(dead) => Err(dead.to_string()),
        other => panic!("{other:?}"),
    }
}

const MIDDLEWARE: &str = r#"
[lookup.departments]
"SUP-77" = "Research"
[map]
type = "eventType"
types = { HIRE = "hire", TERM = "leave", LOA = "ignore" }
id = "worker.workerId"
occurredAt = "entryDateTime"
effectiveDate = "effectiveDate"
lastWorkingDay = "worker.lastDayOfWork"
email = "worker.workEmail"
timezone = "worker.location.timeZone"
[map.fields]
givenName = ["worker.preferredName.first", "worker.legalName.first"]
familyName = "worker.legalName.last"
title = "worker.businessTitle | upper"
department = "worker.supervisoryOrganization | lookup('departments')"
manager = "worker.managerWorkerId"
"#;

fn worker(kind: &str) -> Value {
    json!({"eventType": kind, "entryDateTime": "2026-02-10T21:04:11.532-08:00", "effectiveDate": "2026-03-02",
        "worker": {"workerId": 21555, "legalName": {"first": "Mei", "last": "Tanaka"}, "preferredName": {"first": ""},
            "workEmail": null, "businessTitle": "Engineer", "supervisoryOrganization": "SUP-77", "managerWorkerId": "21006",
            "location": {"timeZone": "Asia/Tokyo"}, "lastDayOfWork": null}})
}

#[test]
fn a_customers_json_becomes_a_hire() {
    let pieces = mapping(MIDDLEWARE).pieces(&worker("HIRE"));
    let event = event(&pieces[0]);
    assert_eq!((event.kind, event.worker.id.as_str()), (EventKind::Hire, "21555"));
    assert_eq!(event.occurred_at.unwrap().to_string(), "2026-02-11T05:04:11.532Z");
    assert_eq!(
        (event.worker.timezone.as_deref(), event.worker.email.as_deref(), event.last_working_day),
        (Some("Asia/Tokyo"), None, None)
    );
    assert_eq!(
        Value::from(event.worker.profile.clone()),
        json!({"givenName": "Mei", "familyName": "Tanaka",
        "title": "ENGINEER", "department": "Research", "manager": "21006"})
    );
}

#[test]
fn scenario_38_and_46_a_word_that_is_not_listed_is_ignored() {
    for kind in ["LOA", "JURY DUTY"] {
        assert!(matches!(mapping(MIDDLEWARE).pieces(&worker(kind))[0], Piece::Ignored(_)));
    }
}

#[test]
fn scenario_48_only_the_primary_assignment_counts() {
    let mapping = mapping(
        "[map]\neach = \"jobs\"\ntype = \"t\"\nid = \"document.id\"\nwhen = \"primary\"\neffectiveDate = \"end\"\nfields = { title = \"title\" }",
    );
    let pieces = mapping.pieces(&json!({"id": "7", "jobs": [
        {"t": "leave", "primary": false, "end": "2026-01-31", "title": "Guard"}, {"t": "leave", "end": "2026-01-31"},
        {"t": "change", "primary": true, "title": "Nurse"}]}));
    assert!(pieces[..2].iter().all(|piece| matches!(piece, Piece::Ignored(_))));
    assert_eq!(
        (
            event(&pieces[2]).worker.id.as_str(),
            event(&pieces[2]).worker.profile.get("title").and_then(people_model::Datum::as_str)
        ),
        ("7", Some("Nurse"))
    );
}

#[test]
fn scenario_49_renamed_fields_are_a_matter_of_configuration() {
    let mapping = mapping(
        "[map]\ntype = \"'change'\"\nid = \"fields.\\\"Mitarbeiter-Nr.\\\".value\"\nfields = { givenName = \"fields.Vorname.value\" }",
    );
    let good =
        mapping.pieces(&json!({"fields": {"Mitarbeiter-Nr.": {"value": 9}, "Vorname": {"value": "Jörg"}}}));
    assert_eq!(event(&good[0]).worker.profile.get("givenName"), Some(&"Jörg".into()));
    let bad =
        mapping.pieces(&json!({"fields": {"Personalnummer": {"value": 9}, "Vorname": {"value": "Jörg"}}}));
    assert_eq!(broken(&bad[0]), "map.id");
    assert!(!format!("{bad:?}").contains("Jörg"));
}

#[test]
fn scenario_50_a_record_that_fails_is_put_aside_with_the_rule_and_the_others_go_on() {
    let mapping =
        mapping("[map]\ntype = \"'change'\"\nid = \"id\"\n[map.fields]\ntitle = \"name ~ (hours / 8)\"");
    let pieces = mapping
        .pieces(&json!([{"id": 1, "name": "Ana", "hours": 16}, {"id": 2, "name": "Ana", "hours": null},
        {"id": 3, "name": "Ana", "hours": "Silva"}, {"id": 4, "name": "Bo", "hours": 8}]));
    assert_eq!([event(&pieces[0]).worker.id.as_str(), event(&pieces[3]).worker.id.as_str()], ["1", "4"]);
    for piece in &pieces[1..3] {
        assert_eq!(broken(piece), "map.fields.title");
        assert!(!format!("{piece:?}").contains("Ana") && !format!("{piece:?}").contains("Silva"));
    }
}

#[test]
fn scenario_43_null_absent_and_empty_stay_apart_and_never_become_words() {
    for rule in
        ["t", "t | upper", "t | trim | lower", "this.t", "t ~ ''", "[t] | first", "(t | default('')) if t"]
    {
        assert_eq!(title(rule, &json!({"t": null})), Ok(Some(Value::Null)), "{rule}");
        let absent = title(rule, &json!({})).unwrap();
        assert_eq!(absent, None, "{rule}");
    }
    assert_eq!(title("t", &json!({"t": ""})), Ok(Some(json!(""))));
    assert_eq!(
        title("[a, b, c] | join(' ')", &json!({"a": "x", "b": null, "c": "z"})),
        Ok(Some(json!("x z")))
    );
    assert_eq!(title("a ~ ' ' ~ b", &json!({"a": "x"})), Ok(None));
    assert_eq!(title("none", &json!({})), Ok(Some(Value::Null)));
}

#[test]
fn filters_do_what_their_names_say() {
    let record = json!({"n": 41, "name": "  Jürgen Ægir ", "d": "31.12.2026", "dept": "ENG", "list": ["a", "b"], "us": "12/31/2026"});
    let cases = [
        ("name | trim | ascii | lower", json!("jurgen aegir")),
        ("d | date('%d.%m.%Y')", json!("2026-12-31")),
        ("us | date('%m/%d/%Y')", json!("2026-12-31")),
        ("'2026-12-31T00:00:00Z' | date", json!("2026-12-31")),
        ("dept | lookup('departments')", json!("Engineering")),
        ("nothing | default('x')", json!("x")),
        ("list | join('+')", json!("a+b")),
        ("list | first", json!("a")),
        ("list | last", json!("b")),
        ("d | replace('.', '-')", json!("31-12-2026")),
        ("d | split('.') | first", json!("31")),
        ("n", json!("41")),
        ("'Head' if n > 40 else 'Hand'", json!("Head")),
        ("'x' if dept is startingwith('E')", json!("x")),
        ("this['dept']", json!("ENG")),
    ];
    for (rule, expected) in cases {
        assert_eq!(title(rule, &record), Ok(Some(expected)), "{rule}");
    }
    assert_eq!(title("name | lookup('departments')", &record), Ok(None));
    for (rule, says) in [
        ("d | date", "not a date"),
        ("list", "`title` must be a string"),
        ("n | date", "not a date"),
        ("list | upper", "a text is wanted"),
        ("1 / 0", "divides by zero"),
        ("n / 0", "divides by zero"),
        ("n + 9223372036854775807", "too large"),
        ("n < d", "cannot be compared"),
    ] {
        let problem = title(rule, &record).unwrap_err();
        assert!(
            problem.starts_with("map.fields.title: ") && problem.contains(says) && !problem.contains("31"),
            "{rule}: {problem}"
        );
    }
}

#[test]
fn expressions_are_bounded() {
    for rule in ["['x' * 60000, 'x' * 60000] | join", "('x' * 60000) | replace('x', 'xxxxxxxxxx')"] {
        assert!(title(rule, &json!({})).is_err(), "{rule}");
    }
    let long = format!("a{}", " ~ a".repeat(2_000));
    assert!(compile(&format!("[map]\nid = \"{long}\"")).is_err());
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(compile(&format!("[map]\nid = \"{deep}\"")).is_err());
}

#[test]
fn what_cannot_work_is_found_when_it_is_configured() {
    let wrong = [
        (
            "fields = { titel = \"a\" }",
            "map.fields.titel: a CloudM profile has no such member; did you mean `title`?",
        ),
        (
            "fields = { given_name = \"a\" }",
            "map.fields.given_name: a CloudM profile has no such member; did you mean `givenName`?",
        ),
        ("fields = { zzzzzzzzzz = \"a\" }", "map.fields.zzzzzzzzzz: a CloudM profile has no such member"),
        ("fields = { workflowId = \"a\" }", "map.fields.workflowId: CloudM sets it"),
        ("fields = { email = \"a\" }", "map.fields.email: the work address goes to `map.email`"),
        ("fields = { password = \"a\" }", "map.fields.password: a password never"),
        (
            "fields = { title = \"a | uper\" }",
            "map.fields.title: neither a path nor an expression: unknown filter `uper`; there are lower, upper",
        ),
        (
            "fields = { title = \"a | trim | title\" }",
            "map.fields.title: neither a path nor an expression: unknown filter `title`",
        ),
        (
            "fields = { title = \"a is number\" }",
            "map.fields.title: neither a path nor an expression: unknown test `number`",
        ),
        (
            "fields = { title = \"a | trim(1)\" }",
            "map.fields.title: neither a path nor an expression: the filter `trim` does not take so many",
        ),
        (
            "fields = { title = \"range(3)\" }",
            "map.fields.title: neither a path nor an expression: syntax error: there are no functions",
        ),
        (
            "fields = { title = \"{{ a }}\" }",
            "map.fields.title: neither a path nor an expression: syntax error: `{`",
        ),
        (
            "fields = { title = \"a | date('%')\" }",
            "map.fields.title: neither a path nor an expression: this format of a date",
        ),
        (
            "fields = { title = \"a.b.c | lookup('nope')\" }",
            "map.fields.title: there is no table of this name",
        ),
        ("fields = { title = \"a ~\" }", "map.fields.title: neither a path nor an expression: syntax error"),
        ("fields = { title = [] }", "map.fields.title: the list is empty"),
        (
            "types = { a = \"fire\" }",
            "map.types.a: use one of hire, change, leave, hire.cancelled, leave.cancelled, ignore",
        ),
        ("each = \"a | b\"", "map.each: this is not a path"),
    ];
    for (text, expected) in wrong {
        let found = compile(&format!("[map]\nid = \"id\"\n{text}")).err().expect(text).to_string();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn lists_are_taken_apart_wherever_they_stand() {
    let top = mapping("[map]\ntype = \"t\"\nid = \"id\"");
    assert_eq!(top.pieces(&json!([{"t": "change", "id": 1}, {"t": "change"}])).len(), 2);
    assert_eq!(broken(&top.pieces(&json!({"id": 1}))[0]), "map.type");
    assert_eq!(broken(&top.pieces(&json!(["text", null]))[1]), "map.each");
    let inner = mapping("[map]\neach = \"a[0].b\"\ntype = \"t\"\nid = \"id\"");
    assert_eq!(inner.pieces(&json!({"a": [{"b": [{"t": "change", "id": 1}]}]})).len(), 1);
    assert_eq!(broken(&inner.pieces(&json!({"a": 1}))[0]), "map.each");
    assert!(matches!(inner.pieces(&json!({"a": [{"b": []}]}))[0], Piece::Ignored(_)));
}

#[test]
fn a_compiled_map_may_be_shared() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&mapping(MIDDLEWARE));
    let roots = mapping(MIDDLEWARE).roots();
    assert_eq!(
        roots.into_iter().collect::<Vec<_>>(),
        ["effectiveDate", "entryDateTime", "eventType", "worker"]
    );
}

fn records() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[ a]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_path_finds_what_the_expression_finds(a in records(), b in records(), path in "[abc](\\.[abc]|\\[[0-2]\\]){0,4}") {
        let text = json!({"a": a, "b": b}).to_string();
        let tape = Tape::read(text.as_bytes()).unwrap();
        let record = View::Plain(tape.root().unwrap());
        let tables = Tables::new();
        let find = |text: &str| {
            let rules = Rules::compile("k", &Texts(vec![text.to_owned()]), &mut Context { tables: &tables, fields: None }).unwrap();
            let scene = Scene::new(record, record, &tables);
            rules.find(&scene).unwrap().map(|value| value.datum())
        };
        prop_assert_eq!(find(&path), find(&format!("({path})")));
    }

    #[test]
    fn no_text_breaks_the_parsers(text in "\\PC{0,40}", words in "([a-c.|()\\[\\]{}'\"~+*/%<>=,:0-9-]| if | else | is | not | in |lower|join){0,20}") {
        for text in [text, words] {
            let _ = Path::parse(&text);
            let _ = parser::parse(&text, &mut Context { tables: &Tables::new(), fields: None });
        }
    }

    #[test]
    fn a_path_in_brackets_is_read_like_a_path(path in "[ab](\\.[ab]|\\.\"c d\"|\\[[0-2]\\]){0,4}") {
        let expression = parser::parse(&format!("({path})"), &mut Context { tables: &Tables::new(), fields: None });
        prop_assert!(expression.is_ok(), "{}: {:?}", path, expression.err());
    }
}
