//! `inlet workflow`: the workflows of an environment.

mod list;

/// A subcommand of `inlet workflow`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the workflows that mappings, targets and recent runs name
    List(list::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
    }
}
