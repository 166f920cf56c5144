//! What is written is read back as it was: any infoset, every kind of resource, every error document.

use people_model::Members;
use people_model::gapps::noun::SHAPES;
use people_model::gapps::shape::{Shape, Value as Kind};
use people_model::gapps::xml::{Limits, Name, Node, parse};
use people_model::gapps::{
    APPS, ATOM, Alias, CustomerId, Element, EmailList, Errors, GD, Group, Item, Member, MultiDomainUser,
    Nickname, Noun, OrgUnit, OrgUser, Owner, Recipient, Rename, User,
};
use proptest::prelude::*;
use serde_json::Value;

/// Any text that XML can carry.
fn text() -> impl Strategy<Value = String> + Clone {
    let plain = "[ -~äßé€\u{10348}\n\r\t<>&\"']{0,12}";
    prop_oneof![plain, "\\PC{0,8}"].prop_map(|text: String| text.replace(['\u{FFFE}', '\u{FFFF}'], ""))
}

fn members(shape: &'static Shape) -> impl Strategy<Value = Members> {
    let fields: Vec<_> = shape
        .fields
        .iter()
        .map(|field| {
            let value = match field.value {
                Kind::Flag => any::<bool>().prop_map(Value::Bool).boxed(),
                Kind::Number => any::<u64>().prop_map(Value::from).boxed(),
                // A flag or a number that is neither stays text, too.
                Kind::Text | Kind::Secret => text().prop_map(Value::String).boxed(),
            };
            let value = match field.name == shape.key {
                true => value.prop_map(Some).boxed(),
                false => proptest::option::of(value).boxed(),
            };
            (Just(field.name), value)
        })
        .collect();
    let other = if shape.typed() { "login@newFlag" } else { "newProperty" };
    let known = !shape.typed() || shape.fields.iter().any(|field| field.name == "userName");
    let more = proptest::option::of(text()).prop_map(move |text| text.filter(|_| known));
    (fields, more).prop_map(move |(fields, more)| {
        let said = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        said.chain(more.map(|text| (other.to_owned(), Value::String(text)))).collect()
    })
}

fn element() -> impl Strategy<Value = Element> {
    let namespace = prop_oneof![Just(""), Just(ATOM), Just(APPS), Just(GD), Just("urn:x?a=1;b='\"2")];
    let name = (namespace, "[a-zA-Z_][a-zA-Z0-9_.-]{0,6}")
        .prop_map(|(namespace, local)| Name { namespace: namespace.into(), local });
    let attributes = proptest::collection::btree_map(name.clone(), text(), 0..4);
    let leaf = (name.clone(), attributes.clone()).prop_map(|(name, attributes)| Element {
        name,
        attributes: attributes.into_iter().collect(),
        children: Vec::new(),
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let child = (text(), proptest::option::of(inner));
        (name.clone(), attributes.clone(), proptest::collection::vec(child, 0..4)).prop_map(
            |(name, attributes, parts)| {
                let mut element =
                    Element { name, attributes: attributes.into_iter().collect(), children: Vec::new() };
                for (text, child) in parts {
                    // Two texts in a row are one, and an empty one is none.
                    if !text.is_empty() && !matches!(element.children.last(), Some(Node::Text(_))) {
                        element.children.push(Node::Text(text));
                    }
                    element.children.extend(child.map(Node::Element));
                }
                element
            },
        )
    })
}

fn typed<N: Noun + PartialEq>(members: &Members) {
    let noun = N::from_members(members.clone());
    let document = noun.entry().expect("writable").document().expect("carried");
    let back = N::read(&parse(document.as_bytes(), Limits::default()).expect("well-formed")).expect("a noun");
    assert!(back == noun && back.members() == *members, "{document}");
}

proptest! {
    #[test]
    fn an_infoset_survives_writing_and_reading(element in element()) {
        let document = element.document().expect("carried");
        let back = parse(document.as_bytes(), Limits::default());
        prop_assert!(back.as_ref() == Ok(&element), "{back:?} {document}");
    }

    #[test]
    fn every_resource_survives_writing_and_reading(
        (shape, members) in (0..SHAPES.len()).prop_flat_map(|n| (Just(SHAPES[n]), members(SHAPES[n])))
    ) {
        let document = shape.entry(&members).expect("writable").document().expect("carried");
        let root = parse(document.as_bytes(), Limits::default()).expect("well-formed");
        let back = shape.read(&root);
        prop_assert_eq!(back.as_ref(), Ok(&members), "{}", document);
        match shape.name {
            "user" => typed::<User>(&members),
            "nickname" => typed::<Nickname>(&members),
            "email-list" => typed::<EmailList>(&members),
            "recipient" => typed::<Recipient>(&members),
            "group" => typed::<Group>(&members),
            "member" => typed::<Member>(&members),
            "owner" => typed::<Owner>(&members),
            "multi-user" => typed::<MultiDomainUser>(&members),
            "rename" => typed::<Rename>(&members),
            "alias" => typed::<Alias>(&members),
            "customer" => typed::<CustomerId>(&members),
            "org-unit" => typed::<OrgUnit>(&members),
            "org-user" => typed::<OrgUser>(&members),
            other => panic!("no type for {other}"),
        }
    }

    #[test]
    fn errors_survive_writing_and_reading(items in proptest::collection::vec((any::<u32>(), "[ -~]{0,9}", "[a-zA-Z]{0,9}"), 1..4)) {
        let items = items.into_iter().map(|(code, input, reason)| Item { code, input, reason });
        let errors = Errors(items.collect());
        let read = Errors::parse(errors.document().as_bytes()).expect("well-formed").expect("errors");
        prop_assert_eq!(&read, &errors);
        let written = errors.element().document().expect("carried");
        prop_assert_eq!(Errors::parse(written.as_bytes()).expect("well-formed"), Some(errors));
    }

    #[test]
    fn no_bytes_are_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..200), soup in "[<>/a:=\"' &;#x!\\[\\]-]{0,60}") {
        let _ = parse(&bytes, Limits::default());
        let _ = parse(soup.as_bytes(), Limits::default());
        let _ = parse(format!("<a>{soup}</a>").as_bytes(), Limits::default());
    }
}
