//! From the text of a PEM to a PKCS#8 RSA key, reading no more DER than the checks need.
//!
//! Numbers are neither checked nor imported here: that is the signer's part, and a host that signs elsewhere should
//! not pay for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use people_model::Secret;
use zeroize::Zeroizing;

use crate::error::KeyError;

/// The least modulus accepted, in bits.
const MIN_BITS: usize = 2048;

/// DER tags used here (X.690).
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1, rsaEncryption (RFC 8017, appendix A.1).
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// An RSA private key as read from PEM.
pub(crate) struct RsaPem {
    /// PKCS#8 DER, whatever the PEM held.
    pub(crate) pkcs8: Secret<Vec<u8>>,
    /// Length of the modulus.
    pub(crate) bits: usize,
    /// Literal `\n` had to be read as line ends.
    pub(crate) repaired: bool,
}

/// Reads PKCS#8 (`PRIVATE KEY`, what Google issues) or PKCS#1 (`RSA PRIVATE KEY`). White space between the markers
/// does not count, so CRLF and keys pasted on one line are fine.
pub(crate) fn read(pem: &str) -> Result<RsaPem, KeyError> {
    let repaired = pem.contains("\\n") || pem.contains("\\r");
    let pem =
        Zeroizing::new(if repaired { pem.replace("\\r", "\n").replace("\\n", "\n") } else { pem.to_owned() });

    let (_, rest) = pem.split_once("-----BEGIN ").ok_or(KeyError::NoPemHeader)?;
    let (label, rest) = rest.split_once("-----").ok_or(KeyError::NoPemHeader)?;
    let pkcs1 = match label {
        "PRIVATE KEY" => false,
        "RSA PRIVATE KEY" => true,
        "EC PRIVATE KEY" => return Err(KeyError::NotRsa),
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
        _ => return Err(KeyError::NotAPrivateKey),
    };
    if rest.contains("Proc-Type:") {
        return Err(KeyError::Encrypted);
    }
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(KeyError::DamagedPem)?;
    let base64: Zeroizing<Vec<u8>> =
        Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let der = Zeroizing::new(STANDARD.decode(base64.as_slice()).map_err(|_| KeyError::DamagedPem)?);

    let bits = if pkcs1 { modulus_bits(&der) } else { modulus_bits(pkcs8_inner(&der)?) };
    let bits = bits.ok_or(KeyError::DamagedKey)?;
    if bits < MIN_BITS {
        return Err(KeyError::TooShort { bits });
    }
    let pkcs8 = if pkcs1 { wrap_pkcs1(&der) } else { der.to_vec() };
    Ok(RsaPem { pkcs8: Secret::new(pkcs8), bits, repaired })
}

/// The PKCS#1 structure inside PKCS#8: `SEQUENCE { version, SEQUENCE { algorithm, … }, OCTET STRING, … }` (RFC 5208).
fn pkcs8_inner(der: &[u8]) -> Result<&[u8], KeyError> {
    let parts = || {
        let (body, _) = take(der, SEQUENCE)?;
        let (_version, rest) = take(body, INTEGER)?;
        let (algorithm, rest) = take(rest, SEQUENCE)?;
        let (id, _parameters) = take(algorithm, OBJECT_ID)?;
        let (key, _attributes) = take(rest, OCTET_STRING)?;
        Some((id, key))
    };
    match parts() {
        Some((id, key)) if id == RSA_ENCRYPTION => Ok(key),
        Some(_) => Err(KeyError::NotRsa),
        None => Err(KeyError::DamagedKey),
    }
}

/// Bits of `n` in `SEQUENCE { version, n, … }` (RFC 8017, appendix A.1.2).
fn modulus_bits(pkcs1: &[u8]) -> Option<usize> {
    let (body, _) = take(pkcs1, SEQUENCE)?;
    let (_version, rest) = take(body, INTEGER)?;
    let (modulus, _) = take(rest, INTEGER)?;
    let significant = modulus.iter().skip_while(|byte| **byte == 0);
    let first = significant.clone().next()?;
    let bits = significant.count().checked_mul(8)?;
    bits.checked_sub(usize::try_from(first.leading_zeros()).ok()?)
}

/// Takes one DER element with the expected tag: its content and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = digits
                .iter()
                .try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)))?;
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// Wraps a PKCS#1 key into PKCS#8, which is the one form WebCrypto imports.
fn wrap_pkcs1(pkcs1: &[u8]) -> Vec<u8> {
    let version = [INTEGER, 1, 0];
    let mut algorithm = element(OBJECT_ID, &RSA_ENCRYPTION);
    algorithm.extend([0x05, 0x00]);
    let key = Zeroizing::new(element(OCTET_STRING, pkcs1));
    let body = Zeroizing::new([&version, element(SEQUENCE, &algorithm).as_slice(), &key].concat());
    element(SEQUENCE, &body)
}

/// One DER element, allocated at its full size so that no half-grown copy of a key is left behind.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let digits = content.len().to_be_bytes();
    let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut out = Vec::with_capacity(content.len().saturating_add(digits.len()).saturating_add(2));
    out.push(tag);
    match (u8::try_from(content.len()), u8::try_from(digits.len())) {
        (Ok(short @ 0..=0x7f), _) => out.push(short),
        (_, count) => {
            out.push(0x80 | count.unwrap_or(0x7f));
            out.extend(digits);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    /// `SEQUENCE { 0, n }`, of which nothing but the size of `n` is looked at.
    fn pkcs1(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= modulus.len() * 8 - bits;
        modulus.insert(0, 0);
        element(SEQUENCE, &[element(INTEGER, &[0]), element(INTEGER, &modulus)].concat())
    }

    fn fault(pem: &str) -> KeyError {
        read(pem).err().unwrap()
    }

    #[test]
    fn both_forms_become_pkcs8() {
        let wrapped = wrap_pkcs1(&pkcs1(2048));
        let one = read(&pem("RSA PRIVATE KEY", &pkcs1(2048))).unwrap();
        let eight = read(&pem("PRIVATE KEY", &wrapped)).unwrap();
        assert_eq!((one.bits, eight.bits), (2048, 2048));
        assert_eq!(one.pkcs8.expose(), &wrapped);
        assert_eq!(eight.pkcs8.expose(), &wrapped);
    }

    #[test]
    fn line_ends_of_all_sorts() {
        let good = pem("RSA PRIVATE KEY", &pkcs1(3072));
        for (text, repaired) in [
            (good.clone(), false),
            (good.replace('\n', "\r\n"), false),
            (good.replace('\n', " "), false),
            (good.replace('\n', "\\n"), true),
            (good.replace('\n', "\\r\\n"), true),
        ] {
            let key = read(&text).unwrap();
            assert_eq!((key.bits, key.repaired), (3072, repaired), "{text:?}");
        }
    }

    #[test]
    fn sizes() {
        assert!(read(&pem("RSA PRIVATE KEY", &pkcs1(4096))).is_ok());
        for bits in [1024, 2047] {
            assert_eq!(fault(&pem("RSA PRIVATE KEY", &pkcs1(bits))), KeyError::TooShort { bits });
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let der = pkcs1(2048);
        let good = pem("RSA PRIVATE KEY", &der);
        let ec = element(
            SEQUENCE,
            &[
                element(INTEGER, &[0]),
                element(SEQUENCE, &element(OBJECT_ID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01])),
                element(OCTET_STRING, &[0]),
            ]
            .concat(),
        );
        let old_style = good.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1);
        assert_eq!(fault(""), KeyError::NoPemHeader);
        assert_eq!(fault(&STANDARD.encode(&der)), KeyError::NoPemHeader);
        assert_eq!(fault("-----BEGIN PRIVATE"), KeyError::NoPemHeader);
        assert_eq!(fault(good.split("-----END").next().unwrap()), KeyError::DamagedPem);
        assert_eq!(fault(&good.replacen("MII", "!!!", 1)), KeyError::DamagedPem);
        assert_eq!(fault(&pem("EC PRIVATE KEY", &der)), KeyError::NotRsa);
        assert_eq!(fault(&pem("PRIVATE KEY", &ec)), KeyError::NotRsa);
        assert_eq!(fault(&pem("ENCRYPTED PRIVATE KEY", &der)), KeyError::Encrypted);
        assert_eq!(fault(&old_style), KeyError::Encrypted);
        assert_eq!(fault(&pem("PUBLIC KEY", &der)), KeyError::NotAPrivateKey);
        assert_eq!(fault(&pem("CERTIFICATE", &der)), KeyError::NotAPrivateKey);
        assert_eq!(fault(&pem("PRIVATE KEY", &der)), KeyError::DamagedKey);
        assert_eq!(fault(&pem("RSA PRIVATE KEY", &[])), KeyError::DamagedKey);
        assert_eq!(fault(&pem("RSA PRIVATE KEY", &der[..40])), KeyError::DamagedKey);
    }
}
