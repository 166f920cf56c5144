//! DER, just as much as two structures need, and strictly (X.690): lengths and numbers in their shortest form, nothing behind.

use crate::error::KeyError;
use crate::key::Components;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The attributes of PKCS#8, which say nothing about the numbers.
const ATTRIBUTES: u8 = 0xa0;

/// 1.2.840.113549.1.1.1, rsaEncryption (RFC 8017, appendix A.1).
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// `PrivateKeyInfo` (RFC 5208, section 5) around [`pkcs1`].
pub(crate) fn pkcs8(der: &[u8]) -> Result<Components<'_>, KeyError> {
    let mut rest = sequence(der)?;
    version(&mut rest)?;
    let mut algorithm = take(&mut rest, SEQUENCE)?;
    if take(&mut algorithm, OBJECT_ID)? != RSA_ENCRYPTION {
        return Err(KeyError::NotRsa);
    }
    end(take(&mut algorithm, NULL)?)?;
    end(algorithm)?;
    let key = take(&mut rest, OCTET_STRING)?;
    if !rest.is_empty() {
        take(&mut rest, ATTRIBUTES)?;
    }
    end(rest)?;
    pkcs1(key)
}

/// `RSAPrivateKey` (RFC 8017, appendix A.1.2).
pub(crate) fn pkcs1(der: &[u8]) -> Result<Components<'_>, KeyError> {
    let mut rest = sequence(der)?;
    version(&mut rest)?;
    let mut numbers: [&[u8]; 8] = [&[]; 8];
    for place in &mut numbers {
        *place = number(&mut rest)?;
    }
    end(rest)?;
    let [n, e, d, p, q, dp, dq, qinv] = numbers;
    Ok(Components { n, e, d, p, q, dp, dq, qinv })
}

/// Both structures have version 0; 1 means more primes, or a public key beside.
fn version(rest: &mut &[u8]) -> Result<(), KeyError> {
    if number(rest)?.is_empty() { Ok(()) } else { Err(KeyError::Version) }
}

fn sequence(mut der: &[u8]) -> Result<&[u8], KeyError> {
    let body = take(&mut der, SEQUENCE)?;
    end(der)?;
    Ok(body)
}

fn end(rest: &[u8]) -> Result<(), KeyError> {
    if rest.is_empty() { Ok(()) } else { Err(KeyError::Der) }
}

/// A number that is not negative, without leading zeros.
#[inline(never)]
fn number<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], KeyError> {
    match take(rest, INTEGER)? {
        [0] => Ok(&[]),
        [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => Ok(number),
        number if number.first().is_some_and(|first| (1..0x80).contains(first)) => Ok(number),
        _ => Err(KeyError::Der),
    }
}

/// Takes the next element, whose tag must be this.
#[inline(never)]
fn take<'a>(rest: &mut &'a [u8], tag: u8) -> Result<&'a [u8], KeyError> {
    let element = |rest: &'a [u8]| {
        let (length, rest) = match rest {
            [found, ..] if *found != tag => return None,
            [_, length, rest @ ..] if *length < 0x80 => (usize::from(*length), rest),
            [_, 0x81, length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
            [_, 0x82, high, low, rest @ ..] if *high > 0 => {
                (usize::from(*high) << 8 | usize::from(*low), rest)
            }
            _ => return None,
        };
        rest.split_at_checked(length)
    };
    let (content, after) = element(rest).ok_or(KeyError::Der)?;
    *rest = after;
    Ok(content)
}
