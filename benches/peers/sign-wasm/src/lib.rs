//! Import a key, sign, by whichever signer the feature names.

#[cfg(feature = "own")]
mod signer {
    use std::cell::RefCell;

    use people_rs256::SigningKey;

    thread_local!(static KEY: RefCell<Option<SigningKey>> = const { RefCell::new(None) });

    pub(crate) fn import(der: &[u8], plain: bool) -> String {
        let key = if plain { SigningKey::from_pkcs8_der_on(der, "scalar") } else { SigningKey::from_pkcs8_der(der) };
        match key {
            Ok(key) => KEY.with_borrow_mut(|place| place.insert(key).kernel().to_owned()),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) fn sign(message: &[u8], seed: &[u8]) -> Vec<u8> {
        let seed = seed.try_into().unwrap_or(&[0; 32]);
        KEY.with_borrow(|key| key.as_ref().and_then(|key| key.sign(message, seed).ok()).unwrap_or_default())
    }
}

#[cfg(feature = "peer")]
mod signer {
    use std::cell::RefCell;

    use jwt_simple::prelude::{Claims, Duration, RS256KeyPair, RSAKeyPairLike};

    thread_local!(static KEY: RefCell<Option<RS256KeyPair>> = const { RefCell::new(None) });

    pub(crate) fn import(der: &[u8], _plain: bool) -> String {
        match RS256KeyPair::from_der(der) {
            Ok(key) => {
                KEY.set(Some(key));
                "jwt-simple".to_owned()
            }
            Err(error) => error.to_string(),
        }
    }

    /// It signs claims, not bytes: the message is one claim. Its header and JSON cost about a microsecond.
    pub(crate) fn sign(message: &[u8], _seed: &[u8]) -> Vec<u8> {
        let claims = Claims::create(Duration::from_secs(3600)).with_subject(String::from_utf8_lossy(message));
        KEY.with_borrow(|key| key.as_ref().and_then(|key| key.sign(claims).ok()).unwrap_or_default().into_bytes())
    }
}

use wasm_bindgen::prelude::wasm_bindgen;

/// Takes the key; the kernel's name, or why not.
#[wasm_bindgen]
pub fn load(der: &[u8], plain: bool) -> String {
    signer::import(der, plain)
}

/// The signature, or nothing where it failed.
#[wasm_bindgen]
pub fn sign(message: &[u8], seed: &[u8]) -> Vec<u8> {
    signer::sign(message, seed)
}
