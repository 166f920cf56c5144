//! Names that are looked for in one record after the other.

use std::borrow::Cow;

/// So many bytes of a name are in its number.
pub(super) const HEAD: usize = 16;

/// A name, and its beginning as a number: two names are mostly told apart, or found to be the same, by numbers alone.
#[derive(Debug, Clone)]
pub(crate) struct Name<'n> {
    head: u128,
    text: Cow<'n, str>,
}

impl<'n> Name<'n> {
    /// A name where it lies.
    pub(crate) const fn of(text: &'n str) -> Self {
        Self { head: head(text.as_bytes()), text: Cow::Borrowed(text) }
    }

    /// The number of a beginning, zeros behind it.
    pub(super) const fn number(head: [u8; HEAD]) -> u128 {
        u128::from_le_bytes(head)
    }

    pub(super) fn head(&self) -> u128 {
        self.head
    }

    /// A number that depends on all of the beginning; for tables.
    pub(super) const fn spread(head: u128) -> u64 {
        ((head >> 64) as u64 ^ head as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head
            && self.text.len() == other.text.len()
            && (self.text.len() <= HEAD || self.text == other.text)
    }
}

impl Eq for Name<'_> {}

impl From<String> for Name<'_> {
    fn from(text: String) -> Self {
        Self { head: head(text.as_bytes()), text: Cow::Owned(text) }
    }
}

#[expect(clippy::indexing_slicing, reason = "`length` is compared right before")]
const fn head(mut bytes: &[u8]) -> u128 {
    let (mut head, mut length) = ([0; HEAD], 0);
    while let [byte, rest @ ..] = bytes {
        if length == HEAD {
            break;
        }
        head[length] = *byte;
        length += 1;
        bytes = rest;
    }
    Name::number(head)
}
