//! The five operations: list, get, isInvitableUser, send, cancel. Path, query and body are those of Google's own client
//! (google-api-python-client), `alt=json` included.

use std::fmt::Write;

use people_model::call::Method;
use people_model::invitations::{Customer, Invitable, InvitationName, Operation, Page, UserInvitation};
use people_model::{Api, Safety};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::endpoint::Endpoint;

/// What is encoded in a name. Google's client expands `{+name}` and leaves reserved characters as they are; so do we where that is safe.
/// It is not for `/`, `?`, `#` and `%`, which would change the path; for `[` and `]`, which RFC 3986 does not allow there; for `:`, behind
/// which the API looks for a method's name; and for `+`, which a server that reads the path as a form takes for a space. Encoded they mean
/// the same.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// What is encoded in a query: everything but RFC 3986 unreserved characters. A space becomes `+`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn path(name: &InvitationName, method: &str) -> String {
    let address = utf8_percent_encode(name.address.as_str(), NAME);
    format!("/v1/customers/{}/userinvitations/{address}{method}?alt=json", name.customer)
}

/// `GET …/userinvitations`: the invitations of a customer, a page at a time. Accounts made, and domains verified, in the last 48 hours
/// are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'a> {
    /// Whose.
    pub customer: &'a Customer,
    /// By state only: `state=='invited'`, with `||` and `!=`.
    pub filter: Option<&'a str>,
    /// `email asc` (the default), `email desc`, `update_time asc` or `update_time desc`.
    pub order_by: Option<&'a str>,
    /// How many; 100 where absent, 200 at most.
    pub page_size: Option<u32>,
    /// What the page before named. All else must be as it was there.
    pub page_token: Option<&'a str>,
}

impl Endpoint for List<'_> {
    const API: Api = Api::Invitations;
    const NAME: &'static str = "invitations.list";
    const METHOD: Method = Method::Get;
    const SAFETY: Safety = Safety::Read;
    type Reply = Page;

    fn path(&self) -> String {
        let mut path = format!("/v1/customers/{}/userinvitations?", self.customer);
        let size = self.page_size.map(|size| size.to_string());
        // In this order: the token comes last, where `list_next` of Google's client adds it.
        let parameters = [
            ("filter", self.filter),
            ("orderBy", self.order_by),
            ("pageSize", size.as_deref()),
            ("alt", Some("json")),
            ("pageToken", self.page_token),
        ];
        for (name, value) in parameters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let and = if path.ends_with('?') { "" } else { "&" };
            let value = utf8_percent_encode(value, QUERY).to_string().replace("%20", "+");
            // Writing to a string cannot fail.
            let _ = write!(path, "{and}{name}={value}");
        }
        path
    }
}

macro_rules! operation {
    ($(#[$doc:meta])* $name:ident, $op:literal, $method:ident, $safety:ident, $reply:ty, $verb:literal $(, $body:expr)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a>(
            /// The invitation.
            pub &'a InvitationName,
        );

        impl Endpoint for $name<'_> {
            const API: Api = Api::Invitations;
            const NAME: &'static str = $op;
            const METHOD: Method = Method::$method;
            const SAFETY: Safety = Safety::$safety;
            type Reply = $reply;

            fn path(&self) -> String {
                path(self.0, $verb)
            }

            $(fn body(self) -> Option<Value> {
                Some($body)
            })?
        }
    };
}

operation!(
    /// `GET …/{address}`: the invitation. 404: there is none to be seen, which for an account younger than 48 hours says little.
    Get, "invitations.get", Get, Read, UserInvitation, ""
);
operation!(
    /// `GET …/{address}:isInvitableUser`: whether there is an unmanaged account with this primary address. Knows young accounts too.
    Check, "invitations.isInvitableUser", Get, Read, Invitable, ":isInvitableUser"
);
operation!(
    /// `POST …/{address}:send`: sends the mail. Each call is a mail.
    Send, "invitations.send", Post, Once, Operation, ":send", json!({})
);
operation!(
    /// `POST …/{address}:cancel`: takes back what was sent.
    Cancel, "invitations.cancel", Post, Idempotent, Operation, ":cancel", json!({})
);

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> InvitationName {
        InvitationName::parse(&format!("customers/C0/userinvitations/{address}")).unwrap()
    }

    #[test]
    fn paths_are_encoded_where_it_matters() {
        for (address, encoded) in [
            ("ana.silva@example.com", "ana.silva@example.com"),
            ("o'neill!$&()*=~@example.com", "o'neill!$&()*=~@example.com"),
            ("a+b@example.com", "a%2Bb@example.com"),
            ("a/b?c#d%e:f@example.com", "a%2Fb%3Fc%23d%25e%3Af@example.com"),
            ("zoë{1}@example.com", "zo%C3%AB%7B1%7D@example.com"),
        ] {
            let got = Get(&name(address)).path();
            assert_eq!(got, format!("/v1/customers/C0/userinvitations/{encoded}?alt=json"));
        }
        assert_eq!(
            Send(&name("a@b.co")).call().path,
            "/v1/customers/C0/userinvitations/a@b.co:send?alt=json"
        );
    }

    #[test]
    fn a_query_is_encoded_as_a_form_is() {
        let customer = Customer::parse("C0").unwrap();
        let mut list = List {
            customer: &customer,
            filter: Some("state=='invited'||state!='accepted'"),
            order_by: Some("update_time desc"),
            page_size: Some(2),
            page_token: Some("a b+/=~*"),
        };
        assert_eq!(
            list.path(),
            "/v1/customers/C0/userinvitations?filter=state%3D%3D%27invited%27%7C%7Cstate%21%3D%27accepted%27\
             &orderBy=update_time+desc&pageSize=2&alt=json&pageToken=a+b%2B%2F%3D~%2A"
        );
        list = List { customer: &customer, filter: None, order_by: None, page_size: None, page_token: None };
        assert_eq!(list.path(), "/v1/customers/C0/userinvitations?alt=json");
    }
}
