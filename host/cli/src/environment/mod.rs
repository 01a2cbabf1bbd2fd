//! `inlet env`: the environments.

mod create;
mod delete;
mod list;

/// A subcommand of `inlet env`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the environments
    List(list::Arguments),
    /// Create an environment
    Create(create::Arguments),
    /// Delete an environment with everything in it
    Delete(delete::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Create(arguments) => create::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
    }
}
