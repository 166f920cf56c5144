//! Both primes side by side in the lanes of vectors. The one place with `unsafe`: vector instructions and loads without bounds checks.
//!
//! # The algorithm
//! A cell holds one digit modulo p and the same digit modulo q. Montgomery's multiplication goes by columns, four at a time: a digit of `a` is
//! loaded once and meets four neighbouring digits of `b`. It reduces not by p but by the
//! multiple `p' = k * p` whose lowest digit, or two lowest ([`Machine::STEPS`]), are `radix - 1`. Then the factor of each step is the column's lowest
//! digit itself, with no multiplication between them, and since `t + u * p' = (t - u) + u * (p' + 1)`, the sum divided by the radix is `t >> bits`
//! plus `u * tail`, where `tail = (p' + 1) / radix`. Where two digits are so, the tail's lowest digit is zero: a factor does not touch the
//! next column, so there is half as long a chain from factor to factor, and of radix 2^52 there are no more digits for it.
//!
//! With `N` digits, R = radix^N is at least four times `p'`, so that products of numbers below twice `p'` are below twice `p'` again, and nothing is ever
//! subtracted conditionally. `count` in `lanes.rs` sees to that.
//!
//! # Bounds of memory
//! Numbers are `N + 8` cells: `N` digits, `N` even, between four zeros and four, so that four neighbours may stick out at either end. A
//! pointer to a number points at its digit 0. `tail` has `N - 1` digits and is stored with another zero.

use zeroize::DefaultIsZeroes;

use crate::wiped::Wiped;

mod columns;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) mod integers;
mod lanes;
mod starts;
use columns::{Four, PASS, multiply, select, square};
pub(crate) use lanes::Lanes;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(any(target_arch = "x86_64", target_feature = "relaxed-simd"))]
mod float;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", target_feature = "relaxed-simd"))]
mod relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
mod simd128;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2 as Usual;
#[cfg(target_arch = "x86_64")]
pub(crate) use ifma::Ifma;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", target_feature = "relaxed-simd"))]
pub(crate) use relaxed::Relaxed as Usual;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
pub(crate) use simd128::Simd128 as Usual;

/// The vectors of a machine. Every function is a few instructions; none branches.
///
/// # Safety
/// Whoever calls has seen [`available`](Self::available) answer `true` in this process.
pub(crate) trait Machine: Sized {
    const NAME: &'static str;
    /// Bits of a digit.
    const BITS: u32;
    /// How many of the lowest digits of `p'` are `radix - 1`: one or two.
    const STEPS: usize;
    /// What the raw sum of one product's low part is too large by.
    const LOW_BIAS: u64;
    /// The same for its high part, which counts in the next column; zero where products are not split.
    const HIGH_BIAS: u64;
    /// What [`constants`](Self::constants) are made of.
    const NUMBERS: [u64; 2];
    /// A digit modulo p and a digit modulo q, as they lie in memory.
    type Cell: Cell;
    /// A sum, or a digit, modulo p and modulo q.
    type One: Copy;
    /// Two neighbouring columns.
    type Two: Copy;
    /// What products need, loaded once per multiplication: engines make a constant anew wherever it stands, in inner loops too.
    type Constants: Copy;

    /// Whether this processor has the instructions and calculates exactly.
    fn available() -> bool;
    /// The constants, from [`Shape::numbers`].
    unsafe fn constants(numbers: &[u64; 2]) -> Self::Constants;
    /// The same number for both primes.
    unsafe fn splat(number: u64) -> Self::One;
    unsafe fn zero() -> Self::Two;
    /// A cell, for both columns.
    unsafe fn both(at: *const Self::Cell) -> Self::Two;
    /// A cell and the next.
    unsafe fn pair(at: *const Self::Cell) -> Self::Two;
    /// A digit as [`digit`](Self::digit) made it, for both columns.
    unsafe fn spread(digit: Self::One) -> Self::Two;
    unsafe fn add(a: Self::One, b: Self::One) -> Self::One;
    unsafe fn add_two(a: Self::Two, b: Self::Two) -> Self::Two;
    /// Adds the parts of products to the sums: `which` is 0 for the first two columns and 1 for the last.
    #[inline(always)]
    unsafe fn gather(four: &mut Four<Self>, which: usize, low: Self::Two, high: Self::Two) {
        // SAFETY: the caller's word.
        unsafe {
            if which == 0 {
                four.lows[0] = Self::add_two(four.lows[0], low);
                four.highs[0] = Self::add_two(four.highs[0], high);
            } else {
                four.lows[1] = Self::add_two(four.lows[1], low);
                four.highs[1] = Self::add_two(four.highs[1], high);
            }
        }
    }
    /// Adds the products of a digit and two neighbours, to the columns that `which` says.
    #[inline(always)]
    unsafe fn meet(four: &mut Four<Self>, which: usize, a: Self::Two, b: Self::Two) {
        // SAFETY: the caller's word.
        unsafe {
            let (low, high) = Self::product(a, b, four.constants);
            Self::gather(four, which, low, high);
        }
    }
    /// Adds the products of `count` digits from `a` upwards, the first with the four at `b`, each other with those one lower than the last; nothing
    /// if `count` is not positive. `a` ends `count` cells above and `b` as many below, which is still in their numbers or the zeros around.
    #[inline(always)]
    unsafe fn run(four: &mut Four<Self>, a: *const Self::Cell, b: *const Self::Cell, count: isize) {
        // One digit's products in a body: with two compilers keep them all until the end, and run out of registers.
        let (mut a, mut b, mut left) = (a, b, count);
        while left > 0 {
            // SAFETY: the caller's word.
            unsafe {
                four.meet(Self::both(a), b);
                a = a.add(1);
                b = b.sub(1);
                left -= 1;
            }
        }
    }
    /// The second column only.
    unsafe fn second_only(a: Self::Two) -> Self::Two;
    /// The sums of the first and the second column.
    unsafe fn halves(a: Self::Two) -> (Self::One, Self::One);
    /// The low and the high part of digit by digit, each with its bias.
    unsafe fn product(a: Self::Two, b: Self::Two, constants: Self::Constants) -> (Self::Two, Self::Two);
    /// The low bits of a sum, made a factor.
    unsafe fn digit(sum: Self::One) -> Self::One;
    /// A sum without them, shifted down; sums count as unsigned.
    unsafe fn carry(sum: Self::One) -> Self::One;
    unsafe fn store(at: *mut Self::Cell, digit: Self::One);
    unsafe fn store_pair(at: *mut Self::Cell, digits: Self::Two);
    /// For two neighbours: all bits of digits modulo p if `number` is the first that is wanted, all of digits modulo q if it is the second.
    unsafe fn mask(wanted: &[u64; 2], number: u64) -> Self::Two;
    /// `sum`, and those bits of a cell and the next that the mask has.
    unsafe fn gated(sum: Self::Two, at: *const Self::Cell, mask: Self::Two) -> Self::Two;
    /// [`select`], [`multiply`] and [`square`], compiled for the machine.
    unsafe fn select(
        shape: &Shape<Self>,
        out: *mut Self::Cell,
        entries: &[*const Self::Cell; PASS],
        first: u64,
        wanted: &[u64; 2],
    );
    unsafe fn multiply(shape: &Shape<Self>, out: *mut Self::Cell, a: *const Self::Cell, b: *const Self::Cell);
    unsafe fn square(shape: &Shape<Self>, out: *mut Self::Cell, a: *const Self::Cell);
}

/// Memory for a digit of each prime.
pub(crate) trait Cell: DefaultIsZeroes {
    fn new(p: u64, q: u64) -> Self;
    /// The digits modulo p and modulo q.
    fn numbers(self) -> (u64, u64);
}

/// What multiplication needs to know of the primes.
pub(crate) struct Shape<M: Machine> {
    digits: usize,
    /// `(p' + 1) / radix`, `digits` cells between zeros like every number.
    tail: Number<M>,
    /// What each column's sum starts with in a product and in a square: minus the biases, plus [`OFFSET`].
    product_start: Vec<u64>,
    square_start: Vec<u64>,
    /// [`Machine::NUMBERS`], in a place where the compiler does not know them.
    numbers: [u64; 2],
}

type Number<M> = Wiped<<M as Machine>::Cell>;

/// Added to every column so that sums of signed parts stay above zero, and taken off the carry again. A column's true sum lies within 2^59:
/// at most 88 products, whose parts are below 2^52.
const OFFSET: u64 = 1 << 60;

/// Zeros before and after the digits of a number.
const PADDING: usize = 4;

/// Digit 0 of a number that is only read.
fn start<T>(number: &[T]) -> *const T {
    debug_assert!(number.len() > 2 * PADDING);
    // SAFETY: every number has its zeros, so what follows the first ones is within it.
    unsafe { number.as_ptr().add(PADDING) }
}

/// Digit 0 of a number to be written.
fn start_mut<T>(number: &mut [T]) -> *mut T {
    debug_assert!(number.len() > 2 * PADDING);
    // SAFETY: as above.
    unsafe { number.as_mut_ptr().add(PADDING) }
}
