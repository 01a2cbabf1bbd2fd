//! `inlet plugin replay`: replays the stored requests that a source's plugin failed on or was not run on.

use inlet_api_types::replays::CreateReplay;

use super::reference::SourceRef;
use crate::{
    client::ServerArguments,
    event::run_replay,
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// What needs attention by this code, such as `trap` or `time`
    #[arg(long, default_value = "quarantined")]
    code: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let (name, code) = (&arguments.source.source, &arguments.code);
    let consequence = format!("this replays the events of {name:?} that need attention with the code {code:?}");
    arguments.confirmation.require(name, &consequence)?;
    let request = CreateReplay { code: Some(code.clone()), ..CreateReplay::default() };
    run_replay(&client, &arguments.source, &request, arguments.output)
}
