//! `inlet refused`: requests that a source refused because they could not be verified.

mod dismiss;
mod list;
mod show;
mod verify;

use crate::{client::encoded, plugin::reference::SourceRef};

/// A subcommand of `inlet refused`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the refused requests of a source, newest first
    List(list::Arguments),
    /// Show a refused request with its headers and its body
    Show(show::Arguments),
    /// Verify refused requests again, after a secret was corrected
    Verify(verify::Arguments),
    /// Dismiss refused requests, which then need no attention any more
    Dismiss(dismiss::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Dismiss(arguments) => dismiss::run(arguments),
    }
}

/// Returns the path of a source's refused requests, or of what is below, with the environment as its query.
fn path(reference: &SourceRef, below: &str) -> String {
    let SourceRef { source, environment } = reference;
    format!("/v1/sources/{}/refused{below}?environment={}", encoded(source), encoded(environment))
}
