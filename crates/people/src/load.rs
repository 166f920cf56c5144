//! From `people.toml` to a bridge that can run: the document, its secrets, the key, the journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use people_auth::{Credentials, Rs256, SignError};
use people_core::bridge::Bridge;
use people_core::config::{Config, ConfigError, CredentialsProblem, SecretRef, SignerKind};
use people_core::facade::Facade;
use people_core::wire::{Account, Wires};
use people_model::Secret;

use crate::host::{Clock, Native};
use crate::store::{ReadOnly, Store};

/// The bridge as it runs natively.
pub type NativeBridge = Bridge<Native, Store, Rs256>;

/// The bridge in a rehearsal: it cannot write.
pub type Rehearsal = Bridge<Native, ReadOnly, Rs256>;

/// The facade as it runs natively.
pub type NativeFacade = Facade<Native, Store, Rs256>;

/// How long a request may take. CloudM's own front end gives up after 60 s.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The document cannot be read.
    #[error("{}: {source}; name the configuration with --config", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The document is wrong.
    #[error("{}: {error}", path.display())]
    Config {
        /// Which.
        path: PathBuf,
        /// What.
        error: ConfigError,
    },
    /// The credentials are not there or cannot be used.
    #[error("[google] credentials: {0}")]
    Credentials(#[from] CredentialsProblem),
    /// The key cannot sign.
    #[error("[google] credentials: {0}")]
    Sign(#[from] SignError),
    /// The journal cannot be opened.
    #[error("[journal] url: {0}")]
    Journal(#[from] crate::store::StoreError),
    /// The network cannot be used.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Reads and checks the document. Relative paths in it start at its own folder.
pub fn config(path: &Path) -> Result<Config, LoadError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    Config::parse(&text).map_err(|error| LoadError::Config { path: path.to_owned(), error })
}

/// Resolves secrets natively; relative files start at `folder`.
pub fn secrets(folder: &Path) -> impl Fn(&SecretRef) -> Result<Secret<String>, String> + '_ {
    move |reference| {
        let secret = match reference {
            SecretRef::Env(name) => std::env::var(name).map_err(|_| {
                format!("the environment variable {name} is not set; set it, or use {{ file = … }}")
            })?,
            SecretRef::File(file) => {
                let path = folder.join(file);
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let secret = secret.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err("the secret is empty".into());
        }
        Ok(Secret::from(secret))
    }
}

/// The credentials of the configuration.
pub fn credentials(config: &Config, folder: &Path) -> Result<Credentials, LoadError> {
    Ok(config.google.credentials(&secrets(folder))?)
}

/// The signer for these credentials, where they hold a key.
pub fn signer(credentials: &Credentials) -> Result<Option<Rs256>, LoadError> {
    Ok(credentials.key().map(Rs256::new).transpose()?)
}

/// The file of the configuration's journal.
pub fn journal_file(config: &Config, folder: &Path) -> PathBuf {
    folder.join(config.journal.url.strip_prefix("sqlite:").unwrap_or(&config.journal.url))
}

/// The journal of the configuration.
pub fn journal(config: &Config, folder: &Path) -> Result<Store, LoadError> {
    Ok(Store::open(&journal_file(config, folder))?)
}

/// The folder at which relative paths of the document start.
pub fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Whether a server can keep what the document says. `signer = "webcrypto"` promises a key that cannot be taken out of the runtime again,
/// which only the Worker's runtime can promise.
pub fn natively(config: &Config) -> Result<(), ConfigError> {
    match config.google.signer {
        SignerKind::Rust => Ok(()),
        SignerKind::Webcrypto => Err(ConfigError {
            line: 0,
            key: "google.signer".into(),
            problem: "\"webcrypto\" is for the Worker (`people config check --worker`); here leave it out, or say \"rust\"".into(),
        }),
    }
}

fn wrong(path: &Path, error: ConfigError) -> LoadError {
    LoadError::Config { path: path.to_owned(), error }
}

/// The configuration of a server, its folder, and the ways to all APIs.
fn parts(path: &Path) -> Result<(Config, PathBuf, Wires<Rs256>), LoadError> {
    let config = config(path)?;
    natively(&config).map_err(|error| wrong(path, error))?;
    let folder = folder(path);
    let credentials = credentials(&config, &folder)?;
    let signer = signer(&credentials)?;
    let account = Account::new(credentials, signer);
    let wires = Wires::new(&config, &secrets(&folder), &account).map_err(|error| wrong(path, error))?;
    Ok((config, folder, wires))
}

/// The facade of the Provisioning API over CloudM.
pub fn facade(path: &Path, clock: Clock) -> Result<NativeFacade, LoadError> {
    let (config, folder, wires) = parts(path)?;
    let host = Native::new(clock, TIMEOUT, config.server.rate)?.in_folder(&folder);
    let journal = journal(&config, &folder)?;
    Facade::new(config, &secrets(&folder), host, journal, wires).map_err(|error| wrong(path, error))
}

/// The whole bridge.
pub fn bridge(path: &Path, clock: Clock) -> Result<NativeBridge, LoadError> {
    assemble(path, clock, journal)
}

/// The whole bridge, over a journal that is open already.
pub fn bridge_over(path: &Path, clock: Clock, journal: Store) -> Result<NativeBridge, LoadError> {
    assemble(path, clock, |_, _| Ok(journal))
}

/// The whole bridge over the configured journal, which is only read.
pub fn rehearsal(path: &Path, clock: Clock) -> Result<Rehearsal, LoadError> {
    assemble(path, clock, |config, folder| Ok(ReadOnly::open(&journal_file(config, folder))?))
}

/// The journal comes last, so that a wrong configuration leaves no file behind.
fn assemble<J>(
    path: &Path,
    clock: Clock,
    journal: impl FnOnce(&Config, &Path) -> Result<J, LoadError>,
) -> Result<Bridge<Native, J, Rs256>, LoadError> {
    let (config, folder, wires) = parts(path)?;
    let host = Native::new(clock, TIMEOUT, config.server.rate)?.in_folder(&folder).limited_by(&config);
    let journal = journal(&config, &folder)?;
    Bridge::new(config, &secrets(&folder), host, journal, wires).map_err(|error| wrong(path, error))
}
