//! `inlet user`: the users of an environment.

mod import;

use std::process::ExitCode;

/// A subcommand of `inlet user`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Bring the users of a file into an environment
    Import(Box<import::Arguments>),
}

/// Runs a subcommand and returns the exit code of the process.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Import(arguments) => import::run(arguments),
    }
}
