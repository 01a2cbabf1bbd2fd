//! `inlet event`: the events that came, in the logs of sources.

mod dismiss;
mod export;
pub mod filters;
mod list;
mod replay;
mod replay_job;
mod show;

pub(crate) use self::{replay_job::run_replay, show::read_event};

/// A subcommand of `inlet event`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the events of a source, or of all sources of an environment
    List(Box<list::Arguments>),
    /// Show one event: what came, and what was done about it
    Show(show::Arguments),
    /// Replay events, as if their sender had sent them again
    Replay(Box<replay::Arguments>),
    /// Dismiss failed and rejected events, which then need no attention any more
    Dismiss(dismiss::Arguments),
    /// Write event logs as NDJSON
    Export(Box<export::Arguments>),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Dismiss(arguments) => dismiss::run(arguments),
        Command::Export(arguments) => export::run(arguments),
    }
}
