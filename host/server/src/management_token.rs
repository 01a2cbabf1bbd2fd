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
        // A file that was read into the variable ends with a line break, which no header can hold.
        let trimmed = token.trim();
        if trimmed.len() < MIN_LENGTH {
            bail!("the management token has {} bytes; expected at least {MIN_LENGTH}", trimmed.len());
        }
        if trimmed != token {
            tracing::info!("white space around the management token was removed");
        }
        return Ok(trimmed.to_owned());
    }
    let path = config.data_dir.join(secret_file::MANAGEMENT_TOKEN);
    if let Some(token) = secret_file::read(&path)? {
        return Ok(token);
    }
    let token = new_management_token().context("the system gives no random bytes")?;
    secret_file::write(&path, &token)?;
    tracing::info!(
        file = %path.display(),
        "no INLET_MANAGEMENT_TOKEN is set: a token was generated into this file; the dashboard takes it, and `inlet open` \
         signs in with it"
    );
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_configured_token_does_not_count() {
        let read = |token: &str| {
            let config = Config { management_token: Some(token.to_owned()), ..Config::default() };
            read_or_create(&config).map_err(|error| error.to_string())
        };
        assert_eq!(read(" 0123456789abcdef\r\n").as_deref(), Ok("0123456789abcdef"));
        let short = "the management token has 10 bytes; expected at least 16".to_owned();
        assert_eq!(read("0123456789\n\n\n\n\n\n\n"), Err(short));
    }
}
