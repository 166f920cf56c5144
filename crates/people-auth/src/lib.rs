//! Google service-account authentication without I/O: keys, assertions, the exchange and its errors, a cache of
//! tokens.
//!
//! Nothing here reads a clock, opens a connection, sleeps or spawns. Time and entropy are arguments, requests are
//! values. The one exception is the randomness with which [`JwtSimple`] blinds; see there.
//!
//! | module | holds |
//! |---|---|
//! | [`credentials`] | [`Credentials`] of every kind, and [`Flow`]: the way to a token, step by step |
//! | [`key`] | [`ServiceAccountKey`], parsed once at the border |
//! | [`ask`] | [`Ask`]: scopes and, for delegation, a subject |
//! | [`assertion`] | [`Assertion`]: header, claims, compact form |
//! | [`signer`] | [`Signer`]: bytes in, signature out |
//! | [`rs256`] | [`Rs256`], the signer in pure Rust |
//! | [`jwt`] | [`JwtSimple`], another, of the crate of that name (feature `jwt-simple`, on by default) |
//! | [`exchange`] | the request to the token endpoint, and [`Token`] from its answer |
//! | [`refusal`] | [`TokenError`]: why there is no token, and what to do |
//! | [`tokens`] | [`Tokens`], the cache |
//! | [`shared`] | [`SharedTokens`], the cache for many askers: one exchange at a time |
//! | [`error`] | what can be wrong with a key, an ask or a signature |
//!
//! ```
//! use people_auth::{Ask, Rs256, ServiceAccountKey, SharedTokens, exchange};
//! use people_model::time::Timestamp;
//!
//! # fn key_file() -> String {
//! #     let pem = jwt_simple::prelude::RS256KeyPair::generate(2048).unwrap().to_pem().unwrap();
//! #     serde_json::json!({
//! #         "type": "service_account", "client_email": "bridge@example.iam.gserviceaccount.com", "private_key_id": "1",
//! #         "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token",
//! #     }).to_string()
//! # }
//! # fn send(_: http::Request<bytes::Bytes>) -> http::Response<bytes::Bytes> {
//! #     http::Response::new(r#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer"}"#.into())
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ServiceAccountKey::parse(key_file().as_bytes())?;
//! let signer = Rs256::new(&key)?;
//! let tokens = SharedTokens::<String>::new(); // for failures told as text
//!
//! let ask = Ask::new(["https://www.googleapis.com/auth/userinfo.email"])?;
//! let now: Timestamp = "2026-01-02T03:04:05Z".parse()?;
//! let seed = [0; 32]; // fresh entropy of the host
//!
//! let token = tokens
//!     .get(&ask, now, async |ask| {
//!         let request = exchange::prepare(&key, &signer, ask, now, &seed).await.map_err(|e| e.to_string())?;
//!         let response = send(request); // the host's part
//!         exchange::accept(response.status(), response.headers(), response.body(), now).map_err(|e| e.to_string())
//!     })
//!     .await?;
//! assert_eq!(token.expose(), "ya29.a");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod ask;
pub mod assertion;
pub mod credentials;
pub mod error;
pub mod exchange;
#[cfg(feature = "jwt-simple")]
pub mod jwt;
pub mod key;
mod misconfigured;
mod pem;
pub mod refusal;
pub mod rs256;
pub mod shared;
pub mod signer;
pub mod tokens;

pub use ask::Ask;
pub use assertion::{AUDIENCE, Assertion, Reach, Unsigned};
pub use credentials::{Allowed, Credentials, CredentialsError, Flow, FlowError};
pub use error::{AskError, KeyError, SignError};
pub use exchange::Token;
#[cfg(feature = "jwt-simple")]
pub use jwt::JwtSimple;
pub use key::ServiceAccountKey;
/// Why the numbers of a key are refused: what [`SignError::UnusableKey`] carries.
pub use people_rs256::KeyError as UnusableKey;
pub use refusal::{Misconfigured, TokenError};
pub use rs256::Rs256;
pub use shared::SharedTokens;
pub use signer::Signer;
pub use tokens::{Bearer, Rejected, Tokens};

/// A word that can be shown: letters and underscores, 40 at most. Anything else from outside might be a secret or
/// name a person.
fn plain_word(text: &str) -> Option<String> {
    let plain =
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    plain.then(|| text.to_owned())
}
