//! `inlet plugin rollback`: gives a source the plugin back that it had before.

use super::{named::SourceAt, use_version::tell};
use crate::client::ServerArguments;

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceAt,
    /// Take what differs in verification and settings
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let which = [("rollback", true.to_string()), ("confirm", arguments.confirm.to_string())];
    tell(&arguments.server.client()?, &arguments.source, &which)
}
