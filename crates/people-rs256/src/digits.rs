//! Numbers as bytes, most significant first, and as digits of any radix up to 2^63, least significant first.

use crate::wiped::Wiped;

/// A number, most significant byte first. Wiped when dropped.
pub(crate) type Bytes = Wiped<u8>;

/// Bits waiting for their byte: fewer than 8 and a digit. Digits have at most 52 bits where there is no product of 64 by 64 bits, and there
/// shifting 128 bits would be a call.
#[cfg(target_pointer_width = "64")]
type Rest = u128;
#[cfg(not(target_pointer_width = "64"))]
type Rest = u64;

/// The digits of `bytes` in radix 2^`bits`, at least `len` of them.
#[inline(never)]
pub(crate) fn split(bytes: &[u8], bits: u32, len: usize) -> Wiped<u64> {
    let (mask, bits) = ((1_u64 << bits) - 1, bits as usize);
    // Allocated once, so that no half-grown copy is left behind.
    let room = (bytes.len() * 8).div_ceil(bits).max(len);
    let mut out = Wiped::new(Vec::with_capacity(room));
    for k in 0..room {
        let (first, shift) = (k * bits / 8, k * bits % 8);
        let mut digit = window(bytes, first) >> shift;
        if bits + shift > 64 {
            digit |= window(bytes, first + 8) << (64 - shift);
        }
        out.push(digit & mask);
    }
    out
}

/// Eight bytes, from the `skip`th least significant on. Beyond the most significant one all are zero.
fn window(bytes: &[u8], skip: usize) -> u64 {
    low(bytes.get(..bytes.len().saturating_sub(skip)).unwrap_or_default())
}

/// The number whose digits in radix 2^`bits` are these, in `len` bytes. What does not fit is cut off.
pub(crate) fn join(digits: impl IntoIterator<Item = u64>, bits: u32, len: usize) -> Bytes {
    let mut out = Wiped::new(vec![0; len]);
    let (mut rest, mut have): (Rest, u32) = (0, 0);
    let mut digits = digits.into_iter();
    for byte in out.iter_mut().rev() {
        while have < 8 {
            rest |= Rest::from(digits.next().unwrap_or(0)) << have;
            have += bits;
        }
        *byte = rest as u8;
        rest >>= 8;
        have -= 8;
    }
    out
}

/// The low 64 bits.
pub(crate) fn low(bytes: &[u8]) -> u64 {
    match bytes.last_chunk() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    }
}

/// `-odd^-1` modulo 2^64.
pub(crate) fn minus_inverse(odd: u64) -> u64 {
    // An odd number is its own inverse modulo 8; each step of Newton's doubles the bits that are right.
    let inverse = (0..5).fold(odd, |x, _| x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x))));
    inverse.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_and_joining_are_inverse() {
        let bytes: Vec<u8> = (1..=130).collect();
        for bits in [28, 51, 52, 60, 61] {
            let digits = split(&bytes, bits, 0);
            assert!(digits.iter().all(|digit| *digit >> bits == 0));
            assert_eq!(join(digits.iter().copied(), bits, bytes.len()).as_slice(), bytes, "{bits}");
            assert_eq!(split(&bytes, bits, 90).len(), 90);
        }
        assert_eq!(low(&bytes), 0x7b7c_7d7e_7f80_8182);
        assert_eq!(low(&[1, 2]), 0x102);
    }

    #[test]
    fn minus_inverses() {
        for odd in [1, 3, 5, u64::MAX, 0x1234_5678_9abc_def1] {
            assert_eq!(odd.wrapping_mul(minus_inverse(odd)), u64::MAX);
        }
    }
}
