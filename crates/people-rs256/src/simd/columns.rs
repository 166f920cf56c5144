//! Multiplication by columns, four at a time, and reading tables: written once, compiled for each machine.

use super::{Machine, Shape, start};

/// The sums of four neighbouring columns: low parts and high parts, the latter for one column on.
pub(crate) struct Four<M: Machine> {
    pub(super) lows: [M::Two; 2],
    pub(super) highs: [M::Two; 2],
    pub(super) constants: M::Constants,
}

impl<M: Machine> Four<M> {
    /// # Safety
    /// The machine is available.
    #[inline(always)]
    pub(super) unsafe fn zero(constants: M::Constants) -> Self {
        // SAFETY: the caller's word.
        unsafe { Self { lows: [M::zero(), M::zero()], highs: [M::zero(), M::zero()], constants } }
    }

    /// Adds the products of one digit and four.
    ///
    /// # Safety
    /// The machine is available, `b` points at four cells.
    #[inline(always)]
    pub(super) unsafe fn meet(&mut self, a: M::Two, b: *const M::Cell) {
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
    pub(super) unsafe fn double(&mut self) {
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
    pub(super) unsafe fn first(&mut self, a: M::Two, b: *const M::Cell) {
        // SAFETY: the caller's word.
        unsafe {
            M::meet(self, 0, a, M::pair(b));
        }
    }

    /// The last two columns only.
    ///
    /// # Safety
    /// As for [`first`](Self::first).
    #[inline(always)]
    pub(super) unsafe fn second(&mut self, a: M::Two, b: *const M::Cell) {
        // SAFETY: the caller's word.
        unsafe {
            M::meet(self, 1, a, M::pair(b));
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
            self.pairs(sums, 0, k >> 1);
            M::run(sums, factors, tail.offset(k - 1), k);
        }
    }

    #[inline(always)]
    unsafe fn upper(&self, sums: &mut Four<M>, k: isize, factors: *const M::Cell, tail: *const M::Cell) {
        let n = self.digits;
        // SAFETY: k - (k + 1 - n) is n - 1. In the run i is below n, so cells of the tail from k - n, which is at least 0, to n + 1 are read.
        unsafe {
            let from = k + 1 - n;
            self.pairs(sums, from, k >> 1);
            sums.first(M::both(factors.offset(from)), tail.offset(n - 2));
            M::run(sums, factors.offset(from + 1), tail.offset(n - 3), n - 1 - from);
        }
    }
}

/// How many entries of a table are read in one pass.
pub(crate) const PASS: usize = 8;

/// Adds to `out`, as bits, the digits modulo p of entry `wanted[0]` and those modulo q of entry `wanted[1]`, if they are among these: `first` is the
/// number of the first of them. All are read in full.
///
/// # Safety
/// The machine is available. `out` and all of `entries` point at digit 0 of numbers of `shape.digits`.
#[inline(always)]
pub(super) unsafe fn select<M: Machine>(
    shape: &Shape<M>,
    out: *mut M::Cell,
    entries: &[*const M::Cell; PASS],
    first: u64,
    wanted: &[u64; 2],
) {
    // SAFETY: the caller's word; the number of digits is even.
    unsafe {
        // Not by a closure: that would be compiled for the plainest processor.
        let mut masks = [M::zero(); PASS];
        for (mask, number) in masks.iter_mut().zip(first..) {
            *mask = M::mask(wanted, number);
        }
        let mut k = 0;
        while k < shape.digits {
            let mut sum = M::pair(out.add(k));
            for (entry, mask) in entries.iter().zip(masks) {
                sum = M::gated(sum, entry.add(k), mask);
            }
            M::store_pair(out.add(k), sum);
            k += 2;
        }
    }
}

/// `out = a * b / R`.
///
/// # Safety
/// The machine is available. `a` and `b` point at digit 0 of numbers of `shape.digits`; `out` as well, and is neither of them.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(
    shape: &Shape<M>,
    out: *mut M::Cell,
    a: *const M::Cell,
    b: *const M::Cell,
) {
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
pub(super) unsafe fn square<M: Machine>(shape: &Shape<M>, out: *mut M::Cell, a: *const M::Cell) {
    // SAFETY: the caller's word.
    unsafe { columns(shape, &shape.square_start, out, &Square { digits: shape.digits.cast_signed(), a }) }
}

/// The first column: such that `digits` columns from 0 end where four columns do. The columns before 0 are empty.
pub(super) fn first(n: isize) -> isize {
    -(n & 3)
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
            if M::LOW_BIAS == 0 && M::HIGH_BIAS == 0 {
                return M::add(M::add(sum, more), carry);
            }
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
