//! Where in the document a problem is, and what was probably meant.

use super::{ConfigError, closest};
use crate::source::ConfigProblem;

/// A problem that the parser found.
pub(super) fn parse_error(text: &str, error: &crate::toml::TomlError) -> ConfigError {
    let start = error.at.unwrap_or(0);
    let line = text.get(..start).unwrap_or(text).lines().count().max(1);
    let line = if text.get(..start).is_some_and(|before| before.ends_with('\n')) { line + 1 } else { line };
    let message = error.message.trim().replace('\n', "; ");
    let unknown = quoted(&message, "unknown field `");
    let key = unknown.map(|field| qualified(text, start, field)).unwrap_or_default();
    let problem = match unknown {
        Some(field) => {
            let known = message.split('`').skip(3).step_by(2);
            match closest(field, known) {
                Some(meant) => format!("there is no such key; did you mean `{meant}`?"),
                None => {
                    format!("there is no such key; {}", message.split_once(", ").map_or("", |(_, rest)| rest))
                }
            }
        }
        None => match quoted(&message, "missing field `") {
            Some(field) => format!("`{field}` is missing here; add it"),
            None => message,
        },
    };
    ConfigError { line, key, problem }
}

/// A problem with a known key such as `source[1].map.fields.tittle`.
pub(super) fn problem(text: &str, problem: ConfigProblem) -> ConfigError {
    ConfigError { line: line_of(text, &problem.key), key: problem.key, problem: problem.problem }
}

/// The line of a dotted key: its own if it can be found, else that of its table.
pub(super) fn line_of(text: &str, key: &str) -> usize {
    let (index, rest) = match key.strip_prefix("source[").and_then(|rest| rest.split_once(']')) {
        Some((n, rest)) => (n.parse::<usize>().ok(), rest.trim_start_matches('.')),
        None => (None, key),
    };
    let mut sources = 0;
    let mut table = String::new();
    let mut table_line = 0;
    let parts: Vec<&str> = rest.split('.').collect();
    let leaf = parts.last().copied().unwrap_or("");
    for (n, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line.trim())) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_start_matches('[').split(']').next().unwrap_or("").trim();
            sources += usize::from(line.starts_with("[[source]]"));
            table =
                name.strip_prefix("source.").or((name == "source").then_some("")).unwrap_or(name).to_owned();
            let here = match index {
                Some(wanted) => sources == wanted + 1 && name.starts_with("source"),
                None => rest.starts_with(&table),
            };
            if here && (table.is_empty() || rest.starts_with(&table)) {
                table_line = n;
            }
            continue;
        }
        let inside = index.is_none_or(|wanted| sources == wanted + 1);
        let name = line.split('=').next().unwrap_or("").trim().trim_matches('"');
        let whole = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        if inside && !name.is_empty() && (whole == rest || (name == leaf && rest.starts_with(&table))) {
            return n;
        }
        if inside && parts.first() == Some(&name) && table.is_empty() {
            table_line = n;
        }
    }
    table_line
}

/// The key with the name of the table it stands in.
fn qualified(text: &str, at: usize, field: &str) -> String {
    let table = text.get(..at).unwrap_or("").lines().rev().map(str::trim).find(|line| line.starts_with('['));
    match table.map(|line| line.trim_matches(['[', ']', ' '])) {
        Some(table) if table != field => format!("{table}.{field}"),
        _ => field.to_owned(),
    }
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.split_once(before)?.1.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    const GOOD: &str = r#"
[cloudm]
domain = "example.com"

[google]
credentials = "key.json"

[policy.breaker]
count = 3

[[source]]
name = "hr"
kind = "generic"
secrets = [{ env = "HR" }]
timezone = "Europe/Berlin"
"#;

    fn wrong(from: &str, to: &str) -> String {
        Config::parse(&GOOD.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn a_typo_names_the_line_the_key_and_the_fix() {
        assert!(Config::parse(GOOD).is_ok());
        assert_eq!(
            wrong("count = 3", "cuont = 3"),
            "line 9: `policy.breaker.cuont`: there is no such key; did you mean `count`?"
        );
        assert_eq!(
            wrong("Europe/Berlin", "Europe/Berlim"),
            "line 15: `source[0].timezone`: not a zone; use an IANA name such as Europe/Berlin"
        );
        assert!(wrong("domain = \"example.com\"", "").starts_with("line 2: `domain` is missing here"));
        assert!(
            wrong("[cloudm]", "[cloudm]\nbase_url = \"http://evil.example\"")
                .starts_with("line 3: `cloudm.base_url`: must be")
        );
    }

    #[test]
    fn what_shows_when_a_source_is_built_names_its_line_too() {
        let text = format!(
            "{GOOD}signature = {{ algorithm = \"hmac-sha256\", header = \"X\" }}\n[source.map]\nid = \"id\"\n[source.map.fields]\ntitel = \"t\"\n"
        );
        let config = Config::parse(&text).unwrap();
        let secret = |_: &crate::config::SecretRef| Ok(people_model::Secret::from("a secret"));
        let error = crate::bridge::sources(&config, &secret).err().unwrap().to_string();
        assert!(error.starts_with("line 20: ") && error.contains("did you mean `title`?"), "{error}");
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_echoed() {
        let error = wrong("[{ env = \"HR\" }]", "[\"hunter2\"]");
        assert!(error.contains("a secret is never written here") && !error.contains("hunter2"), "{error}");
    }
}
