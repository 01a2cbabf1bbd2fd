//! `inlet user`: the users of an environment.

mod export;
mod forget;
mod import;
mod show;

use std::process::ExitCode;

/// A subcommand of `inlet user`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show a user
    Show(show::Arguments),
    /// Bring the users of a file into an environment
    Import(Box<import::Arguments>),
    /// Write everything that an environment holds about a user
    Export(export::Arguments),
    /// Remove everything that names a user
    Forget(forget::Arguments),
}

/// Runs a subcommand and returns the exit code of the process.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show(arguments) => show::run(arguments)?,
        Command::Import(arguments) => return import::run(arguments),
        Command::Export(arguments) => export::run(arguments)?,
        Command::Forget(arguments) => forget::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
