//! The field of both primes on a machine: numbers in and out, tables, and the checks that make the algorithm's loads safe.

use core::marker::PhantomData;

use zeroize::Zeroizing;

use super::starts::starts;
use super::{Cell as _, Machine, Number, PADDING, PASS, Shape, start, start_mut};
use crate::digits::{Bytes, join, low, minus_inverse, split};
use crate::field::{Field, Primes};
use crate::modulus::{Modulus, PRIME, add, product};
use crate::wiped::Wiped;

/// The field on a machine.
pub(crate) struct Lanes<M: Machine> {
    shape: Shape<M>,
    /// Bytes of a number of this field.
    room: usize,
    machine: PhantomData<M>,
}

/// Digits for primes of so many bits: enough for four times p', and even.
fn count<M: Machine>(prime_bits: usize) -> usize {
    let bits = M::BITS as usize;
    (prime_bits + M::STEPS * bits + 2).div_ceil(bits).next_multiple_of(2)
}

/// The tail for one prime, `n` digits.
fn tail<M: Machine>(prime: &Modulus<PRIME>, n: usize) -> Wiped<u64> {
    let mask = (1_u128 << (M::STEPS * M::BITS as usize)) - 1;
    let bytes = prime.write(prime.digits());
    let odd = bytes.last_chunk().map_or(0, |chunk| u128::from_be_bytes(*chunk));
    let half = u128::from(minus_inverse(low(&bytes)));
    // One step of Newton's more, to 128 bits.
    let whole = half.wrapping_mul(odd.wrapping_mul(half).wrapping_add(2));
    let multiple = Zeroizing::new((whole & mask).to_be_bytes());
    let mut whole = product::<PRIME>(prime.digits(), &Modulus::<PRIME>::digits_of(multiple.as_slice(), 0));
    add::<PRIME>(&mut whole, &[1]);
    let mut digits = split(&Modulus::<PRIME>::bytes(&whole, prime.len() + 16), M::BITS, n + 1);
    debug_assert!(digits.iter().take(M::STEPS).all(|digit| *digit == 0));
    digits.rotate_left(1);
    digits.truncate(n);
    digits
}

impl<M: Machine> Lanes<M> {
    fn number(&self, p: &[u64], q: &[u64]) -> Number<M> {
        let n = self.shape.digits;
        let mut out = Wiped::new(vec![M::Cell::default(); n + 2 * PADDING]);
        for (place, (p, q)) in out.iter_mut().skip(PADDING).take(n).zip(p.iter().zip(q)) {
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
        let digits = count::<M>(primes.p.len() * 8);
        let shape = Shape {
            digits,
            tail: Wiped::default(),
            product_start: starts::<M>(digits, false),
            square_start: starts::<M>(digits, true),
            numbers: core::hint::black_box(M::NUMBERS),
        };
        let mut new = Self { shape, room: (digits * M::BITS as usize).div_ceil(8), machine: PhantomData };
        new.shape.tail = new.number(&tail::<M>(&primes.p, digits), &tail::<M>(&primes.q, digits));
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
        let digits = || pair.iter().skip(PADDING).map(|cell| cell.numbers());
        let p = join(digits().map(|(p, _)| p), M::BITS, self.room);
        (p, join(digits().map(|(_, q)| q), M::BITS, self.room))
    }

    fn multiply(&self, out: &mut Number<M>, a: &Number<M>, b: &Number<M>) {
        self.check(&[out, a, b]);
        // SAFETY: the machine is available, or there would be no `self`. All three have `digits` and their zeros, as was just checked;
        // `out` is borrowed mutably, so it is none of the others.
        unsafe { M::multiply(&self.shape, start_mut(out), start(a), start(b)) }
    }

    fn square(&self, out: &mut Number<M>, a: &Number<M>) {
        self.check(&[out, a]);
        // SAFETY: as above.
        unsafe { M::square(&self.shape, start_mut(out), start(a)) }
    }

    fn select(&self, out: &mut Number<M>, table: &[Number<M>], p: u8, q: u8) {
        // What is wanted is no business of the compiler's, which could make a branch of it.
        let wanted = core::hint::black_box(Zeroizing::new([u64::from(p), u64::from(q)]));
        self.check(&[out]);
        out.fill(M::Cell::default());
        // Tables have 16 or 32 entries.
        let (entries, rest) = table.as_chunks::<PASS>();
        debug_assert!(rest.is_empty());
        for (entries, first) in entries.iter().zip((0..).step_by(PASS)) {
            self.check(&entries.each_ref());
            let entries = entries.each_ref().map(|entry| start(entry));
            // SAFETY: the machine is available, or there would be no `self`; all numbers have `digits` and their zeros, as was just checked.
            unsafe { M::select(&self.shape, start_mut(out), &entries, first, &wanted) }
        }
    }
}

impl<M: Machine> Lanes<M> {
    /// Every number of this field has the same length, since `number` makes them all. It costs nothing to make sure.
    fn check(&self, numbers: &[&Number<M>]) {
        let len = self.shape.digits + 2 * PADDING;
        assert!(self.shape.tail.len() == len && numbers.iter().all(|number| number.len() == len));
    }
}
