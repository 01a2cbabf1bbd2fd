//! Public keys that operators give: P-256 and RSA, in PEM, in DER or as a JSON Web Key.
//!
//! A key comes from an operator and never from a request. Of a certificate only its key is read: who pins it trusts it, and
//! neither its dates nor its issuer say anything more.

use base64::Engine as _;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

use super::{
    Algorithm, BadSecret,
    key::{BASE64, BASE64URL},
};
use crate::json::{self, Members};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// A point of P-256, uncompressed: 65 bytes.
    P256(Vec<u8>),
    /// The modulus and the exponent of RSA, big-endian.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// The most bytes of a key or certificate in DER.
const MAX_DER: usize = 16 * 1024;
/// The object identifiers of `id-ecPublicKey`, `prime256v1` and `rsaEncryption`.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// Returns the error for a secret that is no key of the algorithm.
pub(super) fn bad_secret(algorithm: Algorithm) -> BadSecret {
    let key = match algorithm {
        Algorithm::RsaSha256 => "an RSA public key of 2048 to 8192 bits, or a certificate of one",
        _ => "an ECDSA public key on P-256, or a certificate of one",
    };
    BadSecret { expected: format!("{key}, as PEM (-----BEGIN …) or as the base64 of its DER form") }
}

impl PublicKey {
    /// Reads a key or a certificate in PEM, or in the base64 of its DER form.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (label, base64) = match text.trim().strip_prefix("-----BEGIN ") {
            None => (None, text),
            Some(rest) => {
                let (label, rest) = rest.split_once("-----")?;
                // One block: a second key would be accepted by nobody, and be believed to be.
                let (base64, end) = rest.split_once("-----END ")?;
                (end.trim_end() == format!("{label}-----")).then_some(())?;
                (Some(label), base64)
            }
        };
        let base64: String = base64.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let der = BASE64.decode(base64).ok().filter(|der| der.len() <= MAX_DER)?;
        let key = match label {
            Some("PUBLIC KEY") => of_spki(&der),
            Some("RSA PUBLIC KEY") => of_rsa(&der),
            Some("CERTIFICATE") => of_certificate(&der),
            Some(_) => None,
            None => of_spki(&der).or_else(|| of_certificate(&der)),
        };
        key.filter(Self::is_sound)
    }

    /// Reads a JSON Web Key.
    pub(super) fn of_jwk(members: &Members<'_>) -> Option<Self> {
        let bytes = |name: &str| BASE64URL.decode(json::string(members.get(name)?)?).ok();
        let key = match json::string(members.get("kty")?)?.as_str() {
            "EC" if json::string(members.get("crv")?)? == "P-256" => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x.as_slice(), &y].concat()))
            }
            "RSA" => Some(Self::Rsa { n: bytes("n")?, e: bytes("e")? }),
            _ => None,
        };
        key.filter(Self::is_sound)
    }

    /// Returns true if the key is for this algorithm.
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!((self, algorithm), (Self::P256(_), Algorithm::EcdsaP256) | (Self::Rsa { .. }, Algorithm::RsaSha256))
    }

    /// Returns true if a signature over SHA-256 is valid for the message. One of ECDSA is in DER or 64 bytes long.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(point) => {
                let form: &dyn VerificationAlgorithm =
                    if signature.len() == 64 { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P256_SHA256_ASN1 };
                UnparsedPublicKey::new(form, point).verify(message, signature).is_ok()
            }
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
        }
    }

    /// Returns true if the key has the size that verification takes, so that a weak one is refused when it is saved.
    fn is_sound(&self) -> bool {
        match self {
            Self::P256(point) => point.len() == 65 && point[0] == 4,
            Self::Rsa { n, e } => {
                let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
                let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
                (2048..=8192).contains(&bits) && (1..=4).contains(&e.len()) && is_odd(n) && is_odd(e) && *e != [1]
            }
        }
    }
}

/// Reads a SubjectPublicKeyInfo (RFC 5280).
fn of_spki(der: &[u8]) -> Option<PublicKey> {
    let (spki, rest) = Der(der).take(SEQUENCE)?;
    rest.end()?;
    let (algorithm, rest) = Der(spki).take(SEQUENCE)?;
    let (bits, rest) = rest.take(BIT_STRING)?;
    rest.end()?;
    let (oid, parameters) = Der(algorithm).take(OID)?;
    let key = bits.strip_prefix(&[0])?;
    match oid {
        EC if parameters.take(OID)?.0 == P256 => Some(PublicKey::P256(key.to_vec())),
        RSA => of_rsa(key),
        _ => None,
    }
}

/// Reads an RSAPublicKey (RFC 8017).
fn of_rsa(der: &[u8]) -> Option<PublicKey> {
    let (key, rest) = Der(der).take(SEQUENCE)?;
    rest.end()?;
    let (n, rest) = Der(key).take(INTEGER)?;
    let (e, rest) = rest.take(INTEGER)?;
    rest.end()?;
    let unsigned = |number: &[u8]| number.strip_prefix(&[0]).unwrap_or(number).to_vec();
    Some(PublicKey::Rsa { n: unsigned(n), e: unsigned(e) })
}

/// Reads the key of a certificate (RFC 5280).
fn of_certificate(der: &[u8]) -> Option<PublicKey> {
    let (certificate, rest) = Der(der).take(SEQUENCE)?;
    rest.end()?;
    let (signed, _) = Der(certificate).take(SEQUENCE)?;
    let signed = Der(signed);
    // The version is absent in version 1.
    let after_version = signed.take(VERSION).map_or(signed, |(_, rest)| rest);
    let (_, rest) = after_version.take(INTEGER)?;
    // The signature's algorithm, the issuer, the dates, and the subject.
    let rest = (0..4).try_fold(rest, |rest, _| Some(rest.take(SEQUENCE)?.1))?;
    of_spki(rest.whole(SEQUENCE)?)
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Bytes in DER that are not read yet.
#[derive(Clone, Copy)]
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// Returns the content of the next value, which must have this tag, and what is behind it.
    fn take(self, tag: u8) -> Option<(&'d [u8], Self)> {
        let (head, length) = self.measure(tag)?;
        let end = head.checked_add(length)?;
        Some((self.0.get(head..end)?, Self(&self.0[end..])))
    }

    /// Returns the next value with its tag and length.
    fn whole(self, tag: u8) -> Option<&'d [u8]> {
        let (head, length) = self.measure(tag)?;
        self.0.get(..head.checked_add(length)?)
    }

    /// Returns the lengths of the next value's head and content.
    fn measure(self, tag: u8) -> Option<(usize, usize)> {
        let [found, first, rest @ ..] = self.0 else { return None };
        (*found == tag).then_some(())?;
        match first {
            0..=0x7f => Some((2, usize::from(*first))),
            0x81..=0x83 => {
                let count = usize::from(first - 0x80);
                let bytes = rest.get(..count)?;
                Some((2 + count, bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))))
            }
            _ => None,
        }
    }

    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
