//! What the columns of `simd` start with: minus what each product is too large by.

use super::columns::first;
use super::{Machine, OFFSET, PADDING};

/// What the sums of all columns start with: counts what the loops above do.
pub(super) fn starts<M: Machine>(n: usize, square: bool) -> Vec<u64> {
    let n = n.cast_signed();
    let offset = if M::HIGH_BIAS == 0 { 0 } else { OFFSET };
    let mut out = Vec::with_capacity(2 * n.cast_unsigned() + 2 * PADDING);
    let mut over = 0;
    let mut k = first(n);
    while k < 2 * n {
        let from = (k + 1 - n).max(0);
        // Products in each of the four columns, low and high parts alike.
        let products = if square {
            let pairs = 2 * (k / 2 - from).max(0);
            [pairs + 1, pairs + 2, pairs + 3, pairs + 4]
        } else if k < n {
            [k.max(0) + 2, k.max(0) + 2, k.max(0) + 4, k.max(0) + 4]
        } else {
            [n - from, n - from, n - from - 1, n - from - 1]
        };
        let factors = if k < n { [k.max(0); 2] } else { [n - from, n - from - 1] };
        let [p, p_1, p_2, p_3] = products;
        let [[p, p_1], [p_2, p_3]] =
            [[p + factors[0], p_1 + factors[0]], [p_2 + factors[1], p_3 + factors[1]]];
        // Products of new factors: their low parts in the last three columns, and their high parts of all.
        let ([low_1, low_2, low_3], [high, high_1, high_2, high_3]) = match M::STEPS {
            _ if k >= n => ([0; 3], [0; 4]),
            1 => ([1, 2, 3], [1, 1, 3, 3]),
            _ => ([0, 1, 2], [0, 0, 2, 2]),
        };
        // Low parts as each column is read, and the high parts of the one before it.
        let parts =
            [(p, over), (p_1 + low_1, p + high), (p_2 + low_2, p_1 + high_1), (p_3 + low_3, p_2 + high_2)];
        for (low, high) in parts {
            let bias = |count: isize, bias: u64| (count.cast_unsigned() as u64).wrapping_mul(bias);
            // From the second column on the carry holds the last one's offset.
            let before = if out.is_empty() { 0 } else { offset >> M::BITS };
            let start = offset.wrapping_sub(before);
            out.push(start.wrapping_sub(bias(low, M::LOW_BIAS)).wrapping_sub(bias(high, M::HIGH_BIAS)));
        }
        over = p_3 + high_3;
        k += 4;
    }
    out
}
