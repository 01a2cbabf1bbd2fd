//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use inlet_cli::{error_sentence, logs, plugin, user};

use crate::{secrets, serve};

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
    /// Search the event logs of a running server's source
    Logs(logs::Arguments),
    /// Look after the key that secrets are sealed with
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Bring users into an environment of a running server
    #[command(subcommand)]
    User(user::Command),
    /// Write, build, test and try plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
}

/// Parses the command line and runs its command.
pub fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Serve(arguments) => serve::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Logs(arguments) => logs::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Secrets(command) => secrets::run(&command).map(|()| ExitCode::SUCCESS),
        Command::User(command) => user::run(&command),
        Command::Plugin(command) => plugin::run(&command).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // One line with the causes after colons. A backtrace would not help an operator.
            eprintln!("inlet: {}", error_sentence(&error));
            ExitCode::FAILURE
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
