//! The private operation on one kernel: `m^d` modulo p and q, blinded.

use std::sync::{Mutex, PoisonError};

use crate::digests::sha256;
use crate::digits::Bytes;
use crate::field::{Exponents, Field, Primes, power, power_of_two};
use crate::modulus::Digits;
use crate::wiped::Wiped;

/// How many signatures a blinding serves, squared after each.
pub(crate) const USES: u32 = 256;

/// What of a private key the operation needs.
pub(crate) struct Parts {
    pub(crate) primes: Primes,
    /// dp and dq.
    pub(crate) private: Exponents,
    /// p - 1 - dp and q - 1 - dq.
    pub(crate) complement: Exponents,
}

/// A kernel that has the key.
pub(crate) struct Crt<F: Field> {
    field: F,
    /// R and R^2.
    one: F::Pair,
    square: F::Pair,
    /// The number 1, not in Montgomery's form.
    unit: F::Pair,
    blinding: Mutex<State<F>>,
}

/// What comes next.
enum State<F: Field> {
    First,
    Fresh,
    Next(Blinding<F>),
}

/// What one signature is blinded with.
enum Use<F: Field> {
    /// The cover alone: taken off in the same exponentiation as the signature is made in. That costs a fifth more, where a pair costs
    /// another exponentiation, so it is for the first signature, which in a short-lived process is the only one.
    Once(F::Pair),
    /// The cover and what takes it off.
    Pair(F::Pair, F::Pair),
}

/// `cover`, and what takes it off again after the exponentiation: `cover^-dp` modulo p, `cover^-dq` modulo q.
struct Blinding<F: Field> {
    cover: F::Pair,
    uncover: F::Pair,
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
        Some(Self { field, one, square, unit, blinding: Mutex::new(State::First) })
    }

    /// `message^dp` modulo p and `message^dq` modulo q. A function of its own for each kernel, so that one that is not used is not compiled by an engine.
    #[inline(never)]
    pub(crate) fn private(&self, parts: &Parts, message: &[u8], seed: &[u8; 32]) -> (Digits, Digits) {
        let Primes { p, q } = &parts.primes;
        let blinding = self.blinding(parts, seed);
        let (Use::Once(cover) | Use::Pair(cover, _)) = &blinding;
        let plain = self.field.load(&p.write(&p.reduce(message)), &q.write(&q.reduce(message)));
        let (mut base, mut other) = (self.unit.clone(), self.unit.clone());
        self.field.multiply(&mut other, &plain, &self.square);
        self.field.multiply(&mut base, &other, cover);
        match &blinding {
            Use::Once(cover) => {
                let bases = [(&base, &parts.private), (cover, &parts.complement)];
                other = power(&self.field, &self.one, &bases);
            }
            Use::Pair(_, uncover) => {
                let powers = power(&self.field, &self.one, &[(&base, &parts.private)]);
                self.field.multiply(&mut other, &powers, uncover);
            }
        }
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

    /// The blinding of this signature; the next one is its square, up to [`USES`] times.
    fn blinding(&self, parts: &Parts, seed: &[u8; 32]) -> Use<F> {
        // A panic while it was locked leaves nothing half-made: the state is taken out before it is used.
        let mut state = self.blinding.lock().unwrap_or_else(PoisonError::into_inner);
        let current = match core::mem::replace(&mut *state, State::Fresh) {
            State::First => return Use::Once(self.cover(parts, seed)),
            State::Next(current) if current.left > 0 => current,
            _ => self.fresh(parts, seed),
        };
        let (mut cover, mut uncover) = (self.unit.clone(), self.unit.clone());
        self.field.square(&mut cover, &current.cover);
        self.field.square(&mut uncover, &current.uncover);
        *state = State::Next(Blinding { cover, uncover, left: current.left - 1 });
        Use::Pair(current.cover, current.uncover)
    }

    /// A random cover; its inverse power comes from Fermat's theorem (`x^-dp = x^(p - 1 - dp)`), so that nothing is ever inverted by an algorithm
    /// whose steps depend on the number.
    fn fresh(&self, parts: &Parts, seed: &[u8; 32]) -> Blinding<F> {
        let cover = self.cover(parts, seed);
        let uncover = power(&self.field, &self.one, &[(&cover, &parts.complement)]);
        Blinding { cover, uncover, left: USES }
    }

    /// A random number modulo each prime.
    fn cover(&self, parts: &Parts, seed: &[u8; 32]) -> F::Pair {
        // A number below 2^1024 is any residue with a probability of at most twice a fair share: enough to hide.
        let cover = self.field.load(&random(seed, b'p', parts), &random(seed, b'q', parts));
        // Any number is Montgomery's form of some number, but it has to be one below p' for the bounds: this makes it so.
        let mut out = self.unit.clone();
        self.field.multiply(&mut out, &cover, &self.square);
        out
    }
}

/// As many bytes as a prime has, from the seed. The key itself goes in too, so that even a seed known to others makes no cover known to them.
fn random(seed: &[u8; 32], prime: u8, parts: &Parts) -> Bytes {
    let root = sha256(&[b"people-rs256 blinding", &[prime], seed, &parts.private.p]);
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
