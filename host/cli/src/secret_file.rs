//! Files that hold one secret, such as the management token that a server generates.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;

/// The name of the generated management token's file in the data directory.
pub const MANAGEMENT_TOKEN: &str = "management-token";

/// Returns the secret in a file without surrounding whitespace, or `None` if the file is missing or empty.
pub fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a secret into a file that only its owner can read, and syncs it to disk.
pub fn write(path: &Path, secret: &str) -> anyhow::Result<()> {
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "{secret}")?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
