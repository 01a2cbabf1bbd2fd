//! The management token: given by the operator, or made at the first start and kept in a file that only its owner reads.

use anyhow::{Context as _, bail};
use inlet_cli::token_file::{FILE, read_secret, write_secret};
use inlet_engine::snapshot::new_management_token;

use crate::config::Config;

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
