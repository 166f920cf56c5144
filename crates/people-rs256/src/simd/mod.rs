//! Both primes side by side in the lanes of vectors. The one place with `unsafe`: vector instructions and loads without bounds checks.
//!
//! # The algorithm
//! A cell holds one digit modulo p and the same digit modulo q. Montgomery's multiplication goes by columns, two at a time: a digit of `a` meets
//! two neighbouring digits of `b` at once, and the four products (two columns, two primes) are one vector or two. It reduces not by p but by the
//! multiple `p' = k * p` whose lowest digit is `radix - 1`. Then the factor of each step is the column's lowest digit itself, with no
//! multiplication between them, and since `t + u * p' = (t - u) + u * (p' + 1)`, the sum divided by the radix is `t >> bits` plus
//! `u * tail`, where `tail = (p' + 1) / radix` is as long as p.
//!
//! With `N` digits, R = radix^N is at least four times `p'`, so that products of numbers below twice `p'` are below twice `p'` again, and nothing is ever
//! subtracted conditionally. For every machine here that holds for primes of 1,024, 1,536 and 2,048 bits (`shape` is tested).
//!
//! # Bounds of memory
//! Numbers are `N + 2` cells: `N` digits between two zeros, `N` even, so that a pair of neighbours may stick out by one at either end. A pointer
//! to a number points at its digit 0, and loads reach from -1 to `N`. `tail` has `N - 1` digits and is stored with another zero.

use core::marker::PhantomData;

use subtle::ConstantTimeEq as _;
use zeroize::{DefaultIsZeroes, Zeroizing};

use crate::digits::{Bytes, join, low, minus_inverse, split};
use crate::field::{Field, Primes};
use crate::modulus::{Limb, Modulus, PRIME, add, product};

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
    /// What the raw sum of one product's low part is too large by.
    const LOW_BIAS: u64;
    /// The same for its high part, which counts in the next column; zero where products are not split.
    const HIGH_BIAS: u64;
    /// A digit modulo p and a digit modulo q, as they lie in memory.
    type Cell: Cell;
    /// A sum, or a digit, modulo p and modulo q.
    type One: Copy;
    /// Two neighbouring columns.
    type Two: Copy;

    /// Whether this processor has the instructions and calculates exactly.
    fn available() -> bool;
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
    /// The second column only.
    unsafe fn second_only(a: Self::Two) -> Self::Two;
    /// The sums of the first and the second column.
    unsafe fn halves(a: Self::Two) -> (Self::One, Self::One);
    /// The low and the high part of digit by digit, each with its bias.
    unsafe fn product(a: Self::Two, b: Self::Two) -> (Self::Two, Self::Two);
    /// The low bits of a sum, made a factor.
    unsafe fn digit(sum: Self::One) -> Self::One;
    /// A sum without them, shifted down; sums count as unsigned.
    unsafe fn carry(sum: Self::One) -> Self::One;
    unsafe fn store(at: *mut Self::Cell, digit: Self::One);
    /// [`multiply`] and [`square`], compiled for the machine.
    unsafe fn multiply(shape: &Shape<Self>, out: *mut Self::Cell, a: *const Self::Cell, b: *const Self::Cell);
    unsafe fn square(shape: &Shape<Self>, out: *mut Self::Cell, a: *const Self::Cell);
}

/// Memory for a digit of each prime.
pub(crate) trait Cell: DefaultIsZeroes {
    fn new(p: u64, q: u64) -> Self;
    /// The digits modulo p and modulo q.
    fn numbers(self) -> (u64, u64);
    /// Adds those bits of `other` whose lane's mask, all ones or none, has them.
    fn or(&mut self, other: Self, p: u64, q: u64);
}

/// What multiplication needs to know of the primes.
pub(crate) struct Shape<M: Machine> {
    digits: usize,
    /// `(p' + 1) / radix`, `digits` cells between zeros.
    tail: Number<M>,
    /// What each column's sum starts with in a product and in a square: minus the biases, plus [`OFFSET`].
    product_start: Vec<u64>,
    square_start: Vec<u64>,
}

type Number<M> = Zeroizing<Vec<<M as Machine>::Cell>>;

/// Added to every column so that sums of signed parts stay above zero, and taken off the carry again. A column's true sum lies within 2^58:
/// at most 88 products, whose parts are below 2^51.
const OFFSET: u64 = 1 << 60;

/// Digit 0 of a number that is only read.
fn start<T>(number: &[T]) -> *const T {
    debug_assert!(number.len() > 2);
    // SAFETY: every number has its two zeros, so one past its first cell is within it.
    unsafe { number.as_ptr().add(1) }
}

/// Digit 0 of a number to be written.
fn start_mut<T>(number: &mut [T]) -> *mut T {
    debug_assert!(number.len() > 2);
    // SAFETY: as above.
    unsafe { number.as_mut_ptr().add(1) }
}

/// Where sums of columns come from. Not a closure: that would be compiled for the plainest processor.
trait Sums<M: Machine> {
    /// The products of columns `k` and `k + 1`, for `k` even and below `2 * digits - 1`.
    ///
    /// # Safety
    /// The machine is available, and the pointers inside point at digit 0 of numbers of that length.
    unsafe fn at(&self, k: usize) -> (M::Two, M::Two);
}

struct Product<C> {
    digits: usize,
    a: *const C,
    b: *const C,
}

impl<M: Machine> Sums<M> for Product<M::Cell> {
    #[inline(always)]
    unsafe fn at(&self, k: usize) -> (M::Two, M::Two) {
        let n = self.digits;
        // SAFETY: i lies in 0..n, and k - i is at least k - (k + 1) = -1 and at most k - (k + 1 - n) = n - 1, so `pair` reaches up
        // to n. Both ends are the zeros of `b`.
        unsafe {
            let (mut lows, mut highs) = (M::zero(), M::zero());
            for i in (k + 1).saturating_sub(n)..(k + 2).min(n) {
                let (low, high) =
                    M::product(M::both(self.a.add(i)), M::pair(self.b.offset(k as isize - i as isize)));
                lows = M::add_two(lows, low);
                highs = M::add_two(highs, high);
            }
            (lows, highs)
        }
    }
}

struct Square<C> {
    digits: usize,
    a: *const C,
}

impl<M: Machine> Sums<M> for Square<M::Cell> {
    #[inline(always)]
    unsafe fn at(&self, k: usize) -> (M::Two, M::Two) {
        // SAFETY: i is at most k / 2, which is below n since k is below 2n - 1; k - i is at least k / 2, so not negative, and at most
        // k - (k + 1 - n) = n - 1; `pair` reaches the zero behind at most.
        unsafe {
            let (mut lows, mut highs) = (M::zero(), M::zero());
            for i in (k + 1).saturating_sub(self.digits)..k / 2 {
                let (low, high) = M::product(M::both(self.a.add(i)), M::pair(self.a.add(k - i)));
                lows = M::add_two(lows, low);
                highs = M::add_two(highs, high);
            }
            // Off the diagonal everything counts twice. At i = k / 2 the first column has its square and the second its last pair.
            let middle = self.a.add(k / 2);
            let (low, high) = M::product(M::both(middle), M::pair(middle));
            let (lows, highs) = (M::add_two(lows, lows), M::add_two(highs, highs));
            let (low, high) = (M::add_two(low, M::second_only(low)), M::add_two(high, M::second_only(high)));
            (M::add_two(lows, low), M::add_two(highs, high))
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
    unsafe { columns(shape, &shape.product_start, out, &Product { digits: shape.digits, a, b }) }
}

/// `out = a * a / R`.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn square<M: Machine>(shape: &Shape<M>, out: *mut M::Cell, a: *const M::Cell) {
    // SAFETY: the caller's word.
    unsafe { columns(shape, &shape.square_start, out, &Square { digits: shape.digits, a }) }
}

/// Reduces the sums of products and writes the result.
///
/// # Safety
/// The machine is available; `sums` is for the same number of digits; `out` points at digit 0 of a number of `shape.digits` that `sums` does not read.
#[inline(always)]
unsafe fn columns<M: Machine>(shape: &Shape<M>, starts: &[u64], out: *mut M::Cell, sums: &impl Sums<M>) {
    let n = shape.digits;
    debug_assert_eq!(starts.len(), 2 * n);
    let tail = start(&shape.tail);
    let starts = starts.as_ptr();
    // SAFETY: in the first loop k + 1 < n, i < k and -1 <= k - 1 - i <= n - 1. In the second n <= k and k + 1 < 2n; i goes from
    // k + 1 - n, which is at least 1, up to n - 1, and k - 1 - i lies between 0 and n - 2. So `tail` is read from -1 to n, which it has with its
    // zeros, `starts` below 2n, and `out` is written at 0..n. Digits of `out` hold the factors of the reduction: each is written before it is
    // read, by the first loop, and in the second `out[k - n]` and `out[k - n + 1]` are overwritten when i has passed them: the columns
    // read from k + 1 - n on, once they are summed up nothing reads below k + 3 - n.
    unsafe {
        let mut carry = M::splat(0);
        let mut over = M::splat(0);
        for k in (0..n).step_by(2) {
            let (mut lows, mut highs) = sums.at(k);
            for i in 0..k {
                let (low, high) =
                    M::product(M::both(out.add(i)), M::pair(tail.offset(k as isize - 1 - i as isize)));
                lows = M::add_two(lows, low);
                highs = M::add_two(highs, high);
            }
            let (first, _) = M::halves(lows);
            let first = M::add(M::add(first, over), M::add(carry, M::splat(*starts.add(k))));
            let factor = M::digit(first);
            M::store(out.add(k), factor);
            // The new factor meets the lowest digit of the tail in the second column.
            let (low, high) = M::product(M::spread(factor), M::pair(tail.offset(-1)));
            let (_, second) = M::halves(M::add_two(lows, low));
            let (low, high) = M::halves(M::add_two(highs, high));
            let second = M::add(M::add(second, low), M::add(M::carry(first), M::splat(*starts.add(k + 1))));
            M::store(out.add(k + 1), M::digit(second));
            carry = M::carry(second);
            over = high;
        }
        for k in (n..2 * n).step_by(2) {
            let (mut lows, mut highs) = sums.at(k);
            for i in k + 1 - n..n {
                let (low, high) = M::product(M::both(out.add(i)), M::pair(tail.add(k - 1 - i)));
                lows = M::add_two(lows, low);
                highs = M::add_two(highs, high);
            }
            let (first, second) = M::halves(lows);
            let (low, high) = M::halves(highs);
            let first = M::add(M::add(first, over), M::add(carry, M::splat(*starts.add(k))));
            let second = M::add(M::add(second, low), M::add(M::carry(first), M::splat(*starts.add(k + 1))));
            M::store(out.add(k - n), M::digit(first));
            M::store(out.add(k + 1 - n), M::digit(second));
            carry = M::carry(second);
            over = high;
        }
    }
}

/// What the sums of all columns start with: counts what the loops above do.
fn starts<M: Machine>(n: usize, square: bool) -> Vec<u64> {
    let mut out = Vec::with_capacity(2 * n);
    let mut over = 0;
    for k in (0..2 * n).step_by(2) {
        // Products in both columns, those of the first alone, those of the second alone.
        let (products, first, second) = if square {
            ((k / 2 - (k + 1).saturating_sub(n).min(k / 2)) * 2, 1, 2)
        } else {
            ((k + 2).min(n) - (k + 1).saturating_sub(n), 0, 0)
        };
        let (factors, last) = if k < n { (k, 1) } else { (2 * n - 1 - k, 0) };
        // The first column is read before the last factor meets it, the high parts after that.
        let lows = [products + first + factors, products + second + factors + last];
        let highs = [products + first + factors + last, products + second + factors + last];
        for (low, high) in [(lows[0], over), (lows[1], highs[0])] {
            let bias =
                (low as u64).wrapping_mul(M::LOW_BIAS).wrapping_add((high as u64).wrapping_mul(M::HIGH_BIAS));
            let offset = if M::HIGH_BIAS == 0 { 0 } else { OFFSET };
            // From the second column on the carry holds the last one's offset.
            let before = if out.is_empty() { 0 } else { offset >> M::BITS };
            out.push(offset.wrapping_sub(before).wrapping_sub(bias));
        }
        over = highs[1];
    }
    out
}

/// The field on a machine.
pub(crate) struct Lanes<M: Machine> {
    shape: Shape<M>,
    /// Bytes of a number of this field.
    room: usize,
    machine: PhantomData<M>,
}

/// Digits for primes of so many bits: enough for four times p', and even.
fn count(prime_bits: usize, bits: u32) -> usize {
    (prime_bits + bits as usize + 2).div_ceil(bits as usize).next_multiple_of(2)
}

/// The tail for one prime, `n` digits.
fn tail(prime: &Modulus<PRIME>, bits: u32, n: usize) -> Zeroizing<Vec<u64>> {
    let mask = (1_u64 << bits) - 1;
    let bytes = prime.write(prime.digits());
    let multiple = Zeroizing::new(minus_inverse(low(&bytes)) & mask);
    let multiple: Zeroizing<Vec<Limb>> =
        Zeroizing::new(split(&multiple.to_be_bytes(), PRIME, 0).iter().map(|digit| *digit as Limb).collect());
    let mut whole = product::<PRIME>(prime.digits(), &multiple);
    add::<PRIME>(&mut whole, &[1]);
    let mut digits = split(&Modulus::<PRIME>::bytes(&whole, prime.len() + 8), bits, n + 1);
    debug_assert_eq!(digits.first(), Some(&0));
    digits.rotate_left(1);
    digits.truncate(n);
    digits
}

impl<M: Machine> Lanes<M> {
    fn number(&self, p: &[u64], q: &[u64]) -> Number<M> {
        let n = self.shape.digits;
        let mut out = Zeroizing::new(vec![M::Cell::default(); n + 2]);
        for (place, (p, q)) in out.iter_mut().skip(1).take(n).zip(p.iter().zip(q)) {
            *place = M::Cell::new(*p, *q);
        }
        out
    }
}

impl<M: Machine> Field for Lanes<M> {
    type Pair = Number<M>;

    fn new(primes: &Primes) -> Option<Self> {
        if !M::available() {
            return None;
        }
        let digits = count(primes.p.len() * 8, M::BITS);
        let shape = Shape {
            digits,
            tail: Zeroizing::default(),
            product_start: starts::<M>(digits, false),
            square_start: starts::<M>(digits, true),
        };
        let mut new = Self { shape, room: (digits * M::BITS as usize).div_ceil(8), machine: PhantomData };
        new.shape.tail = new.number(&tail(&primes.p, M::BITS, digits), &tail(&primes.q, M::BITS, digits));
        Some(new)
    }

    fn shift(&self) -> usize {
        self.shape.digits * M::BITS as usize
    }

    fn load(&self, p: &[u8], q: &[u8]) -> Number<M> {
        let n = self.shape.digits;
        self.number(&split(p, M::BITS, n), &split(q, M::BITS, n))
    }

    fn store(&self, pair: &Number<M>) -> (Bytes, Bytes) {
        let digits = || pair.iter().skip(1).map(|cell| cell.numbers());
        let p = join(digits().map(|(p, _)| p), M::BITS, self.room);
        (p, join(digits().map(|(_, q)| q), M::BITS, self.room))
    }

    fn multiply(&self, out: &mut Number<M>, a: &Number<M>, b: &Number<M>) {
        self.check(&[out, a, b]);
        // SAFETY: the machine is available, or there would be no `self`. All three have `digits` and two zeros, as was just checked;
        // `out` is borrowed mutably, so it is none of the others.
        unsafe { M::multiply(&self.shape, start_mut(out), start(a), start(b)) }
    }

    fn square(&self, out: &mut Number<M>, a: &Number<M>) {
        self.check(&[out, a]);
        // SAFETY: as above.
        unsafe { M::square(&self.shape, start_mut(out), start(a)) }
    }

    fn select(&self, out: &mut Number<M>, table: &[Number<M>], p: u8, q: u8) {
        out.fill(M::Cell::default());
        for (k, entry) in (0_u8..).zip(table) {
            let mask = |wanted: u8| u64::from(wanted.ct_eq(&k).unwrap_u8()).wrapping_neg();
            let (p, q) = (mask(p), mask(q));
            for (out, entry) in out.iter_mut().zip(entry.iter()) {
                out.or(*entry, p, q);
            }
        }
    }
}

impl<M: Machine> Lanes<M> {
    /// Every number of this field has the same length, since `number` makes them all. It costs nothing to make sure.
    fn check(&self, numbers: &[&Number<M>]) {
        let len = self.shape.digits + 2;
        assert!(self.shape.tail.len() == len && numbers.iter().all(|number| number.len() == len));
    }
}
