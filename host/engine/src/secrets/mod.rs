//! Secrets at rest: the master key, its file or variable, and sealing with it.
//!
//! The database holds signing secrets and endpoint tokens sealed with one key ([`seal`]). The key is not in the database:
//! it comes from `INLET_MASTER_KEY`, or from a file that only its owner may read ([`key_file`]). The database holds a
//! sealed check value, and a key that does not open it is refused before anything is changed.
//!
//! A change of the key may be interrupted at any moment: the new key is on the disk beside the old one before the database
//! is changed, and takes its place afterwards. After a kill, [`find`] tells by the check value which of the two is right.

mod error;
pub mod key;
pub mod key_file;
pub mod seal;

use std::{env, path::Path};

use inlet_store::{SecretLocation, Vault as _};

pub use self::error::KeyError;
use self::{key::MasterKey, key_file::KeyFile};

/// The environment variable that holds the key in place of a file. `inlet.toml` cannot hold it: configuration files are
/// shown and copied.
pub const VARIABLE: &str = "INLET_MASTER_KEY";

/// The location of the key.
#[derive(Debug)]
pub enum KeyOrigin {
    /// The environment variable [`VARIABLE`].
    Variable,
    /// A file.
    File(KeyFile),
}

/// The master key and its location.
#[derive(Debug)]
pub struct FoundKey {
    /// The key.
    pub key: MasterKey,
    /// The location of the key.
    pub origin: KeyOrigin,
}

/// Finds the key that opens this check value. Without a check value nothing is sealed yet, and a key is generated if there
/// is none.
///
/// The data directory must be locked, or two processes could generate two keys.
pub fn find(data_dir: &Path, key_file: Option<&Path>, key_check: Option<&[u8]>) -> Result<FoundKey, KeyError> {
    let opens = |key: &MasterKey| key_check.is_none_or(|check| key.open(SecretLocation::KeyCheck, check).is_ok());
    let wrong = |origin: String| KeyError::Wrong { origin, data_dir: data_dir.to_owned() };
    if let Some(key) = from_variable(VARIABLE)? {
        return match opens(&key) {
            true => Ok(FoundKey { key, origin: KeyOrigin::Variable }),
            false => Err(wrong(VARIABLE.to_owned())),
        };
    }
    let file = KeyFile::of(data_dir, key_file);
    let key = match (file.read()?, key_check) {
        (Some(key), None) => key,
        (None, None) => file.make()?,
        (Some(key), Some(_)) if opens(&key) => {
            // A change of the key ended before it reached the database.
            file.discard_staged();
            key
        }
        (found, Some(_)) => match file.read_staged().filter(opens) {
            Some(key) => {
                file.adopt_staged()?;
                tracing::info!(file = %file.path().display(), "a change of the master key was interrupted; it is complete now");
                key
            }
            None if found.is_some() => return Err(wrong(file.path().display().to_string())),
            None => {
                let path = file.path().to_owned();
                return Err(KeyError::Missing { path, data_dir: data_dir.to_owned() });
            }
        },
    };
    Ok(FoundKey { key, origin: KeyOrigin::File(file) })
}

/// Reads the key in an environment variable, if that is set.
pub fn from_variable(name: &str) -> Result<Option<MasterKey>, KeyError> {
    let Some(text) = env::var_os(name) else { return Ok(None) };
    let malformed = |problem| KeyError::Malformed { origin: name.to_owned(), problem };
    let text = text.into_string().map_err(|_| malformed("it is not text".to_owned()))?;
    MasterKey::parse(&text).map(Some).map_err(malformed)
}
