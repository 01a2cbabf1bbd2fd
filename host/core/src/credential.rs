//! The keyed hash of a credential that a sender sent. Only the hash is stored; it can be compared and nothing else.

use hmac::{Hmac, KeyInit as _, Mac as _};
use subtle::ConstantTimeEq as _;

use crate::idempotency::HashKey;

/// Domain separation from other hashes with the same key.
const PURPOSE: &[u8] = b"inlet refused credential\0";

/// The keyed hash of a credential as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct CredentialHash(pub [u8; 32]);

impl CredentialHash {
    /// Hashes a credential with the deployment's key.
    pub fn of(key: &HashKey, credential: &[u8]) -> Self {
        // HMAC accepts keys of any length, so this cannot fail.
        let mac = Hmac::<sha2::Sha256>::new_from_slice(&key.0).map(|mut mac| {
            mac.update(PURPOSE);
            mac.update(credential);
            mac.finalize().into_bytes().into()
        });
        Self(mac.unwrap_or_default())
    }

    /// Compares with a stored hash in constant time.
    pub fn is(&self, stored: &[u8]) -> bool {
        bool::from(self.0.as_slice().ct_eq(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_whether_it_was_the_same_credential_and_depends_on_the_key() {
        let (key, other) = (HashKey([1; 16]), HashKey([2; 16]));
        let stored = CredentialHash::of(&key, b"s3cr3t").0;
        assert!(CredentialHash::of(&key, b"s3cr3t").is(&stored));
        assert!(!CredentialHash::of(&key, b"S3cr3t").is(&stored));
        assert!(!CredentialHash::of(&other, b"s3cr3t").is(&stored));
        assert!(!CredentialHash::of(&key, b"s3cr3t").is(&stored[..31]));
        assert!(!CredentialHash::of(&key, b"").is(b""));
    }
}
