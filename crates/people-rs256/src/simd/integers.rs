//! Loads for `modulus`, whose arithmetic is in integers: vectors of what references point at.

use core::arch::wasm32::{v128, v128_load};

/// Four numbers. Also of a digit to fill all lanes: that is stored four times, since of a splat LLVM would know that all lanes are alike, and make of
/// an extending product one of 64 bits by 64, which engines must emulate.
#[inline(always)]
pub(crate) fn four(digits: &[u32; 4]) -> v128 {
    // SAFETY: the reference is to 16 bytes; loads of wasm need no alignment.
    unsafe { v128_load(digits.as_ptr().cast()) }
}
