//! WebAssembly with plain SIMD: products of 28-bit digits in 64-bit lanes.
//!
//! Twice a digit has 29 bits, and two of them lie in 64 without a carry between. A column has at most 2 * 76 products below 2^56 and a carry below 2^36: below 2^63.3. Nothing is signed and nothing is split, so there is no bias.

use core::arch::wasm32::{
    i64x2_add, i64x2_eq, i64x2_splat, u32x4_shuffle, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4,
    u64x2_shr, u64x2_splat, v128, v128_and, v128_load, v128_load64_splat, v128_or, v128_store,
    v128_store64_lane,
};

use zeroize::DefaultIsZeroes;

use super::{Cell, Machine, PASS, Shape, multiply, select, square};

/// SIMD of 128 bits.
pub(crate) struct Simd128;

const BITS: u32 = 28;
const MASK: u64 = (1 << BITS) - 1;

/// A digit modulo p and one modulo q.
#[derive(Clone, Copy, Default)]
#[repr(C, align(8))]
pub(crate) struct Integers([u32; 2]);

impl DefaultIsZeroes for Integers {}

impl Cell for Integers {
    fn new(p: u64, q: u64) -> Self {
        Self([p as u32, q as u32])
    }

    fn numbers(self) -> (u64, u64) {
        let [p, q] = self.0;
        (p.into(), q.into())
    }
}

// SAFETY (of all functions): a module with these instructions does not start where they are missing. Pointers come from the
// algorithm, with its proof; loads of wasm need no alignment.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument for all, above")]
impl Machine for Simd128 {
    const NAME: &str = "simd128";
    const BITS: u32 = BITS;
    const STEPS: usize = 1;
    const LOW_BIAS: u64 = 0;
    const HIGH_BIAS: u64 = 0;
    const NUMBERS: [u64; 2] = [0; 2];
    type Cell = Integers;
    /// Sums in lanes of 64 bits; a digit has the lanes p, q, p, q of 32.
    type One = v128;
    /// As a factor the lanes p, q of the first column and of the second, 32 bits each; as sums two vectors.
    type Two = (v128, v128);
    type Constants = ();

    fn available() -> bool {
        true
    }

    #[inline(always)]
    unsafe fn constants(_numbers: &[u64; 2]) {}

    #[inline(always)]
    unsafe fn splat(number: u64) -> v128 {
        u64x2_splat(number)
    }

    #[inline(always)]
    unsafe fn zero() -> (v128, v128) {
        (i64x2_splat(0), i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn both(at: *const Integers) -> (v128, v128) {
        (unsafe { v128_load64_splat(at.cast()) }, i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn pair(at: *const Integers) -> (v128, v128) {
        (unsafe { v128_load(at.cast()) }, i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn spread(digit: v128) -> (v128, v128) {
        (digit, i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        i64x2_add(a, b)
    }

    #[inline(always)]
    unsafe fn add_two(a: (v128, v128), b: (v128, v128)) -> (v128, v128) {
        (i64x2_add(a.0, b.0), i64x2_add(a.1, b.1))
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
    unsafe fn product(a: (v128, v128), b: (v128, v128), _constants: ()) -> ((v128, v128), (v128, v128)) {
        let zero = i64x2_splat(0);
        ((u64x2_extmul_low_u32x4(a.0, b.0), u64x2_extmul_high_u32x4(a.0, b.0)), (zero, zero))
    }

    #[inline(always)]
    unsafe fn digit(sum: v128) -> v128 {
        let low = v128_and(sum, u64x2_splat(MASK));
        u32x4_shuffle::<0, 2, 0, 2>(low, low)
    }

    #[inline(always)]
    unsafe fn carry(sum: v128) -> v128 {
        u64x2_shr(sum, BITS)
    }

    #[inline(always)]
    unsafe fn store(at: *mut Integers, digit: v128) {
        unsafe { v128_store64_lane::<0>(digit, at.cast()) }
    }

    #[inline(always)]
    unsafe fn store_pair(at: *mut Integers, digits: (v128, v128)) {
        unsafe { v128_store(at.cast(), digits.0) }
    }

    #[inline(always)]
    unsafe fn mask(wanted: &[u64; 2], number: u64) -> (v128, v128) {
        let mask = i64x2_eq(unsafe { v128_load(wanted.as_ptr().cast()) }, u64x2_splat(number));
        (u32x4_shuffle::<0, 2, 0, 2>(mask, mask), i64x2_splat(0))
    }

    #[inline(always)]
    unsafe fn gated(sum: (v128, v128), at: *const Integers, mask: (v128, v128)) -> (v128, v128) {
        (v128_or(sum.0, v128_and(unsafe { v128_load(at.cast()) }, mask.0)), sum.1)
    }

    /// By itself, so that an engine that finds it hot compiles no more than it.
    #[inline(never)]
    unsafe fn select(
        shape: &Shape<Self>,
        out: *mut Integers,
        entries: &[*const Integers; PASS],
        first: u64,
        wanted: &[u64; 2],
    ) {
        unsafe { select(shape, out, entries, first, wanted) }
    }

    unsafe fn multiply(shape: &Shape<Self>, out: *mut Integers, a: *const Integers, b: *const Integers) {
        unsafe { multiply(shape, out, a, b) }
    }

    unsafe fn square(shape: &Shape<Self>, out: *mut Integers, a: *const Integers) {
        unsafe { square(shape, out, a) }
    }
}
