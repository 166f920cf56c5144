//! What a token is asked for: scopes and, for domain-wide delegation, a subject.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::collections::BTreeSet;

use crate::error::AskError;

/// One kind of token: the scopes it carries and on whose behalf.
///
/// Two asks are equal when the same token serves both: same subject, same set of scopes in whatever order. The
/// assertion carries the scopes in the order given, as Google's libraries do. `Debug` hides the subject, which
/// names a person.
///
/// ```
/// use people_auth::Ask;
/// let one = Ask::new(["https://example.com/auth/a", "https://example.com/auth/b"])?;
/// let two = Ask::new(["https://example.com/auth/b", "https://example.com/auth/a"])?;
/// assert_eq!(one, two);
/// assert_ne!(one, two.on_behalf_of("admin@example.com"));
/// # Ok::<(), people_auth::AskError>(())
/// ```
#[derive(Clone)]
pub struct Ask {
    scope: String,
    key: AskKey,
}

/// The canonical form of an ask, by which tokens are kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AskKey {
    subject: Option<String>,
    scopes: BTreeSet<String>,
}

impl Ask {
    /// Asks for a token with these scopes, on behalf of the service account itself.
    ///
    /// # Errors
    /// [`AskError`] when there is no scope, or one that is empty or holds white space, a comma or a control
    /// character: Google answers `invalid_scope` to those, sometimes only after the whole round trip.
    pub fn new<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> Result<Self, AskError> {
        let mut scope = String::new();
        let mut set = BTreeSet::new();
        for (index, item) in scopes.into_iter().enumerate() {
            let item = item.as_ref();
            if item.is_empty() || item.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',') {
                return Err(AskError::Malformed { position: index.saturating_add(1) });
            }
            if set.insert(item.to_owned()) {
                if !scope.is_empty() {
                    scope.push(' ');
                }
                scope.push_str(item);
            }
        }
        if set.is_empty() {
            return Err(AskError::NoScope);
        }
        Ok(Self { scope, key: AskKey { subject: None, scopes: set } })
    }

    /// The same scopes on behalf of a user of the domain (domain-wide delegation), by the user's email address.
    #[must_use]
    pub fn on_behalf_of(mut self, subject: impl Into<String>) -> Self {
        self.key.subject = Some(subject.into());
        self
    }

    /// The user the token acts for, if not the service account itself.
    pub fn subject(&self) -> Option<&str> {
        self.key.subject.as_deref()
    }

    /// The `scope` claim: the scopes in the order given, repeats left out, joined by single spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    pub(crate) fn key(&self) -> &AskKey {
        &self.key
    }
}

impl fmt::Debug for AskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskKey")
            .field("scopes", &self.scopes)
            .field("subject", &self.subject.as_ref().map(|_| format_args!("…")))
            .finish()
    }
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("scope", &self.scope)
            .field("subject", &self.key.subject.as_ref().map(|_| format_args!("…")))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_keep_their_order_and_lose_their_repeats() {
        let ask = Ask::new(["b", "a", "b"]).unwrap();
        assert_eq!(ask.scope(), "b a");
        assert_eq!(ask, Ask::new(["a", "b"]).unwrap());
    }

    #[test]
    fn scopes_that_google_would_refuse() {
        assert_eq!(Ask::new(Vec::<String>::new()).unwrap_err(), AskError::NoScope);
        for bad in ["", "a b", "a,b", "a\n", "a\u{7f}"] {
            assert_eq!(Ask::new(["ok", bad]).unwrap_err(), AskError::Malformed { position: 2 }, "{bad:?}");
        }
    }

    #[test]
    fn debug_hides_the_subject() {
        let shown = format!("{:?}", Ask::new(["a"]).unwrap().on_behalf_of("ada@example.com"));
        assert!(!shown.contains("ada"), "{shown}");
        assert!(shown.contains("Some"), "{shown}");
    }
}
