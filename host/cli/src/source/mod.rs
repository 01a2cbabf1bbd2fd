//! `inlet source`: the platforms that send events.

mod create;
mod delete;
mod list;
pub(crate) mod put;
mod rotate;
mod set;
mod show;

/// A subcommand of `inlet source`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the sources
    List(list::Arguments),
    /// Show a source: its endpoints, settings and state
    Show(show::Arguments),
    /// Create a source, and print the URL that its platform sends to
    Create(create::Arguments),
    /// Change a source
    Set(set::Arguments),
    /// Replace the URL that the platform sends to, in one environment
    Rotate(rotate::Arguments),
    /// Delete a source with its logs, in all environments
    Delete(delete::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Create(arguments) => create::run(arguments),
        Command::Set(arguments) => set::run(arguments),
        Command::Rotate(arguments) => rotate::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
    }
}
