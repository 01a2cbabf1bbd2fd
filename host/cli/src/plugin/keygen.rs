//! `inlet plugin keygen`: generates a key to sign plugins with.

use std::path::PathBuf;

use super::publisher_key::PublisherSecretKey;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the key is written; there must be no such file yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = PublisherSecretKey::generate(&arguments.file)?;
    println!("{}: {}", arguments.file.display(), key.fingerprint());
    println!("Keep it: servers that have a plugin signed with it take later ones only if they are too.");
    Ok(())
}
