//! How secrets are kept: sealed, by someone who has the key. The store does not; it says where each secret belongs and
//! keeps what it is given.

use std::fmt;

/// What the check value holds: nothing secret.
pub(crate) const CHECK: &str = "inlet";

/// Seals secrets and opens them again.
pub trait Vault: Send + Sync {
    /// Seals a secret for its place.
    fn seal(&self, place: Place, secret: &str) -> Result<Vec<u8>, VaultError>;

    /// Opens what was sealed for this place; anything else is refused.
    fn open(&self, place: Place, sealed: &[u8]) -> Result<String, VaultError>;
}

/// Where a sealed secret belongs. It is bound to its place, so that nobody who can write to the database can give one
/// source environment the secret of another, or prolong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The value that tells whether a key is the right one.
    KeyCheck,
    /// The current endpoint token of a source environment.
    EndpointToken {
        /// The source environment's database id.
        source_environment_id: i64,
    },
    /// What requests to a source environment are signed with.
    SigningSecret {
        /// The source environment's database id.
        source_environment_id: i64,
    },
    /// What they were signed with before.
    PreviousSigningSecret {
        /// The source environment's database id.
        source_environment_id: i64,
        /// Until when it is good, in milliseconds since 1970.
        until_ms: i64,
    },
}

/// What a secret is bound to, as text. It is part of what is sealed: it must never change.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::KeyCheck => f.write_str("key_check"),
            Place::EndpointToken { source_environment_id } => write!(f, "endpoint_token/{source_environment_id}"),
            Place::SigningSecret { source_environment_id } => write!(f, "signing_secret/{source_environment_id}"),
            Place::PreviousSigningSecret { source_environment_id, until_ms } => {
                write!(f, "previous_signing_secret/{source_environment_id}/{until_ms}")
            }
        }
    }
}

/// Why a secret was not sealed or not opened. It never holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another key sealed it.
    #[error("{place} was sealed with another key ({found}) than the one in use ({given}); give that key")]
    OtherKey {
        /// The secret's place.
        place: Place,
        /// The id of the key that sealed it.
        found: String,
        /// The id of the key that was to open it.
        given: String,
    },
    /// It is not what was sealed for this place.
    #[error("{place} was damaged, or sealed for another place; restore the database from a backup")]
    NotGenuine {
        /// The place where it was found.
        place: Place,
    },
    /// There are no random bytes to seal with.
    #[error("the system gives no random bytes, so nothing can be sealed")]
    NoRandomBytes,
}
