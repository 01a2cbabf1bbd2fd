//! `inlet target`: the receivers of runs.

mod delete;
mod list;
mod set;
mod show;
mod state;

/// A subcommand of `inlet target`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the targets of an environment
    List(list::Arguments),
    /// Show a target
    Show(show::Arguments),
    /// Create a target, or change one
    Set(Box<set::Arguments>),
    /// Delete a target
    Delete(delete::Arguments),
    /// Let the deliveries to a target wait
    Pause(state::Arguments),
    /// Send the deliveries to a paused target again
    Resume(state::Arguments),
    /// Send the deliveries to a disabled target again
    Enable(state::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Set(arguments) => set::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
        Command::Pause(arguments) => state::run(arguments, "pause"),
        Command::Resume(arguments) => state::run(arguments, "resume"),
        Command::Enable(arguments) => state::run(arguments, "enable"),
    }
}
