//! Which directory follows HR: CloudM, or a server that speaks the Provisioning API. One of them, and not both.

use super::gapps::{Auth, Gapps};
use super::{CredentialsRef, Document, Google, SignerKind};
use crate::source::ConfigProblem;
use crate::target::Directory;

fn problem<T>(key: &str, problem: &str) -> Result<T, ConfigProblem> {
    Err(ConfigProblem::new(key, problem))
}

/// The directory that the document names.
pub(super) fn directory(document: &Document) -> Result<Directory, ConfigProblem> {
    let gapps = document.gapps.as_ref();
    match (&document.cloudm, gapps.filter(|gapps| gapps.directory)) {
        (Some(_), Some(_)) => problem(
            "gapps.directory",
            "[cloudm] is the directory already, and a tenant has one; remove [cloudm], or this",
        ),
        (None, Some(gapps)) => provisioning(document, gapps),
        (Some(_), None) if gapps.is_some_and(|gapps| gapps.leave.is_some()) => {
            problem("gapps.leave", "is for `directory = true`, where people leave here; remove it")
        }
        (Some(cloudm), None) => {
            let mut cloudm = cloudm.clone();
            cloudm.invitations.clone_from(&document.invitations);
            Ok(Directory::Cloudm(Box::new(cloudm)))
        }
        (None, None) => problem("cloudm", "is missing; add it, or say `directory = true` in [gapps]"),
    }
}

#[cfg(not(feature = "gapps"))]
fn provisioning(_: &Document, _: &Gapps) -> Result<Directory, ConfigProblem> {
    problem(
        "gapps.directory",
        "accounts there are kept by `people serve`; at the edge the directory is [cloudm]",
    )
}

#[cfg(feature = "gapps")]
fn provisioning(document: &Document, gapps: &Gapps) -> Result<Directory, ConfigProblem> {
    use crate::policy::FutureHires;
    use crate::target::gapps::Provisioning;
    use crate::target::invitations::Unmanaged;

    let Some(domain) = &gapps.domain else {
        return problem("gapps.domain", "is missing, and there is no [cloudm] to take it from; add it");
    };
    if gapps.base_url.is_none() {
        return problem("gapps.base_url", "is missing; the directory has to be somewhere: add it");
    }
    if gapps.facade.is_some() {
        return problem("gapps.facade", "answers over CloudM, and here [gapps] is the directory; remove it");
    }
    if document.policy.future_hires == Some(FutureHires::Schedule) {
        return problem(
            "policy.future_hires",
            "only CloudM schedules onboardings; say \"wait\", or leave it out: accounts are made on the first day",
        );
    }
    if document.invitations.as_ref().is_some_and(|one| one.unmanaged != Unmanaged::Ignore) {
        return problem(
            "invitations.unmanaged",
            "hires are only held back for it where CloudM is the directory; say \"ignore\", and the commands still work",
        );
    }
    Ok(Directory::Gapps(Provisioning { domain: domain.clone(), leave: gapps.leave.unwrap_or_default() }))
}

/// How to get tokens of Google. Nobody needs any where the directory is logged in to with a password.
pub(super) fn google(document: &Document) -> Result<Google, ConfigProblem> {
    let password = |gapps: &Gapps| gapps.directory && gapps.auth == Auth::ClientLogin;
    match &document.google {
        Some(google) => Ok(google.clone()),
        None if document.gapps.as_ref().is_some_and(password) && document.invitations.is_none() => {
            Ok(Google {
                credentials: CredentialsRef::Metadata,
                audience: None,
                token_uri: None,
                signer: SignerKind::default(),
                allow_executable: false,
                trusted_hosts: Vec::new(),
                universe_domain: None,
            })
        }
        None => problem("google", "is missing; add it with `credentials`"),
    }
}

#[cfg(all(test, not(feature = "gapps")))]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_program_without_the_api_refuses_it_by_name() {
        let text = "[gapps]\ndirectory = true\ndomain = \"example.com\"\nbase_url = \"https://a.example\"\n";
        let error = Config::parse(text).unwrap_err().to_string();
        assert_eq!(
            error,
            "line 2: `gapps.directory`: accounts there are kept by `people serve`; at the edge the directory is [cloudm]"
        );
        assert!(Config::parse(&text.replace("true", "false")).is_err());
    }
}
