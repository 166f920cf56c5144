//! Columns in blocks of four, in vectors of integers: the arithmetic of `modulus` where there is SIMD of WebAssembly.
//!
//! A digit of one number meets four neighbouring digits of the other, which are loaded at once.

use core::arch::wasm32::{
    i64x2_add, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4, u64x2_extract_lane, u64x2_splat,
};

use super::{Digits, Limb, Modulus, Wide, wide};
use crate::simd::integers::four;
use crate::wiped::Wiped;

/// Sums of four neighbouring columns.
type Sums = [Wide; 4];

/// Every digit four times.
pub(super) type Splat = Wiped<[Limb; 4]>;

/// Digits of a block.
pub(super) const BLOCK: usize = 4;

/// A number, most significant digit first, between four zeros and four, for blocks that reach beyond its ends.
pub(super) fn padded(number: &[Limb]) -> Digits {
    let mut out = Wiped::new(vec![0; number.len() + 2 * BLOCK]);
    for (place, digit) in out.iter_mut().skip(BLOCK).zip(number.iter().rev()) {
        *place = *digit;
    }
    out
}

/// What columns are the sums of.
pub(super) enum Columns {
    /// Products of the digits of two numbers of a like length.
    Product(Splat, Digits),
    /// Those of one number by itself.
    Square(Splat, Digits),
    /// Digits of a number.
    Given(Digits),
}

impl Columns {
    pub(super) fn product(a: &[Limb], b: &[Limb]) -> Self {
        Self::Product(splat(a), padded(b))
    }

    pub(super) fn square(a: &[Limb]) -> Self {
        Self::Square(splat(a), padded(a))
    }

    /// Columns `k` to `k + 3`.
    #[inline(always)]
    fn block(&self, k: usize) -> Sums {
        match self {
            Self::Product(a, b) => rows(a, b, k, (k + 1).saturating_sub(a.len()), (k + BLOCK).min(a.len())),
            Self::Square(a, b) => {
                let (n, half) = (a.len(), k / 2);
                let [s, s_1, s_2, s_3] = rows(a, b, k, (k + 1).saturating_sub(n).min(half), half);
                let Some([a_3, a_2, a_1, a]) = b.get(n - half..n - half + BLOCK) else { return [0; 4] };
                let [a, a_1, a_2, a_3] = [a, a_1, a_2, a_3].map(|digit| wide(*digit));
                [
                    2 * s + a * a,
                    2 * (s_1 + a * a_1),
                    2 * (s_2 + a * a_2) + a_1 * a_1,
                    2 * (s_3 + a * a_3 + a_1 * a_2),
                ]
            }
            Self::Given(digits) => [0, 1, 2, 3].map(|c| wide(digits.get(k + c).copied().unwrap_or(0))),
        }
    }
}

/// Every digit four times.
fn splat(number: &[Limb]) -> Splat {
    Wiped::new(number.iter().map(|digit| [*digit; 4]).collect())
}

/// The sums of `a[first]` by digits `k - first` to `k - first + 3` and so on up to `a[last - 1]`; `padded` is the other number.
#[inline(never)]
fn rows(a: &[[Limb; 4]], padded: &[Limb], k: usize, first: usize, last: usize) -> Sums {
    // Digit j is at place `zero - j`, so a window that begins at `zero - 3 - j` has digits j + 3 to j.
    let zero = padded.len() - BLOCK - 1;
    let windows = padded.get(zero + first - k - 3..zero + last - k).unwrap_or_default().windows(BLOCK);
    let (mut low, mut high) = (u64x2_splat(0), u64x2_splat(0));
    for (a, b) in a.get(first..last).unwrap_or_default().iter().zip(windows) {
        if let Ok(b) = b.try_into() {
            let (a, b) = (four(a), four(b));
            high = i64x2_add(high, u64x2_extmul_low_u32x4(a, b));
            low = i64x2_add(low, u64x2_extmul_high_u32x4(a, b));
        }
    }
    [
        u64x2_extract_lane::<1>(low),
        u64x2_extract_lane::<0>(low),
        u64x2_extract_lane::<1>(high),
        u64x2_extract_lane::<0>(high),
    ]
}

impl<const B: u32> Modulus<B> {
    /// Sum of columns, reduced on the way: the same as elsewhere, by blocks.
    #[inline(never)]
    pub(super) fn blocks(&self, out: &mut Digits, columns: &Columns) {
        let n = self.digits.len();
        let Some([m, m_1, m_2, m_3]) = self.digits.get(..BLOCK) else { return };
        let [m, m_1, m_2, m_3] = [m, m_1, m_2, m_3].map(|digit| wide(*digit));
        let mut factors: Splat = Wiped::new(vec![[0; 4]; n]);
        let mut sum: Wide = 0;
        for k in (0..2 * n).step_by(BLOCK) {
            // Factors before this block meet all four columns, those of this block the ones after their own.
            let reduced = rows(&factors, &self.padded, k, (k + 1).saturating_sub(n), k.min(n));
            let (mut f, mut f_1, mut f_2) = (0, 0, 0);
            for (column, (product, reduced)) in (k..).zip(columns.block(k).into_iter().zip(reduced)) {
                sum += product;
                let carry = sum >> B;
                sum = wide((sum as Limb) & Self::MASK) + reduced + f * m_1 + f_1 * m_2 + f_2 * m_3;
                let mut factor = 0;
                if let Some(place) = factors.get_mut(column) {
                    factor = (sum as Limb).wrapping_mul(self.minus_inverse) & Self::MASK;
                    *place = [factor; 4];
                } else if let Some(place) = out.get_mut(column - n) {
                    *place = (sum as Limb) & Self::MASK;
                }
                (f_2, f_1, f) = (f_1, f, wide(factor));
                sum = ((sum + f * m) >> B) + carry;
            }
        }
    }
}
