//! The words of an expression.

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or a word such as `if`.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
    /// A sign, such as `|` or `==`.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 23] = [
    "==", "!=", "<=", ">=", "//", "**", "<", ">", "+", "-", "*", "/", "%", "~", "|", "(", ")", "[", "]", "{",
    "}", ",", ".",
];

/// Takes a text apart; the problem where that cannot be done.
pub(super) fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken;
        if first == '\'' || first == '"' {
            let (word, length) = quoted(rest, first)?;
            words.push(Token::Text(word));
            taken = length;
        } else if first.is_ascii_digit() {
            let (word, length) = number(rest)?;
            words.push(word);
            taken = length;
        } else if first.is_alphabetic() || first == '_' {
            taken = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(Token::Name(rest.get(..taken).unwrap_or_default().to_owned()));
        } else if first == ':' {
            words.push(Token::Sign(":"));
            taken = 1;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            words.push(Token::Sign(sign));
            taken = sign.len();
        } else {
            return Err(format!("`{first}` means nothing in an expression"));
        }
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    Ok(words)
}

/// A text in quotes: `\n`, `\t`, `\r`, `\\`, `\'` and `\"` are read as elsewhere.
fn quoted(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut word = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => word.push('\n'),
                Some((_, 't')) => word.push('\t'),
                Some((_, 'r')) => word.push('\r'),
                Some((_, c @ ('\\' | '\'' | '"'))) => word.push(c),
                _ => return Err("after a backslash one of n, t, r, \\, ' and \" is wanted".to_owned()),
            },
            c if c == quote => return Ok((word, at + 1)),
            c => word.push(c),
        }
    }
    Err("a text in quotes does not end".to_owned())
}

fn number(text: &str) -> Result<(Token, usize), String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(text);
    let fraction = text.get(end..).and_then(|rest| rest.strip_prefix('.')).map_or(0, digits);
    if fraction > 0 {
        end += 1 + fraction;
    }
    let word = text.get(..end).unwrap_or_default();
    let token = match fraction {
        0 => word.parse().ok().map(Token::Whole),
        _ => crate::json::real(word).map(Token::Real),
    };
    Ok((token.ok_or_else(|| "a number is too large".to_owned())?, end))
}
