//! Products of as many digits as most keys have: 17 of 61 bits, a prime of 1,024, and 35 of 60 bits, a modulus of 2,048. Their columns are
//! written out, so that no loop remains and each digit is at a place that the compiler knows; that is twice as fast as loops over columns of any length.

#![expect(
    clippy::indexing_slicing,
    reason = "every index is a constant below the length, so none is checked"
)]

use super::width::{Limb, PRIME, Wide};

/// Digits of a prime of 1,024 bits.
const PRIMES: usize = 17;
/// Digits of a modulus of 2,048 bits.
const MODULI: usize = 35;

/// Does something with every column that numbers of 35 digits have; of those that shorter ones do not have the compiler makes nothing.
macro_rules! columns {
    ($each:ident) => {
        columns!($each:
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
            35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69);
    };
    ($each:ident: $($k:literal)*) => {
        $($each!($k);)*
    };
}

/// `a * b / R`, as [`super::Modulus::multiply`], and whether it is written out for so many digits.
#[inline(always)]
pub(super) fn multiply<const B: u32>(
    out: &mut [Limb],
    a: &[Limb],
    b: &[Limb],
    m: &[Limb],
    minus_inverse: Limb,
) -> bool {
    if B == PRIME {
        product::<PRIMES, B>(out, a, b, m, minus_inverse).is_some()
    } else {
        product::<MODULI, B>(out, a, b, m, minus_inverse).is_some()
    }
}

/// `a * a / R`, and whether it is written out for so many digits.
#[inline(always)]
pub(super) fn square<const B: u32>(out: &mut [Limb], a: &[Limb], m: &[Limb], minus_inverse: Limb) -> bool {
    if B == PRIME {
        squared::<PRIMES, B>(out, a, m, minus_inverse).is_some()
    } else {
        squared::<MODULI, B>(out, a, m, minus_inverse).is_some()
    }
}

#[inline(never)]
fn product<const N: usize, const B: u32>(
    out: &mut [Limb],
    a: &[Limb],
    b: &[Limb],
    m: &[Limb],
    minus_inverse: Limb,
) -> Option<()> {
    let (out, m) = (out.try_into().ok()?, m.try_into().ok()?);
    let (a, b): (&[Limb; N], &[Limb; N]) = (a.try_into().ok()?, b.try_into().ok()?);
    reduced::<N, B>(out, m, minus_inverse, |k| column(a, b, first::<N>(k), k.min(N - 1) + 1, k));
    Some(())
}

#[inline(never)]
fn squared<const N: usize, const B: u32>(
    out: &mut [Limb],
    a: &[Limb],
    m: &[Limb],
    minus_inverse: Limb,
) -> Option<()> {
    let (out, m) = (out.try_into().ok()?, m.try_into().ok()?);
    let a: &[Limb; N] = a.try_into().ok()?;
    reduced::<N, B>(out, m, minus_inverse, |k| {
        let middle = if k % 2 == 0 && k / 2 < N { a[k / 2] } else { 0 };
        let begin = first::<N>(k);
        2 * column(a, a, begin, k.div_ceil(2).max(begin), k) + Wide::from(middle) * Wide::from(middle)
    });
    Some(())
}

/// The first digit that has part in a column.
#[inline(always)]
fn first<const N: usize>(k: usize) -> usize {
    (k + 1).saturating_sub(N)
}

/// Digits from `begin` to before `end` of one, each by the digit of the other that makes it column `k`.
#[inline(always)]
fn column<const N: usize>(a: &[Limb; N], b: &[Limb; N], begin: usize, end: usize, k: usize) -> Wide {
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
fn reduced<const N: usize, const B: u32>(
    out: &mut [Limb; N],
    m: &[Limb; N],
    minus_inverse: Limb,
    product: impl Fn(usize) -> Wide,
) {
    let mask: Limb = (1 << B) - 1;
    let mut sum: Wide = 0;
    macro_rules! each {
        ($k:literal) => {
            if $k < 2 * N {
                sum += product($k);
                let carry = sum >> B;
                let begin = first::<N>($k);
                sum = Wide::from(sum as Limb & mask) + column(out, m, begin, $k.min(N), $k);
                if $k < N {
                    out[$k] = (sum as Limb).wrapping_mul(minus_inverse) & mask;
                    sum += Wide::from(out[$k]) * Wide::from(m[0]);
                } else {
                    out[$k - N] = sum as Limb & mask;
                }
                sum = (sum >> B) + carry;
            }
        };
    }
    columns!(each);
    debug_assert!(sum == 0, "the last carry has a digit of its own");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulus::{Modulus, PUBLIC, dot, square_column};

    /// The product and the square of random numbers, many of whose digits are extreme.
    fn same<const N: usize, const B: u32>() {
        let mask: Limb = (1 << B) - 1;
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match state >> 60 {
                0 => 0,
                1 => mask,
                _ => state & mask,
            }
        };
        for round in 0..2_000 {
            let mut bytes: Vec<u8> = (0..if B == PRIME { 128 } else { 256 })
                .map(|_| if round == 0 { u8::MAX } else { next() as u8 })
                .collect();
            bytes[0] |= 0x80;
            *bytes.last_mut().unwrap() |= 1;
            let modulus = Modulus::<B>::new(&bytes);
            assert_eq!(modulus.digits().len(), N);
            // Below a power of two that is below twice the modulus.
            let top = bytes.len() as u32 * 8 - (N as u32 - 1) * B;
            let mut number = || {
                let mut digits: [Limb; N] = core::array::from_fn(|_| if round < 2 { mask } else { next() });
                digits[N - 1] &= (1 << top) - 1;
                digits
            };
            let (a, b) = (number(), number());
            let (mut out, mut plain) = (modulus.zero(), modulus.zero());
            assert!(multiply::<B>(&mut out, &a, &b, modulus.digits(), modulus.minus_inverse));
            modulus.columns(&mut plain, |k| dot(&a, &b, k));
            assert_eq!(out.as_slice(), plain.as_slice(), "{a:?} {b:?}");
            assert!(square::<B>(&mut out, &a, modulus.digits(), modulus.minus_inverse));
            modulus.columns(&mut plain, |k| square_column(&a, k));
            assert_eq!(out.as_slice(), plain.as_slice(), "{a:?}");
        }
    }

    #[test]
    fn the_same_as_by_columns_of_any_length() {
        same::<PRIMES, PRIME>();
        same::<MODULI, PUBLIC>();
    }
}
