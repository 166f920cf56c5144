//! What can be wrong with a key file, an ask or a signature. The token endpoint's errors are in [`crate::refusal`].

/// Why a file is not a usable service account key. No variant carries anything of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not JSON. Position as the parser saw it, both counted from 1.
    #[error(
        "the key is not JSON (line {line}, column {column}); use the file exactly as Google Cloud's console downloaded it"
    )]
    NotJson {
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// JSON, but not an object.
    #[error(
        "the key is JSON but not an object; use the file exactly as Google Cloud's console downloaded it"
    )]
    NotAnObject,
    /// `"type": "authorized_user"`.
    #[error(
        "this is a person's own credential (type authorized_user, from `gcloud auth application-default login`); \
         create a key for a service account instead"
    )]
    UserCredential,
    /// An object named `installed` or `web`: the secret of an OAuth client.
    #[error(
        "this is the secret of an OAuth client (`{0}`), which needs a person to consent; \
         create a key for a service account instead"
    )]
    ClientSecret(&'static str),
    /// `"type": "external_account"`.
    #[error(
        "this is a workload identity federation configuration (type external_account), which holds no key to sign with; \
         use a service account key"
    )]
    ExternalAccount,
    /// `"type": "impersonated_service_account"`.
    #[error(
        "this is an impersonation configuration (type impersonated_service_account), which holds no key to sign with; \
         use a key of the service account itself"
    )]
    ImpersonatedServiceAccount,
    /// Another `type`. It is told only when it is a plain word.
    #[error("the key's type is {}, not service_account; use a service account key", .0.as_deref().unwrap_or("unknown"))]
    OtherType(Option<String>),
    /// A member that every key file has is absent, null or empty.
    #[error("the key has no `{0}`; use the file exactly as Google Cloud's console downloaded it")]
    Missing(&'static str),
    /// A member that must be a string is something else.
    #[error("the key's `{0}` is not a string; use the file exactly as Google Cloud's console downloaded it")]
    NotText(&'static str),
    /// `private_key` has no `-----BEGIN …-----` line.
    #[error(
        "the key's `private_key` does not start with -----BEGIN PRIVATE KEY-----; it was cut or replaced: \
         copy the whole member, both marker lines included"
    )]
    NoPemHeader,
    /// `private_key` has no matching `-----END …-----` line, or what lies between is not base64.
    #[error(
        "the key's `private_key` is cut short or damaged; copy the whole member, both marker lines included"
    )]
    DamagedPem,
    /// Protected by a passphrase.
    #[error(
        "the key's `private_key` is encrypted; Google's key files are not: create a new key and use it as it is"
    )]
    Encrypted,
    /// A public key, a certificate or another PEM object.
    #[error(
        "the key's `private_key` holds something else than a private key; create a new key of the service account"
    )]
    NotAPrivateKey,
    /// An elliptic-curve or Edwards key.
    #[error(
        "the key's `private_key` is not an RSA key; the token endpoint accepts RS256 only: create a new key of the \
         service account"
    )]
    NotRsa,
    /// The PEM decodes, the structure inside does not.
    #[error("the key's `private_key` decodes to something that is not a private key; create a new key")]
    DamagedKey,
    /// A modulus under 2,048 bits.
    #[error(
        "the key has {bits} bits; 2048 is the least that is safe: create a new key of the service account"
    )]
    TooShort {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// `token_uri` is not an absolute URL with a host, or names a user.
    #[error("`token_uri` is not a URL; Google's key files say https://oauth2.googleapis.com/token")]
    TokenUri,
    /// `token_uri` would send the assertion unencrypted.
    #[error("`token_uri` is not https; plain http is allowed for 127.0.0.1, [::1] and localhost only")]
    TokenUriNotHttps,
}

/// Why scopes cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The list was empty.
    #[error(
        "no scope was given; a token needs at least one, such as https://www.googleapis.com/auth/userinfo.email"
    )]
    NoScope,
    /// A scope is empty or holds white space, a comma or a control character.
    #[error(
        "scope number {position} is empty or holds a space, comma or control character; give one scope per item"
    )]
    Malformed {
        /// Which one, counted from 1.
        position: usize,
    },
}

/// Why a message was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signer does not take this key.
    #[error("the private key cannot be used to sign: {0}; create a new key of the service account")]
    UnusableKey(people_rs256::KeyError),
    /// The message is not the signing input of an assertion for this key.
    #[error(
        "what was to be signed is not an assertion made for this key; make it with Assertion::unsigned and the same key"
    )]
    NotAnAssertion,
    /// The signing itself failed.
    #[error("signing failed; try once more, and replace the key if it fails again")]
    Failed,
    /// The host's own cryptography refused, in words of the host that name no secret.
    #[error("the host's cryptography could not sign: {0}")]
    Host(&'static str),
}
