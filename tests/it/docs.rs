//! The README says what is true: its configurations parse, and its table names keys and defaults that exist.

use people_core::config::Config;

const README: &str = include_str!("../../README.md");

const CCAI: &str = include_str!("../../docs/ccai.md");

const SMALLEST: &str = "[cloudm]\ndomain = \"example.com\"\n[google]\ncredentials = \"key.json\"\n";

/// The TOML blocks, without the indentation of a list.
fn blocks(document: &str) -> Vec<String> {
    document
        .split("```toml\n")
        .skip(1)
        .map(|rest| {
            let block = rest.split("```").next().unwrap_or("");
            block.lines().map(|line| line.strip_prefix("   ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

#[test]
fn its_configurations_work() {
    let blocks = [blocks(README), blocks(CCAI)];
    assert_eq!(blocks.each_ref().map(Vec::len), [2, 1]);
    for block in blocks.into_iter().flatten() {
        let whole = if block.contains("[cloudm]") { block } else { format!("{SMALLEST}{block}") };
        let config = Config::parse(&whole).unwrap_or_else(|error| panic!("{error}\n{whole}"));
        let secret = |_: &people_core::config::SecretRef| Ok(people_model::Secret::from("a secret"));
        people_core::bridge::sources(&config, &secret).unwrap_or_else(|error| panic!("{error}\n{whole}"));
    }
}

#[test]
fn the_invitations_are_configured_as_they_say() {
    let text = include_str!("../../docs/invitations.md");
    let block = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let config = Config::parse(&format!("{SMALLEST}{block}")).unwrap_or_else(|error| panic!("{error}"));
    let required = block.split("unmanaged").next().expect("the required keys");
    let defaults = Config::parse(&format!("{SMALLEST}{required}")).expect("the defaults work");
    assert_ne!(config.invitations, defaults.invitations);
    for row in text.lines().filter(|line| line.starts_with("| `") && !line.contains("people invite")) {
        let cells: Vec<&str> =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        // The required ones have no default.
        if !cells[1].starts_with('|') {
            let text = format!("{SMALLEST}{required}{} = \"{}\"\n", cells[0], cells[1]);
            let config = Config::parse(&text).unwrap_or_else(|error| panic!("{row}\n{error}"));
            assert_eq!(config.invitations, defaults.invitations, "{row}");
        }
    }
}

#[test]
fn the_provisioning_api_is_a_directory_as_it_says() {
    let blocks = blocks(include_str!("../../docs/gapps.md"));
    assert_eq!(blocks.len(), 1);
    let config = Config::parse(&blocks[0]).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.cloudm().is_err() && !config.names_google());
}

#[test]
fn its_table_of_keys_is_right() {
    let defaults = Config::parse(SMALLEST).expect("the smallest configuration works");
    let mut rows = 0;
    for row in README.lines().filter(|line| line.starts_with("| `[")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let (table, key) = cells[0].trim_matches('`').split_once("] ").expect("[table] key");
        let table = table.trim_start_matches('[');
        rows += 1;
        // A default in words cannot be tried.
        let Some(value) = cells[1].strip_prefix('`').and_then(|cell| cell.strip_suffix('`')) else {
            continue;
        };
        let plain = value.starts_with(['[', '{']) && !value.contains("{given}")
            || value.parse::<f64>().is_ok()
            || matches!(value, "true" | "false");
        let value = if plain { value.to_owned() } else { format!("\"{value}\"") };
        let text = if SMALLEST.contains(&format!("[{table}]")) {
            SMALLEST.replace(&format!("[{table}]\n"), &format!("[{table}]\n{key} = {value}\n"))
        } else {
            format!("{SMALLEST}[{table}]\n{key} = {value}\n")
        };
        let config = Config::parse(&text).unwrap_or_else(|error| panic!("{row}\n{error}"));
        assert_eq!(config.policy, defaults.policy, "{row}");
        assert_eq!(config.directory, defaults.directory, "{row}");
        assert_eq!(format!("{:?}", config.server), format!("{:?}", defaults.server), "{row}");
        assert_eq!(format!("{:?}", config.journal), format!("{:?}", defaults.journal), "{row}");
    }
    assert!(rows > 25, "{rows} rows");
}

/// Every key of `[ccai]` is explained, and the defaults are those that are said.
#[test]
fn the_table_of_ccai_is_right() {
    const LEAST: &str =
        "[ccai]\nbase_url = \"https://a.example.com\"\nsubdomain = \"a\"\ntoken = { env = \"A\" }\n";
    let read = |more: &str| {
        let text = format!("{SMALLEST}{LEAST}{more}");
        Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).ccai
    };
    let rows: Vec<&str> = CCAI.lines().filter(|line| line.starts_with("| `")).collect();
    for row in rows.iter().filter(|row| !row.contains(" | | ")) {
        let cells: Vec<&str> =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let plain = cells[1].starts_with(['[', '{']) || cells[1].parse::<f64>().is_ok();
        let value = if plain { cells[1].to_owned() } else { format!("\"{}\"", cells[1]) };
        assert_eq!(read(&format!("{} = {value}\n", cells[0])), read(""), "{row}");
    }
    assert_eq!(rows.len(), 15);
}
