//! `inlet env`: the environments.

mod create;
mod delete;
mod list;
mod set;
mod show;

use inlet_api_types::environments::{Environment, EnvironmentList};

use crate::{client::Client, exit_code::NotFound};

/// A subcommand of `inlet env`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the environments
    List(list::Arguments),
    /// Show an environment
    Show(show::Arguments),
    /// Create an environment
    Create(create::Arguments),
    /// Change an environment: its name, its retention, and what its logs keep
    Set(set::Arguments),
    /// Delete an environment with everything in it
    Delete(delete::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Create(arguments) => create::run(arguments),
        Command::Set(arguments) => set::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
    }
}

/// Reads an environment. The API has a list only.
fn read(client: &Client, slug: &str) -> anyhow::Result<Environment> {
    let list: EnvironmentList = client.get("/v1/environments")?;
    let found = list.entries.into_iter().find(|environment| environment.slug == slug);
    let missing = || NotFound(format!("there is no environment {slug:?}; `inlet env list` lists those there are"));
    Ok(found.ok_or_else(missing)?)
}
