//! Who signs: bytes in, signature out. One implementation is [`crate::Rs256`]; a host may bring its own.

use crate::error::SignError;

/// Signs with the private key of one service account.
///
/// Asynchronous because some hosts have better cryptography than Rust code can have there, and offer it as a
/// promise (WebCrypto). There is no `Send` bound, on purpose: the future is `Send` whenever the implementation's
/// is.
///
/// An implementation that does the arithmetic itself must blind it, must not branch or index on secrets, and must
/// verify each signature with the public exponent before letting it out.
pub trait Signer {
    /// Signs `message` by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2) and returns the signature, as long
    /// as the modulus.
    ///
    /// `seed` is 32 bytes of fresh entropy from the host, for signers that blind with it. Signatures of this scheme
    /// are deterministic, so that the seed never shows in the outcome. It must be unpredictable and used once.
    ///
    /// # Errors
    /// [`SignError`] when no signature could be made.
    #[expect(
        async_fn_in_trait,
        reason = "Send follows from the implementation; whoever spawns must name the host"
    )]
    async fn sign(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError>;
}

impl<S: Signer + ?Sized> Signer for &S {
    async fn sign(&self, message: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        (**self).sign(message, seed).await
    }
}
