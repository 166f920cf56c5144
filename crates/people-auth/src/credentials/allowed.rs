//! Which URLs of a credentials document are believed. Checked when the document is read, so that nothing is ever sent elsewhere.
//!
//! Whoever writes such a document decides where subject tokens, assertions and client secrets go; Google's libraries say that checking it is
//! the caller's business. The forms of Google's host names are those that google-auth-library-python accepted while it still checked them.

use http::Uri;

/// The universe of Google's public cloud.
pub const UNIVERSE: &str = "googleapis.com";

/// What the configuration, not the document, allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    universe: String,
    hosts: Vec<String>,
    executable: bool,
}

impl Default for Allowed {
    /// Google's public cloud, no other host, no command.
    fn default() -> Self {
        Self { universe: UNIVERSE.to_owned(), hosts: Vec::new(), executable: false }
    }
}

/// A host that cannot be trusted, or a universe that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowedError {
    /// Not `HOST` or `HOST:PORT` with a loopback host.
    #[error("only this machine can be named here: 127.0.0.1, [::1] or localhost, with or without a port")]
    NotLoopback,
    /// Not a domain name.
    #[error("a universe is a domain name such as googleapis.com, in lower case")]
    Universe,
}

/// Why a URL is not spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// Not an absolute URL with a host, or one with a user name in it.
    #[error("is not an absolute URL, or names a user")]
    NotAUrl,
    /// Plain http where that is not allowed.
    #[error("is not https")]
    NotHttps,
    /// Somebody else's host, or another port than 443.
    #[error("names a host that may not have it")]
    Host,
}

impl Allowed {
    /// Trusts these hosts of this machine too, for simulators and tests: `HOST` (any port) or `HOST:PORT`, over http or https.
    ///
    /// # Errors
    /// [`AllowedError::NotLoopback`] for any other host.
    pub fn with_hosts<S: AsRef<str>>(
        mut self,
        hosts: impl IntoIterator<Item = S>,
    ) -> Result<Self, AllowedError> {
        for host in hosts {
            let host = host.as_ref();
            let authority: http::uri::Authority = host.parse().map_err(|_| AllowedError::NotLoopback)?;
            let whole = authority.port().is_some() || authority.host() == host;
            if !whole || host.contains('@') || !is_loopback(authority.host()) {
                return Err(AllowedError::NotLoopback);
            }
            self.hosts.push(host.to_owned());
        }
        Ok(self)
    }

    /// Trusts the services of another universe instead of [`UNIVERSE`]. A document cannot choose its universe.
    ///
    /// # Errors
    /// [`AllowedError::Universe`] when it is not a domain name.
    pub fn with_universe(mut self, universe: &str) -> Result<Self, AllowedError> {
        if universe.split('.').count() < 2 || !universe.split('.').all(is_label) {
            return Err(AllowedError::Universe);
        }
        universe.clone_into(&mut self.universe);
        Ok(self)
    }

    /// Whether a document may name a command to run.
    #[must_use]
    pub fn with_executable(mut self, allowed: bool) -> Self {
        self.executable = allowed;
        self
    }

    /// The universe.
    pub fn universe(&self) -> &str {
        &self.universe
    }

    #[cfg(feature = "federation")]
    pub(super) fn executable(&self) -> bool {
        self.executable
    }

    /// A URL of one of Google's services, such as `sts` or `iamcredentials`: https, port 443, and one of the forms `sts.U`, `REGION.sts.U`,
    /// `sts.REGION.U`, `REGION-sts.U` and `sts-NAME.p.U`, where U is the universe.
    ///
    /// # Errors
    /// [`UrlFault`] for any other URL but one on a trusted host.
    pub fn service(&self, service: &str, url: &str) -> Result<Uri, UrlFault> {
        self.check(url, |host| is_service(host, service, &self.universe))
    }

    /// The token endpoint: Google's (`oauth2.U`, in the public cloud also `accounts.google.com` and `www.googleapis.com` of older key files), or
    /// one on this machine.
    ///
    /// # Errors
    /// [`UrlFault`] for any other URL.
    pub fn token_endpoint(&self, url: &str) -> Result<Uri, UrlFault> {
        let (uri, host) = parse(url)?;
        if is_loopback(&host) {
            return Ok(uri);
        }
        let public = self.universe == UNIVERSE;
        self.check(url, |host| {
            host == format!("oauth2.{}", self.universe)
                || public && matches!(host, "accounts.google.com" | "www.googleapis.com")
        })
    }

    /// Where a subject token is fetched: any https URL, or http on this machine or at a metadata server's link-local address.
    ///
    /// # Errors
    /// [`UrlFault`] for any other URL.
    pub fn subject_source(&self, url: &str) -> Result<Uri, UrlFault> {
        let (uri, host) = parse(url)?;
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            _ if is_loopback(&host) || is_metadata(&host) || is_imds(&host) || self.trusts(&uri) => Ok(uri),
            _ => Err(UrlFault::NotHttps),
        }
    }

    /// A URL of Amazon's instance metadata service: `169.254.169.254` or `[fd00:ec2::254]`, plain http.
    ///
    /// # Errors
    /// [`UrlFault`] for any other URL but one on a trusted host.
    pub fn imds(&self, url: &str) -> Result<Uri, UrlFault> {
        let (uri, host) = parse(url)?;
        let own = is_imds(&host) && matches!(uri.port_u16(), None | Some(80));
        if own || self.trusts(&uri) { Ok(uri) } else { Err(UrlFault::Host) }
    }

    /// Google's metadata server as `GCE_METADATA_HOST` may name it: `HOST` or `HOST:PORT`, its name, its link-local addresses or this machine.
    pub fn metadata_host(&self, host: &str) -> Option<String> {
        let (uri, name) = parse(&format!("http://{host}/")).ok()?;
        let known = is_metadata(&name) || is_loopback(&name) || self.trusts(&uri);
        (known && uri.authority().is_some_and(|authority| authority.as_str() == host))
            .then(|| host.to_owned())
    }

    fn check(&self, url: &str, allowed: impl Fn(&str) -> bool) -> Result<Uri, UrlFault> {
        let (uri, host) = parse(url)?;
        if self.trusts(&uri) {
            return Ok(uri);
        }
        if uri.scheme_str() != Some("https") {
            return Err(UrlFault::NotHttps);
        }
        if matches!(uri.port_u16(), None | Some(443)) && allowed(&host) {
            Ok(uri)
        } else {
            Err(UrlFault::Host)
        }
    }

    fn trusts(&self, uri: &Uri) -> bool {
        let Some(authority) = uri.authority() else { return false };
        self.hosts.iter().any(|host| authority.as_str() == host || authority.host() == host)
    }
}

/// An absolute http or https URL without a user, and its host in lower case.
fn parse(url: &str) -> Result<(Uri, String), UrlFault> {
    let uri: Uri = url.parse().map_err(|_| UrlFault::NotAUrl)?;
    let authority = uri.authority().ok_or(UrlFault::NotAUrl)?;
    let host = authority.host().to_ascii_lowercase();
    // A port that is no number would be left to the client to make sense of.
    let port = authority.as_str().len() != authority.host().len() && authority.port_u16().is_none();
    if host.is_empty() || port || !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(UrlFault::NotAUrl);
    }
    Ok((uri, host))
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

fn is_imds(host: &str) -> bool {
    matches!(host, "169.254.169.254" | "[fd00:ec2::254]")
}

fn is_metadata(host: &str) -> bool {
    matches!(host, "metadata.google.internal" | "169.254.169.254" | "[fd20:ce::254]")
}

fn is_service(host: &str, service: &str, universe: &str) -> bool {
    let Some(front) = host.strip_suffix(universe).and_then(|front| front.strip_suffix('.')) else {
        return false;
    };
    let before = |label: &str| {
        label.strip_suffix(service).and_then(|rest| rest.strip_suffix('-')).is_some_and(is_label)
    };
    let after = |label: &str| {
        label.strip_prefix(service).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_label)
    };
    match front.split('.').collect::<Vec<_>>().as_slice() {
        [one] => *one == service || before(one),
        [name, "p"] if after(name) => true,
        [region, name] | [name, region] if *name == service && is_label(region) => true,
        _ => false,
    }
}

/// One part of a host name, in lower case.
pub(super) fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
