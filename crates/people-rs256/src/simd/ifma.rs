//! x86-64 with AVX-512 IFMA: products of 52-bit digits in integers, two columns of both primes in a vector of 256 bits. Found at run time.
//!
//! The instructions take the low 52 bits of each factor and ignore the others, so a sum is a digit as it is, and its carry need not be taken off. They
//! add the low or the high half of a product to a sum; halves are below 2^52, and a column has at most 2 * 88 of them. Nothing is signed, so there is no bias.
//!
//! Vectors of 512 bits were tried: on a processor that makes two halves of each (Zen 4) they are a tenth slower.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi64, _mm_loadu_si128, _mm_set1_epi64x, _mm_srli_epi64, _mm_store_si128,
    _mm256_add_epi64, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi64, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd52hi_epu64,
    _mm256_madd52lo_epu64, _mm256_or_si256, _mm256_set_epi64x, _mm256_set_m128i, _mm256_set1_epi64x,
    _mm256_setzero_si256, _mm256_storeu_si256,
};

use zeroize::DefaultIsZeroes;

use super::{Cell, Four, Machine, PASS, Shape, multiply, select, square};

/// AVX-512 IFMA and VL.
pub(crate) struct Ifma;

const BITS: u32 = 52;

/// A sum modulo p and one modulo q: the low bits are the digit.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub(crate) struct Words([u64; 2]);

impl DefaultIsZeroes for Words {}

impl Cell for Words {
    fn new(p: u64, q: u64) -> Self {
        Self([p, q])
    }

    fn numbers(self) -> (u64, u64) {
        let [p, q] = self.0.map(|sum| sum & ((1 << BITS) - 1));
        (p, q)
    }
}

// SAFETY (of all functions): the instructions are those of AVX-512 IFMA, VL and what these imply; who calls has seen `available`. Pointers
// come from the algorithm, with its proof; a cell is 16 bytes, aligned to 16, and pairs are loaded without a claim about alignment.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument for all, above")]
impl Machine for Ifma {
    const NAME: &str = "ifma";
    const BITS: u32 = BITS;
    const STEPS: usize = 2;
    const LOW_BIAS: u64 = 0;
    const HIGH_BIAS: u64 = 0;
    const NUMBERS: [u64; 2] = [0; 2];
    type Cell = Words;
    type One = __m128i;
    type Two = __m256i;
    type Constants = ();

    fn available() -> bool {
        std::arch::is_x86_feature_detected!("avx512ifma") && std::arch::is_x86_feature_detected!("avx512vl")
    }

    #[inline(always)]
    unsafe fn constants(_numbers: &[u64; 2]) {}

    #[inline(always)]
    unsafe fn splat(number: u64) -> __m128i {
        unsafe { _mm_set1_epi64x(number.cast_signed()) }
    }

    #[inline(always)]
    unsafe fn zero() -> __m256i {
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn both(at: *const Words) -> __m256i {
        unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(at.cast())) }
    }

    #[inline(always)]
    unsafe fn pair(at: *const Words) -> __m256i {
        unsafe { _mm256_loadu_si256(at.cast()) }
    }

    #[inline(always)]
    unsafe fn spread(digit: __m128i) -> __m256i {
        unsafe { _mm256_set_m128i(digit, digit) }
    }

    #[inline(always)]
    unsafe fn add(a: __m128i, b: __m128i) -> __m128i {
        unsafe { _mm_add_epi64(a, b) }
    }

    #[inline(always)]
    unsafe fn add_two(a: __m256i, b: __m256i) -> __m256i {
        unsafe { _mm256_add_epi64(a, b) }
    }

    #[inline(always)]
    unsafe fn second_only(a: __m256i) -> __m256i {
        unsafe { _mm256_and_si256(a, _mm256_set_epi64x(-1, -1, 0, 0)) }
    }

    #[inline(always)]
    unsafe fn halves(a: __m256i) -> (__m128i, __m128i) {
        unsafe { (_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a)) }
    }

    /// Multiplication and addition are one instruction.
    #[inline(always)]
    unsafe fn meet(four: &mut Four<Self>, which: usize, a: __m256i, b: __m256i) {
        if let (Some(lows), Some(highs)) = (four.lows.get_mut(which), four.highs.get_mut(which)) {
            unsafe {
                *lows = _mm256_madd52lo_epu64(*lows, a, b);
                *highs = _mm256_madd52hi_epu64(*highs, a, b);
            }
        }
    }

    /// Digits at even and at odd places have sums of their own, so that no instruction waits for the one before it; and a pair is loaded once:
    /// for two digits on it is the second pair.
    #[inline(always)]
    unsafe fn run(four: &mut Four<Self>, a: *const Words, b: *const Words, count: isize) {
        let (mut a, mut b, mut left) = (a, b, count);
        if left <= 0 {
            return;
        }
        unsafe {
            let mut others = Four::<Self>::zero(());
            let (mut even, mut odd) = (Self::pair(b.add(2)), Self::pair(b.add(1)));
            while left > 1 {
                let (digit, next) = (Self::both(a), Self::pair(b));
                Self::meet(four, 0, digit, next);
                Self::meet(four, 1, digit, even);
                even = next;
                let (digit, next) = (Self::both(a.add(1)), Self::pair(b.sub(1)));
                Self::meet(&mut others, 0, digit, next);
                Self::meet(&mut others, 1, digit, odd);
                odd = next;
                a = a.add(2);
                b = b.sub(2);
                left -= 2;
            }
            if left > 0 {
                let digit = Self::both(a);
                Self::meet(&mut others, 0, digit, Self::pair(b));
                Self::meet(&mut others, 1, digit, even);
            }
            let ([low, low_1], [high, high_1]) = (others.lows, others.highs);
            Self::gather(four, 0, low, high);
            Self::gather(four, 1, low_1, high_1);
        }
    }

    #[inline(always)]
    unsafe fn product(a: __m256i, b: __m256i, _constants: ()) -> (__m256i, __m256i) {
        unsafe {
            let zero = Self::zero();
            (_mm256_madd52lo_epu64(zero, a, b), _mm256_madd52hi_epu64(zero, a, b))
        }
    }

    #[inline(always)]
    unsafe fn digit(sum: __m128i) -> __m128i {
        sum
    }

    #[inline(always)]
    unsafe fn carry(sum: __m128i) -> __m128i {
        unsafe { _mm_srli_epi64::<{ BITS.cast_signed() }>(sum) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut Words, digit: __m128i) {
        unsafe { _mm_store_si128(at.cast(), digit) }
    }

    #[inline(always)]
    unsafe fn store_pair(at: *mut Words, digits: __m256i) {
        unsafe { _mm256_storeu_si256(at.cast(), digits) }
    }

    #[inline(always)]
    unsafe fn mask(wanted: &[u64; 2], number: u64) -> __m256i {
        unsafe {
            let wanted = _mm256_broadcastsi128_si256(_mm_loadu_si128(wanted.as_ptr().cast()));
            _mm256_cmpeq_epi64(wanted, _mm256_set1_epi64x(number.cast_signed()))
        }
    }

    #[inline(always)]
    unsafe fn gated(sum: __m256i, at: *const Words, mask: __m256i) -> __m256i {
        unsafe { _mm256_or_si256(sum, _mm256_and_si256(Self::pair(at), mask)) }
    }

    #[target_feature(enable = "avx512ifma,avx512vl")]
    unsafe fn select(
        shape: &Shape<Self>,
        out: *mut Words,
        entries: &[*const Words; PASS],
        first: u64,
        wanted: &[u64; 2],
    ) {
        unsafe { select(shape, out, entries, first, wanted) }
    }

    #[target_feature(enable = "avx512ifma,avx512vl")]
    unsafe fn multiply(shape: &Shape<Self>, out: *mut Words, a: *const Words, b: *const Words) {
        unsafe { multiply(shape, out, a, b) }
    }

    #[target_feature(enable = "avx512ifma,avx512vl")]
    unsafe fn square(shape: &Shape<Self>, out: *mut Words, a: *const Words) {
        unsafe { square(shape, out, a) }
    }
}
