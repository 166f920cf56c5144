//! Montgomery arithmetic modulo any odd number, in integers: what checks each signature, what imports keys, and the kernel of last resort.
//!
//! Digits of `B` bits are summed up by columns in accumulators twice as wide as a limb. With 61 bits in 64 (28 in 32 where there is no
//! product of 64 by 64 bits, such as in wasm32) a column needs no carry before it is complete: `n` products are below `n * 2^2B`, which is below
//! 2^128 for 61 bits and up to 63 digits, for 60 bits and up to 255 digits, and below 2^64 for 28 bits and up to 255 digits. Products and
//! reduction are two sums, with a carry between them, so each has the bound to itself.
//!
//! R = 2^(B * digits) is at least eight times the modulus, so that values below twice the modulus stay there without a
//! conditional subtraction: (2m * 2m + R * m) / R < 2m.
//!
//! Nothing branches on a value or uses one as an index; lengths are public.

use subtle::{Choice, ConstantTimeEq as _};

use crate::digits::{Bytes, join, low, minus_inverse, split};
use crate::wiped::Wiped;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod blocks;
#[cfg(target_pointer_width = "64")]
mod written;
#[cfg(target_pointer_width = "64")]
mod width {
    pub(crate) type Limb = u64;
    pub(super) type Wide = u128;
    /// Digits of a prime: at most 34 for 2,048 bits.
    pub(crate) const PRIME: u32 = 61;
    /// Digits of a modulus: at most 69 for 4,096 bits.
    pub(crate) const PUBLIC: u32 = 60;
}
#[cfg(not(target_pointer_width = "64"))]
mod width {
    pub(crate) type Limb = u32;
    pub(super) type Wide = u64;
    /// Digits of a prime: at most 74 for 2,048 bits.
    pub(crate) const PRIME: u32 = 28;
    /// Digits of a modulus: at most 147 for 4,096 bits.
    pub(crate) const PUBLIC: u32 = 28;
}
use width::Wide;
pub(crate) use width::{Limb, PRIME, PUBLIC};

/// Digits, least significant first. Wiped when dropped.
pub(crate) type Digits = Wiped<Limb>;

/// An odd number to calculate by, whose highest bit is the highest of `bits`.
#[derive(Clone)]
pub(crate) struct Modulus<const B: u32> {
    digits: Digits,
    /// The same between zeros.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    padded: Digits,
    /// `-digits[0]^-1` modulo 2^B.
    minus_inverse: Limb,
    bits: usize,
    /// R^2, to bring a number into Montgomery's form.
    square: Digits,
}

impl<const B: u32> Modulus<B> {
    const MASK: Limb = (1 << B) - 1;

    /// `bytes` is odd and its first bit is 1.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let bits = bytes.len() * 8;
        let count = (bits + 3).div_ceil(B as usize);
        let digits = Self::digits_of(bytes, count);
        let mut new = Self {
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            padded: blocks::padded(&digits),
            digits,
            minus_inverse: (minus_inverse(low(bytes)) as Limb) & Self::MASK,
            bits,
            square: Digits::default(),
        };
        new.square = new.shifted_twice();
        new
    }

    /// A number of any length, in `count` digits at least.
    #[inline(never)]
    pub(crate) fn digits_of(bytes: &[u8], count: usize) -> Digits {
        Wiped::new(split(bytes, B, count).iter().map(|digit| *digit as Limb).collect())
    }

    pub(crate) fn digits(&self) -> &Digits {
        &self.digits
    }

    pub(crate) fn len(&self) -> usize {
        self.bits / 8
    }

    /// log2 of R.
    pub(crate) fn shift(&self) -> usize {
        self.digits.len() * B as usize
    }

    pub(crate) fn zero(&self) -> Digits {
        Wiped::new(vec![0; self.digits.len()])
    }

    /// As it is; `bytes` is at most as long as the modulus.
    pub(crate) fn read(&self, bytes: &[u8]) -> Digits {
        Self::digits_of(bytes, self.digits.len())
    }

    /// The low bytes of a number, as many as the modulus has.
    pub(crate) fn write(&self, number: &[Limb]) -> Bytes {
        Self::bytes(number, self.len())
    }

    /// The low bytes of a number.
    #[cfg_attr(
        target_pointer_width = "64",
        expect(clippy::unnecessary_cast, reason = "a limb has 32 bits elsewhere")
    )]
    #[inline(never)]
    pub(crate) fn bytes(number: &[Limb], len: usize) -> Bytes {
        join(number.iter().map(|digit| *digit as u64), B, len)
    }

    /// `a * b / R`, below twice the modulus if both are, or the product of their bounds is below R times the modulus.
    #[inline(never)]
    pub(crate) fn multiply(&self, out: &mut Digits, a: &[Limb], b: &[Limb]) {
        #[cfg(target_pointer_width = "64")]
        if written::multiply::<B>(out, a, b, &self.digits, self.minus_inverse) {
            return;
        }
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        self.columns(out, |k| dot(a, b, k));
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            self.blocks(out, &blocks::Columns::product(a, b));
        }
    }

    /// `a * a / R`.
    #[inline(never)]
    pub(crate) fn square(&self, out: &mut Digits, a: &[Limb]) {
        #[cfg(target_pointer_width = "64")]
        if written::square::<B>(out, a, &self.digits, self.minus_inverse) {
            return;
        }
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        self.columns(out, |k| square_column(a, k));
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            self.blocks(out, &blocks::Columns::square(a));
        }
    }

    /// Sum of the columns of a product, reduced on the way.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    #[inline(always)]
    fn columns(&self, out: &mut Digits, product: impl Fn(usize) -> Wide) {
        let m = self.digits.as_slice();
        let n = m.len();
        let mut sum: Wide = 0;
        // While `out` fills up with the factors of the modulus, it is read by them only; then each is overwritten when used for the last time.
        for k in 0..n {
            sum += product(k);
            let carry = sum >> B;
            sum = wide((sum as Limb) & Self::MASK) + pairs(out.get(..k), m.get(1..k + 1));
            let factor = (sum as Limb).wrapping_mul(self.minus_inverse) & Self::MASK;
            if let (Some(place), Some(lowest)) = (out.get_mut(k), m.first()) {
                *place = factor;
                sum += wide(factor) * wide(*lowest);
            }
            sum = (sum >> B) + carry;
        }
        for k in n..2 * n {
            sum += product(k);
            let carry = sum >> B;
            sum = wide((sum as Limb) & Self::MASK) + pairs(out.get(k + 1 - n..), m.get(k + 1 - n..));
            if let Some(place) = out.get_mut(k - n) {
                *place = (sum as Limb) & Self::MASK;
            }
            sum = (sum >> B) + carry;
        }
    }

    /// The number, below twice the modulus, modulo it.
    #[inline(never)]
    pub(crate) fn canonical(&self, number: &mut Digits) {
        let mut less = self.zero();
        let borrow = subtract::<B>(&mut less, number, &self.digits);
        let keep = mask(borrow);
        for (old, new) in number.iter_mut().zip(less.iter()) {
            *old = (*old & keep) | (*new & !keep);
        }
    }

    /// A number at most twice as long as the modulus, modulo it.
    #[inline(never)]
    pub(crate) fn reduce(&self, bytes: &[u8]) -> Digits {
        let long = Self::digits_of(bytes, 2 * self.digits.len());
        let (mut over, mut out) = (self.zero(), self.zero());
        // It is below R times the modulus, so divided by R it is below twice the modulus; times R^2 and divided by R again it is itself.
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        self.columns(&mut over, |k| wide(long.get(k).copied().unwrap_or(0)));
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        self.blocks(&mut over, &blocks::Columns::Given(long));
        self.multiply(&mut out, &over, &self.square);
        self.canonical(&mut out);
        out
    }

    /// `a * R`, for `a` at most as long as the modulus.
    pub(crate) fn enter(&self, a: &[Limb]) -> Digits {
        let mut out = self.zero();
        self.multiply(&mut out, a, &self.square);
        out
    }

    /// 2^`exponent` modulo this, for an exponent that is not less than log2 R.
    pub(crate) fn power_of_two(&self, exponent: usize) -> Digits {
        let mut power = self.bit(exponent % self.shift());
        for _ in 0..exponent / self.shift() {
            power = self.enter(&power);
        }
        self.canonical(&mut power);
        power
    }

    /// R^2.
    fn shifted_twice(&self) -> Digits {
        // Of R * 2^e squaring makes R * 2^2e, and doubling R * 2^(e + 1). First 2^bits - m, then up to e = `first`: so many doublings cost about
        // as much as the squarings that they save.
        let (mut power, mut other) = (self.zero(), self.zero());
        subtract::<B>(&mut power, &self.bit(self.bits), &self.digits);
        let wanted = self.shift();
        let squarings = wanted.ilog2().saturating_sub(5);
        let first = wanted >> squarings;
        for _ in self.bits..self.shift() + first {
            self.double(&mut power);
        }
        for bit in (0..squarings).rev() {
            self.square(&mut other, &power);
            core::mem::swap(&mut power, &mut other);
            self.canonical(&mut power);
            if wanted >> bit & 1 == 1 {
                self.double(&mut power);
            }
        }
        power
    }

    /// 2^`k`, for k below log2 R.
    fn bit(&self, k: usize) -> Digits {
        let mut out = self.zero();
        if let Some(digit) = out.get_mut(k / B as usize) {
            *digit = 1 << (k % B as usize);
        }
        out
    }

    fn double(&self, number: &mut Digits) {
        let copy = number.clone();
        add::<B>(number, &copy);
        self.canonical(number);
    }
}

#[inline(always)]
fn wide(limb: Limb) -> Wide {
    limb as Wide
}

/// Column `k` of a product.
#[inline(always)]
fn dot(a: &[Limb], b: &[Limb], k: usize) -> Wide {
    let first = (k + 1).saturating_sub(b.len());
    let last = (k + 1).min(a.len());
    pairs(a.get(first..last), b.get((k + 1).saturating_sub(last)..(k + 1 - first).min(b.len())))
}

/// Column `k` of a square.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
fn square_column(a: &[Limb], k: usize) -> Wide {
    let half = k.div_ceil(2);
    let first = (k + 1).saturating_sub(a.len());
    let pairs = pairs(a.get(first..half), a.get(k + 1 - half..k + 1 - first));
    let middle = if k.is_multiple_of(2) { a.get(k / 2).copied().unwrap_or(0) } else { 0 };
    2 * pairs + wide(middle) * wide(middle)
}

/// First times last and so on.
#[inline(always)]
fn pairs(a: Option<&[Limb]>, b: Option<&[Limb]>) -> Wide {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let (a_fours, b_fours) = (a.chunks_exact(4), b.rchunks_exact(4));
    let (a_rest, b_rest) = (a_fours.remainder(), b_fours.remainder());
    let (mut even, mut odd): (Wide, Wide) = (0, 0);
    for (a, b) in a_fours.zip(b_fours) {
        if let ([a, a_1, a_2, a_3], [b_3, b_2, b_1, b]) = (a, b) {
            even += wide(*a) * wide(*b) + wide(*a_2) * wide(*b_2);
            odd += wide(*a_1) * wide(*b_1) + wide(*a_3) * wide(*b_3);
        }
    }
    let rest: Wide = a_rest.iter().zip(b_rest.iter().rev()).map(|(a, b)| wide(*a) * wide(*b)).sum();
    even + odd + rest
}

/// All bits set, or none.
fn mask(choice: Choice) -> Limb {
    Limb::from(choice.unwrap_u8()).wrapping_neg()
}

/// `a * b`, as long as both together. Sums are bounded as in the module's introduction.
#[inline(never)]
pub(crate) fn product<const B: u32>(a: &[Limb], b: &[Limb]) -> Digits {
    let mut out = Wiped::new(vec![0; a.len() + b.len()]);
    let mut sum: Wide = 0;
    for (k, place) in out.iter_mut().enumerate() {
        sum += dot(a, b, k);
        *place = (sum as Limb) & ((1 << B) - 1);
        sum >>= B;
    }
    out
}

/// `a += b`; what does not fit is lost.
#[inline(never)]
pub(crate) fn add<const B: u32>(a: &mut [Limb], b: &[Limb]) {
    let mut carry: Limb = 0;
    for (place, b) in a.iter_mut().zip(b.iter().copied().chain(core::iter::repeat(0))) {
        let sum = *place + b + carry;
        *place = sum & ((1 << B) - 1);
        carry = sum >> B;
    }
}

/// `out = a - b`, and whether `a` was less.
#[inline(never)]
pub(crate) fn subtract<const B: u32>(out: &mut [Limb], a: &[Limb], b: &[Limb]) -> Choice {
    let mut borrow: Limb = 0;
    for (place, (a, b)) in out.iter_mut().zip(a.iter().zip(b.iter().copied().chain(core::iter::repeat(0)))) {
        let difference = a.wrapping_sub(b).wrapping_sub(borrow);
        *place = difference & ((1 << B) - 1);
        borrow = difference >> (Limb::BITS - 1);
    }
    borrow.ct_eq(&1)
}

/// Whether two numbers are equal, however many zeros they begin with.
pub(crate) fn equal(a: &[Limb], b: &[Limb]) -> Choice {
    let len = a.len().max(b.len());
    let digit = |digits: &[Limb], k: usize| digits.get(k).copied().unwrap_or(0);
    let difference = (0..len).fold(0, |sum, k| sum | (digit(a, k) ^ digit(b, k)));
    difference.ct_eq(&0)
}
