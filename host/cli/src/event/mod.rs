//! `inlet event`: the events that came, in the logs of sources.

mod export;
pub mod filters;
mod list;
mod replay;
mod show;

pub(crate) use self::show::read_event;

/// A subcommand of `inlet event`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the events of a source, or of all sources of an environment
    List(Box<list::Arguments>),
    /// Show one event: what came, and what was done about it
    Show(show::Arguments),
    /// Carry events out again, as if their sender had sent them again
    Replay(Box<replay::Arguments>),
    /// Write event logs as NDJSON
    Export(Box<export::Arguments>),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Export(arguments) => export::run(arguments),
    }
}
