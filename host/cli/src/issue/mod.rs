//! `inlet issue`: failures grouped by their cause.

mod change;
mod list;
mod mute;
mod show;

use inlet_api_types::issues::Issue;

/// A subcommand of `inlet issue`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the issues of an environment, the last seen first
    List(list::Arguments),
    /// Show an issue, and what to do about it
    Show(show::Arguments),
    /// Say that you know an issue: its failures need no attention any more
    Acknowledge(change::Arguments),
    /// Hear no more of an issue, for a time or for good
    Mute(mute::Arguments),
    /// Say that the cause is gone: another failure opens the issue again
    Resolve(change::Arguments),
    /// Open an issue again
    Reopen(change::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Acknowledge(arguments) => change::run(arguments, "acknowledge"),
        Command::Mute(arguments) => mute::run(arguments),
        Command::Resolve(arguments) => change::run(arguments, "resolve"),
        Command::Reopen(arguments) => change::run(arguments, "reopen"),
    }
}

/// Returns what fails: the source or the target, and what is to blame.
fn place(issue: &Issue) -> String {
    let mut words: Vec<String> = issue.source.iter().chain(&issue.target).cloned().collect();
    if let Some(mapping) = &issue.mapping {
        words.push(format!("mapping of {}", mapping.event_type.as_deref().unwrap_or("(deleted)")));
    }
    words.extend(issue.action_type.clone());
    words.join(", ")
}
