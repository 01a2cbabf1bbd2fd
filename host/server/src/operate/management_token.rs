//! The management token: given by the operator, or made at the first start and kept in a file that only its owner reads.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::{Context as _, bail};

use crate::{config::Config, configuration::new_management_token};

/// The file of a generated token, in the data directory.
pub const FILE: &str = "management-token";

/// The shortest token taken from an operator, in bytes.
const MIN_LENGTH: usize = 16;

/// The configured token, or the generated one.
pub fn read_or_create(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.management_token {
        if token.len() < MIN_LENGTH {
            bail!("the management token has {} bytes; expected at least {MIN_LENGTH}", token.len());
        }
        return Ok(token.clone());
    }
    let path = config.data_dir.join(FILE);
    if let Some(token) = read_secret(&path)? {
        return Ok(token);
    }
    let token = new_management_token().context("the system gives no random bytes")?;
    write_secret(&path, &token)?;
    tracing::info!(file = %path.display(), "no INLET_MANAGEMENT_TOKEN is set: a token was generated into this file");
    Ok(token)
}

/// The secret kept in a file, if there is one.
pub fn read_secret(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a secret into a file that only its owner can read.
pub fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "{secret}")?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
