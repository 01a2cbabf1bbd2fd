//! Secrets at rest: the master key, where it is kept, and what it seals.
//!
//! Signing secrets and endpoint tokens are in the database only sealed with one key ([`seal`]), which is not in the
//! database: it comes from `INLET_MASTER_KEY`, or from a file that only its owner may read ([`key_file`]). Which key is
//! the right one, the database says: a value in it is sealed too, and a key that does not open it is refused before
//! anything is changed.
//!
//! A change of the key is safe at every moment: the new key is on the disk beside the old one before the database is
//! changed, and takes its place afterwards. [`find`] recognises what a kill left in between by that same value.

pub mod key;
pub mod key_file;
pub mod seal;

use std::{
    env, io,
    path::{Path, PathBuf},
};

use inlet_store::{SecretLocation, Vault as _};

use self::{key::MasterKey, key_file::KeyFile};

/// The variable that holds the key, in place of a file. It is no key of `inlet.toml`: a configuration is shown and copied.
pub const VARIABLE: &str = "INLET_MASTER_KEY";

/// Why there is no key to work with. Each is for the operator, and none holds a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// What was given is not a key.
    #[error(
        "the master key in {origin} is not one: {problem}; expected 32 bytes as 64 hexadecimal digits or in base64 \
         (`openssl rand -hex 32` makes some)"
    )]
    Malformed {
        /// The variable or the file.
        origin: String,
        /// What was found.
        problem: String,
    },
    /// Others than its owner can read or change it.
    #[error(
        "the master key file {path} can be read or changed by others than its owner (its mode is {mode:04o}); run \
         `chmod 600 {path}`, and then `inlet secrets rotate-key` if it may have been read",
        path = path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Secrets are sealed and the file is not there.
    #[error(
        "there is no master key file {path}, and the secrets in {data_dir} are sealed with a key; put the file back, name \
         it with master_key_file, or give the key as INLET_MASTER_KEY; nothing was changed",
        path = path.display(), data_dir = data_dir.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The data directory.
        data_dir: PathBuf,
    },
    /// Secrets are sealed with another key.
    #[error(
        "the master key in {origin} is not the one that the secrets in {data_dir} are sealed with; give that one; nothing \
         was changed",
        data_dir = data_dir.display()
    )]
    Wrong {
        /// The variable or the file.
        origin: String,
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The file cannot be read or written.
    #[error(
        "the master key file {path} cannot be used: {problem}; the server must be able to read it, and to write it if it \
         is to make it",
        path = path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// A key cannot be made.
    #[error("the system gives no random bytes, so no master key can be made")]
    NoRandomBytes,
}

/// Where the key is kept.
#[derive(Debug)]
pub enum Origin {
    /// In [`VARIABLE`].
    Variable,
    /// In a file.
    File(KeyFile),
}

/// The key, and where it is kept.
#[derive(Debug)]
pub struct Found {
    /// The key.
    pub key: MasterKey,
    /// Where it is kept.
    pub origin: Origin,
}

/// The key that opens this check value. Without one nothing is sealed yet, and then a key is made if there is none.
///
/// The data directory must be locked: two processes could make two keys.
pub fn find(data_dir: &Path, key_file: Option<&Path>, key_check: Option<&[u8]>) -> Result<Found, KeyError> {
    let opens = |key: &MasterKey| key_check.is_none_or(|check| key.open(SecretLocation::KeyCheck, check).is_ok());
    let wrong = |origin: String| KeyError::Wrong { origin, data_dir: data_dir.to_owned() };
    if let Some(key) = from_variable(VARIABLE)? {
        return match opens(&key) {
            true => Ok(Found { key, origin: Origin::Variable }),
            false => Err(wrong(VARIABLE.to_owned())),
        };
    }
    let file = KeyFile::of(data_dir, key_file);
    let key = match (file.read()?, key_check) {
        (Some(key), None) => key,
        (None, None) => file.make()?,
        (Some(key), Some(_)) if opens(&key) => {
            // A change of the key that came to nothing.
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
    Ok(Found { key, origin: Origin::File(file) })
}

/// The key in a variable, if that is set.
pub fn from_variable(name: &str) -> Result<Option<MasterKey>, KeyError> {
    let Some(text) = env::var_os(name) else { return Ok(None) };
    let malformed = |problem| KeyError::Malformed { origin: name.to_owned(), problem };
    let text = text.into_string().map_err(|_| malformed("it is not text".to_owned()))?;
    MasterKey::parse(&text).map(Some).map_err(malformed)
}
