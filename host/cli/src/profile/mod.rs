//! `inlet profile`: names for servers, each with its address and its credentials.

mod add;
mod credential;
mod file;
mod list;
mod remove;
mod use_profile;

pub use self::{credential::Credential, file::Profile, file::Profiles};

/// A subcommand of `inlet profile`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a server, or change what is known of one
    Add(add::Arguments),
    /// List the servers
    List(list::Arguments),
    /// Choose the server that commands call where they name none
    Use(use_profile::Arguments),
    /// Remove a server
    Remove(remove::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add(arguments) => add::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Use(arguments) => use_profile::run(arguments),
        Command::Remove(arguments) => remove::run(arguments),
    }
}
