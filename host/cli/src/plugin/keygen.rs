//! `inlet plugin keygen`: generates a key to sign plugins with.

use std::path::PathBuf;

use serde_json::json;

use super::publisher_key::PublisherSecretKey;
use crate::output::{OutputArguments, note};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the key is written; there must be no such file yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = PublisherSecretKey::generate(&arguments.file)?;
    let (file, fingerprint) = (arguments.file.display().to_string(), key.fingerprint());
    let result = json!({ "file": file, "fingerprint": fingerprint });
    arguments.output.print(&result, &format!("{file}: {fingerprint}"))?;
    note("Keep it: servers that have a plugin signed with it take later ones only if they are too.");
    Ok(())
}
