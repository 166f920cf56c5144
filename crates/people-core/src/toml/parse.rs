//! From text to tree.

use super::text::Cursor;
use super::{Made, Member, Node, TomlError, Value};

/// Deeper than this nothing is nested.
const DEEPEST: u32 = 80;

type Read<T> = Result<T, TomlError>;

pub(super) fn wrong<T>(at: usize, message: &str) -> Read<T> {
    Err(TomlError { at: Some(at), message: message.to_owned() })
}

fn table(at: usize, made: Made) -> Node {
    Node { at, value: Value::Table { members: Vec::new(), made } }
}

/// Reads a whole document.
pub(super) fn document(text: &str) -> Read<Node> {
    let mut root = table(0, Made::Header);
    let mut cursor = Cursor::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut path: Vec<(String, usize)> = Vec::new();
    loop {
        cursor.blank(true)?;
        let start = cursor.at();
        match cursor.peek() {
            None => return Ok(root),
            Some(b'[') => {
                let many = cursor.take("[[");
                if !many {
                    cursor.take("[");
                }
                path = cursor.key()?;
                if !cursor.take(if many { "]]" } else { "]" }) {
                    return wrong(cursor.at(), "the header of a table is not closed");
                }
                header(&mut root, &path, start, many)?;
            }
            Some(_) => {
                let mut here = &mut root;
                for (name, at) in &path {
                    here = last(enter(here, name, *at, Made::ByTheWay)?, *at)?;
                }
                entry(&mut cursor, here, 0)?;
            }
        }
        cursor.blank(false)?;
        cursor.line_end()?;
    }
}

/// The table, or of a list of tables the last.
fn last(node: &mut Node, at: usize) -> Read<&mut Node> {
    if !matches!(node.value, Value::List { of_tables: true, .. }) {
        return Ok(node);
    }
    let last = if let Value::List { items, .. } = &mut node.value { items.last_mut() } else { None };
    last.map_or_else(|| wrong(at, "this is no table"), Ok)
}

/// The member of this name, made as a table where there is none.
fn enter<'n>(node: &'n mut Node, name: &str, at: usize, made: Made) -> Read<&'n mut Node> {
    let Value::Table { members, .. } = &mut node.value else {
        return wrong(at, "this is no table");
    };
    let place = match members.iter().position(|member| member.name == name) {
        Some(place) => place,
        None => {
            members.push(Member { name: name.to_owned(), at, value: table(at, made) });
            members.len() - 1
        }
    };
    match members.get_mut(place) {
        Some(member) => Ok(&mut member.value),
        None => wrong(at, "this is no table"),
    }
}

fn header(root: &mut Node, path: &[(String, usize)], start: usize, many: bool) -> Read<()> {
    let Some(((name, at), before)) = path.split_last() else { return Ok(()) };
    let mut here = root;
    for (name, at) in before {
        here = last(enter(here, name, *at, Made::ByTheWay)?, *at)?;
        match &here.value {
            Value::Table { made: Made::Braces, .. } => {
                return wrong(*at, "nothing is added to an inline table");
            }
            Value::Table { .. } => {}
            _ => return wrong(*at, "this is no table"),
        }
    }
    let Value::Table { members, .. } = &mut here.value else { return wrong(*at, "this is no table") };
    let found = members.iter_mut().find(|member| member.name == *name);
    let twice = "this is defined twice";
    match (found.map(|member| &mut member.value), many) {
        (None, false) => {
            let value = table(start, Made::Header);
            members.push(Member { name: name.clone(), at: *at, value });
        }
        (None, true) => {
            let items = vec![table(start, Made::Header)];
            let value = Node { at: start, value: Value::List { items, of_tables: true } };
            members.push(Member { name: name.clone(), at: *at, value });
        }
        (Some(Node { value: Value::List { items, of_tables: true }, .. }), true) => {
            items.push(table(start, Made::Header));
        }
        (Some(node), false) => match &mut node.value {
            Value::Table { made: made @ Made::ByTheWay, .. } => {
                *made = Made::Header;
                node.at = start;
            }
            _ => return wrong(*at, twice),
        },
        (Some(_), true) => return wrong(*at, twice),
    }
    Ok(())
}

/// `name = value`.
fn entry(cursor: &mut Cursor<'_>, into: &mut Node, deep: u32) -> Read<()> {
    let path = cursor.key()?;
    if !cursor.take("=") {
        return wrong(cursor.at(), "after a key `=` is wanted");
    }
    cursor.blank(false)?;
    let value = value(cursor, deep)?;
    let Some(((name, at), before)) = path.split_last() else { return Ok(()) };
    let mut here = into;
    for (name, at) in before {
        here = enter(here, name, *at, Made::Dots)?;
        if !matches!(here.value, Value::Table { made: Made::Dots, .. }) {
            return wrong(*at, "this is defined twice");
        }
    }
    match &mut here.value {
        Value::Table { members, .. } if members.iter().any(|member| member.name == *name) => {
            wrong(*at, "this is defined twice")
        }
        Value::Table { members, .. } => {
            members.push(Member { name: name.clone(), at: *at, value });
            Ok(())
        }
        _ => wrong(*at, "this is no table"),
    }
}

fn value(cursor: &mut Cursor<'_>, deep: u32) -> Read<Node> {
    let at = cursor.at();
    if deep > DEEPEST {
        return wrong(at, "it is nested too deeply");
    }
    let value = match cursor.peek() {
        Some(b'"' | b'\'') => Value::Text(cursor.text(true)?),
        Some(b'[') => {
            cursor.take("[");
            let mut items = Vec::new();
            loop {
                cursor.blank(true)?;
                if cursor.take("]") {
                    break;
                }
                items.push(self::value(cursor, deep + 1)?);
                cursor.blank(true)?;
                if !cursor.take(",") && cursor.peek() != Some(b']') {
                    return wrong(cursor.at(), "in a list `,` or `]` is wanted");
                }
            }
            Value::List { items, of_tables: false }
        }
        Some(b'{') => {
            cursor.take("{");
            let mut inline = table(at, Made::Dots);
            loop {
                cursor.blank(true)?;
                if cursor.take("}") {
                    break;
                }
                entry(cursor, &mut inline, deep + 1)?;
                cursor.blank(true)?;
                if !cursor.take(",") && cursor.peek() != Some(b'}') {
                    return wrong(cursor.at(), "in an inline table `,` or `}` is wanted");
                }
            }
            close(&mut inline);
            return Ok(inline);
        }
        _ => cursor.word()?,
    };
    Ok(Node { at, value })
}

/// Nothing is added to an inline table, nor to what dots made in it.
fn close(node: &mut Node) {
    if let Value::Table { members, made } = &mut node.value
        && *made == Made::Dots
    {
        *made = Made::Braces;
        members.iter_mut().for_each(|member| close(&mut member.value));
    }
}
