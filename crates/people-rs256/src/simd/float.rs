//! Products of 52-bit digits in floating point, exactly, by fused multiplication and addition.
//!
//! Digits are integers `0 <= x < 2^52`, held as `f64`. For a product `x * y <= (2^52 - 1)^2`:
//! - `h = fma(x, y, C1)` with `C1 = 2^104` lies between 2^104 and 2^105, where neighbouring numbers are 2^52 apart. So its mantissa
//!   counts, as an integer, `H = round(x * y / 2^52)`, at most 2^52 - 2, on top of `C1`'s bits.
//! - `C2 - h` with `C2 = C1 - 3 * 2^51` is `-(2 * H + 3) * 2^51`, and `2 * H + 3` is below 2^53: exact.
//! - `l = fma(x, y, C2 - h)` is `x * y - H * 2^52 - 3 * 2^51`. Rounding to the nearest leaves `|x * y - H * 2^52| <= 2^51`, so `-l` lies between 2^52 and
//!   2^53, where neighbours are 1 apart: exact, and its mantissa counts from the bits of `-2^52` on: `3 * 2^51` less what is left, so low parts are
//!   subtracted. (With a plus for the 3 all would be positive, but `C2` lies where odd multiples of 2^51 do not exist.)
//!
//! So bits added and subtracted as integers are sums of `H` and of low parts, each with a constant too much, which the columns' starts take off.

use zeroize::DefaultIsZeroes;

use super::Cell;

/// Bits of a digit.
pub(super) const BITS: u32 = 52;
/// All bits of a digit.
pub(super) const MASK: u64 = (1 << BITS) - 1;
/// 2^104.
pub(super) const C1: f64 = f64::from_bits(0x4670_0000_0000_0000);
/// `C1 - 3 * 2^51`.
pub(super) const C2: f64 = f64::from_bits(0x466f_ffff_ffff_fffd);
/// Both, as they lie in memory.
pub(super) const NUMBERS: [u64; 2] = [C1.to_bits(), C2.to_bits()];
/// 2^52, whose mantissa counts in ones: an integer below 2^52 becomes a float by setting these bits and subtracting this.
pub(super) const INTEGER: f64 = f64::from_bits(0x4330_0000_0000_0000);
/// Too much in the sum of `H`.
pub(super) const HIGH_BIAS: u64 = 0x4670_0000_0000_0000;
/// Too much in the sum of low parts, which are subtracted: minus the bits of -3 * 2^51.
pub(super) const LOW_BIAS: u64 = 0xc338_0000_0000_0000_u64.wrapping_neg();

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
