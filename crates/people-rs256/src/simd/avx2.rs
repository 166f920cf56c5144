//! x86-64 with AVX2 and FMA: one vector is two columns of both primes. Found at run time.

use core::arch::x86_64::{
    __m128i, __m256d, __m256i, _mm_add_epi64, _mm_and_si128, _mm_castpd_si128, _mm_castsi128_pd,
    _mm_loadu_si128, _mm_or_si128, _mm_set1_epi64x, _mm_set1_pd, _mm_srli_epi64, _mm_store_si128, _mm_sub_pd,
    _mm256_add_epi64, _mm256_and_si256, _mm256_broadcast_pd, _mm256_broadcastsi128_si256,
    _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_castsi256_si128, _mm256_cmpeq_epi64,
    _mm256_extracti128_si256, _mm256_fmadd_pd, _mm256_loadu_pd, _mm256_or_si256, _mm256_set_epi64x,
    _mm256_set_m128i, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_setzero_si256, _mm256_storeu_si256,
    _mm256_sub_epi64, _mm256_sub_pd,
};

use super::float::{BITS, C1, C2, Floats, HIGH_BIAS, INTEGER, LOW_BIAS, MASK, NUMBERS};
use super::{Four, Machine, PASS, Shape, multiply, select, square};

/// AVX2 and FMA.
pub(crate) struct Avx2;

// SAFETY (of all functions): the instructions are those of AVX2, FMA and what these imply; who calls has seen `available`. Pointers
// come from the algorithm, with its proof; a cell is 16 bytes, aligned to 16, and pairs are loaded without a claim about alignment.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument for all, above")]
impl Machine for Avx2 {
    const NAME: &str = "avx2";
    const BITS: u32 = BITS;
    const STEPS: usize = 2;
    const LOW_BIAS: u64 = LOW_BIAS;
    const HIGH_BIAS: u64 = HIGH_BIAS;
    const NUMBERS: [u64; 2] = NUMBERS;
    type Cell = Floats;
    type One = __m128i;
    type Two = __m256i;
    /// Compilers know what to do with constants.
    type Constants = ();

    fn available() -> bool {
        std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
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
    unsafe fn both(at: *const Floats) -> __m256i {
        unsafe { _mm256_castpd_si256(_mm256_broadcast_pd(&*at.cast())) }
    }

    #[inline(always)]
    unsafe fn pair(at: *const Floats) -> __m256i {
        unsafe { _mm256_castpd_si256(_mm256_loadu_pd(at.cast())) }
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

    #[inline(always)]
    unsafe fn gather(four: &mut Four<Self>, which: usize, low: __m256i, high: __m256i) {
        if let (Some(lows), Some(highs)) = (four.lows.get_mut(which), four.highs.get_mut(which)) {
            unsafe {
                *lows = _mm256_sub_epi64(*lows, low);
                *highs = _mm256_add_epi64(*highs, high);
            }
        }
    }

    #[inline(always)]
    unsafe fn product(a: __m256i, b: __m256i, _constants: ()) -> (__m256i, __m256i) {
        unsafe {
            let (a, b): (__m256d, __m256d) = (_mm256_castsi256_pd(a), _mm256_castsi256_pd(b));
            let high = _mm256_fmadd_pd(a, b, _mm256_set1_pd(C1));
            let low = _mm256_fmadd_pd(a, b, _mm256_sub_pd(_mm256_set1_pd(C2), high));
            (_mm256_castpd_si256(low), _mm256_castpd_si256(high))
        }
    }

    #[inline(always)]
    unsafe fn digit(sum: __m128i) -> __m128i {
        unsafe {
            let bits = _mm_and_si128(sum, _mm_set1_epi64x(MASK.cast_signed()));
            let integer = _mm_or_si128(bits, _mm_set1_epi64x(INTEGER.to_bits().cast_signed()));
            _mm_castpd_si128(_mm_sub_pd(_mm_castsi128_pd(integer), _mm_set1_pd(INTEGER)))
        }
    }

    #[inline(always)]
    unsafe fn carry(sum: __m128i) -> __m128i {
        unsafe { _mm_srli_epi64::<{ BITS.cast_signed() }>(sum) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut Floats, digit: __m128i) {
        unsafe { _mm_store_si128(at.cast(), digit) }
    }

    #[inline(always)]
    unsafe fn store_pair(at: *mut Floats, digits: __m256i) {
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
    unsafe fn gated(sum: __m256i, at: *const Floats, mask: __m256i) -> __m256i {
        unsafe { _mm256_or_si256(sum, _mm256_and_si256(Self::pair(at), mask)) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn select(
        shape: &Shape<Self>,
        out: *mut Floats,
        entries: &[*const Floats; PASS],
        first: u64,
        wanted: &[u64; 2],
    ) {
        unsafe { select(shape, out, entries, first, wanted) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn multiply(shape: &Shape<Self>, out: *mut Floats, a: *const Floats, b: *const Floats) {
        unsafe { multiply(shape, out, a, b) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn square(shape: &Shape<Self>, out: *mut Floats, a: *const Floats) {
        unsafe { square(shape, out, a) }
    }
}
