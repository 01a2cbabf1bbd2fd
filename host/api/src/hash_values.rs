//! The hash of several values at once.

use sha2::{Digest as _, Sha256};

/// Hashes values with their lengths, so that no two lists of values are hashed alike.
pub fn hash_values(values: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for value in values {
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    hash.finalize().into()
}
