//! `inlet variable`: texts that the mappings of an environment share.

mod delete;
mod list;
mod set;

/// A subcommand of `inlet variable`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the variables of an environment
    List(list::Arguments),
    /// Create a variable, or change one
    Set(set::Arguments),
    /// Delete a variable
    Delete(delete::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Set(arguments) => set::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
    }
}
