//! `people config check`: is the document right, before anything is started?

use std::path::Path;

use people_core::bridge;
use people_core::config::{Config, ConfigError, SecretRef, Secrets};
use people_core::target::ccai::Ccai;
use serde_json::json;

use super::fitting;
use crate::cli::ConfigCheck;
use crate::exit::{Exit, Fail};
use crate::load::{self, LoadError};
use crate::report::Report;

/// Parses the document and builds what it describes.
pub(super) fn check(path: &Path, report: &Report, options: &ConfigCheck) -> Result<Exit, Fail> {
    let config = load::config(path)?;
    let wrong = |error: ConfigError| Fail::from(LoadError::Config { path: path.to_owned(), error });
    if options.worker {
        worker(&config).map_err(wrong)?;
    } else {
        load::natively(&config).map_err(wrong)?;
        let folder = load::folder(path);
        let secrets = load::secrets(&folder);
        bridge::sources(&config, &secrets).map_err(wrong)?;
        if let Some(token) = &config.server.admin_token {
            secrets.resolve(token).map_err(|problem| {
                wrong(ConfigError { line: 0, key: "server.admin_token".into(), problem })
            })?;
        }
        let password = config.gapps.as_ref().filter(|gapps| gapps.directory);
        if let Some(password) = password.and_then(|gapps| gapps.password.as_ref()) {
            secrets
                .resolve(password)
                .map_err(|problem| wrong(ConfigError { line: 0, key: "gapps.password".into(), problem }))?;
        }
        if let Some(ccai) = &config.ccai {
            secrets
                .resolve(&ccai.token)
                .map_err(|problem| wrong(ConfigError { line: 0, key: "ccai.token".into(), problem }))?;
        }
    }
    let sources: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    let members =
        [("config", json!("ok")), ("domain", json!(config.domain())), ("sources", json!(sources.join(" ")))];
    report.record(&members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())?;
    Ok(Exit::Ok)
}

/// What the Worker cannot do: read a file, file bulk rows, keep another directory than CloudM.
fn worker(config: &Config) -> Result<(), ConfigError> {
    if config.cloudm().is_err() {
        return Err(ConfigError {
            line: 0,
            key: "gapps.directory".into(),
            problem: "accounts there are kept by `people serve`; at the edge the directory is [cloudm]"
                .into(),
        });
    }
    let Some(credentials) = config.google.credentials.document() else {
        return Err(ConfigError {
            line: 0,
            key: "google.credentials".into(),
            problem: "the Worker has no metadata server; use { env = \"NAME\" } with a service account key"
                .into(),
        });
    };
    let mut secrets = vec![("google.credentials".to_owned(), credentials)];
    secrets.extend(config.server.admin_token.as_ref().map(|token| ("server.admin_token".to_owned(), token)));
    if config.ccai.as_ref().is_some_and(Ccai::is_target) {
        return Err(ConfigError {
            line: 0,
            key: "ccai.departments".into(),
            problem: "bulk files are filed by `people serve`; leave it out at the edge".into(),
        });
    }
    for (n, source) in config.sources.iter().enumerate() {
        fitting::build(source)?;
        secrets.extend(source.secrets.iter().map(|secret| (format!("source[{n}].secrets"), secret)));
        secrets.extend(source.api.as_ref().map(|api| (format!("source[{n}].api.key"), &api.key)));
    }
    secrets.extend(config.ccai.as_ref().map(|ccai| ("ccai.token".to_owned(), &ccai.token)));
    match secrets.into_iter().find(|(_, secret)| matches!(secret, SecretRef::File(_))) {
        Some((key, _)) => Err(ConfigError {
            line: 0,
            key,
            problem: "the Worker has no files; use { env = \"NAME\" } and `wrangler secret put NAME`".into(),
        }),
        None => Ok(()),
    }
}
