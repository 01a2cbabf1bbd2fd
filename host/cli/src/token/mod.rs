//! `inlet token`: the management tokens.

mod create;
mod delete;
mod list;

/// A subcommand of `inlet token`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the tokens
    List(list::Arguments),
    /// Make a token, and print it once
    Create(create::Arguments),
    /// Delete a token
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
