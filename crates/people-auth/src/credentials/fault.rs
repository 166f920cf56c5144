//! Why credentials gave no token, and what to do. A description in an answer is matched, never kept: it may quote an address or a token.

use core::fmt;

use http::{HeaderMap, StatusCode};
use people_model::Members;
use people_model::time::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::error::SignError;
use crate::refusal::{TokenError, retry_after};

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Party {
    /// Google's token endpoint, by an assertion.
    TokenEndpoint,
    /// Google's Security Token Service, by a subject token.
    Sts,
    /// Google's IAM Service Account Credentials API.
    Iam,
    /// Google's metadata server.
    Metadata,
    /// The URL that gives the subject token.
    SubjectSource,
    /// Amazon's instance metadata service.
    Imds,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenEndpoint => "the token endpoint",
            Self::Sts => "Google's Security Token Service",
            Self::Iam => "Google's IAM Credentials API",
            Self::Metadata => "the metadata server",
            Self::SubjectSource => "the source of the subject token",
            Self::Imds => "Amazon's instance metadata service",
        })
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// No signature could be made.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No answer.
    #[error("{at}: {why}")]
    Lost {
        /// Who did not answer.
        at: Party,
        /// Why, in words of the host that name no secret.
        why: String,
    },
    /// The token endpoint refused.
    #[error(transparent)]
    Refused(#[from] TokenError),
    /// Somebody else refused.
    #[error("{0}")]
    Denied(Denial),
    /// Somebody claims success without what was asked for.
    #[error("the answer of {at} holds nothing usable; check that no proxy answers in its place")]
    Unreadable {
        /// Who.
        at: Party,
    },
    /// The host could not read a file or run a command.
    #[error("{what}: {why}")]
    Unable {
        /// What.
        what: String,
        /// Why, in words of the host that name no secret.
        why: String,
    },
    /// The subject token is not what it should be.
    #[error(transparent)]
    Subject(#[from] SubjectFault),
    /// Acting for a user without a service account.
    #[error(
        "these credentials name no service account, and only one can act for a user (domain-wide delegation); \
         add service_account_impersonation_url to them, or use a service account key"
    )]
    NoDelegation,
    /// An answer that fits no question: a fault of the host.
    #[error("an answer came that was not asked for; this is a fault of the program")]
    Confused,
}

impl FlowError {
    /// Whether the same may succeed a little later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Lost { .. } => true,
            Self::Refused(error) => error.is_retryable(),
            Self::Denied(denial) => denial.retry,
            _ => false,
        }
    }

    /// How long somebody asks us to wait.
    pub fn after(&self) -> Option<SignedDuration> {
        match self {
            Self::Refused(TokenError::Retry { after, .. }) => *after,
            Self::Denied(denial) => denial.after,
            _ => None,
        }
    }
}

/// What is wrong with a subject token, or with what it is made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectFault {
    /// Not UTF-8.
    #[error("the subject token is not text; check credential_source")]
    NotText,
    /// Not a JSON object.
    #[error("what should hold the subject token is not a JSON object; check credential_source.format")]
    NotJson,
    /// The member is not there, or is no text.
    #[error(
        "what should hold the subject token has no text `{0}`; check credential_source.format.subject_token_field_name"
    )]
    NoField(String),
    /// Nothing there, or more than one line.
    #[error("the subject token is empty or has line breaks in it; check credential_source")]
    Empty,
    /// Nobody tells the region.
    #[error("the AWS region is not known; set AWS_REGION, or name region_url in credential_source")]
    NoRegion,
    /// Nobody gives keys.
    #[error(
        "there are no AWS keys; give the instance a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoKeys,
    /// Another version of the protocol between Google's libraries and commands.
    #[error(
        "the command answers in another version than 1; use one made for Google's executable-sourced credentials"
    )]
    Version,
    /// `success` is not `true`.
    #[error("the command says that it has no token; run it by hand to see why")]
    Unsuccessful,
    /// The token has expired already.
    #[error("the command gave a token that has expired; check its cache and this machine's clock")]
    Expired,
}

/// A refusal of somebody else than the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Who refused.
    pub at: Party,
    /// HTTP status.
    pub status: u16,
    /// The `error` or `status` word, if it is a plain one.
    pub word: Option<String>,
    /// Whether it may pass.
    pub retry: bool,
    /// The wish of whoever refused (`Retry-After`).
    pub after: Option<SignedDuration>,
    hint: &'static str,
}

impl Denial {
    /// Reads an answer that is not a success.
    pub(super) fn read(
        at: Party,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Self {
        let reply: Members = serde_json::from_slice(body).unwrap_or_default();
        // RFC 6749 on the one hand, google.rpc on the other.
        let (word, text) = match reply.get("error") {
            Some(Value::Object(rpc)) => (rpc.get("status"), rpc.get("message")),
            other => (other, reply.get("error_description")),
        };
        let plain =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let (word, text) = (plain(word), plain(text).to_ascii_lowercase());
        let busy = ["UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "internal_failure"]
            .contains(&word.as_str())
            || ["server_error", "temporarily_unavailable"].contains(&word.as_str());
        let retry = busy || is_busy(status);
        let hint =
            if retry { "Try again in a few seconds." } else { hint(at, status.as_u16(), &word, &text) };
        let after = retry.then(|| retry_after(headers, now)).flatten();
        Self { at, status: status.as_u16(), word: crate::plain_word(&word), retry, after, hint }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        self.hint
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused with HTTP {}", self.at, self.status)?;
        if let Some(word) = &self.word {
            write!(f, " ({word})")?;
        }
        write!(f, ". {}", self.hint)
    }
}

/// Whether an answer with this status may be another one a little later.
pub(super) fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// `text` is in lower case.
fn hint(at: Party, status: u16, word: &str, text: &str) -> &'static str {
    match (at, word, status) {
        (Party::Sts, "invalid_target", _) => {
            "Check `audience`: the project number, the pool and the provider must exist and be enabled."
        }
        (Party::Sts, "unauthorized_client" | "access_denied", _) => {
            "Check the provider's attribute condition and mapping: they do not admit this workload."
        }
        (Party::Sts, "invalid_client", _) => "Check client_id and client_secret in the credentials.",
        (Party::Sts, "invalid_scope", _) => "Check the spelling of the scopes.",
        (Party::Sts, "invalid_grant" | "invalid_request", _)
            if text.contains("stale") || text.contains("expired") =>
        {
            "The subject token has expired: see that credential_source gives a fresh one, and check this machine's clock."
        }
        (Party::Sts, ..) => {
            "The subject token is not accepted: check subject_token_type, the provider's issuer and allowed audiences, and \
             that credential_source gives the token of this workload."
        }
        (Party::Iam, _, 403) if text.contains("has not been used") || text.contains("disabled") => {
            "Enable the IAM Service Account Credentials API (iamcredentials.googleapis.com) in the project."
        }
        (Party::Iam, _, 401 | 403) => {
            "Grant the caller roles/iam.workloadIdentityUser or roles/iam.serviceAccountTokenCreator on the service account \
             (and along the chain, if `delegates` is used)."
        }
        (Party::Iam, _, 404) => {
            "Check the service account in service_account_impersonation_url; it may have been deleted."
        }
        (Party::Iam, ..) => {
            "Check the scopes, and token_lifetime_seconds: more than 3600 needs an organisation policy."
        }
        (Party::Metadata, _, 404) => {
            "Attach a service account to this machine, or use another kind of credentials: this may not be Google Cloud."
        }
        (Party::Metadata, ..) => "Check GCE_METADATA_HOST, and that this machine runs in Google Cloud.",
        (Party::Imds, ..) => {
            "Check that the instance has a role, that IMDSv2 is allowed, and its hop limit in containers."
        }
        (Party::SubjectSource, ..) => "Check credential_source.url and credential_source.headers.",
        (Party::TokenEndpoint, ..) => "Check token_uri.",
    }
}
