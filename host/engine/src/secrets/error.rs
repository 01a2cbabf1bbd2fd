//! The reasons why there is no usable master key.

use std::{io, path::PathBuf};

/// The reason why there is no usable master key. The messages are for the operator, and none holds a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not a key.
    #[error(
        "the master key in {origin} is not one: {problem}; expected 32 bytes as 64 hexadecimal digits or in base64 \
         (`openssl rand -hex 32` makes some)"
    )]
    Malformed {
        /// The variable or the file.
        origin: String,
        /// The description of the text.
        problem: String,
    },
    /// Others than its owner can read or change the file.
    #[error(
        "the master key file {path} can be read or changed by others than its owner (its mode is {mode:04o}); run \
         `chmod 600 {path}`, and then `inlet secrets rotate-key` if it may have been read",
        path = path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The file's permissions.
        mode: u32,
    },
    /// Secrets are sealed and the file does not exist.
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
        /// The system's error.
        problem: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes, so no master key can be made")]
    NoRandomBytes,
}
