//! `inlet mapping`: the mappings of a source, from event types to actions.

mod delete;
mod list;
mod sample;
mod set;
mod test;

pub(crate) use self::test::lines as rehearsed_lines;

use anyhow::Context as _;
use inlet_api_types::sources::{Source, SourceEnvironmentSettings};

use crate::{
    client::{Client, encoded},
    plugin::reference::SourceRef,
};

/// A subcommand of `inlet mapping`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the mappings of a source, oldest first
    List(list::Arguments),
    /// Add a mapping, or change one
    Set(set::Arguments),
    /// Delete a mapping
    Delete(delete::Arguments),
    /// Show what the mappings make of a sample; nothing is written
    Test(test::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Set(arguments) => set::run(arguments),
        Command::Delete(arguments) => delete::run(arguments),
        Command::Test(arguments) => test::run(arguments),
    }
}

/// Reads the configuration of a source in one environment.
fn read(client: &Client, reference: &SourceRef) -> anyhow::Result<SourceEnvironmentSettings> {
    let SourceRef { source, environment } = reference;
    let path = format!("/v1/sources/{}?environment={}", encoded(source), encoded(environment));
    let found: Source = client.get(&path)?;
    let settings = found.environment_settings.unwrap_or_default().remove(environment);
    settings.with_context(|| format!("the source {source:?} is not set up in the environment {environment:?}"))
}
