//! The seam to the master key. The store does not have it: a [`Vault`] seals and opens secrets, and the store keeps the
//! sealed bytes and says to which location each secret belongs.

use std::fmt;

/// The content of the value by which a key is recognised: nothing secret.
pub(crate) const CHECK: &str = "inlet";

/// Seals secrets and opens them again.
pub trait Vault: Send + Sync {
    /// Seals a secret for its location.
    fn seal(&self, location: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError>;

    /// Opens a secret that was sealed for this location; anything else is refused.
    fn open(&self, location: SecretLocation, sealed: &[u8]) -> Result<String, VaultError>;
}

/// The location that a sealed secret is bound to. With it nobody who can write to the database can give one source
/// environment the secret of another, or prolong a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretLocation {
    /// The value by which the right key is recognised.
    KeyCheck,
    /// The current endpoint token of a source environment.
    EndpointToken {
        /// The source environment's database id.
        source_environment_id: i64,
    },
    /// The secret that requests to a source environment are signed with.
    SigningSecret {
        /// The source environment's database id.
        source_environment_id: i64,
    },
    /// The secret that they were signed with before.
    PreviousSigningSecret {
        /// The source environment's database id.
        source_environment_id: i64,
        /// The time until which it is accepted, in milliseconds since 1970.
        until_ms: i64,
    },
    /// The write key that requests to a source environment carry.
    WriteKey {
        /// The source environment's database id.
        source_environment_id: i64,
    },
    /// The value of a secret variable.
    Variable {
        /// The environment's database id.
        environment_id: i64,
        /// The variable's database id.
        variable_id: i64,
    },
    /// The secrets of a target.
    Target {
        /// The environment's database id.
        environment_id: i64,
        /// The target's database id.
        target_id: i64,
    },
    /// The write key that they carried before.
    PreviousWriteKey {
        /// The source environment's database id.
        source_environment_id: i64,
        /// The time until which it is accepted, in milliseconds since 1970.
        until_ms: i64,
    },
}

/// The text that a secret is bound to. It is part of the sealed bytes: it must never change.
impl fmt::Display for SecretLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretLocation::KeyCheck => f.write_str("key_check"),
            SecretLocation::EndpointToken { source_environment_id } => {
                write!(f, "endpoint_token/{source_environment_id}")
            }
            SecretLocation::SigningSecret { source_environment_id } => {
                write!(f, "signing_secret/{source_environment_id}")
            }
            SecretLocation::PreviousSigningSecret { source_environment_id, until_ms } => {
                write!(f, "previous_signing_secret/{source_environment_id}/{until_ms}")
            }
            SecretLocation::WriteKey { source_environment_id } => write!(f, "write_key/{source_environment_id}"),
            SecretLocation::Variable { environment_id, variable_id } => {
                write!(f, "variable/{environment_id}/{variable_id}")
            }
            SecretLocation::Target { environment_id, target_id } => {
                write!(f, "target/{environment_id}/{target_id}")
            }
            SecretLocation::PreviousWriteKey { source_environment_id, until_ms } => {
                write!(f, "previous_write_key/{source_environment_id}/{until_ms}")
            }
        }
    }
}

/// The reason why a secret was not sealed or not opened. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another key sealed it.
    #[error("{location} was sealed with another key ({found}) than the one in use ({given}); give that key")]
    OtherKey {
        /// The secret's location.
        location: SecretLocation,
        /// The id of the key that sealed it.
        found: String,
        /// The id of the key that was to open it.
        given: String,
    },
    /// The bytes were not sealed for this location.
    #[error("{location} was damaged, or sealed for another place; restore the database from a backup")]
    NotGenuine {
        /// The location where they were found.
        location: SecretLocation,
    },
    /// There are no random bytes to seal with.
    #[error("the system gives no random bytes, so nothing can be sealed")]
    NoRandomBytes,
}
