//! Products of 51-bit digits in floating point, exactly, by fused multiplication and addition.
//!
//! Digits are integers `0 <= x < 2^51`, held as `f64`; one factor may be twice a digit. For a product `x * y < 2^103 - 2^52`:
//! - `h = fma(x, y, C1)` with `C1 = 2^103` lies between 2^103 and 2^104, where neighbouring numbers are 2^51 apart. So its mantissa
//!   counts, as an integer, `H = round(x * y / 2^51)` on top of `C1`'s bits.
//! - `C2 - h` with `C2 = C1 + 3 * 2^51` is `(3 - H) * 2^51`, a multiple of 2^51 below 2^104: exact.
//! - `l = fma(x, y, C2 - h)` is `x * y - H * 2^51 + 3 * 2^51`. Rounding to the nearest leaves `|x * y - H * 2^51| <= 2^50`, so `l` lies between 2^52 and
//!   2^53, where neighbours are 1 apart: exact, and its mantissa counts from 2^51 on top of 2^52's bits.
//!
//! So bits added as integers are sums of `H` and of low parts, each with a constant too much, which the columns' starts take off.

use zeroize::DefaultIsZeroes;

use super::Cell;

/// Bits of a digit.
pub(super) const BITS: u32 = 51;
/// All bits of a digit.
pub(super) const MASK: u64 = (1 << BITS) - 1;
/// 2^103.
pub(super) const C1: f64 = f64::from_bits(0x4660_0000_0000_0000);
/// `C1 + 3 * 2^51`.
pub(super) const C2: f64 = f64::from_bits(0x4660_0000_0000_0003);
/// Both, as they lie in memory.
pub(super) const NUMBERS: [u64; 2] = [C1.to_bits(), C2.to_bits()];
/// 2^52, whose mantissa counts in ones: an integer below 2^52 becomes a float by setting these bits and subtracting this.
pub(super) const INTEGER: f64 = f64::from_bits(0x4330_0000_0000_0000);
/// Too much in the sum of `H`.
pub(super) const HIGH_BIAS: u64 = 0x4660_0000_0000_0000;
/// Too much in the sum of low parts: the bits of 2^52 + 2^51.
pub(super) const LOW_BIAS: u64 = 0x4338_0000_0000_0000;

/// The bits of an `f64` modulo p and of one modulo q.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub(crate) struct Floats([u64; 2]);

impl Floats {
    /// As they are.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn bits(&self) -> [u64; 2] {
        self.0
    }
}

impl DefaultIsZeroes for Floats {}

impl Cell for Floats {
    fn new(p: u64, q: u64) -> Self {
        Self([(p as f64).to_bits(), (q as f64).to_bits()])
    }

    fn numbers(self) -> (u64, u64) {
        let [p, q] = self.0;
        (f64::from_bits(p) as u64, f64::from_bits(q) as u64)
    }
}
