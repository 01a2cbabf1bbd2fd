//! `inlet change`: the audit log.

mod list;

/// A subcommand of `inlet change`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List who changed what, newest first
    List(list::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
    }
}
