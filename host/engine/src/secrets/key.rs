//! The master key: 32 random bytes, written as text.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256};

use super::error::KeyError;

/// The length of a key, in bytes.
pub const LENGTH: usize = 32;
/// The length of a key's id, in bytes.
pub const ID_LENGTH: usize = 8;

/// The key that secrets are sealed with. No `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; LENGTH]);

impl MasterKey {
    /// Generates a key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomBytes)?;
        Ok(Self(bytes))
    }

    /// Parses a key: 64 hexadecimal digits, or base64 in either alphabet, padded or not, with white space around it. The
    /// error describes the text without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        let plain = text.trim_end_matches('=');
        let bytes = hex::decode(text)
            .ok()
            .or_else(|| STANDARD_NO_PAD.decode(plain).ok())
            .or_else(|| URL_SAFE_NO_PAD.decode(plain).ok())
            .ok_or_else(|| format!("its {} characters are neither hexadecimal nor base64", text.chars().count()))?;
        let length = bytes.len();
        bytes.try_into().map(Self).map_err(|_| format!("it has {length} bytes"))
    }

    /// Returns the key as text.
    pub fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    /// Returns the id of the key: a hash, which tells nothing about the key.
    pub fn id(&self) -> [u8; ID_LENGTH] {
        let digest = Sha256::new().chain_update(b"inlet master key id\0").chain_update(self.0).finalize();
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&digest[..ID_LENGTH]);
        id
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", hex::encode(self.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_base64_in_all_their_forms() {
        let key = MasterKey(std::array::from_fn(|n| 255 - n as u8));
        let base64 = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
        let url_safe = base64.replace('/', "_").replace('+', "-");
        for text in [&key.to_text(), &key.to_text().to_uppercase(), base64, base64.trim_end_matches('='), &url_safe] {
            assert!(MasterKey::parse(&format!(" {text}\n")) == Ok(key.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_counted_and_never_repeated() {
        let error = |text: &str| MasterKey::parse(text).unwrap_err();
        insta::assert_snapshot!(error(" \n"), @"it is empty");
        insta::assert_snapshot!(error("hunter2!"), @"its 8 characters are neither hexadecimal nor base64");
        insta::assert_snapshot!(error(&"ab".repeat(31)), @"it has 31 bytes");
        insta::assert_snapshot!(error(&"ab".repeat(33)), @"it has 33 bytes");
        insta::assert_snapshot!(error("AAAz"), @"it has 3 bytes");
    }

    #[test]
    fn a_key_is_known_by_its_id_and_not_shown() {
        let key = MasterKey([7; LENGTH]);
        let shown = format!("{key:?}");
        assert!(!shown.contains("0707"), "{shown}");
        assert_ne!(key.id(), MasterKey([8; LENGTH]).id());
        assert_ne!(MasterKey::generate().unwrap().id(), MasterKey::generate().unwrap().id());
    }
}
