//! `inlet plugin rollback`: returns a source to the plugin that it used before.

use inlet_api_types::sources::UsePlugin;

use super::{reference::SourceRef, switch::switch};
use crate::{client::ServerArguments, output::OutputArguments};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// Take what differs in verification and settings
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let request = UsePlugin { rollback: Some(true), confirm: Some(arguments.confirm), ..UsePlugin::default() };
    switch(&arguments.server.client()?, &arguments.source, &request, arguments.output)
}
