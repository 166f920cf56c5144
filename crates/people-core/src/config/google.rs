//! `[google]`: as whom we speak to Google's APIs, and what a credentials document may name.

use people_auth::{Allowed, Credentials, CredentialsError};
use serde::{Deserialize, Deserializer};

use super::secret::{SecretRef, Secrets};
use crate::source::ConfigProblem;

/// `[google]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Google {
    /// The credentials.
    pub credentials: CredentialsRef,
    /// The assertion's audience, where it is not Google's constant (test clouds).
    #[serde(default)]
    pub audience: Option<String>,
    /// Where an assertion is exchanged that an account has signed by `signJwt`, where that is not Google's token endpoint (test clouds). A key
    /// file names its own.
    #[serde(default)]
    pub token_uri: Option<String>,
    /// Who signs assertions at the edge; natively it is always `rust`.
    #[serde(default)]
    pub signer: SignerKind,
    /// Whether credentials may name a command that gives the subject token. Default no.
    #[serde(default)]
    pub allow_executable: bool,
    /// Hosts of this machine that pass for Google's and Amazon's, such as `127.0.0.1:8085`, for simulators and tests.
    #[serde(default)]
    pub trusted_hosts: Vec<String>,
    /// The universe whose hosts are believed. Default `googleapis.com`.
    #[serde(default)]
    pub universe_domain: Option<String>,
}

/// Where the credentials are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialsRef {
    /// A document: a path, `{ file = "PATH" }`, or `{ env = "NAME" }` whose value is the JSON itself.
    Document(SecretRef),
    /// No document: `{ metadata = true }`, the metadata server of the machine in Google Cloud.
    Metadata,
}

/// Who signs: two ways to the same bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignerKind {
    /// The arithmetic in this program.
    #[default]
    Rust,
    /// The runtime's WebCrypto, with a key that cannot be taken out of it again.
    Webcrypto,
}

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsProblem {
    /// The document is not there.
    #[error("{0}")]
    Secret(String),
    /// The document is wrong.
    #[error(transparent)]
    Document(#[from] CredentialsError),
}

impl Google {
    /// Reads the credentials. Every URL in them is checked.
    pub fn credentials(&self, secrets: &dyn Secrets) -> Result<Credentials, CredentialsProblem> {
        // Checked when the configuration was read.
        let allowed = self.allowed().unwrap_or_default();
        let mut credentials = match &self.credentials {
            CredentialsRef::Metadata => Credentials::metadata(&allowed)?,
            CredentialsRef::Document(reference) => {
                let json = secrets.resolve(reference).map_err(CredentialsProblem::Secret)?;
                Credentials::parse(json.expose().as_bytes(), &allowed)?
            }
        };
        if let Some(url) = &self.token_uri {
            credentials = credentials.with_token_endpoint(url)?;
        }
        Ok(match &self.audience {
            Some(audience) => credentials.with_audience(audience.clone()),
            None => credentials,
        })
    }

    fn allowed(&self) -> Result<Allowed, ConfigProblem> {
        let allowed = Allowed::default().with_executable(self.allow_executable);
        let allowed = match &self.universe_domain {
            None => allowed,
            Some(universe) => allowed
                .with_universe(universe)
                .map_err(|error| ConfigProblem::new("google.universe_domain", error.to_string()))?,
        };
        allowed
            .with_hosts(&self.trusted_hosts)
            .map_err(|error| ConfigProblem::new("google.trusted_hosts", error.to_string()))
    }

    pub(super) fn check(&self) -> Result<(), ConfigProblem> {
        let allowed = self.allowed()?;
        if let Some(url) = &self.token_uri
            && let Err(fault) = allowed.token_endpoint(url)
        {
            let text = format!(
                "{fault}; it must be Google's, https://oauth2.googleapis.com/token, or on this machine"
            );
            return Err(ConfigProblem::new("google.token_uri", text));
        }
        Ok(())
    }
}

impl CredentialsRef {
    /// The document, where there is one.
    pub fn document(&self) -> Option<&SecretRef> {
        match self {
            Self::Document(reference) => Some(reference),
            Self::Metadata => None,
        }
    }
}

impl<'de> Deserialize<'de> for CredentialsRef {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        // By hand, so that credentials pasted in place of a reference are never echoed by an error.
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = CredentialsRef;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a path, { file = \"PATH\" }, { env = \"NAME\" } or { metadata = true }")
            }
            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<CredentialsRef, E> {
                if path.trim_start().starts_with('{') {
                    return Err(E::custom("credentials are never written here; use the path of their file"));
                }
                Ok(CredentialsRef::Document(SecretRef::File(path.to_owned())))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<CredentialsRef, A::Error> {
                let wrong =
                    || serde::de::Error::custom("use exactly one of `file`, `env` and `metadata = true`");
                let key: String = map.next_key()?.ok_or_else(wrong)?;
                let found = match key.as_str() {
                    "file" => CredentialsRef::Document(SecretRef::File(map.next_value()?)),
                    "env" => CredentialsRef::Document(SecretRef::Env(map.next_value()?)),
                    "metadata" if map.next_value::<bool>()? => CredentialsRef::Metadata,
                    _ => return Err(wrong()),
                };
                if map.next_key::<String>()?.is_some() { Err(wrong()) } else { Ok(found) }
            }
        }
        input.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn parse(google: &str) -> Result<Google, String> {
        let text = format!("[cloudm]\ndomain = \"example.com\"\n[google]\n{google}\n");
        Config::parse(&text).map(|config| config.google).map_err(|error| error.to_string())
    }

    #[test]
    fn where_credentials_may_be() {
        let file = |path: &str| CredentialsRef::Document(SecretRef::File(path.into()));
        for (text, expected) in [
            ("\"key.json\"", file("key.json")),
            ("\"metadata\"", file("metadata")),
            ("{ file = \"key.json\" }", file("key.json")),
            ("{ env = \"KEY\" }", CredentialsRef::Document(SecretRef::Env("KEY".into()))),
            ("{ metadata = true }", CredentialsRef::Metadata),
        ] {
            assert_eq!(parse(&format!("credentials = {text}")).unwrap().credentials, expected, "{text}");
        }
        for bad in ["{}", "{ metadata = false }", "{ file = \"a\", env = \"b\" }", "{ path = \"a\" }", "7"] {
            let error = parse(&format!("credentials = {bad}")).unwrap_err();
            assert!(error.starts_with("line 4: "), "{bad}: {error}");
        }
        let pasted = parse("credentials = '{\"private_key\":\"hush\"}'").unwrap_err();
        assert!(pasted.contains("never written here") && !pasted.contains("hush"), "{pasted}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (line, says) in [
            ("trusted_hosts = [\"example.com\"]", "line 5: `google.trusted_hosts`: only this machine"),
            ("universe_domain = \"Evil\"", "line 5: `google.universe_domain`: a universe is"),
            ("token_uri = \"https://evil.example/\"", "line 5: `google.token_uri`: names a host"),
            (
                "allow_executables = true",
                "line 5: `google.allow_executables`: there is no such key; did you mean `allow_executable`?",
            ),
        ] {
            let error = parse(&format!("credentials = \"key.json\"\n{line}")).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
