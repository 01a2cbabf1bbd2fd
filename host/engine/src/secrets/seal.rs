//! Sealing: XChaCha20-Poly1305, each secret bound to its location in the database.
//!
//! A sealed secret is one byte for this format, eight for the key's id, the nonce, and the ciphertext with its tag. The
//! first nine bytes and the location are authenticated too: a sealed secret cannot be moved or changed unnoticed.

use chacha20poly1305::{AeadInOut as _, Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use inlet_store::{SecretLocation, Vault, VaultError};

use super::key::{ID_LENGTH, MasterKey};

/// The format described above.
const FORM: u8 = 1;
const FRONT: usize = 1 + ID_LENGTH;
/// The length of the nonce, in bytes: long enough to be random for every secret.
const NONCE: usize = 24;

impl MasterKey {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.bytes()))
    }

    fn front(&self) -> [u8; FRONT] {
        let mut front = [FORM; FRONT];
        front[1..].copy_from_slice(&self.id());
        front
    }
}

fn associated_data(front: &[u8], location: SecretLocation) -> Vec<u8> {
    [front, location.to_string().as_bytes()].concat()
}

impl Vault for MasterKey {
    fn seal(&self, location: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomBytes)?;
        let (front, mut text) = (self.front(), secret.as_bytes().to_vec());
        self.cipher()
            .encrypt_in_place(&XNonce::from(nonce), &associated_data(&front, location), &mut text)
            // Only for more than 256 GiB.
            .map_err(|_| VaultError::NotGenuine { location })?;
        Ok([&front[..], &nonce, &text].concat())
    }

    fn open(&self, location: SecretLocation, sealed: &[u8]) -> Result<String, VaultError> {
        let damaged = || VaultError::NotGenuine { location };
        let (front, rest) = sealed.split_at_checked(FRONT).ok_or_else(damaged)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or_else(damaged)?;
        if front[0] != FORM {
            return Err(damaged());
        }
        if front != self.front() {
            let (found, given) = (hex::encode(&front[1..]), hex::encode(self.id()));
            return Err(VaultError::OtherKey { location, found, given });
        }
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| damaged())?;
        let mut text = text.to_vec();
        self.cipher()
            .decrypt_in_place(&XNonce::from(nonce), &associated_data(front, location), &mut text)
            .map_err(|_| damaged())?;
        String::from_utf8(text).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOCATION: SecretLocation = SecretLocation::SigningSecret { source_environment_id: 7 };

    #[test]
    fn what_is_sealed_opens_in_its_place_only_and_with_its_key_only() {
        let (key, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        let sealed = key.seal(LOCATION, "hunter2").unwrap();
        assert_eq!(key.open(LOCATION, &sealed).as_deref(), Ok("hunter2"));
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(key.seal(LOCATION, "hunter2").unwrap(), sealed, "a nonce is used once");
        for location in [
            SecretLocation::KeyCheck,
            SecretLocation::SigningSecret { source_environment_id: 8 },
            SecretLocation::EndpointToken { source_environment_id: 7 },
            SecretLocation::PreviousSigningSecret { source_environment_id: 7, until_ms: 1 },
        ] {
            assert_eq!(key.open(location, &sealed), Err(VaultError::NotGenuine { location }));
        }
        let found = hex::encode(key.id());
        let given = hex::encode(other.id());
        assert_eq!(other.open(LOCATION, &sealed), Err(VaultError::OtherKey { location: LOCATION, found, given }));
    }

    #[test]
    fn what_was_sealed_once_opens_for_ever() {
        let key = MasterKey::parse(&"07".repeat(32)).unwrap();
        let location = SecretLocation::PreviousSigningSecret { source_environment_id: 3, until_ms: 1_700_000_000_000 };
        let sealed = "0167f7cddc697cb21f000102030405060708090a0b0c0d0e0f1011121314151617df7fd8e0994398194b042e248986ca7f8984008523c2148edf9732d5c18423";
        assert_eq!(key.open(location, &hex::decode(sealed).unwrap()).as_deref(), Ok("whsec_ünïcode"));
    }

    proptest! {
        #[test]
        fn every_secret_comes_back_and_no_byte_can_be_changed(secret in ".*", at: prop::sample::Index, bit in 0..8u8) {
            let key = MasterKey::parse(&"5a".repeat(32)).unwrap();
            let mut sealed = key.seal(LOCATION, &secret).unwrap();
            prop_assert_eq!(key.open(LOCATION, &sealed), Ok(secret));
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key.open(LOCATION, &sealed).is_err());
            prop_assert!(key.open(LOCATION, &sealed[..at]).is_err());
        }
    }
}
