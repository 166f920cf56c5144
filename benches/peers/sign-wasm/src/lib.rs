//! Import a key, sign, by whichever signer the feature names.

#[cfg(feature = "own")]
mod signer {
    use std::cell::RefCell;

    use people_rs256::{KeyError, SigningKey};

    thread_local!(static KEY: RefCell<Result<SigningKey, KeyError>> = const { RefCell::new(Err(KeyError::Der)) });

    pub(crate) fn import(der: &[u8], plain: bool) -> bool {
        let key = if plain { SigningKey::from_pkcs8_der_on(der, "scalar") } else { SigningKey::from_pkcs8_der(der) };
        KEY.set(key);
        KEY.with_borrow(Result::is_ok)
    }

    pub(crate) fn state() -> String {
        KEY.with_borrow(|key| key.as_ref().map_or_else(KeyError::to_string, |key| key.kernel().to_owned()))
    }

    pub(crate) fn sign(message: &[u8], seed: &[u8]) -> Vec<u8> {
        let seed = seed.try_into().unwrap_or(&[0; 32]);
        KEY.with_borrow(|key| key.as_ref().ok().and_then(|key| key.sign(message, seed).ok()).unwrap_or_default())
    }
}

#[cfg(feature = "peer")]
mod signer {
    use std::cell::RefCell;

    use jwt_simple::prelude::{Claims, Duration, RS256KeyPair, RSAKeyPairLike};

    thread_local!(static KEY: RefCell<Option<RS256KeyPair>> = const { RefCell::new(None) });

    pub(crate) fn import(der: &[u8], _plain: bool) -> bool {
        KEY.set(RS256KeyPair::from_der(der).ok());
        KEY.with_borrow(Option::is_some)
    }

    pub(crate) fn state() -> String {
        "jwt-simple".to_owned()
    }

    /// It signs claims, not bytes: the message is one claim. Its header and JSON cost about a microsecond.
    pub(crate) fn sign(message: &[u8], _seed: &[u8]) -> Vec<u8> {
        let claims = Claims::create(Duration::from_secs(3600)).with_subject(String::from_utf8_lossy(message));
        KEY.with_borrow(|key| key.as_ref().and_then(|key| key.sign(claims).ok()).unwrap_or_default().into_bytes())
    }
}

use wasm_bindgen::prelude::wasm_bindgen;

/// Takes the key, and says whether it is one.
#[wasm_bindgen]
pub fn load(der: &[u8], plain: bool) -> bool {
    signer::import(der, plain)
}

/// The kernel's name, or why the key was refused.
#[wasm_bindgen]
pub fn state() -> String {
    signer::state()
}

/// The signature, or nothing where it failed.
#[wasm_bindgen]
pub fn sign(message: &[u8], seed: &[u8]) -> Vec<u8> {
    signer::sign(message, seed)
}
