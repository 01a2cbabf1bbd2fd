//! `inlet key`: the keys of an environment's own code.

mod create;
mod delete;
mod list;

/// A subcommand of `inlet key`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the keys of an environment
    List(list::Arguments),
    /// Make a key, and print it once
    Create(create::Arguments),
    /// Delete a key
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
