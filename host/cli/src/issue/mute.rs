//! `inlet issue mute`.

use inlet_api_types::issues::MuteIssue;

use super::change::send;
use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    output::OutputArguments,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The issue's id
    id: String,
    /// The number of seconds [default: for good]
    #[arg(long, value_name = "SECONDS", conflicts_with = "until")]
    seconds: Option<u32>,
    /// Until this time, for example 2026-12-01T08:00:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let request = MuteIssue { until: arguments.until.clone(), seconds: arguments.seconds };
    let client = arguments.server.client()?;
    let path = format!("{}/mute?{}", encoded(&arguments.id), arguments.environment.query(&client)?);
    send(&client, &path, Content::json(&request)?, arguments.output)
}
