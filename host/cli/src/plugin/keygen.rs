//! `inlet plugin keygen`: a key that a publisher signs plugins with.

use std::path::PathBuf;

use super::publisher::Publisher;

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the key is written; there must be no such file yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let publisher = Publisher::generate(&arguments.file)?;
    println!("{}: {}", arguments.file.display(), publisher.fingerprint());
    println!("Keep it: servers that have a plugin signed with it take later ones only if they are too.");
    Ok(())
}
