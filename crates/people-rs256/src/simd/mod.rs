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

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) mod integers;
mod lanes;
mod starts;
pub(crate) use lanes::Lanes;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(any(target_arch = "x86_64", target_feature = "relaxed-simd"))]
mod float;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", target_feature = "relaxed-simd"))]
mod relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
mod simd128;

/// The kernel's name.
pub(crate) const NAME: &str = <Best as Machine>::NAME;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2 as Best;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", target_feature = "relaxed-simd"))]
pub(crate) use relaxed::Relaxed as Best;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
pub(crate) use simd128::Simd128 as Best;

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
    /// A mask for digits modulo p and one for digits modulo q: all bits or none.
    unsafe fn mask(masks: &[u64; 2]) -> Self::One;
    /// `sum`, and those bits of a cell that the mask has.
    unsafe fn gated(sum: Self::One, at: *const Self::Cell, mask: Self::One) -> Self::One;
    /// [`multiply`] and [`square`], compiled for the machine.
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

/// The sums of four neighbouring columns: low parts and high parts, the latter for one column on.
pub(crate) struct Four<M: Machine> {
    lows: [M::Two; 2],
    highs: [M::Two; 2],
    constants: M::Constants,
}

impl<M: Machine> Four<M> {
    /// # Safety
    /// The machine is available.
    #[inline(always)]
    unsafe fn zero(constants: M::Constants) -> Self {
        // SAFETY: the caller's word.
        unsafe { Self { lows: [M::zero(), M::zero()], highs: [M::zero(), M::zero()], constants } }
    }

    /// Adds the products of one digit and four.
    ///
    /// # Safety
    /// The machine is available, `b` points at four cells.
    #[inline(always)]
    unsafe fn meet(&mut self, a: M::Two, b: *const M::Cell) {
        // SAFETY: the caller's word.
        unsafe {
            self.first(a, b);
            self.second(a, b.add(2));
        }
    }

    /// Twice as much.
    ///
    /// # Safety
    /// The machine is available.
    #[inline(always)]
    unsafe fn double(&mut self) {
        // SAFETY: the caller's word.
        unsafe {
            self.lows = self.lows.map(|sum| M::add_two(sum, sum));
            self.highs = self.highs.map(|sum| M::add_two(sum, sum));
        }
    }

    /// The first two columns only.
    ///
    /// # Safety
    /// The machine is available, `b` points at two cells.
    #[inline(always)]
    unsafe fn first(&mut self, a: M::Two, b: *const M::Cell) {
        // SAFETY: the caller's word.
        unsafe {
            let (low, high) = M::product(a, M::pair(b), self.constants);
            M::gather(self, 0, low, high);
        }
    }

    /// The last two columns only.
    ///
    /// # Safety
    /// As for [`first`](Self::first).
    #[inline(always)]
    unsafe fn second(&mut self, a: M::Two, b: *const M::Cell) {
        // SAFETY: the caller's word.
        unsafe {
            let (low, high) = M::product(a, M::pair(b), self.constants);
            M::gather(self, 1, low, high);
        }
    }
}

/// Where sums of columns come from, those of the reduction along with them. Not a closure: that would be compiled for the plainest processor.
trait Sums<M: Machine> {
    /// Columns `k` to `k + 3` for `k` even, from -2 to `digits - 4`, with the factors 0 to `k - 1` of the reduction, which meet the tail.
    ///
    /// # Safety
    /// The machine is available, and the pointers inside and both arguments point at digit 0 of numbers of that length.
    unsafe fn lower(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell);
    /// The same for `k` from `digits` to `2 * digits - 2`, and the factors from `k + 1 - digits` on.
    ///
    /// # Safety
    /// As for [`lower`](Self::lower).
    unsafe fn upper(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell);
}

struct Product<C> {
    digits: isize,
    a: *const C,
    b: *const C,
}

impl<M: Machine> Sums<M> for Product<M::Cell> {
    #[inline(always)]
    unsafe fn lower(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell) {
        let (a, b) = (self.a, self.b);
        // SAFETY: in the runs 0 <= i < k <= n - 4, so cells of `b` from 1 to n - 1 are read, and of `tail` from 0 to n - 2. Between them
        // digits of `a` from -2 to n - 1 meet those of `b` from -1 to 3.
        unsafe {
            M::run(sums, a, b.offset(k), k);
            sums.meet(M::both(a.offset(k)), b);
            sums.meet(M::both(a.offset(k + 1)), b.offset(-1));
            sums.second(M::both(a.offset(k + 2)), b);
            sums.second(M::both(a.offset(k + 3)), b.offset(-1));
            M::run(sums, factors, tail.offset(k - 1), k);
        }
    }

    #[inline(always)]
    unsafe fn upper(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell) {
        let n = self.digits;
        // SAFETY: k + 1 - n <= i < n, so k - i lies between 1 and n - 1, and four cells from there or from one before it end at n + 2. The first
        // i meets digit n - 1, or n - 2 of the tail, in the first column and zeros in the others: two columns do.
        unsafe {
            let from = k + 1 - n;
            sums.first(M::both(self.a.offset(from)), self.b.offset(n - 1));
            M::run(sums, self.a.offset(from + 1), self.b.offset(n - 2), n - 1 - from);
            sums.first(M::both(factors.offset(from)), tail.offset(n - 2));
            M::run(sums, factors.offset(from + 1), tail.offset(n - 3), n - 1 - from);
        }
    }
}

struct Square<C> {
    digits: isize,
    a: *const C,
}

impl<C> Square<C> {
    /// The products of digits from `from` to `half`: off the diagonal everything counts twice. Digit `half` meets itself in the first column, and
    /// three more in the others; the next one meets itself in the third.
    ///
    /// # Safety
    /// The machine is available, `a` points at a number, `from` is not negative, `half` lies between -1 and `digits - 1` and `2 * half - from` below `digits`.
    #[inline(always)]
    unsafe fn pairs<M: Machine<Cell = C>>(&self, sums: &mut Four<M>, from: isize, half: isize) {
        // SAFETY: in the run 2 * half - i lies between half + 1 and n - 1, after it cells between -1 and n + 2 are read.
        unsafe {
            M::run(sums, self.a.offset(from), self.a.offset(2 * half - from), half - from);
            let at = self.a.offset(half);
            let (middle, next) = (M::both(at), M::both(at.add(1)));
            sums.second(middle, at.add(2));
            sums.double();
            for (which, factor, at) in [(0, middle, at), (1, next, at.add(1))] {
                let (low, high) = M::product(factor, M::pair(at), sums.constants);
                let weighted = |own| M::add_two(own, M::second_only(own));
                M::gather(sums, which, weighted(low), weighted(high));
            }
        }
    }
}

impl<M: Machine> Sums<M> for Square<M::Cell> {
    #[inline(always)]
    unsafe fn lower(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell) {
        // SAFETY: k is at most n - 4, so half is below n, and k below n. Of the tail, cells from 0 to n - 2 are read.
        unsafe {
            self.pairs(sums, 0, k / 2);
            M::run(sums, factors, tail.offset(k - 1), k);
        }
    }

    #[inline(always)]
    unsafe fn upper(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell) {
        let n = self.digits;
        // SAFETY: k - (k + 1 - n) is n - 1. In the run i is below n, so cells of the tail from k - n, which is at least 0, to n + 1 are read.
        unsafe {
            let from = k + 1 - n;
            self.pairs(sums, from, k / 2);
            sums.first(M::both(factors.offset(from)), tail.offset(n - 2));
            M::run(sums, factors.offset(from + 1), tail.offset(n - 3), n - 1 - from);
        }
    }
}

/// `out = a * b / R`.
///
/// # Safety
/// The machine is available. `a` and `b` point at digit 0 of numbers of `shape.digits`; `out` as well, and is neither of them.
#[inline(always)]
unsafe fn multiply<M: Machine>(shape: &Shape<M>, out: *mut M::Cell, a: *const M::Cell, b: *const M::Cell) {
    // SAFETY: the caller's word.
    unsafe {
        columns(shape, &shape.product_start, out, &Product { digits: shape.digits.cast_signed(), a, b })
    }
}

/// `out = a * a / R`.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn square<M: Machine>(shape: &Shape<M>, out: *mut M::Cell, a: *const M::Cell) {
    // SAFETY: the caller's word.
    unsafe { columns(shape, &shape.square_start, out, &Square { digits: shape.digits.cast_signed(), a }) }
}

/// The first column: such that `digits` columns from 0 end where four columns do. The columns before 0 are empty.
fn first(n: isize) -> isize {
    -(n % 4)
}

/// Reduces the sums of products and writes the result.
///
/// # Safety
/// The machine is available; `sums` is for the same number of digits; `out` points at digit 0 of a number of `shape.digits` that `sums` does not
/// read.
#[inline(always)]
unsafe fn columns<M: Machine>(shape: &Shape<M>, starts: &[u64], out: *mut M::Cell, sums: &impl Sums<M>) {
    let n = shape.digits.cast_signed();
    let tail = start(&shape.tail);
    let mut starts = starts.as_ptr();
    // SAFETY: n is even, so columns go from -2 or 0 in fours up to n, and from there in fours up to 2n or 2n + 2; `starts` has a number for each
    // (`starts` makes it by the same loops). Lower columns: i < k < n and 0 <= k - 1 - i < n - 1; the tail is read four cells from
    // there, and from -1 on. Upper columns: i goes from k + 1 - n, which is at least 1, up to n - 1, so k - 1 - i lies between 0 and n - 2. So the
    // tail is read between -1 and n + 1. `out` is written between -2 and n + 1, and outside of 0..n with what is zero: columns before 0 have
    // nothing but zeros as factors, and the result is below R. Digits of `out` hold the factors of the reduction: each is written before it is
    // read, by the first loop, and in the second those overwritten, up to k + 3 - n, are not read any more: the next four columns read from
    // k + 5 - n on.
    unsafe {
        let constants = M::constants(&shape.numbers);
        let mut carry = M::splat(0);
        let mut over = M::splat(0);
        let mut column = |sum: M::One, more: M::One, carry: M::One| {
            let start = M::splat(*starts);
            starts = starts.add(1);
            M::add(M::add(sum, more), M::add(carry, start))
        };
        let mut k = first(n);
        while k < n {
            let mut four = Four::zero(constants);
            sums.lower(&mut four, k, out, tail);
            let (low, _) = M::halves(four.lows[0]);
            let sum = column(low, over, carry);
            let factor = M::digit(sum);
            M::store(out.offset(k), factor);
            // Each new factor meets the lowest digits of the tail in the columns that are left: the first of them is zero where steps are two.
            let factor = M::spread(factor);
            if M::STEPS == 1 {
                four.first(factor, tail.offset(-1));
            }
            four.second(factor, tail.offset(1));
            let ((_, low), (high, high_2)) = (M::halves(four.lows[0]), M::halves(four.highs[0]));
            let sum = column(low, high, M::carry(sum));
            let factor = M::digit(sum);
            M::store(out.offset(k + 1), factor);
            let factor = M::spread(factor);
            if M::STEPS == 1 {
                four.second(factor, tail);
            }
            let (low, _) = M::halves(four.lows[1]);
            let sum = column(low, high_2, M::carry(sum));
            if M::STEPS == 2 {
                four.second(factor, tail);
            }
            let factor = M::digit(sum);
            M::store(out.offset(k + 2), factor);
            if M::STEPS == 1 {
                four.second(M::spread(factor), tail.offset(-1));
            }
            let ((_, low), (high, high_2)) = (M::halves(four.lows[1]), M::halves(four.highs[1]));
            let sum = column(low, high, M::carry(sum));
            M::store(out.offset(k + 3), M::digit(sum));
            carry = M::carry(sum);
            over = high_2;
            k += 4;
        }
        while k < 2 * n {
            let mut four = Four::zero(constants);
            sums.upper(&mut four, k, out, tail);
            let ((low, low_1), (low_2, low_3)) = (M::halves(four.lows[0]), M::halves(four.lows[1]));
            let ((high, high_1), (high_2, high_3)) = (M::halves(four.highs[0]), M::halves(four.highs[1]));
            let mut at = out.offset(k - n);
            for (low, high) in [(low, over), (low_1, high), (low_2, high_1), (low_3, high_2)] {
                let sum = column(low, high, carry);
                M::store(at, M::digit(sum));
                at = at.add(1);
                carry = M::carry(sum);
            }
            over = high_3;
            k += 4;
        }
    }
}
