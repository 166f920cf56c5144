//! The private operation on one kernel: `m^d` modulo p and q, blinded.

use std::sync::{Mutex, PoisonError};

use crate::digests::sha256;
use crate::digits::Bytes;
use crate::field::{Exponents, Field, Primes, power, power_of_two};
use crate::inverse::inverse;
use crate::modulus::{Digits, Modulus, PRIME};
use crate::wiped::Wiped;

/// How many signatures a blinding serves, squared after each.
pub(crate) const USES: u32 = 256;

/// What of a private key the operation needs.
pub(crate) struct Parts {
    pub(crate) primes: Primes,
    /// dp and dq.
    pub(crate) private: Exponents,
}

/// A kernel that has the key.
pub(crate) struct Crt<F: Field> {
    field: F,
    /// R and R^2.
    one: F::Pair,
    square: F::Pair,
    /// The number 1, not in Montgomery's form.
    unit: F::Pair,
    blinding: Mutex<Option<Blinding<F>>>,
}

/// A random number's public power, which covers what is signed, and its inverse, which takes it off the signature again.
struct Blinding<F: Field> {
    cover: F::Pair,
    uncover: F::Pair,
    /// For how many more signatures it is squared.
    left: u32,
}

impl<F: Field> Crt<F> {
    /// `None` where this machine cannot do it exactly.
    #[inline(never)]
    pub(crate) fn new(parts: &Parts) -> Option<Self> {
        let field = F::new(&parts.primes)?;
        let square = power_of_two(&field, &parts.primes, 2 * field.shift());
        let unit = field.load(&[1], &[1]);
        let mut one = unit.clone();
        field.multiply(&mut one, &square, &unit);
        Some(Self { field, one, square, unit, blinding: Mutex::new(None) })
    }

    /// `message^dp` modulo p and `message^dq` modulo q. A function of its own for each kernel, so that one that is not used is not compiled by an engine.
    #[inline(never)]
    pub(crate) fn private(&self, parts: &Parts, message: &[u8], seed: &[u8; 32]) -> (Digits, Digits) {
        let Primes { p, q } = &parts.primes;
        let (cover, uncover) = self.blinding(parts, seed);
        let plain = self.field.load(&p.write(&p.reduce(message)), &q.write(&q.reduce(message)));
        let (mut base, mut other) = (self.unit.clone(), self.unit.clone());
        self.field.multiply(&mut other, &plain, &self.square);
        self.field.multiply(&mut base, &other, &cover);
        base = power(&self.field, &self.one, &base, &parts.private);
        self.field.multiply(&mut other, &base, &uncover);
        self.field.multiply(&mut base, &other, &self.unit);
        let (of_p, of_q) = self.field.store(&base);
        (p.reduce(&of_p), q.reduce(&of_q))
    }

    /// Spoils a constant of the kernel's, so that it calculates wrongly.
    #[cfg(test)]
    pub(crate) fn break_it(&mut self) {
        self.square = self.one.clone();
        self.square.clone_from(&self.unit);
    }

    /// What covers this signature and what takes that off: the squares of the last ones, up to [`USES`] times.
    fn blinding(&self, parts: &Parts, seed: &[u8; 32]) -> (F::Pair, F::Pair) {
        // A panic while it was locked leaves nothing half-made: the blinding is taken out before it is used.
        let mut place = self.blinding.lock().unwrap_or_else(PoisonError::into_inner);
        let (cover, uncover, left) = match place.take() {
            Some(last) if last.left > 0 => {
                (self.squared(&last.cover), self.squared(&last.uncover), last.left - 1)
            }
            _ => {
                let (cover, uncover) = self.fresh(parts, seed);
                (cover, uncover, USES - 1)
            }
        };
        *place = Some(Blinding { cover: cover.clone(), uncover: uncover.clone(), left });
        (cover, uncover)
    }

    /// A random number to the power of 65537, and its inverse. It is as long as a prime, so modulo either it is any residue with a probability of at most twice a
    /// fair share: enough to hide.
    fn fresh(&self, parts: &Parts, seed: &[u8; 32]) -> (F::Pair, F::Pair) {
        let Primes { p, q } = &parts.primes;
        let number = random(parts, seed);
        let base = self.enter(&number, &number);
        let mut power = self.squared(&base);
        for _ in 1..16 {
            power = self.squared(&power);
        }
        let mut cover = self.unit.clone();
        self.field.multiply(&mut cover, &power, &base);
        let inverse = |prime: &Modulus<PRIME>| inverse(&number, &prime.write(prime.digits()));
        (cover, self.enter(&inverse(p), &inverse(q)))
    }

    /// Montgomery's form of two numbers.
    fn enter(&self, of_p: &[u8], of_q: &[u8]) -> F::Pair {
        let mut out = self.unit.clone();
        self.field.multiply(&mut out, &self.field.load(of_p, of_q), &self.square);
        out
    }

    #[inline(never)]
    fn squared(&self, number: &F::Pair) -> F::Pair {
        let mut out = self.unit.clone();
        self.field.square(&mut out, number);
        out
    }
}

/// As many bytes as a prime has, from the seed. The key itself goes in too, so that even a seed known to others makes no cover known to them.
fn random(parts: &Parts, seed: &[u8; 32]) -> Bytes {
    let root = sha256(&[b"people-rs256 blinding", seed, &parts.private.p]);
    let len = parts.primes.p.len();
    let mut out = Wiped::new(Vec::with_capacity(len + 32));
    for block in 0_u32.. {
        if out.len() >= len {
            break;
        }
        out.extend_from_slice(sha256(&[root.as_slice(), &block.to_be_bytes()]).as_slice());
    }
    out.truncate(len);
    out
}
