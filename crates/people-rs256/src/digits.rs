//! Numbers as bytes, most significant first, and as digits of any radix up to 2^63, least significant first.

use zeroize::Zeroizing;

/// A number, most significant byte first. Wiped when dropped.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

/// The digits of `bytes` in radix 2^`bits`, at least `len` of them.
pub(crate) fn split(bytes: &[u8], bits: u32, len: usize) -> Zeroizing<Vec<u64>> {
    let mask = (1_u64 << bits) - 1;
    // Allocated once, so that no half-grown copy is left behind.
    let room = (bytes.len() * 8).div_ceil(bits as usize).max(len);
    let mut out = Zeroizing::new(Vec::with_capacity(room));
    let (mut rest, mut have) = (0_u128, 0);
    for byte in bytes.iter().rev() {
        rest |= u128::from(*byte) << have;
        have += 8;
        if have >= bits {
            out.push((rest as u64) & mask);
            rest >>= bits;
            have -= bits;
        }
    }
    if have > 0 {
        out.push(rest as u64);
    }
    while out.len() < room {
        out.push(0);
    }
    out
}

/// The number whose digits in radix 2^`bits` are these, in `len` bytes. What does not fit is cut off.
pub(crate) fn join(digits: impl IntoIterator<Item = u64>, bits: u32, len: usize) -> Bytes {
    let mut out = Zeroizing::new(vec![0; len]);
    let (mut rest, mut have) = (0_u128, 0);
    let mut digits = digits.into_iter();
    for byte in out.iter_mut().rev() {
        while have < 8 {
            rest |= u128::from(digits.next().unwrap_or(0)) << have;
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
    bytes.iter().rev().take(8).rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
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
        for bits in [28, 51, 60, 61] {
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
