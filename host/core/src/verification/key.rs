//! Keys that are made from secrets, to verify and to sign.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};

use super::{Algorithm, Encoding, Signature, Template, TextEncoding, equal};

/// Padding is written but not required: senders differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that no key can be made from. The error does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no key can be made of it: expected {expected}")]
pub struct BadSecret {
    /// The form of secret that is expected.
    pub expected: String,
}

/// A key that signatures are verified with.
pub(super) enum Key {
    Hmac(Algorithm, Vec<u8>),
    Ed25519(VerifyingKey),
}

impl Template {
    /// Checks that a key can be made from a secret.
    pub fn check_secret(&self, secret: &str) -> Result<(), BadSecret> {
        match self {
            Template::SharedSecret(_) => Ok(()),
            Template::Signature(scheme) => scheme.key(secret).map(drop),
        }
    }
}

impl Signature {
    /// Makes the key from a secret.
    pub(super) fn key(&self, secret: &str) -> Result<Key, BadSecret> {
        let bytes = self.key_bytes(secret)?;
        match self.algorithm {
            Algorithm::HmacSha1 | Algorithm::HmacSha256 => Ok(Key::Hmac(self.algorithm, bytes)),
            Algorithm::Ed25519 => {
                let public: Option<VerifyingKey> =
                    bytes.as_slice().try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
                public.map(Key::Ed25519).ok_or_else(|| self.bad_secret())
            }
        }
    }

    fn key_bytes(&self, secret: &str) -> Result<Vec<u8>, BadSecret> {
        let text = secret.strip_prefix(self.secret.prefix.as_str()).unwrap_or(secret);
        let bytes = match self.secret.encoding {
            TextEncoding::Text => Some(text.as_bytes().to_vec()),
            TextEncoding::Base64 => BASE64.decode(text).ok(),
            TextEncoding::Hex => hex::decode(text).ok(),
        };
        bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| self.bad_secret())
    }

    fn bad_secret(&self) -> BadSecret {
        let written = match self.secret.encoding {
            TextEncoding::Text => "a text",
            TextEncoding::Base64 => "base64",
            TextEncoding::Hex => "hexadecimal digits",
        };
        let of = if self.algorithm == Algorithm::Ed25519 { " of an Ed25519 public key (32 bytes)" } else { "" };
        let after = match self.secret.prefix.as_str() {
            "" => String::new(),
            prefix => format!(", with or without {prefix:?} before it"),
        };
        BadSecret { expected: format!("{written}{of}{after}") }
    }

    /// Signs with a secret, or for Ed25519 with the private key.
    pub(super) fn signature(&self, secret: &str, parts: &[&[u8]]) -> Result<Vec<u8>, BadSecret> {
        let bytes = self.key_bytes(secret)?;
        match self.algorithm {
            Algorithm::HmacSha1 | Algorithm::HmacSha256 => Ok(self.algorithm.mac(&bytes, parts)),
            Algorithm::Ed25519 => {
                let seed: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| self.bad_secret())?;
                Ok(SigningKey::from_bytes(seed).sign(&parts.concat()).to_bytes().to_vec())
            }
        }
    }
}

impl Key {
    /// Returns true if one of the signatures is valid for the signed bytes.
    pub(super) fn matches(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        match self {
            Key::Hmac(algorithm, key) => {
                let expected = algorithm.mac(key, parts);
                signatures.iter().filter(|given| equal(given, &expected)).count() > 0
            }
            Key::Ed25519(key) => {
                let message = parts.concat();
                signatures
                    .iter()
                    .filter_map(|given| ed25519_dalek::Signature::from_slice(given).ok())
                    .any(|given| key.verify_strict(&message, &given).is_ok())
            }
        }
    }
}

impl Algorithm {
    /// Returns the length of a signature in bytes.
    pub(super) fn length(self) -> usize {
        match self {
            Algorithm::HmacSha1 => 20,
            Algorithm::HmacSha256 => 32,
            Algorithm::Ed25519 => 64,
        }
    }

    fn mac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        // HMAC accepts keys of any length, so this cannot fail.
        match self {
            Algorithm::HmacSha1 => Hmac::<sha1::Sha1>::new_from_slice(key).map(|mac| finish(mac, parts)),
            _ => Hmac::<sha2::Sha256>::new_from_slice(key).map(|mac| finish(mac, parts)),
        }
        .unwrap_or_default()
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

impl Encoding {
    pub(super) fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Encoding::Hex => hex::decode(text).ok(),
            Encoding::Base64 => BASE64.decode(text).ok(),
        }
    }

    pub(super) fn write(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => BASE64.encode(bytes),
        }
    }
}
