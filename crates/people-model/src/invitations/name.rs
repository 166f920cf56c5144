//! What an invitation is called: `customers/{customer}/userinvitations/{address}`.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Email, InvalidId};

/// A customer of Google: the id that the Admin console shows, such as `C012abcde`. `my_customer` is taken too; the documents do not
/// say whether the API knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Customer(String);

impl Customer {
    /// Parses the id: letters, digits, `_` and `-`, at most 64 of them, without `customers/`.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = |rule| InvalidId { what: "customer", rule };
        let text = text.trim();
        if text.starts_with("customers/") {
            return Err(invalid("leave out `customers/`"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
            return Err(invalid("expected an id such as C012abcde (Admin console, Account settings)"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Customer {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The name of an invitation. There is at most one for an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InvitationName {
    /// Whose invitation.
    pub customer: Customer,
    /// Who is invited: the primary address of an unmanaged account.
    pub address: Email,
}

impl InvitationName {
    /// Reads the name as the API writes it.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let parts = text.strip_prefix("customers/").and_then(|rest| rest.split_once("/userinvitations/"));
        let rule = "expected customers/{customer}/userinvitations/{address}";
        let (customer, address) = parts.ok_or(InvalidId { what: "invitation name", rule })?;
        Ok(Self { customer: Customer::parse(customer)?, address: Email::parse(address)? })
    }
}

impl fmt::Display for InvitationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "customers/{}/userinvitations/{}", self.customer, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_round_trip_and_prints_nobody() {
        let text = "customers/C012abcde/userinvitations/ana+1@example.com";
        let name = InvitationName::parse(text).unwrap();
        assert_eq!(name.to_string(), text);
        assert!(!format!("{name:?}").contains("ana"));
    }

    #[test]
    fn customers_that_are_none() {
        for bad in ["", "customers/C0", "a/b", "C0?", "C 0", "C0%2F"] {
            assert!(Customer::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Customer::parse(" my_customer ").unwrap().as_str(), "my_customer");
    }
}
