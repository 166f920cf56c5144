//! Products of 17 digits of 61 bits, a prime of 1,024 bits: what most keys have. Their columns are written out, so that no loop remains and
//! each digit is at a place that the compiler knows; that is two and a half times as fast as loops over columns of any length.

#![expect(
    clippy::indexing_slicing,
    reason = "every index is a constant below the length, so none is checked"
)]

use super::width::{Limb, PRIME, Wide};

/// How many digits.
pub(super) const DIGITS: usize = 17;

/// A number.
pub(super) type Number = [Limb; DIGITS];

const MASK: Limb = (1 << PRIME) - 1;

/// Does something for the columns 0 to 16, and something else for those from 17 to 33.
macro_rules! columns {
    ($low:ident, $high:ident) => {
        columns!($low: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
        columns!($high: 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33);
    };
    ($each:ident: $($k:literal)*) => {
        $($each!($k);)*
    };
}

/// `a * b / R`, as [`super::Modulus::multiply`].
#[inline(never)]
pub(super) fn multiply(out: &mut Number, a: &Number, b: &Number, m: &Number, minus_inverse: Limb) {
    reduced(out, m, minus_inverse, |k| column(a, b, first(k), k.min(DIGITS - 1) + 1, k));
}

/// `a * a / R`.
#[inline(never)]
pub(super) fn square(out: &mut Number, a: &Number, m: &Number, minus_inverse: Limb) {
    reduced(out, m, minus_inverse, |k| {
        let middle = if k % 2 == 0 && k / 2 < DIGITS { a[k / 2] } else { 0 };
        2 * column(a, a, first(k), k.div_ceil(2).max(first(k)), k) + Wide::from(middle) * Wide::from(middle)
    });
}

/// The first digit that has part in a column.
#[inline(always)]
fn first(k: usize) -> usize {
    (k + 1).saturating_sub(DIGITS)
}

/// Digits from `begin` to before `end` of one, each by the digit of the other that makes it column `k`.
#[inline(always)]
fn column(a: &Number, b: &Number, begin: usize, end: usize, k: usize) -> Wide {
    let mut sum = 0;
    let mut i = begin;
    while i < end {
        sum += Wide::from(a[i]) * Wide::from(b[k - i]);
        i += 1;
    }
    sum
}

/// The sum of the columns of a product, reduced on the way. While `out` fills up with the factors of the modulus, it is read by them only;
/// then each is overwritten when used for the last time.
#[inline(always)]
fn reduced(out: &mut Number, m: &Number, minus_inverse: Limb, product: impl Fn(usize) -> Wide) {
    let mut sum: Wide = 0;
    macro_rules! low {
        ($k:literal) => {
            sum += product($k);
            let carry = sum >> PRIME;
            sum = Wide::from(sum as Limb & MASK) + column(out, m, 0, $k, $k);
            out[$k] = (sum as Limb).wrapping_mul(minus_inverse) & MASK;
            sum += Wide::from(out[$k]) * Wide::from(m[0]);
            sum = (sum >> PRIME) + carry;
        };
    }
    macro_rules! high {
        ($k:literal) => {
            sum += product($k);
            let carry = sum >> PRIME;
            sum = Wide::from(sum as Limb & MASK) + column(out, m, $k - DIGITS + 1, DIGITS, $k);
            out[$k - DIGITS] = sum as Limb & MASK;
            sum = (sum >> PRIME) + carry;
        };
    }
    columns!(low, high);
    debug_assert!(sum == 0, "the last carry has a digit of its own");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulus::{Modulus, dot, square_column};

    #[test]
    fn the_same_as_by_columns_of_any_length() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match state >> 60 {
                0 => 0,
                1 => MASK,
                _ => state >> 3,
            }
        };
        for round in 0..2_000 {
            let mut bytes: Vec<u8> =
                (0..128).map(|_| if round == 0 { u8::MAX } else { next() as u8 }).collect();
            bytes[0] |= 0x80;
            bytes[127] |= 1;
            let modulus = Modulus::<PRIME>::new(&bytes);
            // Below 2^1024, so below twice the modulus.
            let mut number = || {
                let mut digits: Number = core::array::from_fn(|_| if round < 2 { MASK } else { next() });
                digits[DIGITS - 1] &= (1 << 48) - 1;
                digits
            };
            let (a, b) = (number(), number());
            let (mut out, mut plain) = (modulus.zero(), modulus.zero());
            modulus.multiply(&mut out, &a, &b);
            modulus.columns(&mut plain, |k| dot(&a, &b, k));
            assert_eq!(*out, *plain, "{a:?} {b:?}");
            modulus.square(&mut out, &a);
            modulus.columns(&mut plain, |k| square_column(&a, k));
            assert_eq!(*out, *plain, "{a:?}");
        }
    }
}
