//! The bootstrap management token: configured by the operator, or generated at the first start into a file that only its
//! owner can read.

use anyhow::{Context as _, bail};
use inlet_cli::secret_file;
use inlet_engine::snapshot::new_management_token;

use crate::config::Config;

/// The shortest configured token, in bytes.
const MIN_LENGTH: usize = 16;

/// Returns the configured token, or else the one in the data directory, which is generated if missing.
pub fn read_or_create(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.management_token {
        if token.len() < MIN_LENGTH {
            bail!("the management token has {} bytes; expected at least {MIN_LENGTH}", token.len());
        }
        return Ok(token.clone());
    }
    let path = config.data_dir.join(secret_file::MANAGEMENT_TOKEN);
    if let Some(token) = secret_file::read(&path)? {
        return Ok(token);
    }
    let token = new_management_token().context("the system gives no random bytes")?;
    secret_file::write(&path, &token)?;
    tracing::info!(file = %path.display(), "no INLET_MANAGEMENT_TOKEN is set: a token was generated into this file");
    Ok(token)
}
