//! What can be wrong with a credentials document.

use super::allowed::UrlFault;
use crate::error::KeyError;

/// Why a document is not usable. No variant carries anything secret of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Not JSON, or a service account key with a fault.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A `type` that is not known. It is told only when it is a plain word.
    #[error(
        "the credentials' type is {}; use service_account, external_account or impersonated_service_account",
        .0.as_deref().unwrap_or("unknown")
    )]
    OtherType(Option<String>),
    /// A member that is needed is absent, null, empty or of another type.
    #[error("the credentials have no usable `{0}`; use the file exactly as gcloud or the console wrote it")]
    Missing(&'static str),
    /// A URL that is not spoken to.
    #[error("the credentials' `{member}` {fault}; {}", hint(.member))]
    Url {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// The document claims another universe than the configuration.
    #[error(
        "the credentials' `universe_domain` is not the configured one; set [google] universe_domain if it is meant"
    )]
    Universe,
    /// `credential_source` names no source, or several.
    #[error(
        "the credentials' `credential_source` must name exactly one of file, url, environment_id and executable"
    )]
    Source,
    /// `credential_source.certificate`, or an `environment_id` other than `aws1`.
    #[error("the credentials' `credential_source.{0}` is not supported; use a file, a URL or aws1")]
    Unsupported(&'static str),
    /// A command, which the configuration does not allow.
    #[error(
        "the credentials name a command to run (`credential_source.executable`); it is run only where \
         [google] allow_executable = true says so"
    )]
    ExecutableRefused,
    /// A kind of source that was left out of this build.
    #[error(
        "`credential_source.{0}` is not possible here (no files, no commands); use credential_source.url or a service account key"
    )]
    NotBuilt(&'static str),
    /// `workforce_pool_user_project` without a workforce pool.
    #[error("`workforce_pool_user_project` is for workforce pools only; remove it or check `audience`")]
    NotAWorkforcePool,
    /// Source credentials that cannot be impersonated from.
    #[error(
        "`source_credentials` must be a service_account or an external_account; name intermediate accounts in `delegates`"
    )]
    SourceCredentials,
}

fn hint(member: &str) -> &'static str {
    match member {
        "service_account_impersonation_url" => {
            "it must be https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ADDRESS:generateAccessToken"
        }
        "token_url" | "token_info_url" => {
            "it must be https on sts.googleapis.com, such as https://sts.googleapis.com/v1/token"
        }
        "token_uri" => "it must be Google's, https://oauth2.googleapis.com/token",
        "credential_source.url" => {
            "it must be https, or http on this machine or at a metadata server's link-local address"
        }
        "credential_source.regional_cred_verification_url" => {
            "it must be https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
        }
        _ => "it must be http on 169.254.169.254 or [fd00:ec2::254]",
    }
}
