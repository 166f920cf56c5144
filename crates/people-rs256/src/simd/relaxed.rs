//! WebAssembly with relaxed SIMD: two vectors are two columns of both primes.
//!
//! Relaxed multiplication and addition may be fused or not, as the host likes. [`Machine::available`] looks.

use core::arch::wasm32::{
    f64x2_relaxed_madd, f64x2_splat, f64x2_sub, i64x2_add, i64x2_eq, i64x2_splat, i64x2_sub, u64x2_shr,
    u64x2_splat, v128, v128_and, v128_load, v128_load64_splat, v128_or, v128_store,
};

use super::float::{BITS, Floats, HIGH_BIAS, INTEGER, LOW_BIAS, MASK, NUMBERS};
use super::{Cell as _, Four, Machine, PASS, Shape, multiply, select, square};

/// Relaxed SIMD.
pub(crate) struct Relaxed;

/// The low and the high part of one product.
#[inline(always)]
fn one(a: v128, b: v128, (c1, c2): (v128, v128)) -> (v128, v128) {
    let high = f64x2_relaxed_madd(a, b, c1);
    (f64x2_relaxed_madd(a, b, f64x2_sub(c2, high)), high)
}

// SAFETY (of all functions): a module with these instructions does not start where they are missing. Pointers come from the
// algorithm, with its proof; loads of wasm need no alignment.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument for all, above")]
impl Machine for Relaxed {
    const NAME: &str = "relaxed";
    const BITS: u32 = BITS;
    const STEPS: usize = 2;
    const LOW_BIAS: u64 = LOW_BIAS;
    const HIGH_BIAS: u64 = HIGH_BIAS;
    const NUMBERS: [u64; 2] = NUMBERS;
    type Cell = Floats;
    type One = v128;
    type Two = (v128, v128);
    /// `C1` and `C2`.
    type Constants = (v128, v128);

    /// Whether the host fuses: a product whose low half would be lost otherwise. `black_box`, since the compiler may know better than the host.
    fn available() -> bool {
        let (x, y) = ((1 << 52) - 3, (1 << 52) - 5);
        let cells = core::hint::black_box([Floats::new(x, x), Floats::new(y, y)]);
        let [x_cell, y_cell] = &cells;
        let mut sum = [Floats::default(); 2];
        let [low_cell, high_cell] = &mut sum;
        unsafe {
            let constants = Self::constants(&NUMBERS);
            let ((low, _), (high, _)) = Self::product(Self::both(x_cell), Self::both(y_cell), constants);
            Self::store(low_cell, low);
            Self::store(high_cell, high);
        }
        let (low, high) = (low_cell.bits(), high_cell.bits());
        let exact = u128::from(x) * u128::from(y);
        [0, 1].iter().all(|lane| {
            let (Some(low), Some(high)) = (low.get(*lane), high.get(*lane)) else { return false };
            let high = u128::from(high.wrapping_sub(HIGH_BIAS));
            let low = i128::from(low.wrapping_add(LOW_BIAS).wrapping_neg().cast_signed());
            (high << BITS).cast_signed().checked_add(low) == Some(exact.cast_signed())
        })
    }

    #[inline(always)]
    unsafe fn constants(numbers: &[u64; 2]) -> (v128, v128) {
        let [first, second] = numbers;
        unsafe { (v128_load64_splat(first), v128_load64_splat(second)) }
    }

    #[inline(always)]
    unsafe fn splat(number: u64) -> v128 {
        u64x2_splat(number)
    }

    #[inline(always)]
    unsafe fn zero() -> (v128, v128) {
        (i64x2_splat(0), i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn both(at: *const Floats) -> (v128, v128) {
        let one = unsafe { v128_load(at.cast()) };
        (one, one)
    }

    #[inline(always)]
    unsafe fn pair(at: *const Floats) -> (v128, v128) {
        unsafe { (v128_load(at.cast()), v128_load(at.add(1).cast())) }
    }

    #[inline(always)]
    unsafe fn spread(digit: v128) -> (v128, v128) {
        (digit, digit)
    }

    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        i64x2_add(a, b)
    }

    #[inline(always)]
    unsafe fn add_two(a: (v128, v128), b: (v128, v128)) -> (v128, v128) {
        (i64x2_add(a.0, b.0), i64x2_add(a.1, b.1))
    }

    /// High parts go straight into the next column's sum: five sums at work instead of eight, so that they stay in registers.
    #[inline(always)]
    unsafe fn gather(four: &mut Four<Self>, which: usize, low: (v128, v128), high: (v128, v128)) {
        let [first, second] = &mut four.lows;
        let [_, last] = &mut four.highs;
        if which == 0 {
            *first = (i64x2_sub(first.0, low.0), i64x2_add(i64x2_sub(first.1, low.1), high.0));
            second.0 = i64x2_add(second.0, high.1);
        } else {
            *second = (i64x2_sub(second.0, low.0), i64x2_add(i64x2_sub(second.1, low.1), high.0));
            last.1 = i64x2_add(last.1, high.1);
        }
    }

    /// The four digits that one meets move on by one with the next: three of them stay in registers, since engines check the bounds of each load. And products
    /// come one by one, each straight into its sums, so that an engine's first compiler has few values to keep.
    #[inline(always)]
    unsafe fn run(four: &mut Four<Self>, a: *const Floats, b: *const Floats, count: isize) {
        if count <= 0 {
            return;
        }
        let [(mut sum, mut sum_1), (mut sum_2, mut sum_3)] = four.lows;
        let mut sum_4 = four.highs[1].1;
        unsafe {
            let ((_, mut second), (mut third, mut fourth)) = (Self::pair(b), Self::pair(b.add(2)));
            let (mut a, mut b) = (a, b);
            let end = a.offset(count);
            while a != end {
                let (digit, first) = (v128_load(a.cast()), v128_load(b.cast()));
                let (low, high) = one(digit, first, four.constants);
                (sum, sum_1) = (i64x2_sub(sum, low), i64x2_add(sum_1, high));
                let (low, high) = one(digit, second, four.constants);
                (sum_1, sum_2) = (i64x2_sub(sum_1, low), i64x2_add(sum_2, high));
                let (low, high) = one(digit, third, four.constants);
                (sum_2, sum_3) = (i64x2_sub(sum_2, low), i64x2_add(sum_3, high));
                let (low, high) = one(digit, fourth, four.constants);
                (sum_3, sum_4) = (i64x2_sub(sum_3, low), i64x2_add(sum_4, high));
                (second, third, fourth) = (first, second, third);
                a = a.add(1);
                b = b.sub(1);
            }
        }
        four.lows = [(sum, sum_1), (sum_2, sum_3)];
        four.highs[1].1 = sum_4;
    }

    #[inline(always)]
    unsafe fn second_only(a: (v128, v128)) -> (v128, v128) {
        (i64x2_splat(0), a.1)
    }

    #[inline(always)]
    unsafe fn halves(a: (v128, v128)) -> (v128, v128) {
        a
    }

    #[inline(always)]
    unsafe fn product(
        a: (v128, v128),
        b: (v128, v128),
        constants: (v128, v128),
    ) -> ((v128, v128), (v128, v128)) {
        let (first, second) = (one(a.0, b.0, constants), one(a.1, b.1, constants));
        ((first.0, second.0), (first.1, second.1))
    }

    #[inline(always)]
    unsafe fn digit(sum: v128) -> v128 {
        let integer = v128_or(v128_and(sum, u64x2_splat(MASK)), f64x2_splat(INTEGER));
        f64x2_sub(integer, f64x2_splat(INTEGER))
    }

    #[inline(always)]
    unsafe fn carry(sum: v128) -> v128 {
        u64x2_shr(sum, BITS)
    }

    #[inline(always)]
    unsafe fn store(at: *mut Floats, digit: v128) {
        unsafe { v128_store(at.cast(), digit) }
    }

    #[inline(always)]
    unsafe fn store_pair(at: *mut Floats, digits: (v128, v128)) {
        unsafe {
            v128_store(at.cast(), digits.0);
            v128_store(at.add(1).cast(), digits.1);
        }
    }

    #[inline(always)]
    unsafe fn mask(wanted: &[u64; 2], number: u64) -> (v128, v128) {
        let mask = i64x2_eq(unsafe { v128_load(wanted.as_ptr().cast()) }, u64x2_splat(number));
        (mask, mask)
    }

    #[inline(always)]
    unsafe fn gated(sum: (v128, v128), at: *const Floats, mask: (v128, v128)) -> (v128, v128) {
        let digits = unsafe { Self::pair(at) };
        (v128_or(sum.0, v128_and(digits.0, mask.0)), v128_or(sum.1, v128_and(digits.1, mask.1)))
    }

    /// By itself, so that an engine that finds it hot compiles no more than it.
    #[inline(never)]
    unsafe fn select(
        shape: &Shape<Self>,
        out: *mut Floats,
        entries: &[*const Floats; PASS],
        first: u64,
        wanted: &[u64; 2],
    ) {
        unsafe { select(shape, out, entries, first, wanted) }
    }

    unsafe fn multiply(shape: &Shape<Self>, out: *mut Floats, a: *const Floats, b: *const Floats) {
        unsafe { multiply(shape, out, a, b) }
    }

    unsafe fn square(shape: &Shape<Self>, out: *mut Floats, a: *const Floats) {
        unsafe { square(shape, out, a) }
    }
}
