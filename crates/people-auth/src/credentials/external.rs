//! `external_account`: workload and workforce identity federation.

use core::fmt;

use http::Uri;
use people_model::Secret;

use super::allowed::Allowed;
use super::document::Document;
use super::error::CredentialsError;
use super::iam::Impersonation;
use super::source::Source;

/// A workload of somebody else's cloud.
#[derive(Clone)]
pub(super) struct External {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) token_url: Uri,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret<String>>,
    pub(super) user_project: Option<String>,
    pub(super) source: Source,
}

impl External {
    /// The document, and as whom it is to act.
    pub(super) fn parse(
        document: &mut Document,
        allowed: &Allowed,
    ) -> Result<(Self, Option<Impersonation>), CredentialsError> {
        let sts = |member: &'static str, url: &str| {
            allowed.service("sts", url).map_err(|fault| CredentialsError::Url { member, fault })
        };
        let audience = document.need("audience")?.to_owned();
        let token_url = match document.text("token_url") {
            Some(url) => sts("token_url", url)?,
            None => sts("token_url", &format!("https://sts.{}/v1/token", allowed.universe()))?,
        };
        if let Some(url) = document.text("token_info_url") {
            sts("token_info_url", url)?;
        }
        let user_project = document.text("workforce_pool_user_project").map(str::to_owned);
        let workforce = audience.strip_prefix("//iam.googleapis.com/locations/");
        if user_project.is_some() && !workforce.is_some_and(|rest| rest.contains("/workforcePools/")) {
            return Err(CredentialsError::NotAWorkforcePool);
        }
        let lifetime = match document.object("service_account_impersonation") {
            Some(options) if options.has("token_lifetime_seconds") => {
                // Zero is refused with the rest.
                options.number("token_lifetime_seconds").unwrap_or(0)
            }
            _ => 3600,
        };
        let impersonation = match document.text("service_account_impersonation_url") {
            Some(url) => Some(Impersonation::parse(url, Vec::new(), lifetime, allowed)?),
            None => None,
        };
        let mut source =
            document.object("credential_source").ok_or(CredentialsError::Missing("credential_source"))?;
        let external = Self {
            audience,
            subject_token_type: document.need("subject_token_type")?.to_owned(),
            token_url,
            client_id: document.text("client_id").map(str::to_owned),
            client_secret: document.secret("client_secret"),
            user_project,
            source: Source::parse(&mut source, allowed)?,
        };
        Ok((external, impersonation))
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("External")
            .field("audience", &self.audience)
            .field("token_url", &self.token_url)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
