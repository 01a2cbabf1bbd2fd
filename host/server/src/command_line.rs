//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use inlet_cli::{backup, completion, error_sentence, exit_code};

use crate::{migrate_store, restore, secrets, serve};

/// Turns webhooks into action.
#[derive(Debug, Parser)]
#[command(name = "inlet", version, about = "Turns webhooks into action", propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Arguments),
    /// Look after the key that secrets are sealed with
    #[command(subcommand)]
    Secrets(secrets::Command),
    #[command(flatten)]
    Client(inlet_cli::Command),
    /// Copy a running server's database into a file
    Backup(backup::Arguments),
    /// Put a backup into the data directory of a stopped server
    Restore(restore::Arguments),
    /// Move everything from SQLite into a PostgreSQL database
    MigrateStore(migrate_store::Arguments),
    /// Write the completions of a shell
    Completion(completion::Arguments),
}

/// Parses the command line and runs its command.
pub fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Serve(arguments) => serve::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Secrets(command) => secrets::run(&command).map(|()| ExitCode::SUCCESS),
        Command::Client(command) => inlet_cli::run(&command),
        Command::Backup(arguments) => backup::run(&arguments, restore::check).map(|()| ExitCode::SUCCESS),
        Command::Restore(arguments) => restore::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::MigrateStore(arguments) => migrate_store::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Completion(arguments) => completion::run(&arguments, Cli::command()).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) if exit_code::is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with the causes after colons. A backtrace would not help an operator.
            eprintln!("inlet: {}", error_sentence(&error));
            exit_code::of(&error)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_can_be_parsed() {
        super::Cli::command().debug_assert();
    }
}
