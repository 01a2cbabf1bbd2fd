//! Keys that are made from secrets, to verify and to sign.

use std::{borrow::Cow, ops::RangeInclusive};

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};

use super::{
    Algorithm, Encoding, SecretForm, Signature, Template, TextEncoding, equal,
    public_key::{self, PublicKey},
};

/// Padding is written but not required: senders differ.
const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, ANY_PADDING);
pub(super) const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, ANY_PADDING);

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
    Public(PublicKey),
}

impl Template {
    /// Checks that a key can be made from a secret. Of several alternatives, one needs to take it.
    pub fn check_secret(&self, secret: &str) -> Result<(), BadSecret> {
        match self {
            Template::SharedSecret(scheme) => scheme.check_secret(secret),
            Template::Signature(scheme) => scheme.key(secret).map(drop),
            Template::Jwt(scheme) => scheme.check_secret(secret),
            Template::AnyOf(scheme) => {
                let mut errors = Vec::new();
                for alternative in &scheme.any_of {
                    match alternative.check_secret(secret) {
                        Ok(()) => return Ok(()),
                        Err(BadSecret { expected }) => errors.push(expected),
                    }
                }
                Err(BadSecret { expected: errors.join(", or ") })
            }
        }
    }
}

impl Signature {
    /// Makes the key from a secret.
    pub(super) fn key(&self, secret: &str) -> Result<Key, BadSecret> {
        if self.algorithm.takes_public_key() {
            let key = PublicKey::read(secret).filter(|key| key.is_for(self.algorithm));
            return key.map(Key::Public).ok_or_else(|| public_key::bad_secret(self.algorithm));
        }
        let bytes = self.key_bytes(secret)?;
        match self.algorithm {
            Algorithm::Ed25519 => {
                let public: Option<VerifyingKey> =
                    bytes.as_slice().try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
                public.map(Key::Ed25519).ok_or_else(|| self.bad_secret())
            }
            _ => Ok(Key::Hmac(self.algorithm, bytes)),
        }
    }

    fn key_bytes(&self, secret: &str) -> Result<Vec<u8>, BadSecret> {
        self.secret.key_bytes(secret).ok_or_else(|| self.bad_secret())
    }

    fn bad_secret(&self) -> BadSecret {
        let of = if self.algorithm == Algorithm::Ed25519 { " of an Ed25519 public key (32 bytes)" } else { "" };
        self.secret.bad_secret(of)
    }

    /// Signs with a secret, or for Ed25519 with the private key.
    pub(super) fn signature(&self, secret: &str, parts: &[Cow<'_, [u8]>]) -> Result<Vec<u8>, BadSecret> {
        let bytes = self.key_bytes(secret)?;
        match self.algorithm {
            Algorithm::Ed25519 => {
                let seed: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| self.bad_secret())?;
                Ok(SigningKey::from_bytes(seed).sign(&parts.concat()).to_bytes().to_vec())
            }
            _ => Ok(self.algorithm.mac(&bytes, parts)),
        }
    }
}

impl SecretForm {
    /// Returns the bytes of the key in a secret; none if it is not of this form, or empty.
    pub(super) fn key_bytes(&self, secret: &str) -> Option<Vec<u8>> {
        let text = secret.strip_prefix(self.prefix.as_str()).unwrap_or(secret);
        let bytes = match self.encoding {
            TextEncoding::Text => Some(text.as_bytes().to_vec()),
            TextEncoding::Base64 => BASE64.decode(text).ok(),
            TextEncoding::Base64url => BASE64URL.decode(text).ok(),
            TextEncoding::Hex => hex::decode(text).ok(),
        };
        bytes.filter(|bytes| !bytes.is_empty())
    }

    pub(super) fn bad_secret(&self, of: &str) -> BadSecret {
        let written = match self.encoding {
            TextEncoding::Text => "a text",
            TextEncoding::Base64 => "base64",
            TextEncoding::Base64url => "base64 of the alphabet for URLs",
            TextEncoding::Hex => "hexadecimal digits",
        };
        let after = match self.prefix.as_str() {
            "" => String::new(),
            prefix => format!(", with or without {prefix:?} before it"),
        };
        BadSecret { expected: format!("{written}{of}{after}") }
    }
}

impl Key {
    /// Returns true if one of the signatures is valid for the signed bytes.
    pub(super) fn matches(&self, parts: &[Cow<'_, [u8]>], signatures: &[Vec<u8>]) -> bool {
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
            Key::Public(key) => {
                let message = parts.concat();
                signatures.iter().any(|given| key.verifies(&message, given))
            }
        }
    }
}

impl Algorithm {
    /// Returns the possible lengths of a signature in bytes.
    pub(super) fn lengths(self) -> RangeInclusive<usize> {
        match self {
            Algorithm::HmacSha1 => 20..=20,
            Algorithm::HmacSha256 => 32..=32,
            Algorithm::HmacSha512 | Algorithm::Ed25519 => 64..=64,
            // Fixed, or in DER.
            Algorithm::EcdsaP256 => 64..=72,
            Algorithm::RsaSha256 => 256..=1024,
        }
    }

    /// Returns the code of a message with a key; empty if the algorithm is none of HMAC.
    pub(super) fn mac(self, key: &[u8], parts: &[Cow<'_, [u8]>]) -> Vec<u8> {
        // HMAC accepts keys of any length, so this cannot fail.
        match self {
            Algorithm::HmacSha1 => Hmac::<sha1::Sha1>::new_from_slice(key).map(|mac| finish(mac, parts)),
            Algorithm::HmacSha256 => Hmac::<sha2::Sha256>::new_from_slice(key).map(|mac| finish(mac, parts)),
            Algorithm::HmacSha512 => Hmac::<sha2::Sha512>::new_from_slice(key).map(|mac| finish(mac, parts)),
            Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 => Ok(Vec::new()),
        }
        .unwrap_or_default()
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[Cow<'_, [u8]>]) -> Vec<u8> {
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

impl Encoding {
    pub(super) fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Encoding::Hex => hex::decode(text).ok(),
            Encoding::Base64 => BASE64.decode(text).ok(),
            Encoding::Base64url => BASE64URL.decode(text).ok(),
        }
    }

    pub(super) fn write(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => BASE64.encode(bytes),
            Encoding::Base64url => BASE64URL.encode(bytes),
        }
    }
}
