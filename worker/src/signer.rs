//! Who signs assertions: the arithmetic in this program, or the runtime's WebCrypto. Either is set up at the first signature, since most
//! objects never make one.

use std::cell::{OnceCell, RefCell};

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use people_auth::{Rs256, ServiceAccountKey, SignError, Signer};
use people_core::config::SignerKind;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::task::awaited;

const ALGORITHM: &str = "RSASSA-PKCS1-v1_5";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = sign, catch)]
    fn sign(algorithm: &str, key: &JsValue, message: &Uint8Array) -> Result<Promise, JsValue>;
}

/// The signer of the configuration.
pub(crate) struct EdgeSigner {
    kind: SignerKind,
    key: ServiceAccountKey,
    rust: OnceCell<Rs256>,
    web: RefCell<Option<JsValue>>,
}

impl EdgeSigner {
    pub(crate) fn new(kind: SignerKind, key: ServiceAccountKey) -> Self {
        Self { kind, key, rust: OnceCell::new(), web: RefCell::new(None) }
    }

    fn rust(&self) -> Result<&Rs256, SignError> {
        match self.rust.get() {
            Some(signer) => Ok(signer),
            None => {
                let signer = Rs256::new(&self.key)?;
                Ok(self.rust.get_or_init(|| signer))
            }
        }
    }

    /// The key in WebCrypto, from where it cannot be taken out again.
    async fn web(&self) -> Result<JsValue, JsValue> {
        let known = self.web.borrow().clone();
        if let Some(key) = known {
            return Ok(key);
        }
        let algorithm = Object::new();
        Reflect::set(&algorithm, &"name".into(), &ALGORITHM.into())?;
        Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
        let der = Uint8Array::from(self.key.pkcs8().expose().as_slice());
        let imported = import_key("pkcs8", &der, &algorithm, false, &Array::of1(&"sign".into()))?;
        let key = awaited(&imported).await;
        der.fill(0, 0, der.length());
        let key = key?;
        self.web.replace(Some(key.clone()));
        Ok(key)
    }

    async fn sign_web(&self, message: &[u8]) -> Result<Vec<u8>, JsValue> {
        let key = self.web().await?;
        let signature = awaited(&sign(ALGORITHM, &key, &Uint8Array::from(message))?).await?;
        Ok(Uint8Array::new(&signature).to_vec())
    }
}

impl Signer for EdgeSigner {
    async fn sign(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        match self.kind {
            SignerKind::Rust => self.rust()?.sign(message, seed).await,
            SignerKind::Webcrypto => self
                .sign_web(message)
                .await
                .map_err(|_| SignError::Host("WebCrypto refused the key or the message")),
        }
    }
}
