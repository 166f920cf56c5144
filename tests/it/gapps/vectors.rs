//! Every published document parses, is written again and means the same: to this program and, where there is one, to Python's canonical XML.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use people_model::gapps::noun::kind;
use people_model::gapps::xml::{Limits, parse};
use people_model::gapps::{ATOM, Element, Errors, Noun, User, XmlError};

use super::vectors;

/// The one that is not namespace-well-formed, as upstream.
const MALFORMED: &str = "EmailListFeedDataSample1.xml";

fn documents() -> Vec<(PathBuf, Vec<u8>)> {
    let Some(folder) = vectors() else { return Vec::new() };
    let mut all = Vec::new();
    for part in ["gdata-python-client", "zf1"] {
        for entry in fs::read_dir(folder.join(part)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "xml") {
                all.push((path.clone(), fs::read(path).expect("a file")));
            }
        }
    }
    assert_eq!(all.len(), 47);
    all
}

#[test]
fn each_is_written_again_with_the_same_meaning() {
    let mut pairs = Vec::new();
    for (path, bytes) in documents().iter().filter(|(path, _)| !path.ends_with(MALFORMED)) {
        let read =
            parse(bytes, Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = read.document().expect("it can be written");
        let again =
            parse(written.as_bytes(), Limits::default()).unwrap_or_else(|error| panic!("{error}: {written}"));
        assert!(again == read, "{}", path.display());
        pairs.push((bytes.clone(), written.into_bytes()));
    }
    canonical(&pairs);
}

/// Compares by canonical XML 2.0 with prefixes numbered, which knows nothing of this program.
fn canonical(pairs: &[(Vec<u8>, Vec<u8>)]) {
    const SCRIPT: &str = "import sys, xml.etree.ElementTree as E\n\
        c = lambda name: E.canonicalize(open(name, 'rb').read().decode('utf-8-sig'), rewrite_prefixes=True)\n\
        print(sum(c(sys.argv[1] + '/%d.a' % n) == c(sys.argv[1] + '/%d.b' % n) for n in range(int(sys.argv[2]))))";
    let folder = tempfile::tempdir().expect("a folder");
    for (n, (one, other)) in pairs.iter().enumerate() {
        fs::write(folder.path().join(format!("{n}.a")), one).expect("a file");
        fs::write(folder.path().join(format!("{n}.b")), other).expect("a file");
    }
    let ran =
        Command::new("python3").args(["-c", SCRIPT]).arg(folder.path()).arg(pairs.len().to_string()).output();
    let Ok(ran) = ran else { return println!("skipped: no python3 to compare canonical XML with") };
    let (said, complaint) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.trim(), pairs.len().to_string(), "documents that are the same; {complaint}");
}

#[test]
fn the_one_with_an_unbound_prefix_is_refused() {
    for (_, bytes) in documents().iter().filter(|(path, _)| path.ends_with(MALFORMED)) {
        let error = parse(bytes, Limits::default()).expect_err("a prefix is unbound");
        assert!(matches!(&error, XmlError::Unbound { prefix, .. } if prefix == "apps"), "{error}");
        assert!(error.to_string().contains("declare it with xmlns:apps"), "{error}");
    }
}

/// The entries of a document: itself, or those of a feed.
fn entries(root: &Element) -> Vec<&Element> {
    match root.name.is(ATOM, "entry") {
        true => vec![root],
        false => root.elements().filter(|element| element.name.is(ATOM, "entry")).collect(),
    }
}

#[test]
fn each_entry_is_of_a_kind_and_keeps_what_it_says() {
    let mut seen = std::collections::BTreeMap::new();
    for (path, bytes) in documents().iter().filter(|(path, _)| !path.ends_with(MALFORMED)) {
        let root = parse(bytes, Limits::default()).expect("well-formed");
        for entry in entries(&root) {
            let shape = kind(entry).unwrap_or_else(|| panic!("{}: of no kind", path.display()));
            let members = shape.read(entry).expect("of that kind");
            assert_eq!(shape.read(&shape.entry(&members).expect("writable")).expect("readable"), members);
            *seen.entry(shape.name).or_insert(0) += 1;
        }
    }
    let kinds: Vec<_> = seen.into_iter().collect();
    if !kinds.is_empty() {
        let expected = [
            ("alias", 3),
            ("customer", 1),
            ("email-list", 4),
            ("group", 6),
            ("member", 6),
            ("multi-user", 3),
            ("nickname", 9),
            ("org-unit", 3),
            ("org-user", 3),
            ("owner", 3),
            ("recipient", 6),
            ("rename", 1),
            ("user", 9),
        ];
        assert_eq!(kinds, expected);
    }
}

#[test]
fn facts_of_recorded_documents() {
    let documents = documents();
    let find = |name: &str| {
        let found = documents.iter().find(|(path, _)| path.ends_with(name));
        found.map(|(_, bytes)| parse(bytes, Limits::default()).expect("well-formed"))
    };
    let Some(errors) = find("zf1/AppsForYourDomainElementSample1.xml") else { return };
    let errors = Errors::read(&errors).expect("errors");
    let codes: Vec<_> = errors.0.iter().map(|item| (item.code, item.name())).collect();
    assert_eq!(codes, [(1301, "EntityDoesNotExist"), (9925, "Bar"), (5235, "Blah")]);
    // Prefixes are the document's business: here `login` is in Google's namespace by a prefix that is bound to another one elsewhere.
    let users = find("gdata-python-client/user_feed1.xml").expect("it is there");
    let names: Vec<_> = entries(&users)
        .into_iter()
        .map(|entry| User::read(entry).expect("a user").user_name.expect("a name"))
        .collect();
    assert_eq!(names, ["user8306", "user8307"]);
}
