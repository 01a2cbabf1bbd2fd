//! `inlet run`: the runs of workflows.

mod list;
mod show;

/// A subcommand of `inlet run`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the runs of an environment
    List(list::Arguments),
    /// Show one run: its recipients, data and deliveries
    Show(show::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}
