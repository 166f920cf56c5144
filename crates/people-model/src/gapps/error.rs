//! The error document: one or more errors with a code, a reason word and the input that is meant.
//!
//! Source of the codes: the enumeration of Google's Java client; the guide only points to an appendix that it does not have. Their classes are
//! concluded from their meaning. Recorded servers send codes that no table knows, so the table is open.

use core::fmt;

use super::xml::{Element, Limits, XmlError, parse};

/// What an error asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// To try again.
    Again,
    /// To try again a few times: the server does not say why it failed.
    AgainFew,
    /// Nothing: there is no such entity.
    Absent,
    /// A decision: the entity exists, or something is in its place.
    Conflict,
    /// Another value.
    Invalid,
    /// Another state of the entity first.
    State,
    /// Room first.
    Quota,
    /// Nothing that a client can do.
    Permanent,
}

/// A known error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Its number on the wire.
    pub code: u32,
    /// Its reason word.
    pub name: &'static str,
    /// What it asks for.
    pub class: Class,
}

/// Every known error, by number.
pub const CODES: [Code; 40] = [
    Code { code: 1000, name: "UnknownError", class: Class::AgainFew },
    Code { code: 1001, name: "ServerBusy", class: Class::Again },
    Code { code: 1100, name: "UserDeletedRecently", class: Class::Permanent },
    Code { code: 1101, name: "UserSuspended", class: Class::State },
    Code { code: 1200, name: "DomainUserLimitExceeded", class: Class::Quota },
    Code { code: 1201, name: "DomainAliasLimitExceeded", class: Class::Quota },
    Code { code: 1202, name: "DomainSuspended", class: Class::Permanent },
    Code { code: 1203, name: "DomainFeatureUnavailable", class: Class::Permanent },
    Code { code: 1300, name: "EntityExists", class: Class::Conflict },
    Code { code: 1301, name: "EntityDoesNotExist", class: Class::Absent },
    Code { code: 1302, name: "EntityNameIsReserved", class: Class::Invalid },
    Code { code: 1303, name: "EntityNameNotValid", class: Class::Invalid },
    Code { code: 1304, name: "EntityCannotBeModified", class: Class::Invalid },
    Code { code: 1305, name: "EntityCannotContainCycle", class: Class::Invalid },
    Code { code: 1306, name: "EntityHasMembersCannotDelete", class: Class::State },
    Code { code: 1307, name: "EntityQuotaLimitReached", class: Class::Quota },
    Code { code: 1400, name: "InvalidGivenName", class: Class::Invalid },
    Code { code: 1401, name: "InvalidFamilyName", class: Class::Invalid },
    Code { code: 1402, name: "InvalidPassword", class: Class::Invalid },
    Code { code: 1403, name: "InvalidUsername", class: Class::Invalid },
    Code { code: 1404, name: "InvalidHashFunctionName", class: Class::Invalid },
    Code { code: 1405, name: "InvalidHashDigestLength", class: Class::Invalid },
    Code { code: 1406, name: "InvalidEmailAddress", class: Class::Invalid },
    Code { code: 1407, name: "InvalidQueryParameterValue", class: Class::Invalid },
    Code { code: 1408, name: "InvalidSsoSigningKey", class: Class::Invalid },
    Code { code: 1409, name: "InvalidEncryptionPublicKey", class: Class::Invalid },
    Code { code: 1410, name: "FeatureUnavailableForUser", class: Class::Permanent },
    Code { code: 1411, name: "EncryptionPublicKeyInvalidFormat", class: Class::Invalid },
    Code { code: 1412, name: "EncryptionPublicKeyInvalidType", class: Class::Invalid },
    Code { code: 1413, name: "EncryptionPublicKeyHasManyUserIds", class: Class::Invalid },
    Code { code: 1500, name: "TooManyRecipientsOnEmailList", class: Class::Quota },
    Code { code: 1501, name: "TooManyNicknamesForUser", class: Class::Quota },
    Code { code: 1601, name: "DuplicateDestinations", class: Class::Conflict },
    Code { code: 1602, name: "TooManyDestinations", class: Class::Quota },
    Code { code: 1603, name: "InvalidRouteAddress", class: Class::Invalid },
    Code { code: 1700, name: "GroupCannotContainCycle", class: Class::Invalid },
    Code { code: 1701, name: "InvalidGroupPermissions", class: Class::Invalid },
    Code { code: 1800, name: "InvalidDomainEdition", class: Class::Permanent },
    Code { code: 1801, name: "InvalidValue", class: Class::Invalid },
    Code { code: 1802, name: "DeletePartialFailure", class: Class::State },
];

/// The known error of this number.
pub fn code(number: u32) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == number)
}

/// The known error of this reason word.
pub fn named(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.name == name)
}

/// One error of a document. Its input may name a person, so `Debug` shows the code only.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// The code. Unknown ones are kept; one that is not a number is 0.
    pub code: u32,
    /// What the server did not accept; may be empty.
    pub input: String,
    /// The reason word as the server wrote it.
    pub reason: String,
}

impl Item {
    /// A known error about this input.
    pub fn new(known: &Code, input: impl Into<String>) -> Self {
        Self { code: known.code, input: input.into(), reason: known.name.to_owned() }
    }

    /// The name: that of the table, or the server's word where the code is not known.
    pub fn name(&self) -> &str {
        code(self.code).map_or(self.reason.as_str(), |known| known.name)
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({})", self.code)
    }
}

/// The errors of an answer, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors(pub Vec<Item>);

impl Errors {
    /// Reads an error document. `None`: it is XML and something else.
    ///
    /// # Errors
    /// Where it is not XML.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, XmlError> {
        Ok(Self::read(&parse(bytes, Limits { child: 64 << 10, whole: 1 << 20, ..Limits::default() })?))
    }

    /// Reads the element. Recorded documents have no namespace; another is not minded.
    pub fn read(root: &Element) -> Option<Self> {
        if root.name.local != "AppsForYourDomainErrors" {
            return None;
        }
        let errors = root.elements().filter(|element| element.name.local == "error");
        let text = |element: &Element, name| element.attribute(name).unwrap_or_default().to_owned();
        let items: Vec<Item> = errors
            .map(|error| Item {
                code: text(error, "errorCode").trim().parse().unwrap_or(0),
                input: text(error, "invalidInput"),
                reason: text(error, "reason"),
            })
            .collect();
        (!items.is_empty()).then_some(Self(items))
    }

    /// The element.
    pub fn element(&self) -> Element {
        self.0.iter().fold(Element::new("", "AppsForYourDomainErrors"), |root, item| {
            root.child(
                Element::new("", "error")
                    .with("errorCode", item.code.to_string())
                    .with("invalidInput", item.input.as_str())
                    .with("reason", item.reason.as_str()),
            )
        })
    }

    /// The document as Google's servers wrote it: CRLF at every line's end, and twice at the last. Control characters of an input go missing.
    pub fn document(&self) -> String {
        let mut out =
            String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<AppsForYourDomainErrors>\r\n");
        let escape = |text: &str| {
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
        };
        for Item { code, input, reason } in &self.0 {
            let (input, reason) = (escape(input), escape(reason));
            out.push_str(&format!(
                "  <error errorCode=\"{code}\" invalidInput=\"{input}\" reason=\"{reason}\" />\r\n"
            ));
        }
        out.push_str("</AppsForYourDomainErrors>\r\n\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_errors_and_unknown_codes_are_kept() {
        let text = "<AppsForYourDomainErrors>\r\n<error errorCode='1300' invalidInput='' reason='EntityExists' />\
                    <error errorCode='9925' invalidInput='a&amp;&quot;b' reason='Bar'/></AppsForYourDomainErrors>\r\n\r\n";
        let errors = Errors::parse(text.as_bytes()).unwrap().unwrap();
        let names: Vec<_> =
            errors.0.iter().map(|item| (item.code, item.name(), item.input.as_str())).collect();
        assert_eq!(names, [(1300, "EntityExists", ""), (9925, "Bar", "a&\"b")]);
        assert_eq!(Errors::parse(errors.document().as_bytes()).unwrap().unwrap(), errors);
        assert_eq!(Errors::read(&errors.element()).unwrap(), errors);
        assert_eq!(Errors::parse(b"<entry/>").unwrap(), None);
        assert!(Errors::parse(b"Bad").is_err());
    }

    #[test]
    fn the_table_is_in_order_and_knows_each_name_once() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(
            CODES.iter().all(|known| named(known.name) == Some(known) && code(known.code) == Some(known))
        );
    }
}
