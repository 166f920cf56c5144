//! The refusals of the token endpoint that somebody has to mend, each with what to do.

/// What is configured wrongly, as far as the token endpoint's answer tells.
///
/// `Display` says what happened, [`hint`](Misconfigured::hint) what to do. Asking again changes nothing until
/// somebody acts; changes of domain-wide delegation take effect after minutes, up to 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Misconfigured {
    /// `invalid_grant`, "Invalid JWT Signature."
    #[error("the token endpoint does not recognise the assertion's signature")]
    Signature,
    /// `invalid_grant`, "Invalid grant: account not found".
    #[error("the token endpoint does not know the service account")]
    AccountUnknown,
    /// `invalid_grant`, "The account has been deleted".
    #[error("the account has been deleted")]
    AccountDeleted,
    /// `access_denied`, "Account restricted".
    #[error("the account is restricted")]
    AccountRestricted,
    /// `invalid_account`, "Forbidden".
    #[error("the token endpoint forbids the account")]
    AccountForbidden,
    /// `invalid_grant`, "Not a valid email" or "Invalid email or User ID"; `invalid_request`, "Invalid
    /// impersonation prn email address".
    #[error("the user to act for does not exist")]
    Subject,
    /// `invalid_grant`, "Invalid JWT: Failed audience check."
    #[error("the token endpoint refuses the assertion's audience")]
    Audience,
    /// `invalid_grant`, "Invalid JWT: No valid verifier found for issuer".
    #[error("the token endpoint has no key to check the service account's signature with")]
    Issuer,
    /// `invalid_grant`, "reauth related error (invalid_rapt)".
    #[error("the domain demands that the user logs in again")]
    Reauthentication,
    /// `invalid_grant` with any other description, such as "Bad Request".
    #[error("the token endpoint refuses the assertion without a reason that is known")]
    Grant,
    /// `invalid_scope`, "Empty or missing scope not allowed."
    #[error("no scope was asked for")]
    ScopeMissing,
    /// `invalid_scope`, "Invalid OAuth scope or ID token audience provided."
    #[error("a scope does not exist")]
    Scope,
    /// `unauthorized_client`: "Client is unauthorized to retrieve access tokens using this method, or client not
    /// authorized for any of the scopes requested." or "Unauthorized client or scope in request."
    #[error("the service account may not act for the user with these scopes")]
    Delegation,
    /// `access_denied`: "Requested client not authorized", or another description.
    #[error("a scope is not delegated to the service account")]
    AccessDenied,
    /// `admin_policy_enforced`.
    #[error("a policy of the domain's administrator forbids the scopes")]
    AdminPolicy,
    /// `org_internal`.
    #[error("the client is for users of its own organisation only")]
    OrganisationOnly,
    /// `disabled_client`, "The OAuth client was disabled."
    #[error("the service account's client is disabled")]
    ClientDisabled,
    /// `deleted_client`.
    #[error("the service account's client has been deleted")]
    ClientDeleted,
    /// `invalid_client`.
    #[error("the token endpoint does not know the client")]
    ClientInvalid,
    /// `invalid_request`: a member of the request is missing or malformed.
    #[error("the token endpoint finds the request malformed")]
    Request,
    /// `unsupported_grant_type` (RFC 6749, section 5.2): not an endpoint for service accounts.
    #[error("the token endpoint does not take assertions")]
    GrantType,
}

impl Misconfigured {
    /// What a person can do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Signature => {
                "The key was probably deleted or disabled, or belongs to another account: look under Keys of the service \
                 account in Google Cloud's console, and create a new key if this one is not active."
            }
            Self::AccountUnknown => {
                "Check client_email in the key; the service account may have been deleted with its project."
            }
            Self::AccountDeleted => {
                "Restore the account (possible for a while after the deletion) or configure another one."
            }
            Self::AccountRestricted => {
                "Lift the restriction of the account in the Admin console, or act for another administrator."
            }
            Self::AccountForbidden => {
                "Check in Google Cloud's console that the service account and its project are active."
            }
            Self::Subject => {
                "Check the address of the administrator to act for: it must be the primary address of an active user of \
                 the domain, not a group or an alias."
            }
            Self::Audience => {
                "Remove the audience from the configuration; Google wants https://oauth2.googleapis.com/token."
            }
            Self::Issuer => {
                "Check that client_email and private_key_id come from the same key file, and that the key was not deleted."
            }
            Self::Reauthentication => {
                "Exempt the application from session control in the Admin console (Security, Google Cloud session control)."
            }
            Self::Grant => {
                "Check client_email, the address to act for and the key; then create a new key and try again."
            }
            Self::ScopeMissing => "Configure at least one scope.",
            Self::Scope => {
                "Check the spelling of each scope; scopes are full URLs, one per item, without commas."
            }
            Self::Delegation => {
                "Enable domain-wide delegation: Admin console, Security, API controls, Domain-wide delegation. Enter the \
                 service account's numeric client ID (not its address, not a group's) with every scope. It takes effect after \
                 minutes, at most 24 hours."
            }
            Self::AccessDenied => {
                "Add every scope that is asked for to the client's entry under Domain-wide delegation in the Admin \
                 console. It takes effect after minutes, at most 24 hours."
            }
            Self::AdminPolicy => {
                "Have the domain's administrator trust the client under API controls, App access control."
            }
            Self::OrganisationOnly => {
                "Use a service account of the organisation's own project, or make the client external."
            }
            Self::ClientDisabled => "Enable the service account in Google Cloud's console.",
            Self::ClientDeleted => {
                "Restore the service account or create a new one, and delegate the scopes to it again."
            }
            Self::ClientInvalid => "Check that the key file is complete and that token_uri is Google's.",
            Self::Request => "Check the scopes, the address to act for and token_uri.",
            Self::GrantType => "Check token_uri; Google's key files say https://oauth2.googleapis.com/token.",
        }
    }
}
