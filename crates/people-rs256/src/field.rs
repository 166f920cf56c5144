//! What a kernel offers: multiplication modulo both primes at once. And exponentiation on top of it.

use subtle::ConstantTimeEq as _;

use crate::digits::Bytes;
use crate::modulus::{Limb, Modulus, PRIME};

/// The two primes as an integer kernel knows them.
pub(crate) struct Primes {
    pub(crate) p: Modulus<PRIME>,
    pub(crate) q: Modulus<PRIME>,
}

/// Numbers modulo p and numbers modulo q side by side, in Montgomery's form with an R of the kernel's.
pub(crate) trait Field: Sized {
    /// A number modulo p and one modulo q. Wiped when dropped.
    type Pair: Clone;

    /// `None` where this machine cannot do it exactly.
    fn new(primes: &Primes) -> Option<Self>;

    /// log2 of R.
    fn shift(&self) -> usize;

    /// Numbers no longer than the primes, as they are.
    fn load(&self, p: &[u8], q: &[u8]) -> Self::Pair;

    /// The numbers, as they are; congruent to what is meant, and at most twice as long as the primes.
    fn store(&self, pair: &Self::Pair) -> (Bytes, Bytes);

    /// `a * b / R`.
    fn multiply(&self, out: &mut Self::Pair, a: &Self::Pair, b: &Self::Pair);

    /// `a * a / R`.
    fn square(&self, out: &mut Self::Pair, a: &Self::Pair);

    /// Number `p` of the table modulo p and number `q` modulo q. The table is read in full.
    fn select(&self, out: &mut Self::Pair, table: &[Self::Pair], p: u8, q: u8);
}

/// A power of two modulo each prime, loaded.
pub(crate) fn power_of_two<F: Field>(field: &F, primes: &Primes, exponent: usize) -> F::Pair {
    let of = |modulus: &Modulus<PRIME>| modulus.write(&modulus.power_of_two(exponent));
    field.load(&of(&primes.p), &of(&primes.q))
}

/// Two exponents, each as long as its prime.
pub(crate) struct Exponents {
    pub(crate) p: Bytes,
    pub(crate) q: Bytes,
}

/// A power of each of a pair, by a fixed window. `one` is R.
#[inline(never)]
pub(crate) fn power<F: Field>(field: &F, one: &F::Pair, base: &F::Pair, exponents: &Exponents) -> F::Pair {
    let bits = exponents.p.len() * 8;
    // A table of 16 is read 256 or 384 times; from 4,096 bits on a table of 32 pays.
    let window = if bits > 1536 { 5 } else { 4 };
    let table = table(field, one, base, 1 << window);
    let mut result = one.clone();
    let (mut other, mut factor) = (one.clone(), one.clone());
    let windows = bits.div_ceil(window);
    for k in (0..windows).rev() {
        // In the first round there is nothing to square but 1.
        for _ in 0..if k + 1 < windows { window } else { 0 } {
            field.square(&mut other, &result);
            core::mem::swap(&mut result, &mut other);
        }
        field.select(&mut factor, &table, digit(&exponents.p, k, window), digit(&exponents.q, k, window));
        field.multiply(&mut other, &result, &factor);
        core::mem::swap(&mut result, &mut other);
    }
    result
}

/// The first powers of a number.
fn table<F: Field>(field: &F, one: &F::Pair, base: &F::Pair, size: usize) -> Vec<F::Pair> {
    let mut table = Vec::with_capacity(size);
    table.push(one.clone());
    table.push(base.clone());
    let mut next = one.clone();
    for k in 2..size {
        match (table.get(k / 2), table.get(k - 1)) {
            (Some(half), _) if k.is_multiple_of(2) => field.square(&mut next, half),
            (_, Some(last)) => field.multiply(&mut next, last, base),
            _ => {}
        }
        table.push(next.clone());
    }
    table
}

/// Digit `k` of a number in radix 2^`window`. Which bytes are read depends on `k` only.
fn digit(number: &[u8], k: usize, window: usize) -> u8 {
    let byte = |k: usize| number.iter().rev().nth(k).copied().map_or(0, u16::from);
    let (first, shift) = (k * window / 8, k * window % 8);
    let both = byte(first) | byte(first + 1) << 8;
    ((both >> shift) & ((1 << window) - 1)) as u8
}

/// The kernel in integers, one prime after the other.
pub(crate) struct Scalar {
    p: Modulus<PRIME>,
    q: Modulus<PRIME>,
}

/// A number modulo p and one modulo q.
#[derive(Clone)]
pub(crate) struct ScalarPair {
    p: crate::modulus::Digits,
    q: crate::modulus::Digits,
}

impl Field for Scalar {
    type Pair = ScalarPair;

    fn new(primes: &Primes) -> Option<Self> {
        Some(Self { p: primes.p.clone(), q: primes.q.clone() })
    }

    fn shift(&self) -> usize {
        self.p.shift()
    }

    fn load(&self, p: &[u8], q: &[u8]) -> ScalarPair {
        ScalarPair { p: self.p.read(p), q: self.q.read(q) }
    }

    fn store(&self, pair: &ScalarPair) -> (Bytes, Bytes) {
        // Below twice the prime: one bit more than the prime has.
        let bytes = |digits: &[Limb]| Modulus::<PRIME>::bytes(digits, self.p.len() + 1);
        (bytes(&pair.p), bytes(&pair.q))
    }

    fn multiply(&self, out: &mut ScalarPair, a: &ScalarPair, b: &ScalarPair) {
        self.p.multiply(&mut out.p, &a.p, &b.p);
        self.q.multiply(&mut out.q, &a.q, &b.q);
    }

    fn square(&self, out: &mut ScalarPair, a: &ScalarPair) {
        self.p.square(&mut out.p, &a.p);
        self.q.square(&mut out.q, &a.q);
    }

    fn select(&self, out: &mut ScalarPair, table: &[ScalarPair], p: u8, q: u8) {
        out.p.fill(0);
        out.q.fill(0);
        for (k, entry) in (0_u8..).zip(table) {
            let pick = |out: &mut [Limb], entry: &[Limb], wanted: u8| {
                let mask = Limb::from(wanted.ct_eq(&k).unwrap_u8()).wrapping_neg();
                for (out, entry) in out.iter_mut().zip(entry) {
                    *out |= *entry & mask;
                }
            };
            pick(&mut out.p, &entry.p, p);
            pick(&mut out.q, &entry.q, q);
        }
    }
}
