//! The inverse of a number modulo an odd prime, by steps that depend on no number: Bernstein and Yang, "Fast constant-time gcd computation and
//! modular inversion" (2019), in the form that starts at one half.
//!
//! From `f`, the prime, and `g`, the number, a step makes `f, (g + f) / 2` or `f, g / 2`, whichever is whole, or, if `g` is odd and `delta` positive,
//! `g, (g - f) / 2`. What it does depends on the lowest bits only, so [`BITS`] steps are done on one digit of each and come out as a matrix, by which the whole
//! numbers are multiplied. The same matrices turn `d = 0` and `e = 1` into what `f` and `g` are multiples of the number by. In the end `g` is 0, `f` is 1 or
//! -1, and `d` is the inverse or minus that.
//!
//! # Bounds
//! Digits have [`BITS`] bits, the highest one a sign as well. `|u| + |v|` of a matrix's row is at most `2^BITS`. `d` and `e` stay between `-2 * prime` and
//! `prime`, and what is added to make them divisible is above `-2^(BITS + 1)` times the prime, so sums of products stay below `2^(2 * BITS + 2)`, which [`Wide`] holds.

use core::cell::Cell;

use crate::digits::{Bytes, join, low, minus_inverse, split};
use crate::wiped::Wiped;

#[cfg(target_pointer_width = "64")]
mod width {
    pub(super) type Limb = i64;
    pub(super) type Wide = i128;
    pub(super) const BITS: u32 = 62;
}
#[cfg(not(target_pointer_width = "64"))]
mod width {
    pub(super) type Limb = i32;
    pub(super) type Wide = i64;
    pub(super) const BITS: u32 = 30;
}
use width::{BITS, Limb, Wide};

const MASK: Limb = (1 << BITS) - 1;

type Digits = Wiped<Limb>;

/// `number^-1` modulo `prime`, as long as that; something else if there is none. Both are as long, and `prime` is odd.
#[inline(never)]
pub(crate) fn inverse(number: &[u8], prime: &[u8]) -> Bytes {
    let bits = prime.len() * 8;
    let len = (bits + 3).div_ceil(BITS as usize);
    let modulus = Modulus { digits: digits(prime, len), minus_inverse: minus_inverse(low(prime)) as Limb };
    let (mut f, mut g) = (modulus.digits.clone(), digits(number, len));
    let (mut d, mut e) = (digits(&[], len), digits(&[1], len));
    // The bound that P. Wuille published for steps that start at one half. Were they too few, the inverse would be wrong, and no signature would verify.
    let steps = (45_907 * bits + 26_313) / 19_929;
    let mut zeta = -1;
    for _ in 0..steps.div_ceil(BITS as usize) {
        let matrix = Matrix::of_steps(&mut zeta, lowest(&f), lowest(&g));
        let whole = matrix.made_whole(&modulus, &d, &e);
        matrix.apply(&mut d, &mut e, &modulus, whole);
        debug_assert!(modulus.bounds(&d) && modulus.bounds(&e));
        matrix.apply(&mut f, &mut g, &modulus, [0, 0]);
    }
    settle(&mut d, &modulus, sign(&f));
    settle(&mut d, &modulus, 0);
    join(d.iter().map(|digit| *digit as u64), BITS, prime.len())
}

struct Modulus {
    digits: Digits,
    /// Of the lowest digit, modulo 2^BITS at least.
    minus_inverse: Limb,
}

impl Modulus {
    /// Whether a number lies between minus twice this and this, as far as the highest digits tell.
    fn bounds(&self, number: &[Limb]) -> bool {
        let top = self.digits.last().copied().unwrap_or(0);
        number.last().is_some_and(|digit| (-2 * top - 2..=top).contains(digit))
    }
}

/// What steps make of two numbers: `u * x + v * y` and `q * x + r * y`, divided by 2^BITS.
struct Matrix {
    u: Limb,
    v: Limb,
    q: Limb,
    r: Limb,
}

impl Matrix {
    /// [`BITS`] steps from the lowest digits of `f` and `g`. `zeta` is minus `delta` less one half.
    fn of_steps(zeta: &mut Limb, mut f: Limb, mut g: Limb) -> Self {
        let mut steps = Self { u: 1, v: 0, q: 0, r: 1 };
        for _ in 0..BITS {
            let positive = *zeta >> (Limb::BITS - 1);
            let odd = -(g & 1);
            let exchange = positive & odd;
            let signed = |number: Limb| ((number ^ positive).wrapping_sub(positive)) & odd;
            // g + f, or g - f before an exchange; an exchange adds that to f, which leaves what g was.
            g = g.wrapping_add(signed(f));
            steps.q += signed(steps.u);
            steps.r += signed(steps.v);
            f = f.wrapping_add(g & exchange);
            steps.u += steps.q & exchange;
            steps.v += steps.r & exchange;
            *zeta = (*zeta ^ exchange) - 1;
            g >>= 1;
            steps.u <<= 1;
            steps.v <<= 1;
        }
        steps
    }

    /// How often the modulus is to be added to either row's sum of `d` and `e`, so that it is divisible. Once more for either that is negative, which keeps them
    /// within their bounds.
    fn made_whole(&self, modulus: &Modulus, d: &[Limb], e: &[Limb]) -> [Limb; 2] {
        let (d_sign, e_sign) = (sign(d), sign(e));
        let (d, e) = (lowest(d), lowest(e));
        let row = |u: Limb, v: Limb| {
            let more = (u & d_sign) + (v & e_sign);
            let low = u.wrapping_mul(d).wrapping_add(v.wrapping_mul(e));
            // low + (more - x) * modulus = 0 for x = more - low * minus_inverse. Subtracted, since that is where the bounds are wider.
            more - (more.wrapping_sub(low.wrapping_mul(modulus.minus_inverse)) & MASK)
        };
        [row(self.u, self.v), row(self.q, self.r)]
    }

    /// Both rows' sums, with the modulus so many times, divided by 2^BITS.
    #[inline(never)]
    fn apply(
        &self,
        x: &mut [Limb],
        y: &mut [Limb],
        modulus: &Modulus,
        [first_times, second_times]: [Limb; 2],
    ) {
        let (x, y) = (Cell::from_mut(x).as_slice_of_cells(), Cell::from_mut(y).as_slice_of_cells());
        let (mut first, mut second): (Wide, Wide) = (0, 0);
        let mut below: Option<(&Cell<Limb>, &Cell<Limb>)> = None;
        for ((x, y), m) in x.iter().zip(y).zip(modulus.digits.iter()) {
            let (of_x, of_y) = (x.get(), y.get());
            first += product(self.u, of_x) + product(self.v, of_y) + product(first_times, *m);
            second += product(self.q, of_x) + product(self.r, of_y) + product(second_times, *m);
            if let Some((x, y)) = below {
                x.set(first as Limb & MASK);
                y.set(second as Limb & MASK);
            }
            (first, second) = (first >> BITS, second >> BITS);
            below = Some((x, y));
        }
        if let Some((x, y)) = below {
            x.set(first as Limb);
            y.set(second as Limb);
        }
    }
}

/// Adds the modulus to a number that is negative, then negates it if `negate` is -1 and not 0.
#[inline(never)]
fn settle(number: &mut [Limb], modulus: &Modulus, negate: Limb) {
    let negative = sign(number);
    let mut carry = 0;
    let mut below: Option<&mut Limb> = None;
    for (place, m) in number.iter_mut().zip(modulus.digits.iter()) {
        if let Some(below) = below {
            *below &= MASK;
        }
        *place = ((*place + (*m & negative)) ^ negate) - negate + carry;
        carry = *place >> BITS;
        below = Some(place);
    }
}

fn product(a: Limb, b: Limb) -> Wide {
    Wide::from(a) * Wide::from(b)
}

fn digits(number: &[u8], len: usize) -> Digits {
    Wiped::new(split(number, BITS, len).iter().map(|digit| *digit as Limb).collect())
}

fn lowest(number: &[Limb]) -> Limb {
    number.first().copied().unwrap_or(0)
}

/// -1 if it is negative, 0 if not.
fn sign(number: &[Limb]) -> Limb {
    number.last().copied().unwrap_or(0) >> (Limb::BITS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulus::{Modulus, PRIME};

    /// One of each length that keys have.
    fn primes() -> Vec<Vec<u8>> {
        [2048, 3072, 4096]
            .map(|bits| {
                let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap();
                rsa::traits::PrivateKeyParts::primes(&key)[0].to_bytes_be()
            })
            .into()
    }

    #[test]
    fn a_number_by_its_inverse_is_one() {
        for prime in primes() {
            let modulus = Modulus::<PRIME>::new(&prime);
            let len = prime.len();
            let last = |byte: u8| [vec![0; len - 1], vec![byte]].concat();
            let mut less_one = prime.clone();
            *less_one.last_mut().unwrap() -= 1;
            let mut state = 1_u64;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            let mut numbers = vec![last(1), last(2), last(255), less_one, vec![0xff; len]];
            numbers.extend((0..300).map(|_| (0..len).map(|_| random()).collect::<Vec<u8>>()));
            for number in numbers {
                let inverse = modulus.enter(&modulus.read(&inverse(&number, &prime)));
                let mut one = modulus.zero();
                modulus.multiply(&mut one, &modulus.read(&number), &inverse);
                modulus.canonical(&mut one);
                assert_eq!(modulus.write(&one).as_slice(), last(1), "{number:?} modulo {prime:?}");
            }
            assert_eq!(inverse(&last(0), &prime).as_slice(), last(0));
        }
    }
}
